"""Surveys as XLSForm, the spreadsheet KoboToolbox, ODK and others read and write (xlsform.org), and back.

Only what a survey here can hold is taken in: one choice a statement, no rules between questions. Anything
else is an error that names sheet and row, since a form that lost half its logic would ask something else.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from kiosk.ballot import NoAnswer
from kiosk.definition import ID_PATTERN, is_one_line
from kiosk.drafts import Draft, Form
from kiosk.export import workbook
from kiosk.i18n import REFERENCE, Catalogue, language
from kiosk.survey import RESERVED_NAMES, Scale, Statement, Survey

LARGEST_UNPACKED = 5_000_000
"""Bytes: a survey is a few thousand; more is no survey, or a bomb."""

MOST_ROWS = 500

UNKNOWN_LICENCE = "Okända villkor: fråga den som skrev frågorna"

NO_ANSWERS = (NoAnswer.DONT_KNOW, NoAnswer.PREFER_NOT)

KNOWN_COLUMNS = frozenset({"type", "name", "outcome", "list_name", "form_title", "form_id", "version"})
IGNORED_COLUMNS = frozenset({"default_language", "instance_name", "style", "allow_choice_duplicates"})


class XLSFormError(Exception):
    """A spreadsheet that is no survey of ours; the message says where and what to do."""


def write_xlsform(survey: Survey, no_answer_words: Mapping[str, Mapping[NoAnswer, str]]) -> bytes:
    """A survey as XLSForm, in every language it has all its texts in.

    `no_answer_words` maps each language to the words for "don't know" and "prefer not", which are choices.
    """
    codes = [
        REFERENCE,
        *(code for code, texts in survey.texts.items() if set(texts) >= set(survey.messages)),
    ]
    codes = [code for code in codes if code in no_answer_words]
    labels = [f"label::{language(code).autonym} ({code})" for code in codes]

    def said(message: str) -> list[str]:
        return [message if code == REFERENCE else survey.texts[code][message] for code in codes]

    scales = {statement.scale.id: statement.scale for statement in survey.statements}
    choices = [
        [scale.id, name, *words]
        for scale in scales.values()
        for name, words in [
            *((str(at), said(label)) for at, label in reversed(list(enumerate(scale.labels, start=1)))),
            *((kind.value, [no_answer_words[code][kind] for code in codes]) for kind in NO_ANSWERS),
        ]
    ]
    return workbook(
        {
            "survey": [
                ["type", "name", *labels, "outcome"],
                *(
                    [f"select_one {one.scale.id}", one.id, *said(one.text), one.outcome]
                    for one in survey.statements
                ),
            ],
            "choices": [["list_name", "name", *labels], *choices],
            "settings": [
                ["form_title", "form_id", "version", "default_language"],
                [survey.title, survey.id, survey.version, labels[0].removeprefix("label::")],
            ],
        },
        None,
    )


def no_answer_words(catalogues: Mapping[str, Catalogue]) -> dict[str, dict[NoAnswer, str]]:
    """The words for "don't know" and "prefer not" in each language that has them."""
    said = {NoAnswer.DONT_KNOW: "Vet inte", NoAnswer.PREFER_NOT: "Vill inte svara"}
    return {
        code: {kind: found.text(message) for kind, message in said.items()}
        for code, found in catalogues.items()
        if all(message in found.texts for message in said.values())
    }


@dataclass(frozen=True)
class _Row:
    """One row of a sheet: column -> text, empty cells left out."""

    place: str
    cells: Mapping[str, str]

    def error(self, problem: str) -> XLSFormError:
        return XLSFormError(f"{self.place}: {problem}")

    def labels(self) -> dict[str, str]:
        """Language -> label; a column without a language is Swedish."""
        found = {}
        for column, text in self.cells.items():
            name, _, words = column.partition("::")
            if name == "label":
                code = re.fullmatch(r".*\(([a-z]{2,3}(?:_[A-Za-z]+)?)\)", words.strip())
                if words and not code:
                    raise self.error(
                        f"column {column}: end it with the language's code, as label::Svenska (sv)"
                    )
                found[code.group(1) if code else REFERENCE] = text
        if REFERENCE not in found:
            raise self.error("has no Swedish label; add a column label::Svenska (sv)")
        return found


@dataclass
class _Reader:
    """Takes a form in, row by row; what was read stands in its fields."""

    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    def text(self, row: _Row) -> str:
        """The row's Swedish label; its translations are kept."""
        labels = row.labels()
        for code, words in labels.items():
            if not is_one_line(words):
                raise row.error("a label holds a line break or control character; keep it on one line")
            if code != REFERENCE:
                self.texts.setdefault(code, {})[labels[REFERENCE]] = words
        return labels[REFERENCE]

    def scales(self, rows: Sequence[_Row]) -> dict[str, Scale]:
        """Choice lists as scales: choices are named 1 to n, 1 the lowest."""
        numbered: dict[str, dict[int, str]] = {}
        for row in rows:
            name, choice = _identifier(row, "list_name"), row.cells.get("name", "")
            labels = numbered.setdefault(name, {})
            if choice in NO_ANSWERS:
                continue
            if not choice.isdecimal() or not 1 <= int(choice) <= 11 or int(choice) in labels:
                raise row.error(
                    f"name is {choice!r}; name a list's choices 1 to n, 1 the lowest, each once "
                    "(and dont_know, prefer_not)"
                )
            labels[int(choice)] = self.text(row)
        for name, labels in numbered.items():
            if sorted(labels) != list(range(1, len(labels) + 1)) or len(labels) < 2:
                raise XLSFormError(
                    f"sheet choices, list {name}: has choices {sorted(labels)}; name at least two 1 to n"
                )
        return {
            name: Scale(name, tuple(labels[at] for at in sorted(labels)), bipolar=False)
            for name, labels in numbered.items()
        }

    def statement(self, row: _Row, scales: Mapping[str, Scale]) -> Statement:
        kind, _, name = row.cells.get("type", "").partition(" ")
        if kind != "select_one":
            raise row.error(
                f"type is {row.cells.get('type', '')!r}; only select_one can be asked here, remove the row"
            )
        if name not in scales:
            raise row.error(f"there is no list {name!r} in the sheet choices; add it")
        statement_id = _identifier(row, "name")
        if statement_id in RESERVED_NAMES:
            raise row.error(f"name {statement_id!r} is taken; rename it")
        return Statement(statement_id, self.text(row), row.cells.get("outcome", "–"), scales[name])


def read_xlsform(content: bytes, source: str) -> Form:
    """The survey an XLSForm holds. Raises XLSFormError for what is no XLSForm, or more than can be kept.

    `source` says where it comes from, for the survey's own file; its licence is not known.
    """
    sheets, reader = _sheets(content), _Reader()
    for name in ("survey", "choices"):
        if not sheets.get(name):
            raise XLSFormError(f"there is no sheet {name!r}, or it is empty; is this an XLSForm?")
    scales = reader.scales(sheets["choices"])
    statements: list[Statement] = []
    for row in sheets["survey"]:
        statement = reader.statement(row, scales)
        if statement.id in {one.id for one in statements}:
            raise row.error(f"name {statement.id!r} stands twice; every statement needs its own")
        statements.append(statement)
    settings = sheets["settings"][0].cells if sheets.get("settings") else {}
    form_id = settings.get("form_id", "")
    draft = Draft(
        form_id if ID_PATTERN.fullmatch(form_id) else "imported",
        settings.get("form_title", "XLSForm"),
        source,
        UNKNOWN_LICENCE,
        False,
        tuple(statements),
    )
    return Form(draft, {one.scale.id: one.scale for one in statements}, reader.texts)


def _identifier(row: _Row, column: str) -> str:
    name = row.cells.get(column, "")
    if not ID_PATTERN.fullmatch(name):
        raise row.error(
            f"{column} is {name[:40]!r}; write small letters a-z, digits and _, beginning with a letter"
        )
    return name


def _sheets(content: bytes) -> dict[str, list[_Row]]:
    """The rows of the three sheets that matter, cells as text."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise XLSFormError("the file is too large to be a survey")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        names = [name for name in ("survey", "choices", "settings") if name in book.sheetnames]
        for name in names:
            # The size a sheet declares of itself may be false, and would cut statements off unseen.
            book[name].reset_dimensions()
        return {name: list(_rows(name, book[name].iter_rows(values_only=True))) for name in names}
    except XLSFormError:
        raise
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, OSError) as error:
        raise XLSFormError("the file cannot be read as a spreadsheet; save it as .xlsx") from error


def _rows(sheet: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[_Row]:
    heading = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    for column in heading:
        if column and heading.count(column) > 1:
            raise XLSFormError(f"sheet {sheet}, row 1: column {column} stands twice; keep one of them")
    for number, cells in enumerate(rows, start=2):
        place = f"sheet {sheet}, row {number}"
        if number > MOST_ROWS:
            raise XLSFormError(f"{place}: more rows than a survey has")
        told = {
            column or "": _as_text(place, column or "?", cell)
            for column, cell in zip_longest(heading, cells)
            if cell is not None and str(cell).strip()
        }
        for column in told:
            if column.partition("::")[0] != "label" and column not in KNOWN_COLUMNS | IGNORED_COLUMNS:
                raise XLSFormError(f"{place}, column {column or '?'}: cannot be kept here; empty it")
        if told:
            yield _Row(place, told)


def _as_text(place: str, column: str, cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    if text.startswith("="):
        raise XLSFormError(f"{place}, column {column}: is a formula; write the text itself")
    return text
