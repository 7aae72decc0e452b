"""Reports for word processors, and their numbers as a workbook: the structure that programs see."""

import io
from dataclasses import replace
from typing import Any

import docx
import openpyxl
import pytest

from kiosk.domain.report import Block, Kind, ReportDocument
from kiosk.output import report_files
from kiosk.output.charts import Bar
from kiosk.output.paper import PaperError
from kiosk.output.report_docx import report_docx
from kiosk.output.report_files import write_file
from kiosk.output.report_html import report_html
from kiosk.output.report_writer import WRITERS
from kiosk.output.report_xlsx import report_xlsx
from kiosk.output.svg import Picture, svg

DRAWN = svg(Picture("", ("ja", "nej"), ("#000000", "#ffffff"), (Bar("FRIDA", "n = 0", ()),), ()))
TABLE = Block(
    Kind.TABLE, "Prestationer", header=("Prestation", "2026"), rows=(("Råd", "12"), ("a\nb", "=1+1"))
)
REPORT = ReportDocument(
    "Effektrapport 2026",
    "FRIDA, 2026",
    "sv",
    "Utgåva 1",
    (
        Block(Kind.WARNING, "DEMONSTRATION"),
        Block(Kind.HEADING, "I korthet", level=1),
        Block(Kind.CHART, "Ingen svarade.", svg=DRAWN, data=(("Svar", "2026"), ("ja", "7"))),
        Block(Kind.PAGE),
        Block(Kind.HEADING, "Vision", level=1),
        Block(Kind.HEADING, "Mål", level=2),
        Block(Kind.PARAGRAPH, "Alla ska <b>med</b>."),
        Block(Kind.PARAGRAPH, "مرحبا Anna"),
        Block(Kind.LIST, rows=(("ett",), ("två",))),
        Block(Kind.NOTE, "Källa: boken."),
        TABLE,
    ),
    "Staden",
)


@pytest.fixture(scope="module")
def written() -> Any:
    return docx.Document(io.BytesIO(report_docx(REPORT)))


def test_every_block_has_a_word_processors_named_style(written: Any) -> None:
    assert [(one.style.name, one.text) for one in written.paragraphs if one.text] == [
        ("Organisation", "Staden"), ("Title", "Effektrapport 2026"), ("Subtitle", "FRIDA, 2026"),
        ("Note", "Utgåva 1"), ("Warning", "DEMONSTRATION"), ("Heading 1", "I korthet"),
        ("Heading 1", "Vision"), ("Heading 2", "Mål"), ("Normal", "Alla ska <b>med</b>."),
        ("Normal", "مرحبا Anna"), ("List Bullet", "ett"), ("List Bullet", "två"), ("Note", "Källa: boken."),
        ("Caption", "Prestationer"),
    ]  # fmt: skip


def test_a_page_break_follows_the_cover_and_the_summary(written: Any) -> None:
    breaks = [one.text for one in written.paragraphs if one.paragraph_format.page_break_before]
    assert breaks == ["DEMONSTRATION", "Vision"]


def test_a_picture_in_a_word_report_has_its_text_alternative(written: Any) -> None:
    [picture] = written.element.xpath("//wp:docPr")
    assert picture.get("descr") == "Ingen svarade."


def test_a_table_repeats_its_heading_row_and_has_every_cell(written: Any) -> None:
    [table] = written.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Prestation", "2026"], ["Råd", "12"], ["a\nb", "=1+1"],
    ]  # fmt: skip
    assert [len(row._tr.xpath("w:trPr/w:tblHeader")) for row in table.rows] == [1, 0, 0]


def test_the_language_title_and_organisation_are_properties(written: Any) -> None:
    assert written.core_properties.language == "sv-SE"
    assert written.core_properties.title == "Effektrapport 2026"
    assert written.core_properties.author == "Staden"
    assert {element.values()[0] for element in written.styles.element.xpath("w:docDefaults//w:lang")} == {
        "sv-SE"
    }


def test_arabic_paragraphs_are_right_to_left_and_swedish_ones_are_not(written: Any) -> None:
    turned = [one.text for one in written.paragraphs if one._p.xpath("w:pPr/w:bidi")]
    assert turned == ["مرحبا Anna"]


def test_only_an_arabic_paragraph_of_the_page_runs_from_right_to_left() -> None:
    page = report_html(REPORT)
    assert '<p dir="rtl">مرحبا Anna</p>' in page
    assert page.count('dir="rtl"') == 1


@pytest.mark.parametrize("ending", ["docx", "xlsx"])
def test_a_reports_file_is_reproducible(ending: str) -> None:
    assert WRITERS[ending](REPORT) == WRITERS[ending](REPORT)


def test_the_workbook_has_a_sheet_for_each_chart_and_table_with_its_headings() -> None:
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(REPORT)))
    assert book.sheetnames == ["Innehåll", "Diagram 1", "Tabell 1"]
    assert list(book["Innehåll"].iter_rows(values_only=True)) == [
        ("Blad", "Avsnitt", "Visar"),
        ("Diagram 1", "I korthet", "Ingen svarade."),
        ("Tabell 1", "Vision, Mål", "Prestationer"),
        *((None, None, line) for line in ("Effektrapport 2026", "Staden", "FRIDA, 2026", "Utgåva 1")),
        (None, None, "DEMONSTRATION"),
    ]
    assert list(book["Diagram 1"].iter_rows(values_only=True)) == [("Svar", 2026), ("ja", 7)]
    assert [cell.data_type for cell in book["Tabell 1"][3]] == ["s", "s"]


def test_a_section_does_not_inherit_the_previous_subheading() -> None:
    blocks = (*REPORT.blocks, Block(Kind.HEADING, "Övrigt", level=1), TABLE)
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(replace(REPORT, blocks=blocks))))
    assert book["Innehåll"]["B4"].value == "Övrigt"


@pytest.mark.parametrize(
    ("limit", "value"), [("MEMORY_LIMIT_MB", 1), ("TIME_LIMIT_SECONDS", 0.01)], ids=["memory", "time"]
)
def test_a_file_beyond_a_limit_is_refused_with_the_remedy(
    limit: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_files, limit, value)
    with pytest.raises(PaperError, match="shorten its texts"):
        write_file(replace(REPORT, title="x" * 5_000_000), "pdf")


def test_the_program_does_not_inherit_the_servers_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONMALLOC", "no such allocator")  # Python refuses to start with it
    assert write_file(REPORT, "xlsx").startswith(b"PK")


def test_a_picture_and_a_short_table_stay_with_their_texts(written: Any) -> None:
    [picture] = [one for one in written.paragraphs if one._p.xpath(".//w:drawing")]
    rows = [[cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells] for row in
            written.tables[0].rows]  # fmt: skip
    assert picture.paragraph_format.keep_with_next
    assert [all(row) for row in rows] == [True, True, False]
