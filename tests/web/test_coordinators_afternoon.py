"""A coordinator's afternoon in a real browser: from an empty report to a published PDF."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from kiosk.operation.demonstration_report import publish_report
from tests.tools.desk_side import Desk
from tests.tools.frames import resize
from tests.web.coordinator import barriers, sign_in

pytestmark = pytest.mark.browser

Serve = Callable[[Any], str]

LISTENED = "Jag känner att personalen lyssnar på mig"
WRITTEN = {
    "Vision": "Alla har en plats att vara på.",
    "Sammanfattning": "Gästerna känner att de blir lyssnade på.\n\n- Fler samtal\n- Mer tid",
    LISTENED: "Det här är vi stolta över.",
}
CAUSE = "Samtalen har lett till bättre hälsa."
HYPHENATION = "\x02"
"""What pdfium puts where a word is divided at the end of a line."""


def write(page: Page, part: str, words: str) -> None:
    """Write one part, from the report's page and back to it."""
    page.locator("#parts ~ ol").get_by_role("link", name=part).click()
    expect(page.locator("#words")).to_have_value("")
    page.locator("#words").fill(words)
    page.get_by_role("button", name="Spara").click()
    expect(page.locator("#notice")).to_contain_text("Texten är sparad")


def a_sign_that_cannot_be_printed_is_named(page: Page) -> None:
    """While it is typed, and beside the part once it is saved."""
    page.locator("#parts ~ ol").get_by_role("link", name="Värdegrund").click()
    page.locator("#words").press_sequentially("Värme 😀")
    expect(page.locator("#signs")).to_contain_text("Tecken som inte går att skriva ut")
    expect(page.locator("#signs span")).to_have_text("😀")
    page.get_by_role("button", name="Spara").click()
    expect(page.locator("#values .warning")).to_contain_text("😀")
    page.locator("#parts ~ ol").get_by_role("link", name="Värdegrund").click()
    page.locator("#words").fill("Värme")
    expect(page.locator("#signs")).to_be_hidden()
    page.get_by_role("button", name="Spara").click()
    expect(page.locator("#values .warning")).to_have_count(0)


def a_printed_page_has_a_cover_and_a_summary_of_one_sheet(page: Page) -> None:
    sheets = pypdfium2.PdfDocument(page.pdf(format="A4", prefer_css_page_size=True))
    cover, summary, after, *_ = (sheet.get_textpage().get_text_bounded() for sheet in sheets)
    assert "Effektrapport 2026" in cover
    assert "I korthet" in summary
    assert "Mäts inte" in summary  # its last line
    assert after.startswith("Vision")
    assert "I korthet" not in cover


A4_PIXELS = 700
"""Width of an upright sheet without its margins."""


def the_theory_is_a_table_of_five_columns_on_paper(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/theory")
    resize(page, A4_PIXELS, 1000)
    page.emulate_media(media="print")
    boxes = [section.bounding_box() for section in page.locator(".theory section").all()]
    tops = {box["y"] for box in boxes if box}
    assert (len(boxes), len(tops)) == (5, 1)
    expect(page.get_by_role("button", name="Skapa en egen kopia")).to_be_hidden()


def saving_ends_the_question_about_claims(page: Page) -> None:
    """The question's answer has a session's cookie too. After the saved text's, it would undo the notice."""
    page.locator("#parts ~ ol").get_by_role("link", name="Uppdrag").click()
    page.route("**/reports/claims", lambda _: None)  # no answer comes
    with page.expect_request("**/reports/claims"):
        page.locator("#words").press_sequentially("Vi")
    page.evaluate("words.form.addEventListener('submit', (event) => event.preventDefault())")
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Spara").click()
    page.unroute("**/reports/claims")
    page.go_back()


def test_from_an_empty_report_to_a_published_pdf(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer(40)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    address = serve(desk.app)
    page = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True).new_page()
    sign_in(page, address)
    page.goto(f"{address}/admin/reports")
    page.locator("#title").fill("Effektrapport 2026")
    page.locator("#organisation").fill("Västerås stadsmission")
    page.locator("#year").fill("2026")
    page.locator("#node").select_option(value="dagverksamheten")
    page.get_by_role("button", name="Börja").click()
    expect(page.locator("#notice")).to_contain_text("Rapporten är skapad.")

    for part, words in WRITTEN.items():
        write(page, part, words)
    saving_ends_the_question_about_claims(page)
    a_sign_that_cannot_be_printed_is_named(page)
    write(page, "Övriga upplysningar", CAUSE)
    expect(page.locator("#other .warning")).to_contain_text(CAUSE)
    page.locator("[name=statement][value=feel_better]").uncheck()
    page.get_by_role("button", name="Spara valen").click()
    expect(page.locator("[name=statement][value=feel_better]")).not_to_be_checked()
    assert barriers(page) == []

    page.get_by_role("link", name="Förhandsgranska").click()
    expect(page.locator("h1")).to_have_text("Effektrapport 2026")
    expect(page.get_by_text("Utkast, inte publicerat")).to_be_visible()
    assert barriers(page) == []
    a_printed_page_has_a_cover_and_a_summary_of_one_sheet(page)
    page.go_back()
    page.get_by_role("button", name="Publicera en utgåva").click()
    expect(page.locator("#notice")).to_contain_text("Rapporten är publicerad.")
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    sheets = pypdfium2.PdfDocument(download.value.path())
    text = " ".join(" ".join(sheet.get_textpage().get_text_bounded() for sheet in sheets).split())
    text = text.replace(HYPHENATION, "")
    for words in ("Alla har en plats att vara på.", "Fler samtal", "Det här är vi stolta över.", "Utgåva 1"):
        assert words in text
    the_theory_is_a_table_of_five_columns_on_paper(page, address)
    assert "Enkäten hade 4 påståenden, rapporten visar 3." in text
    page.context.close()


def test_text_typed_before_the_script_ran_is_checked_when_it_runs(
    browser: Browser, serve: Serve, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    desk.answer(40)
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)
    publish_report(desk.store, desk.app.extensions["desk"].library, desk.now)
    address = serve(desk.app)
    page, held = browser.new_context().new_page(), list[Route]()
    sign_in(page, address)
    page.route("**/desk_report.js*", lambda route: held.append(route))
    with page.expect_request("**/desk_report.js*"):
        page.goto(f"{address}/admin/reports/r2026-1/part/about", wait_until="commit")
    page.locator("#words").fill("Värme 😀")
    expect(page.locator("#signs")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#signs span")).to_have_text("😀")
    page.context.close()
