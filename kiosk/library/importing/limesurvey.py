"""Reads surveys of LimeSurvey: its structure file (.lss, XML) and its table with tabs (.txt).

The table: https://www.limesurvey.org/manual/Tab_Separated_Value_survey_structure; an .lss has the rows of the
program's own tables. Lists and arrays become questions with one choice, each row of an array one statement;
every other question is listed with its code.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from kiosk.domain.message import Message
from kiosk.library.importing.conditions import expression_condition
from kiosk.library.importing.form import ForeignForm, ForeignFormError, Texts
from kiosk.library.importing.form_builder import (
    CONDITION,
    FREE_TEXT,
    HINT,
    NO_QUESTION,
    OTHER,
    Choices,
    FormBuilder,
    numbered,
    other_type,
    place_of,
)

MOST_ELEMENTS = 200_000
"""Most elements of an .lss. A survey of 300 questions in ten languages has 60,000."""

DEEPEST_ELEMENT = 6
"""Most elements within each other in an .lss: document > table > rows > row > field, and one to spare."""

MOST_TABLE_ROWS = 50_000
"""Most rows of a table with tabs."""

LISTS = frozenset("L!O")
"""Types of question with one choice from a list."""
ARRAYS_OF_ANSWERS = frozenset("FH")
"""Types of array whose answers are in the file."""
NUMBERS = {"5": range(1, 6), "A": range(1, 6), "B": range(1, 11)}
"""Type of question -> the numbers that are its answers."""

WORDS = {
    "C": (("Y", {"sv": "Ja", "en": "Yes"}), ("U", {"sv": "Osäker", "en": "Uncertain"}),
          ("N", {"sv": "Nej", "en": "No"})),
    "E": (("I", {"sv": "Öka", "en": "Increase"}), ("S", {"sv": "Samma", "en": "Same"}),
          ("D", {"sv": "Minska", "en": "Decrease"})),
    "Y": (("Y", {"sv": "Ja", "en": "Yes"}), ("N", {"sv": "Nej", "en": "No"})),
}  # fmt: skip
"""Type of question -> its answers. LimeSurvey shows them in its own words, which are not in the file."""

IDS = re.compile(r"\b\d{1,12}X\d{1,12}X(?P<question>\d{1,12})(?P<row>\w*)")
"""Pattern of a question in a condition: the ids of its survey and group, its own id, and the code of its
row."""

SEVERAL = set("MP")
"""Types of question with several choices: each row of it is a choice."""

ARRAYS = ARRAYS_OF_ANSWERS | set("ABCE")
"""All types of array that are read."""

REASONS = {
    **dict.fromkeys("STUQ;", FREE_TEXT),
    "X": NO_QUESTION,
    "*": Message("Uträkningar följer inte med.", {}),
    "I": Message("Gästen väljer språk på ett annat sätt.", {}),
}
"""Type of question -> the reason why it is left out."""

NAMES = {
    "1": "array dual scale", ":": "array (numbers)", "D": "date", "G": "gender",
    "K": "multiple numerical input", "N": "numerical input", "R": "ranking", "|": "file upload",
}  # fmt: skip
"""Type of question -> LimeSurvey's name of it, for types that are left out."""

Row = Mapping[str, str]


@dataclass
class _Question:
    """A question: its code; its type (`kind`), one letter; its texts by language; its rows and answers, code
    -> language -> text; whether it has a help text, and the answer "other" with words of one's own; and its
    condition as the file has it, "" if it is always shown."""

    code: str
    kind: str
    texts: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    has_help: bool = False
    has_other: bool = False
    condition: str = ""


def read_lss(content: bytes, default_title: str) -> ForeignForm:
    """Return the form in a survey, group or question that LimeSurvey exported as XML. `default_title` is for
    a file without a title. Raises ForeignFormError for a file that is damaged, over MOST_ELEMENTS,
    DEEPEST_ELEMENT or MOST_QUESTIONS, or without questions."""
    tables = _tables(content)
    if not tables.get("questions"):
        raise ForeignFormError(Message("Filen har inga frågor. Är det en enkät från LimeSurvey (.lss)?", {}))
    survey = next(iter(tables.get("surveys", [])), {})
    titles = {
        row["surveyls_language"]: row.get("surveyls_title", "")
        for row in tables.get("surveys_languagesettings", [])
        if row.get("surveyls_language")
    }
    return _form(list(_questions(tables)), survey.get("language", ""), titles, default_title)


def _tables(content: bytes) -> dict[str, list[Row]]:
    """Return the name of each table -> its rows, with the text of each field. Raises ForeignFormError for a
    file that is damaged, or over MOST_ELEMENTS or DEEPEST_ELEMENT."""
    tables: dict[str, list[Row]] = {}
    path: list[str] = []
    elements = 0
    try:
        for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True):
            if event == "start":
                elements += 1
                path.append(element.tag)
                if elements > MOST_ELEMENTS or len(path) > DEEPEST_ELEMENT:
                    raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
            else:
                path.pop()
                if element.tag == "row" and len(path) == 3:
                    tables.setdefault(path[1], []).append(_fields(element))
                if element.tag in ("row", "fieldname"):
                    element.clear()
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        if isinstance(error, ForeignFormError):
            raise
        raise ForeignFormError(
            Message("Filen kan inte läsas: den är avkortad eller skadad. Exportera den igen.", {})
        ) from error
    return tables


def _fields(row: Element) -> Row:
    return {field.tag: "".join(field.itertext()).strip() for field in row}


def _questions(tables: Mapping[str, Sequence[Row]]) -> Iterator[_Question]:
    """Yield the questions in the order of their groups, from the rows of LimeSurvey's tables.

    Versions before 4 have the texts, by language, in the tables of questions and answers; later ones in
    tables of their own.
    """
    groups = {row.get("gid", ""): _number(row.get("group_order", "")) for row in tables.get("groups", [])}
    by_id: dict[str, _Question] = {}
    for row in sorted(
        (row for row in tables["questions"] if row.get("parent_qid", "0") in ("", "0")),
        key=lambda row: (groups.get(row.get("gid", ""), 0), _number(row.get("question_order", ""))),
    ):
        question = by_id.setdefault(
            row.get("qid", ""), _Question(row.get("title", ""), row.get("type", "")[:1])
        )
        question.has_other |= row.get("other") == "Y"
        question.condition = question.condition or _condition(row)
        _add_text(question.texts, row, "question")
        question.has_help |= bool(row.get("help"))
    texts_by_id = {qid: question.texts for qid, question in by_id.items()}
    for row in sorted(
        (
            row
            for row in (*tables["questions"], *tables.get("subquestions", []))
            if row.get("parent_qid", "0") not in ("", "0") and row.get("scale_id", "0") in ("", "0")
        ),
        key=lambda row: _number(row.get("question_order", "")),
    ):
        if parent := by_id.get(row["parent_qid"]):
            texts = parent.rows.setdefault(row.get("title", ""), {})
            texts_by_id[row.get("qid", "")] = texts
            _add_text(texts, row, "question")
    for row in tables.get("question_l10ns", []):
        _add_text(texts_by_id.get(row.get("qid", ""), {}), row, "question")
        if row.get("help") and row.get("qid") in by_id:
            by_id[row["qid"]].has_help = True
    labels_by_id = _add_answers(tables, by_id)
    for row in tables.get("answer_l10ns", []):
        key = row.get("aid") or f"{row.get('qid', '')} {row.get('code', '')}"
        _add_text(labels_by_id.get(key, {}), row, "answer")
    for question in by_id.values():
        question.condition = _with_codes(question.condition, by_id)
        yield question


def _condition(row: Row) -> str:
    """Return the condition of a question, "" if it is always shown."""
    condition = row.get("relevance", "")
    return "" if condition == "1" else condition


def _with_codes(condition: str, by_id: Mapping[str, _Question]) -> str:
    """Return a condition with the codes of questions and rows instead of ids, such as 123X4X56row: survey,
    group, question and row. `by_id` maps a question's id to the question; unknown ids stay."""

    def code(ids: re.Match[str]) -> str:
        question = by_id.get(ids["question"])
        return f"{question.code}{'_' * bool(ids['row'])}{ids['row']}" if question else ids[0]

    return IDS.sub(code, condition)


def _add_answers(
    tables: Mapping[str, Sequence[Row]], by_id: Mapping[str, _Question]
) -> dict[str, dict[str, str]]:
    """Add the answers, with the labels in their rows, to the questions; `by_id` maps a question's id to the
    question. Returns each answer's labels by language, which the caller may add to, under two keys: the
    answer's id, and "QUESTION-ID CODE"."""
    labels_by_id: dict[str, dict[str, str]] = {}
    for row in sorted(tables.get("answers", []), key=lambda row: _number(row.get("sortorder", ""))):
        question = by_id.get(row.get("qid", ""))
        if question is None or row.get("scale_id", "0") not in ("", "0"):
            continue
        labels = question.answers.setdefault(row.get("code", ""), {})
        labels_by_id[row.get("aid") or f"{row.get('qid', '')} {row.get('code', '')}"] = labels
        labels_by_id[f"{row.get('qid', '')} {row.get('code', '')}"] = labels
        _add_text(labels, row, "answer")
    return labels_by_id


def _add_text(texts: dict[str, str], row: Row, name: str) -> None:
    """Add the text in the field `name` of a row under the row's language, if the row has both."""
    if row.get("language") and row.get(name):
        texts[row["language"]] = row[name]


def _number(text: str) -> int:
    """Return a number by which rows are sorted; 0 for a text that is none."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def read_table(text: str, default_title: str) -> ForeignForm:
    """Return the form in LimeSurvey's table with tabs, for which `is_table` is true. `default_title` is for a
    table without a title. Raises ForeignFormError for a table over MOST_TABLE_ROWS or MOST_QUESTIONS or
    without questions, and for a cell over 131,072 characters."""
    base, titles, questions = "", dict[str, str](), dict[str, _Question]()
    current = _Question("", "")
    for row in _table_rows(text):
        kind, name, cell, language = row["class"], row["name"], row["text"], row.get("language", "")
        if kind == "S" and name == "language":
            base = cell
        elif kind == "SL" and name == "surveyls_title":
            titles[language] = cell
        elif kind == "Q":
            current = questions.setdefault(name, _Question(name, row["type/scale"][:1]))
            current.has_other |= row.get("other") == "Y"
            current.condition = current.condition or _condition(row)
            current.has_help |= bool(row.get("help"))
            current.texts[language] = cell
        elif kind == "SQ" and row["type/scale"] in ("", "0"):
            current.rows.setdefault(name, {})[language] = cell
        elif kind == "A" and row["type/scale"] in ("", "0"):
            current.answers.setdefault(name, {})[language] = cell
    return _form(list(questions.values()), base, titles, default_title)


def is_table(text: str) -> bool:
    """Return whether a text begins with the headings of LimeSurvey's table."""
    headings = text.partition("\n")[0].replace('"', "").strip().lower().split("\t")
    return {"class", "type/scale", "name", "text"} <= set(headings)


def _table_rows(text: str) -> Iterator[Row]:
    """Yield each row as heading in small letters -> cell, "" for a missing one. Raises ForeignFormError for a
    table over MOST_TABLE_ROWS, or a cell over the limit of Python's reader of CSV (131,072 characters)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
    headings: list[str] = []
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MOST_TABLE_ROWS:
                raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
            if not headings:
                headings = [cell.strip().lower() for cell in cells]
                continue
            row = dict.fromkeys(headings, "")
            row.update((heading, cell.strip()) for heading, cell in zip(headings, cells, strict=False))
            yield row
    except csv.Error as error:
        raise ForeignFormError(
            Message("Filen kan inte läsas: den är avkortad eller skadad. Exportera den igen.", {})
        ) from error


def _form(questions: Sequence[_Question], base: str, titles: Texts, default_title: str) -> ForeignForm:
    """Return the form of these questions. `base` is the code of the survey's own language, whose title comes
    first; "" if it is not known. `default_title` is for a form without `titles`."""
    builder = FormBuilder("LimeSurvey", "")
    for question in questions:
        place = place_of(question.code)
        if question.kind not in LISTS | ARRAYS | SEVERAL | {"5", "Y"}:
            name = NAMES.get(question.kind, question.kind)
            builder.leave_out(place, REASONS.get(question.kind, other_type(name)))
            continue
        follows = expression_condition(question.condition)
        _note_parts(builder, question, has_condition=follows is None and bool(question.condition))
        if question.kind in ARRAYS:
            _note_introduction(builder, question, base)
            for row, row_texts in question.rows.items():
                # Before and after a bar stand the words at the two ends of a row.
                texts = {code: text.replace("|", " – ") for code, text in row_texts.items()}
                choices = _choices(builder, question, texts)
                builder.add(
                    place_of(question.code, row),
                    f"{question.code}_{row}",
                    texts,
                    choices,
                    question.code,
                    follows=follows,
                )
            if not question.rows:
                builder.leave_out(place, Message("Frågan har inga rader.", {}))
        elif question.kind in SEVERAL:
            choices = list(question.rows.items())
            builder.add(place, question.code, question.texts, choices, several=True, follows=follows)
        else:
            choices = _choices(builder, question, question.texts)
            builder.add(place, question.code, question.texts, choices, follows=follows)
    title = {base: titles[base]} if titles.get(base) else {}
    return builder.form({**title, **titles}, default_title)


def _note_parts(builder: FormBuilder, question: _Question, *, has_condition: bool) -> None:
    """List the parts of a question that are left out, such as its help. `has_condition` says that its
    condition is one of them, since no follow-up can have it."""
    place = place_of(question.code)
    if has_condition:
        builder.leave_out(place, CONDITION)
    if question.has_help:
        builder.leave_out(place, HINT)
    if question.has_other and question.kind in LISTS | SEVERAL:
        builder.leave_out(place, OTHER)
    if question.kind in "OP":
        builder.leave_out(place, Message("Kommentaren till svaret följer inte med.", {}))


def _note_introduction(builder: FormBuilder, question: _Question, base: str) -> None:
    """List as left out the text above an array, since each of the array's rows stands alone as a statement.
    The text is shown in the language `base`, else in the first one."""
    text = question.texts.get(base) or next(iter(question.texts.values()), "")
    if text:
        builder.leave_out(
            place_of(question.code),
            Message("Inledningen ”{text}” visas inte: varje rad blir ett påstående.", {"text": text[:80]}),
        )


def _choices(builder: FormBuilder, question: _Question, texts: Texts) -> Choices:
    """Return the answers of a question. `texts` is its text, or that of its row, by language. If the answers
    are LimeSurvey's own words, which the file does not have, a note says so."""
    if numbers := NUMBERS.get(question.kind):
        return numbered(numbers, list(texts), {}, {})
    if words := WORDS.get(question.kind):
        builder.leave_out(
            place_of(question.code),
            Message("Svarens ord finns inte i filen. De är LimeSurveys egna på svenska och engelska.", {}),
        )
        return [
            (name, {code: labels[code] for code in texts if code in labels} or labels)
            for name, labels in words
        ]
    return list(question.answers.items())
