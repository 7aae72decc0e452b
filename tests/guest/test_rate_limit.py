"""A kiosk takes ballots no faster than people answer."""

import sys
from concurrent.futures import ThreadPoolExecutor

from kiosk.guest.rate_limit import RateLimit
from kiosk.screen.headers import is_own_form


def test_a_second_ballot_at_once_must_wait_its_time() -> None:
    times = [100.0]
    rate_limit = RateLimit(seconds=8.0, burst=1, clock=lambda: times[0])
    assert rate_limit.admit("a") == 0
    times[0] = 103.0
    assert rate_limit.admit("a") == 5.0
    assert rate_limit.admit("b") == 0
    times[0] = 108.0
    assert rate_limit.admit("a") == 0


def test_a_burst_is_admitted_and_then_the_rate_limit_holds() -> None:
    rate_limit = RateLimit(seconds=1.0, burst=3, clock=lambda: 0.0)
    assert [rate_limit.admit("a") for _ in range(4)] == [0, 0, 0, 1.0]


def test_guests_who_send_at_once_do_not_slip_through_together() -> None:
    rate_limit = RateLimit(seconds=1.0, burst=3, clock=lambda: 0.0)
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(16) as guests:
            waits = list(guests.map(lambda _: rate_limit.admit("a"), range(3000)))
    finally:
        sys.setswitchinterval(switching)
    assert waits.count(0.0) == 3


def test_only_our_own_pages_may_send_the_form() -> None:
    own = "http://127.0.0.1:8000"
    assert is_own_form({"Sec-Fetch-Site": "same-origin"}, own)
    assert is_own_form({"Origin": own}, own)
    assert is_own_form({}, own)
    assert not is_own_form({"Sec-Fetch-Site": "cross-site"}, own)
    assert not is_own_form({"Sec-Fetch-Site": "none", "Origin": own}, own)
    assert not is_own_form({"Origin": "null"}, own)
    assert not is_own_form({"Origin": "http://evil.example"}, own)
