"""A guest tries the screen first: it says so all the way, and nothing is kept."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.tools.guest_side import Place
from tests.web.guest import Guest, Serve, thanks

OVER = "Övningen är slut. Inget har sparats."


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_practice_ballot_changes_no_file_and_a_real_one_does(place: Place, tmp_path: Path) -> None:
    before = contents(tmp_path)
    for answer in (1, 5) * 10:
        assert place.client.post("/practice", data={"listened": str(answer)}).status_code == 303
    assert contents(tmp_path) == before
    assert place.client.post("/", data={"listened": "5"}).status_code == 303
    assert contents(tmp_path) != before


def test_practice_is_refused_without_a_running_round(place: Place) -> None:
    assert place.client.get("/s/poster/practice").status_code == 403
    assert place.client.post("/s/poster/practice", data={"listened": "5"}).status_code == 403


def test_an_invalid_ballot_is_refused_in_practice_too(place: Place) -> None:
    assert place.client.post("/practice", data={"listened": "9"}).status_code == 400
    assert place.client.get("/k/unknown/practice").status_code == 404
    assert place.client.get("/k/unknown/practice/thanks").status_code == 404


@pytest.mark.browser
def test_a_guest_can_practise_and_then_answer(guest: Guest) -> None:
    guest.page.goto(guest.address)
    guest.tap('[data-language="sv"]')
    guest.tap("#try-first")
    expect(guest.page.locator(".demonstration")).to_have_text("Det här är en övning. Inget sparas.")
    expect(guest.page.locator("#try-first")).to_have_count(0)
    guest.tap("#start")
    guest.answer("5", "5", "5", "5")
    thanks(guest, OVER)
    guest.tap("#answer-now")
    # On the new page the time since it was shown starts again.
    expect(guest.page.locator(".demonstration")).to_have_count(0)
    expect(guest.page.locator("body.steps")).to_be_visible()
    guest.tap("#start")
    guest.answer("1", "1", "1", "1")
    thanks(guest, "Tack för dina svar!")
    expect(guest.page.locator("#answer-now")).to_have_count(0)
    assert guest.counted()["listened"] == [1, 0, 0, 0, 0]


@pytest.mark.browser
def test_starting_over_in_practice_stays_in_practice(guest: Guest) -> None:
    guest.start("sv", "/practice")
    guest.choose("5")
    guest.tap("#start-over")
    with guest.page.expect_navigation():
        guest.tap("#remove-answers")
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator(".demonstration")).to_be_visible()
    guest.tap('[data-language="sv"]')
    guest.page.clock.run_for(91_000)
    with guest.page.expect_navigation():
        guest.tap("#start-over-now")
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator(".demonstration")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("taps", [[], ['[data-language="sv"]', "#start"]], ids=["at once", "in the middle"])
def test_an_abandoned_practice_returns_to_the_questions(guest: Guest, taps: list[str]) -> None:
    guest.page.goto(f"{guest.address}/practice")
    for tap in taps:
        guest.tap(tap)
    guest.page.clock.run_for(91_000)
    expect(guest.page.locator("#still-here")).to_be_visible()
    guest.page.clock.run_for(30_000)
    guest.page.wait_for_url(f"{guest.address}/")
    expect(guest.page.locator(".demonstration")).to_have_count(0)


@pytest.mark.browser
def test_a_finished_practice_returns_to_the_questions(guest: Guest) -> None:
    guest.start("sv", "/practice")
    guest.answer("5", "5", "5", "5")
    thanks(guest, OVER)
    guest.page.clock.run_for(16_000)
    guest.page.wait_for_url(f"{guest.address}/")


@pytest.mark.browser
def test_a_guest_can_practise_without_a_script(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    place = Place(tmp_path)
    context: BrowserContext = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(serve(place.app))
    page.click("#try-first")
    expect(page.locator(".demonstration")).to_be_visible()
    page.check('input[name="listened"][value="5"]')
    page.click("#send")
    expect(page.locator(".message").first).to_have_text(OVER)
    page.click(".button")
    expect(page.locator(".demonstration")).to_have_count(0)
    assert place.waiting() == 0
    context.close()
