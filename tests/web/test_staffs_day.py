"""A member of staff's day in a real browser: learn who makes a code, print slips, count an activity, see no
figure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.domain.rounds import Admission
from tests.tools.accessibility import violations
from tests.tools.desk_side import PASSWORD, Desk
from tests.tools.qr_codes import read

pytestmark = pytest.mark.browser

Serve = Callable[[Any], str]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, seconds=1, admission=frozenset(Admission), languages=frozenset({"fi"}))


def plan_in_swedish(desk: Desk) -> None:
    """Open a later round of a survey that nobody has translated."""
    survey = desk.round.survey
    first = replace(survey.statements[0], text="Nobody has translated this")
    swedish = replace(survey, id="own", translations={}, statements=(first, *survey.statements[1:]))
    opens, closes = desk.round.closes_at, desk.round.closes_at + timedelta(days=90)
    later = replace(desk.round, id="later", survey=swedish, opens_at=opens, closes_at=closes)
    desk.store.open_round(later, desk.now)


@pytest.fixture(params=[1280, 390])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 800}, accept_downloads=True)
    yield context.new_page()
    context.close()


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/")
    page.locator("#name").fill("bo")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()


def look(page: Page) -> None:
    """Nothing sticks out sideways, and axe finds no barrier."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert [f"{page.url}: {rule}" for rule in violations(page)] == []


def unfold_menu(page: Page) -> None:
    """Open the menu of a narrow screen."""
    folded = page.locator("details.menu:not([open]) summary")
    if folded.is_visible():
        folded.click()


def go_to(page: Page, item: str) -> None:
    unfold_menu(page)
    page.get_by_role("link", name=item, exact=True).click()


def test_staff_can_do_their_daily_tasks(page: Page, serve: Serve, desk: Desk) -> None:
    desk.answer(30)
    plan_in_swedish(desk)
    sign_in(page, serve(desk.app))
    expect(page.locator("h1")).to_have_text("Start")
    look(page)

    go_to(page, "Skärmar och utskrifter")
    look(page)
    page.locator("#pair-unit").select_option(label="FRIDA")
    page.locator("form", has=page.locator("#pair-unit")).get_by_role("button").click()
    expect(page.locator("#notice")).to_contain_text("Be en samordnare")
    look(page)

    go_to(page, "Lappar")
    look(page)
    page.locator("#slips-number").fill("0")
    page.get_by_role("button", name="Hämta lappar som PDF").click()
    expect(page.locator("#notice")).to_contain_text("Det gick inte")
    languages = page.locator("#slips-languages label:visible")
    of_running = languages.count()
    assert of_running > 1
    page.locator("#slips-round").select_option("later")
    expect(languages).to_have_text(re.compile("Svenska"))
    expect(languages.locator("input")).to_be_checked()
    page.locator("#slips-round").select_option("r")
    expect(languages).to_have_count(of_running)
    page.locator("#slips-number").fill("6")
    with page.expect_download() as download:
        page.get_by_role("button", name="Hämta lappar som PDF").click()
    assert len(read(download.value.path().read_bytes())) == 6
    expect(page.locator("#notice")).to_have_text("PDF:en skapas. Den hamnar bland dina hämtade filer.")
    expect(page.locator("main")).not_to_contain_text("Det gick inte")
    expect(page.locator("main")).not_to_contain_text("mellan 1 och 200")

    go_to(page, "Insatser")
    page.get_by_role("button", name="Rådgivning 0", exact=True).click()
    expect(page.get_by_role("button", name="Rådgivning 1", exact=True)).to_be_visible()
    look(page)

    go_to(page, "Resultat")
    expect(page.locator("h1")).to_have_text("Start")
    expect(page.locator("main")).not_to_contain_text("har svarat")
    unfold_menu(page)
    page.get_by_role("button", name="Logga ut bo").click()
    expect(page.locator("h1")).to_have_text("Logga in")


def test_a_closed_rounds_page_does_not_reload_itself(page: Page, serve: Serve, desk: Desk) -> None:
    """Staff may not read the snapshot: a page that looked for a new one would load itself for ever, and keep
    a sign-in alive that nobody uses."""
    desk.answer(30)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    address = serve(desk.app)
    page.clock.install()
    sign_in(page, address)
    page.get_by_role("link", name="Alla påståenden i sin helhet").click()
    page.wait_for_load_state("load")
    page.locator(".drawing").first.click()
    expect(page.locator('[data-figure="listened-now"] g.point')).to_have_count(5)
    loaded, asked = [], []
    page.on("framenavigated", lambda frame: loaded.append(frame.url))
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(200_000)
    page.wait_for_load_state("networkidle")
    assert loaded == []
    assert [url for url in asked if "/static/" not in url] == []
    look(page)
