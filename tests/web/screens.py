"""Takes a picture of every screen a guest may see, in every language, to be looked at by people.

    python -m tests.web.screens FOLDER [LANGUAGE ...]

One picture a screen, and one sheet of them for each language and device. Nothing is asserted here.
"""

import base64
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from kiosk.rounds import Admission
from kiosk.sizes import Screen
from tests.serving import served
from tests.test_guest import Place

DEVICES: dict[str, tuple[int, int, Screen | None]] = {
    "kiosk": (1280, 800, None),
    "kiosk-10-inch": (1280, 800, Screen(217)),
    "kiosk-21-inch": (1920, 1080, Screen(476)),
    "kiosk-32-inch-upright": (1080, 1920, Screen(398, 600, 700)),
    "phone": (390, 844, None),
    "narrow": (320, 568, None),
}
"""Width and height in CSS pixels, and the screen if it was measured."""


class Camera:
    """Walks through the screens of one language and takes them."""

    def __init__(self, page: Page, address: str, folder: Path) -> None:
        self.page, self.address, self.folder = page, address, folder
        self.taken: list[Path] = []
        page.clock.install()

    def take(self, name: str, *, is_whole: bool = False) -> None:
        path = self.folder / f"{len(self.taken):02} {name}.png"
        self.page.evaluate("document.fonts.ready")
        self.page.screenshot(path=path, full_page=is_whole)
        self.taken.append(path)

    def tap(self, selector: str) -> None:
        self.page.clock.run_for(500)
        self.page.locator(selector).locator("visible=true").first.click()

    def walk(self, language: str, start: str, *, is_phone: bool) -> None:
        """Every screen from the picker to the thank-you, and those beside the way."""
        page = self.page
        page.goto(self.address + start)
        self.take("picker")
        self.tap(f'[data-language="{language}"]')
        self.take("promise")
        self.tap("#start")
        statements = page.locator("fieldset").count()
        for at in range(statements):
            self.tap('fieldset:not([hidden]) label:has(input[value="4"])')
            self.take(f"statement {at + 1}")
            if at == 1:
                for percent in (125, 150):
                    self.tap("#text-size")
                    self.take(f"statement 2 at {percent}", is_whole=True)
                self.tap("#text-size")
                page.evaluate("document.getElementById('still-here').showModal()")
                self.take("still here")
                page.evaluate("document.getElementById('still-here').close()")
            if at < statements - 1:
                self.tap("#next")
        page.route("**/*", lambda route: route.fulfill(status=500))
        self.tap("#next")
        page.locator("#again").wait_for()
        self.take("failed")
        page.unroute_all()
        self.tap("#again")
        page.wait_for_function("document.querySelector('#again').hidden")
        self.take("thanks")
        beside = start.rstrip("/")
        for path in (f"{beside}/thanks", f"{beside}/stored", f"{beside}/nothing", f"/q?lang={language}"):
            if is_phone or not path.startswith("/q"):
                page.goto(self.address + path)
                self.take(path.strip("/").replace("/", "-").split("?")[0] or "start", is_whole=True)

    def sheet(self, path: Path, width: int) -> None:
        """All pictures side by side."""
        shown = "".join(
            f'<figure style="margin:4px"><div style="max-height:{3 * width}px;overflow:hidden">'
            f'<img width="{width}" src="data:image/png;base64,{data}"></div>{name}</figure>'
            for name, data in ((p.stem, base64.b64encode(p.read_bytes()).decode()) for p in self.taken)
        )
        sheet = self.page.context.browser.new_page(viewport={"width": 5 * (width + 8) + 16, "height": 400})  # type: ignore[union-attr]
        sheet.set_content(
            f'<body style="display:flex;flex-wrap:wrap;align-items:start;background:#888">{shown}'
        )
        sheet.screenshot(path=path, full_page=True)
        sheet.close()


@contextmanager
def kiosk(screen: Screen | None) -> Iterator[str]:
    """A place with a running round, served."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder), frozenset({Admission.KIOSK, Admission.POSTER}), screen=screen)
        with served(place.app) as address:
            yield address


def take_all(browser: Browser, folder: Path, languages: list[str]) -> None:
    """Every language on every device."""
    for device, (width, height, screen) in DEVICES.items():
        with kiosk(screen) as address:
            for language in languages:
                place = folder / device / language
                place.mkdir(parents=True, exist_ok=True)
                context = browser.new_context(viewport={"width": width, "height": height})
                is_phone = not device.startswith("kiosk")
                camera = Camera(context.new_page(), address, place)
                camera.walk(language, "/s/poster" if is_phone else "/", is_phone=is_phone)
                camera.sheet(folder / f"{device} {language}.png", 260 if width < height else 380)
                context.close()
                print(f"{device} {language}: {len(camera.taken)} pictures")


def main(arguments: list[str]) -> None:
    """Take them all."""
    if not arguments:
        sys.exit("usage: python -m tests.web.screens FOLDER [LANGUAGE ...]")
    folder = Path(arguments[0])
    with TemporaryDirectory() as place:
        spoken = list(Place(Path(place)).library.guest)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        take_all(browser, folder, arguments[1:] or spoken)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
