"""A real Chromium, and an application served to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.tools.chromium import CHROMIUM
from tests.tools.guest_side import NOW, Place
from tests.tools.serving import served
from tests.web.guest import KIOSK, Counted, Guest, Serve
from tests.web.kiosk_screen import ALL_WAYS, Open, Size

# How long to look is no statement about speed: a busy machine draws a page of charts in more than 5 s.
expect.set_options(timeout=30_000)


BEEPING_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""Options of Chromium for a microphone that every page may use, unless its headers forbid it."""


class Chromium:
    """Debian's Chromium, without a window, that asks for Swedish pages.

    Its driver is started again after it died.
    """

    def __init__(self) -> None:
        assert Path(CHROMIUM).exists(), "Chromium is missing: apt install chromium-headless-shell"
        self._start()

    def _start(self) -> None:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--accept-lang=sv", *BEEPING_MICROPHONE],
        )
        self._session = self._browser.new_browser_cdp_session()

    def browser(self) -> Browser:
        """A browser that answers. One that died cost the test that was running, and no other."""
        try:
            self._session.send("Browser.getVersion")
        except PlaywrightError:
            self.stop()
            self._start()
        return self._browser

    def stop(self) -> None:
        """End the browser and its driver, dead or alive."""
        with suppress(PlaywrightError):
            self._browser.close()
        self._playwright.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    chromium = Chromium()
    yield chromium
    chromium.stop()


@pytest.fixture
def browser(chromium: Chromium) -> Browser:
    """Debian's Chromium, alive when the test begins."""
    return chromium.browser()


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """serve(application) -> its address, on a free port of this machine, until the test ends."""
    with ExitStack() as servers:
        yield lambda application: servers.enter_context(served(application))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=KIOSK)  # type: ignore[arg-type]
    yield context
    context.close()


@pytest.fixture
def open_page(browser: Browser, serve: Serve, tmp_path: Path) -> Iterator[Open]:
    """open_page(size, path, ...) -> a page in a context of its own, over a place of its own. The network
    loses what is `lost`."""
    contexts = []

    def opened(
        size: Size, path: str = "/", *, context: dict[str, Any] | None = None, lost: str = "", **place: Any
    ) -> Page:
        address = serve(Place(tmp_path, ALL_WAYS, **place).app)
        width, height = size
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **context or {}))
        page = contexts[-1].new_page()
        page.clock.install(time=NOW)
        if lost:
            page.route(lost, lambda route: route.abort())
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def guest(context: BrowserContext, serve: Serve, tmp_path: Path) -> Guest:
    place = Place(tmp_path)
    served = Counted(place.app)
    return Guest(context.new_page(), place, served, serve(served))
