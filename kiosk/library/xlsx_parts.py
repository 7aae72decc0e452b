"""The parts of an XLSX file of plain tables (ECMA-376, part 1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from xml.sax.saxutils import escape, quoteattr

MOST_ROWS = 1_048_576
"""Most rows of a sheet."""

ROWS_TOGETHER = 200
"""Number of rows that are yielded as one text."""

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def xlsx_parts(names: Sequence[str], moment: datetime) -> dict[str, str]:
    """Return name -> content of every part of an XLSX file but the sheets, which have the names `names`.
    `moment` is the time that the file carries, as UTC: a zone of its own is ignored."""
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="rId{at}"/>'
        for at, name in zip(numbers, names, strict=True)
    )
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for at in numbers
    )
    relations = "".join(
        f'<Relationship Id="rId{at}" Type="{_DOCUMENT}/relationships/worksheet" '
        f'Target="worksheets/sheet{at}.xml"/>'
        for at in numbers
    )
    time = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    times = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{time}</dcterms:{name}>'
        for name in ("created", "modified")
    )
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{overrides}'
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/relationships/officeDocument" Target="xl/workbook.xml"/>'
        f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" '
        'Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:creator></dc:creator>{times}</cp:coreProperties>",
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_SHEETS}" xmlns:r="{_DOCUMENT}/relationships">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        f'<Relationship Id="rId{len(names) + 1}" Type="{_DOCUMENT}/relationships/styles" '
        'Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_SHEETS}"><fonts count="1">'
        '<font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
    }


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

COLUMNS = (*_LETTERS, *(first + second for first in _LETTERS for second in _LETTERS))
"""Names of columns: A to Z, then AA to ZZ, 702 in all."""


def sheet_xml(rows: Iterable[Sequence[object]], *, as_text: bool = False) -> Iterator[str]:
    """Yield the XML of a sheet, whose first row stays in view. Texts of digits become numbers, and a text
    that a spreadsheet would run as a formula gets an apostrophe before it; with `as_text` every cell is text,
    as it is. Cells beyond COLUMNS are left out. Raises ValueError for more than MOST_ROWS rows."""
    yield (
        f'{_HEAD}<worksheet xmlns="{_SHEETS}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" '
        'topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
    )
    # Most values of a column are repeated, so each is converted once.
    cells = dict[tuple[type, object], str]()
    numbered = enumerate(rows, start=1)
    while together := list(islice(numbered, ROWS_TOGETHER)):
        yield "".join(_row(number, row, cells, as_text=as_text) for number, row in together)
    yield "</sheetData></worksheet>"


def _row(number: int, row: Sequence[object], cells: dict[tuple[type, object], str], *, as_text: bool) -> str:
    """Return the XML of the row with this number, from 1. `cells` keeps the XML of each value, for the rows
    after this one, and is added to. `as_text` is as in `sheet_xml`. Raises ValueError for a number over
    MOST_ROWS."""
    if number > MOST_ROWS:
        raise ValueError(f"a sheet has at most {MOST_ROWS} rows")
    parts = []
    for column, value in zip(COLUMNS, row, strict=False):
        key = (type(value), value)
        content = cells.get(key)
        if content is None:
            content = cells[key] = _content(value, as_text=as_text)
        if content:
            parts.append(f'<c r="{column}{number}"{content}')
    return f'<row r="{number}">{"".join(parts)}</row>'


def _content(value: object, *, as_text: bool) -> str:
    """Return the end of a cell's XML, after its place; "" for an empty cell. `as_text` is as in
    `sheet_xml`."""
    if value is None or value == "":
        return ""
    if not as_text:
        is_number = isinstance(value, str) and value.isdecimal() and value.isascii()
        value = int(str(value)) if is_number else harmless(value)
        if type(value) in (int, float):
            return f"><v>{value}</v></c>"
    text = escape(_NOT_IN_XML.sub("", str(value)))
    return f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def harmless(value: object) -> object:
    """Return the value; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    is_formula = isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}
    return f"'{value}" if is_formula else value
