"""Attack 6 in Firefox, which stores the fields of forms: for a reload, for Back, and on disk for its next
start."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kiosk.domain.rounds import Admission
from kiosk.domain.slips import spaced
from kiosk.screen.scripts import without_spaces
from tests.attack.finding import Finding, Scale
from tests.attack.firefox import Firefox, FirefoxError, firefox, unpacked, wait_until
from tests.attack.next_guest import CHOSEN, TRACES
from tests.attack.watched import NotPermittedError, not_possible
from tests.tools.guest_side import Place
from tests.tools.serving import served

NAMES = ("listened", "contact_support", "rights_knowledge", "feel_better")
IS_THANKED = """(({ keys, languages }) => Object.values(languages).some((said) =>
    said[3][keys.indexOf("thank_you")] === document.querySelector("#message p").textContent)
)(JSON.parse(document.getElementById("words").textContent))"""
"""JavaScript: whether the page thanks the guest, in any language. A tap while a page is being laid out may
change the language, which is not part of this test."""

BOTH = (True, False)
AT_A_TIME = 2
TRIES = 3

MARKER = "written-down"
FILLING_IN = 2.0
"""Seconds in which Firefox restores the fields of a tab."""


@dataclass(frozen=True)
class Visit:
    way: Admission
    has_script: bool
    is_sent: bool

    @property
    def path(self) -> str:
        return {Admission.KIOSK: "/", Admission.POSTER: "/s/poster", Admission.SLIP: "/q"}[self.way]


CARELESS = {
    b' autocomplete="off"': b"",
    b"form.reset()": b"void 0",
    b"window.location.reload()": b"void 0",
}
"""Protection of our pages against storage by a browser -> the control's replacement for it."""


class Keeping:
    """The control: the application with pages that allow the browser to store them and their fields."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        given: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            given.extend([status, headers])

        body = b"".join(self.application(environ, start))
        for careful, careless in CARELESS.items():
            body = body.replace(careful, careless)
        status, headers = given
        is_kept = status.startswith("200")
        own = ("content-length", "cache-control") if is_kept else ("content-length",)
        kept = [one for one in headers if one[0].lower() not in own]
        if is_kept:
            kept.append(("Cache-Control", "max-age=600"))
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]


AT_FIXED_TIMES, AFTER_OPENING = without_spaces("BEAT - (Date.now() % BEAT)").encode(), b"BEAT"
"""The script's time until a kiosk's page stores its mark, which does not depend on guests, and the text that
replaces it: five minutes after the page was opened, when no visit of this test runs any more. The test cannot
set the clock of tabs that Firefox restores."""


class Still:
    """The application with AT_FIXED_TIMES replaced in the kiosk's script, so that a kiosk never stores its
    mark during a visit. Raises ValueError if the script does not have that text."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if not environ["PATH_INFO"].endswith("/guest_on_kiosk.js"):
            return list(self.application(environ, start_response))
        environ.pop("HTTP_ACCEPT_ENCODING", None)

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            start_response(status, [one for one in headers if one[0].lower() != "content-length"])

        body = b"".join(self.application(environ, start))
        if body and AT_FIXED_TIMES not in body:
            raise ValueError("guest_on_kiosk.js stores its mark at times that are unknown here")
        return [body.replace(AT_FIXED_TIMES, AFTER_OPENING)]


def begin(browser: Firefox, address: str, visit: Visit, slip: str) -> None:
    """Open the statements as the guest of a kiosk, a poster or a slip."""
    # Leave the previous guest's page, so that no tap meets one of its buttons.
    browser.go(f"{address}/nothing")
    if visit.way is Admission.SLIP:
        # A scanned code is submitted at once, which interrupts the loading of the first page.
        with suppress(FirefoxError):
            browser.go(f"{address}/q" + (f"#{spaced(slip)}" if visit.has_script else ""))
        if visit.has_script:
            browser.tap('button[lang="en"]')
        else:
            browser.tap("#slip")
            browser.type(slip)
            browser.tap("form button")
    else:
        browser.go(address + visit.path)
        if visit.has_script:
            browser.tap('[data-language="en"]')
    if visit.has_script:
        browser.tap("#start")


def answer(browser: Firefox, visit: Visit) -> None:
    """Answer all statements, and send the form if `visit.is_sent`."""
    here = "fieldset:not([hidden])" if visit.has_script else "fieldset"
    for at, name in enumerate(NAMES, start=1):
        option = f'input[name="{name}"][value="4"]'
        goes_on = visit.has_script and at < len(NAMES)
        shows = f'{here} input[name="{NAMES[at]}"]' if goes_on else f"{option}:checked"
        browser.tap(f"{here} label:has({option})", shows)
    if not visit.is_sent:
        return
    if visit.has_script:
        browser.tap("#next", "#message:not([hidden])")
        wait_until(lambda: browser.evaluate(IS_THANKED) is True, "thanks")
    else:
        browser.tap("#send", "p.message")
        wait_until(lambda: browser.url().endswith("/thanks"), "thanks")


def look(browser: Firefox) -> int:
    """Return the number of traces of the previous guest in the tab, once it has loaded."""
    traces: list[int] = []

    def has_looked() -> bool:
        if not browser.url().startswith("http") or browser.evaluate(
            "document.documentURI.startsWith('about:')"
        ):
            # Firefox's own page: the one at its start, or its message that it does not show a form's page
            # again.
            traces.append(0)
        elif browser.evaluate("document.readyState === 'complete'"):
            traces.append(int(browser.evaluate(f"({TRACES})()" if browser.has_script else CHOSEN)))
        return bool(traces)

    wait_until(has_looked, "a page to look at")
    return traces[-1]


def look_for_long(browser: Firefox) -> int:
    """Return the largest number of traces that are seen at once within FILLING_IN seconds: Firefox restores
    fields after a page has loaded."""
    until = time.monotonic() + FILLING_IN
    most = look(browser)
    while time.monotonic() < until:
        most = max(most, look(browser))
    return most


def go_back(browser: Firefox, address: str) -> int:
    """Leave, Back ten times, Forward, reload. Returns the sum of the traces that are seen after each step."""
    browser.go(f"{address}/nothing")
    seen = look(browser)
    for steps in [-1] * 10 + [1]:
        # The history may be shorter.
        with suppress(FirefoxError):
            browser.traverse(steps)
        seen += look(browser)
    browser.reload()
    return seen + look(browser)


def find_restored(browser: Firefox, address: str) -> None:
    """Switch to the tab that was in front at the end of the last session."""

    def has_found() -> bool:
        for tab in browser.tabs():
            browser.tab = tab
            if browser.url().startswith(address) and MARKER not in browser.url():
                return True
        return False

    wait_until(has_found, "last time's tabs")


def write_down(browser: Firefox, address: str, profile: Path, marker: str) -> None:
    """Wait until Firefox has written its tabs with their fields to disk. To know this, it opens one more tab,
    whose address ends with `marker`, and waits until the session file has that address."""
    session = profile / "sessionstore-backups" / "recovery.jsonlz4"
    tab = browser.command("browsingContext.create", type="tab", background=True)["context"]
    browser.command("browsingContext.navigate", context=tab, url=f"{address}/{marker}", wait="complete")
    wait_until(lambda: session.is_file() and marker.encode() in unpacked(session), "the written tabs")


def written(profile: Path, needles: Sequence[bytes]) -> int:
    """Return the number of `needles` that occur in files of Firefox's folder. Cached pages are
    decompressed."""
    files = [unpacked(path) for path in profile.rglob("*") if path.is_file()]
    return sum(any(needle in content for content in files) for needle in needles)


def trace(visit: Visit, *, is_keeping: bool) -> tuple[Counter[str], int]:
    """Return (step -> number of traces of the guests' answers after it, number of slips' codes in the
    folder)."""
    seen: Counter[str] = Counter()
    with TemporaryDirectory() as folder, TemporaryDirectory() as kept:
        place, profile = Place(Path(folder), ways=frozenset(Admission)), Path(kept)
        slips = place.store.print_slips("r", "frida", 4)
        left = iter(slips)

        def come(browser: Firefox) -> None:
            begin(browser, address, visit, next(left))
            answer(browser, visit)

        with served(Still(Keeping(place.app) if is_keeping else place.app)) as address:
            with firefox(profile, has_script=visit.has_script) as browser:
                come(browser)
                with suppress(FirefoxError):
                    browser.reload()
                seen["reload"] += look(browser)
                come(browser)
                seen["Back and Forward"] += go_back(browser, address)
                come(browser)
                write_down(browser, address, profile, f"{MARKER}-1")
                browser.kill()
            seen["folder of a killed browser"] += written(profile, [NAMES[0].encode()])
            with firefox(profile, has_script=visit.has_script) as browser:
                find_restored(browser, address)
                seen["killed and started"] += look_for_long(browser) + go_back(browser, address)
                come(browser)
                write_down(browser, address, profile, f"{MARKER}-2")
                browser.close()
            seen["folder of a closed browser"] += written(profile, [NAMES[0].encode()])
            with firefox(profile, has_script=visit.has_script) as browser:
                find_restored(browser, address)
                seen["closed and started"] += look_for_long(browser) + go_back(browser, address)
                browser.close()
            seen["folder of a closed browser"] += written(profile, [NAMES[0].encode()])
        place.store.close()
        return seen, written(
            profile, [form for code in slips for form in (code.encode(), spaced(code).encode())]
        )


def traced(visit: Visit, *, is_keeping: bool) -> tuple[Counter[str], int]:
    """Return the result of `trace`. A visit that could not be completed proves nothing, and is repeated at
    most twice."""
    for _ in range(TRIES - 1):
        try:
            return trace(visit, is_keeping=is_keeping)
        except (FirefoxError, TimeoutError) as error:
            print(f"{visit}: {error}; once more", file=sys.stderr)
    return trace(visit, is_keeping=is_keeping)


def run(scale: Scale) -> list[Finding]:
    ways = list(Admission) if scale is Scale.FULL else [Admission.KIOSK]
    visits = [Visit(way, has_script, is_sent) for way, has_script, is_sent in product(ways, BOTH, BOTH)]
    controls = [Visit(Admission.KIOSK, has_script, is_sent=False) for has_script in BOTH]
    try:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            traces = list(pool.map(partial(traced, is_keeping=False), visits))
            kept = list(pool.map(partial(traced, is_keeping=True), controls))
    except NotPermittedError as error:
        return [not_possible("next guest in Firefox", error)]
    seen, keeping = Counter[str](), Counter[str]()
    for steps, _ in traces:
        seen.update(steps)
    for steps, _ in kept:
        keeping.update(steps)
    codes = sum(written_codes > 0 for _, written_codes in traces)
    by_step = ", ".join(f"{step} {keeping[step]}" for step in seen)
    return [
        Finding(
            f"next guest: {len(visits)} visits in Firefox by {', '.join(ways)}; sent and abandoned, then "
            "reload, Back x10, Forward, the browser killed or closed and its tabs restored, its folder read",
            f"{seen.total()} traces of an answer; a slip's code in the folder after {codes} visits",
            "0 traces of an answer; a code shows that its slip was used, not by whom or with which answers",
            seen.total() == 0,
            f"pages that the browser may store: {by_step} traces (all must be > 0)",
            all(keeping[step] > 0 for step in seen),
        )
    ]
