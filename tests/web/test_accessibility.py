"""The tests' own check of accessibility reports what a page violates now, in every look at a document."""

import pytest
from playwright.sync_api import Browser

from tests.tools.accessibility import violations

pytestmark = pytest.mark.browser

PAGE = '<!doctype html><html lang="sv"><title>x</title><main><h1>x</h1><img src="data:," alt="x"></main>'


def test_each_look_at_a_document_reports_its_present_violations(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(PAGE)
    assert violations(page) == []
    page.evaluate("document.querySelector('img').removeAttribute('alt')")
    assert violations(page) == ["image-alt"]
    page.set_content(PAGE.replace(' lang="sv"', ""))
    assert violations(page) == ["html-has-lang"]
    page.close()


def test_a_colour_that_several_elements_have_is_judged_with_what_is_behind_each(browser: Browser) -> None:
    page = browser.new_page()
    grey = '<p style="color: #767676; background: {}">Ett ord</p>'
    for behind, violated in (("#000", []), ("#eee", ["color-contrast"]), ("rgb(0 0 0 / 1)", [])):
        page.set_content(PAGE.replace("<img", grey.format("#fff") + grey.format(behind) + "<img"))
        for _ in range(2):
            assert violations(page) == violated
    page.close()
