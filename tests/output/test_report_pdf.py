"""The PDF of a report is PDF/UA: the typesetter's validator refuses other files, and the tags are complete.

The rules are those of the Matterhorn Protocol (https://pdfa.org/resource/the-matterhorn-protocol/) that a
program can check: a language, a title, headings that skip no level, text alternatives, heading cells.
"""

import re
from dataclasses import replace

import pypdfium2
import pypdfium2.raw as raw
import pytest
import typst

from kiosk.domain.report import LONGEST_PART, Kind, ReportDocument, prose
from kiosk.output.paper import shipped_fonts
from kiosk.output.pdf_row_headings import with_row_headings
from kiosk.output.report_pdf import report_pdf
from tests.output.short_report import REPORT
from tests.tools.pdf_tags import Tag, tags_of

TABLE = next(block for block in REPORT.blocks if block.kind is Kind.TABLE)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return report_pdf(REPORT)


@pytest.fixture(scope="module")
def tags(pdf: bytes) -> list[list[Tag]]:
    return tags_of(pdf)


def kinds(tags: list[list[Tag]]) -> list[str]:
    return [tag.kind for page in tags for tag in page]


def test_a_report_says_that_it_is_tagged_and_pdf_ua(pdf: bytes) -> None:
    document = pypdfium2.PdfDocument(pdf)
    assert raw.FPDFCatalog_IsTagged(document)
    assert document.get_metadata_value("Title") == REPORT.title
    for mark in (b"<pdfuaid:part>1</pdfuaid:part>", b"/DisplayDocTitle true", b"/Lang(sv)"):
        assert mark in pdf, mark


def test_every_page_has_tags(tags: list[list[Tag]]) -> None:
    assert len(tags) >= 3
    assert all(tags)


def test_headings_begin_at_the_first_level_and_skip_none(tags: list[list[Tag]]) -> None:
    levels = [int(kind[1:]) for kind in kinds(tags) if kind[:1] == "H" and kind[1:].isdecimal()]
    steps = zip([0, *levels], levels, strict=False)
    assert levels
    assert all(after <= before + 1 for before, after in steps), levels


def test_every_picture_has_a_text_alternative(tags: list[list[Tag]]) -> None:
    figures = [tag.alt for page in tags for tag in page if tag.kind == "Figure"]
    assert [block.text for block in REPORT.blocks if block.kind is Kind.CHART] == figures


def table_tags(report: ReportDocument) -> list[str]:
    """Return the tags of a report's tables in order: TR, TD, or TH with what it names. A cell without text is
    left out, since it is on no page."""
    tags = [tag for page in tags_of(report_pdf(report)) for tag in page]
    return [f"{tag.kind} {tag.scope}".strip() for tag in tags if tag.kind in {"TR", "TD", "TH"}]


ROWS = (("Rådgivning", "10"), ("", "11"), ("(Länkning", "12"))
HEADING_ROW = ["TR", "TH Column", "TH Column"]


@pytest.mark.parametrize("has_row_headings", [True, False])
def test_tables_have_a_heading_for_each_column_and_for_each_row_that_has_a_name(
    has_row_headings: bool,
) -> None:
    """A chart with a text alternative that looks like a list of tags, and a table without row headings, stand
    before the table."""
    chart = replace(
        next(block for block in REPORT.blocks if block.kind is Kind.CHART),
        text="/K[1 0 R 2 0 R] <</Type/StructElem/S/Table/P 1 0 R",
    )
    listed = replace(TABLE, header=("A", "B"), rows=(("1", "2"),), has_row_headings=False)
    table = replace(TABLE, header=("Vad", "2026"), rows=ROWS, has_row_headings=has_row_headings)
    name = "TH Row" if has_row_headings else "TD"
    assert table_tags(replace(REPORT, title="/Type/StructTreeRoot", blocks=(chart, listed, table))) == [
        *(*HEADING_ROW, "TR", "TD", "TD"),
        *(*HEADING_ROW, "TR", name, "TD", "TR", "TD", "TR", name, "TD"),
    ]


def test_each_cell_names_the_headings_of_its_column_and_row() -> None:
    """Read from the file itself: each name that a cell refers to is in the index of names, in its order."""
    tables = [replace(TABLE, header=("Vad", "2026"), rows=ROWS)] * 12
    pdf = report_pdf(replace(REPORT, blocks=(*tables,)))
    [index] = re.findall(rb"/IDTree<</Names\[([^\]]*)\]", pdf)
    names = re.findall(rb"\((\w+)\)", index)
    assert names == sorted(names)
    assert set(names) == set(re.findall(rb"/ID\((\w+)\)", pdf))
    referred = [re.findall(rb"\((\w+)\)", each) for each in re.findall(rb"/Headers\[([^\]]*)\]", pdf)]
    assert {name for each in referred for name in each} == set(names)
    assert [len(each) for each in referred].count(2) == 2 * len(tables)  # "10" and "12" of each table


def test_a_pdf_with_other_tables_than_expected_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        with_row_headings(report_pdf(REPORT), [])


def in_reading_order(report: ReportDocument) -> bool:
    """Return whether the text of a report's PDF has the texts of REPORT's blocks, each once and in their
    order."""
    pages = pypdfium2.PdfDocument(report_pdf(report))
    text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in list(pages)[1:]).split())
    each = (block.rows[-1] if block.kind is Kind.LIST else (block.text,) for block in REPORT.blocks)
    texts = [words for (words,) in each if words and words.isascii()]
    drawn = {block.text for block in REPORT.blocks if block.kind is Kind.CHART}
    places = [text.find(words) for words in texts if words not in drawn]
    return -1 not in places and places == sorted(set(places))


def test_the_text_is_in_the_order_of_the_blocks() -> None:
    assert in_reading_order(REPORT)
    # The control: two parts in the other order.
    first, *others = REPORT.blocks
    assert not in_reading_order(replace(REPORT, blocks=(*others, first)))


def test_headings_that_skip_a_level_are_refused() -> None:
    """The validator can fail: a report that begins with a heading of the second level is no PDF/UA."""
    with pytest.raises(typst.TypstError, match="heading"):
        report_pdf(replace(REPORT, blocks=prose("# Mål\nAlla ska med.")))


def test_a_list_is_a_list(tags: list[list[Tag]]) -> None:
    assert kinds(tags).count("LI") == sum(
        len(block.rows) for block in REPORT.blocks if block.kind is Kind.LIST
    )


def test_a_picture_without_its_text_is_refused() -> None:
    """The validator can fail: the same standard refuses a picture without a text alternative."""
    drawn = next(block.svg for block in REPORT.blocks if block.kind is Kind.CHART)
    document = '#set document(title: "a")\n#image(bytes(sys.inputs.drawn), format: "svg")'
    with pytest.raises(typst.TypstError, match="alt"):
        typst.compile(document.encode(), sys_inputs={"drawn": drawn}, pdf_standards="ua-1")


def test_the_check_of_pdf_tags_can_fail() -> None:
    """A file without the standard has no tags that the checks above would take for a report's."""
    plain = typst.compile(b"#table(columns: 1, [a], [b])", pdf_standards="1.7")
    assert isinstance(plain, bytes)
    assert b"pdfuaid" not in plain
    assert kinds(tags_of(plain)).count("TH") == 0


def test_an_arabic_paragraph_begins_at_the_right_margin(pdf: bytes) -> None:
    """The control is Swedish: its paragraphs begin at the left margin."""
    starts = {}
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        for words in ("Anna", "Källa"):
            if match := text.search(words).get_next():
                starts[words] = text.get_charbox(match[0])[0] / page.get_width()
    assert starts["Anna"] > 0.5
    assert starts["Källa"] < 0.2


@pytest.mark.slow
def test_a_part_of_the_greatest_length_is_printed_whole() -> None:
    words = [f"ord{number:05}" for number in range(LONGEST_PART // 9)]
    text = "\n\n".join(" ".join(words[at : at + 100]) for at in range(0, len(words), 100))
    assert len(text) <= LONGEST_PART + 1_000
    pages = pypdfium2.PdfDocument(report_pdf(replace(REPORT, blocks=prose(text))))
    printed = " ".join(page.get_textpage().get_text_bounded() for page in pages)
    assert re.findall(r"ord\d{5}", printed) == words


def test_markup_of_the_typesetter_is_printed_as_it_was_written() -> None:
    written = '#set page(width: 1pt) *fet* $x^2$ #read("/etc/passwd") <b>'
    [page] = list(pypdfium2.PdfDocument(report_pdf(replace(REPORT, blocks=prose(written)))))[1:]
    assert written in " ".join(page.get_textpage().get_text_bounded().split())


MONTHS = replace(
    TABLE,
    header=("Period", *["Överklagande"] * 6),
    rows=tuple((f"september {year}", *["ca 100"] * 6) for year in range(2000, 2015)),
)


def test_a_table_of_half_a_page_stays_together_and_breaks_no_heading_of_a_row() -> None:
    blocks = (*prose("\n\n".join(["Ett stycke."] * 30)), MONTHS)
    pages = pypdfium2.PdfDocument(report_pdf(replace(REPORT, blocks=blocks)))
    texts = [" ".join(page.get_textpage().get_text_bounded().split()) for page in pages]
    assert [text.count("september 20") for text in texts if "Ett stycke" not in text] == [0, len(MONTHS.rows)]
    assert not any("september 20" in text for text in texts if "Ett stycke" in text)


def test_the_caption_of_a_table_below_a_page_of_charts_stays_with_it() -> None:
    heading, chart = (
        next(block for block in REPORT.blocks if block.kind is kind) for kind in (Kind.HEADING, Kind.CHART)
    )
    report = replace(REPORT, blocks=(heading, *[chart] * 6, MONTHS))
    texts = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(report_pdf(report))]
    assert [MONTHS.text in text for text in texts] == ["september 2014" in text for text in texts]


ARABIC = "العربية: نحن نستمع إليك"


def read_back(pdf: bytes) -> str:
    pages = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())


def test_programs_read_arabic_as_it_was_written() -> None:
    assert ARABIC in read_back(report_pdf(replace(REPORT, blocks=prose(ARABIC))))
    apart = '#set text(font: "Noto Sans Arabic", dir: rtl)\n#set document(title: "x")\n' + ARABIC
    control = typst.compile(apart.encode(), font_paths=shipped_fonts(), ignore_system_fonts=True)
    assert isinstance(control, bytes)
    assert ARABIC not in read_back(control), "control: a font that draws letters and dots apart"


def test_a_word_that_is_wider_than_the_page_stays_on_it() -> None:
    address = "https://www.example.org/" + "a" * 300
    words = (
        f"{'M' * 900}\n\nSe {address} nu.\n\n- {'L' * 400}\n\nTabell\n| A | B | C |\n| {'C' * 60} | 2 | 3 |"
    )
    pdf = report_pdf(replace(REPORT, blocks=prose(words)))
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        ends = [text.get_charbox(at)[2] for at in range(text.count_chars())]
        assert max(ends) < page.get_width() - 80  # the margin is 30 mm
    printed = re.sub(r"[\s\u200b]", "", read_back(pdf))
    for word in ("M" * 900, address, "L" * 400, "C" * 60):
        assert word in printed
