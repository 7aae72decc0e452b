"""A finger, or a mouse, on a screen whose clock stands still."""

from playwright.sync_api import Page

PAUSE = 500  # milliseconds: a screen reacts to no touch sooner than 400 after it came


def touch(page: Page, selector: str) -> None:
    """Touch the first thing in view that `selector` finds, no sooner than its screen reacts to touches."""
    there = page.locator(selector).locator("visible=true").first
    # A page that is still to come would miss the time that goes by on the one before it.
    there.wait_for()
    page.wait_for_load_state()
    page.clock.run_for(PAUSE)
    there.click()


def choose(page: Page, value: str) -> None:
    """Choose an answer of the statement in view, as a screen reader does: the screen does not go on."""
    chosen = page.locator(f'fieldset:not([hidden]) label:has(input[value="{value}"])')
    chosen.locator("visible=true").first.evaluate("(label) => label.click()")
