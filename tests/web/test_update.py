"""An update between a page and its scripts: the page of now is loaded. Without a network a kiosk has pages
and scripts of one version."""

from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.domain.rounds import Admission
from kiosk.screen.scripts import guest_files
from kiosk.settings import shipped_folder
from tests.tools.guest_side import Place
from tests.tools.polling import wait_until, wait_until_here
from tests.web.guest import Counted, Guest, Serve

pytestmark = pytest.mark.browser

NOW = f"/{guest_files(shipped_folder('static')).version}/"
BEFORE, AFTER = "/00000000/", "/99999999/"

BEAT = 300_000
"""Milliseconds between two signs of life, which have a kiosk's pages kept."""


class Versions:
    """An application whose pages and worker name `shown` as the version of their scripts, `pages_left` times;
    scripts of the version `served` are those of now."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.shown = self.served = NOW
        self.pages_left = -1

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        path = environ["PATH_INFO"]
        if path.startswith("/static/"):
            served = {self.served: NOW, NOW: BEFORE} if self.served != NOW else {}
            for version, real in served.items():
                if version in path:
                    environ["PATH_INFO"] = path.replace(version, real)
                    break
        given: list[Any] = []
        body = b"".join(self.application(environ, lambda *answer: given.extend(answer)))
        if NOW.encode() in body and self.pages_left:
            self.pages_left -= 1
            body = body.replace(NOW.encode(), self.shown.encode())
            body = body.replace(f'"{NOW[1:-1]}"'.encode(), f'"{self.shown[1:-1]}"'.encode())
        start_response(given[0], [one for one in given[1] if one[0].lower() != "content-length"])
        return [body]


@pytest.fixture
def versions(context: BrowserContext, serve: Serve, tmp_path: Path) -> tuple[Guest, Versions]:
    place = Place(tmp_path, frozenset(Admission))
    application = Versions(place.app)
    served = Counted(application)
    return Guest(context.new_page(), place, served, serve(served)), application


def reloaded(page: Page) -> bool:
    """Whether a page was loaded anew, and everything that it loads has come."""
    page.wait_for_load_state("networkidle")
    return bool(page.evaluate("performance.getEntriesByType('navigation')[0].type === 'reload'"))


@pytest.mark.parametrize("path", ["/", "/s/poster", "/stored"])
@pytest.mark.parametrize("pages", [1, -1], ids=["once", "always"])
def test_a_page_of_before_an_update_is_loaded_anew_once(
    context: BrowserContext, serve: Serve, tmp_path: Path, path: str, pages: int
) -> None:
    application = Versions(Place(tmp_path, frozenset(Admission)).app)
    application.shown, application.pages_left = BEFORE, pages
    served, page = Counted(application), context.new_page()
    page.goto(serve(served) + path)
    wait_until_here(page, lambda: reloaded(page), "a reload")
    assert served.asked.count(f"GET {path}") == 2
    has_scripts = pages == 1
    expect(page.locator("#text-size")).to_be_visible(visible=has_scripts)
    if path != "/stored":
        expect(page.locator("#send")).to_have_count(0 if has_scripts else 1)


def test_the_answer_to_a_slips_form_is_not_loaded_anew(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    place = Place(tmp_path, frozenset(Admission))
    application = Versions(place.app)
    served, page = Counted(application), context.new_page()
    page.goto(f"{serve(served)}/q")
    application.shown = BEFORE
    page.locator("#slip").fill(place.slip)
    page.locator("form button").first.click()
    expect(page.locator("#send")).to_be_visible()
    assert not reloaded(page)
    assert [one for one in served.asked if "/q/questions" in one] == ["POST /q/questions"]


def test_a_kiosk_without_a_network_has_pages_and_scripts_of_one_version(
    versions: tuple[Guest, Versions], context: BrowserContext
) -> None:
    guest, application = versions
    guest.place.store.links.add(Admission.KIOSK, "frida", code="kept")
    page, home = guest.page, f"{guest.address}/k/kept"
    page.goto(home)
    page.clock.run_for(BEAT)
    wait_until(page, "() => Boolean(navigator.serviceWorker.controller)")
    application.shown = application.served = AFTER
    page.goto(home)
    expect(page.locator("body.steps")).to_be_visible()
    assert AFTER in page.content()
    context.set_offline(True)
    page.goto(home)
    expect(page.locator("body.steps")).to_be_visible()
    assert NOW in page.content()
    context.set_offline(False)
    page.goto(home)
    page.clock.run_for(BEAT)
    kept = "async () => (await caches.match('/k/kept')).text().then((text) => text.includes('%s'))"
    wait_until(page, kept % AFTER)
    wait_until(page, f"async () => !(await caches.match('/static{NOW}guest_bar.js'))")
    context.set_offline(True)
    page.goto(home)
    expect(page.locator("body.steps")).to_be_visible()
    assert AFTER in page.content()
