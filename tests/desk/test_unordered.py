"""Questions whose options have no order: what the pages show, and which claims no page makes."""

import csv
import io
import re
from base64 import b64decode
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
from tests.tools.earlier_figures import enter

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


def survey_with(*, is_ordered: bool) -> Survey:
    scale = Scale("needs", OPTIONS[::-1], bipolar=False, pictures=Pictures.NONE, is_ordered=is_ordered)
    statement = Statement("needs", "Vad behöver du mest?", "Behov", scale)
    return Survey("needs", "Behov", "", "", False, (statement,), {})


def desk_with(folder: Path, *, is_ordered: bool, protection: Protection = Protection.EXACT) -> Desk:
    """Return a desk after three rounds at two units, in which ever more guests chose the first option."""
    survey, desk = survey_with(is_ordered=is_ordered), Desk(folder, is_empty=True)
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


def report_on_earlier_figures(folder: Path, *, is_ordered: bool, **typed: str) -> str:
    """Return a report of 2022 with counts of three of the options, typed from a report of 30 answers."""
    desk = Desk(folder, is_empty=True)
    parts = desk.app.extensions["desk"]
    parts.library = replace(
        parts.library, surveys={**parts.library.surveys, "needs": survey_with(is_ordered=is_ordered)}
    )
    desk.sign_in()
    counts = {"count-needs-4": "12", "count-needs-3": "8", "count-needs-1": "0"}
    assert enter(desk, "/admin/imported/new/needs", n="30", **counts, **typed).status_code == 303
    terms = {"title": "2022", "organisation": "Stadsmission", "year": "2022", "node": "dagverksamheten"}
    token = desk.token("/admin/reports")
    desk.client.post("/admin/reports", data={"csrf_token": token, "theory": "ombudsmannaskap", **terms})
    chosen = desk.client.post("/admin/reports/r2022-1", data={"csrf_token": token, "statement": "needs"})
    assert chosen.status_code == 303
    return desk.client.get("/admin/reports/r2022-1/preview").text


@pytest.mark.parametrize("sleep", ["Sömn", "Att sova"])
def test_a_report_has_the_earlier_count_of_each_answer_without_an_order(tmp_path: Path, sleep: str) -> None:
    """The words of the answers are those of the survey, or others that the earlier report had."""
    page = report_on_earlier_figures(tmp_path, is_ordered=False, **{"label-needs-3": sleep})
    shown = [part for part in re.findall(r"<p>(.*?)</p>", page) if " av 30 svarade" in part]
    counts = f"12 av 30 svarade ”Mat”. 8 av 30 svarade ”{sleep}”. 0 av 30 svarade ”Inget av detta”."
    assert shown == [f"{counts} {NO_ORDER}"]
    charts = [b64decode(part).decode() for part in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)]
    assert len(charts) == 2
    assert all(f"{sleep}: 8 av 30; Samtal: okänt; Inget av detta: 0 av 30;" in chart for chart in charts)
    assert all(colour in chart for chart in charts for colour in CATEGORIES[: len(OPTIONS)])


def test_a_report_on_the_same_earlier_figures_of_an_ordered_scale_has_the_share(tmp_path: Path) -> None:
    """The control of the test above."""
    page = report_on_earlier_figures(tmp_path, is_ordered=True)
    assert "<p>20 av 30 svarade ”Mat” eller ”Sömn”. " in page
    assert NO_ORDER not in page
