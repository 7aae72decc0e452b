"""Spreadsheets for the importer."""

import io
from collections.abc import Sequence

import openpyxl


def sheet(survey: Sequence[Sequence[object]], choices: Sequence[Sequence[object]]) -> bytes:
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


HEAD = ["type", "name", "label"]


CHOICES = [
    ["list_name", "name", "label"],
    ["yes", 1, "Nej"],
    ["yes", 2, "Ja"],
    ["yes", "dont_know", "Vet inte"],
]


ASKED = ["select_one yes", "safe", "Jag är trygg"]
