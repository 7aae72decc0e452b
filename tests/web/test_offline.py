"""A kiosk without a network: it takes answers, keeps them sealed, loses none, and serves all its pages."""

import json
from base64 import b64encode
from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

import pytest
from playwright.sync_api import BrowserContext, Request, Route, expect

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.rounds import Admission
from kiosk.guest.rate_limit import RateLimit
from tests.tools.envelopes import seal
from tests.tools.guest_side import NOW, Place
from tests.tools.polling import wait_until
from tests.web.guest import Counted, Guest, Serve, thanks
from tests.web.kept_envelopes import KEPT, come_through

pytestmark = pytest.mark.browser


PAUSE = 12.0
"""Seconds between two guests at the least, as a kiosk is told."""

HASTE = """(touches = 0) => {
    const click = (what) => document.querySelector(what).click();
    for (let n = 0; n < touches; n++) document.dispatchEvent(new Event("pointerdown"));
    click('[data-language="sv"]');
    click("#start");
    for (const _ of document.querySelectorAll("fieldset")) {
        click('fieldset:not([hidden]) input[value="5"]');
        click("#next");
    }
}"""
"""All that a guest does, at once, with further touches."""

BEAT = 300_000
"""Milliseconds between two signs of life, which have a kiosk's pages kept."""


class Changed:
    """An application whose pages are others from now on."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [one for one in headers if one[0].lower() != "content-length"]
            return start_response(status, kept, *rest)

        return [b"".join(self.application(environ, start)).replace(b"</html>", b"<!-- changed --></html>")]


class Proxy:
    """Something between a kiosk and its server that answers ballots itself, while it has an `answer`; with
    `is_for_all`, every request."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.answer: tuple[str, list[tuple[str, str]]] | None = None
        self.is_for_all = False

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if self.answer and (self.is_for_all or environ["REQUEST_METHOD"] == "POST"):
            start_response(*self.answer)
            return []
        return self.application(environ, start_response)


@pytest.fixture
def proxy(guest: Guest) -> Proxy:
    guest.served.application = proxy = Proxy(guest.served.application)
    return proxy


def _is_sent(request: Request) -> bool:
    return request.method == "POST"


def test_a_kiosk_without_a_network_stores_ballots_and_sends_them_later(
    guest: Guest, context: BrowserContext
) -> None:
    guest.start("ar")
    context.set_offline(True)
    guest.answer("5", "5", "5", "5")
    thanks(guest, "شكرًا على إجاباتك!")
    guest.page.clock.run_for(16_000)
    expect(guest.page.locator("#picker")).to_be_visible()
    expect(guest.page.locator("html")).to_have_attribute("lang", "sv")
    expect(guest.page.locator('input:checked:not([value=""])')).to_have_count(0)
    context.set_offline(False)
    guest.tap('[data-language="sv"]')
    guest.tap("#start")
    guest.answer("1", "1", "1", "1")
    thanks(guest, "Tack för dina svar!")
    with guest.page.expect_navigation():
        guest.page.clock.run_for(16_000)
    come_through(guest.page, lambda: not guest.page.evaluate(KEPT))
    assert guest.counted()["listened"] == [1, 0, 0, 0, 1]


def test_a_ballot_whose_response_hangs_is_kept_when_the_next_guest_starts(guest: Guest) -> None:
    held: list[Route] = []
    guest.start("sv")
    guest.page.route(
        "**/*", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    with guest.page.expect_request(_is_sent):
        guest.answer("5", "5", "5", "5")
    thanks(guest, "Skickar …")
    guest.tap("#start-over")
    expect(guest.page.locator("#picker")).to_be_visible()
    assert guest.page.evaluate(KEPT) == []
    with guest.page.expect_navigation():
        held.pop().abort()
    assert len(guest.page.evaluate(KEPT)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        ("302 Found", [("Location", "/thanks")]),
        ("303 See Other", [("Location", "http://login.example/")]),
        ("500 Internal Server Error", [("Kiosk-Refusal", "failed")]),
        ("502 Bad Gateway", []),
        ("403 Forbidden", []),
        ("410 Gone", []),
        ("200 OK", []),
        ("204 No Content", []),
    ],
    ids=lambda answer: answer[0],
)
def test_a_kiosk_keeps_a_ballot_that_only_a_proxy_has_answered(
    guest: Guest, proxy: Proxy, answer: Any
) -> None:
    guest.start("sv")
    proxy.answer = answer
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    with guest.page.expect_navigation():
        guest.page.clock.run_for(16_000)
    tries = guest.served.asked.count("POST /")
    come_through(guest.page, lambda: guest.served.asked.count("POST /") > tries + 1)
    assert len(guest.page.evaluate(KEPT)) == 1
    proxy.answer = None
    come_through(guest.page, lambda: not guest.page.evaluate(KEPT))
    assert guest.counted()["listened"] == [0, 0, 0, 0, 1]


def test_a_new_kiosk_keeps_its_page_while_the_servers_database_is_away(guest: Guest, proxy: Proxy) -> None:
    """Nothing has been stored for use without a network yet."""
    guest.start("sv")
    proxy.answer, proxy.is_for_all = ("500 Internal Server Error", [("Kiosk-Refusal", "failed")]), True
    for _ in range(2):
        guest.answer("5", "5", "5", "5")
        thanks(guest, "Tack för dina svar!")
        with guest.page.expect_response(lambda answer: answer.request.method == "HEAD"):
            guest.page.clock.run_for(16_000)
        guest.tap('[data-language="sv"]')
        guest.tap("#start")
    assert len(guest.page.evaluate(KEPT)) == 2


def test_without_a_network_a_kiosk_knows_when_its_round_is_over(
    guest: Guest, context: BrowserContext
) -> None:
    guest.start("sv")
    context.set_offline(True)
    guest.page.clock.set_system_time(guest.place.round.closes_at)
    guest.answer("5", "5", "5", "5")
    thanks(guest, "De här frågorna är avslutade. Det går inte längre att svara.")
    assert guest.page.evaluate(KEPT) == []


def test_a_kiosk_with_a_wrong_clock_does_not_take_the_round_for_closed(
    guest: Guest, context: BrowserContext
) -> None:
    """Twelve years ahead, it would say that the round is over."""
    guest.page.goto(guest.address)
    with guest.page.expect_response(lambda answer: answer.url.endswith("/alive")):
        guest.page.clock.run_for(BEAT)
    context.set_offline(True)
    guest.page.clock.set_system_time(NOW + timedelta(days=12 * 365))
    guest.tap('[data-language="sv"]')
    guest.tap("#start")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    assert len(guest.page.evaluate(KEPT)) == 1


@pytest.mark.parametrize("way", ["the same address", "paired anew"])
def test_waiting_ballots_of_a_moved_kiosk_go_to_the_box_they_were_sealed_for(
    guest: Guest, proxy: Proxy, way: str
) -> None:
    store = guest.place.store
    store.links.add(Admission.KIOSK, "frida", code="first")
    store.links.add(Admission.KIOSK, "matcentralen", code="others")
    guest.start("sv", "/k/first")
    proxy.answer = ("502 Bad Gateway", [])
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    proxy.answer = None
    if way == "paired anew":
        store.links.remove("first")
        guest.page.goto(f"{guest.address}/k/others")
    else:
        store.links.remove("first")
        store.links.add(Admission.KIOSK, "matcentralen", code="first")
    come_through(guest.page, lambda: not guest.page.evaluate(KEPT))
    for unit, others in (("frida", 9), ("matcentralen", 10)):
        for _ in range(others):
            store.cast("r", unit, Ballot((NoAnswer.SKIPPED,) * 4), guest.place.round.opens_at)
    store.count(guest.place.round.closes_at)
    nodes = {node["id"]: node["answered"] for node in store.snapshot()["rounds"][0]["nodes"]}
    assert (nodes["frida"], nodes["matcentralen"]) == (10, 10)


@pytest.mark.parametrize("is_reloaded", [True, False], ids=["a new page each", "one page"])
@pytest.mark.parametrize(
    ("seconds", "touches", "expected"),
    [(0.0, 6, (0, 3)), (4.0, 6, (3, 0)), (4.0, 30, (0, 3)), (PAUSE, 30, (3, 0))],
    ids=["at once", "three honest guests in 12 s", "a child who taps at random", "with pauses"],
)
def test_guests_in_a_row_count_and_a_child_who_plays_does_not(
    context: BrowserContext,
    serve: Serve,
    tmp_path: Path,
    seconds: float,
    touches: int,
    expected: tuple[int, int],
    *,
    is_reloaded: bool,
) -> None:
    """By the browser's own stopwatch, which the test sets: Playwright's does not begin anew with a page."""
    hours = count(0.0, 3_600.0)
    place = Place(tmp_path, rate_limit=RateLimit(0.0, 1, lambda: next(hours), pause=PAUSE))
    proxy = Proxy(place.app)
    proxy.answer = ("502 Bad Gateway", [])
    page, address = context.new_page(), serve(proxy)
    page.add_init_script(f"""window.ahead = 0;
        Date.now = () => {NOW.timestamp() * 1000} + performance.now();
        performance.now = () => window.ahead;""")
    for number in range(3):
        if is_reloaded or number == 0:
            context.set_offline(offline=False)
            page.goto(address)
            page.wait_for_load_state("networkidle")
            context.set_offline(offline=True)
        else:
            page.evaluate("() => document.getElementById('start-over').click()")
        page.evaluate("(seconds) => { window.ahead += 1_000 * seconds; }", seconds)
        page.evaluate(HASTE, touches)
        expect(page.locator("#message p")).to_have_text("Tack för dina svar!")
    for kept in map(json.loads, page.evaluate(KEPT)):
        fields = {"_envelope": kept["envelope"], "_letterbox": kept["letterbox"], "_waited": "yes"}
        assert place.client.post("/", data=fields).status_code == 303
    counted = place.waiting()
    assert (counted, place.store.snapshot()["rounds"][0]["nodes"][0]["excluded_rapid"]) == expected


def test_a_rate_limited_kiosk_thanks_its_guest_and_sends_later(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    hours = [0.0]
    place = Place(tmp_path, rate_limit=RateLimit(3_600.0, 1, lambda: hours[0]))
    proxy = Proxy(place.app)
    guest = Guest(context.new_page(), place, Counted(proxy), serve(proxy))
    key = place.store.public_key("r", "frida")
    for waited in ({}, {"_waited": "yes"}):
        sealed = b64encode(seal(bytes.fromhex(key))).decode()
        assert (
            place.client.post("/", data={"_envelope": sealed, "_letterbox": key, **waited}).status_code == 303
        )
    guest.start("sv")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    assert len(guest.page.evaluate(KEPT)) == 1
    hours[0] += 3_600.0
    come_through(guest.page, lambda: not guest.page.evaluate(KEPT))
    assert place.waiting() == 3


def test_flooding_a_kiosks_address_does_not_delay_the_kiosk(
    context: BrowserContext, serve: Serve, tmp_path: Path
) -> None:
    """From the first sign of life on, a kiosk's envelopes carry its mark, whichever page seals them."""
    hours = count(0.0, 3_600.0)
    place = Place(tmp_path, rate_limit=RateLimit(3_600.0, 1, lambda: next(hours)))
    guest = Guest(context.new_page(), place, Counted(place.app), serve(place.app))
    guest.page.goto(guest.address)
    guest.page.clock.run_for(BEAT)
    wait_until(guest.page, "async () => Boolean(await caches.match('/mark'))")
    guest.start("sv")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    place.app.extensions["guest"].rate_limit.clock = lambda: 1e9
    key = place.store.public_key("r", "frida")
    for status in (303, 429, 429):
        sealed = b64encode(seal(bytes.fromhex(key), mark=b"attacker")).decode()
        assert place.client.post("/", data={"_envelope": sealed, "_letterbox": key}).status_code == status
    guest.start("sv")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Tack för dina svar!")
    assert guest.page.evaluate(KEPT) == []
    assert place.waiting() == 3


def test_a_changed_page_is_cached_again(guest: Guest, context: BrowserContext) -> None:
    guest.place.store.links.add(Admission.KIOSK, "frida", code="kept")
    page = guest.page
    page.goto(f"{guest.address}/k/kept")
    page.clock.run_for(BEAT)
    wait_until(page, "() => Boolean(navigator.serviceWorker.controller)")
    guest.served.application = Changed(guest.served.application)
    page.goto(f"{guest.address}/k/kept")
    page.wait_for_load_state("networkidle")
    context.set_offline(True)
    page.goto(f"{guest.address}/k/kept")
    assert "<!-- changed -->" in page.content()


def test_practice_and_stored_data_pages_are_available_without_a_network(
    guest: Guest, context: BrowserContext
) -> None:
    guest.place.store.links.add(Admission.KIOSK, "frida", code="kept")
    guest.page.goto(f"{guest.address}/k/kept")
    guest.page.clock.run_for(BEAT)
    wait_until(guest.page, "() => Boolean(navigator.serviceWorker.controller)")
    asked = len(guest.served.asked)
    context.set_offline(True)
    guest.tap('[data-language="sv"]')
    guest.tap("#stored")
    expect(guest.page.locator("h1")).to_have_text("Vad sparas om mig?")
    guest.tap("#back")
    guest.tap("#try-first")
    expect(guest.page.locator(".demonstration")).to_have_text("Det här är en övning. Inget sparas.")
    guest.tap("#start")
    guest.answer("5", "5", "5", "5")
    thanks(guest, "Övningen är slut. Inget har sparats.")
    assert guest.page.evaluate(KEPT) == []
    assert len(guest.served.asked) == asked
