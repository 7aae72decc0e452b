"""A guest's language goes with her to every page, back to what she came from, and no further."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from tests.tools.frames import resize
from tests.tools.guest_side import Place
from tests.web.guest import PHONE, Counted, Guest, Serve

pytestmark = pytest.mark.browser

FORM_SCRIPT = re.compile(r"/guest(_on_kiosk)?\.js$")


@pytest.fixture
def phone(context: BrowserContext, serve: Serve, tmp_path: Any) -> Guest:
    """A guest at a poster's link."""
    place = Place(tmp_path, frozenset({Admission.POSTER, Admission.SLIP}))
    served = Counted(place.app)
    page = context.new_page()
    resize(page, **PHONE)
    return Guest(page, place, served, serve(served))


def begin(guest: Guest, language: str, path: str = "/") -> None:
    """Come to the promise."""
    guest.page.goto(guest.address + path)
    guest.tap(f'[data-language="{language}"]')


def speaks(page: Page, language: str) -> None:
    expect(page.locator("#promise")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)


def asked_languages(guest: Guest) -> list[str]:
    return [asked for asked in guest.served.asked if "lang" in asked or asked.endswith(("/fi", "/ar"))]


def test_a_wrongly_chosen_language_can_be_changed_at_once(guest: Guest) -> None:
    begin(guest, "ti")
    expect(guest.page.locator("#language svg")).to_be_visible()
    guest.tap("#language")
    guest.tap('[data-language="fi"]')
    speaks(guest.page, "fi")
    expect(guest.page.locator("#start")).to_have_text("Aloita")


def test_the_language_picker_returns_to_the_same_statement_with_the_answers(guest: Guest) -> None:
    begin(guest, "sv")
    guest.tap("#language")
    guest.tap("#back")
    speaks(guest.page, "sv")
    guest.tap("#start")
    guest.answer("4")
    guest.choose("2")
    guest.tap("#language")
    guest.tap("#back")
    expect(guest.page.locator("#progress")).to_have_text("Fråga 2 av 4")
    expect(guest.page.locator('input[name="contact_support"][value="2"]')).to_be_checked()
    guest.tap("#back")
    expect(guest.page.locator("#progress")).to_have_text("Fråga 1 av 4")


PLACES = """() => [...document.querySelectorAll(".languages > *, #asker, #bar")].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height];
})"""


@pytest.mark.parametrize("way", ["kiosk", "ten inches", "upright", "poster"])
def test_no_language_moves_under_a_finger_when_the_script_comes(
    context: BrowserContext, serve: Serve, tmp_path: Any, way: str
) -> None:
    """On a slow line the page is seen, and touched, before its script is there."""
    path, (width, height), screen = {
        "kiosk": ("/", (1280, 800), None),
        "ten inches": ("/", (1280, 800), Screen(217)),
        "upright": ("/", (1080, 1920), Screen(398, 600, 700)),
        "poster": ("/s/poster", (390, 844), None),
    }[way]
    place = Place(tmp_path, frozenset({Admission.KIOSK, Admission.POSTER}), screen=screen)
    page = context.new_page()
    resize(page, width, height)
    held: list[Route] = []
    page.route(FORM_SCRIPT, lambda route: held.append(route))
    page.goto(serve(place.app) + path, wait_until="commit")
    expect(page.locator("#words")).to_be_attached()
    if way == "poster":  # whose bar has a script of its own
        expect(page.locator("#text-size")).to_be_visible()
    expect(page.locator("#send")).not_to_be_in_viewport()
    before = page.evaluate(PLACES)
    assert len(before) > 10
    [waiting] = held
    waiting.continue_()
    expect(page.locator("body.steps")).to_be_visible()
    assert page.evaluate(PLACES) == before


@pytest.mark.parametrize("path", ["/", "/s/poster"])
def test_a_language_tapped_before_the_script_came_is_not_asked_for_again(
    context: BrowserContext, serve: Serve, tmp_path: Any, path: str
) -> None:
    place = Place(tmp_path, frozenset({Admission.KIOSK, Admission.POSTER}))
    page = context.new_page()
    page.route(FORM_SCRIPT, lambda _: None, times=1)
    page.goto(serve(place.app) + path, wait_until="commit")
    with page.expect_request(lambda request: request.url.endswith("lang=ar")):
        page.locator('[data-language="ar"]').click()
    speaks(page, "ar")


def test_the_first_language_picker_has_no_back_button(guest: Guest) -> None:
    guest.page.goto(guest.address)
    expect(guest.page.locator("#picker")).to_be_visible()
    for control in ("#back", "#language", "#start-over"):
        expect(guest.page.locator(control)).not_to_be_visible()


def test_the_current_language_is_marked_in_the_picker(guest: Guest) -> None:
    begin(guest, "ar")
    guest.tap("#language")
    expect(guest.page.locator("[aria-current]")).to_have_count(1)
    expect(guest.page.locator("[aria-current=true]")).to_have_attribute("data-language", "ar")


def test_numbers_are_in_the_digits_of_the_guests_language(guest: Guest) -> None:
    guest.start("fa")
    expect(guest.page.locator("#progress")).to_have_text("سؤال ۱ از ۴")
    expect(guest.page.locator("#percent")).to_have_text("۱۰۰ %")
    expect(guest.page.locator("#promise [data-text=about]")).to_contain_text("۴")
    guest.tap("#language")
    guest.tap('[data-language="ar"]')
    expect(guest.page.locator("#progress")).to_have_text("السؤال 1 من 4")
    expect(guest.page.locator("#percent")).to_have_text("100 %")


def test_the_page_about_stored_data_keeps_the_guests_language(guest: Guest) -> None:
    begin(guest, "fi")
    steps = guest.page.evaluate("history.length")
    guest.tap("#stored")
    expect(guest.page.locator("section").first).to_have_attribute("lang", "fi")
    expect(guest.page.locator("#back")).to_have_text("Takaisin")
    expect(guest.page).to_have_title("Mitä minusta tallennetaan?")
    expect(guest.page.locator("html")).to_have_attribute("lang", "fi")
    assert guest.page.locator("section").first.evaluate("(e) => e.getBoundingClientRect().top") < 400
    assert "#" not in guest.page.url
    guest.tap("#back")
    speaks(guest.page, "fi")
    assert "#" not in guest.page.url
    assert guest.page.evaluate("history.length") == steps + 2
    assert asked_languages(guest) == []


def test_on_a_phone_stored_data_are_described_within_the_page(phone: Guest) -> None:
    begin(phone, "fi", "/s/poster")
    steps = phone.page.evaluate("history.length")
    phone.tap("#stored")
    expect(phone.page.locator("#side")).to_have_attribute("lang", "fi")
    expect(phone.page.locator("#leave-now")).to_have_text("Poistu sivulta heti")
    expect(phone.page.locator("#promise")).not_to_be_visible()
    title = phone.page.locator("#side :is(h1, h2)").inner_text()
    expect(phone.page).to_have_title(title)
    phone.tap("#side a")
    expect(phone.page).not_to_have_title(title)
    speaks(phone.page, "fi")
    assert phone.page.evaluate("history.length") == steps
    assert asked_languages(phone) == []


def test_practice_and_the_questions_after_it_keep_the_guests_language(guest: Guest) -> None:
    begin(guest, "fi")
    guest.tap("#try-first")
    speaks(guest.page, "fi")
    assert "#" not in guest.page.url
    guest.tap("#start")
    guest.answer("5", "5", "5", "5")
    guest.tap("#answer-now")
    expect(guest.page.locator(".demonstration")).to_have_count(0)
    speaks(guest.page, "fi")
    assert "#" not in guest.page.url
    assert asked_languages(guest) == []


def _starts_over(guest: Guest) -> None:
    guest.tap("#start-over")


def _is_idle(guest: Guest) -> None:
    guest.page.clock.run_for(91_000)
    guest.page.clock.run_for(31_000)


@pytest.mark.parametrize("end", [_starts_over, _is_idle], ids=["start over", "idle"])
@pytest.mark.parametrize("path", ["/#fi", "/practice#fi"])
def test_a_language_from_another_page_is_reset_for_the_next_guest(
    guest: Guest, end: Callable[[Guest], None], path: str
) -> None:
    guest.page.goto(guest.address + path)
    speaks(guest.page, "fi")
    with guest.page.expect_navigation():
        end(guest)
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")
    assert "#" not in guest.page.url


def test_an_idle_kiosk_returns_from_stored_data_to_the_default_language(guest: Guest) -> None:
    begin(guest, "fi")
    guest.tap("#stored")
    expect(guest.page.locator("#back")).to_have_text("Takaisin")
    guest.page.wait_for_load_state("load")
    with guest.page.expect_navigation():
        guest.page.clock.run_for(91_000)
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")


@pytest.mark.parametrize("fragment", ["constructor", "xx", "%00"])
def test_a_fragment_that_is_not_a_language_is_removed(guest: Guest, fragment: str) -> None:
    guest.page.goto(f"{guest.address}/#{fragment}")
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator("body.steps")).to_be_visible()
    assert "#" not in guest.page.url


@pytest.fixture
def unscripted(browser: Browser) -> Iterator[Page]:
    """A phone whose browser runs no scripts."""
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def test_without_a_script_stored_data_and_the_slip_page_keep_the_language(
    unscripted: Page, serve: Serve, tmp_path: Any
) -> None:
    page = unscripted
    page.goto(serve(Place(tmp_path).app) + "/q?lang=fi")
    page.locator("#stored").click()
    box = page.locator("section[lang=fi]").bounding_box()
    assert box
    assert abs(box["y"]) < 200
    page.locator("section[lang=fi] a").click()
    expect(page.locator("html")).to_have_attribute("lang", "fi")


def test_after_a_slip_ballot_no_control_leads_to_an_error(phone: Guest) -> None:
    phone.page.goto(f"{phone.address}/q#{phone.place.slip}")
    phone.tap('button[lang="sv"]')
    phone.tap("#start")
    expect(phone.page.locator("#start-over")).to_be_visible()
    phone.answer("5", "5", "5", "5")
    expect(phone.page.locator("#message p")).to_have_text("Tack för dina svar!")
    expect(phone.page.locator("#start-over")).not_to_be_visible()
    expect(phone.page.locator("#leave-now")).to_be_visible()


def test_without_a_script_practice_is_in_the_guests_language(
    unscripted: Page, serve: Serve, tmp_path: Any
) -> None:
    unscripted.goto(serve(Place(tmp_path).app) + "/?lang=fi")
    unscripted.locator("#try-first").click()
    expect(unscripted.locator('[data-text="practice"]')).to_be_visible()
    expect(unscripted.locator("html")).to_have_attribute("lang", "fi")
