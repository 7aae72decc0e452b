"""On a screen that is touched, every target of the desk is as large as a thumb, also on a wide one."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kiosk.domain.rounds import Admission
from tests.tools.accessibility import small_targets
from tests.tools.desk_side import Desk
from tests.web.coordinator import sign_in
from tests.web.guest import Serve

pytestmark = pytest.mark.browser

PAGES = (
    "overview/r/vasteras", "results/r/vasteras/listened", "rounds", "rounds/new", "surveys", "languages/ar",
    "links", "links/poster", "links/slips", "activities", "accounts", "log", "handbook", "comparison",
)  # fmt: skip
"""Pages with a menu of pages, links in tables, boxes to tick and long texts."""

STYLE = Path("static/desk.css").read_text("utf-8")

UNTOUCHED = STYLE.replace(", screen and (any-pointer: coarse)", "")


def test_a_wide_touch_screen_has_large_targets(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer(30)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    desk.store.links.add(Admission.KIOSK, "frida")
    desk.store.links.add(Admission.POSTER, "frida")
    address = serve(desk.app)
    assert UNTOUCHED != STYLE
    small = {}
    for width in (1024, 1280):
        page = browser.new_context(viewport={"width": width, "height": 800}, has_touch=True).new_page()
        sign_in(page, address)
        for path in PAGES:
            response = page.goto(f"{address}/admin/{path}")
            assert response is not None
            assert (path, response.status) == (path, 200)
            if targets := small_targets(page):
                small[path, width] = targets
        # The control: the style without its rule for touch.
        page.route("**/desk.css*", lambda route: route.fulfill(body=UNTOUCHED, content_type="text/css"))
        page.goto(f"{address}/admin/rounds")
        assert small_targets(page)
        page.context.close()
    assert small == {}
