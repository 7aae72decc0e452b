"""Opens spreadsheets as CSV, as rows of texts by sheet.

It is read as pyxform does: the name of a sheet stands alone in the first column, above its rows.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from kiosk.domain.message import Message
from kiosk.library.importing.form import ForeignFormError
from kiosk.library.importing.xlsform import SHEETS

Rows = list[list[str]]
"""Rows of cell texts, from the first."""

MOST_CSV_ROWS = 20_000

DELIMITERS = ",;\t"

DAMAGED = Message("Filen kan inte läsas som ett kalkylblad. Spara den som .xlsx.", {})
TOO_LARGE = Message("Filen är för stor för att vara en enkät.", {})


def read_csv(text: str) -> dict[str, Rows]:
    """Return the name of each sheet, in small letters -> its rows. If the text names no sheet, all rows are
    of the sheet that has their headings, "survey" or "choices". Raises ForeignFormError for a text that is
    damaged, or over MOST_CSV_ROWS."""
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
    """Return whether a text is a table with the headings of an XLSForm, above which nothing stands but names
    of sheets."""
    for row in _csv_rows(text[:20_000], is_whole=False):
        cells = {cell.strip().lower() for cell in row} - {""}
        if {"type", "name"} <= cells or {"list_name", "name"} <= cells or {"list name", "name"} <= cells:
            return True
        if cells and not (len(cells) == 1 and cells <= set(SHEETS)):
            return False
    return False


def _sheet_with(rows: Sequence[Sequence[str]]) -> str:
    """Return the name of the sheet that has these headings: choices or survey."""
    headings = {cell.strip().lower() for cell in rows[0]} if rows else set[str]()
    return "choices" if headings & {"list_name", "list name"} else "survey"


def _csv_rows(text: str, *, is_whole: bool = True) -> Iterator[Sequence[str]]:
    """Yield the rows, split at the mark of DELIMITERS that is most frequent in the first three lines.

    Raises ForeignFormError for a text over MOST_CSV_ROWS, or a row that cannot be read. A text that is not
    `is_whole` may be cut off anywhere: a row that cannot be read ends it.
    """
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
