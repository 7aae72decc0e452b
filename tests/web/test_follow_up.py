"""A follow-up on a kiosk: one page for every guest, and a reason that leaves with its answer."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.domain.rounds import Admission
from tests.guest.test_follow_up import survey
from tests.tools.guest_side import NOW, Place
from tests.web.guest import Serve

pytestmark = pytest.mark.browser

FOLLOW_UP = "fieldset[data-follows]"


LOOK = """() => [...document.querySelectorAll("body *")]
    .map((element) => [element, element.getBoundingClientRect(), window.getComputedStyle(element)])
    .filter(([, box, { visibility }]) => box.width && box.height && visibility === "visible")
    .map(([{ tagName, textContent }, { x, y, width, height }, style]) =>
        [tagName, textContent, x, y, width, height, style.color, style.backgroundColor, style.borderColor])"""
"""The text, place and colours of everything on the screen."""


def answer(page: Page, value: str) -> None:
    """Choose an answer on the screen by keyboard, and go on."""
    page.locator(f'fieldset:not([hidden]) input[value="{value}"]').focus()
    page.keyboard.press("Space")
    page.locator("#next").dispatch_event("click")


def test_every_guest_sees_the_same_follow_up_and_a_changed_answer_takes_its_reason(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))
    page = context.new_page()
    page.clock.install(time=NOW)
    page.goto(serve(place.app) + "/")
    page.locator("#start").dispatch_event("click")
    looks = []
    for value in ("5", "1"):
        answer(page, value)
        expect(page.locator(FOLLOW_UP)).to_be_visible()
        expect(page.locator("#progress")).to_have_text("Fråga 2 av 2")
        group = page.get_by_role("group", name="Varför inte?")
        expect(group).to_have_accessible_description(
            "Bara om du svarade: Instämmer inte alls, Instämmer dåligt"
        )
        page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finish()))")
        looks.append(page.evaluate(LOOK))
        page.locator("#back").dispatch_event("click")
    assert looks[0] == looks[1], "a bystander sees no difference"
    assert any("Jag svarade något annat" in texts for texts in looks[0])
    answer(page, "1")
    page.locator(f'{FOLLOW_UP} input[value="2"]').focus()
    page.keyboard.press("Space")
    page.locator("#back").dispatch_event("click")
    answer(page, "2")
    expect(page.locator(f'{FOLLOW_UP} input[value="2"]')).to_be_checked()
    page.locator("#back").dispatch_event("click")
    answer(page, "5")
    expect(page.locator(f'{FOLLOW_UP} input[value="2"]')).not_to_be_checked()
    expect(page.locator("#next")).to_be_disabled()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        answer(page, "0")
    assert "_envelope" in (sent.value.post_data or ""), "sealed, with room for the follow-up"
    expect(page.locator("#message p")).to_have_text("Tack för dina svar!")
