"""Counting outputs on a phone in a real browser: without a network, with one again, the same tap twice."""

from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.tools.accessibility import violations
from tests.tools.desk_side import PASSWORD, Desk
from tests.tools.polling import wait_until
from tests.tools.ports import free_port
from tests.tools.serving import served

pytestmark = pytest.mark.browser

STORED = "Object.entries(localStorage).filter(([key]) => key.startsWith('tap '))"


def test_taps_without_a_network_are_kept_on_the_phone_and_count_once(
    browser: Browser, tmp_path: Path
) -> None:
    """The server is away, too: a page that is loaded again may send before the browser takes its network."""
    desk = Desk(tmp_path)
    desk.now = datetime.now()
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page, port = context.new_page(), free_port()
    advise = page.locator('[data-name="Rådgivning"]')
    with served(desk.app, port) as address:
        page.goto(f"{address}/admin/count/frida")
        page.locator("#name").fill("bo")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        expect(advise).to_have_text("Rådgivning 0")
        page.evaluate("navigator.serviceWorker.ready")
        wait_until(page, "async () => Boolean(await caches.match(location.pathname))")
        assert violations(page) == []
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(width) == 0
        context.set_offline(True)

    for _ in range(3):
        advise.click()
    page.get_by_role("button", name="Ångra: Rådgivning").click()
    expect(page.locator("#status")).to_have_text("Väntar på nät. Kvar i telefonen: 4 tryck.")
    expect(advise).to_have_text("Rådgivning 2")
    page.reload()
    expect(advise).to_have_text("Rådgivning 2")
    advise.click()
    waiting = page.evaluate(STORED)
    assert desk.store.outputs.all().taps == {}

    with served(desk.app, port):
        context.set_offline(False)
        expect(page.locator("#status")).to_have_text("")
        wait_until(page, f"!{STORED}.length")
        expect(advise).to_have_text("Rådgivning 3")
        # As if no answer had come: the same taps are on the phone again.
        page.evaluate("taps => taps.forEach(([key, tap]) => localStorage.setItem(key, tap))", waiting)
        page.reload()
        wait_until(page, f"!{STORED}.length")
        expect(advise).to_have_text("Rådgivning 3")
        assert list(desk.store.outputs.all().taps.values()) == [3]
        # A coordinator hides the button while the page is open.
        units = desk.settings.data / "questions" / "counting" / "units.toml"
        units.parent.mkdir(parents=True)
        units.write_text('id = "units"\n[[counters]]\nid = "advise"\nunits = []\n', "utf-8")
        desk.app.extensions["desk"].reread()
        advise.click()
        expect(page.locator("#refused")).to_contain_text("knappen finns inte längre: Rådgivning")
        expect(advise).to_be_hidden()
        page.reload()
        expect(page.locator("#refused")).to_contain_text("knappen finns inte längre: Rådgivning")
        assert list(desk.store.outputs.all().taps.values()) == [3]
        context.close()


TAPS = """button => {
    for (let n = 0; n < 2000; n += 1) button.click();
}"""


def test_two_thousand_taps_without_a_network_count_exactly(browser: Browser, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.now = datetime.now()
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    with served(desk.app) as address:
        page.goto(f"{address}/admin/count/frida")
        page.locator("#name").fill("bo")
        page.locator("#password").fill(PASSWORD)
        page.locator("main button").click()
        advise = page.locator('[data-name="Rådgivning"]')
        expect(advise).to_have_text("Rådgivning 0")
        page.wait_for_load_state()  # the page counts without a network once its script has run
        context.set_offline(True)
        advise.evaluate(TAPS)
        expect(page.locator("#status")).to_have_text("Väntar på nät. Kvar i telefonen: 2000 tryck.")
        context.set_offline(False)
        wait_until(page, f"!{STORED}.length")
        expect(advise).to_have_text("Rådgivning 2000")
        assert list(desk.store.outputs.all().taps.values()) == [2000]
        context.close()
