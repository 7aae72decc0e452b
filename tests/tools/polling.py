"""Waits until a condition is true in a page, under a strict content security policy and a stopped clock."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

LIMIT_SECONDS = 30.0
PAUSE_MS = 20


def wait_until(page: Page, condition: str, arg: object = None) -> Any:
    """Evaluate a JavaScript expression until Python takes its value for true (an empty object is not), and
    return this value. If the expression is a function, it is called with `arg`; a promise is waited for.

    Raises AssertionError after 30 seconds. The driver evaluates it each time: Playwright's wait_for_function
    evaluates text inside the page from the second time on, which a content security policy forbids. The
    pauses are the driver's too, because the page's timers stop with its clock.
    """
    return wait_until_here(page, lambda: _evaluated(page, condition, arg), condition)


def wait_until_here(page: Page, look: Callable[[], Any], what: str) -> Any:
    """Call a function of the test until its value is true, and return this value, while routes and events of
    the page are handled. Raises AssertionError, which names `what` is waited for, after 30 seconds."""
    end = monotonic() + LIMIT_SECONDS
    while True:
        value = look()
        if value:
            return value
        assert monotonic() < end, f"not true within {LIMIT_SECONDS:.0f} s: {what}"
        page.wait_for_timeout(PAUSE_MS)


def _evaluated(page: Page, condition: str, arg: object) -> Any:
    """Return the value of an expression in the page, None if the page was replaced meanwhile."""
    try:
        return page.evaluate(condition, arg)
    except PlaywrightError as error:
        if "Execution context was destroyed" not in error.message:
            raise
        return None
