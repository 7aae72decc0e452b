"""A person at a locked kiosk cannot get out of its browser by any way that `tries` lists."""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from kiosk.operation.lockdown import files
from tests.lockdown.screen import POLICY, NotPossibleHereError, check_possible, kiosk
from tests.lockdown.site import Site, kiosk_address
from tests.lockdown.tries import ADDRESSES, CRASHES, HELPED, KEYS, MOUSE, TOUCHES, TRIES, Try
from tests.lockdown.trying import Escaper
from tests.tools.ports import free_port
from tests.tools.serving import served

pytestmark = pytest.mark.browser

Serve = Callable[[Any], str]

UNTRIED = "LOCKDOWN_UNTRIED"
"""Set it to `allowed` where no policy can be installed: the lock is then reported as not tested."""

CONTROLS = (KEYS[0], KEYS[1], KEYS[7], KEYS[9], MOUSE[0], HELPED[0], HELPED[4], ADDRESSES[1], TOUCHES[2])

PARTS = (HELPED[::2], HELPED[1::2], KEYS, ADDRESSES, (*MOUSE, *CRASHES))
"""All except touch, which needs the browser's driver, and that runs in one thread only."""


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    try:
        check_possible()
    except NotPossibleHereError as error:
        if os.environ.get(UNTRIED) == "allowed":
            pytest.skip(f"the lock is not tested: {error}")
        pytest.fail(f"the lock cannot be tested here: {error}. To go on without: {UNTRIED}=allowed")


def signs(escaper: Escaper, tries: Iterable[Try]) -> dict[Try, tuple[str, ...]]:
    with escaper:
        return {one: escaper.attempt(one).signs for one in tries}


def test_no_known_attempt_escapes_the_kiosk(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    """Try several at a time, each with its own kiosk, because most of the time is spent waiting."""

    def at_a_kiosk(number: int) -> dict[Try, tuple[str, ...]]:
        folder = tmp_path / str(number)
        folder.mkdir()
        return signs(Escaper(serve, folder, browser.browser_type, is_locked=True), PARTS[number])

    with ThreadPoolExecutor(max_workers=3) as at_once:
        outcomes = {
            one: out for part in at_once.map(at_a_kiosk, range(len(PARTS))) for one, out in part.items()
        }
    outcomes |= signs(Escaper(serve, tmp_path, browser.browser_type, is_locked=True), TOUCHES)
    assert set(outcomes) == set(TRIES)
    assert {one.row: out for one, out in outcomes.items() if out and not one.known} == {}
    closed = [one.row for one, out in outcomes.items() if one.known and not out]
    assert closed == [], "closed by now: take `known` away from them"


def test_the_same_attempts_escape_an_unlocked_browser(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    outcomes = signs(Escaper(serve, tmp_path, browser.browser_type, is_locked=False), CONTROLS)
    assert [one.row for one, out in outcomes.items() if not out] == []


POLICY_ROWS = """() => {
    const rows = [];
    const walk = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.matches(".policy.row")) rows.push(element.textContent.trim().split(/\\s*\\n\\s*/));
            if (element.shadowRoot) walk(element.shadowRoot);
        }
    };
    walk(document);
    return rows;
}"""


def test_chromium_accepts_every_policy_name(
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
        policies = {cells[0]: cells for cells in page.evaluate(POLICY_ROWS)}
        reader.close()
    # RemoteDebuggingAllowed is removed; otherwise the test could read nothing.
    wrong = {
        name: policies.get(name) for name in rules if name not in policies or "OK" not in policies[name][-1]
    }
    assert list(wrong) == ["RemoteDebuggingAllowed"]


def test_the_questions_appear_by_themselves_once_the_server_runs(tmp_path: Path) -> None:
    (tmp_path / "kiosk").mkdir()
    site = Site(tmp_path)
    address = kiosk_address(site, f"http://{f'127.0.0.1:{free_port()}'}")
    with kiosk(tmp_path / "kiosk", address, is_locked=True) as running:
        assert {page.title for page in running.settle().pages} == {"localhost"}
        with served(site, int(address.origin.rpartition(":")[2])):
            seen = running.settle(lambda: [page.title for page in running.pages()] == ["Frågor"])
    assert {page.title for page in seen.pages} == {"Frågor"}


def test_a_machine_without_the_tools_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotPossibleHereError, match="apt install chromium xvfb xdotool"):
        check_possible()
