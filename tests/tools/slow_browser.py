"""A plugin of pytest: a slow browser and late answers, which make a test that fails by chance fail often.

`make slow-browser` runs it. The processor of each page is slowed down by `SLOW_DOWN`
(6 if unset), and each answer of the server comes up to `LATE_MS` (150 if unset) milliseconds late. A test
that measures a page before the page has followed a touch, a resize or a navigation then fails.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

from tests.tools import serving

SLOW_DOWN = float(os.environ.get("SLOW_DOWN", "6"))
LATE_MS = float(os.environ.get("LATE_MS", "150"))

WSGI = Callable[[Any, Any], Any]


SESSIONS: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()
"""The session of the browser's protocol that slows each page down."""


def slowed_down(page: Page) -> Page:
    """Slow the page's processor down, and return the page. A page that is closed already stays so."""
    try:
        SESSIONS[page] = page.context.new_cdp_session(page)
        SESSIONS[page].send("Emulation.setCPUThrottlingRate", {"rate": SLOW_DOWN})
    except PlaywrightError:
        if not page.is_closed():
            raise
    return page


def late(application: WSGI) -> WSGI:
    """Return an application whose answers come late by a random time."""
    never = threading.Event()
    chance = random.Random()

    def answered(environ: Any, start_response: Any) -> Any:
        never.wait(chance.uniform(0, LATE_MS) / 1000)
        return application(environ, start_response)

    return answered


@pytest.fixture(autouse=True, scope="session")
def slow_browser() -> Iterator[None]:
    """Slow down every page, and delay every answer, of the tests with a browser."""
    with pytest.MonkeyPatch.context() as patch:
        of_context, of_browser, serve = BrowserContext.new_page, Browser.new_page, serving.served
        emulate = Page.emulate_media

        def emulate_media(page: Page, **values: Any) -> None:
            emulate(page, **values)
            # The browser uses the medium of the session that came last.
            if "media" in values:
                SESSIONS[page].send("Emulation.setEmulatedMedia", {"media": values["media"]})

        @contextmanager
        def served(application: Any, port: int = 0) -> Iterator[str]:
            with serve(late(application), port) as address:
                yield address

        patch.setattr(BrowserContext, "new_page", lambda self: slowed_down(of_context(self)))
        patch.setattr(Browser, "new_page", lambda self, **of: slowed_down(of_browser(self, **of)))
        patch.setattr(Page, "emulate_media", emulate_media)
        patch.setattr("tests.web.conftest.served", served)
        yield
