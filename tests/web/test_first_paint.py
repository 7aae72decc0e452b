"""Before it paints a phone's first screen, the browser waits for few answers of other processes.

Chromium's pages ask another process for each font in each size and weight, and for a dictionary of each
language that may be hyphenated, and do nothing else until it answers. The calls are counted, since their time
depends on the machine.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kiosk.domain.rounds import Admission
from tests.tools.guest_side import Place
from tests.web.guest import Serve

pytestmark = pytest.mark.browser

CATEGORIES = ["blink.user_timing", "fonts", "mojom"]
DICTIONARY, FONT_SIZE = (
    "Hyphenation::OpenDictionary",
    "WebSandboxSupportLinux::GetWebFontRenderStyleForStrike",
)


def test_a_phones_first_screen_waits_for_few_fonts_and_dictionaries(
    browser: Browser, serve: Serve, tmp_path: Path
) -> None:
    address = serve(Place(tmp_path, frozenset({Admission.POSTER})).app)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.goto(f"{address}/s/poster")
    calls = calls_of_page(browser.stop_tracing(), address)
    context.close()
    assert calls[DICTIONARY] <= 1, "the page's own language only"
    assert 1 <= calls[FONT_SIZE] <= 12, "0 would mean that this Chromium names them otherwise"


def calls_of_page(trace: bytes, address: str) -> Counter[str]:
    """Return how often each event happened in the process that shows the page of this address."""
    events = json.loads(trace)["traceEvents"]
    [process] = {
        event["pid"]
        for event in events
        if event["name"] == "navigationStart"
        and event["args"]["data"].get("documentLoaderURL", "").startswith(address)
    }
    return Counter(event["name"] for event in events if event["pid"] == process)
