"""Attack 10: a kiosk loses its network.

An attacker reads the device's folder, the browser is killed, responses of the server are lost, and stored
ballots arrive later. The disk of a locked kiosk is also searched for the times of guests. In real Chromium
with a profile on disk.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from math import floor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Playwright, Request, Response, expect, sync_playwright
from scipy.stats import spearmanr
from werkzeug.serving import make_server

from kiosk.domain.envelope import Letterbox
from kiosk.domain.rounds import Admission
from kiosk.guest.rate_limit import RateLimit
from kiosk.screen.scripts import without_spaces
from tests.attack.finding import Finding, Scale
from tests.attack.marks import standing_in, text_forms, times_between
from tests.attack.next_guest import browser
from tests.tools.guest_side import NOW, Place
from tests.tools.polling import wait_until
from tests.tools.ports import free_port
from tests.web.guest import Counted, Guest
from tests.web.kept_envelopes import KEPT, come_through

CODE = "a-kiosk-without-a-network"
ANSWERS = ("5", "2", "dont_know", "4")
LOST = 2
"""Number of guests whose ballot is accepted while the server's response is lost."""

START = NOW

ROW = 5
"""Fewest envelopes whose order is examined."""

CHANCE = 1e-4
"""Probability below which an order in which envelopes arrive counts as that of the guests."""

BEAT, HOUR = 300_000, 3_600_000

LEAKS = {
    b"JSON.stringify(sealed)": b"JSON.stringify({ ...sealed, plain: "
    b"String(new URLSearchParams(new FormData(document.forms.answers))) })",
    b"list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length]": b"list[0]",
    b'if (read(file, at) === text) write(file, at, "")': b"file.write(new Uint8Array(1), { at: PLACE * at })",
    b"if (await caches.match(MARK)) return;": b"",
}
"""Part of our scripts -> its replacement in the control. The control stores a plain copy, stores envelopes in
the order of guests, frees their places without overwriting them, and draws a new mark each time. It also
ignores tickets."""

NOTES = {
    b"getFileHandle(NAME, ": b"getFileHandle(NAME + crypto.randomUUID(), ",
    b"if (isUsual && !(await isKept(cache, path, response)))": b"if (isUsual)",
    b'of ["none", "all"]': b'of ["imports"]',
}
"""Part of our scripts -> its replacement in the control for times on the disk. Files are made when a guest
needs them, pages are stored again for each guest, and the browser requests the worker again with each
page."""

ON_DISK = ("File System", "Service Worker/CacheStorage", "Service Worker/Database")
"""The parts of a locked kiosk's profile that are on its disk (kiosk/operation/machine). Each replacement in
NOTES leaves times in one of them."""

BETWEEN = 2.5
"""Seconds between two visits, and between a change of the network and a visit: Chromium checks for a newer
worker a second after it loaded a page."""

CACHED = """async () => Object.fromEntries(await Promise.all((await Promise.all((await caches.keys()).map(
    async (name) => { const cache = await caches.open(name);
        return (await cache.keys()).map(async (request) =>
            [new URL(request.url).pathname, await (await cache.match(request)).text()]); }))).flat()))"""

MARK = """async () => { const kept = await caches.match("/mark");
    return kept ? [...new Uint8Array(await kept.arrayBuffer())].join() : ""; }"""
"""JavaScript: the kiosk's mark as text, the same for all its guests; an empty text before it is stored."""

IS_EMPTY = f"async () => !(await ({KEPT})()).length"


class Server:
    """An application on one port that can be stopped, or whose responses can be lost."""

    def __init__(self, application: Any, leaks: Mapping[bytes, bytes]) -> None:
        self.application, self.leaks = application, leaks
        self.is_there = self.loses_answers = False
        self.port = free_port()
        logging.getLogger("werkzeug").disabled = True

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        given: list[Any] = []
        body = b"".join(self.application(environ, lambda *answer: given.extend(answer)))
        if self.loses_answers and environ["REQUEST_METHOD"] == "POST":
            start_response("504 Gateway Timeout", [])
            return []
        for ours, leak in self.leaks.items():
            for written in (ours, without_spaces(ours.decode()).encode()):
                body = body.replace(written, leak)
        headers = [one for one in given[1] if one[0].lower() != "content-length"]
        start_response(given[0], headers)
        return [body]

    def come(self) -> None:
        self._server = make_server("127.0.0.1", self.port, self, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.is_there = True

    def go(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.is_there = False


@dataclass
class LockedKiosk:
    """A kiosk with a profile on its disk. `visits` has (begin, end) of each visit in seconds since 1970, the
    pause after it included."""

    profile: str
    place: Place
    server: Server
    guest: Guest = field(init=False)
    visits: list[tuple[float, float]] = field(default_factory=list)

    def times_on_disk(self) -> dict[str, int]:
        """Return part of the disk -> number of times found in it that are within a visit."""
        return {
            part: sum(
                times_between(content, *visit)
                for content in _contents(str(Path(self.profile) / "Default" / part))
                for visit in self.visits
            )
            for part in ON_DISK
        }


def _locked_kiosk(folders: ExitStack, leaks: Mapping[bytes, bytes]) -> LockedKiosk:
    """Return a kiosk whose server runs. `folders` removes its folders and closes its store at the end."""
    folder, profile = (folders.enter_context(TemporaryDirectory()) for _ in range(2))
    # With this pause, the page does nothing by itself during a guest's visit.
    place = Place(Path(folder), rate_limit=RateLimit(0.0, 1, pause=60.0))
    folders.callback(place.store.close)
    place.store.links.add(Admission.KIOSK, "frida", code=CODE)
    server = Server(place.app, leaks)
    server.come()
    return LockedKiosk(profile, place, server)


def _pause(kiosks: Sequence[LockedKiosk]) -> None:
    """Wait until the browsers of all kiosks have done what they do after a visit or a change of the
    network."""
    kiosks[0].guest.page.wait_for_timeout(1_000 * BETWEEN)


@dataclass
class Outage:
    """Observations of one outage.

    `starts` and `sent` count the browser's starts and the ballots of guests; `counted` is the number of
    ballots in the box at the end. `traces` counts traces of answers on the disk. `waited` envelopes waited at
    once, of the lengths `sizes`. `foreign` counts stored items that belong to one guest, and `marks` has the
    device's marks. `order_on_disk` is the probability that the envelopes' order in a file is that of the
    guests by chance. `residue` counts envelopes that remain on the disk after they were sent. `tried` has the
    envelopes in the order of guests, `came` in the order of their arrival.
    """

    starts: int = 0
    sent: int = 0
    counted: int = 0
    traces: int = 0
    sizes: set[int] = field(default_factory=set)
    waited: int = 0
    foreign: int = 0
    marks: set[str] = field(default_factory=set)
    order_on_disk: float = 1.0
    residue: int = 0
    tried: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)

    @property
    def chance(self) -> float:
        """The probability that the order of arrival is as similar to the order of guests as this by chance
        (Spearman)."""
        return _chance([self.tried.index(envelope) for envelope in self.came if envelope in self.tried])


def _chance(places: Sequence[int]) -> float:
    """Return the probability that a sequence of numbers is as well sorted as this, up or down, by chance
    (Spearman); 1 for fewer numbers than ROW."""
    return float(spearmanr(range(len(places)), places).pvalue) if len(places) >= ROW else 1.0


def _kill(profile: str) -> None:
    """Kill every process of the browser with this profile."""
    mark = f"--user-data-dir={profile}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


def _envelope(request: Request) -> tuple[str, bool]:
    """Return (the envelope in a request, or "", whether the kiosk had stored it before)."""
    fields = parse_qs(request.post_data or "")
    return fields.get("_envelope", [""])[0], "_waited" in fields


@contextmanager
def _guest(
    playwright: Playwright,
    profile: str,
    place: Place,
    server: Server,
    seen: Outage,
    *,
    is_shell: bool = False,
) -> Iterator[Guest]:
    """Yield a guest at the kiosk's address, in a browser that is killed at the end: Chromium, or its build
    without a window. `seen` records its envelopes."""

    def note_try(request: Request) -> None:
        envelope, has_waited = _envelope(request)
        if envelope and not has_waited and envelope not in seen.tried:
            seen.tried.append(envelope)

    def note_coming(answer: Response) -> None:
        envelope, has_waited = _envelope(answer.request)
        if envelope and has_waited and envelope not in seen.came:
            seen.came.append(envelope)

    with ExitStack() as stack:
        context = stack.enter_context(browser(playwright, profile, has_script=True, is_shell=is_shell))
        page = context.new_page()
        page.on("request", note_try)
        page.on("response", note_coming)
        address = f"http://127.0.0.1:{server.port}"
        guest = Guest(page, place, Counted(server), address)
        seen.starts += 1
        page.clock.set_system_time(START + timedelta(days=seen.starts))
        try:
            page.goto(f"{address}/k/{CODE}")
            expect(page.locator("#picker")).to_be_visible()
            yield guest
        finally:
            _kill(profile)
            with suppress(PlaywrightError):
                stack.close()


def _answer(guest: Guest, server: Server, seen: Outage) -> None:
    """Let one guest answer, and return when the screen shows the start to the next guest."""
    guest.tap('[data-language="sv"]')
    guest.tap("#start")
    guest.answer(*ANSWERS)
    expect(guest.page.locator("#message p")).to_have_text("Tack för dina svar!", timeout=20_000)
    seen.sent += 1
    # The page is loaded again for the next guest if the server can be reached.
    with guest.page.expect_navigation() if server.is_there else nullcontext():
        guest.page.clock.run_for(16_000)
    expect(guest.page.locator("#picker")).to_be_visible()


def _keep_page(page: Page) -> None:
    """Wait for a sign of life, after which the page is stored."""
    page.goto(page.url)
    expect(page.locator("#picker")).to_be_visible()
    page.clock.run_for(BEAT)
    wait_until(page, "() => Boolean(navigator.serviceWorker.controller)")


def _traces(profile: str) -> int:
    """Return the number of files in the browser's folder that contain an answer in any spelling."""
    names = ("listened", "contact_support", "rights_knowledge", "feel_better")
    pairs = [f"{name}={value}" for name, value in zip(names, ANSWERS, strict=True)]
    forms = {form for pair in pairs for form in text_forms(pair)}
    return sum(bool(standing_in(content, forms)) for content in _contents(profile))


def _contents(profile: str) -> Iterator[bytes]:
    for path in Path(profile).rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def _on_disk(profile: str, envelopes: Sequence[str]) -> list[list[int]]:
    """Return, for each file with envelopes, the indices of these envelopes in `envelopes`, in the order of
    the file."""
    orders = []
    for content in _contents(profile):
        at = {number: content.find(envelope.encode()) for number, envelope in enumerate(envelopes)}
        rows = sorted((place, number) for number, place in at.items() if place >= 0)
        orders.append([number for _, number in rows])
    return [row for row in orders if row]


def outage(playwright: Playwright, guests: int, *, is_leaky: bool = False) -> Outage:
    """Return the observations of an outage: the server's responses are lost, then the server is down for an
    hour. The browser is killed four times."""
    seen = Outage()
    with ExitStack() as stack, TemporaryDirectory() as folder, TemporaryDirectory() as profile:
        place = Place(Path(folder))
        place.store.links.add(Admission.KIOSK, "frida", code=CODE)
        if is_leaky:
            stack.enter_context(patch.object(Letterbox, "with_envelope", lambda letterbox, _: letterbox))
        server = Server(place.app, LEAKS if is_leaky else {})
        server.come()
        come = partial(_guest, playwright, profile, place, server, seen, is_shell=is_leaky)
        with come() as guest:
            _answer(guest, server, seen)
            _keep_page(guest.page)
            server.loses_answers = True
            for _ in range(LOST):
                _answer(guest, server, seen)
            server.go()
            # While responses were lost, the kiosk sent its one or two waiting envelopes again. They show no
            # order.
            seen.came.clear()
        for at in range(2):
            with come() as guest:
                for _ in range(at, guests, 2):
                    _answer(guest, server, seen)
                    seen.marks.add(guest.page.evaluate(MARK))
                guest.page.clock.run_for(HOUR // 2)
                kept = guest.page.evaluate(KEPT)
            seen.waited, seen.sizes = len(kept), {len(envelope) for envelope in kept}
        seen.traces += _traces(profile)
        seen.order_on_disk = min(map(_chance, _on_disk(profile, seen.tried)))
        server.come()
        with come() as guest:
            come_through(guest.page, lambda: len(seen.came) > 0)
        server.loses_answers = False
        with come() as guest:
            come_through(guest.page, partial(guest.page.evaluate, IS_EMPTY))
            seen.marks.add(guest.page.evaluate(MARK))
            seen.foreign = _foreign(guest)
        seen.traces += _traces(profile)
        seen.residue = len({number for row in _on_disk(profile, seen.tried) for number in row})
        server.go()
        seen.counted = place.waiting()
        place.store.close()
    return seen


def times_kept(playwright: Playwright, *variants: Mapping[bytes, bytes]) -> list[dict[str, int]]:
    """Return, for each variant of our scripts (part -> replacement): part of a locked kiosk's disk -> number
    of times on it that are within a guest's visit.

    There is one kiosk for each variant, and all kiosks pause at the same time.
    """
    with ExitStack() as folders:
        kiosks = [_locked_kiosk(folders, leaks) for leaks in variants]
        with ExitStack() as browsers:
            for kiosk in kiosks:
                visited = _guest(playwright, kiosk.profile, kiosk.place, kiosk.server, Outage())
                kiosk.guest = browsers.enter_context(visited)
                _keep_page(kiosk.guest.page)
                kiosk.guest.page.clock.run_for(BEAT)
            _pause(kiosks)
            for is_online in (True, True, False, False):
                if kiosks[0].server.is_there and not is_online:
                    for kiosk in kiosks:
                        kiosk.server.go()
                    _pause(kiosks)
                for kiosk in kiosks:
                    # Some programs store whole seconds, rounded down.
                    since = floor(time())
                    _visit(kiosk.guest, kiosk.server)
                    kiosk.visits.append((since, time() + BETWEEN))
                _pause(kiosks)
        return [kiosk.times_on_disk() for kiosk in kiosks]


def _visit(guest: Guest, server: Server) -> None:
    """Let one guest answer and leave the screen to the next."""
    guest.tap('[data-language="sv"]')
    guest.tap("#start")
    guest.answer(*ANSWERS)
    expect(guest.page.locator("#message p")).to_have_text("Tack för dina svar!", timeout=20_000)
    with guest.page.expect_navigation() if server.is_there else nullcontext():
        guest.tap("#start-over")
    expect(guest.page.locator("#picker")).to_be_visible()


def _foreign(guest: Guest) -> int:
    """Return the number of items that the browser stores for the page, apart from the device's mark and from
    files that are the same for all guests."""
    cached: dict[str, str] = guest.page.evaluate(CACHED)
    request = guest.page.request
    own = sum(
        request.get(guest.address + path).text() != body for path, body in cached.items() if path != "/mark"
    )
    stores = "() => document.cookie.length + localStorage.length + sessionStorage.length"
    return own + int(guest.page.evaluate(stores))


def run(scale: Scale) -> list[Finding]:
    guests = 30 if scale is Scale.FULL else 10
    with sync_playwright() as playwright:
        seen = outage(playwright, guests)
        leaky = outage(playwright, 10, is_leaky=True)
        times, noted = times_kept(playwright, {}, NOTES)
    return [
        Finding(
            f"offline: {seen.sent} guests at a kiosk in Chromium, {LOST} whose answer from the server is "
            f"lost, {guests} while it is down for an hour; the browser killed four times, its folder "
            "searched",
            f"{seen.sent - seen.counted} lost or counted twice; {seen.traces} traces of an answer; "
            f"{seen.waited} envelopes of {len(seen.sizes)} size; {seen.foreign} stored items "
            f"that belong to one guest; {len(seen.marks - {''})} marks of the device",
            "0; 0; 1 size; 0; 1",
            (seen.counted, seen.traces, len(seen.sizes), seen.foreign, len(seen.marks - {""}))
            == (seen.sent, 0, 1, 0, 1),
            f"a queue in plain text, without tickets: {leaky.counted - leaky.sent} counted twice, "
            f"{leaky.traces} files with answers (both must be > 0); a mark kept anew each time: "
            f"{len(leaky.marks - {''})} marks (must be > 1)",
            leaky.counted > leaky.sent and leaky.traces > 0 and len(leaky.marks - {""}) > 1,
        ),
        Finding(
            f"offline: the order of {seen.waited} envelopes in the browser's folder",
            f"rank correlation, p = {seen.order_on_disk:.2g}",
            f"p > {CHANCE:g}",
            seen.order_on_disk > CHANCE,
            f"always the first free place: p = {leaky.order_on_disk:.2g} (must be under {CHANCE:g})",
            leaky.order_on_disk < CHANCE,
        ),
        Finding(
            "offline: envelopes in the browser's folder once all were sent",
            f"{seen.residue} of {len(seen.tried)}",
            "0",
            seen.residue == 0,
            f"places that are only marked as free, not overwritten: {leaky.residue} of {len(leaky.tried)} "
            "(must be > 0)",
            leaky.residue > 0,
        ),
        Finding(
            f"offline: the order in which {len(seen.came)} envelopes arrived, compared with "
            "the order of the guests",
            f"rank correlation, p = {seen.chance:.2g}",
            f"p > {CHANCE:g}",
            seen.chance > CHANCE,
            f"a queue: p = {leaky.chance:.2g} (must be under {CHANCE:g})",
            leaky.chance < CHANCE,
        ),
        Finding(
            "offline: what a locked kiosk stores on disk after guests with and without a network",
            f"{sum(times.values())} times of a guest's visit",
            "0",
            not any(times.values()),
            "files made when needed, pages stored again, a worker fetched at each page: "
            f"{', '.join(map(str, noted.values()))} times (all must be > 0)",
            all(noted.values()),
        ),
    ]
