"""A screen on a wall, in a real browser: it is read from across the room, and nobody stands by to mend it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tools.desk_side import Desk
from tests.tools.frames import resize
from tests.tools.polling import wait_until

pytestmark = pytest.mark.browser

Serve = Callable[[Any], str]

DRAWN = """() => {
    const pictures = [...document.querySelectorAll("img.drawn")];
    return pictures.length === 4 && pictures.every((e) => e.complete && e.naturalWidth)
        && pictures.map((e) => ({ src: e.src, ...e.getBoundingClientRect().toJSON() }));
}"""
"""The wall's four pictures and where each stands, once all have come: a wall loads itself anew."""


class Proxy:
    """An application behind a proxy that says 502 while the application is away."""

    def __init__(self, application: Any) -> None:
        self.application, self.is_away = application, False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not self.is_away:
            return self.application(environ, start_response)
        start_response("502 Bad Gateway", [("Content-Type", "text/html")])
        return [b"<h1>502 Bad Gateway</h1>"]


class Wall:
    """A desk's wall screen behind a proxy."""

    def __init__(self, desk: Desk, serve: Serve) -> None:
        self.desk, self.proxy = desk, Proxy(desk.app)
        code = desk.store.walls.add("vasteras").code
        self.address = f"{serve(self.proxy)}/admin/wall/{code}"

    @property
    def answered(self) -> str:
        """What the snapshot says of the wall's place."""
        root, *_ = self.desk.store.snapshot()["rounds"][0]["nodes"]
        return f"{root['answered']} har svarat"


@pytest.fixture
def wall(serve: Serve, tmp_path: Path) -> Wall:
    desk = Desk(tmp_path, seconds=1)
    desk.answer(40)
    return Wall(desk, serve)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    yield context.new_page()
    context.close()


def test_a_wall_screen_shows_the_new_count_after_an_upgrade(wall: Wall, page: Page) -> None:
    page.goto(wall.address)
    expect(page.locator(".facts strong")).to_have_text(wall.answered)
    wall.proxy.is_away = True
    for _ in range(2):
        page.wait_for_event("response", lambda response: response.status == 502)
    expect(page.locator("h1")).to_have_text("Västerås stadsmission")
    wall.desk.answer(30)
    wall.proxy.is_away = False
    expect(page.locator(".facts strong")).to_have_text(wall.answered)
    for picture in page.locator("img.drawn").all():
        expect(picture).to_have_js_property("complete", True)
        expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_a_wall_screen_whose_address_is_removed_goes_blank(wall: Wall, page: Page) -> None:
    page.goto(wall.address)
    wall.desk.store.walls.remove(wall.address.rpartition("/")[2])
    expect(page.locator(".facts")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920)])
def test_a_wall_screen_is_filled_with_letters_legible_from_afar(
    wall: Wall, page: Page, width: int, height: int
) -> None:
    resize(page, width, height)
    page.goto(wall.address)
    pictures = wait_until(page, DRAWN)
    assert max(picture["bottom"] for picture in pictures) > height - 40
    root = page.locator("html")
    expect(root).to_have_js_property("scrollHeight", height)
    expect(root).to_have_js_property("scrollWidth", width)
    for picture in pictures:
        drawn = page.request.get(picture["src"]).text()
        assert min(map(int, re.findall(r'font-size="(\d+)"', drawn))) * _scale(drawn, picture) >= 20


def _scale(drawn: str, box: dict[str, float]) -> float:
    """How much larger than it was drawn a picture stands in its box."""
    [size] = re.findall(r'viewBox="0 0 (\d+) (\d+)"', drawn)
    width, height = map(int, size)
    return min(box["width"] / width, box["height"] / height)
