"""Reports for word processors, and their numbers as a workbook: the structure that programs see."""

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn

from kiosk.domain.report import Block, Kind, ReportDocument, document_from_json
from kiosk.output import file_program
from kiosk.output.file_writer import WRITERS
from kiosk.output.hyphenation import SOFT_HYPHEN
from kiosk.output.paper import PaperError
from kiosk.output.report_docx import report_docx
from kiosk.output.report_files import IN_PROCESS, input_for_report_writer, write_file
from kiosk.output.report_html import report_html
from kiosk.output.report_package import report_package
from kiosk.output.report_xlsx import report_xlsx
from tests.output.short_report import REPORT, TABLE


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


def headings_of_tables(document: Any) -> list[tuple[str, str, str]]:
    """Return (flag of the first row, flag of the first column, the flags as a number) of each table."""
    looks = document.element.xpath("//w:tblPr/w:tblLook")
    return [tuple(one.get(qn(f"w:{flag}")) for flag in ("firstRow", "firstColumn", "val")) for one in looks]


def test_a_word_processor_knows_the_headings_of_rows_and_columns() -> None:
    lists = replace(TABLE, has_row_headings=False)
    document = docx.Document(io.BytesIO(report_docx(replace(REPORT, blocks=(TABLE, lists)))))
    assert headings_of_tables(document) == [("1", "1", "04A0"), ("1", "0", "0420")]


def test_the_headings_of_a_word_report_begin_at_the_first_level_and_skip_none(written: Any) -> None:
    names = [one.style.name for one in written.paragraphs if one.style.name.startswith("Heading ")]
    levels = [int(name.removeprefix("Heading ")) for name in names]
    assert levels
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False)), levels
    outline = {name: written.styles[name].element.xpath("w:pPr/w:outlineLvl/@w:val") for name in set(names)}
    assert outline == {"Heading 1": ["0"], "Heading 2": ["1"]}


def test_long_words_are_divided_in_narrow_columns_only() -> None:
    word = "Rådgivningstillfällen"
    wide = replace(TABLE, header=("A", "B"), rows=((word, ""),))
    narrow = replace(TABLE, header=("A", "B", "C", "D"), rows=((word, "", "", ""),))
    document = docx.Document(io.BytesIO(report_docx(replace(REPORT, blocks=(wide, narrow)))))
    in_wide, in_narrow = (table.rows[1].cells[0].text for table in document.tables)
    assert in_wide == word
    assert in_narrow.replace(SOFT_HYPHEN, "") == word != in_narrow


def test_a_column_of_short_row_headings_is_as_wide_as_they_are() -> None:
    months = ("september 2026", "december 2026")
    table = Block(
        Kind.TABLE, "a", header=("Period", *"BCDEFG"), rows=tuple((each, *"123456") for each in months)
    )
    lists = replace(table, has_row_headings=False)
    written = docx.Document(io.BytesIO(report_docx(replace(REPORT, blocks=(table, lists)))))
    [first, *others], same = ([column.width.mm for column in each.columns] for each in written.tables)
    assert 26 < first < 30  # 14 characters of 8.5 points
    assert max(others) < 22
    assert len(set(same)) == 1


def test_the_word_document_has_language_title_and_organisation_as_properties(written: Any) -> None:
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


def test_the_first_cell_of_a_row_is_its_heading_unless_the_columns_are_lists() -> None:
    page = report_html(REPORT)
    assert '<tr><th scope="row">Råd</th><td>12</td></tr>' in page
    lists = replace(TABLE, has_row_headings=False)
    assert "<tr><td>Råd</td><td>12</td></tr>" in report_html(replace(REPORT, blocks=(lists,)))
    unnamed = replace(TABLE, rows=(("", "12"),))
    assert "<tr><td></td><td>12</td></tr>" in report_html(replace(REPORT, blocks=(unnamed,)))


def test_an_edition_without_row_headings_stays_as_it_was_published() -> None:
    kept = REPORT.as_json()
    for block in kept["blocks"]:
        del block["has_row_headings"]
    assert "<tr><td>Råd</td>" in report_html(document_from_json(kept))


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["docx", "xlsx", "zip"])
def test_a_reports_file_is_reproducible(ending: str) -> None:
    def write() -> bytes:
        file = io.BytesIO()
        WRITERS[ending](io.BytesIO(input_for_report_writer(REPORT)), file)
        return file.getvalue()

    if ending in IN_PROCESS:
        assert write_file(REPORT, ending) == write_file(REPORT, ending)
    else:
        assert write() == write()


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


def packed(report: ReportDocument) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(report_package(report))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_data_package_has_a_table_for_each_chart_and_table_and_describes_each() -> None:
    files = packed(REPORT)
    described = json.loads(files.pop("datapackage.json"))
    assert described["title"] == "Effektrapport 2026"
    assert described["description"] == "Staden\nFRIDA, 2026\nUtgåva 1\nDEMONSTRATION"
    assert described["demonstration"] is True
    resources = {one["path"]: one for one in described["resources"]}
    assert list(resources) == list(files) == ["diagram-1.csv", "tabell-1.csv"]
    assert rows_of(files["diagram-1.csv"]) == [["Svar", "2026"], ["ja", "7"]]
    assert rows_of(files["tabell-1.csv"]) == [["Prestation", "2026"], ["Råd", "12"], ["a\nb", "'=1+1"]]
    for path, one in resources.items():
        assert one["hash"] == f"sha256:{hashlib.sha256(files[path]).hexdigest()}"
        assert one["bytes"] == len(files[path])
        assert [field["name"] for field in one["schema"]["fields"]] == rows_of(files[path])[0]
    assert resources["diagram-1.csv"]["title"] == "I korthet: Diagram 1"
    types = [field["type"] for one in resources.values() for field in one["schema"]["fields"]]
    assert types == ["string", "integer", "string", "string"]


def test_a_described_table_has_the_notes_below_it_and_no_two_columns_with_one_name() -> None:
    table = Block(Kind.TABLE, "Tal", header=("", "", "A", "A", "A 2"), rows=(("1", "", "3", "4", "5"),))
    blocks = (table, Block(Kind.PARAGRAPH, "mellan"), Block(Kind.NOTE, "n är antalet."), TABLE)
    files = packed(replace(REPORT, blocks=blocks))
    assert rows_of(files["tabell-1.csv"])[0] == ["kolumn", "kolumn 2", "A", "A 2", "A 2 2"]
    [first, second] = json.loads(files["datapackage.json"])["resources"]
    assert first["description"] == "Tal\nn är antalet."
    assert second["description"] == "Prestationer"


def test_a_section_does_not_inherit_the_previous_subheading() -> None:
    blocks = (*REPORT.blocks, Block(Kind.HEADING, "Övrigt", level=1), TABLE)
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(replace(REPORT, blocks=blocks))))
    assert book["Innehåll"]["B4"].value == "Övrigt"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "value"), [("MEMORY_LIMIT_MB", 1), ("TIME_LIMIT_SECONDS", 0.01)], ids=["memory", "time"]
)
def test_a_file_beyond_a_limit_is_refused_with_the_remedy(
    limit: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_program, limit, value)
    with pytest.raises(PaperError, match="shorten its texts"):
        write_file(replace(REPORT, title="x" * 5_000_000), "pdf")


@pytest.mark.slow
def test_the_program_does_not_inherit_the_servers_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONMALLOC", "no such allocator")  # Python refuses to start with it
    assert write_file(REPORT, "xlsx").startswith(b"PK")


@pytest.mark.slow
def test_a_page_needs_little_memory_on_a_server_with_many_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAYON_NUM_THREADS", "64")
    monkeypatch.setattr(file_program, "MEMORY_LIMIT_MB", 160)
    assert write_file(REPORT, "pdf").startswith(b"%PDF")


def test_a_picture_and_a_short_table_stay_with_their_texts(written: Any) -> None:
    [picture] = [one for one in written.paragraphs if one._p.xpath(".//w:drawing")]
    rows = [[cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells] for row in
            written.tables[0].rows]  # fmt: skip
    assert picture.paragraph_format.keep_with_next
    assert [all(row) for row in rows] == [True, True, False]
