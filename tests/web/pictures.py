"""Take the pictures of the README, the handbook and the site from a demonstration: `make pictures`.

Their names are <language>-<page>.webp, and <page>.webp for those that are the same in all languages. The
figures are made up, and differ from one run to the next. Chromium, which takes a picture as PNG, writes it
anew as WebP, which takes a third of the space.
"""

import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from tests.tools.chromium import CHROMIUM
from tests.tools.demonstration import Demonstration
from tests.tools.frames import resize
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

QUALITY = 0.82
AS_WEBP = """async ([png, quality]) => {
  const picture = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality });
  return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
}"""
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 20px; background: #14292e; color: #e3f0f1;
  font: 15px/1.5 "DejaVu Sans Mono", monospace; white-space: pre-wrap; }</style>"""
FOLDER_SHOWN = "/srv/kiosk"
"""The folder of the demonstration in the picture of `kiosk doctor`."""
MOST_LINES = 14


def take(folder: Path) -> None:
    """Write all pictures into a folder, which is created."""
    folder.mkdir(exist_ok=True)
    with TemporaryDirectory() as place, sync_playwright() as playwright:
        demonstration = Demonstration(Path(place))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            writer = browser.new_page()
            for language in LANGUAGES:
                for pages in (guest_pages, desk_pages):
                    for name, page in pages(browser, demonstration, language):
                        write(page, folder / f"{name}.webp", writer)
            write(terminal_page(browser, demonstration), folder / "doctor.webp", writer)
        finally:
            browser.close()
            demonstration.stop()


def write(page: Page, file: Path, writer: Page) -> None:
    """Write what a page shows as a WebP, made in `writer`."""
    taken = b64encode(page.screenshot(animations="disabled")).decode()
    file.write_bytes(b64decode(writer.evaluate(AS_WEBP, [taken, QUALITY])))


def terminal_page(browser: Browser, demonstration: Demonstration) -> Page:
    """Return a page with the first lines of `kiosk doctor`, run on the demonstration."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("kiosk")), "doctor"],
        env={**os.environ, "KIOSK_DATA": "demonstration"},
        cwd=demonstration.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.replace(str(demonstration.folder), FOLDER_SHOWN).splitlines()[:MOST_LINES]
    page = browser.new_page(viewport={"width": 1000, "height": 560})
    page.set_content(TERMINAL + escape("\n".join(["$ kiosk doctor", *lines])))
    return page


def guest_pages(browser: Browser, demonstration: Demonstration, language: str) -> Iterator[tuple[str, Page]]:
    """Yield (name of the picture, page in its state) for the guest's screens in one language."""
    page = browser.new_page(viewport={"width": 1024, "height": 640})
    page.clock.install()
    page.goto(demonstration.word_after("Answer as a guest"))
    yield "picker", page
    touch(page, f'[data-language="{language}"]')
    touch(page, "#start")
    page.locator("fieldset:not([hidden])").wait_for()
    yield f"{language}-statement", page
    page.close()


def desk_pages(browser: Browser, demonstration: Demonstration, language: str) -> Iterator[tuple[str, Page]]:
    """Yield (name of the picture, page in its state) for the desk's pages in one language."""
    page = browser.new_page(viewport={"width": 1100, "height": 720}, locale="sv-SE")
    sign_in = demonstration.word_after("See the results")
    page.goto(sign_in)
    if language != "sv":
        page.locator(f'button[name="language"][value="{language}"]').click()
    page.locator("#name").fill(demonstration.word_after("Sign in as"))
    page.locator("#password").fill(demonstration.word_after("Password"))
    page.locator("main button").click()
    page.locator("nav.menu").first.wait_for()
    origin = sign_in.partition("/admin")[0]
    for name, path in DESK.items():
        page.goto(origin + path)
        page.wait_for_load_state("networkidle")
        yield f"{language}-{name}", page
    resize(page, 390, 780)
    page.goto(f"{origin}/admin/count/dagverksamheten")
    page.wait_for_load_state("networkidle")
    yield f"{language}-count", page
    if language == "sv":  # the language of the report
        resize(page, 1100, 720)
        page.goto(f"{origin}/admin/reports")
        page.locator('a[href$=".html"]').first.click()
        page.wait_for_load_state("networkidle")
        yield "report", page
    page.close()


if __name__ == "__main__":
    take(FOLDER)
