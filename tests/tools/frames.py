"""Waits until a page is laid out anew: after a frame of the browser, or after a change of its window's size.

`requestAnimationFrame` is no such wait: if a page's clock is stopped, Playwright replaces that function by a
timer, which may end before the page has heard of its new size.
"""

from playwright.sync_api import Page

from tests.tools.polling import wait_until

FRAME = "new Promise((done) => new IntersectionObserver(done).observe(document.documentElement))"
"""JavaScript: a promise that is kept at the end of the page's next frame. By then its script has heard of
every earlier resize, scroll and change of letters, and its style and layout are up to date."""


def frame(page: Page) -> None:
    """Wait for the end of the page's next frame. AssertionError after 30 seconds."""
    page.evaluate(f"() => {{ window.isDrawn = false; {FRAME}.then(() => {{ window.isDrawn = true; }}); }}")
    wait_until(page, "window.isDrawn")


def resize(page: Page, width: int, height: int) -> None:
    """Give the page's window another size in pixels, and wait until its scripts have heard of it.
    AssertionError after 30 seconds."""
    if page.viewport_size == {"width": width, "height": height}:
        return
    page.evaluate(
        "() => { window.isResized = false;"
        " addEventListener('resize', () => { window.isResized = true; }, { once: true }); }"
    )
    page.set_viewport_size({"width": width, "height": height})
    wait_until(page, "window.isResized")
    frame(page)
