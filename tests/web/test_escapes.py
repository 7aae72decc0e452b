"""Somebody stands at a locked kiosk and tries to get out of its browser; `tests/lockdown` says how."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from waitress.server import create_server

from kiosk.lockdown import files
from tests.lockdown.screen import POLICY, NotPossibleHereError, check_possible, kiosk
from tests.lockdown.site import Site, kiosk_address
from tests.lockdown.tries import ADDRESSES, HELPED, KEYS, MOUSE, TOUCHES, TRIES, Way
from tests.lockdown.trying import Escaper

pytestmark = pytest.mark.browser

Serve = Callable[[Any], str]

UNTRIED = "LOCKDOWN_UNTRIED"
"""Set it to `allowed` where no policy can be put in place: a kiosk's lock is then not tested, and says so."""

CONTROLS = (KEYS[0], KEYS[1], KEYS[7], KEYS[9], MOUSE[0], HELPED[0], HELPED[4], ADDRESSES[0], TOUCHES[2])


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    try:
        check_possible()
    except NotPossibleHereError as error:
        if os.environ.get(UNTRIED) == "allowed":
            pytest.skip(f"the lock is not tested: {error}")
        pytest.fail(f"the lock cannot be tested here: {error}. To go on without: {UNTRIED}=allowed")


@pytest.mark.parametrize("way", Way)
def test_nobody_gets_out(browser: Browser, serve: Serve, tmp_path: Path, way: Way) -> None:
    tries = [one for one in TRIES if one.way is way]
    with Escaper(serve, tmp_path, browser.browser_type, is_locked=True) as escaper:
        signs = {one: escaper.attempt(one).signs for one in tries}
    assert {one.row: found for one, found in signs.items() if found and not one.known} == {}
    closed = [one.row for one, found in signs.items() if one.known and not found]
    assert closed == [], "closed by now: take `known` away from them"


def test_the_same_tries_lead_out_of_an_open_browser(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    with Escaper(serve, tmp_path, browser.browser_type, is_locked=False) as escaper:
        unseen = [one.row for one in CONTROLS if not escaper.attempt(one).signs]
    assert unseen == []


POLICY_ROWS = """() => {
    const found = [];
    const walk = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.matches(".policy.row")) found.push(element.textContent.trim().split(/\\s*\\n\\s*/));
            if (element.shadowRoot) walk(element.shadowRoot);
        }
    };
    walk(document);
    return found;
}"""


def test_chromium_knows_every_name_in_the_policy(
    browser: Browser, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = kiosk_address(site := Site(tmp_path), serve(site))
    made = files(address)
    rules = json.loads(made[POLICY])
    rules["URLAllowlist"].append("chrome://policy")
    looked_at = {**made, POLICY: json.dumps(rules).encode()}
    monkeypatch.setattr("tests.lockdown.screen.files", lambda _: looked_at)
    (tmp_path / "kiosk").mkdir()
    with kiosk(tmp_path / "kiosk", address, is_locked=True, is_read=True) as running:
        running.open("chrome://policy")
        running.settle(lambda: any(page.title == "Policies" for page in running.pages()))
        reader = browser.browser_type.connect_over_cdp(f"http://127.0.0.1:{running.port}")
        [page] = [page for page in reader.contexts[0].pages if page.url.startswith("chrome://policy")]
        told = {cells[0]: cells for cells in page.evaluate(POLICY_ROWS)}
        reader.close()
    # RemoteDebuggingAllowed is left out, or nothing could be read.
    wrong = {name: told.get(name) for name in rules if name not in told or "OK" not in told[name][-1]}
    assert list(wrong) == ["RemoteDebuggingAllowed"]


def test_the_questions_come_by_themselves_once_the_server_does(tmp_path: Path) -> None:
    (tmp_path / "kiosk").mkdir()
    site = Site(tmp_path)
    address = kiosk_address(site, f"http://{free_address()}")
    with kiosk(tmp_path / "kiosk", address, is_locked=True) as running:
        assert {page.title for page in running.settle().pages} == {"localhost"}
        server = create_server(site, host="127.0.0.1", port=int(address.origin.rpartition(":")[2]))
        threading.Thread(target=server.run, daemon=True).start()
        seen = running.settle(lambda: [page.title for page in running.pages()] == ["Frågor"])
        server.close()
    assert {page.title for page in seen.pages} == {"Frågor"}


def test_a_machine_that_cannot_try_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotPossibleHereError, match="apt install chromium xvfb xdotool"):
        check_possible()
