"""Questions of which a guest may choose several options: what the desk shows, writes and exports."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from kiosk.domain.ballot import read_ballot
from kiosk.domain.rounds import Protection
from kiosk.domain.survey import NONE_OF_THESE, Pictures, Scale, Statement, Survey
from tests.tools.desk_side import START, Desk

OPTIONS = ("Mat", "Vila", "Samtal")
"""In the order of the file: the first has the number 3."""

SURVEY = Survey(
    "needs", "Behov", "", "", False,
    (
        Statement(
            "needs", "Vad behöver du?", "Behov",
            Scale("needs", OPTIONS[::-1], bipolar=False, pictures=Pictures.NONE, is_ordered=False),
            several=True,
        ),
    ),
    {},
)  # fmt: skip
FORMS = [["3", "2"]] * 12 + [["3"]] * 10 + [["1"]] * 5 + [["none"]] * 9 + [["dont_know"]] * 4
"""40 ballots: 22 chose food, 12 sleep, 5 to talk, and 9 none of these."""

CHOSEN = [22, 12, 5, 9]


def desk_with(folder: Path, protection: Protection) -> Desk:
    """Return a desk after two rounds at two units, in which all units left the same ballots."""
    desk = Desk(folder, is_empty=True)
    for number in range(2):
        desk.now = START + timedelta(days=92 * number)
        desk.store.count(desk.now)
        opened = replace(
            desk.round, id=f"r{number}", survey=SURVEY, opens_at=desk.now, protection=protection,
            closes_at=desk.now + timedelta(days=90),
        )  # fmt: skip
        desk.store.open_round(opened, desk.now)
        for sent in FORMS:
            for unit in ("dagverksamheten", "matcentralen"):
                desk.store.cast(opened.id, unit, read_ballot(SURVEY, {"needs": sent}), desk.now)
    desk.now += timedelta(days=92)
    desk.store.count(desk.now)
    desk.sign_in()
    return desk


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The exact rounds; tests only read them."""
    return desk_with(tmp_path_factory.mktemp("several"), Protection.EXACT)


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.slow
def test_results_show_each_option_as_a_share_of_all_ballots(exact: Desk) -> None:
    page = exact.client.get("/admin/results/r1/dagverksamheten").text
    for label, count in zip((*OPTIONS, NONE_OF_THESE), CHOSEN, strict=True):
        assert f"{label}: {count} av 40" in page
        assert f'<th scope="col">{label}</th>' in page
    assert "Det går att välja flera svar. Varje stapel är en andel av alla 40" in page
    assert "En stapel för varje svar." in page
    assert "Svarade inte på frågan: <span>Vet inte: 4" in page.replace("\n", "")
    for claim in ("Upp", "Ner", "Kan vara slump", "svarade så", "Störst andel", "höll med.", "Över tid"):
        assert claim not in page.split("Så läser du siffrorna")[0]


@pytest.mark.slow
def test_the_csv_and_svg_of_a_chart_have_a_bar_for_each_option(exact: Desk) -> None:
    rows = cells(exact.client.get("/admin/chart/r1/dagverksamheten/needs/now.csv").data)
    assert [row[3] for row in rows[1:]] == [*OPTIONS, NONE_OF_THESE]
    assert [row[4:6] for row in rows[1:]] == [[str(count), "40"] for count in CHOSEN]
    drawn = exact.client.get("/admin/chart/r1/dagverksamheten/needs/now.svg").text
    assert "Mat: 22 av 40" in drawn
    assert "n är antalet som lämnade svar i omgången" in drawn


def test_the_overview_lists_the_options_most_chosen_first(exact: Desk) -> None:
    page = exact.client.get("/admin/overview/r1/vasteras").text
    places = [page.index(f"<li>{words}") for words in ("Mat: 44", "Vila: 24", "Inget av detta: 18")]
    assert places == sorted(places)
    assert "Jämförs inte" in page


@pytest.mark.slow
def test_the_workbook_and_the_export_have_every_table(exact: Desk) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(exact.client.get("/admin/overview/r1/dagverksamheten/board.xlsx").data)
    )
    rows = [row for sheet in book for row in sheet.values]
    assert any(all(count in row for count in (*CHOSEN, 40)) for row in rows)
    counts = cells(exact.client.get("/admin/export/counts.csv").data)
    node, statement, option, answers = (
        counts[0].index(name) for name in ("node", "statement", "option", "answers")
    )
    of_unit = {
        (row[statement], row[option]): row[answers]
        for row in counts[1:]
        if row[node] == "dagverksamheten" and row[0] == "r1"
    }
    assert of_unit["needs", "1"] == "9"
    assert of_unit["needs", "dont_know"] == "4"
    assert (of_unit["needs/3", "1"], of_unit["needs/3", "2"]) == ("18", "22")
    assert ("needs/3", "dont_know") not in of_unit
    codebook = cells(exact.client.get("/admin/export/codebook.csv").data)
    at = codebook[0].index("option")
    keys = {(row[0], row[codebook[0].index("statement")], row[at]) for row in codebook[1:]}
    assert {(row[0], row[statement], row[option]) for row in counts[1:] if row[statement]} <= keys


@pytest.mark.slow
def test_protected_figures_have_half_the_epsilon_for_an_option(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, Protection.PROTECTED)
    counts = cells(desk.client.get("/admin/export/counts.csv").data)
    epsilon, statement = counts[0].index("epsilon"), counts[0].index("statement")
    assert {(row[statement], row[epsilon]) for row in counts[1:] if row[statement]} == {
        ("needs", "3/2"), ("needs/1", "3/4"), ("needs/2", "3/4"), ("needs/3", "3/4"),
    }  # fmt: skip
    page = desk.client.get("/admin/results/r1/dagverksamheten").text
    assert "Skyddade siffror: varje stapel kan vara fel på" in page
    assert "av 40" in page
