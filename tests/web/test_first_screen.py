"""The first screen: who asks stands out, and a demonstration's line leaves all languages in view."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.domain.rounds import Admission
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from tests.tools.guest_side import NOW, Place
from tests.web.guest import KIOSK, PHONE, Serve

pytestmark = pytest.mark.browser

Shown = Callable[[dict[str, int], str], Page]

NARROW, WIDE = {"width": 320, "height": 568}, {"width": 1920, "height": 1080}

WEIGHT = """(selector) => {
    const style = getComputedStyle(document.querySelector(selector));
    return [Number.parseFloat(style.fontSize), Number(style.fontWeight)];
}"""


@pytest.fixture
def demonstration(browser: Browser, serve: Serve, tmp_path: Path) -> Any:
    """demonstration(size, path) -> a page of a demonstration."""
    place = Place(tmp_path, frozenset(Admission))
    place.store.mark_demonstration()
    app = create_guest_app(
        place.store,
        place.library,
        clock=lambda: NOW,
        rate_limit=RateLimit(1.0, 1000),
        allowed_languages=None,
    )
    address, contexts = serve(app), []

    def shown(size: dict[str, int], path: str) -> Page:
        contexts.append(browser.new_context(viewport=size))  # type: ignore[arg-type]
        page = contexts[-1].new_page()
        page.goto(address + path)
        expect(page.locator("body.steps")).to_be_visible()
        return page

    yield shown
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", ["/s/poster", "/"])
def test_all_languages_are_in_view_on_a_small_phone_below_a_demonstrations_line(
    demonstration: Shown, path: str
) -> None:
    page = demonstration(NARROW, path)
    expect(page.locator(".demonstration").first).to_be_in_viewport(ratio=1)
    for language in page.locator("[data-language]").all():
        expect(language).to_be_in_viewport(ratio=1)
        box = language.bounding_box()
        assert box
        assert box["height"] >= 44


@pytest.mark.parametrize("size", [KIOSK, WIDE, PHONE], ids=["kiosk", "wide", "phone"])
def test_a_demonstrations_line_is_as_wide_as_the_screen(demonstration: Shown, size: dict[str, int]) -> None:
    page = demonstration(size, "/")
    box = page.locator(".demonstration").bounding_box()
    assert box

    def column(left: float) -> bytes:
        clip = {"x": left, "y": box["y"] + 1, "width": 1, "height": box["height"] - 1}
        return page.screenshot(clip=clip)  # type: ignore[arg-type]

    edges = {column(0), column(size["width"] - 1)}
    assert edges == {column(box["x"] + 8)}
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


@pytest.mark.parametrize("size", [KIOSK, WIDE, NARROW], ids=["kiosk", "wide", "phone"])
def test_the_organisation_stands_out_and_the_unit_does_not(
    demonstration: Shown, size: dict[str, int]
) -> None:
    page = demonstration(size, "/")
    name, subject, unit = (page.evaluate(WEIGHT, of) for of in ("#asker .name", ".subject", "#progress"))
    assert name[0] > max(subject[0], unit[0])
    assert name[1] > unit[1]
    # Without a name of the organisation the unit is the one that asks.
    page.evaluate("document.querySelector('#asker .name').remove()")
    assert page.evaluate(WEIGHT, "#progress")[1] == name[1]
