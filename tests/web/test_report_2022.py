"""The effect report of 2022 typed in by hand in a real browser, from an empty desk to all five files.

Every fact goes through a page of the desk: the organisation with its areas, the theory of change, the
outputs, the figures of the paper survey, the texts. Nothing is put into the store.
"""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.tools.desk_side import Desk
from tests.tools.frames import resize
from tests.tools.report_2022 import AREAS, OUTPUTS, PARTS, SHARES, WORDS
from tests.web.coordinator import barriers, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Serve = Callable[[Any], str]

ORGANISATION = "Västerås stadsmission"
PLACE = "Dagverksamheten"
THEORY = "Ombudsmannaskap 2022"
FILES = {
    "läs": "html",
    "PDF": "pdf",
    "Word": "docx",
    "siffrorna (Excel)": "xlsx",
    "siffrorna (datapaket)": "zip",
}
"""Text of an edition's link -> the ending of its file."""

DIVIDED = "\x02"
"""What pdfium puts where a word is divided at the end of a line."""


def menu(page: Page, item: str, under: str) -> None:
    page.locator("nav.menu").first.get_by_role("link", name=item, exact=True).click()
    page.locator("nav.pages-of-item").get_by_role("link", name=under, exact=True).click()


def choose(page: Page, select: str, label: str) -> None:
    """Choose the last option with a label: that of the own organisation, where a shipped one has it too."""
    options = page.locator(f"{select} option").get_by_text(label, exact=True)
    page.locator(select).select_option(index=options.last.evaluate("option => option.index"))


def save(page: Page, notice: str, button: str = "Spara") -> None:
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    expect(page.locator("#notice")).to_contain_text(notice)


def type_organisation(page: Page) -> None:
    """Copy the shipped organisation, add its areas, and put each unit below its area."""
    menu(page, "Enkäter", "Verksamheter")
    page.get_by_role("button", name=f"Skapa en egen kopia av {ORGANISATION}").click()
    page.locator("#name").fill(ORGANISATION)
    names, parents = page.locator("[name=unit_name]"), page.locator("select[name=parent]")
    units = names.evaluate_all("fields => fields.map(field => field.value)")
    for row, (area, below) in enumerate(AREAS.items(), start=units.index("")):
        names.nth(row).fill(area)
        for unit in below:
            parents.nth(units.index(unit)).select_option(label=f"Rad {row + 1}")
    save(page, "Sparat")
    units = names.evaluate_all("fields => fields.map(field => field.value)")  # in the order of the areas
    for area, below in AREAS.items():
        for unit in below:
            expect(parents.nth(units.index(unit)).locator("option:checked")).to_have_text(area)


def type_theory(page: Page) -> None:
    menu(page, "Insatser", "Effekt")
    page.get_by_role("button", name="Skapa en egen kopia").click()
    page.locator("#title").fill(THEORY)
    save(page, "Sparat")


def type_outputs(page: Page) -> None:
    menu(page, "Insatser", "Räkna")
    for counter, figure in OUTPUTS.items():
        choose(page, "#counter", counter)
        choose(page, "#node", PLACE)
        page.locator("#period").fill("2022")
        page.locator("#figure").fill(figure)
        choose(page, "#reason", "Uppgiften kom i efterhand")
        page.locator("form:has(#period)").get_by_role("button", name="Spara").click()
        expect(page.locator("#notice")).to_contain_text("Siffran är sparad.")


def type_paper_survey(page: Page) -> None:
    """Type the shares of the diagrams, below the very statements that the source has."""
    menu(page, "Resultat", "Siffror från tidigare rapporter")
    page.get_by_role("link", name="Ombudsmannaskap i Dagverksamheten", exact=True).click()
    choose(page, "#node", PLACE)
    page.locator("#first").fill("2022-11-01")
    page.locator("#last").fill("2022-11-30")
    page.locator("#n").fill("20")
    page.locator("#source").fill("Effektrapport 2022, papper")
    for statement, (answer, share) in SHARES.items():
        page.get_by_role("group", name=statement, exact=True).get_by_label(answer, exact=True).fill(share)
    choose(page, "#reason", "De står i en tidigare rapport")
    assert barriers(page) == []
    save(page, "Siffrorna är sparade.")


def write_report(page: Page) -> None:
    menu(page, "Insatser", "Effektrapporter")
    page.locator("#title").fill("Effektrapport 2022")
    page.locator("#organisation").fill(ORGANISATION)
    page.locator("#year").fill("2022")
    choose(page, "#node", PLACE)
    page.locator("#theory").select_option(label=THEORY)
    page.get_by_role("button", name="Börja").click()
    expect(page.locator("#notice")).to_contain_text("Rapporten är skapad.")
    for part, words in WORDS.items():
        page.locator(f"#{part}").get_by_role("link").click()
        page.locator("#words").fill(words)
        expect(page.locator("#claims")).to_be_hidden()
        save(page, "Texten är sparad")
    expect(page.locator("main .warning")).to_have_count(0)
    assert barriers(page) == []
    page.get_by_role("link", name="Förhandsgranska").click()
    expect(page.get_by_text("Utkast, inte publicerat")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Publicera en utgåva").click()
    expect(page.locator("#notice")).to_contain_text("Rapporten är publicerad.")


def files_of(page: Page) -> dict[str, bytes]:
    """Fetch each file as its link does; return ending -> content."""
    files: dict[str, bytes] = {}
    for link, ending in FILES.items():
        if ending == "html":
            page.get_by_role("link", name=link, exact=True).click()
            files[ending] = page.content().encode()
            assert barriers(page) == []
            page.go_back()
        else:
            with page.expect_download() as download:
                page.get_by_role("link", name=link, exact=True).click()
            files[ending] = download.value.path().read_bytes()
    return files


def headings_in_order(text: str) -> list[str]:
    """Return the parts of the source in the order in which a text has them as lines of their own."""
    lines = [line.strip() for line in text.splitlines()]
    places = {part: lines.index(part) for part in PARTS if part in lines}
    return sorted(places, key=places.__getitem__)


def test_the_report_of_2022_is_typed_in_and_published(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    desk = Desk(tmp_path, is_empty=True)
    address = serve(desk.app)
    page = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True).new_page()
    sign_in(page, address)
    type_organisation(page)
    type_theory(page)
    type_outputs(page)
    type_paper_survey(page)
    write_report(page)
    files = files_of(page)
    phone = page.context.new_page()  # the content policy of the desk's page would leave out the file's styles
    resize(phone, 390, 844)
    phone.set_content(files["html"].decode())
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    drawn = phone.locator("figure img").first.evaluate("chart => chart.clientWidth")
    assert drawn > 600, "the words of a chart stay as large as on a wide page"
    page.context.close()
    if folder := os.environ.get("REPORT_2022_FOLDER"):
        for ending, content in files.items():
            (Path(folder) / f"report-2022.{ending}").write_bytes(content)

    sheets = pypdfium2.PdfDocument(files["pdf"])
    printed = "\n".join(sheet.get_textpage().get_text_bounded() for sheet in sheets)
    in_pdf = " ".join(printed.replace(DIVIDED, "").split())
    document = docx.Document(io.BytesIO(files["docx"]))
    headings = [one.text for one in document.paragraphs if one.style and one.style.name == "Heading 1"]
    assert headings == ["I korthet", *PARTS]
    assert [part for part in PARTS if part not in in_pdf] == []
    for figure in ("10 av 20", "7 av 20", "4 av 20", "ca 200", "ca 500", "ej räknat", "Utgåva 1", "4,5 mnkr"):
        assert figure in in_pdf, figure
        assert figure in files["html"].decode().replace("\xa0", " "), figure
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    numbers = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {10, 7, 4, 20} <= numbers
    with zipfile.ZipFile(io.BytesIO(files["zip"])) as package:
        assert len(package.namelist()) == len(book.sheetnames)  # the list of contents is the description
