"""A question of which a guest may choose several options, on a kiosk and on a phone."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.domain.rounds import Admission
from tests.tools.accessibility import violations
from tests.tools.frames import resize
from tests.tools.guest_side import Place
from tests.tools.several_options import counted, survey
from tests.web.guest import Serve, stop_clock
from tests.web.touch import touch

pytestmark = pytest.mark.browser

SIZES = [(1280, 800), (1920, 1080), (1080, 1920), (1024, 600)]

IN_SIGHT = """() => {
    const labels = [...document.querySelectorAll("fieldset:not([hidden]) label:not(.skipped)")];
    const boxes = labels.map((label) => label.getBoundingClientRect());
    const top = document.getElementById("bar").getBoundingClientRect().bottom;
    const bottom = document.getElementById("steps").getBoundingClientRect().top;
    return {
        answers: boxes.length,
        hidden: boxes.filter((box) => box.top < top - 1 || box.bottom > bottom + 1).length,
        height: Math.min(...boxes.map((box) => box.height)),
    };
}"""


LEAST_GAP = """() => Math.min(...[...document.querySelectorAll("fieldset:not([hidden]) .answer")].map((x) => {
    const letters = document.createRange();
    letters.selectNodeContents(x.querySelector(".option"));
    const [box, last, picture] = [x, letters, x.querySelector("svg")].map((y) => y?.getBoundingClientRect());
    const below = box.bottom - last.bottom;
    return picture?.height ? Math.min(below, picture.top - box.top, box.bottom - picture.bottom) : below;
}))"""
"""The least room in pixels below the letters of an answer, and above and below its picture, its border of 2
pixels included. Letters reach less far above their line."""

LONG = (
    "Någonstans att sova i natt och i morgon", "Mat och kläder för kalla dagar",
    "Någon att prata med om livet", "Hjälp med kontakter med myndigheter",
    "Vård eller tandvård som jag har råd med",
    "Hjälp att hitta ett arbete eller en praktik",
)  # fmt: skip


def ticked(page: Page) -> list[str]:
    """Return the values of the answers that are chosen to the question on the screen."""
    chosen = page.locator("fieldset:not([hidden]) input:checked")
    return [box.get_attribute("value") or "" for box in chosen.all()]


def tick(page: Page, value: str) -> None:
    """Touch an answer."""
    touch(page, f'fieldset:not([hidden]) label:has(input[value="{value}"])')


def test_a_guest_chooses_several_options_and_goes_on_with_a_button(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))
    page = context.new_page()
    stop_clock(page)
    page.goto(serve(place.app) + "/")
    page.locator("#start").dispatch_event("click")
    page.locator('fieldset:not([hidden]) input[value="5"]').focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.locator("#next").dispatch_event("click")
    needs = page.locator("fieldset.several")
    expect(needs).to_be_visible()
    group = page.get_by_role("group", name="Vad behöver du?")
    expect(group).to_have_accessible_description("Du kan välja flera.")
    for width, height in SIZES:
        resize(page, width, height)
        seen = page.evaluate(IN_SIGHT)
        assert (seen["answers"], seen["hidden"]) == (5, 0), (width, height)
        assert seen["height"] >= 72
    next_button = page.locator("#next")
    expect(next_button).to_be_disabled()
    for value in ("3", "1"):
        tick(page, value)
    expect(needs).to_be_visible()
    assert ticked(page) == ["3", "1", ""], "a touch chooses, and does not go on"
    tick(page, "none")
    assert ticked(page) == ["none", ""]
    tick(page, "dont_know")
    assert ticked(page) == ["dont_know"]
    page.get_by_role("checkbox", name="Sömn").focus()
    page.keyboard.press("Space")
    assert ticked(page) == ["2", ""], "by keyboard, too"
    tick(page, "1")
    expect(next_button).to_be_enabled()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        next_button.dispatch_event("click")
    assert "_envelope" in (sent.value.post_data or ""), "sealed, with room for each option"
    expect(page.locator("#message p")).to_have_text("Tack för dina svar!")
    for _ in range(7):
        place.client.post("/s/poster", data={"needs": "none"})
    tables = counted(place)
    assert tables["needs/3"] == [7, 0], "one of eight chose: withheld, as if nobody had"
    assert sum(tables["needs"]) + 1 == 8


def test_skipping_takes_the_ticks_back(context: BrowserContext, serve: Serve, tmp_path: Path) -> None:
    place = Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))
    page = context.new_page()
    page.goto(serve(place.app) + "/")
    page.locator("#start").dispatch_event("click")
    page.locator("#skip").dispatch_event("click")
    expect(page.locator("fieldset.several")).to_be_visible()
    page.get_by_role("checkbox", name="Mat").focus()
    page.keyboard.press("Space")
    page.locator("#back").dispatch_event("click")
    page.locator("#skip").dispatch_event("click")
    assert ticked(page) == ["3", ""], "kept while the guest goes back"
    page.locator("#skip").dispatch_event("click")
    expect(page.locator("#message p")).to_have_text("Tack för dina svar!")
    for _ in range(7):
        place.client.post("/s/poster", data={"needs": "3"})
    assert counted(place)["needs/3"] == [0, 7]


def test_letters_and_pictures_of_long_options_stay_clear_of_their_borders(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    short = survey(tmp_path)
    needs = short.statement("needs")
    options = replace(needs, scale=replace(needs.scale, labels=LONG[::-1]))
    place = Place(
        tmp_path, frozenset(Admission), survey=replace(short, statements=(options, short.statements[0]))
    )
    page = context.new_page()
    stop_clock(page)
    resize(page, 1024, 600)
    page.goto(serve(place.app) + "/")
    page.locator("#start").dispatch_event("click")
    expect(page.locator("fieldset.several")).to_be_visible()
    for size in ("100 %", "125 %", "150 %"):
        if size != "100 %":
            page.locator("#text-size").dispatch_event("click")
        expect(page.locator("#percent")).to_have_text(size)
        for width, height in SIZES:
            resize(page, width, height)
            assert page.evaluate(LEAST_GAP) > 2, (size, width, height)
    page.clock.resume()
    assert violations(page) == []
