"""Translating side by side: letters a computer may lack, and fields as tall as their texts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.tools.desk_side import PASSWORD, Desk

pytestmark = pytest.mark.browser

WIDE, NARROW = (1280, 900), (390, 844)

LOADED = "[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family)"

CUT_OFF = (
    "[...document.querySelectorAll('textarea')].filter((t) => t.scrollHeight > t.clientHeight + 1).length"
)

WIDTHS = """[...document.querySelectorAll('.sides tbody tr:first-child > *')]
    .map((cell) => Math.round(cell.getBoundingClientRect().width))"""


@pytest.fixture(params=[WIDE, NARROW], ids=["computer", "phone"])
def page(
    request: pytest.FixtureRequest, browser: Browser, serve: Callable[[Any], str], tmp_path: Path
) -> Iterator[Page]:
    """A coordinator's browser, signed in."""
    width, height = request.param
    address = serve(Desk(tmp_path).app)
    context = browser.new_context(base_url=address, viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto("/admin/sign-in")
    page.fill("#name", "anna")
    page.fill("#password", PASSWORD)
    page.click("main button")
    yield page
    context.close()


def loaded(page: Page, path: str) -> set[str]:
    page.goto(path)
    page.evaluate("document.fonts.ready")
    families: list[str] = page.evaluate(LOADED)
    return {family.strip('"') for family in families}


def test_fonts_are_loaded_only_on_pages_that_use_them(page: Page) -> None:
    assert loaded(page, "/admin/rounds") == set()
    assert loaded(page, "/admin/languages") == {"Guest Arabic", "Guest Ethiopic"}
    assert loaded(page, "/admin/languages/ti") == {"Guest Ethiopic"}
    assert loaded(page, "/admin/languages/fa") == {"Guest Arabic"}


@pytest.mark.parametrize("language", ["ti", "ar", "ru"])
def test_no_text_is_cut_off_and_both_columns_are_equally_wide(page: Page, language: str) -> None:
    page.goto(f"/admin/languages/{language}")
    assert page.evaluate(CUT_OFF) == 0
    text, translation, _ = page.evaluate(WIDTHS)
    assert text == translation
    field = page.locator("textarea").first
    before = field.evaluate("(field) => field.clientHeight")
    field.fill("ord " * 90)
    assert field.evaluate("(field) => field.clientHeight") > before
    assert page.evaluate(CUT_OFF) == 0
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
