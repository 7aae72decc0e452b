"""Take the pictures of the README and of the documentation site, from a demonstration: `make pictures`.

Their names are <language>-<page>.png, and picker.png for the screen that has all languages. The figures are
made up, and differ from one run to the next.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from tests.tools.chromium import CHROMIUM
from tests.tools.demonstration import Demonstration
from tests.web.touch import touch

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LANGUAGES = ("sv", "en")
DESK = {
    "results": "/admin/",
    "rounds": "/admin/rounds",
    "kiosks": "/admin/links",
    "slips": "/admin/links/slips",
    "effect": "/admin/theory",
}
"""Name of a picture -> address of the desk's page."""


def take(folder: Path) -> None:
    """Write all pictures into a folder, which is created."""
    folder.mkdir(exist_ok=True)
    with TemporaryDirectory() as place, sync_playwright() as playwright:
        demonstration = Demonstration(Path(place))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            for language in LANGUAGES:
                for pages in (guest_pages, desk_pages):
                    for name, page in pages(browser, demonstration, language):
                        page.screenshot(path=folder / f"{name}.png", animations="disabled")
        finally:
            browser.close()
            demonstration.stop()


def guest_pages(browser: Browser, demonstration: Demonstration, language: str) -> Iterator[tuple[str, Page]]:
    """Yield (name of the picture, page in its state) for the guest's screens in one language."""
    page = browser.new_page(viewport={"width": 1024, "height": 640})
    page.clock.install()
    page.goto(demonstration.told("Answer as a guest"))
    yield "picker", page
    touch(page, f'[data-language="{language}"]')
    touch(page, "#start")
    page.locator("fieldset:not([hidden])").wait_for()
    yield f"{language}-statement", page
    page.close()


def desk_pages(browser: Browser, demonstration: Demonstration, language: str) -> Iterator[tuple[str, Page]]:
    """Yield (name of the picture, page in its state) for the desk's pages in one language."""
    page = browser.new_page(viewport={"width": 1100, "height": 720}, locale="sv-SE")
    sign_in = demonstration.told("See the results")
    page.goto(sign_in)
    if language != "sv":
        page.locator(f'button[name="language"][value="{language}"]').click()
    page.locator("#name").fill(demonstration.told("Sign in as"))
    page.locator("#password").fill(demonstration.told("Password"))
    page.locator("main button").click()
    page.locator("nav.menu").first.wait_for()
    origin = sign_in.partition("/admin")[0]
    for name, path in DESK.items():
        page.goto(origin + path)
        page.wait_for_load_state("networkidle")
        yield f"{language}-{name}", page
    page.close()


if __name__ == "__main__":
    take(FOLDER)
