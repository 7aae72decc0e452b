"""Tries a way out, and judges the result from outside the browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from playwright.sync_api import BrowserType, CDPSession

from tests.lockdown.screen import Kiosk, Page, Seen, kiosk
from tests.lockdown.site import CODE, Site, kiosk_address
from tests.lockdown.tries import MIDDLE, Try, Way

PINCHED = 2.5


@dataclass(frozen=True)
class Outcome:
    """`signs` describe an escape; empty if there was none. `is_changed`: whether the screen changed, which is
    a sign too unless the try names harmless changes."""

    signs: tuple[str, ...]
    is_changed: bool


class Escaper:
    """Tries ways out of a kiosk's browser: the locked one, or an open one as the control.

    A browser that a try did not change is reused.
    """

    def __init__(
        self, serve: Callable[[Site], str], folder: Path, chromium: BrowserType, *, is_locked: bool
    ) -> None:
        self.site = Site(folder)
        self.site.is_protected = is_locked
        self.address = kiosk_address(self.site, serve(self.site))
        self.other_port = serve(self.site).rpartition(":")[2]
        self.chromium = chromium
        self.is_locked = is_locked
        self._stack = ExitStack()
        self._fresh: tuple[Kiosk, Seen] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._stack.close()

    def attempt(self, one: Try) -> Outcome:
        """Try one way out."""
        running, before = self._browser(one)
        self.site.reached.clear()
        further = list(self._act(one, running))
        after = running.settle()
        is_changed = after.picture != before.picture
        signs = (*further, *self._signs(one, running, before, after))
        is_unchanged = one.way is Way.KEYS and not signs and not is_changed
        self._fresh = (running, after) if is_unchanged else None
        return Outcome(signs, is_changed)

    def _browser(self, one: Try) -> tuple[Kiosk, Seen]:
        """A browser that shows the page of this try, and its state before the try."""
        if self._fresh and one.way is Way.KEYS:
            return self._fresh
        self._stack.close()
        folder = Path(self._stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        self.site.page = self._filled(one.page, folder)
        self.site.next_page = self._filled(one.next_page, folder) or "<title>next</title>"
        is_read = one.way is Way.TOUCH
        running = self._stack.enter_context(
            kiosk(folder, self.address, is_locked=self.is_locked, is_read=is_read)
        )
        running.press(*(one.act[:3] if one.act[:1] == ("mousemove",) else MIDDLE))
        return running, running.settle(lambda: any(page.title for page in running.pages()))

    def _filled(self, text: str, folder: Path) -> str:
        port = self.address.origin.rpartition(":")[2]
        for mark, value in {
            "{code}": CODE,
            "{port}": port,
            "{other_port}": self.other_port,
            "{folder}": str(folder),
        }.items():
            text = text.replace(mark, value)
        return text

    def _act(self, one: Try, running: Kiosk) -> Iterator[str]:
        """Run the try, and yield signs of an escape that only the page itself shows."""
        match one.way:
            case Way.ADDRESS:
                running.open(self._filled(one.address, running.folder))
            case Way.CRASH:
                running.settle(running.has_noted_a_crash)
                running.crash()
                running.start()
            case Way.PAGE_CRASH:
                running.crash_page()
                if one.act:
                    running.settle()
                    running.press(*one.act)
            case Way.TOUCH:
                yield from self._touch(one, running)
            case _:
                running.press(*one.act)

    def _touch(self, one: Try, running: Kiosk) -> Iterator[str]:
        """Touch the screen: the mouse emulates one finger, the browser's test input two."""
        touched = self.chromium.connect_over_cdp(f"http://127.0.0.1:{running.port}")
        self._stack.callback(touched.close)
        [page] = [page for page in touched.contexts[0].pages if page.url == self.address.url]
        fingers: CDPSession = touched.contexts[0].new_cdp_session(page)
        if one.act:
            fingers.send("Emulation.setEmitTouchEventsForMouse", {"enabled": True})
            running.press(*one.act)
            return
        fingers.send("Input.synthesizePinchGesture", {"x": 600, "y": 300, "scaleFactor": PINCHED})
        scale = page.evaluate("visualViewport.scale")
        if scale != 1:
            yield f"the page is enlarged {scale} times"

    def _signs(self, one: Try, running: Kiosk, before: Seen, after: Seen) -> Iterator[str]:
        if not after.is_running:
            yield "the browser ended"
        if len(after.windows) > len(before.windows):
            yield f"{len(after.windows) - len(before.windows)} new windows"
        allowed = len(before.pages) + (one.way is Way.ADDRESS)
        if len(after.pages) > allowed:
            yield "a new tab"
        title = self._filled(one.title, running.folder)
        for page in sorted(after.pages - before.pages, key=lambda page: page.address):
            if _is_shown(page, title):
                yield f"{page.address.split('?')[0]} is shown"
        yield from (f"{address} was requested" for address in sorted(set(self.site.reached)))
        yield from (f"{name} was written" for name in sorted(after.files - before.files))
        yield from (f"{name} was started" for name in sorted(after.processes - before.processes))
        if after.picture != before.picture and not one.leaves:
            yield "the screen changed"


def _is_shown(page: Page, title: str) -> bool:
    return page.title == title
