"""Imports and exports surveys as XLSForm, the spreadsheet format of KoboToolbox, ODK and others
(xlsform.org).

Only forms that fit this program's surveys are imported: one choice per statement, no rules between questions.
Anything else is an error that names sheet and row, since a form without its rules would ask something else.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from itertools import zip_longest
from typing import Any

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.language_code import is_language_code
from kiosk.domain.message import Message
from kiosk.domain.survey import Good, Pictures, Scale, Statement, Survey, can_agree, numbers_in
from kiosk.library.catalogues import REFERENCE, Catalogue, language
from kiosk.library.drafts import LONGEST_STATEMENT, LONGEST_TITLE, Draft, Form
from kiosk.library.spreadsheet import workbook
from kiosk.library.surveys import MOST_OPTIONS, MOST_STATEMENTS, RESERVED_NAMES
from kiosk.library.texts import (
    ID_PATTERN,
    LONGEST_TEXT,
    Fault,
    find_fault,
    find_translation_fault,
    tidied,
)

LARGEST_UNPACKED_BYTES = 5_000_000
"""Largest unpacked size, pictures excluded. A survey takes a few thousand bytes; a much larger file is a zip
bomb or no survey."""

PICTURES = "xl/media/"
"""Folder of pictures, which are not read. Only the growth by unpacking counts towards the limit."""

MOST_ROWS = 500
MOST_COLUMNS = 500

UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, ValueError,
    TypeError, AttributeError, ArithmeticError, AssertionError, OSError, RuntimeError, SyntaxError,
)  # fmt: skip
"""The errors that the spreadsheet reader raises for a damaged file; a parser's own error is a SyntaxError."""

MARKUP = re.compile(
    r"\*\*|\$\{\w+\}|</?(?:a|b|br|div|em|font|h[1-6]|i|img|p|small|span|strong|sub|sup|u)\b[^>]*>"
)
"""Emphasis, references to other answers, and tags, which guests would see as plain characters."""

UNKNOWN_LICENCE = "Okända villkor: fråga den som skrev frågorna"

NO_ANSWERS = (NoAnswer.DONT_KNOW, NoAnswer.PREFER_NOT)

UNORDERED = "unordered"
"""Value of the column `good` for options without an order."""

KNOWN_COLUMNS = frozenset(
    {"type", "name", "outcome", "good", "agreeing", "list_name", "form_title", "form_id", "version"}
)
IGNORED_COLUMNS = frozenset(
    {
        "default_language", "instance_name", "style", "allow_choice_duplicates", "required", "appearance",
        "$kuid", "$xpath", "$qpath", "$autovalue", "label_or_hint",
    }
)  # fmt: skip
"""Columns that control the display in other programs, or make an answer mandatory. Here no answer is
mandatory."""

IGNORED_TYPES = frozenset(
    {
        "start", "end", "today", "deviceid", "username", "phonenumber", "email", "audit", "start-geopoint",
        "background-audio", "simserial", "subscriberid",
    }
)  # fmt: skip
"""Rows that collect data about the guest without asking. This program does not collect them."""


class XLSFormError(ValueError):
    """The spreadsheet is not a survey. `message` has the place and the remedy."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.render(str))
        self.message = message


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


@dataclass(frozen=True)
class _Row:
    """One row of a sheet: column -> text, without empty cells."""

    sheet: str
    number: int
    cells: Mapping[str, str]

    @property
    def place(self) -> dict[str, Any]:
        return {"sheet": self.sheet, "row": self.number}

    def problem(self, problem: Message, code: str = REFERENCE) -> XLSFormError:
        """Return the error for a text of this row in the language `code`."""
        if code == REFERENCE:
            return XLSFormError(
                Message("Blad {sheet}, rad {row}: {problem}", {**self.place, "problem": problem})
            )
        return XLSFormError(
            Message(
                "Blad {sheet}, rad {row}, språk {code}: {problem}",
                {**self.place, "code": code, "problem": problem},
            )
        )

    def labels(self, default: str) -> dict[str, str]:
        """Return language -> label, normalised.

        A column without a language is in the language `default`, unless that language has its own column.
        Raises XLSFormError if a language has two columns.
        """
        labels: dict[str, str] = {}
        for column, text in self.cells.items():
            if column.startswith("label::"):
                code = self._code(column)
                if code in labels:
                    raise XLSFormError(
                        Message(
                            "Blad {sheet}, rad 1: språket {code} har två kolumner. Behåll en av dem.",
                            {**self.place, "code": code},
                        )
                    )
                labels[code] = tidied(text)
        if "label" in self.cells:
            labels.setdefault(default, tidied(self.cells["label"]))
        if REFERENCE not in labels:
            problem = Message("svensk text saknas. Lägg till kolumnen label::Svenska (sv).", {})
            if "label" in self.cells:
                problem = Message(
                    "svensk text saknas: kolumnen label är på {code}, säger default_language. Lägg till "
                    "kolumnen label::Svenska (sv).",
                    {"code": default},
                )
            raise self.problem(problem)
        return labels

    def _code(self, column: str) -> str:
        """Return the language of a column such as "label::Svenska (sv)"."""
        code = _code_of(column)
        if code is None:
            raise XLSFormError(
                Message(
                    "Blad {sheet}: kolumnen {column} ska sluta med språkets kod, som label::Svenska (sv).",
                    {**self.place, "column": column},
                )
            )
        if not is_language_code(code):
            raise XLSFormError(
                Message(
                    "Blad {sheet}, rad 1, kolumnen {column}: {code} är ingen språkkod. Skriv till exempel "
                    "en eller pt_BR.",
                    {**self.place, "column": column, "code": code},
                )
            )
        return code


def _code_of(heading: str) -> str | None:
    """Return the code in "Svenska (sv)": letters and underscores in the brackets at the end."""
    code = re.fullmatch(r".*\(([a-z]{2,3}(?:_[A-Za-z_]+)?)\)", heading.strip())
    return code.group(1) if code else None


@dataclass
class _Reader:
    """Reads a form row by row and collects its translations in `texts`.

    `default` is the language of labels without a language.
    """

    default: str
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    def text(self, row: _Row, longest: int) -> str:
        """Return the row's Swedish label, and add its translations to `texts`. Raises XLSFormError for a text
        that no screen can show, or with more than `longest` characters."""
        labels = row.labels(self.default)
        message = labels[REFERENCE]
        self._check(row, REFERENCE, message, find_fault(message, longest))
        for code, label in labels.items():
            if code != REFERENCE:
                self._check(row, code, label, find_translation_fault(message, label))
                self.texts.setdefault(code, {})[message] = label
        return message

    def _check(self, row: _Row, code: str, label: str, fault: Fault | None) -> None:
        if fault:
            raise row.problem(fault.message, code)
        if MARKUP.search(label):
            message = Message(
                "texten har märkning eller en hänvisning ({mark}), som gästen skulle se som den står. Ta "
                "bort den.",
                {"mark": MARKUP.findall(label)[0]},
            )
            raise row.problem(message, code)

    def scales(self, rows: Sequence[_Row]) -> dict[str, Scale]:
        """Return list name -> scale, from the rows of the sheet `choices`.

        Choices are named 1 to n, 1 the lowest; rows of the kinds of no answer are skipped. Raises
        XLSFormError, which names sheet and row.
        """
        numbered: dict[str, dict[int, str]] = {}
        for row in rows:
            name, choice = _identifier(row, "list_name"), row.cells.get("name", "")
            labels = numbered.setdefault(name, {})
            if choice in NO_ANSWERS:
                continue
            is_number = choice.isdecimal() and len(choice) <= len(str(MOST_OPTIONS))
            if not is_number or not 1 <= int(choice) <= MOST_OPTIONS or int(choice) in labels:
                raise XLSFormError(
                    Message(
                        "Blad {sheet}, rad {row}: name är ”{name}”. Kalla listans val 1 till n, lägst först, "
                        "vart och ett en gång (och dont_know, prefer_not).",
                        {**row.place, "name": choice[:40]},
                    )
                )
            label = self.text(row, LONGEST_TEXT)
            if label in labels.values():
                raise row.problem(
                    Message("”{text}” står två gånger i listan. Byt ord.", {"text": label[:40]})
                )
            labels[int(choice)] = label
        for name, labels in numbered.items():
            if sorted(labels) != list(range(1, len(labels) + 1)) or len(labels) < 2:
                raise XLSFormError(
                    Message(
                        "Blad choices: listan {name} behöver minst två val, kallade 1 till n utan luckor.",
                        {"name": name},
                    )
                )
        return {
            name: Scale(name, tuple(labels[at] for at in sorted(labels)), bipolar=False)
            for name, labels in numbered.items()
        }

    def statement(self, row: _Row, scales: Mapping[str, Scale]) -> Statement:
        kind, _, name = row.cells.get("type", "").partition(" ")
        if kind != "select_one":
            raise XLSFormError(
                Message(
                    "Blad {sheet}, rad {row}: type är ”{type}”. Här kan bara select_one frågas. Ta bort "
                    "raden.",
                    {**row.place, "type": row.cells.get("type", "")[:40]},
                )
            )
        if name not in scales:
            raise XLSFormError(
                Message(
                    "Blad {sheet}, rad {row}: listan ”{name}” finns inte i bladet choices. Lägg till den.",
                    {**row.place, "name": name[:40]},
                )
            )
        statement_id = _identifier(row, "name")
        if statement_id in RESERVED_NAMES:
            raise XLSFormError(
                Message(
                    "Blad {sheet}, rad {row}: namnet ”{name}” är upptaget. Byt namn.",
                    {**row.place, "name": statement_id},
                )
            )
        outcome = tidied(row.cells.get("outcome", "–"))
        if fault := find_fault(outcome):
            raise row.problem(Message("kolumnen outcome: {problem}", {"problem": fault.message}))
        scale = scales[name]
        if row.cells.get("good", "").lower() == UNORDERED:
            scale = replace(scale, pictures=Pictures.NONE, is_ordered=False)
        return Statement(
            statement_id,
            self.text(row, LONGEST_STATEMENT),
            outcome,
            scale,
            _good(row) if scale.is_ordered else None,
            _agreeing(row, len(scale.labels)) if scale.is_ordered else (),
        )


def _good(row: _Row) -> Good | None:
    """Return the good end of the scale; None if the column `good` is empty or missing."""
    text = row.cells.get("good", "").lower()
    if text and text not in list(Good):
        raise row.problem(Message("kolumnen good: skriv high, low, neither eller unordered.", {}))
    return Good(text) if text else None


def _agreeing(row: _Row, options: int) -> tuple[int, ...]:
    """Return the numbers of the agreeing choices, sorted; () if the column is empty or missing."""
    agreeing = numbers_in(row.cells.get("agreeing", ""))
    if not can_agree(agreeing, options):
        raise row.problem(
            Message(
                "kolumnen agreeing: skriv olika nummer från 1, det lägsta svaret, till {most}, men inte "
                "alla, som 4 5.",
                {"most": options},
            )
        )
    return agreeing


def read_xlsform(content: bytes, source: str) -> Form:
    """Read the survey in an XLSForm. Raises XLSFormError for a file that is no XLSForm, or that has content
    that a survey cannot represent.

    `source` is written to the survey's file; the licence is unknown.
    """
    sheets = _sheets(content)
    for name in ("survey", "choices"):
        if not sheets.get(name):
            raise XLSFormError(
                Message("Bladet {sheet} saknas eller är tomt. Är det här ett XLSForm?", {"sheet": name})
            )
    settings = sheets["settings"][0] if sheets.get("settings") else _Row("settings", 2, {})
    reader = _Reader(_default_language(settings))
    scales = reader.scales(sheets["choices"])
    statements: list[Statement] = []
    for row in (row for row in sheets["survey"] if row.cells.get("type") not in IGNORED_TYPES):
        statement = reader.statement(row, scales)
        if statement.id in {earlier.id for earlier in statements}:
            raise XLSFormError(
                Message(
                    "Blad {sheet}, rad {row}: namnet ”{name}” står två gånger. Varje påstående behöver "
                    "ett eget.",
                    {**row.place, "name": statement.id},
                )
            )
        if statement.text in {earlier.text for earlier in statements}:
            raise row.problem(Message("påståendet står två gånger. Ta bort det ena.", {}))
        if len(statements) == MOST_STATEMENTS:
            raise row.problem(Message("Högst {most} påståenden.", {"most": MOST_STATEMENTS}))
        statements.append(statement)
    form_id = settings.cells.get("form_id", "")
    title = tidied(settings.cells.get("form_title", "XLSForm"))
    if fault := find_fault(title, LONGEST_TITLE):
        raise settings.problem(Message("kolumnen form_title: {problem}", {"problem": fault.message}))
    draft = Draft(
        form_id if ID_PATTERN.fullmatch(form_id) else "imported",
        title,
        source,
        UNKNOWN_LICENCE,
        False,
        tuple(statements),
    )
    return Form(draft, {statement.scale.id: statement.scale for statement in statements}, reader.texts)


def _default_language(settings: _Row) -> str:
    """Return the language of labels without a language: Swedish, unless the form names another."""
    code = _code_of(settings.cells.get("default_language", "")) or REFERENCE
    if not is_language_code(code):
        raise settings.problem(
            Message("{code} är ingen språkkod. Skriv till exempel en eller pt_BR.", {"code": code})
        )
    return code


def source_of(filename: str) -> str:
    """Return the `source` of a survey from a spreadsheet; an unreadable file name is left out."""
    source = f"XLSForm {filename}".strip()
    return "XLSForm" if find_fault(source) else source


def _identifier(row: _Row, column: str) -> str:
    name = row.cells.get(column, "")
    if not ID_PATTERN.fullmatch(name):
        raise XLSFormError(
            Message(
                "Blad {sheet}, rad {row}: {column} är ”{name}”. Skriv små bokstäver a–z, siffror och _, "
                "först en bokstav.",
                {**row.place, "column": column, "name": name[:40]},
            )
        )
    return name


def _sheets(content: bytes) -> dict[str, list[_Row]]:
    """Return the rows of the three sheets that are used, cells as text."""
    import openpyxl  # here, because a server that reads no workbook saves its memory

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(map(_size_when_read, packed.infolist())) > LARGEST_UNPACKED_BYTES:
                raise XLSFormError(Message("Filen är för stor för att vara en enkät.", {}))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        names = [name for name in ("survey", "choices", "settings") if name in book.sheetnames]
        for name in names:
            # The declared size of a sheet may be wrong, and would silently drop statements.
            book[name].reset_dimensions()
        return {name: list(_rows(name, book[name].iter_rows())) for name in names}
    except XLSFormError:
        raise
    except UNREADABLE as error:
        raise XLSFormError(
            Message("Filen kan inte läsas som ett kalkylblad. Spara den som .xlsx.", {})
        ) from error


def _size_when_read(part: zipfile.ZipInfo) -> int:
    is_picture = part.filename.startswith(PICTURES)
    return max(part.file_size - part.compress_size, 0) if is_picture else part.file_size


def _rows(sheet: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[_Row]:
    heading = [str(cell.value).strip() if cell.value is not None else "" for cell in next(rows, ())]
    for column in heading:
        if column and heading.count(column) > 1:
            raise XLSFormError(
                Message(
                    "Blad {sheet}: kolumnen {column} står två gånger. Behåll en av dem.",
                    {"sheet": sheet, "column": column},
                )
            )
    for number, cells in enumerate(rows, start=2):
        if number > MOST_ROWS:
            raise XLSFormError(
                Message(
                    "Blad {sheet} har mer än {most} rader: fler än en enkät har.",
                    {"sheet": sheet, "most": MOST_ROWS},
                )
            )
        if len(cells) > MOST_COLUMNS:
            raise XLSFormError(
                Message(
                    "Blad {sheet}, rad {row} har mer än {most} kolumner: fler än en enkät har.",
                    {"sheet": sheet, "row": number, "most": MOST_COLUMNS},
                )
            )
        cells_by_column = {
            column or "": _as_text(cell, {"sheet": sheet, "row": number, "column": column or "?"})
            for column, cell in zip_longest(heading, cells)
            if cell is not None and cell.value is not None and str(cell.value).strip()
        }
        for column in cells_by_column:
            if column.partition("::")[0] != "label" and column not in KNOWN_COLUMNS | IGNORED_COLUMNS:
                raise XLSFormError(
                    Message(
                        "Blad {sheet}, rad {row}: kolumnen {column} kan inte behållas här. Töm den.",
                        {"sheet": sheet, "row": number, "column": column or "?"},
                    )
                )
        if cells_by_column:
            yield _Row(sheet, number, cells_by_column)


def _as_text(cell: Any, place: dict[str, Any]) -> str:
    """Return a cell's text. A number is written as a sheet shows it. A date or truth value is refused in a
    column that is read, since programs show them differently."""
    if cell.data_type == "f":
        raise XLSFormError(
            Message("Blad {sheet}, rad {row}: kolumnen {column} har en formel. Skriv texten själv.", place)
        )
    value = cell.value
    is_read = place["column"] not in IGNORED_COLUMNS | {"version"}
    if is_read and isinstance(value, bool | date | time | timedelta):
        raise XLSFormError(
            Message(
                "Blad {sheet}, rad {row}: kolumnen {column} har ett datum eller sant/falskt. Skriv det som "
                "text.",
                place,
            )
        )
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
