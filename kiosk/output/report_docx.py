"""A report as a document for further editing in a word processor: real styles, headings, lists, tables with a
heading row, pictures with a text alternative, and the language of the text.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kiosk.domain.report import NARROW_FROM, Block, Kind, ReportDocument, is_right_to_left
from kiosk.library.spreadsheet_writer import EARLIEST, add_file
from kiosk.output.chart_pictures import pngs
from kiosk.output.hyphenation import divisible
from kiosk.output.report_pdf import logo_of, logo_png
from kiosk.settings import shipped_folder

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

LOCALES = {"sv": "sv-SE"}
"""Language of a report -> the word processor's name of it."""

ACCENT, SOFT, SHADE, WARNING_SHADE, LINE = "1B4F5A", "47595D", "E3F0F1", "FFF3C4", "B9C6C8"
FONT = "Calibri"
MARGIN_MM, TEXT_MM = 28, 154
"""The side margins, and the width of the text on A4."""


@dataclass(frozen=True)
class Look:
    """The look of a style; `size`, `before` and `after` are in points, and `colour` is six hex digits; ""
    leaves that of the template."""

    size: float
    before: float
    after: float
    colour: str = ""
    is_bold: bool = False


LONGEST_TABLE_TOGETHER = 400
"""Most characters of a table that stays on one page."""

LONG_IN_TABLE = 10
"""Fewest letters of a word that is divided in a table with narrow columns."""

CELL_MARGINS_MM, CHARACTER_MM = 4.5, 1.65
"""The margins of a cell and the width of a character, for a column that is as wide as its text."""

PIXELS = 1.4
"""Pixels of a PNG picture for each pixel of the drawing: 220 to an inch of paper."""

STYLES: Mapping[str, Look] = {
    "Normal": Look(10.5, 0, 6),
    "Title": Look(30, 150, 12, ACCENT, is_bold=True),
    "Subtitle": Look(15, 0, 6, SOFT),
    "Heading 1": Look(17, 22, 6, ACCENT, is_bold=True),
    "Heading 2": Look(12.5, 14, 4, "000000", is_bold=True),
    "List Bullet": Look(10.5, 0, 3),
    "Caption": Look(9.5, 10, 3, "000000", is_bold=True),
    "Note": Look(8.5, 2, 4, SOFT),
    "Warning": Look(10.5, 6, 6, is_bold=True),
    "Organisation": Look(16, 0, 0, ACCENT, is_bold=True),
    "Table Text": Look(8.5, 1, 1),
}
"""The document's styles. Those that the template lacks are added, so that an editor can change a style in one
place."""

TEXT_STYLES = {Kind.PARAGRAPH: "Normal", Kind.NOTE: "Note", Kind.WARNING: "Warning"}
"""Kind of block -> the style of its paragraph."""


def _style_id(name: str) -> str:
    """Return the id of a style. python-docx would search all styles for the name, for each paragraph."""
    return name.replace(" ", "")


def report_docx(report: ReportDocument) -> bytes:
    """Return the report as DOCX: the same bytes for the same report. Raises TypeError for a chart or a logo
    that does not fit on one page, and typst.TypstError for one that cannot be drawn: `report_pdf`, which
    publishing tries first, refuses such a logo."""
    import docx  # here, because a server that writes no document saves its memory

    document = docx.Document()
    _set_up(document, report)
    _add_cover(document, report)
    drawings = (block.svg for block in report.blocks if block.kind is Kind.CHART)
    pictures = iter(pngs(drawings, shipped_folder("static") / "fonts", PIXELS))
    for before, block in pairwise((Block(Kind.PAGE), *report.blocks)):  # the cover is a page of its own
        start = len(document.element.body)
        _add(document, block, pictures)
        if before.kind is Kind.PAGE and block.kind is not Kind.PAGE:
            first: Any = document.element.body[start - 1]  # the last element is the section's
            first.get_or_add_pPr().get_or_add_pageBreakBefore()
    packed = io.BytesIO()
    document.save(packed)
    return _without_times(packed.getvalue())


def _set_up(document: "Document", report: ReportDocument) -> None:
    """Set the page, the styles, the language and the properties."""
    from docx.shared import Mm

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(25)
    section.different_first_page_header_footer = True
    _add_page_number(section.footer.paragraphs[0])
    for name, look in STYLES.items():
        _set_style(document, name, look)
    for border in document.styles["Table Grid"].element.xpath(".//w:tblBorders/*"):
        border.set(_name("w:color"), LINE)
    locale = LOCALES.get(report.language, report.language)
    for element in document.styles.element.xpath("w:docDefaults//w:lang"):
        element.set(_name("w:val"), locale)
    properties = document.core_properties
    properties.title, properties.author, properties.language = report.title, report.organisation, locale
    properties.subject, properties.comments = report.subtitle, report.edition
    properties.created = properties.modified = EARLIEST


def _set_style(document: "Document", name: str, look: Look) -> None:
    """Give a style its look; added if the template lacks it."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    styles: Any = document.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.font.name, style.font.size = FONT, Pt(look.size)
    style.font.bold, style.font.italic = look.is_bold, False
    for decoration in style.element.xpath("w:pPr/w:pBdr | w:rPr/w:spacing"):  # of the template
        decoration.getparent().remove(decoration)
    if look.colour:
        style.font.color.rgb = RGBColor.from_string(look.colour)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(look.before), Pt(look.after)
    style.paragraph_format.keep_with_next = name.startswith("Heading") or name == "Caption"


def _add_page_number(paragraph: "Paragraph") -> None:
    """Write a page number into the footer, as a field."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    field = _child(paragraph._p, "w:fldSimple", {"w:instr": "PAGE"})
    _child(_child(field, "w:r"), "w:t").text = "1"


def _add_cover(document: "Document", report: ReportDocument) -> None:
    """Add the logo, the organisation, the title, the subtitle and the edition."""
    if logo := logo_of(report):
        _add_picture(document, logo_png(logo), f"Logotyp: {report.organisation}", height_mm=18)
    if report.organisation:
        _write(_paragraph(document, "Organisation"), report.organisation)
    for style, text in (("Title", report.title), ("Subtitle", report.subtitle), ("Note", report.edition)):
        _write(_paragraph(document, style), text)


def _paragraph(document: "Document", style: str) -> "Paragraph":
    """Add an empty paragraph with one of STYLES, and return it."""
    paragraph = document.add_paragraph()
    if style != "Normal":  # the style of a paragraph that names none
        paragraph._p.style = _style_id(style)
    return paragraph


def _add(document: "Document", block: Block, pictures: Iterator[bytes]) -> None:
    """Add a block; a chart takes the next picture. A page break adds nothing: `report_docx` sets it in the
    block after it."""
    match block.kind:
        case Kind.HEADING:
            _write(_paragraph(document, f"Heading {block.level}"), block.text)
        case Kind.PARAGRAPH | Kind.NOTE | Kind.WARNING:
            paragraph = _paragraph(document, TEXT_STYLES[block.kind])
            _write(paragraph, block.text)
            if block.kind is Kind.WARNING:
                _shade(paragraph._p.get_or_add_pPr(), WARNING_SHADE)
        case Kind.LIST:
            for row in block.rows:
                _write(_paragraph(document, "List Bullet"), row[0])
        case Kind.TABLE:
            _add_table(document, block)
        case Kind.CHART:
            _add_picture(document, next(pictures), block.text)
        case Kind.PAGE:
            pass


def _add_picture(
    document: "Document", picture: bytes, alternative: str, *, height_mm: float | None = None
) -> None:
    """Add a picture as wide as the text, or of a given height."""
    from docx.shared import Mm

    size = {"width": Mm(TEXT_MM)} if height_mm is None else {"height": Mm(height_mm)}
    paragraph = _paragraph(document, "Normal")
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(picture), **size)
    shape._inline.docPr.set("descr", alternative)


def _add_table(document: "Document", block: Block) -> None:
    """Add a caption and a table, whose heading row is repeated on each page."""
    _write(_paragraph(document, "Caption"), block.text)
    from docx.shared import Mm

    lines = (block.header, *block.rows)
    table = document.add_table(rows=len(lines), cols=len(block.header), style="Table Grid")
    shown = _divided if len(block.header) >= NARROW_FROM else str
    widths = _widths_mm(block)
    is_short = sum(len(text) for cells in lines for text in cells) <= LONGEST_TABLE_TOGETHER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for number, (row, cells) in enumerate(zip(table.rows, lines, strict=True), start=1):
        _child(row._tr.get_or_add_trPr(), "w:cantSplit")
        for cell, text, width in zip(row.cells, cells, widths, strict=True):
            cell.width = Mm(width)
            cell.paragraphs[0]._p.style = _style_id("Table Text")
            _write(cell.paragraphs[0], shown(text))
            if is_short and number < len(lines):
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    _child(table.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
    for look in table._tbl.xpath("w:tblPr/w:tblLook"):
        _mark_headings(look, has_row_headings=block.has_row_headings)
    for cell in table.rows[0].cells:
        _shade(cell._tc.get_or_add_tcPr(), SHADE)
        for run in cell.paragraphs[0].runs:
            run.bold = True
    _child(table._tbl.tblPr, "w:tblDescription", {"w:val": block.text})
    _paragraph(document, "Table Text")


def _divided(text: str) -> str:
    """Return a text with soft hyphens in its long words."""
    return divisible(text, LONG_IN_TABLE)


def _widths_mm(block: Block) -> list[float]:
    """Return the widths of a table's columns, in order. Short headings of rows get the width that they
    need."""
    columns = len(block.header)
    if not block.short_heading:
        return [TEXT_MM / columns] * columns
    first = CELL_MARGINS_MM + CHARACTER_MM * block.short_heading
    return [first, *[(TEXT_MM - first) / (columns - 1)] * (columns - 1)]


def _mark_headings(look: Any, *, has_row_headings: bool) -> None:
    """Mark the first row as headings and, if it names the rows, the first column: screen readers read them
    with each cell (ECMA-376 part 1, 17.4.55)."""
    first_row, first_column, no_vertical_bands = 0x0020, 0x0080 if has_row_headings else 0, 0x0400
    look.attrib.clear()
    look.set(_name("w:val"), f"{first_row | first_column | no_vertical_bands:04X}")
    for flag, is_set in (
        ("firstRow", True),
        ("lastRow", False),
        ("firstColumn", has_row_headings),
        ("lastColumn", False),
        ("noHBand", False),
        ("noVBand", True),
    ):
        look.set(_name(f"w:{flag}"), str(int(is_set)))


def _write(paragraph: "Paragraph", text: str) -> None:
    """Write a text with its line breaks; from right to left if its first letter with a direction is
    right-to-left."""
    run = paragraph.add_run(text)
    if is_right_to_left(text):
        _child(paragraph._p.get_or_add_pPr(), "w:bidi")
        run.font.rtl = True


def _shade(properties: Any, colour: str) -> None:
    """Give a paragraph or a cell, by its properties, a background."""
    _child(properties, "w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": colour})


def _child(parent: Any, name: str, attributes: Mapping[str, str] | None = None) -> Any:
    """Append an element with the name `name`, such as w:tbl, to `parent`, and return it."""
    from docx.oxml import OxmlElement

    child = OxmlElement(name)
    for key, value in (attributes or {}).items():
        child.set(_name(key), value)
    parent.append(child)
    return child


def _name(prefixed: str) -> str:
    """Return the full name of an attribute such as w:val."""
    from docx.oxml.ns import qn

    return qn(prefixed)


def _without_times(packed: bytes) -> bytes:
    """Return the packed document without the modification times of the files in it."""
    same = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as original, zipfile.ZipFile(same, "w") as written:
        for name in original.namelist():
            add_file(written, name, original.read(name))
    return same.getvalue()
