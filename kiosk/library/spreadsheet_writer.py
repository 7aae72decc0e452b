"""Tables as CSV and XLSX: the same bytes for the same rows, and no text that a program runs as a formula."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice
from typing import Any

from kiosk.library.xlsx_parts import MOST_ROWS, harmless, sheet_xml, xlsx_parts

EARLIEST = datetime(1980, 1, 1)
"""The time in an XLSX file without a snapshot: the earliest time that the format allows."""


def add_file(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a file to an archive, with the earliest time of the ZIP format (1980) instead of a modification
    time."""
    part = zipfile.ZipInfo(name)
    part.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
    archive.writestr(part, content)


class CsvStyle(StrEnum):
    """The notation of a CSV file: commas between fields and decimal points, or semicolons and decimal commas,
    as Excel in Sweden and most of Europe reads them."""

    COMMA = "comma"
    SEMICOLON = "semicolon"


def csv_table(rows: Iterable[Sequence[object]], style: CsvStyle = CsvStyle.COMMA) -> bytes:
    """Return rows as the bytes of a CSV file, each text that a spreadsheet would run as a formula with an
    apostrophe before it (`harmless`). A byte order mark comes first: spreadsheet programs need it to
    recognise UTF-8."""
    text = io.StringIO()
    delimiter = ";" if style is CsvStyle.SEMICOLON else ","
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([_field(value, style) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _field(value: object, style: CsvStyle) -> object:
    """Return a value in the notation of a style of CSV."""
    if isinstance(value, float) and style is CsvStyle.SEMICOLON:
        return str(value).replace(".", ",")
    return harmless(value)


def workbook(
    sheets: Mapping[str, Iterable[Sequence[object]]], made_at: str | None, *, as_text: bool = False
) -> bytes:
    """Encode sheets of rows, each beginning with a heading, as XLSX: the same bytes for the same figures.

    `sheets` is name -> rows. `made_at` is the snapshot's time in ISO 8601; None for EARLIEST. The file
    carries it instead of the time of the download. A text of digits becomes a number, and one that a
    spreadsheet would run as a formula gets an apostrophe before it, unless `as_text` stores every cell as
    text, for programs that read the file back. Rows beyond MOST_ROWS go on in further sheets with the same
    heading, "name (2)" and so on.

    The file is written here (ECMA-376, part 1): openpyxl takes ten times as long for a million cells.
    """
    moment = datetime.fromisoformat(made_at) if made_at else EARLIEST
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        names = []
        for name, rows in _whole_sheets(sheets):
            names.append(name)
            part = zipfile.ZipInfo(f"xl/worksheets/sheet{len(names)}.xml")
            part.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(part, "w", force_zip64=True) as file:
                for text in sheet_xml(rows, as_text=as_text):
                    file.write(text.encode())
        for name, content in xlsx_parts(names, moment).items():
            add_file(archive, name, content.encode())
    return packed.getvalue()


def _whole_sheets(
    sheets: Mapping[str, Iterable[Sequence[object]]],
) -> Iterator[tuple[str, Iterable[Sequence[object]]]]:
    """Yield (name, rows) of each sheet, with at most MOST_ROWS rows. The rows are used up before the next
    sheet is yielded."""
    for name, rows in sheets.items():
        left = iter(rows)
        heading = list(islice(left, 1))
        yield name, chain(heading, islice(left, MOST_ROWS - 1))
        number = 2
        for first in left:
            yield f"{name} ({number})", chain(heading, [first], islice(left, MOST_ROWS - 2))
            number += 1


def packed_workbook(book: Any, made_at: str | None) -> bytes:
    """Return the bytes of an openpyxl workbook. The only time in the file is `made_at`, that of the snapshot
    in ISO 8601; EARLIEST if None. Also sets the properties of `book`."""
    book.properties.creator = ""
    book.properties.created = book.properties.modified = (
        datetime.fromisoformat(made_at) if made_at else EARLIEST
    )
    packed = io.BytesIO()
    book.save(packed)
    return _without_times(packed.getvalue(), book.properties)


def _without_times(packed: bytes, properties: Any) -> bytes:
    """Return the bytes of an XLSX file without the modification times of its parts. Its property "modified"
    becomes the time in `properties.created`."""
    same = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as original, zipfile.ZipFile(same, "w") as written:
        for name in original.namelist():
            content = original.read(name)
            if name == "docProps/core.xml":
                moment = f"{properties.created:%Y-%m-%dT%H:%M:%SZ}".encode()
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + moment, content)
            add_file(written, name, content)
    return same.getvalue()
