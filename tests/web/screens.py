"""Takes a picture of every screen a guest may see, in every language, to be looked at by people.

    python -m tests.web.screens FOLDER [LANGUAGE ...]

One picture a screen, and one sheet of them for each language and device. Nothing is asserted here.
"""

import base64
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from tests.tools.chromium import CHROMIUM
from tests.tools.frames import frame
from tests.tools.guest_side import NOW, Place
from tests.tools.serving import served
from tests.tools.speech import shipped_speech
from tests.web.touch import choose, touch


@dataclass(frozen=True)
class Device:
    """Width and height in CSS pixels, the screen if it was measured, and whether texts are read aloud."""

    width: int
    height: int
    screen: Screen | None = None
    is_phone: bool = False
    is_heard: bool = False


TEN_INCHES, UPRIGHT = Screen(217), Screen(398, 600, 700)
DEVICES = {
    "kiosk": Device(1280, 800),
    "kiosk heard": Device(1280, 800, is_heard=True),
    "kiosk 10 inch": Device(1280, 800, TEN_INCHES),
    "kiosk 10 inch heard": Device(1280, 800, TEN_INCHES, is_heard=True),
    "kiosk 21 inch": Device(1920, 1080, Screen(476)),
    "kiosk 32 inch upright": Device(1080, 1920, UPRIGHT),
    "kiosk 32 inch upright heard": Device(1080, 1920, UPRIGHT, is_heard=True),
    "phone": Device(390, 844, is_phone=True),
    "phone heard": Device(390, 844, is_phone=True, is_heard=True),
    "small phone": Device(360, 640, is_phone=True),
    "narrow": Device(320, 568, is_phone=True),
}


class Camera:
    """Walks through the screens of one language and takes them."""

    def __init__(self, page: Page, address: str, folder: Path) -> None:
        self.page, self.address, self.folder = page, address, folder
        self.taken: list[Path] = []
        page.clock.install(time=NOW)
        # Without its queue a kiosk cannot keep a ballot, and says that it did not arrive.
        page.route("**/queue", lambda route: route.abort())

    def take(self, name: str, *, is_whole: bool = False) -> None:
        path = self.folder / f"{len(self.taken):02} {name}.png"
        self.page.evaluate("document.fonts.ready")
        self.page.screenshot(path=path, full_page=is_whole)
        self.taken.append(path)

    def tap(self, selector: str) -> None:
        touch(self.page, selector)

    def walk(self, language: str, start: str, *, is_phone: bool) -> None:
        """Every screen from the picker to the thank-you, and those beside the way."""
        beside = start.rstrip("/")
        self.answer(language, start)
        self.practice(language, f"{beside}/practice")
        self.look("stored", f"{beside}/stored#{language}")
        self.look("thanks without a script", f"{beside}/thanks")
        self.look("refused", f"{beside}/nothing")
        if is_phone:
            self.look("slip", f"/q?lang={language}")
        else:
            self.look("pairing", f"/pair?lang={language}")

    def begin(self, language: str, start: str) -> None:
        self.page.goto(self.address + start)
        self.take("picker")
        self.tap(f'[data-language="{language}"]')
        self.take("promise")
        self.tap("#start")

    def answer(self, language: str, start: str) -> None:
        page = self.page
        self.begin(language, start)
        statements = page.locator("fieldset").count()
        for at in range(statements):
            choose(page, "4")
            self.take(f"statement {at + 1}")
            if at == 1:
                self.take_larger("statement 2")
                self.take_question_to_idle_guest()
            if at < statements - 1:
                self.tap("#next")
        page.route(f"**{start}", lambda route: route.fulfill(status=500))
        self.tap("#next")
        page.locator("#again").wait_for()
        self.take("failed")
        page.unroute(f"**{start}")
        self.tap("#again")
        page.locator("fieldset input:checked:not([value=''])").first.wait_for(state="detached")
        self.take("thanks")

    def take_question_to_idle_guest(self) -> None:
        """Take the dialog that asks whether the guest is still there, which only kiosks have."""
        dialog = self.page.locator("#still-here")
        if dialog.count():
            dialog.evaluate("(dialog) => dialog.showModal()")
            self.take("still here")
            dialog.evaluate("(dialog) => dialog.close()")

    def take_larger(self, name: str) -> None:
        """Take the screen in each larger size of text that it has room for, and return to the usual size."""
        shown = self.page.locator("#percent")
        usual = shown.text_content()
        while self.has_room_for_larger():
            self.tap("#text-size")
            percent = shown.text_content()
            if percent == usual:
                break
            self.take(f"{name} at {percent}", is_whole=True)

    def has_room_for_larger(self) -> bool:
        """Whether the screen has room for larger text, once its letters are here: a picture of the whole page
        gives the window another size for a moment, and the page measures its answers anew."""
        self.page.evaluate("document.fonts.ready.then(() => true)")
        frame(self.page)
        return self.page.locator("#text-size:not([aria-disabled])").count() > 0

    def practice(self, language: str, start: str) -> None:
        self.begin(language, start)
        self.take("practice")
        for _ in range(self.page.locator("fieldset").count()):
            self.tap("#skip")
        self.page.locator("#answer-now").wait_for()
        self.take("try_ended")

    def look(self, name: str, path: str) -> None:
        """A page beside the way: as it comes, and the whole of it."""
        self.page.goto(self.address + path)
        self.take(name)
        self.take(f"{name}, whole", is_whole=True)

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
def kiosk(device: Device, languages: list[str]) -> Iterator[str]:
    """A place with a running round, served; heard in the languages that have a voice."""
    with TemporaryDirectory() as folder:
        audio = shipped_speech(*languages) if device.is_heard else None
        place = Place(
            Path(folder),
            frozenset({Admission.KIOSK, Admission.POSTER}),
            screen=device.screen,
            audio=audio,
        )
        with served(place.app) as address:
            yield address


def take_all(
    browser: Browser, folder: Path, languages: list[str], devices: Mapping[str, Device] = DEVICES
) -> None:
    """Every language on every device."""
    for name, device in devices.items():
        with kiosk(device, languages) as address:
            for language in languages:
                place = folder / name / language
                place.mkdir(parents=True, exist_ok=True)
                size: ViewportSize = {"width": device.width, "height": device.height}
                context = browser.new_context(viewport=size)
                camera = Camera(context.new_page(), address, place)
                camera.walk(language, "/s/poster" if device.is_phone else "/", is_phone=device.is_phone)
                camera.sheet(folder / f"{name} {language}.png", 260 if device.width < device.height else 380)
                context.close()
                print(f"{name} {language}: {len(camera.taken)} pictures")


def main(arguments: list[str]) -> None:
    """Take them all."""
    if not arguments:
        sys.exit("usage: python -m tests.web.screens FOLDER [LANGUAGE ...]")
    folder = Path(arguments[0])
    with TemporaryDirectory() as place:
        spoken = list(Place(Path(place)).library.guest)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        take_all(browser, folder, arguments[1:] or spoken)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
