"""Opens .xlsx workbooks, as rows of texts by sheet."""

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any

from kiosk.domain.message import Message
from kiosk.library.importing.form import ForeignFormError, LeftOut
from kiosk.library.importing.xlsform import MOST_COLUMNS, MOST_ROWS

LARGEST_UNPACKED_BYTES = 10_000_000
"""Largest unpacked size in bytes, pictures excluded. A survey takes a few thousand bytes, and six million
where thousands of empty rows have formats; a larger file is a zip bomb or no survey. The worst file of this
size takes six seconds of processor time."""

PICTURES = "xl/media/"
"""Folder of pictures, which are not read. Only their growth by unpacking counts towards
LARGEST_UNPACKED_BYTES."""

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, LookupError, ValueError,
    TypeError, AttributeError, ArithmeticError, AssertionError, OSError, RuntimeError, SyntaxError,
)  # fmt: skip
"""The errors that the spreadsheet reader raises for a damaged file; a parser's own error is a SyntaxError."""


def read_xlsx(content: bytes) -> tuple[dict[str, list[list[str]]], list[LeftOut]]:
    """Return (the name of each sheet -> its rows, from the first, with each cell as text; notes about single
    cells).

    A formula counts as its value. Raises ForeignFormError for a file that is damaged, over
    LARGEST_UNPACKED_BYTES, or has over MOST_ROWS rows in a sheet.
    """
    import openpyxl  # here, because a server that reads no workbook saves its memory

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(map(_size_when_read, packed.infolist())) > LARGEST_UNPACKED_BYTES:
                raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
            has_formulas = any(
                re.search(rb"<(?:\w+:)?f[ />]", packed.read(part))
                for part in packed.namelist()
                if part.startswith("xl/worksheets/")
            )
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(content), read_only=True) if has_formulas else None
        sheets, notes = {}, list[LeftOut]()
        for sheet in book.worksheets:
            sheets[sheet.title] = _rows(sheet, formulas[sheet.title] if formulas else None, notes)
        return sheets, notes
    except ForeignFormError:
        raise
    except UNREADABLE as error:
        raise ForeignFormError(
            Message("Filen kan inte läsas som ett kalkylblad. Spara den som .xlsx.", {})
        ) from error


def _size_when_read(part: zipfile.ZipInfo) -> int:
    """Return how many bytes a part of the file adds to what is read."""
    is_picture = part.filename.startswith(PICTURES)
    return max(part.file_size - part.compress_size, 0) if is_picture else part.file_size


def _rows(sheet: Any, formulas: Any, notes: list[LeftOut]) -> list[list[str]]:
    """Return the rows of a sheet as texts, without empty rows at the end. `formulas` is the same sheet with
    formulas instead of their values; None if the workbook has no formulas. Notes about labels that are no
    text, or formulas without a value, are added to `notes`. Raises ForeignFormError for over MOST_ROWS
    rows."""
    rows: list[list[str]] = []
    number_of_empty = 0
    labels: list[bool] = []
    empty: tuple[Any, ...] | None = None
    for number, cells in enumerate(_values(sheet), start=1):
        # The workbook's reader yields the same tuple for each row that the file lacks: up to a million of
        # them before a cell at the end that has a format only.
        if cells is empty:
            number_of_empty += 1
            continue
        texts = _without_empty_end([_as_text(value) for value in cells])
        if not texts:
            empty = cells
            number_of_empty += 1
            continue
        if len(rows) - number_of_empty > MOST_ROWS:
            raise ForeignFormError(
                Message(
                    "Blad {sheet} har mer än {most} rader: fler än en enkät har.",
                    {"sheet": sheet.title, "most": MOST_ROWS},
                )
            )
        rows += [[]] * number_of_empty
        number_of_empty = 0
        rows.append(texts)
        labels = labels if any(labels) else [text.strip().lower().startswith("label") for text in texts]
        for is_label, value, text in zip(labels, cells, texts, strict=False):
            if is_label and isinstance(value, bool | date | time | timedelta):
                notes.append(_cell_note(sheet.title, number, _READ_AS, text))
    if formulas is not None:
        notes.extend(_formulas_without_value(formulas, rows, labels))
    return rows


def _without_empty_end(texts: list[str]) -> list[str]:
    """Return the texts up to the last one that is not empty. The workbook's reader makes each row as wide as
    the widest row that is allowed."""
    end = len(texts)
    while end and not texts[end - 1]:
        end -= 1
    return texts[:end]


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    # The declared size of a sheet may be wrong, and would silently drop statements.
    sheet.reset_dimensions()
    return iter(sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True))


def _formulas_without_value(
    formulas: Any, rows: Sequence[Sequence[str]], labels: Sequence[bool]
) -> Iterator[LeftOut]:
    """Yield a note for each label that is a formula whose value the file does not have. `formulas` is the
    sheet with formulas instead of their values, `rows` has the texts of the values, and `labels` says for
    each column, in order, whether it has labels."""
    for number, (cells, texts) in enumerate(zip(_values(formulas), rows, strict=False), start=1):
        for is_label, cell, text in zip_longest(labels, cells, texts, fillvalue=""):
            if is_label and not text and isinstance(cell, str) and cell.startswith("="):
                yield _cell_note(formulas.title, number, _NO_VALUE, cell)


_READ_AS = Message(
    "Ett datum eller sant/falskt är läst som ”{text}”. Skriv det som text om det ska stå på annat sätt.", {}
)
_NO_VALUE = Message("Formeln {text} har inget sparat värde. Skriv texten själv.", {})


def _cell_note(sheet: str, row: int, reason: Message, text: str) -> LeftOut:
    place = Message("Blad {sheet}, rad {rows}", {"sheet": sheet, "rows": str(row)})
    return LeftOut(place, Message(reason.msgid, {"text": text[:40]}))


def _as_text(value: Any) -> str:
    """Return the text of a cell's value, as a sheet in Swedish shows it in its usual format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "SANT" if value else "FALSKT"
    if isinstance(value, datetime):
        is_day = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.strftime("%Y-%m-%d" if is_day else "%Y-%m-%d %H:%M")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value).strip()
