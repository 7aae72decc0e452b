"""Reads the rows of an XLSForm (xlsform.org), from any kind of file, as a form of another program.

Headings, names and types are accepted as pyxform accepts them. Everything that a survey cannot have is listed
as left out, all of it at once; only a file that is no form, or that is ambiguous, is refused.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from kiosk.domain.ballot import NONE, NoAnswer
from kiosk.domain.message import Message
from kiosk.domain.survey import MOST_SEVERAL, Good, can_agree, numbers_in
from kiosk.library.catalogues import REFERENCE
from kiosk.library.importing.conditions import xpath_condition
from kiosk.library.importing.form import (
    ForeignChoice,
    ForeignForm,
    ForeignFormError,
    ForeignQuestion,
    LeftOut,
    Texts,
)
from kiosk.library.importing.language_headings import heading_code, malformed_code
from kiosk.library.importing.markup import Change, plain_text
from kiosk.library.importing.no_answer_labels import number_of_options
from kiosk.library.surveys import MOST_OPTIONS
from kiosk.library.text_rules import find_fault, tidied

Sheet = Sequence[Sequence[str]]
"""Rows of cell texts, from the first row; an empty cell is ""."""

SHEETS = ("survey", "choices", "settings")
"""Names of the sheets that are used."""

MOST_ROWS = 20_000
"""Most rows with content in a sheet. Lists of places have thousands."""

UNORDERED = "unordered"
"""Value of the column `good` for options without an order."""

MOST_COLUMNS = 500
"""Most columns with content in a sheet."""

MOST_ROWS_ABOVE_HEADINGS = 10
"""Number of rows, from the first, in which the headings are looked for."""
MOST_ROWS_NAMED = 12
"""Most row numbers that are written out for one reason."""

COLUMN_ALIASES = {
    "caption": "label", "command": "type", "tag": "name", "value": "name", "list": "list_name",
    "relevance": "relevant", "calculate": "calculation", "set_form_title": "form_title",
    "set_form_id": "form_id", "image": "media", "big-image": "media", "audio": "media", "video": "media",
}  # fmt: skip
"""Column as pyxform also accepts it -> its usual name."""

USED_COLUMNS = {
    "survey": frozenset({"type", "name", "label", "outcome", "good", "agreeing"}),
    "choices": frozenset({"list_name", "name", "label"}),
    "settings": frozenset({"form_title", "form_id", "default_language", "version"}),
}
"""Sheet -> the columns that are read."""

SILENT_COLUMNS = frozenset({"$kuid", "$xpath", "$qpath", "$autovalue", "label_or_hint", "order"})
"""Columns that programs write for themselves, which are not listed as left out."""

REASONS_OF_COLUMNS = {
    "hint": Message("Ledtexter visas inte.", {}),
    "guidance_hint": Message("Ledtexter visas inte.", {}),
    "media": Message("Bilder, ljud och film tas inte med. Gäster kan få texterna upplästa.", {}),
    "relevant": Message(
        "Villkoret följer inte med: frågan visas för alla. Välj bort den om den bara passar "
        "dem som svarat på ett visst sätt.",
        {},
    ),
    "constraint": Message("Kontroller av svar följer inte med.", {}),
    "constraint_message": Message("Kontroller av svar följer inte med.", {}),
    "required": Message("Inga svar är obligatoriska här.", {}),
    "required_message": Message("Inga svar är obligatoriska här.", {}),
    "default": Message("Inget svar är ifyllt i förväg.", {}),
    "choice_filter": Message("Svaren väljs inte ut efter tidigare svar: alla visas.", {}),
    "calculation": Message("Uträkningar följer inte med.", {}),
}
"""Column -> the reason why it is left out."""

OTHER_COLUMN = Message("Kolumnen används inte här.", {})

METADATA = frozenset(
    {
        "start", "end", "today", "deviceid", "username", "phonenumber", "phone_number", "email", "audit",
        "start-geopoint", "background-audio", "simserial", "sim_serial", "subscriberid", "subscriber_id",
        "imei", "device_id", "uri:deviceid", "uri:phonenumber", "uri:username", "uri:email", "start_time",
        "end_time",
    }
)  # fmt: skip
"""Types of rows that collect data about the guest without asking."""

SELECT_ONE = re.compile(
    r"(?:add )?(?:select_one|select one|select1)(?: prompt)?(?: (?:from|using))? (?P<list>\S+)"
    r"(?P<other> (?:or_other|or specify other))?",
    re.IGNORECASE,
)
SELECT_FROM_FILE = re.compile(r"select[_ ](?:one|multiple)[_ ](?:from[_ ]file|external)\b", re.IGNORECASE)
SELECT_MULTIPLE = re.compile(
    r"(?:add )?(?:select_multiple|select multiple|select all that apply)(?: prompt)?(?: (?:from|using))?"
    r" (?P<list>\S+)(?P<other> (?:or_other|or specify other))?",
    re.IGNORECASE,
)
ALONE = (
    "not((selected(., 'none') or selected(., 'dont_know') or selected(., 'prefer_not')) "
    "and count-selected(.) > 1)"
)
"""The constraint of a question with several choices in an export of this program: "none of these" and the
kinds of no answer exclude every other choice."""
TOO_MANY_SEVERAL = Message(
    "Frågan har {number} svar. Flera svar går att välja bland högst {most}. Dela upp den i två frågor.", {}
)
BEGIN = re.compile(r"begin[ _]+(?P<kind>\w+(?: group)?)", re.IGNORECASE)
END = re.compile(r"end[ _]+\w+", re.IGNORECASE)
REPEATS = frozenset({"repeat", "lgroup", "loop", "looped group"})

REASONS_OF_CHANGES = {
    Change.MARKUP: Message("Märkning, som fetstil, är borttagen ur texten.", {}),
    Change.LINE_BREAK: Message("Radbrytningen är utbytt mot ett mellanslag.", {}),
    Change.HIDDEN: Message("Tecken som inte går att visa är borttagna ur texten.", {}),
}
"""Change of a text -> the note about it."""


class _Note(Enum):
    """A part of the file that is left out, as a message with placeholders. Each is listed once, with all its
    rows."""

    METADATA = Message("Uppgifter om den som svarar, eller om apparaten, samlas aldrig in.", {})
    NOTE = Message("En text utan fråga visas inte.", {})
    GROUP = Message("Gruppens rubrik visas inte. Frågorna i gruppen tas med.", {})
    GROUP_WITH_CONDITION = Message(
        "Gruppens rubrik och villkor följer inte med: frågorna i den visas för alla. Välj bort dem som "
        "bara passar dem som svarat på ett visst sätt.",
        {},
    )
    REPEAT = Message("Upprepningen följer inte med: frågorna i den ställs en gång.", {})
    CALCULATION = Message("Uträkningar följer inte med.", {})
    MANY_SEVERAL = TOO_MANY_SEVERAL
    FROM_FILE = Message("Svaren står i en annan fil. Skriv in dem i bladet choices.", {})
    OTHER_TYPE = Message("Frågor av typen ”{type}” kan inte tas med. Bara frågor med val.", {})
    NO_TYPE = Message("Raden har ingen typ.", {})
    DISABLED = Message("Raden är avstängd i formuläret (disabled).", {})
    WITH_OTHER = Message("Svaret ”annat” med egna ord följer inte med.", {})
    NO_LIST = Message("Listan ”{list}” finns inte i bladet choices. Lägg till den.", {})
    FEW = Message("Listan ”{list}” har färre än två svar.", {})
    MANY = Message("Listan ”{list}” har {number} svar. Högst {most} går att visa.", {})
    SAME_ANSWERS = Message("Listan ”{list}” har två lika svar.", {})
    UNUSED_LIST = Message("Listan ”{list}” används inte av någon fråga med val.", {})
    SHEET = Message("Bladet läses inte.", {})
    ABOVE = Message("Raden står ovanför rubrikerna och läses inte.", {})
    UNKNOWN_LANGUAGE = Message(
        "Rubriken säger inte vilket språk det är. Skriv språkets kod sist, som label::Svenska (sv).",
        {},
    )
    SECOND_COLUMN = Message(
        "Enligt default_language är kolumnen på {code}, som också har kolumnen {other}. Den används i "
        "stället.",
        {},
    )
    DIRECTION = Message("Kolumnen good används bara när svaren heter 1 till n, lägst först.", {})


@dataclass(frozen=True)
class _Column:
    """A column of a sheet: its heading as written, its usual name, and the text that names its language, ""
    if there is none."""

    heading: str
    name: str
    language: str


@dataclass(frozen=True)
class _Row:
    """One row of a sheet: the sheet's name as written, the row's number, from 1, and its cells without the
    empty ones, by column."""

    sheet: str
    number: int
    cells: Mapping[_Column, str]

    def get(self, name: str) -> str:
        """Return the first text in a column with that usual name, whatever its language; "" if these cells
        are empty or there is no such column."""
        return next((text for column, text in self.cells.items() if column.name == name), "")

    def error(self, problem: Message) -> ForeignFormError:
        """Return the error for a fault of this row that makes the file ambiguous."""
        return ForeignFormError(
            Message(
                "Blad {sheet}, rad {row}: {problem}",
                {"sheet": self.sheet, "row": self.number, "problem": problem},
            )
        )


@dataclass(frozen=True)
class _Table:
    """A sheet with its headings; `name` is the sheet's name as written."""

    name: str
    columns: tuple[_Column, ...]
    rows: tuple[_Row, ...]

    def has(self, name: str) -> bool:
        """Return whether the sheet has a column with that usual name, also if all its cells are empty."""
        return any(column.name == name for column in self.columns)


@dataclass(frozen=True)
class _Place:
    """A sheet or, with `column`, the column with that heading."""

    sheet: str
    column: str = ""


@dataclass
class _Notes:
    """Everything left out, in the order in which it was added.

    `rows` maps (place, reason as text) to the numbers of its rows, from 1, none for a whole sheet or column.
    `reasons` maps each of these texts to its message.
    """

    rows: dict[tuple[_Place, str], list[int]] = field(default_factory=dict)
    reasons: dict[str, Message] = field(default_factory=dict)

    def add(self, place: _Place, reason: Message, row: int | None = None) -> None:
        """Add a reason at a place, and in a row if it is given. The same reason at the same place is listed
        once, with all its rows."""
        key = reason.render(str)
        self.reasons[key] = reason
        rows = self.rows.setdefault((place, key), [])
        if row is not None and row not in rows:
            rows.append(row)

    def add_row(self, row: _Row, note: _Note, **values: object) -> None:
        """Add a note about a row; `values` are those of the note's message."""
        self.add(_Place(row.sheet), Message(note.value.msgid, values), row.number)

    def left_out(self) -> tuple[LeftOut, ...]:
        """Return what was added, each reason with its place and rows."""
        return tuple(
            LeftOut(_place_message(place, sorted(rows)), self.reasons[key])
            for (place, key), rows in self.rows.items()
        )


def _place_message(place: _Place, rows: Sequence[int]) -> Message:
    """Return a place with its first MOST_ROWS_NAMED rows, and how many there are if there are more."""
    numbers = ", ".join(map(str, rows[:MOST_ROWS_NAMED]))
    if len(rows) > MOST_ROWS_NAMED:
        numbers += f" … ({len(rows)})"
    values = {"sheet": place.sheet, "column": place.column, "rows": numbers}
    if place.column and rows:
        return Message("Blad {sheet}, kolumnen {column}, rad {rows}", values)
    if place.column:
        return Message("Blad {sheet}, kolumnen {column}", values)
    return Message("Blad {sheet}, rad {rows}", values) if rows else Message("Blad {sheet}", values)


def read_form(sheets: Mapping[str, Sheet], default_title: str) -> ForeignForm:
    """Return the form in a workbook: `sheets` maps the name of each sheet to its rows, each a row of texts.

    `default_title` is the title of a form without one. Raises ForeignFormError for a workbook that is no
    XLSForm, or has a sheet over MOST_ROWS or MOST_COLUMNS, for two columns of one language or one heading,
    for a malformed language code, and for a text in the columns outcome, good and agreeing that no export of
    this program has.
    """
    notes = _Notes()
    tables = _tables(sheets, notes)
    if not tables["survey"].rows:
        raise ForeignFormError(
            Message("Bladet {sheet} saknas eller är tomt. Är det här ett XLSForm?", {"sheet": "survey"})
        )
    settings = tables["settings"].rows[0] if tables["settings"].rows else None
    default = heading_code(settings.get("default_language")) or "" if settings else ""
    languages = _languages([tables["survey"], tables["choices"]], default, notes)
    reader = _Reader(languages, _rows_by_list(tables["choices"]), notes)
    questions = tuple(reader.questions(tables["survey"]))
    reader.note_columns(tables)
    reader.note_unused_lists(tables["choices"])
    if any(code == "" for code in languages.values()):
        default = ""
    title, _ = plain_text(settings.get("form_title") if settings else "")
    headings: dict[str, str] = {}
    for column, code in languages.items():
        headings.setdefault(code, column.heading)
    return ForeignForm(
        {default or REFERENCE: title or default_title},
        default,
        headings,
        questions,
        notes.left_out(),
        settings.get("form_id") if settings else "",
    )


def _tables(sheets: Mapping[str, Sheet], notes: _Notes) -> dict[str, _Table]:
    """Return the three sheets that are used, by their usual names (SHEETS); missing ones are empty. Other
    sheets with content are noted. Raises ForeignFormError as `_table`."""
    tables = {name: _Table(name, (), ()) for name in SHEETS}
    for title, rows in sheets.items():
        name = title.strip().lower()
        if name in tables and not tables[name].rows:
            tables[name] = _table(title, name, rows, notes)
        elif any(any(row) for row in rows):
            notes.add(_Place(title), _Note.SHEET.value)
    return tables


def _table(title: str, name: str, rows: Sheet, notes: _Notes) -> _Table:
    """Return a sheet with its headings, which may stand below a title: rows above them are noted. `title` is
    its name as written, `name` the usual one. Raises ForeignFormError for a sheet over MOST_ROWS or
    MOST_COLUMNS, and for a heading that occurs twice in columns that are used."""
    at = _row_of_headings(name, rows)
    for number, row in enumerate(rows[:at], start=1):
        if any(row):
            notes.add(_Place(title), _Note.ABOVE.value, number)
    columns = [_column(heading) for heading in rows[at]] if rows else []
    for column in columns:
        if column.name in USED_COLUMNS[name] and columns.count(column) > 1:
            raise ForeignFormError(
                Message(
                    "Blad {sheet}: kolumnen {column} står två gånger. Behåll en av dem.",
                    {"sheet": title, "column": column.heading},
                )
            )
    kept: list[_Row] = []
    for number, cells in enumerate(rows[at + 1 :], start=at + 2):
        texts = [(index, text) for index, text in enumerate(cells) if text.strip()]
        if not texts:
            continue
        if len(kept) == MOST_ROWS:
            raise ForeignFormError(
                Message(
                    "Blad {sheet} har mer än {most} rader: fler än en enkät har.",
                    {"sheet": title, "most": MOST_ROWS},
                )
            )
        if len(cells) > MOST_COLUMNS and texts[-1][0] >= MOST_COLUMNS:
            raise ForeignFormError(
                Message(
                    "Blad {sheet}, rad {row} har mer än {most} kolumner: fler än en enkät har.",
                    {"sheet": title, "row": number, "most": MOST_COLUMNS},
                )
            )
        kept.append(
            _Row(
                title,
                number,
                {columns[index] if index < len(columns) else NO_COLUMN: text for index, text in texts},
            )
        )
    return _Table(title, tuple(column for column in columns if column.heading), tuple(kept))


NO_COLUMN = _Column("", "", "")
"""The column of a cell without a heading."""


def _row_of_headings(name: str, rows: Sheet) -> int:
    """Return the index of the row with the headings: the first one that has those that the sheet needs; else
    the first with content, 0 in an empty sheet."""
    needed = {"survey": {"type"}, "choices": {"list_name", "name"}}.get(name, set[str]())
    for at, row in enumerate(rows[:MOST_ROWS_ABOVE_HEADINGS]):
        if needed and needed <= {_column(heading).name for heading in row}:
            return at
    filled = (at for at, row in enumerate(rows) if any(cell.strip() for cell in row))
    return next(filled, 0)


def _column(heading: str) -> _Column:
    """Return a column from its heading, as pyxform splits it: `label::Svenska (sv)`, `Label : Svenska`."""
    shown = re.sub(r"\s+", " ", heading.replace("\ufeff", "").replace("\u200b", "")).strip()
    parts = [part.strip() for part in re.split("::?" if "::" not in shown else "::", shown)]
    if parts[0].lower() in ("bind", "media", "control", "body") and len(parts) > 1:
        prefix, *parts = parts
        parts[0] = "media" if prefix.lower() == "media" else parts[0]
    name = re.sub(" ", "_", parts[0].lower())
    return _Column(shown, COLUMN_ALIASES.get(name, name), " ".join(parts[1:]))


def _languages(tables: Sequence[_Table], default: str, notes: _Notes) -> dict[_Column, str]:
    """Return column of labels -> the code of its language.

    A column that names no language has that of the form, `default`, "" if that is unknown too; it is left out
    if another column of the sheet names that language. A column with an unknown language is left out, unless
    the form has no other column of labels without a known language: then it too has `default`. Columns that
    are left out are noted. Raises ForeignFormError if two columns of a sheet name one language, or one names
    a malformed code.
    """
    labels = [column for table in tables for column in table.columns if column.name == "label"]
    unknown = {column.language for column in labels if column.language and not heading_code(column.language)}
    has_bare_column = any(not column.language for column in labels)
    languages: dict[_Column, str] = {}
    for table in tables:
        by_code: dict[str, _Column] = {}
        # A column that names its language comes first, so that it is the one that is kept.
        in_order = sorted(table.columns, key=lambda column: not column.language)
        for column in (column for column in in_order if column.name == "label"):
            if code := malformed_code(column.language):
                raise ForeignFormError(
                    Message(
                        "Blad {sheet}, rad 1, kolumnen {column}: {code} är ingen språkkod. Skriv till "
                        "exempel en eller pt_BR.",
                        {"sheet": table.name, "column": column.heading, "code": code},
                    )
                )
            language = heading_code(column.language) if column.language else default
            if language is None and (has_bare_column or len(unknown) > 1):
                notes.add(_Place(table.name, column.heading), _Note.UNKNOWN_LANGUAGE.value)
                continue
            language = default if language is None else language
            if other := by_code.get(language):
                if column.language:
                    raise _two_columns(table.name, language, other, column)
                values = {"code": language, "other": other.heading}
                notes.add(
                    _Place(table.name, column.heading), Message(_Note.SECOND_COLUMN.value.msgid, values)
                )
                continue
            by_code[language] = column
            languages[column] = language
    return languages


def _two_columns(sheet: str, code: str, first: _Column, second: _Column) -> ForeignFormError:
    return ForeignFormError(
        Message(
            "Blad {sheet}, rad 1: språket {code} har två kolumner, {first} och {second}. Behåll en av dem.",
            {"sheet": sheet, "code": code, "first": first.heading, "second": second.heading},
        )
    )


def _rows_by_list(choices: _Table) -> dict[str, list[_Row]]:
    """Return the name of each list -> its rows."""
    lists: dict[str, list[_Row]] = {}
    for row in choices.rows:
        if name := row.get("list_name").strip():
            lists.setdefault(name, []).append(row)
    return lists


@dataclass
class _Reader:
    """Reads the questions, and notes in `notes` what they lose. `languages` maps each column of labels to its
    language, and `lists` each list's name to its rows. `named` collects the names of the lists of all
    questions. `used` collects the names of the lists of the questions that are kept, and `asked` the rows of
    these questions."""

    languages: Mapping[_Column, str]
    lists: Mapping[str, Sequence[_Row]]
    notes: _Notes
    used: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    asked: list[_Row] = field(default_factory=list)

    def questions(self, survey: _Table) -> Iterator[ForeignQuestion]:
        """Yield the questions with one choice or several, and note all other rows."""
        score_list = ""
        for row in survey.rows:
            kind = re.sub(r"\s+", " ", row.get("type")).strip()
            if row.get("disabled").strip().lower() in ("yes", "true", "true()", "sant"):
                self.notes.add_row(row, _Note.DISABLED)
            elif kind.lower() == "begin_score":
                score_list = row.get("kobo--score-choices").strip()
                self.notes.add_row(row, _Note.GROUP)
            elif kind.lower() == "score__row" and score_list:
                yield from self._question(row, score_list, survey)
            elif match := SELECT_ONE.fullmatch(kind):
                if match["other"]:
                    self.notes.add_row(row, _Note.WITH_OTHER)
                yield from self._question(row, match["list"], survey)
            elif match := SELECT_MULTIPLE.fullmatch(kind):
                if match["other"]:
                    self.notes.add_row(row, _Note.WITH_OTHER)
                yield from self._question(row, match["list"], survey, several=True)
            elif not END.fullmatch(kind):
                self._note_row(row, kind)

    def _note_row(self, row: _Row, kind: str) -> None:
        """Note a row that is no question with choices, by its type `kind`."""
        begin = BEGIN.fullmatch(kind)
        if begin and begin["kind"].lower() in REPEATS:
            self.notes.add_row(row, _Note.REPEAT)
        elif begin and begin["kind"].lower() == "group":
            has_condition = bool(row.get("relevant"))
            if has_condition or self._texts(row, is_noted=False):
                self.notes.add_row(row, _Note.GROUP_WITH_CONDITION if has_condition else _Note.GROUP)
        elif SELECT_FROM_FILE.match(kind):
            self.notes.add_row(row, _Note.FROM_FILE)
        elif not kind:
            self.notes.add_row(row, _Note.NO_TYPE)
        elif kind.lower().replace(" ", "_") in METADATA:
            self.notes.add_row(row, _Note.METADATA)
        elif kind.lower() == "note":
            self.notes.add_row(row, _Note.NOTE)
        elif kind.lower() in ("calculate", "hidden", "csv-external", "xml-external"):
            self.notes.add_row(row, _Note.CALCULATION)
        else:
            self.notes.add_row(row, _Note.OTHER_TYPE, type=kind[:40])

    def _question(
        self, row: _Row, list_name: str, survey: _Table, *, several: bool = False
    ) -> Iterator[ForeignQuestion]:
        """Yield the question in a row, unless the list with the name `list_name` cannot be shown; then note
        why. With `several`, a guest may choose several answers."""
        rows = self.lists.get(list_name, ())
        self.named.add(list_name)
        if not rows:
            self.notes.add_row(row, _Note.NO_LIST, list=list_name[:40])
        elif len(rows) < 2:
            self.notes.add_row(row, _Note.FEW, list=list_name[:40])
        elif several and self._number_of_options(rows) > MOST_SEVERAL:
            number = self._number_of_options(rows)
            self.notes.add_row(row, _Note.MANY_SEVERAL, number=number, most=MOST_SEVERAL)
        elif len(rows) - len([row for row in rows if _is_no_answer(row)]) > MOST_OPTIONS:
            self.notes.add_row(row, _Note.MANY, list=list_name[:40], number=len(rows), most=MOST_OPTIONS)
        elif repeated := self._repeated_label(rows):
            repeated_row, label = repeated
            self.notes.add_row(row, _Note.SAME_ANSWERS, list=list_name[:40])
            self.notes.add(
                _Place(repeated_row.sheet),
                Message(
                    "”{text}” står två gånger i listan {list}. Byt ord.",
                    {"text": label[:40], "list": list_name[:40]},
                ),
                repeated_row.number,
            )
        else:
            is_new = list_name not in self.used
            self.used.add(list_name)
            self.asked.append(row)
            choices = tuple(
                ForeignChoice(row.get("name").strip(), self._texts(row, is_noted=is_new)) for row in rows
            )
            yield self._with_direction_of_scale(
                ForeignQuestion(
                    Message("Blad {sheet}, rad {row}", {"sheet": row.sheet, "row": row.number}),
                    row.get("name").strip(),
                    self._texts(row),
                    list_name,
                    choices,
                    _outcome(row),
                    several=several,
                    follows=xpath_condition(row.get("relevant")),
                ),
                row,
                survey,
            )

    def _with_direction_of_scale(
        self, question: ForeignQuestion, row: _Row, survey: _Table
    ) -> ForeignQuestion:
        """Return a question with the direction of its scale, from the columns `good` and `agreeing`, which
        only an export of this program has. Without these columns the question is unchanged; also if the
        answers are not numbered from 1, which is noted. Raises ForeignFormError for a text that the columns
        cannot have."""
        options = [choice.name for choice in question.choices if choice.name not in NO_ANSWER_NAMES]
        if question.several:
            options = [name for name in options if name != NONE]
        numbers = [int(name) for name in options if re.fullmatch(r"\d{1,2}", name)]
        is_numbered = sorted(numbers) == list(range(1, len(options) + 1))
        if not survey.has("good") and not survey.has("agreeing"):
            return question
        if not is_numbered:
            self.notes.add_row(row, _Note.DIRECTION)
            return question
        is_ordered = row.get("good").strip().lower() != UNORDERED
        return replace(
            question,
            good=_good(row) if is_ordered else None,
            agreeing=_agreeing(row, len(options)) if is_ordered else (),
            is_numbered=survey.has("good"),
            is_ordered=is_ordered,
        )

    def _number_of_options(self, rows: Sequence[_Row]) -> int:
        """Return how many of a list's choices are options of their own."""
        return number_of_options((row.get("name").strip(), self._texts(row, is_noted=False)) for row in rows)

    def _repeated_label(self, rows: Sequence[_Row]) -> tuple[_Row, str] | None:
        """Return the first row whose Swedish label, or label without a language, an earlier row has too, and
        the label; None if all differ."""
        labels: set[str] = set()
        for row in rows:
            texts = self._texts(row, is_noted=False)
            label = texts.get(REFERENCE, texts.get("", ""))
            if label and label in labels:
                return row, label
            labels.add(label)
        return None

    def _texts(self, row: _Row, *, is_noted: bool = True) -> Texts:
        """Return language -> label of a row, as plain text, without empty ones. Changes to them are noted if
        `is_noted`."""
        texts: dict[str, str] = {}
        for column, text in row.cells.items():
            if column not in self.languages:
                continue
            shown, changes = plain_text(text)
            if is_noted:
                for change in sorted(changes, key=lambda change: change.value):
                    place = _Place(row.sheet, column.heading)
                    self.notes.add(place, REASONS_OF_CHANGES[change], row.number)
            if shown:
                texts[self.languages[column]] = shown
        return texts

    def note_columns(self, tables: Mapping[str, _Table]) -> None:
        """Note each column with content that is not used: in the rows of questions that are kept, of lists
        that are used, and in the first row of the settings."""
        choices = [row for name in self.used for row in self.lists[name]]
        for name, rows in (
            ("survey", self.asked),
            ("choices", choices),
            ("settings", tables["settings"].rows[:1]),
        ):
            for row in rows:
                for column in row.cells:
                    self._note_column(row, column, USED_COLUMNS[name])

    def _note_column(self, row: _Row, column: _Column, used: frozenset[str]) -> None:
        """Note a column, at a row that has content in it, unless it is used or needs no note. `used` are the
        usual names of the sheet's columns that are used."""
        if column.name in used or column.name in SILENT_COLUMNS:
            return
        if column.name == "constraint" and row.get("constraint") == ALONE:
            return
        if column.name == "relevant" and xpath_condition(row.get("relevant")):
            return  # The preview says what becomes of it.
        reason = REASONS_OF_COLUMNS.get(column.name, OTHER_COLUMN)
        self.notes.add(_Place(row.sheet, column.heading or "?"), reason, row.number)

    def note_unused_lists(self, choices: _Table) -> None:
        """Note each list that no question names; a disabled question does not count. Call it when all
        questions are read."""
        for name in self.lists:
            if name not in self.named:
                reason = Message(_Note.UNUSED_LIST.value.msgid, {"list": name[:40]})
                self.notes.add(_Place(choices.name), reason)


NO_ANSWER_NAMES = frozenset({NoAnswer.DONT_KNOW.value, NoAnswer.PREFER_NOT.value})
"""Names of the choices that are kinds of no answer in an export of this program."""


def _is_no_answer(row: _Row) -> bool:
    return row.get("name").strip() in NO_ANSWER_NAMES


def _outcome(row: _Row) -> str:
    """Return the column `outcome`, "" without it. Raises ForeignFormError for a text that cannot be saved."""
    outcome = tidied(row.get("outcome"))
    if outcome and (fault := find_fault(outcome)):
        raise row.error(Message("kolumnen outcome: {problem}", {"problem": fault.message}))
    return outcome


def _good(row: _Row) -> Good | None:
    """Return the good end of the scale; None if the column `good` is empty or missing. Raises
    ForeignFormError for a text that is no value of Good."""
    text = row.get("good").strip().lower()
    if text and text not in list(Good):
        raise row.error(Message("kolumnen good: skriv high, low, neither eller unordered.", {}))
    return Good(text) if text else None


def _agreeing(row: _Row, options: int) -> tuple[int, ...]:
    """Return the numbers of the agreeing choices, sorted; () if the column is empty or missing. Raises
    ForeignFormError for anything but different numbers from 1 to `options`, not all of them."""
    agreeing = numbers_in(row.get("agreeing"))
    if not can_agree(agreeing, options):
        raise row.error(
            Message(
                "kolumnen agreeing: skriv olika nummer från 1, det lägsta svaret, till {most}, men inte "
                "alla, som 4 5.",
                {"most": options},
            )
        )
    return agreeing
