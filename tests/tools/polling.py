"""Waits until a condition is true in a page, under a strict content security policy and a stopped clock."""

from time import monotonic
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

LIMIT_SECONDS = 30.0
PAUSE_MS = 20


def wait_until(page: Page, condition: str, arg: object = None) -> Any:
    """Return the value of a JavaScript expression, or of the function or promise that it gives, once Python
    takes it for true: an empty object is not.

    A function gets `arg`. AssertionError after 30 seconds. Each look is one evaluation by the driver, because
    Playwright's wait_for_function evaluates text inside the page from the second look on, which a content
    security policy forbids. The pause is the driver's, because the page's timers stop with its clock.
    """
    end = monotonic() + LIMIT_SECONDS
    while True:
        value = _evaluated(page, condition, arg)
        if value:
            return value
        assert monotonic() < end, f"not true within {LIMIT_SECONDS:.0f} s: {condition}"
        page.wait_for_timeout(PAUSE_MS)


def _evaluated(page: Page, condition: str, arg: object) -> Any:
    """Return the value of an expression in the page, None if the page was replaced meanwhile."""
    try:
        return page.evaluate(condition, arg)
    except PlaywrightError as error:
        if "Execution context was destroyed" not in error.message:
            raise
        return None
