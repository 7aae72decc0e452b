"""Attack 6: the next guest at the screen goes back, reloads, restarts the browser, or reads its folder.

In real Chromium with a profile on disk; next_guest_firefox.py has the same attack in Firefox.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from kiosk.domain.rounds import Admission
from kiosk.domain.slips import spaced
from tests.attack.finding import Finding, Scale
from tests.tools.chromium import CHROMIUM
from tests.tools.guest_side import NOW, Place
from tests.tools.serving import served
from tests.web.guest import Counted, Guest

LEAK = b"""
{
    const form = document.getElementById("answers");
    const keep = () => localStorage.setItem("kept", new URLSearchParams(new FormData(form)));
    form.addEventListener("change", keep);
}
"""

FORM_SCRIPTS = ("/guest.js", "/guest_on_kiosk.js")

CHOSEN = """[...document.querySelectorAll("input")].filter((one) =>
    one.type === "radio" ? one.checked && one.value : one.type === "text" && one.value).length"""
"""JavaScript: the number of chosen answers and typed codes on the page."""

TRACES = f"""async () => {{
    const stores = [document.cookie.length, localStorage.length, sessionStorage.length,
        (await indexedDB.databases()).length,
        (await Promise.all((await Array.fromAsync((await navigator.storage.getDirectory()).values())).map(
            async (file) => new Uint8Array(await (await file.getFile()).arrayBuffer()).some((byte) => byte)))
        ).filter((holdsSomething) => holdsSomething).length,
        "caches" in window ? (await caches.keys()).length : 0,
        "serviceWorker" in navigator ? (await navigator.serviceWorker.getRegistrations()).length : 0];
    return {CHOSEN} + stores.reduce((sum, one) => sum + one, 0);
}}"""
"""JavaScript: the number of choices that the page still has (CHOSEN), plus the number of items that the
browser stores for the page. Of the page's files, only those that contain a byte other than zero count: the
file for envelopes is made at a fixed time of the clock, with the same bytes for all guests."""


class Leaky:
    """The control: the application with a script that stores the chosen answers."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        is_script = environ["PATH_INFO"].endswith(FORM_SCRIPTS)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [one for one in headers if not (is_script and one[0].lower() == "content-length")]
            return start_response(status, kept, *rest)

        body = b"".join(self.application(environ, start))
        return [body + LEAK if is_script else body]


@contextmanager
def browser(
    playwright: Playwright, profile: str, *, has_script: bool, is_shell: bool = False
) -> Iterator[BrowserContext]:
    """Yield Chromium with a profile on disk, the folder `profile`. With `is_shell` it is the build without a
    window, for controls: what a page stores is in the same files, and it starts in a third of the time."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM if is_shell else shutil.which("chromium"),
        args=["--no-sandbox"],
        java_script_enabled=has_script,
        viewport={"width": 1280, "height": 800},
    )
    try:
        yield context
    finally:
        context.close()


def _begin(guest: Guest, way: Admission, *, has_script: bool) -> None:
    """Open the first statement as the guest of a kiosk, a poster or a slip."""
    if way is Admission.SLIP:
        guest.page.goto(f"{guest.address}/q" + (f"#{spaced(guest.place.slip)}" if has_script else ""))
        if has_script:
            guest.tap('button[lang="en"]')
        else:
            guest.page.locator("#slip").fill(guest.place.slip)
            guest.page.locator("form button").click()
    else:
        guest.page.goto(guest.address + ("/" if way is Admission.KIOSK else "/s/poster"))
        if has_script:
            guest.tap('[data-language="en"]')
    if has_script:
        guest.tap("#start")


def _answer(guest: Guest, *, has_script: bool, is_sent: bool) -> None:
    if has_script:
        guest.answer("5", "4", "3", *(["2"] if is_sent else []))
        if is_sent:
            guest.page.locator("#message").wait_for()
        else:
            guest.choose("2")
        return
    for name in ("listened", "feel_better"):
        guest.page.locator(f'label:has(input[name="{name}"][value="4"])').click()
    if is_sent:
        guest.page.locator("#send").click()
        guest.page.wait_for_load_state()


def _look(page: Page, *, has_script: bool) -> int:
    """Return the number of traces of the previous guest on the page and in the browser."""
    with suppress(PlaywrightError):
        page.wait_for_load_state()
        if not page.url.startswith("http"):
            return 0
        if has_script:
            return int(page.evaluate(TRACES))
        return page.locator('input[type="radio"]:checked:not([value=""])').count()
    return 0


def _come_after(page: Page, address: str, *, has_script: bool) -> int:
    """Do what the next guest does: leave, go back ten times, forward, and reload. Returns the number of
    traces of the previous guest that the next one sees."""
    page.goto(f"{address}/nothing")
    seen = _look(page, has_script=has_script)
    for _ in range(10):
        # A page that comes from the browser's memory reloads itself, which may interrupt Back.
        with suppress(PlaywrightError):
            page.go_back(timeout=5_000)
        seen += _look(page, has_script=has_script)
    for step in (page.go_forward, page.reload):
        with suppress(PlaywrightError):
            step(timeout=5_000)
        seen += _look(page, has_script=has_script)
    return seen


def _written(profile: str, needles: list[bytes]) -> int:
    """Return the number of `needles` that occur in files of the browser's folder."""
    files = [path.read_bytes() for path in Path(profile).rglob("*") if path.is_file()]
    return sum(any(needle in content for content in files) for needle in needles)


def visit(
    playwright: Playwright, way: Admission, *, has_script: bool, is_sent: bool, is_leaky: bool
) -> tuple[int, int]:
    """Let a guest and then the next one use a screen. Returns (traces of answers, traces of the slip's
    code)."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as profile:
        place = Place(Path(folder), ways=frozenset(Admission))
        application = Counted(place.app)
        with served(Leaky(application) if is_leaky else application) as address:
            with browser(playwright, profile, has_script=has_script, is_shell=is_leaky) as context:
                guest = Guest(context.new_page(), place, application, address)
                _begin(guest, way, has_script=has_script)
                _answer(guest, has_script=has_script, is_sent=is_sent)
                seen = _come_after(guest.page, address, has_script=has_script)
            with browser(playwright, profile, has_script=has_script, is_shell=is_leaky) as context:
                for page in [*context.pages, context.new_page()]:
                    # A kiosk stores its mark at fixed times of the clock, with or without a guest.
                    page.clock.install(time=NOW)
                    with suppress(PlaywrightError):
                        page.goto(address + ("/s/poster" if way is Admission.POSTER else "/"))
                    seen += _look(page, has_script=has_script)
        place.store.close()
        codes = _written(profile, [place.slip.encode(), spaced(place.slip).encode()])
        return seen + _written(profile, [b"listened=5", b"listened=4"]), codes


def run(scale: Scale) -> list[Finding]:
    ways = list(Admission) if scale is Scale.FULL else [Admission.KIOSK]
    scripts = (True, False) if scale is Scale.FULL else (True,)
    with sync_playwright() as playwright:
        visits = [
            visit(playwright, way, has_script=has_script, is_sent=is_sent, is_leaky=False)
            for way in ways
            for has_script in scripts
            for is_sent in (True, False)
        ]
        leaky, _ = visit(playwright, Admission.KIOSK, has_script=True, is_sent=False, is_leaky=True)
    traces, codes = sum(traces for traces, _ in visits), sum(codes > 0 for _, codes in visits)
    return [
        Finding(
            f"next guest: {len(visits)} visits in Chromium by {', '.join(ways)}; sent and abandoned, then "
            "Back x10, Forward, reload, the browser started again, its folder read",
            f"{traces} traces of an answer; a slip's code in the browser's own history after {codes} visits",
            "0 traces of an answer; a code shows that its slip was used, not by whom or with which answers",
            traces == 0,
            f"a page that stores the answers: {leaky} traces (must be > 0)",
            leaky > 0,
        )
    ]
