"""Time to the first paint of a guest's page on a slow device, compared with a page of one line, with a page
that has only the words and links of its first screen and one small style sheet, and with the same survey in
LimeSurvey if one is served here: BENCH_PEER="http://127.0.0.1:8461/index.php?..." make bench.
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask, Response
from playwright.sync_api import Browser, sync_playwright

from kiosk.domain.rounds import Admission
from tests.tools.guest_side import Place
from tests.tools.serving import served

SLOWER = 4
"""Slowdown factor of the page's main thread; the server is not slowed down."""

VISITS = 7

BAR = 300
"""Most milliseconds to the first paint."""

PEER = 1_124
"""Milliseconds to the first paint of LimeSurvey 6.10.6, with its smallest survey, nothing cached, slowed as
here, on another day. A ratio to them is not exact: BENCH_PEER serves it in the same run."""

FIRST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
    const paint = list.getEntriesByName("first-contentful-paint")[0];
    if (paint) resolve(paint.startTime);
}).observe({ type: "paint", buffered: true }))"""


BEHIND = re.compile(r'<section id="promise".*(?=<div id="steps")', re.DOTALL)
"""The part of a guest's page that is behind its first screen."""

DRESS = re.compile(r"<(style|script|svg)\b.*?</\1>", re.DOTALL)
"""A style, a script or a picture."""

SMALL_STYLE = "body{font:18px sans-serif}"


def bare(page: str) -> str:
    """Return a guest's page with nothing but the words and links of its first screen, and the address of one
    style sheet: what this browser cannot paint sooner."""
    words = DRESS.sub("", BEHIND.sub("", page))
    return words.replace("</head>", '<link rel="stylesheet" href="/style.css"></head>')


class Counted:
    """An application that counts its requests and the bytes that it sends."""

    def __init__(self, application: Any) -> None:
        self.application, self.requests, self.bytes = application, 0, 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        body = b"".join(self.application(environ, start_response))
        self.requests, self.bytes = self.requests + 1, self.bytes + len(body)
        return [body]


def first_paint(browser: Browser, address: str) -> float:
    """Return the milliseconds to the first paint of a first visit, with nothing cached."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address)
    took: float = page.evaluate(FIRST_PAINT)
    context.close()
    return took


def main() -> None:
    """Print the best and the median of several first visits, each beside a visit of the references."""
    peer = os.environ.get("BENCH_PEER", "")
    plain = Flask("plain")
    plain.add_url_rule("/", view_func=lambda: "<!doctype html><title>Plain</title><p>One line")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        place = Place(Path(folder), frozenset({Admission.POSTER}))
        words = bare(place.client.get("/s/poster").text)
        plain.add_url_rule("/words", "words", lambda: words)
        plain.add_url_rule("/style.css", "style", lambda: Response(SMALL_STYLE, mimetype="text/css"))
        counted = Counted(place.app)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with served(counted) as guest, served(plain) as reference:
            first_paint(browser, reference)
            addresses = [f"{guest}/s/poster", reference, f"{reference}/words", *filter(None, [peer])]
            visits = [[first_paint(browser, address) for address in addresses] for _ in range(VISITS)]
        browser.close()
    ours, plain_page, words_page, *peers = (sorted(times) for times in zip(*visits, strict=True))
    best, middle, plainly = ours[0], ours[VISITS // 2], plain_page[VISITS // 2]
    barely = words_page[VISITS // 2]
    print(
        f"first paint of a guest's page, {SLOWER} x slower: median {middle:.0f} ms, best {best:.0f} ms "
        f"(bar: {BAR} ms)   {middle / plainly:.1f} x a page of one line ({plainly:.0f} ms), "
        f"{middle / barely:.1f} x its first screen's words alone ({barely:.0f} ms)"
    )
    for times in peers:
        print(
            f"   the peer in the same run: median {times[VISITS // 2]:.0f} ms, best {times[0]:.0f} ms; "
            f"ours is {middle / times[VISITS // 2]:.2f} x of it"
        )
    print(
        f"   to open it: {counted.requests / VISITS:.0f} requests, {counted.bytes / VISITS / 1000:.1f} kB; "
        f"LimeSurvey elsewhere: {PEER:,} ms, 29 requests, 1,229 kB from opening to thank-you"
    )


if __name__ == "__main__":
    main()
