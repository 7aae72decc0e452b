"""Exports surveys as XLSForm, the spreadsheet format of KoboToolbox, ODK and others (xlsform.org), and opens
.xlsx files with such forms."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.message import Message
from kiosk.domain.survey import Survey
from kiosk.library.catalogues import REFERENCE, Catalogue, language
from kiosk.library.drafts import LONGEST_TITLE
from kiosk.library.foreign_form import ForeignForm, ForeignFormError, LeftOut
from kiosk.library.plain_text import plain_text
from kiosk.library.spreadsheet import workbook
from kiosk.library.texts import can_be_read
from kiosk.library.xlsform_reader import MOST_COLUMNS, MOST_ROWS, UNORDERED, read_form

LARGEST_UNPACKED_BYTES = 5_000_000
"""Largest unpacked size, pictures excluded. A survey takes a few thousand bytes; a much larger file is a zip
bomb or no survey."""

PICTURES = "xl/media/"
"""Folder of pictures, which are not read. Only the growth by unpacking counts towards the limit."""

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, ValueError,
    TypeError, AttributeError, ArithmeticError, AssertionError, OSError, RuntimeError, SyntaxError,
)  # fmt: skip
"""The errors that the spreadsheet reader raises for a damaged file; a parser's own error is a SyntaxError."""

UNKNOWN_LICENCE = "Okända villkor: fråga den som skrev frågorna"

NO_ANSWERS = (NoAnswer.DONT_KNOW, NoAnswer.PREFER_NOT)


def write_xlsform(survey: Survey, no_answer_words: Mapping[str, Mapping[NoAnswer, str]]) -> bytes:
    """Encode a survey as XLSForm, in every language that has all its texts.

    `no_answer_words` maps each language to its words for "don't know" and "prefer not", which are choices.
    """
    codes = [
        REFERENCE,
        *(code for code, texts in survey.translations.items() if set(texts) >= set(survey.messages)),
    ]
    codes = [code for code in codes if code in no_answer_words]
    labels = [f"label::{language(code).autonym} ({code})" for code in codes]

    def in_all_languages(message: str) -> list[str]:
        return [message if code == REFERENCE else survey.translations[code][message] for code in codes]

    scales = {statement.scale.id: statement.scale for statement in survey.statements}
    choices = [
        [scale.id, name, *labels_of_choice]
        for scale in scales.values()
        for name, labels_of_choice in [
            *(
                (str(at), in_all_languages(label))
                for at, label in reversed(list(enumerate(scale.labels, start=1)))
            ),
            *((kind.value, [no_answer_words[code][kind] for code in codes]) for kind in NO_ANSWERS),
        ]
    ]
    return workbook(
        {
            "survey": [
                ["type", "name", *labels, "outcome", "good", "agreeing"],
                *(
                    [
                        f"select_one {statement.scale.id}",
                        statement.id,
                        *in_all_languages(statement.text),
                        statement.outcome,
                        (statement.good or "") if statement.scale.is_ordered else UNORDERED,
                        " ".join(map(str, statement.agreeing)),
                    ]
                    for statement in survey.statements
                ),
            ],
            "choices": [["list_name", "name", *labels], *choices],
            "settings": [
                ["form_title", "form_id", "version", "default_language"],
                [survey.title, survey.id, survey.version, labels[0].removeprefix("label::")],
            ],
        },
        None,
        as_text=True,
    )


def no_answer_words(catalogues: Mapping[str, Catalogue]) -> dict[str, dict[NoAnswer, str]]:
    """Return the words for "don't know" and "prefer not" in each language that has both."""
    messages = {NoAnswer.DONT_KNOW: "Vet inte", NoAnswer.PREFER_NOT: "Vill inte svara"}
    return {
        code: {kind: catalogue.text(message) for kind, message in messages.items()}
        for code, catalogue in catalogues.items()
        if all(message in catalogue.texts for message in messages.values())
    }


def read_xlsform(content: bytes, filename: str) -> ForeignForm:
    """Return the form in an .xlsx file. Raises ForeignFormError for a file that is no XLSForm."""
    sheets, notes = _sheets(content)
    form = read_form(sheets, default_title(filename))
    return replace(form, left_out=(*form.left_out, *notes))


def default_title(filename: str) -> str:
    """Return the title of a form without one: the file's name without its ending."""
    title, _ = plain_text(filename.rpartition(".")[0] or filename)
    return title[:LONGEST_TITLE].strip() if can_be_read(title) else "XLSForm"


def _sheets(content: bytes) -> tuple[dict[str, list[list[str]]], list[LeftOut]]:
    """Return the rows of all sheets as texts, and what is noted about single cells.

    A formula counts as its value. Raises ForeignFormError for a file that cannot be read.
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
    is_picture = part.filename.startswith(PICTURES)
    return max(part.file_size - part.compress_size, 0) if is_picture else part.file_size


def _rows(sheet: Any, formulas: Any, notes: list[LeftOut]) -> list[list[str]]:
    """Return the rows of a sheet as texts, without empty rows at the end; `formulas` is the same sheet with
    formulas instead of their values, or None. Labels that are no text are added to `notes`."""
    rows: list[list[str]] = []
    number_of_empty = 0
    labels: list[bool] = []
    for number, cells in enumerate(_values(sheet), start=1):
        texts = [_as_text(value) for value in cells]
        if not any(texts):
            number_of_empty += 1
            continue
        if len(rows) - number_of_empty > MOST_ROWS:
            raise ForeignFormError(
                Message(
                    "Blad {sheet} har mer än {most} rader: fler än en enkät har.",
                    {"sheet": sheet.title, "most": MOST_ROWS},
                )
            )
        rows += [[] for _ in range(number_of_empty)]
        number_of_empty = 0
        rows.append(texts)
        labels = labels if any(labels) else [text.strip().lower().startswith("label") for text in texts]
        for is_label, value, text in zip(labels, cells, texts, strict=False):
            if is_label and isinstance(value, bool | date | time | timedelta):
                notes.append(_cell_note(sheet.title, number, _READ_AS, text))
    if formulas is not None:
        notes.extend(_formulas_without_value(formulas, rows, labels))
    return rows


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    # The declared size of a sheet may be wrong, and would silently drop statements.
    sheet.reset_dimensions()
    return iter(sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True))


def _formulas_without_value(
    formulas: Any, rows: Sequence[Sequence[str]], labels: Sequence[bool]
) -> Iterator[LeftOut]:
    """Yield a note for each label that is a formula whose value the file does not have."""
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
