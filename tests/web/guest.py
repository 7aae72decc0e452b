"""A guest before a screen, in a real browser."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from tests.tools.guest_side import NOW, Place
from tests.tools.published import statements
from tests.web.touch import choose, touch

Serve = Callable[[Any], str]


KIOSK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


class Counted:
    """The application, with what was asked of it and how many bytes it gave. With `accepted`, as if the
    browser accepted these encodings."""

    def __init__(self, application: Any, accepted: str | None = None) -> None:
        self.application, self.accepted = application, accepted
        self.asked: list[str] = []
        self.bytes = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if self.accepted:
            environ["HTTP_ACCEPT_ENCODING"] = self.accepted
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        body = b"".join(self.application(environ, start_response))
        self.bytes += len(body)
        return [body]


def stop_clock(page: Page) -> None:
    """Stop the clock of the pages to come: time passes only where a test moves it, however slow the machine
    is. Otherwise a kiosk starts over during a test that runs scripts in its page for longer than it waits for
    a touch. Animation frames and axe stop, too."""
    page.clock.install(time=NOW)
    page.clock.pause_at(NOW + timedelta(minutes=1))


class Guest:
    """A guest before a screen, and the place she answers at."""

    def __init__(self, page: Page, place: Place, served: Counted, address: str) -> None:
        self.page, self.place, self.served, self.address = page, place, served, address
        page.clock.install(time=NOW)

    def stop_clock(self) -> None:
        """Stop the clock of the pages to come, as `stop_clock` does."""
        stop_clock(self.page)

    def start(self, language: str, path: str = "/") -> None:
        self.page.goto(self.address + path)
        self.tap(f'[data-language="{language}"]')
        self.tap("#start")

    def tap(self, selector: str) -> None:
        touch(self.page, selector)

    def choose(self, value: str) -> None:
        """Choose an answer without going on, as a screen reader does."""
        choose(self.page, value)

    def touch_answer(self, value: str) -> None:
        """Touch an answer: the screen goes on by itself."""
        self.tap(f'fieldset:not([hidden]) label:has(input[value="{value}"])')

    def answer(self, *values: str) -> None:
        for value in values:
            self.choose(value)
            self.tap("#next")

    def counted(self) -> dict[str, list[int]]:
        """Each statement's counts, lowest first, when four more guests have answered nothing."""
        names = [statement.id for statement in self.place.round.survey.statements]
        for kind in ("", "", "prefer_not", "prefer_not"):
            self.place.client.post("/", data=dict.fromkeys(names, kind))
        self.place.store.count(self.place.round.closes_at)
        node = self.place.store.snapshot()["rounds"][0]["nodes"][0]
        return {name: table["counts"] for name, table in statements(node).items()}


def thanks(guest: Guest, words: str) -> None:
    expect(guest.page.locator("#message p")).to_have_text(words)
