"""The results as files: a PDF of one round at one place, charts whose rows name themselves, two notations of
CSV."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest

from kiosk.desk.results.overview import overview_of
from kiosk.desk.results.place_document import place_document
from kiosk.desk.results.statement_view import section_of
from tests.tools.desk_side import Desk
from tests.tools.earlier_figures import enter
from tests.tools.published import statements

PLACE = "/admin/overview/r/vasteras"
CHART = "/admin/chart/r/vasteras/listened"
NAME = "jag-kanner-att-personalen-lyssnar-pa-mig_vasteras-stadsmission"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.answer(61)
    desk.answer(40, "matcentralen")
    desk.sign_in()
    return desk


def read_csv(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


def words(pdf: bytes) -> str:
    """The text of a PDF without spaces, since lines are broken and hyphenated."""
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return "".join(" ".join(pages).replace("\ufffe", "").replace("\N{SOFT HYPHEN}", "").split())


def test_each_row_of_a_chart_names_its_statement_place_and_round(desk: Desk) -> None:
    response = desk.client.get(f"{CHART}/places.csv?download=1")
    heading, *rows = read_csv(response.data)
    assert heading[:3] == ["Påstående", "Verksamhet", "Omgång"]
    assert "Svarade ”Instämmer helt” eller ”Instämmer bra” (%)" in heading
    names = [node.name for node in desk.round.tree.nodes]
    assert [row[1] for row in rows] == names
    for row in rows:
        assert [row[0], row[2]] == [
            "Jag känner att personalen lyssnar på mig",
            "2\xa0mars\xa02026 – 31\xa0maj\xa02026",
        ]
    assert response.headers["Content-Disposition"].endswith(
        f"={NAME}_2026-03-02_verksamhet-for-verksamhet.csv"
    )


def test_a_percentage_with_a_decimal_is_rounded_half_up_from_the_counts(desk: Desk) -> None:
    """The nearest binary number to 201 / 400 is below 50.25 %."""
    counts = {
        f"count-listened-{option}": count
        for option, count in zip("54321", ("201", "0", "99", "60", "40"), strict=True)
    }
    assert enter(desk, n="400", **counts).status_code == 303
    heading, *rows = read_csv(desk.client.get("/admin/chart/r/dagverksamheten/listened/time.csv").data)
    at = heading.index("Svarade ”Instämmer helt” eller ”Instämmer bra” (%)")
    assert rows[0][at] == "50.3"


@pytest.mark.slow
def test_the_percentage_is_that_of_the_counts_and_missing_with_few_answers(desk: Desk) -> None:
    desk.answer(15, "frida")
    heading, *rows = read_csv(desk.client.get(f"{CHART}/places.csv").data)
    at = heading.index("Svarade ”Instämmer helt” eller ”Instämmer bra” (%)")
    shares = {row[1]: row[at] for row in rows}
    counts = statements(desk.store.snapshot()["rounds"][0]["nodes"][0])["listened"]["counts"]
    assert float(shares["Västerås stadsmission"]) == pytest.approx(
        100 * sum(counts[-2:]) / sum(counts), abs=0.051
    )
    assert shares["FRIDA"] == shares["Talk2Me"] == ""


@pytest.mark.slow
def test_semicolons_and_decimal_commas_come_where_asked_and_nothing_else_changes(desk: Desk) -> None:
    for path in (f"{CHART}/now.csv", "/admin/export/counts.csv"):
        plain = desk.client.get(path).data
        european = desk.client.get(f"{path}?csv=semicolon").data
        assert plain != european
        assert plain.startswith(b"\xef\xbb\xbf")
        assert european.startswith(b"\xef\xbb\xbf")
        as_comma = [
            [re.sub(r"^(\d+),(\d)$", r"\1.\2", field) for field in row] for row in read_csv(european, ";")
        ]
        assert as_comma == read_csv(plain)
    assert re.search(rb";\d\d,\d;", desk.client.get(f"{CHART}/now.csv?csv=semicolon").data)
    assert desk.client.get(f"{CHART}/now.csv?csv=tab").status_code == 404


@pytest.mark.slow
def test_a_charts_workbook_has_its_chart_and_real_percentages(desk: Desk) -> None:
    response = desk.client.get(f"{CHART}/now.xlsx?download=1")
    book: Any = openpyxl.load_workbook(io.BytesIO(response.data))
    [sheet] = book.worksheets
    assert len(sheet._charts) == 1
    [heading] = [row for row in sheet.rows if row[0].value == "Påstående"]
    [row] = [row for row in sheet.rows if row[1].value == "Västerås stadsmission"]
    [share] = [cell for cell, name in zip(row, heading, strict=True) if "Svarade" in (name.value or "")]
    assert share.number_format == "0 %"
    assert 0 < share.value < 1
    assert response.headers["Content-Disposition"].endswith(f"={NAME}_2026-03-02.xlsx")


@pytest.mark.slow
def test_the_choice_of_csv_stays_in_the_links_of_the_page(desk: Desk) -> None:
    page = desk.client.get(f"{PLACE}/files?csv=semicolon").text
    links = re.findall(r'href="([^"]+\.csv[^"]*)"', page)
    assert len(links) == 2 * len(desk.round.survey.statements) + 3
    for link in links:
        assert "csv=semicolon" in link
        assert desk.client.get(link.replace("&amp;", "&")).data.count(b";") > 5


@pytest.mark.slow
def test_the_pdf_is_accessible_and_has_every_statement(desk: Desk) -> None:
    response = desk.client.get(f"{PLACE}/results.pdf")
    assert response.mimetype == "application/pdf"
    assert b"pdfuaid" in response.data
    assert response.headers["Content-Disposition"].endswith("=vasteras-stadsmission_2026-03-02.pdf")
    text = words(response.data)
    for statement in desk.round.survey.statements:
        assert "".join(statement.text.split()) in text
    n = sum(statements(desk.store.snapshot()["rounds"][0]["nodes"][0])["listened"]["counts"])
    assert f"avn={n}" in text or f"n={n}" in text
    assert "Exaktasiffror" in text
    assert "Andelenärdesomsvarade" in text
    assert response.data == desk.client.get(f"{PLACE}/results.pdf").data


@pytest.mark.slow
def test_a_place_without_figures_has_a_pdf_that_says_why(desk: Desk) -> None:
    text = words(desk.client.get("/admin/overview/r/talk2me/results.pdf").data)
    assert "Väntarpåflersvar." in text


def test_staff_get_no_file_of_a_running_round(desk: Desk) -> None:
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    for path in (f"{PLACE}/files", f"{PLACE}/results.pdf", f"{CHART}/now.csv", "/admin/export/counts.csv"):
        assert desk.client.get(path).status_code == 403


@pytest.mark.parametrize(
    ("node_id", "one", "several"),
    [("dagverksamheten", "deltagare", "deltagare"), ("vasteras", "gäst", "gäster")],
)
def test_the_document_of_a_place_has_its_word_for_those_who_answer(
    tmp_path: Path, node_id: str, one: str, several: str
) -> None:
    desk = Desk(tmp_path)
    desk.answer(30)
    with desk.app.test_request_context():
        published = desk.app.extensions["desk"].published.read(desk.store)
        states = desk.store.rounds()
        of_round, document = states[0].round, published.document
        sections = [
            section_of(document, states, of_round, node_id, asked) for asked in of_round.survey.statements
        ]
        shown = overview_of(published, states, states[0], node_id)
        words = str(place_document(document, of_round, node_id, shown, sections))
    assert f"vad en viss {one} svarade" in words
    assert f"inte alla {several}." in words
