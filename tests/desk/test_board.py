"""The workbook for a board: real percentages and dates, the page's figures, native charts, no formula."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kiosk.domain.ballot import Ballot
from kiosk.output.board_workbook import BoardChart, BoardSheet, BoardTable, board_workbook
from tests.tools.desk_side import Desk
from tests.tools.published import statements

BOARD = "/admin/overview/r/vasteras/board.xlsx"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.answer(60)
    desk.answer(40, "matcentralen")
    desk.sign_in()
    return desk


def read(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


@pytest.mark.slow
def test_the_workbook_has_a_cover_an_overview_and_a_sheet_per_statement(desk: Desk) -> None:
    book = read(desk.client.get(BOARD).data)
    asked = desk.round.survey.statements
    assert book.sheetnames[:2] == ["Om filen", "Översikt"]
    assert [sheet["A1"].value for sheet in book.worksheets[2:]] == [statement.text for statement in asked]
    cover = "\n".join(str(row[0].value) for row in book["Om filen"].rows)
    for words in (
        "Västerås stadsmission",
        "2\xa0mars\xa02026 – 31\xa0maj\xa02026",
        "Räknat: 2\xa0mars\xa02026 12:00",
        "Exakta",
    ):
        assert words in cover


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [BOARD, "/admin/", "/admin/overview/r/vasteras", "/admin/results/r/vasteras"]
)
def test_no_date_can_break_between_two_lines(desk: Desk, path: str) -> None:
    response = desk.client.get(path)
    sheets = read(response.data) if path == BOARD else ()
    cells = [str(cell.value) for sheet in sheets for row in sheet.rows for cell in row]
    text = "\n".join(cells) or re.sub(r"(?s)<script.*?</script>", "", response.text)
    assert "2\xa0mars\xa02026" in text
    assert re.findall(r"\d (?:mars|maj)\b|\b(?:mars|maj) \d{4}", text) == []


@pytest.mark.slow
def test_the_figures_equal_those_of_the_snapshot_and_shares_are_percentages(desk: Desk) -> None:
    book = read(desk.client.get(BOARD).data)
    tables = statements(desk.store.snapshot()["rounds"][0]["nodes"][0])
    rows = [row[1:] for row in book["Översikt"].rows if isinstance(row[2].value, int)]
    for row, table in zip(rows, tables.values(), strict=True):
        n, agreeing = sum(table["counts"]), sum(table["counts"][-2:])
        assert [row[1].value, row[2].value] == [n, agreeing]
        assert row[3].value == pytest.approx(agreeing / n)
        assert row[3].number_format == "0 %"
        assert row[4].value <= agreeing / n <= row[5].value
    page = book.worksheets[2]
    [of_round] = [row for row in page.rows if isinstance(row[1].value, datetime)]
    assert of_round[1].value == desk.round.opens_at.replace(hour=0)
    counts = tables["listened"]["counts"]
    assert [cell.value for cell in of_round[3:8]] == list(reversed(counts))


@pytest.mark.slow
def test_charts_are_native_and_refer_to_the_figures(desk: Desk) -> None:
    content = desk.client.get(BOARD).data
    book = read(content)
    assert [len(sheet._charts) for sheet in book.worksheets] == [0, 1, 2, 2, 2, 2]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        charts = [name for name in packed.namelist() if name.startswith("xl/charts/chart")]
        assert len(charts) == 9
        stacked = [name for name in charts if b'grouping val="percentStacked"' in packed.read(name)]
        assert len(stacked) == 8


@pytest.mark.slow
def test_days_and_words_have_room_and_charts_stand_below_their_tables(desk: Desk) -> None:
    for sheet in read(desk.client.get(BOARD).data).worksheets[1:]:
        widths = {letter: column.width for letter, column in sheet.column_dimensions.items()}
        for row in sheet.rows:
            for cell in row:
                if isinstance(cell.value, datetime):
                    assert widths[cell.column_letter] >= len("2026-03-02")
        for chart in sheet._charts:
            above = chart.anchor._from.row
            assert chart.anchor._from.col == 0
            assert all(cell.value is None for cell in sheet[above + 1])
            assert sheet.cell(above - 1, 1).value is not None
        long = max(sheet["A"], key=lambda cell: len(str(cell.value)) if cell.alignment.wrap_text else 0)
        lines = -(-len(long.value) // widths["A"])
        assert sheet.row_dimensions[long.row].height >= 15 * lines


@pytest.mark.slow
def test_headings_at_the_right_and_at_the_left_do_not_meet(desk: Desk) -> None:
    met = 0
    for sheet in read(desk.client.get(BOARD).data).worksheets[1:]:
        for left, right in zip(sheet.iter_cols(), list(sheet.iter_cols())[1:], strict=False):
            for before, after in zip(left, right, strict=True):
                if before.alignment.horizontal == "right" and isinstance(after.value, str):
                    met += 1
                    assert after.alignment.horizontal == "right" or after.alignment.indent, after.value
    assert met > 10


@pytest.mark.slow
def test_the_workbook_is_reproducible(desk: Desk) -> None:
    assert desk.client.get(BOARD).data == desk.client.get(BOARD).data


@pytest.mark.slow
def test_a_place_with_too_few_answers_has_no_percentage_and_one_without_says_why(desk: Desk) -> None:
    desk.answer(15, "frida")
    book = read(desk.client.get("/admin/overview/r/frida/board.xlsx").data)
    for row in [row[1:] for row in book["Översikt"].rows if isinstance(row[2].value, int)]:
        assert row[1].value < 20
        assert [cell.value for cell in row[3:6]] == [None] * 3
    empty = read(desk.client.get("/admin/overview/r/talk2me/board.xlsx").data)
    words = [cell.value for row in empty["Översikt"].rows for cell in row]
    assert words.count("Väntar på fler svar.") == 4


def test_staff_cannot_download_the_workbook_of_a_running_round(desk: Desk) -> None:
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert desk.client.get(BOARD).status_code == 403


def test_no_text_becomes_a_formula_and_every_sheet_name_is_valid() -> None:
    table = BoardTable(("=1+1", "b"), (("@x", 1), ("-y", 2)), BoardChart("Chart", 1, 1, ("#000000",)))
    names = ["a/b?", "A b", "x" * 40, "x" * 40, "", "'"]
    book = read(board_workbook([BoardSheet(name, "=2", ("+3",), (table,)) for name in names], None))
    assert len({name.lower() for name in book.sheetnames}) == len(names)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in book.sheetnames)
    for sheet in book.worksheets:
        assert [cell.data_type for row in sheet.rows for cell in row if cell.data_type == "f"] == []


NAME = "Hösten 2026, dagverksamheten"


@pytest.mark.slow
def test_a_round_with_a_name_is_shown_by_it_with_its_dates_beside(desk: Desk) -> None:
    opens = desk.round.closes_at
    named = replace(desk.round, id="named", name=NAME, opens_at=opens, closes_at=opens + timedelta(30))
    desk.now = opens
    desk.store.count(desk.now)
    desk.store.open_round(named, desk.now)
    for _ in range(40):
        desk.store.cast("named", "frida", Ballot((4, 5, 3, 2)), desk.now)
    desk.now = named.closes_at
    desk.store.count(desk.now)
    desk.sign_in()
    dates = "31\xa0maj\xa02026 – 30\xa0juni\xa02026"
    both = f"{NAME}, {dates}"
    for path in ("overview/named/frida", "results/named/frida", "overview/named/frida/files"):
        page = desk.client.get(f"/admin/{path}").text
        title = page.split("<title>")[1].split("</title>")[0]
        assert both in title
        assert page.count(NAME) >= 2, path
    listed = desk.client.get("/admin/rounds").text
    assert f'>{NAME}</a> <span class="fine">{dates}</span>' in listed
    statement = named.survey.statements[0].id
    page = desk.client.get(f"/admin/results/named/frida/{statement}").text
    assert "2026,\\u003cbr\\u003edagverksamheten\\u003cbr\\u003emaj 2026" in page, "the label of its bar"
    book = read(desk.client.get("/admin/overview/named/frida/board.xlsx").data)
    assert f"Omgång: {both}" in [row[0].value for row in book["Om filen"].rows]
    rounds = [row[0].value for row in book.worksheets[2].rows]
    assert both in rounds
    assert "2\xa0mars\xa02026 – 31\xa0maj\xa02026" in rounds, "a round without a name has its dates"
    exported = desk.client.get("/admin/export/counts.csv").text
    assert f'named,"{NAME}",' in exported
