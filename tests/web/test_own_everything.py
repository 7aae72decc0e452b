"""From an empty installation: an own organisation, scale, survey and language; a guest answers in it."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import read_library
from kiosk.settings import read_settings
from tests.tools.desk_side import PASSWORD, Desk

pytestmark = pytest.mark.browser

STATEMENTS = {"Jag är trygg här": "Burada güvendeyim", "Maten är god": "Yemek iyi"}
ANSWERS = {"Inte alls": "Hiç", "Lite grann": "Biraz", "Väldigt mycket": "Çok fazla"}


def follow(page: Page, *names: str) -> None:
    for name in names:
        with page.expect_navigation():
            page.get_by_role("link", name=name, exact=True).first.click()


def save(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button).first.click()
    expect(page.locator("#notice .done").first).to_be_visible()


def write_everything(page: Page) -> None:
    follow(page, "Verksamheter", "Lägg till en organisation")
    page.get_by_label("Organisationens namn").fill("Stadens mission")
    page.locator("[name=unit_name]").first.fill("Kaféet")
    save(page, "Spara")
    follow(page, "Skalor", "Skapa en skala")
    page.get_by_label("Namn", exact=True).fill("Tre steg")
    for at, label in enumerate(ANSWERS):
        page.locator("[name=label]").nth(at).fill(label)
    save(page, "Spara")
    follow(page, "Enkäter", "Skapa en enkät")
    page.locator("#title").fill("Vår enkät")
    for number, text in enumerate(STATEMENTS, start=1):
        page.locator(f"#text-{number}").fill(text)
        page.locator(f"#outcome-{number}").fill("Trygghet")
        own = page.locator(f"#scale-{number} option", has_text="Tre steg").get_attribute("value")
        page.locator(f"#scale-{number}").select_option(own)
        page.locator(f"#good-{number}").select_option("high")
    save(page, "Spara")


def translate_everything(page: Page) -> None:
    """Add Turkish, translate the screen and the survey, and mark all of it as reviewed at once."""
    follow(page, "Språk", "Lägg till ett språk")
    page.locator("[name=language]:is(select)").select_option(label="turkiska")
    save(page, "Lägg till")
    for part in ("Gästens skärm", "Vår enkät"):
        follow(page, part)
        for row in page.locator("tr:has(textarea)").all():
            swedish = row.locator("th").inner_text().strip()
            holes = " ".join(dict.fromkeys(re.findall(r"\{\w+\}", swedish)))
            row.locator("textarea").fill({**STATEMENTS, **ANSWERS}.get(swedish, f"Türkçe {holes}"))
        save(page, "Spara")
    follow(page, "Granska alla texter på en sida")
    page.locator("#read").check()
    save(page, "Spara")


def open_a_round(page: Page) -> str:
    """The path of a kiosk in a new round, whose survey and organisation the form has chosen."""
    follow(page, "Omgångar", "Öppna en omgång")
    page.locator("input[id^=expected-]:visible").fill("40")
    page.locator("#k").fill("5")
    page.locator("[name=figures][value=live]").check()
    page.locator("[name=protection][value=exact]").check()
    page.locator("[name=understood]").check()
    save(page, "Öppna omgången")
    follow(page, "Skärmar och utskrifter")
    save(page, "Skapa en adress")
    path = re.search(r"/k/\S+", page.locator(".kiosks a code").first.inner_text())
    assert path
    return path.group(0)


def answer_in_turkish(page: Page) -> None:
    page.locator('[data-language="tr"]').press("Enter")
    page.locator("#start").press("Enter")
    for statement in STATEMENTS.values():
        expect(page.locator("fieldset:visible legend")).to_have_text(statement)
        expect(page.locator("fieldset:visible")).to_contain_text("Çok fazla")
        page.locator("fieldset:visible input[value='3']").press("Space")
        page.locator("#next").press("Enter")
    expect(page.locator("#ended")).to_be_visible()  # the message while it is being sent has the same words
    expect(page.locator("#message p")).to_have_text("Türkçe")


def test_a_guest_answers_an_own_survey_in_an_own_language_and_the_results_have_it(
    browser: Browser, serve: Callable[[Any], str], tmp_path: Path
) -> None:
    desk = Desk(tmp_path, is_empty=True)
    context = browser.new_context(base_url=serve(desk.app), viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto("/admin/")
    page.locator("#name").fill("anna")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()
    write_everything(page)
    translate_everything(page)
    path = open_a_round(page)
    [state] = desk.store.rounds()
    assert state.round.survey.title == "Vår enkät", "the form has chosen her own survey"
    assert [state.round.tree.node(unit).name for unit in state.round.tree.leaves] == ["Kaféet"]
    library = read_library(read_settings({"KIOSK_DATA": str(tmp_path)}))
    guests = create_guest_app(
        desk.store, library, clock=lambda: desk.now, rate_limit=RateLimit(0.0, 1), allowed_languages=None
    )
    guest = browser.new_page()
    guest.goto(serve(guests) + path)
    answer_in_turkish(guest)
    guest.close()
    others = guests.test_client()
    for number in range(14):
        sent = {statement.id: str(1 + number % 2) for statement in state.round.survey.statements}
        assert others.post(path, data=sent).status_code == 303
        if number % 5 == 4:
            desk.now += timedelta(days=1)
            desk.store.count(desk.now)
    desk.now = state.round.closes_at
    desk.store.count(desk.now)
    page.goto("/admin/sign-in")
    page.locator("#name").fill("anna")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()
    follow(page, "Jag är trygg här")
    shown = page.locator("[data-count]").evaluate_all("cells => cells.map((one) => +one.dataset.count)")
    assert shown[:3] == [1, 7, 7]
    context.close()
