"""A guest's own device: Back means the screen before, and leaving shows nothing of the survey again."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from kiosk.domain.rounds import Admission
from kiosk.screen.texts import REFUSALS, SCREEN, Refusal
from tests.tools.frames import resize
from tests.tools.guest_side import Place
from tests.tools.polling import wait_until_here
from tests.web.guest import PHONE, Counted, Guest, Serve, thanks

pytestmark = pytest.mark.browser

FIRST, SECOND = "Fråga 1 av 4", "Fråga 2 av 4"


def weather(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The site to which a phone leaves."""
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<title>Weather</title><p>Sunny"]


@pytest.fixture
def phone(context: BrowserContext, serve: Serve, tmp_path: Any) -> Guest:
    place = Place(tmp_path, frozenset({Admission.POSTER, Admission.SLIP}), leave_to=serve(weather))
    page = context.new_page()
    resize(page, **PHONE)
    served = Counted(place.app)
    return Guest(page, place, served, serve(served))


def at(page: Page, progress: str) -> None:
    expect(page.locator("#progress")).to_have_text(progress)


def back(page: Page) -> None:
    """The phone's own Back."""
    page.evaluate("history.back()")


def enter(phone: Guest, way: str) -> None:
    """Come to the first statement."""
    phone.page.goto(f"{phone.address}/nothing")
    phone.page.goto(phone.address + ("/s/poster" if way == "poster" else f"/q#{phone.place.slip}"))
    phone.tap('[data-language="sv"], button[lang="sv"]')
    phone.tap("#start")


@pytest.mark.parametrize("way", ["poster", "slip"])
def test_back_shows_the_previous_screen_and_leaving_removes_the_survey_from_history(
    phone: Guest, way: str
) -> None:
    page = phone.page
    enter(phone, way)
    phone.answer("4")
    at(page, SECOND)
    back(page)
    at(page, FIRST)
    expect(page.locator('input[name="listened"][value="4"]')).to_be_checked()
    back(page)
    expect(page.locator("#promise")).to_be_visible()
    if way == "poster":
        phone.tap("#stored")
        expect(page.locator("#side")).to_be_visible()
        back(page)
        expect(page.locator("#promise")).to_be_visible()
    phone.tap("#leave-now")
    expect(page).to_have_title("Weather")
    for _ in range(2):
        page.go_back()
        expect(page.locator("fieldset, #slip")).to_have_count(0)


def test_a_slips_questions_can_be_loaded_again(phone: Guest) -> None:
    page = phone.page
    page.goto(f"{phone.address}/q")
    page.locator("#slip").fill(phone.place.slip)
    page.locator("form button").click()
    # The script has given the page an address that can be loaded again.
    expect(page).to_have_url(f"{phone.address}/q")
    page.reload()
    expect(page.locator("#slip")).to_be_visible()
    assert phone.place.client.get("/q/questions").headers["Location"] == "/q"
    assert phone.place.client.get("/q/answer").headers["Location"] == "/q"


def test_leaving_without_a_network_shows_a_blank_page_and_redirects_later(
    phone: Guest, context: BrowserContext
) -> None:
    enter(phone, "poster")
    context.set_offline(True)
    phone.tap("#leave-now")
    expect(phone.page.locator("body")).to_be_empty()
    phone.page.clock.run_for(3_000)
    expect(phone.page.locator("body")).to_be_empty()
    assert phone.page.url == f"{phone.address}/q/leave"
    context.set_offline(False)
    phone.page.clock.run_for(6_000)
    expect(phone.page).to_have_title("Weather")


def test_a_lost_response_is_reported_and_the_ballot_counts_once(phone: Guest) -> None:
    """The server takes the ballot, and its answer never comes. Only thanks have a tick, for guests who do not
    read, and Back stays at the end of the screen."""
    page, held = phone.page, list[APIResponse]()
    tick, sent = page.locator("#message > svg"), list[Route]()

    def lose(route: Route) -> None:
        sent.append(route)
        if len(sent) == 1:
            held.append(route.fetch())
        else:
            route.continue_()

    enter(phone, "slip")
    page.route("**/q/answer", lose)
    phone.answer("5", "5", "5", "5")
    thanks(phone, "Skickar …")
    wait_until_here(page, lambda: held, "the server has taken the ballot")
    page.clock.run_for(10_000)
    expect(page.locator("#again")).to_be_visible()
    expect(tick).to_be_hidden()
    again, back = (page.locator(control).bounding_box() for control in ("#again", "#back"))
    assert again
    assert back
    assert back["y"] > again["y"] + again["height"]
    phone.tap("#back")
    at(page, "Fråga 4 av 4")
    phone.tap("#next")
    thanks(phone, "Tack för dina svar!")
    expect(tick).to_be_visible()
    assert phone.place.waiting() == 1


def test_back_does_not_leave_answers_that_wait_for_their_turn(phone: Guest) -> None:
    page, sent = phone.page, list[Route]()

    def refuse_once(route: Route) -> None:
        sent.append(route)
        if len(sent) > 1:
            route.continue_()
            return
        headers = {"Kiosk-Refusal": Refusal.WAIT, "Retry-After": "5"}
        route.fulfill(status=429, headers=headers, body="<p>-</p>", content_type="text/html")

    enter(phone, "slip")
    page.route("**/q/answer", refuse_once)
    phone.answer("5", "5", "5", "5")
    expect(page.locator("#message")).to_contain_text(SCREEN["waiting"])
    back(page)
    expect(page.locator("#message")).to_contain_text(SCREEN["waiting"])
    page.clock.run_for(5_000)
    thanks(phone, "Tack för dina svar!")
    assert phone.place.waiting() == 1


WITHOUT_WORDS = {Refusal.WRONG_CODE, Refusal.WAIT, Refusal.NOT_OPEN, Refusal.NO_ROUND, Refusal.OFFLINE}
"""Refusals that are no answer to a ballot, or after which the script sends it again."""


def test_every_refusal_on_the_screen_has_a_control_to_continue(phone: Guest) -> None:
    page, refusal = phone.page, Refusal.BAD

    def refuse(route: Route) -> None:
        lines = f'<p lang="ar">-</p><p lang="sv">{REFUSALS[refusal]}</p>'
        route.fulfill(status=403, headers={"Kiosk-Refusal": refusal}, body=lines, content_type="text/html")

    enter(phone, "slip")
    page.route("**/q/answer", refuse)
    phone.answer("5", "5", "5", "5")
    for refusal in sorted(set(Refusal) - WITHOUT_WORDS):
        phone.tap("#back")
        phone.tap("#next")
        thanks(phone, REFUSALS[Refusal.OFFLINE if refusal is Refusal.FAILED else refusal])
        for control in ("#back", "#start-over"):
            expect(page.locator(control)).to_be_visible()


def test_a_used_slip_asks_for_another_one_and_keeps_the_answers(phone: Guest) -> None:
    used = {"slip": phone.place.slip, "listened": "1", "_ticket": "0" * 32}
    phone.place.client.post("/q/answer", data=used)
    enter(phone, "slip")
    phone.answer("5", "5", "5", "5")
    thanks(phone, "Lappen har redan använts. Ta en ny lapp om du vill svara.")
    phone.page.locator("#other-slip input").fill(phone.place.other_slip.lower())
    phone.tap("#again")
    thanks(phone, "Tack för dina svar!")
    assert phone.place.waiting() == 2


def test_starting_over_asks_before_it_removes_an_answer(phone: Guest) -> None:
    enter(phone, "poster")
    phone.choose("4")
    phone.tap("#start-over")
    phone.tap("#keep-answers")
    expect(phone.page.locator('input[name="listened"][value="4"]')).to_be_checked()
    phone.tap("#start-over")
    phone.tap("#remove-answers")
    expect(phone.page.locator("#picker")).to_be_visible()
    expect(phone.page.locator('input:checked:not([value=""])')).to_have_count(0)


def test_a_language_chosen_before_the_script_loaded_is_kept(phone: Guest) -> None:
    phone.page.goto(f"{phone.address}/s/poster?lang=ar")
    expect(phone.page.locator("#promise")).to_be_visible()
    expect(phone.page.locator("html")).to_have_attribute("lang", "ar")
    expect(phone.page.get_by_text("الدعم في حقوقك في المركز النهاري")).to_be_visible()
