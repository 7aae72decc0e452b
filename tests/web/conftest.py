"""A real Chromium, and an application served to it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.tools.guest_side import Place
from tests.tools.serving import served
from tests.web.guest import KIOSK, Counted, Guest, Serve

# How long to look is no statement about speed: a busy machine draws a page of charts in more than 5 s.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window, that asks for Swedish."""
    program = shutil.which("chromium")
    assert program, "Chromium is missing: apt install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--accept-lang=sv"]
        )
        yield chromium
        chromium.close()


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
def guest(context: BrowserContext, serve: Serve, tmp_path: Path) -> Guest:
    place = Place(tmp_path)
    served = Counted(place.app)
    return Guest(context.new_page(), place, served, serve(served))
