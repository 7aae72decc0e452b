"""The guest's pages in old builds of Chromium: the oldest that can be a kiosk, and older, refused ones.

`make old-chromium` fetches the builds and runs this file; `make test` does not.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from kiosk.domain.rounds import Admission
from kiosk.screen.texts import MINIMUM_CHROMIUM
from tests.tools.guest_side import Place
from tests.tools.old_chromium import PACKAGES, environment, program
from tests.web.guest import KIOSK, PHONE, Counted, Guest, Serve, thanks
from tests.web.kept_envelopes import KEPT, come_through

TOO_OLD = [version for version in PACKAGES if version < MINIMUM_CHROMIUM]
SHOWN_TEXTS = """() =>
    [...document.querySelectorAll("main > *")].filter((part) => part.getClientRects().length)
        .map((part) => part.innerText)"""
"""The texts of the parts of a page that are shown. Playwright's own look needs a newer Chromium."""

ANSWER_ALL = """() => {
    const click = (what) => document.querySelector(what).click();
    click('[data-language="sv"]');
    click("#start");
    for (const _ of document.querySelectorAll("fieldset")) {
        click('fieldset:not([hidden]) input[value="5"]');
        click("#next");
    }
}"""

REASON = f"Den måste vara Chromium {MINIMUM_CHROMIUM} eller nyare"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def started(playwright: Playwright, version: int) -> Browser:
    return playwright.chromium.launch(
        executable_path=program(version), env=environment(version), args=["--no-sandbox", "--disable-gpu"]
    )


@pytest.fixture(scope="module", params=TOO_OLD)
def too_old(request: pytest.FixtureRequest, playwright: Playwright) -> Iterator[Browser]:
    browser = started(playwright, request.param)
    assert browser.version.startswith(f"{request.param}.")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def oldest(playwright: Playwright) -> Iterator[Browser]:
    browser = started(playwright, MINIMUM_CHROMIUM)
    assert browser.version.startswith(f"{MINIMUM_CHROMIUM}.")
    yield browser
    browser.close()


def guest_at(browser: Browser, place: Place, serve: Serve, *, viewport: dict[str, int] = KIOSK) -> Guest:
    context = browser.new_context(viewport=viewport, service_workers="block")  # type: ignore[arg-type]
    served = Counted(place.app)
    return Guest(context.new_page(), place, served, serve(served))


def shown_texts(page: Page) -> list[str]:
    texts = page.evaluate(SHOWN_TEXTS)
    assert isinstance(texts, list)
    return texts


@pytest.mark.parametrize("path", ["/", "/pair", "/stored", "/practice"])
def test_an_older_browser_shows_a_kiosk_nothing_but_the_reason(
    too_old: Browser, serve: Serve, tmp_path: Path, path: str
) -> None:
    guest = guest_at(too_old, Place(tmp_path), serve)
    guest.page.goto(guest.address + path)
    [reason] = shown_texts(guest.page)
    assert REASON in reason


def test_a_phone_with_an_older_browser_can_answer(too_old: Browser, serve: Serve, tmp_path: Path) -> None:
    place = Place(tmp_path, frozenset({Admission.KIOSK, Admission.POSTER}))
    guest = guest_at(too_old, place, serve, viewport=PHONE)
    guest.page.goto(guest.address + "/s/poster")
    with guest.page.expect_response("**/s/poster") as sent:
        guest.page.evaluate(ANSWER_ALL)
    assert sent.value.headers["kiosk-ballot"] == "taken"
    assert guest.counted()["listened"] == [0, 0, 0, 0, 1]


def test_the_oldest_browser_answers_at_a_kiosk(oldest: Browser, serve: Serve, tmp_path: Path) -> None:
    guest = guest_at(oldest, Place(tmp_path), serve)
    guest.start("sv")
    expect(guest.page.locator("#too-old")).to_be_hidden()
    assert guest.page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    guest.answer("5", "1", "dont_know", "3")
    thanks(guest, "Tack för dina svar!")
    assert guest.counted()["listened"] == [0, 0, 0, 0, 1]


def test_the_oldest_browser_forgets_a_guest_who_left(oldest: Browser, serve: Serve, tmp_path: Path) -> None:
    guest = guest_at(oldest, Place(tmp_path), serve)
    guest.start("en")
    guest.choose("5")
    guest.page.clock.run_for(91_000)
    expect(guest.page.locator("#still-here")).to_be_visible()
    guest.page.clock.run_for(31_000)
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")
    assert guest.page.locator("input:checked:not([value=''])").count() == 0


def test_the_oldest_browser_keeps_a_ballot_until_the_network_is_back(
    oldest: Browser, serve: Serve, tmp_path: Path
) -> None:
    guest = guest_at(oldest, Place(tmp_path), serve)
    guest.start("sv")
    guest.page.context.set_offline(True)
    guest.answer("5", "1", "dont_know", "3")
    thanks(guest, "Tack för dina svar!")
    assert len(guest.page.evaluate(KEPT)) == 1
    guest.page.context.set_offline(False)
    come_through(guest.page, lambda: not guest.page.evaluate(KEPT))
    assert guest.counted()["listened"] == [0, 0, 0, 0, 1]
