"""Whoever guesses passwords has to wait longer and longer."""

from kiosk.desk.login.throttle import LONGEST_DELAY_SECONDS, Patience


def test_five_failures_are_free_and_then_the_wait_doubles_to_a_limit() -> None:
    patience, now, waits = Patience(), 0.0, []
    for _ in range(20):
        now += patience.wait("anna", now)
        patience.failed("anna", now)
        waits.append(patience.wait("anna", now))
    assert waits[:7] == [0, 0, 0, 0, 1, 2, 4]
    assert waits[-1] == LONGEST_DELAY_SECONDS
    assert patience.wait("bo", now) == 0


def test_a_success_forgets_the_failures() -> None:
    patience = Patience()
    for _ in range(8):
        patience.failed("anna", 0.0)
    patience.succeeded("anna")
    assert patience.wait("anna", 0.0) == 0
