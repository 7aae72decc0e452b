"""One screen with the real page in Chromium, beside those of `guests`: it keeps its ballots sealed while the
server accepts none, thanks its guests all the same, and sends what it kept."""

import threading

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from tests.cluster.guests import Record
from tests.tools.chromium import CHROMIUM

ANSWER = 5
READING_MS = 1_300
"""Time for a statement: with less than a second, the screen takes its guests for children who play."""
FIRST_TOUCH_MS = 600
"""A screen reacts to no touch in the first moment."""
KEPT = """() => navigator.locks.request("envelopes", async () => {
    const folder = await navigator.storage.getDirectory();
    let kept = 0;
    for await (const file of folder.values()) {
        const text = await (await file.getFile()).text();
        kept += text.match(/.{4096}/gs).filter((place) => place[0] !== "\\0").length;
    }
    return kept;
})"""
"""JavaScript for the number of ballots that wait in the page's file."""
STATEMENTS = "document.querySelectorAll('fieldset').length"


class ChromiumScreen(threading.Thread):
    """A kiosk's page with one guest after another until `close`. `thanked` is the number of its guests, and
    `most_kept` the most ballots that waited."""

    def __init__(self, address: str, names: list[str], record: Record) -> None:
        super().__init__(daemon=True)
        self._address, self._names, self._record = address, names, record
        self._closed = threading.Event()
        self.thanked = self.most_kept = self.kept = 0

    def close(self) -> None:
        """Admit no more guests, and wait until all that waits has been sent."""
        self._closed.set()
        self.join()

    def run(self) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--accept-lang=sv"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(60_000)
            page.goto(self._address)
            while not self._closed.is_set():
                self._answer(page)
                self._look(page)
            for _ in range(60):
                if not self._look(page):
                    break
                page.wait_for_timeout(2_000)
            browser.close()

    def _look(self, page: Page) -> int:
        """Count what waits."""
        try:
            self.kept = int(page.evaluate(KEPT))
        except PlaywrightError:
            return self.kept
        self.most_kept = max(self.most_kept, self.kept)
        return self.kept

    def _answer(self, page: Page) -> None:
        """Answer every statement, and wait for the thanks and the first screen."""
        for button in ('[data-language="sv"]', "#start"):
            page.locator(button).locator("visible=true").first.wait_for()
            page.wait_for_timeout(FIRST_TOUCH_MS)
            page.locator(button).locator("visible=true").first.click()
        for _ in range(int(page.evaluate(STATEMENTS))):
            page.wait_for_timeout(READING_MS)
            chosen = page.locator(f'fieldset:not([hidden]) label:has(input[value="{ANSWER}"])')
            chosen.locator("visible=true").first.evaluate("(label) => label.click()")
            page.locator("#next").click()
        page.locator("#message p").locator("visible=true").first.wait_for()
        self.thanked += 1
        with self._record.lock:
            self._record.accepted.update((name, ANSWER) for name in self._names)
        page.locator('[data-language="sv"]').locator("visible=true").first.wait_for()
