"""Opens OpenDocument spreadsheets (.ods), as rows of texts by sheet.

The content is XML in an archive: https://docs.oasis-open.org/office/OpenDocument/v1.3/.
"""

import io
import zipfile
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from kiosk.domain.message import Message
from kiosk.library.archive_members import UNREADABLE
from kiosk.library.importing.form import ForeignFormError
from kiosk.library.importing.xlsform import MOST_COLUMNS, MOST_ROWS

Rows = list[list[str]]
"""Rows of cell texts, from the first."""

LARGEST_CONTENT_BYTES = 20_000_000
"""Largest unpacked content of an .ods, in bytes. It is read element by element."""

MOST_ELEMENTS = 500_000
DEEPEST_ELEMENT = 40

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

DAMAGED = Message("Filen kan inte läsas som ett kalkylblad. Spara den som .xlsx.", {})
TOO_LARGE = Message("Filen är för stor för att vara en enkät.", {})


def read_ods(content: bytes) -> dict[str, Rows]:
    """Return the name of each sheet -> its rows, from the first; cells have the text that is shown. Raises
    ForeignFormError for a file that is damaged, over LARGEST_CONTENT_BYTES, MOST_ELEMENTS or DEEPEST_ELEMENT,
    or has a sheet over twice MOST_ROWS, empty rows included, or a row over MOST_COLUMNS."""
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
    """Return the name of each sheet -> its rows. Raises ForeignFormError for content that is larger than a
    form."""
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
    """Return the texts of a row's cells, without the empty ones at its end. Raises ForeignFormError for more
    than MOST_COLUMNS cells."""
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
    """Return how many equal rows or cells in succession an element stands for; `kind` is "rows" or
    "columns"."""
    times = element.get(f"{TABLE}number-{kind}-repeated", "1")
    return int(times) if times.isdecimal() and len(times) < 10 else 1


def _text(element: Element) -> str:
    """Return the text in an element of a paragraph, with its spaces and line breaks, which are elements, and
    without the comments."""
    if element.tag == f"{OFFICE}annotation":
        return ""
    inner = {f"{TEXT}s": " ", f"{TEXT}tab": " ", f"{TEXT}line-break": "\n"}.get(element.tag, "")
    parts = [_text(part) + (part.tail or "") for part in element]
    return inner + (element.text or "") + "".join(parts)
