"""A kiosk that asks one statement shows it first, and takes an answer with one touch."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from kiosk.domain.rounds import Admission, Protection
from kiosk.domain.screen_size import Screen
from kiosk.settings import read_settings
from tests.tools.accessibility import violations
from tests.tools.frames import resize
from tests.tools.guest_side import Place
from tests.tools.shipped import library_for
from tests.web.guest import Counted, Guest, Serve, thanks

STATEMENT = "fieldset:not([hidden]) legend"


def a_place(folder: Path, *, is_one_touch: bool = True, screen: Screen | None = None) -> Place:
    survey = library_for(read_settings({"KIOSK_DATA": str(folder)})).surveys["ombudsmannaskap"]
    survey = replace(survey, id="one", statements=survey.statements[:1])
    ways = frozenset({Admission.KIOSK, Admission.POSTER})
    place = Place(folder, ways, survey=survey, screen=screen, protection=Protection.PROTECTED)
    guest_application = place.app.extensions["guest"]
    guest_application.unmeasured = replace(guest_application.unmeasured, is_one_touch=is_one_touch)
    return place


def a_guest(place: Place, context: BrowserContext, serve: Serve) -> Guest:
    served = Counted(place.app)
    guest = Guest(context.new_page(), place, served, serve(served))
    guest.page.goto(guest.address)
    expect(guest.page.locator(STATEMENT)).to_be_visible()
    return guest


@pytest.mark.browser
def test_one_touch_is_enough_and_the_next_guest_follows(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    guest = a_guest(a_place(tmp_path), context, serve)
    for control in ("#picker", "#promise", "#back", "#skip", "#start-over"):
        expect(guest.page.locator(control)).not_to_be_visible()
    for text in (
        "Vi sparar inte vem du är.",
        "Siffrorna är lite ungefärliga.",
        "ring 112",
        "Vad sparas om mig?",
    ):
        expect(guest.page.locator("#brief")).to_contain_text(text)
    expect(guest.page.get_by_text("Antal frågor: 1.").filter(visible=True)).to_have_count(1)
    assert violations(guest.page) == []
    for _ in range(2):
        expect(guest.page.locator("#next")).not_to_be_visible()
        guest.touch_answer("4")
        expect(guest.page.locator("#next")).to_be_visible()
        guest.page.clock.run_for(4_000)
        thanks(guest, "Tack för dina svar!")
        expect(guest.page.locator("#ended")).to_have_text("Klart. Inget finns kvar på skärmen.")
        with guest.page.expect_navigation():
            guest.page.clock.run_for(5_000)
        expect(guest.page.locator(STATEMENT)).to_be_visible()
        expect(guest.page.locator("input:checked:not([value=''])")).to_have_count(0)
    assert len([asked for asked in guest.served.asked if asked.startswith("POST")]) == 2


@pytest.mark.browser
def test_a_queues_second_touch_does_not_change_the_first_guests_answer(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    guest = a_guest(a_place(tmp_path), context, serve)
    guest.stop_clock()
    guest.touch_answer("4")
    guest.page.clock.run_for(2_000)
    thanks(guest, "Tack för dina svar!")


GAPS = """() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    const [above, below] = [
        box("#asker").top - box("#bar").bottom, box("#brief").top - box("fieldset .choices").bottom,
    ];
    return Math.abs(above - below) / window.innerHeight;
}"""
"""By which part of the height the empty places above and below the question and its answers differ."""


@pytest.mark.browser
def test_on_a_tall_screen_the_question_stands_in_the_middle(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    guest = a_guest(a_place(tmp_path), context, serve)
    resize(guest.page, 1080, 1920)
    expect(guest.page.locator("#answers")).to_have_attribute("data-fit", "list tall")
    assert guest.page.evaluate(GAPS) < 0.1


@pytest.mark.browser
def test_languages_and_stored_data_are_reachable_and_reset_for_the_next_guest(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    guest = a_guest(a_place(tmp_path), context, serve)
    guest.tap("#language")
    guest.tap('[data-language="fi"]')
    expect(guest.page.locator(STATEMENT)).to_have_text("Tunnen, että henkilökunta kuuntelee minua")
    expect(guest.page.locator("#start-over")).to_be_visible()
    guest.tap("#stored")
    expect(guest.page.locator("#back")).to_have_text("Takaisin")
    guest.tap("#back")
    expect(guest.page.locator("html")).to_have_attribute("lang", "fi")
    expect(guest.page.locator(STATEMENT)).to_be_visible()
    guest.page.clock.run_for(91_000)
    with guest.page.expect_navigation():
        guest.page.clock.run_for(31_000)
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")
    expect(guest.page.locator(STATEMENT)).to_be_visible()


@pytest.mark.browser
def test_with_one_touch_switched_off_an_answer_waits_for_the_button(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    guest = a_guest(a_place(tmp_path, is_one_touch=False), context, serve)
    guest.touch_answer("4")
    guest.page.clock.run_for(20_000)
    expect(guest.page.locator(STATEMENT)).to_be_visible()
    guest.tap("#next")
    thanks(guest, "Tack för dina svar!")


@pytest.mark.parametrize(
    ("path", "screen", "is_first"),
    [("/", None, True), ("/", Screen(476), True), ("/", Screen(217), False), ("/s/poster", None, False)],
    ids=["kiosk", "large kiosk", "small kiosk", "phone"],
)
def test_a_single_statement_is_shown_first_if_it_fits_beside_the_promise(
    tmp_path: Path, path: str, screen: Screen | None, *, is_first: bool
) -> None:
    page = a_place(tmp_path, screen=screen).client.get(path).text
    assert (" data-alone" in page) == ('<footer id="brief">' in page) == is_first
    assert page.count('id="stored"') == 1


def test_several_statements_follow_the_promise(tmp_path: Path) -> None:
    assert " data-alone" not in Place(tmp_path).client.get("/").text
