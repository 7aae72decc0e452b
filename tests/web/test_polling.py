"""The tests' own waiting works in a page with a strict policy, a stopped clock and a replaced page."""

import pytest
from playwright.sync_api import Page

from tests.tools import polling
from tests.tools.polling import wait_until
from tests.web.guest import Guest

pytestmark = pytest.mark.browser

THIRD_LOOK = "() => { window.looks = (window.looks || 0) + 1; return window.looks >= 3 && window.looks; }"


@pytest.fixture
def page(guest: Guest) -> Page:
    """A guest's page, under its policy, whose clock stands still."""
    guest.page.goto(guest.address)
    return guest.page


def test_a_condition_that_becomes_true_later_ends_the_wait_with_its_value(page: Page) -> None:
    assert wait_until(page, THIRD_LOOK) == 3
    page.evaluate("window.looks = 0")
    assert wait_until(page, f"async () => ({THIRD_LOOK})()") == 3
    assert wait_until(page, "wanted => wanted", ["x"]) == ["x"]


def test_a_condition_that_a_handler_in_python_makes_true_ends_the_wait(page: Page) -> None:
    """The pause hands events to their handlers."""
    page.route("**/late", lambda route: route.fulfill(status=200, body="came"))
    page.evaluate("() => { fetch('/late').then((answer) => { window.came = answer.status; }); }")
    assert wait_until(page, "window.came") == 200


def test_a_condition_that_stays_false_fails(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "LIMIT_SECONDS", 0.1)
    with pytest.raises(AssertionError, match="never_set"):
        wait_until(page, "window.never_set")


def test_a_page_that_is_replaced_during_a_look_is_looked_at_again(page: Page) -> None:
    never = "new Promise(() => {})"
    assert wait_until(page, f"location.hash || (location.hash = 'x', location.reload(), {never})") == "#x"
