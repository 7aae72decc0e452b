"""Whoever guesses passwords has to wait longer and longer."""

from kiosk.desk.login.throttle import LONGEST_DELAY_SECONDS, SignInThrottle


def test_five_failures_are_free_and_then_the_wait_doubles_to_a_limit() -> None:
    throttle, now, waits = SignInThrottle(), 0.0, []
    for _ in range(20):
        now += throttle.seconds_left("anna", now)
        throttle.failed("anna", now)
        waits.append(throttle.seconds_left("anna", now))
    assert waits[:7] == [0, 0, 0, 0, 1, 2, 4]
    assert waits[-1] == LONGEST_DELAY_SECONDS
    assert throttle.seconds_left("bo", now) == 0


def test_a_success_forgets_the_failures() -> None:
    throttle = SignInThrottle()
    for _ in range(8):
        throttle.failed("anna", 0.0)
    throttle.succeeded("anna")
    assert throttle.seconds_left("anna", 0.0) == 0
