"""Checks a page's accessibility with axe-core."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

VIOLATED = """axe.run({ resultTypes: ["violations"] })
    .then(({ violations }) => violations.map(({ id }) => id))"""


def violations(page: Page) -> list[str]:
    """Return the identifiers of axe-core's rules that a page violates now.

    axe-core enters a document once, and only identifiers leave it: its text and its full results took more
    processor time than the check.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    broken: list[str] = page.evaluate(VIOLATED)
    return broken
