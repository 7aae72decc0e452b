"""A person who guesses passwords waits longer and longer, and makes nobody else wait."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Cookie, TestResponse

from kiosk.desk.login import password_checks, routes
from kiosk.desk.login.password_checks import STRANGERS_AT_ONCE
from kiosk.desk.login.throttle import (
    FORGOTTEN_AFTER_SECONDS,
    FREE_FAILURES,
    LONGEST_DELAY_SECONDS,
    MOST_KEYS_KEPT,
    SOURCE_FREE_FAILURES,
    STRANGERS_FREE_FAILURES,
    STRANGERS_LONGEST_DELAY_SECONDS,
    Failures,
)
from kiosk.domain.client_source import source_of
from kiosk.storage import verify
from tests.tools.desk_side import PASSWORD, Desk, form_token

HOME, OFFICE, STRANGER = "192.0.2.1", "192.0.2.2", "198.51.100.7"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def send(client: FlaskClient, address: str, password: str, name: str = "anna") -> TestResponse:
    """Send the sign-in form from an address."""
    environ = {"REMOTE_ADDR": address}
    data = {"csrf_token": form_token(client.application, client), "name": name, "password": password}
    return client.post("/admin/sign-in", data=data, environ_base=environ)


def attack(desk: Desk, address: str = STRANGER, tries: int = 43, name: str = "anna") -> list[int]:
    """Send wrong passwords in a row: the status of each response."""
    stranger = desk.app.test_client()
    return [send(stranger, address, f"wrong {number}", name).status_code for number in range(tries)]


def addresses(number: int) -> Iterator[str]:
    yield from (f"203.0.{at // 250}.{at % 250}" for at in range(number))


def test_after_five_failures_the_delay_doubles_up_to_a_limit() -> None:
    failures, now, waits = Failures(FREE_FAILURES, LONGEST_DELAY_SECONDS), 0.0, []
    for _ in range(20):
        now += failures.seconds_left("anna", now)
        failures.add("anna", now)
        waits.append(failures.seconds_left("anna", now))
    assert waits[:7] == [0, 0, 0, 0, 1, 2, 4]
    assert waits[-1] == LONGEST_DELAY_SECONDS
    assert failures.seconds_left("bo", now) == 0
    now += FORGOTTEN_AFTER_SECONDS + 1
    failures.add("anna", now)
    assert failures.seconds_left("anna", now) == 0, "an old failure is forgotten"


def test_the_delay_has_a_limit_after_any_number_of_failures() -> None:
    """After 1,024 doublings a float overflows. All unknown sources together fail so often in three hours."""
    failures = Failures(STRANGERS_FREE_FAILURES, STRANGERS_LONGEST_DELAY_SECONDS)
    for _ in range(STRANGERS_FREE_FAILURES + 1_100):
        failures.add("anna", 0)
    assert failures.seconds_left("anna", 0) == STRANGERS_LONGEST_DELAY_SECONDS


def test_a_clock_set_back_does_not_lengthen_a_delay() -> None:
    failures = Failures(5, 300.0)
    for _ in range(30):
        failures.add("anna", 100_000.0)
    assert failures.seconds_left("anna", 100_000.0 - 86_400) == 300


def test_forgetting_a_name_clears_its_failures() -> None:
    failures = Failures(FREE_FAILURES, LONGEST_DELAY_SECONDS)
    for _ in range(8):
        failures.add("anna", 0.0)
    failures.forget("anna")
    assert failures.seconds_left("anna", 0.0) == 0


def test_the_failures_in_memory_are_bounded_and_the_oldest_go_first() -> None:
    failures = Failures(1, LONGEST_DELAY_SECONDS)
    for number in range(MOST_KEYS_KEPT + 1):
        failures.add(str(number), 0.0)
    waiting = [number for number in range(MOST_KEYS_KEPT + 1) if failures.seconds_left(str(number), 0.0) > 0]
    assert waiting == list(range(1, MOST_KEYS_KEPT + 1))


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("localhost", "localhost"),
        (None, ""),
    ],
)
def test_the_addresses_of_one_ipv6_network_are_one_source(address: str | None, source: str) -> None:
    assert source_of(address) == source


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_an_unknown_device_has_to_wait_after_five_failures(desk: Desk, name: str) -> None:
    assert attack(desk, tries=8, name=name) == [403] * FREE_FAILURES + [429] * 3
    page = send(desk.app.test_client(), STRANGER, PASSWORD, name)
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "2"
    assert "Vänta 2 sekunder" in page.text


@pytest.mark.slow
def test_an_attacker_does_not_lock_the_coordinator_out_elsewhere(desk: Desk) -> None:
    attack(desk)
    assert send(desk.app.test_client(), HOME, PASSWORD).status_code == 303


def known_device(desk: Desk, address: str) -> FlaskClient:
    """A browser that signed in from this address, and is signed out."""
    browser = desk.app.test_client()
    assert send(browser, address, PASSWORD).status_code == 303
    browser.delete_cookie("desk")
    return browser


@pytest.mark.slow
def test_a_known_device_can_sign_in_from_the_attackers_address(desk: Desk) -> None:
    """Behind a proxy that is not named in the settings, everybody has one address."""
    hers = known_device(desk, STRANGER)
    attack(desk)
    assert send(desk.app.test_client(), STRANGER, PASSWORD).status_code == 429, "the control: a new device"
    assert send(hers, STRANGER, PASSWORD).status_code == 303


def attacked_from_everywhere(desk: Desk) -> None:
    """False sign-ins from more addresses than strangers have free failures."""
    for address in addresses(STRANGERS_FREE_FAILURES + 10):
        attack(desk, address, tries=1)


@pytest.mark.slow
def test_guessing_from_many_addresses_is_slowed_down_too(desk: Desk) -> None:
    attacked_from_everywhere(desk)
    page = send(desk.app.test_client(), OFFICE, PASSWORD)
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) <= STRANGERS_LONGEST_DELAY_SECONDS + 1
    assert send(desk.app.test_client(), OFFICE, PASSWORD, "bo").status_code == 303, "another name"
    desk.now += timedelta(seconds=STRANGERS_LONGEST_DELAY_SECONDS + 1)
    assert send(desk.app.test_client(), OFFICE, PASSWORD).status_code == 303


@pytest.mark.slow
def test_a_distributed_attack_locks_out_neither_known_devices_nor_known_addresses(desk: Desk) -> None:
    hers = known_device(desk, HOME)
    attacked_from_everywhere(desk)
    assert send(desk.app.test_client(), OFFICE, PASSWORD).status_code == 429, "the control: neither"
    assert send(hers, OFFICE, PASSWORD).status_code == 303, "her device, elsewhere"
    for place in (HOME, OFFICE):
        assert send(desk.app.test_client(), place, PASSWORD).status_code == 303, "another device, her places"


def device_cookie(client: FlaskClient) -> Cookie:
    """Return the cookie by which a browser is a known device."""
    [cookie] = [cookie for cookie in (client._cookies or {}).values() if "desk-device" in cookie.key]
    return cookie


def test_a_stolen_device_cookie_gives_five_attempts_and_locks_nobody_out(desk: Desk) -> None:
    hers, thief = desk.app.test_client(), desk.app.test_client()
    send(hers, HOME, PASSWORD)
    cookie = device_cookie(hers)
    thief.set_cookie(cookie.key, cookie.value, path="/admin")
    tried = [send(thief, STRANGER, f"wrong {number}").status_code for number in range(20)]
    assert tried.count(403) == 2 * FREE_FAILURES, "as a device, then as a stranger"
    hers.delete_cookie("desk")
    assert send(hers, HOME, PASSWORD).status_code == 303


@pytest.mark.slow
@pytest.mark.parametrize("value", ["", ".", "x.y", "å.å", "0" * 32 + "." + "0" * 32])
def test_a_forged_cookie_does_not_make_a_device_known(desk: Desk, value: str) -> None:
    hers = desk.app.test_client()
    send(hers, HOME, PASSWORD)
    cookie = device_cookie(hers)
    attack(desk)
    forger = desk.app.test_client()
    forger.set_cookie(cookie.key, value, path="/admin")
    assert send(forger, STRANGER, PASSWORD).status_code == 429
    forger.set_cookie(cookie.key.replace("device-", "device-0"), cookie.value, path="/admin")
    assert send(forger, STRANGER, PASSWORD).status_code == 429


def test_a_device_is_known_for_its_own_account_only(desk: Desk) -> None:
    client = desk.app.test_client()
    assert send(client, STRANGER, PASSWORD, "bo").status_code == 303
    client.delete_cookie("desk")
    attack(desk)
    assert send(client, STRANGER, PASSWORD).status_code == 429


def test_a_device_cookie_names_no_account_and_signs_nobody_in(desk: Desk) -> None:
    client = desk.app.test_client()
    sent = [line for line in send(client, HOME, PASSWORD).headers.getlist("Set-Cookie") if "device" in line]
    assert len(sent) == 1
    assert "anna" not in sent[0]
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/admin", "Max-Age=15552000"):
        assert attribute in sent[0]
    client.delete_cookie("desk")
    assert client.get("/admin/links").status_code == 302


class SlowChecks:
    """Password checks that wait until they are released."""

    def __init__(self) -> None:
        self.begun, self.release = threading.Semaphore(0), threading.Event()

    def __call__(self, stored: str | None, password: str) -> bool:
        self.begun.release()
        assert self.release.wait(60)
        return verify(stored, password)


@pytest.mark.parametrize("has_places", [True, False], ids=["as it is", "without places"])
def test_too_many_concurrent_password_checks_are_turned_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, has_places: bool
) -> None:
    """The one after the last place is answered while the others wait, and a known device is let in."""
    hers = desk.app.test_client()
    send(hers, HOME, PASSWORD)
    hers.delete_cookie("desk")
    checks = SlowChecks()
    monkeypatch.setattr(routes, "verify", checks)
    if not has_places:
        monkeypatch.setattr(password_checks, "STRANGERS_AT_ONCE", 100)
    flood = [
        threading.Thread(target=attack, args=(desk, address, 1)) for address in addresses(STRANGERS_AT_ONCE)
    ]
    answers: list[TestResponse] = []
    late = threading.Thread(
        target=lambda: answers.append(send(desk.app.test_client(), OFFICE, PASSWORD)), daemon=True
    )
    try:
        for thread in flood:
            thread.start()
            assert checks.begun.acquire(timeout=60)
        late.start()
        if has_places:
            late.join(60)
            assert [answer.status_code for answer in answers] == [503]
            assert answers[0].headers["Retry-After"] == "3"
            assert "Många försöker logga in just nu. Vänta 3 sekunder" in answers[0].text
        else:
            assert checks.begun.acquire(timeout=60), "it waits with the others"
            assert not answers
    finally:
        monkeypatch.setattr(routes, "verify", verify)
        known = send(hers, HOME, PASSWORD)
        checks.release.set()
        for thread in [*flood, late]:
            thread.join(60)
    assert known.status_code == 303
    assert send(desk.app.test_client(), OFFICE, PASSWORD).status_code == 303, "the places are free again"


class ChecksOfUnknownNames(SlowChecks):
    """Password checks of which those of unknown names wait until they are released."""

    def __call__(self, stored: str | None, password: str) -> bool:
        return super().__call__(stored, password) if stored is None else verify(stored, password)


@pytest.mark.parametrize("has_limit", [True, False], ids=["as it is", "without a limit by source"])
def test_a_stranger_with_ever_new_names_does_not_take_every_password_check(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, has_limit: bool
) -> None:
    """A coordinator signs in on a new device at a new address, while a stranger sends one name after the
    other in as many requests as the server has threads."""
    checks, flood, statuses = ChecksOfUnknownNames(), list[threading.Thread](), list[int]()
    monkeypatch.setattr(routes, "verify", checks)
    if not has_limit:
        monkeypatch.setattr(password_checks, "SOURCE_AT_ONCE", STRANGERS_AT_ONCE)
    begin = 1 if has_limit else STRANGERS_AT_ONCE

    def guess(name: str) -> None:
        statuses.extend(attack(desk, STRANGER, 1, name))

    try:
        for number in range(8):
            flood.append(threading.Thread(target=guess, args=(f"name {number}",), daemon=True))
            flood[-1].start()
            if number < begin:
                assert checks.begun.acquire(timeout=60)
            else:
                flood[-1].join(60)
        answer = send(desk.app.test_client(), OFFICE, PASSWORD)
        assert statuses == [503] * (8 - begin), "the others are turned away at once"
        assert answer.status_code == (303 if has_limit else 503)
    finally:
        checks.release.set()
        for thread in flood:
            thread.join(60)
    assert send(desk.app.test_client(), "203.0.113.9", PASSWORD).status_code == 303, (
        "the places are free again"
    )


def names_tried(desk: Desk, names: int, address: str = STRANGER) -> list[int]:
    """Send one wrong password for each of so many names: the status of each response."""
    return [attack(desk, address, 1, f"name {number}")[0] for number in range(names)]


@pytest.mark.slow
def test_a_source_has_to_wait_after_twenty_failures_with_ever_new_names(desk: Desk) -> None:
    hers = known_device(desk, STRANGER)
    assert names_tried(desk, SOURCE_FREE_FAILURES + 5) == [403] * SOURCE_FREE_FAILURES + [429] * 5
    assert send(desk.app.test_client(), STRANGER, PASSWORD, "bo").status_code == 429, (
        "the control: unknown there"
    )
    assert send(hers, STRANGER, PASSWORD).status_code == 303, "a known device at the same address"
    for name in ("anna", "bo"):
        assert send(desk.app.test_client(), OFFICE, PASSWORD, name).status_code == 303
    desk.now += timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
    assert send(desk.app.test_client(), STRANGER, PASSWORD, "bo").status_code == 303


@pytest.mark.slow
def test_a_sign_in_does_not_give_its_source_new_failures_with_other_names(desk: Desk) -> None:
    """Somebody with an account could otherwise try any number of names."""
    names_tried(desk, SOURCE_FREE_FAILURES - 1)
    assert send(desk.app.test_client(), STRANGER, PASSWORD, "bo").status_code == 303
    assert attack(desk, STRANGER, 2, "other") == [403, 429]
