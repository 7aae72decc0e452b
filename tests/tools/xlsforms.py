"""Spreadsheets for the importer."""

import io
import zipfile
from collections.abc import Sequence
from random import Random

import openpyxl

Row = Sequence[object]
"""The cells of a row, from the first column."""


def sheet(survey: Sequence[Row], choices: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "survey"
    for row in survey:
        first.append(list(row))
    second = book.create_sheet("choices")
    for row in choices:
        second.append(list(row))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


HEAD: Row = ["type", "name", "label::Svenska (sv)"]


CHOICES: list[Row] = [
    ["list_name", "name", "label::Svenska (sv)"],
    ["yes", 1, "Nej"],
    ["yes", 2, "Ja"],
    ["yes", "dont_know", "Vet inte"],
]


ASKED: Row = ["select_one yes", "safe", "Jag är trygg"]


def with_picture(content: bytes, size: int) -> bytes:
    """Return a spreadsheet with a picture of `size` bytes that does not compress."""
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("xl/media/image1.png", Random(1).randbytes(size))
    return made.getvalue()
