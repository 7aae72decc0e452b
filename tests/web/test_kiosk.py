"""A screen gives its signs of life by the clock alone, and is paired by touch."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from kiosk.screen.headers import NEVER_USED
from kiosk.storage import Pairing
from tests.tools.accessibility import violations
from tests.tools.frames import resize
from tests.tools.guest_side import NOW, Place
from tests.web.guest import Counted, Guest, Serve
from tests.web.touch import PAUSE

pytestmark = pytest.mark.browser


def test_signs_of_life_do_not_depend_on_guests(guest: Guest) -> None:
    guest.page.clock.pause_at(datetime(2030, 1, 1, 12, 1))
    guest.start("sv")
    guest.answer("5", "5", "5", "5")
    guest.page.reload()
    assert "HEAD /alive" not in guest.served.asked
    guest.page.clock.pause_at(datetime(2030, 1, 1, 12, 4, 59))
    assert "HEAD /alive" not in guest.served.asked
    with guest.page.expect_response("**/alive") as heard:
        guest.page.clock.run_for(1_500)
    assert heard.value.status == 204
    with guest.page.expect_response("**/alive"):
        guest.page.clock.run_for(300_000)
    assert guest.served.asked.count("HEAD /alive") == 2


def test_a_phone_sends_no_sign_of_life(context: BrowserContext, serve: Serve, tmp_path: Path) -> None:
    place = Place(tmp_path)
    served = Counted(place.app)
    guest = Guest(context.new_page(), place, served, serve(served))
    guest.page.goto(f"{guest.address}/q#{place.slip}")
    guest.page.wait_for_selector("#picker")
    guest.page.clock.run_for(900_000)
    assert not [asked for asked in served.asked if asked.endswith("/alive")]


def test_a_guests_page_may_use_no_feature_of_the_device(guest: Guest) -> None:
    complaints: list[str] = []
    guest.page.on("console", lambda message: complaints.append(message.text))
    guest.page.goto(guest.address)
    allowed = guest.page.evaluate("document.featurePolicy.allowedFeatures()")
    assert "ch-ua" in allowed
    assert not set(allowed) & set(NEVER_USED)
    assert not [words for words in complaints if "Permissions-Policy" in words]


@pytest.mark.parametrize("width", [320, 1280])
def test_a_screen_can_be_paired_by_touch(
    context: BrowserContext, serve: Serve, tmp_path: Path, width: int
) -> None:
    place = Place(tmp_path)
    page = context.new_page()
    resize(page, width, 800)
    pairing = Pairing("frida", "anna", valid_during_round=True)
    code = place.store.pairing_codes.new(pairing, NOW, "s" * 32)
    page.goto(serve(place.app) + "/pair")
    for digit in code:
        page.click(f'.digits button[value="{digit}"]')
    expect(page.locator("#code")).to_have_value(code)
    assert violations(page) == []
    boxes = [key.bounding_box() for key in page.locator(".digits button").all()]
    assert all(box and box["height"] >= 72 and box["width"] >= 72 for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click('.digits button[value="done"]')
    expect(page.locator("h1")).to_have_text("FRIDA")
    assert violations(page) == []
    page.locator("main .button").click()
    page.wait_for_url("**/k/*")
    expect(page.locator("#picker")).to_be_visible()


def break_form(page: Page, begins: str = "const words=expanded(") -> None:
    """Let the script of the form fail where it has the text `begins`: usually where the form's own module
    begins. The modules before it in the same file have run."""

    def failing(route: Route) -> None:
        answer = route.fetch()
        sent = answer.text()
        assert sent.count(begins) == 1
        route.fulfill(response=answer, body=sent.replace(begins, f"throw new Error();{begins}"))

    page.route("**/guest_on_kiosk.js", failing)


@pytest.mark.parametrize("begins", ["const words=expanded(", "const SIZES="])
def test_a_kiosk_removes_a_guests_answers_although_a_script_fails(guest: Guest, begins: str) -> None:
    break_form(guest.page, begins)
    guest.page.goto(f"{guest.address}/?lang=en")
    guest.page.locator('input[value="5"]').first.check()
    guest.page.clock.run_for(119_000)
    guest.page.keyboard.press("Tab")
    guest.page.clock.run_for(119_000)
    assert guest.page.locator('input:checked[value="5"]').count() == 1
    with guest.page.expect_navigation():
        guest.page.clock.run_for(2_000)
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")
    assert guest.page.locator('input:checked[value="5"]').count() == 0


def test_a_kiosk_whose_script_fails_keeps_its_page_without_a_network(guest: Guest) -> None:
    break_form(guest.page)
    guest.page.goto(guest.address)
    guest.page.locator('input[value="5"]').first.check()
    guest.page.context.set_offline(True)
    guest.page.clock.run_for(121_000)
    expect(guest.page.locator('input:checked[value="5"]')).to_have_count(0)
    expect(guest.page.locator("fieldset").first).to_be_visible()


class Slow(Counted):
    """The application on a slow line: answers to requests for "/" with a method in `held` wait."""

    PATIENCE = 60.0

    def __init__(self, application: Any) -> None:
        super().__init__(application)
        self.held: set[str] = set()
        self.came = {method: Event() for method in ("HEAD", "GET")}
        self.answered = {method: Event() for method in ("HEAD", "GET")}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        method = environ["REQUEST_METHOD"]
        if method in self.held and environ["PATH_INFO"] == "/":
            self.came[method].set()
            self.answered[method].wait(self.PATIENCE)
        return super().__call__(environ, start_response)


@pytest.mark.parametrize(
    ("touched", "seen", "text"),
    [("[data-language=en]", "#start", "Start"), ("#text-size", "#percent", "100 %")],
)
def test_a_guest_who_begins_before_the_new_page_has_come_goes_on_with_the_old_one(
    context: BrowserContext, serve: Serve, tmp_path: Path, touched: str, seen: str, text: str
) -> None:
    """A touch that begins nothing leaves the new page to come."""
    place = Place(tmp_path)
    served = Slow(place.app)
    guest = Guest(context.new_page(), place, served, serve(served))
    guest.start("sv")
    served.held = {"HEAD", "GET"}
    guest.tap("#start-over")
    assert served.came["HEAD"].wait(served.PATIENCE)
    guest.page.clock.run_for(PAUSE)
    box = guest.page.locator(touched).bounding_box()
    assert box
    served.answered["HEAD"].set()
    assert served.came["GET"].wait(served.PATIENCE)
    # While a page is on its way, Chromium passes on nothing but touches.
    guest.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    served.answered["GET"].set()
    expect(guest.page.locator(seen)).to_be_visible()
    expect(guest.page.locator(seen)).to_have_text(text)


ZOOMS = """() => {
    const options = { bubbles: true, cancelable: true };
    const pressed = (key, held) => new KeyboardEvent("keydown", { ...options, key, [held]: true });
    const keys = [..."+-=_0"].flatMap((key) => [pressed(key, "ctrlKey"), pressed(key, "metaKey")]);
    const turns = [new WheelEvent("wheel", { ...options, ctrlKey: true })];
    return [...keys, ...turns].map((event) => document.body.dispatchEvent(event));
}"""
"""For each way to enlarge a page whether the browser may."""


def test_a_kiosks_page_can_be_enlarged_by_its_own_button_only(guest: Guest) -> None:
    for path in ("/", "/stored", "/nothing"):
        guest.page.goto(guest.address + path)
        guest.page.wait_for_load_state("load")
        assert set(guest.page.evaluate(ZOOMS)) == {False}, path
    plain = "document.body.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true }))"
    assert guest.page.evaluate(plain)


def test_a_phones_page_can_be_zoomed_freely(guest: Guest) -> None:
    guest.page.goto(f"{guest.address}/q")
    guest.page.wait_for_load_state("load")
    assert set(guest.page.evaluate(ZOOMS)) == {True}


@pytest.mark.parametrize(
    ("path", "way_on"),
    [("/nothing", "main > .button"), ("/k/x", "main > .button"), ("/pair", "[value=done] >> nth=-1")],
)
def test_on_a_low_screen_every_message_has_its_way_on_in_view(guest: Guest, path: str, way_on: str) -> None:
    resize(guest.page, 1024, 600)
    guest.page.goto(guest.address + path)
    expect(guest.page.locator(way_on)).to_be_in_viewport(ratio=1)
