"""Questions whose options have no order: what the pages show, and which claims no page makes."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from kiosk.domain.ballot import Ballot
from kiosk.domain.rounds import Protection
from kiosk.domain.survey import Pictures, Scale, Statement, Survey
from kiosk.output.stacked_bars import CATEGORIES
from tests.tools.desk_side import START, Desk

OPTIONS = ("Mat", "Sömn", "Samtal", "Inget av detta")
"""In the order of the file."""

NO_ORDER = "Svaren har ingen ordning: varje svar visas för sig, och omgångar och verksamheter jämförs inte."
CLAIMS = (
    "åt rätt håll",
    "åt fel håll",
    "Upp:",
    "Ner:",
    "Kan vara slump",
    "svarade så",
    "svarade ”",
    "Störst andel",
    "procent.",
)
"""Words of claims about a share that agrees."""


def desk_with(folder: Path, *, is_ordered: bool, protection: Protection = Protection.EXACT) -> Desk:
    """Return a desk after three rounds at two units, in which ever more guests chose the first option."""
    scale = Scale("needs", OPTIONS[::-1], bipolar=False, pictures=Pictures.NONE, is_ordered=is_ordered)
    survey = Survey(
        "needs", "Behov", "", "", False, (Statement("needs", "Vad behöver du mest?", "Behov", scale),), {}
    )
    desk = Desk(folder, is_empty=True)
    for number, first in enumerate((5, 40, 75)):
        desk.now = START + timedelta(days=92 * number)
        desk.store.count(desk.now)
        opened = replace(
            desk.round, id=f"r{number}", survey=survey, opens_at=desk.now, protection=protection,
            closes_at=desk.now + timedelta(days=90),
        )  # fmt: skip
        desk.store.open_round(opened, desk.now)
        for at in range(80):
            option = 4 if at < first else at % 3 + 1
            desk.store.cast(opened.id, "dagverksamheten", Ballot((option,)), desk.now)
            desk.store.cast(opened.id, "matcentralen", Ballot((at % 4 + 1,)), desk.now)
    desk.now += timedelta(days=92)
    desk.store.count(desk.now)
    desk.sign_in()
    return desk


@pytest.fixture(scope="module")
def unordered(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The exact rounds; tests only read them."""
    return desk_with(tmp_path_factory.mktemp("unordered"), is_ordered=False)


def section(desk: Desk) -> str:
    """Return the part of the results page about the question."""
    page = desk.client.get("/admin/results/r2/vasteras").text
    return page.split('<section class="statement"')[1].split("</section>")[0]


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.slow
def test_no_sentence_compares_answers_without_an_order(unordered: Desk) -> None:
    shown = section(unordered)
    assert shown.count(NO_ORDER) >= 3, "beside the round, over time, and for the units"
    assert [claim for claim in CLAIMS if claim in shown] == []
    labels = [shown.index(f'<th scope="col">{label}</th>') for label in OPTIONS]
    assert labels == sorted(labels), "in the order of the file"


@pytest.mark.slow
def test_no_sentence_compares_protected_answers_without_an_order(tmp_path: Path) -> None:
    shown = section(desk_with(tmp_path, is_ordered=False, protection=Protection.PROTECTED))
    assert shown.count(NO_ORDER) >= 3
    assert [claim for claim in CLAIMS if claim in shown] == []


@pytest.mark.slow
def test_the_same_answers_on_an_ordered_scale_are_compared(tmp_path: Path) -> None:
    """The control of the test above."""
    shown = section(desk_with(tmp_path, is_ordered=True))
    assert NO_ORDER not in shown
    assert [
        claim for claim in ("Upp:", "svarade så", "svarade ”", "Störst andel") if claim not in shown
    ] == []


@pytest.mark.slow
def test_an_overview_has_no_share_and_no_change_of_answers_without_an_order(unordered: Desk) -> None:
    page = unordered.client.get("/admin/overview/r2/vasteras").text
    assert "Jämförs inte" in page
    assert "Svaren har ingen ordning" in page
    assert "<b>–</b>" in page
    assert "kan vara" not in page.split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    assert all(colour in page for colour in CATEGORIES[: len(OPTIONS)])


@pytest.mark.slow
def test_files_have_each_answer_and_no_share_that_agrees(unordered: Desk) -> None:
    desk = unordered
    chart = cells(desk.client.get("/admin/chart/r2/vasteras/needs/time.csv").data)
    agrees = chart[0].index("Andel (%)")
    assert [row[agrees] for row in chart[1:]] == [""] * 3
    assert chart[0][3:7] == list(OPTIONS)
    book = openpyxl.load_workbook(io.BytesIO(desk.client.get("/admin/overview/r2/vasteras/board.xlsx").data))
    texts = [str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None]
    assert NO_ORDER in " ".join(texts)
    assert [text for text in texts if any(claim in text for claim in CLAIMS)] == []
    codebook = cells(desk.client.get("/admin/export/codebook.csv").data)
    column = codebook[0].index("agrees")
    assert {row[column] for row in codebook[1:]} == {""}
    assert [row[codebook[0].index("label")] for row in codebook[1:5]] == list(OPTIONS[::-1])
