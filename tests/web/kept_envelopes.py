"""Envelopes that a kiosk without a network keeps, and their delivery."""

from collections.abc import Callable
from contextlib import suppress

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Response

ROUND = 10_000
"""Milliseconds between two tries with what waits on a kiosk."""

KEPT = """() => navigator.locks.request("envelopes", async () => {
    const folder = await navigator.storage.getDirectory();
    const kept = [];
    for await (const file of folder.values()) {
        const text = await (await file.getFile()).text();
        const full = text.match(/.{4096}/gs).filter((place) => place[0] !== "\\0");
        kept.push(...full.map((place) => place.split("\\0")[0]));
    }
    return kept;
})"""
"""All that waits on a kiosk, from the files of its page's own."""


def come_through(page: Page, is_done: Callable[[], bool]) -> None:
    """Let what waits on a kiosk be sent, one by one, until it is done."""
    for _ in range(200):
        # None comes where the page was still busy with the one before.
        with suppress(PlaywrightError), page.expect_response(_is_post, timeout=2_000):
            page.clock.run_for(ROUND)
        if is_done():
            return
    raise AssertionError("what waits does not come")


def _is_post(answer: Response) -> bool:
    return answer.request.method == "POST"
