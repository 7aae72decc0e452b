"""Waits for a page to be laid out anew: for a frame of the browser, or for a window of another size.

`requestAnimationFrame` is no such wait: Playwright replaces it, in a page whose clock it holds, by a timer
that may end before the page has heard of its new size.
"""

from playwright.sync_api import Page

from tests.tools.polling import wait_until

FRAME = "new Promise((done) => new IntersectionObserver(done).observe(document.documentElement))"
"""A promise of JavaScript for the end of the page's next frame: its script has heard of every resize, scroll
and change of letters that came before, and its style and layout are those of the frame."""


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
