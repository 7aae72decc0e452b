"""Pages and files about statements on other scales than agreement: no word says that a guest agreed."""

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from babel.messages.pofile import read_po

from kiosk.desk.results.overview import overview_of
from kiosk.desk.results.place_document import place_document
from kiosk.desk.results.statement_view import section_of
from kiosk.domain.ballot import Ballot
from kiosk.domain.survey import Good, Statement, Survey
from tests.tools.desk_side import START, Desk

AGREEMENT = re.compile(r"höll med|håll\w* med|instäm", re.IGNORECASE)

CATALOGUE = Path(__file__).parents[2] / "translations" / "en" / "LC_MESSAGES" / "desk.po"
"""Has every text of the desk (tests/library/test_catalogues.py)."""

ABOUT_AGREEMENT = (
    "En skala ska betyda samma sak på alla språk.",
    "Egna svar skriver du under påståendena",
    "Frågar om flera saker på en gång.",
    "Har ett nekande ord",
)
"""Beginnings of texts that are about scales of agreement, or about how a guest reads a statement."""

OFTEN, EATEN = "Jag får sova ut", "Har du ätit i dag?"
NAMED = ("Svarade ”Alltid” eller ”Ofta” (%)", "Svarade ”Ja” (%)")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A closed round of a survey with a frequency scale and a yes/no scale; tests only read it."""
    desk = Desk(tmp_path_factory.mktemp("scales"), is_empty=True)
    scales = desk.app.extensions["desk"].library.scales
    statements = (
        Statement("often", OFTEN, "Sömn", scales["frequency5"], Good.HIGH, target=20),
        Statement("eaten", EATEN, "Mat", scales["yesno"], Good.HIGH, target=90),
    )
    survey = Survey("vardag", "Vardag", "Vi", "Fri", False, statements, {})
    opened = replace(desk.round, survey=survey, closes_at=START + timedelta(days=30))
    desk.store.open_round(opened, START)
    for at in range(80):
        desk.store.cast("r", "frida", Ballot((4 + at % 2, 1 + at % 2)), START)
        desk.store.cast("r", "matcentralen", Ballot((1 + at % 5, 1 + (at > 5))), START)
    desk.now = START + timedelta(days=31)
    desk.store.count(desk.now)
    desk.sign_in()
    return desk


def book(desk: Desk, path: str) -> Any:
    return openpyxl.load_workbook(io.BytesIO(desk.client.get(path).data))


def rows_of(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.rows]


def cells(sheet: Any) -> list[Any]:
    return list(chain.from_iterable(rows_of(sheet)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "", "overview/r/vasteras", "overview/r/frida", "results/r/vasteras", "results/r/vasteras/often",
        "results/r/frida/eaten", "overview/r/vasteras/files", "overview/r/vasteras?sort=share",
    ],
)  # fmt: skip
def test_no_page_says_that_a_guest_agreed(desk: Desk, path: str) -> None:
    shown = desk.client.get(f"/admin/{path}").text
    assert OFTEN in shown or EATEN in shown
    assert AGREEMENT.findall(shown) == []


def test_no_text_of_the_desk_says_that_a_guest_agreed() -> None:
    texts = [str(message.id) for message in read_po(io.BytesIO(CATALOGUE.read_bytes()))]
    of_agreement = [text for text in texts if AGREEMENT.search(text)]
    assert [text for text in of_agreement if not text.startswith(ABOUT_AGREEMENT)] == []
    assert len(of_agreement) == len(ABOUT_AGREEMENT)


def test_the_overview_names_the_answers_of_each_share(desk: Desk) -> None:
    page = desk.client.get("/admin/overview/r/vasteras").text
    assert f"Andelen är de som svarade ”Alltid” eller ”Ofta” på ”{OFTEN}”." in page
    assert f"Andelen är de som svarade ”Ja” på ”{EATEN}”." in page


@pytest.mark.slow
def test_every_file_names_the_answers_of_each_share(desk: Desk) -> None:
    for statement, heading in zip(("often", "eaten"), NAMED, strict=True):
        content = desk.client.get(f"/admin/chart/r/vasteras/{statement}/places.csv").data.decode("utf-8-sig")
        assert heading in next(csv.reader(io.StringIO(content)))
        assert heading in cells(book(desk, f"/admin/chart/r/vasteras/{statement}/now.xlsx").active)
    board = book(desk, "/admin/overview/r/vasteras/board.xlsx")
    for sheet, heading in zip(board.worksheets[2:], NAMED, strict=True):
        assert heading in cells(sheet)
    words = " ".join(str(cell) for sheet in board for cell in cells(sheet))
    assert AGREEMENT.findall(words) == []


def test_the_document_for_print_names_the_answers_of_each_share(desk: Desk) -> None:
    with desk.app.test_request_context():
        published = desk.app.extensions["desk"].published.read(desk.store)
        states = desk.store.rounds()
        of_round, document = states[0].round, published.document
        sections = [
            section_of(document, states, of_round, "vasteras", asked) for asked in of_round.survey.statements
        ]
        shown = overview_of(published, states, states[0], "vasteras")
        words = str(place_document(document, of_round, "vasteras", shown, sections))
    assert AGREEMENT.findall(words) == []
    assert "Andelen är de som svarade ”Alltid” eller ”Ofta”. n är" in words
    assert "Andelen är de som svarade ”Ja”. n är" in words


@pytest.mark.slow
def test_the_workbooks_overview_says_whether_each_target_is_reached(desk: Desk) -> None:
    sheet = book(desk, "/admin/overview/r/vasteras/board.xlsx")["Översikt"]
    [heading] = [row for row in rows_of(sheet) if row[0] == "Påstående"]
    often, eaten = (
        dict(zip(heading, row, strict=True)) for row in rows_of(sheet) if row[0] in (OFTEN, EATEN)
    )
    assert [row["Svar som räknas i andelen"] for row in (often, eaten)] == ["”Alltid” eller ”Ofta”", "”Ja”"]
    assert [row["Mål"].replace("\N{NO-BREAK SPACE}", " ") for row in (often, eaten)] == [
        "minst 20 %",
        "minst 90 %",
    ]
    assert [row["Målet är"] for row in (often, eaten)] == ["nått", "inte nått"]
