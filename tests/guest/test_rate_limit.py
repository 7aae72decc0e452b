"""A kiosk takes ballots no faster than people answer."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kiosk.domain.schedule import Every
from kiosk.guest.rate_limit import NO_WAIT, RateLimit
from kiosk.operation.serve import guest_and_desk
from kiosk.screen.headers import is_own_form
from kiosk.settings import read_settings
from tests.tools.guest_side import Place


def test_a_second_ballot_has_to_wait() -> None:
    times = [100.0]
    rate_limit = RateLimit(seconds=8.0, burst=1, clock=lambda: times[0])
    assert rate_limit.take_token("a") == NO_WAIT
    times[0] = 103.0
    assert rate_limit.take_token("a") == 5.0
    assert rate_limit.take_token("b") == NO_WAIT
    times[0] = 108.0
    assert rate_limit.take_token("a") == NO_WAIT


def test_a_longer_ballot_makes_the_next_one_wait_longer() -> None:
    times = [0.0]
    rate_limit = RateLimit(6.0, 2, clock=lambda: times[0], pause=6.0, statement_seconds=2.0)
    for statements, pause in ((1, 8.0), (4, 14.0), (20, 46.0)):
        assert rate_limit.pause_for(statements) == pause
        bucket = f"bucket {statements}"
        assert [rate_limit.take_token(bucket, statements) for _ in range(3)] == [0, 0, pause]
        times[0] += pause
        assert [rate_limit.take_token(bucket, statements) for _ in range(2)] == [0, pause]


TOUCH = 1.0
"""Seconds to see a button and touch it: the language, and the beginning."""

MOMENT, SECOND_THOUGHT = 0.3, 4.0
"""Seconds that static/guest.js shows a touched answer, and the last one."""


def test_guests_who_read_quickly_are_slower_than_the_pause(tmp_path: Path) -> None:
    """Each waits for the guest before, and touches each answer once. The earlier rule's bound stays: 12 s for
    three statements."""
    place = Place(tmp_path)
    settings = read_settings({"KIOSK_DATA": str(tmp_path)})
    guest, _ = guest_and_desk(settings, place.store, place.library, Every(5))
    rate_limit = guest.extensions["guest"].rate_limit
    for statements in range(2, 21):
        quick = 2 * TOUCH + statements * (settings.pace_seconds + MOMENT) + SECOND_THOUGHT - MOMENT
        assert rate_limit.pause_for(statements) < quick
        assert rate_limit.pause_for(statements) >= min(4 * statements, 12)
        assert rate_limit.seconds == rate_limit.pause


def test_a_burst_is_admitted_and_then_the_rate_limit_holds() -> None:
    rate_limit = RateLimit(seconds=1.0, burst=3, clock=lambda: 0.0)
    assert [rate_limit.take_token("a") for _ in range(4)] == [0, 0, 0, 1.0]


def test_concurrent_ballots_do_not_exceed_the_rate_limit() -> None:
    rate_limit = RateLimit(seconds=1.0, burst=3, clock=lambda: 0.0)
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(16) as guests:
            waits = list(guests.map(lambda _: rate_limit.take_token("a"), range(3000)))
    finally:
        sys.setswitchinterval(switching)
    assert waits.count(NO_WAIT) == 3


def test_only_pages_of_the_same_site_may_send_the_form() -> None:
    own = "http://127.0.0.1:8000"
    assert is_own_form({"Sec-Fetch-Site": "same-origin"}, own)
    assert is_own_form({"Origin": own}, own)
    assert is_own_form({}, own)
    assert not is_own_form({"Sec-Fetch-Site": "cross-site"}, own)
    assert not is_own_form({"Sec-Fetch-Site": "none", "Origin": own}, own)
    assert not is_own_form({"Origin": "null"}, own)
    assert not is_own_form({"Origin": "http://evil.example"}, own)
