"""Opens spreadsheets that are no .xlsx: OpenDocument (.ods) and CSV, as rows of texts by sheet.

OpenDocument (https://docs.oasis-open.org/office/OpenDocument/v1.3/) has its content as XML in an archive. CSV
is read as pyxform does: the name of a sheet stands alone in the first column, above its rows.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from kiosk.domain.message import Message
from kiosk.library.archive_members import UNREADABLE
from kiosk.library.foreign_form import ForeignFormError
from kiosk.library.xlsform_reader import MOST_COLUMNS, MOST_ROWS, SHEETS

Rows = list[list[str]]

LARGEST_CONTENT_BYTES = 20_000_000
"""Unpacked size of the content of an .ods, in bytes. It is read element by element."""

MOST_ELEMENTS = 500_000
DEEPEST_ELEMENT = 40
MOST_CSV_ROWS = 20_000

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

DELIMITERS = ",;\t"

DAMAGED = Message("Filen kan inte läsas som ett kalkylblad. Spara den som .xlsx.", {})
TOO_LARGE = Message("Filen är för stor för att vara en enkät.", {})


def read_ods(content: bytes) -> dict[str, Rows]:
    """Return the name of each sheet -> its rows, from the first; cells have the text that is shown. Raises
    ForeignFormError for a file that is damaged, or larger than a form."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo("content.xml").file_size > LARGEST_CONTENT_BYTES:
                raise ForeignFormError(TOO_LARGE)
            with archive.open("content.xml") as packed:
                return _tables(io.BytesIO(packed.read(LARGEST_CONTENT_BYTES + 1)))
    except ForeignFormError:
        raise
    except (*UNREADABLE, KeyError, ParseError, DefusedXmlException) as error:
        raise ForeignFormError(DAMAGED) from error


def _tables(content: io.BytesIO) -> dict[str, Rows]:
    sheets: dict[str, Rows] = {}
    name, empty_rows, depth, elements = "", 0, 0, 0
    for event, element in iterparse(content, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            depth, elements = depth + 1, elements + 1
            if depth > DEEPEST_ELEMENT or elements > MOST_ELEMENTS:
                raise ForeignFormError(TOO_LARGE)
            if element.tag == f"{TABLE}table":
                name, empty_rows = element.get(f"{TABLE}name", ""), 0
                sheets[name] = []
            continue
        depth -= 1
        if element.tag == f"{TABLE}table-row" and name in sheets:
            cells, times = _cells(element), _repeated(element, "rows")
            if not cells:
                empty_rows += times
            else:
                if len(sheets[name]) + empty_rows + times > MOST_ROWS * 2:
                    raise ForeignFormError(TOO_LARGE)
                sheets[name] += [[] for _ in range(empty_rows)]
                sheets[name] += [list(cells) for _ in range(times)]
                empty_rows = 0
            element.clear()
    return sheets


def _cells(row: Element) -> list[str]:
    """Return the texts of a row's cells, without the empty ones at its end."""
    cells: list[str] = []
    empty = 0
    for cell in row:
        if cell.tag not in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
            continue
        paragraphs = [_text(part) for part in cell if part.tag == f"{TEXT}p"]
        text, times = "\n".join(paragraphs).strip(), _repeated(cell, "columns")
        if not text:
            empty += times
            continue
        if len(cells) + empty + times > MOST_COLUMNS:
            raise ForeignFormError(TOO_LARGE)
        cells += [""] * empty + [text] * times
        empty = 0
    return cells


def _repeated(element: Element, kind: str) -> int:
    times = element.get(f"{TABLE}number-{kind}-repeated", "1")
    return int(times) if times.isdecimal() and len(times) < 10 else 1


def _text(element: Element) -> str:
    """Return the text in a paragraph, with its spaces and line breaks, which are elements."""
    if element.tag == f"{OFFICE}annotation":
        return element.tail or ""
    inner = {f"{TEXT}s": " ", f"{TEXT}tab": " ", f"{TEXT}line-break": "\n"}.get(element.tag, "")
    parts = [_text(part) + (part.tail or "") for part in element]
    return inner + (element.text or "") + "".join(parts)


def read_csv(text: str) -> dict[str, Rows]:
    """Return the name of each sheet -> its rows. Without names of sheets, all rows are of the sheet that has
    their headings. Raises ForeignFormError for a text that is damaged, or larger than a form."""
    rows = list(_csv_rows(text))
    sheets: dict[str, Rows] = {}
    name = ""
    for row in rows:
        first = row[0].strip().lower() if row else ""
        if first in SHEETS and not any(cell.strip() for cell in row[1:]):
            name = first
            sheets[name] = []
        elif name:
            sheets[name].append([cell.strip() for cell in row[1:]])
    return sheets or {_sheet_with(rows): [[cell.strip() for cell in row] for row in rows]}


def is_csv_form(text: str) -> bool:
    """Return whether a text is a table with the headings or the names of an XLSForm's sheets."""
    for row in _csv_rows(text[:20_000], is_whole=False):
        cells = {cell.strip().lower() for cell in row} - {""}
        if {"type", "name"} <= cells or {"list_name", "name"} <= cells or {"list name", "name"} <= cells:
            return True
        if cells and not (len(cells) == 1 and cells <= set(SHEETS)):
            return False
    return False


def _sheet_with(rows: Sequence[Sequence[str]]) -> str:
    headings = {cell.strip().lower() for cell in rows[0]} if rows else set[str]()
    return "choices" if headings & {"list_name", "list name"} else "survey"


def _csv_rows(text: str, *, is_whole: bool = True) -> Iterator[Sequence[str]]:
    """Yield the rows, split at the mark that is most frequent in the first lines. The last one may be cut
    off unless the text `is_whole`."""
    beginning = "".join(text.splitlines(keepends=True)[:3])
    delimiter = max(DELIMITERS, key=beginning.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
            if number > MOST_CSV_ROWS:
                raise ForeignFormError(TOO_LARGE)
            yield row
    except csv.Error as error:
        if is_whole:
            raise ForeignFormError(DAMAGED) from error
