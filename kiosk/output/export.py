"""The snapshot and the outputs as files for other programs: counts, a codebook, the document itself.

Nothing is finer than the snapshot: each row is one published count. The description follows the Frictionless
Data Package, so that every column is explained.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kiosk.domain.ballot import CHOSEN, NONE_CHOSEN, NOT_CHOSEN, SOME_CHOSEN, NoAnswer
from kiosk.domain.counters import NO_TARGET, Figure, Outputs, Quality
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document, as_text
from kiosk.domain.survey import NONE_OF_THESE, Statement, is_option_id
from kiosk.library.data_package import described_table
from kiosk.library.spreadsheet_writer import CsvStyle, add_file, csv_table, workbook

COUNTS = {
    "round": "id of the round",
    "round_name": "the round's own name; empty without one",
    "survey": "id of the survey",
    "version": "version of the survey: a hash of all that guests saw of it",
    "opens": "first moment of the round, local time",
    "closes": "first moment after the round, local time",
    "state": "open or closed",
    "k": "fewest ballots counted together",
    "protection": "protected: each table has noise; exact: one answer withheld where all in a batch, or all "
    "but one, agreed",
    "epsilon": "size of the noise: smaller is more, half the usual in a strongly protected round"
    "; empty in an exact round",
    "node": "id of the unit or group of units",
    "parent": "id of the group it belongs to; empty at the root",
    "answered": "ballots published for the node",
    "batches": "how many batches' tables, each with noise, were added up; empty in an exact round",
    "statement": "id of the statement, or statement/option for one option of which several may be chosen; "
    "empty where nothing is published",
    "option": "1 to n, the scale's lowest first; of several options, 1 none of these and 2 at least one, and "
    "1 not chosen and 2 chosen; dont_know, prefer_not, skipped; withheld; of a follow-up also not_asked, "
    "ballots with another answer to its statement; or why nothing is "
    "published: waiting, too_few; or excluded_rapid: ballots that came too fast, counted nowhere else",
    "answers": "number of answers; empty where nothing is published",
}
"""Columns of counts.csv, each with its description."""

CODEBOOK = {
    "round": "id of the round",
    "statement": "as in counts.csv",
    "text": "the statement as guests read it, in the reference language",
    "outcome": "the outcome the statement speaks for",
    "good": "the good end of the scale: high, low or neither; empty if the survey does not say",
    "option": "as in counts.csv",
    "label": "the option as guests read it, in the reference language",
    "agrees": "whether the option counts as agreeing: yes or no; empty outside the scale or without an order",
    "source": "where the survey comes from",
    "licence": "on what terms it may be used",
    "validated": "whether the survey was validated: yes or no",
}
"""Columns of codebook.csv, each with its description."""

OUTPUTS = {
    "place": "id of the unit or group of units",
    "period": "a month (2026-03), a quarter (2026-Q1) or a year (2026)",
    "counter": "id of the output",
    "target": "id of the authority or service, for a counter that has targets; empty for a typed figure",
    "number": "how often, or how many individuals; empty if it was not counted",
    "quality": "counted, estimated or not_counted",
    "entered": "tapped by staff, or typed; a typed figure replaces the taps of its place and period",
}
"""Columns of outputs.csv, each with its description."""

WHOLE = frozenset({"k", "answered", "batches", "answers", "number"})
"""Columns of integers."""

NOT_ON_THE_SCALE = {
    NoAnswer.DONT_KNOW: "Vet inte",
    NoAnswer.PREFER_NOT: "Vill inte svara",
    NoAnswer.SKIPPED: "Hoppade över",
    "withheld": "Undanhållet: alla eller alla utom en svarade lika",
}
"""Option of an answer that is not on the scale -> its label."""

NOT_ASKED = "not_asked"
"""Option of the ballots whose guest was not asked a follow-up."""

Row = Mapping[str, object]
"""Column -> cell."""


FILE_NAMES = (
    "counts.csv",
    "codebook.csv",
    "outputs.csv",
    "results.xlsx",
    "snapshot.json",
    "datapackage.json",
)
"""Names of the files of an export."""

DATA_PACKAGE = "data-package.zip"
"""Name of the archive with all files of an export."""


def files(
    document: Document, rounds: Iterable[Round], outputs: Outputs, style: CsvStyle = CsvStyle.COMMA
) -> dict[str, bytes]:
    """Return name -> content of every file of an export, its tables as CSV of one style. `rounds` has all
    rounds of the document, and may have others; KeyError if one is missing."""
    tables = _tables(document, rounds, outputs)
    contents = {f"{name}.csv": csv_table(rows(), style) for name, rows in tables.items()}
    contents["results.xlsx"] = _workbook(document, tables)
    contents["snapshot.json"] = as_text(document).encode()
    return {**contents, "datapackage.json": _description(document, contents, style)}


def file_of_export(
    name: str, document: Document, rounds: Iterable[Round], outputs: Outputs, style: CsvStyle
) -> bytes:
    """Return the content of one file of an export, its name one of FILE_NAMES; KeyError for another name. A
    table is CSV in this `style`. `rounds` has all rounds of the document, and may have others; KeyError if
    one is missing."""
    tables = _tables(document, rounds, outputs)
    if name == "results.xlsx":
        return _workbook(document, tables)
    if name == "snapshot.json":
        return as_text(document).encode()
    if name == "datapackage.json":
        contents = {f"{table}.csv": csv_table(rows(), style) for table, rows in tables.items()}
        return _description(document, contents, style)
    return csv_table(tables[name.removesuffix(".csv")](), style)


def data_package(document: Document, rounds: Iterable[Round], outputs: Outputs) -> bytes:
    """Return all files of an export as a ZIP file: the same bytes for the same figures. Its tables are CSV
    with commas. `rounds` has all rounds of the document, and may have others; KeyError if one is missing.

    All are made from one snapshot, so that the hashes in the description match the files beside it.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files(document, rounds, outputs).items():
            add_file(archive, name, content)
    return packed.getvalue()


Table = Callable[[], Iterator[Sequence[object]]]
"""A function that yields the rows of a table, the heading first. It is no list, since the table of a whole
country has more rows than fit in memory."""


def _tables(document: Document, rounds: Iterable[Round], outputs: Outputs) -> dict[str, Table]:
    by_id = {of_round.id: of_round for of_round in rounds}
    return {
        "counts": lambda: _table(COUNTS, _counts(document, by_id)),
        "codebook": lambda: _table(CODEBOOK, _codebook(document, by_id)),
        "outputs": lambda: iter(outputs_table(outputs)),
    }


def _workbook(document: Document, tables: Mapping[str, Table]) -> bytes:
    return workbook({name: rows() for name, rows in tables.items()}, document["made_at"])


def outputs_table(outputs: Outputs) -> list[list[object]]:
    """Return all taps and typed figures as a table: the columns of `OUTPUTS` as the first row, then a row for
    each figure, sorted as text, so that those of a place stand together."""
    rows: list[list[object]] = [
        [unit, str(month), counter, target, taps, Quality.COUNTED.value, "tapped"]
        for (unit, month, counter, target), taps in outputs.taps.items()
    ]
    rows += [
        [node, str(period), counter, NO_TARGET, _number(figure), figure.quality.value, "typed"]
        for (node, period, counter), figure in outputs.typed.items()
    ]
    return [list(OUTPUTS), *sorted(rows, key=str)]


def _number(figure: Figure) -> object:
    """Return a figure's number; "" if it was not counted."""
    return "" if figure.quality is Quality.NOT_COUNTED else figure.number


def _counts(document: Document, rounds: Mapping[str, Round]) -> Iterator[Row]:
    """Yield the rows of COUNTS: one for each published count of a node, 0 included, or one with the reason
    why it has none; before them one with the node's rapid submissions, if it has any."""
    for round_document in document["rounds"]:
        of_round = rounds[round_document["id"]]
        epsilons = {column.id: str(of_round.epsilon_of(column)) for column in of_round.survey.columns}
        terms = {
            "round": round_document["id"],
            "round_name": of_round.name,
            **{name: round_document[name] for name in ("survey", "version", "opens", "closes", "state", "k")},
            "protection": round_document["protection"],
            "epsilon": round_document.get("epsilon", ""),
        }
        for node in round_document["nodes"]:
            place = {
                **terms,
                "node": node["id"],
                "parent": node["parent"] or "",
                "batches": node.get("batches", ""),
            }
            if node.get("excluded_rapid"):
                answered = node["answered"] if node["answered"] is not None else ""
                yield {
                    **place,
                    "answered": answered,
                    "statement": "",
                    "option": "excluded_rapid",
                    "answers": node["excluded_rapid"],
                }
            if node["answered"] is None:
                yield {**place, "answered": "", "statement": "", "option": node["why"], "answers": ""}
                continue
            for statement, table in node["statements"].items():
                is_option = is_option_id(statement)
                options = {
                    **{str(at): n for at, n in enumerate(table["counts"], start=1)},
                    **({} if is_option else table["no_answer"]),
                    "withheld": table["withheld"],
                    **({NOT_ASKED: table["not_asked"]} if "not_asked" in table else {}),
                }
                epsilon = epsilons[statement] if terms["epsilon"] else ""
                for option, answers in options.items():
                    yield {
                        **place,
                        "epsilon": epsilon,
                        "answered": node["answered"],
                        "statement": statement,
                        "option": option,
                        "answers": answers,
                    }


def _codebook(document: Document, rounds: Mapping[str, Round]) -> Iterator[Row]:
    """Yield the rows of CODEBOOK: one for each answer to each statement of each round of the document."""
    for round_document in document["rounds"]:
        survey = rounds[round_document["id"]].survey
        for statement in survey.statements:
            agreeing = {str(option) for option in statement.agreeing_options}
            for column, option, label in _answers(statement):
                agrees = "yes" if option in agreeing else "no" if statement.scale.is_ordered else ""
                yield {
                    "round": round_document["id"],
                    "statement": column,
                    "text": statement.text,
                    "outcome": statement.outcome,
                    "good": statement.good or "",
                    "option": option,
                    "label": label,
                    "agrees": "" if option in {*NOT_ON_THE_SCALE, NOT_ASKED} else agrees,
                    "source": survey.source,
                    "licence": survey.licence,
                    "validated": "yes" if survey.validated else "no",
                }


def _answers(statement: Statement) -> Iterator[tuple[str, str, str]]:
    """Yield (id of a table, option, label) for each answer of a statement's tables. Each option among several
    has a table of its own; the statement's own says whether any was chosen."""
    if not statement.several:
        for at, label in enumerate(statement.scale.labels, start=1):
            yield statement.id, str(at), label
    else:
        yield statement.id, str(NONE_CHOSEN), NONE_OF_THESE
        yield statement.id, str(SOME_CHOSEN), "Minst ett av svaren"
    for kind, label in NOT_ON_THE_SCALE.items():
        yield statement.id, kind, label
    if statement.follows:
        yield statement.id, NOT_ASKED, "Fick inte frågan"
    if statement.several:
        for column, label in zip(statement.columns[1:], statement.scale.labels, strict=True):
            yield column.id, str(NOT_CHOSEN), f"Valde inte: {label}"
            yield column.id, str(CHOSEN), label
            yield column.id, "withheld", NOT_ON_THE_SCALE["withheld"]


def _table(columns: Mapping[str, str], rows: Iterable[Row]) -> Iterator[Sequence[object]]:
    yield list(columns)
    for row in rows:
        yield [row[name] for name in columns]


def _description(document: Document, contents: Mapping[str, bytes], style: CsvStyle) -> bytes:
    """Return the Frictionless description of the tables among `contents`, as JSON."""
    described = {
        "name": "survey-kiosk-export",
        "title": "Published counts",
        "created": document["made_at"],
        "demonstration": document["demonstration"],
        "description": "Counts as published: batches of at least k ballots, one answer withheld where all in "
        "a batch, or all but one, agreed. In protected rounds none is withheld: each table of a batch has "
        "zero-sum two-sided geometric noise of the given epsilon and is the nearest whole table of its size. "
        "Where a guest may choose several options, each has a table of its own, named statement/option, with "
        "half the epsilon, whose counts add up to all ballots; the statement's own table counts whether any "
        "was chosen. A follow-up is asked after some answers to the statement before it; not_asked has all "
        "other ballots. In protected rounds the number asked is that of the statement's published table, "
        "both have two thirds of the epsilon, and each cell of the follow-up has noise of its own, spread so "
        "that the cells add up to the number asked. In exact rounds a batch that withholds an answer to the "
        "statement withholds all of its follow-up. "
        "Percentages are of the answers on the scale.",
        "resources": [
            {**described_table(name, contents[f"{name}.csv"], columns, WHOLE, keys), **_dialect(style)}
            for name, columns, keys in (
                ("counts", COUNTS, ("round", "node", "statement", "option")),
                ("codebook", CODEBOOK, ("round", "statement", "option")),
                ("outputs", OUTPUTS, ("place", "period", "counter", "target", "entered")),
            )
        ],
    }
    return json.dumps(described, ensure_ascii=False, indent=2).encode()


def _dialect(style: CsvStyle) -> dict[str, Any]:
    """Return the member of a table's description that has its delimiter; {} for commas, the default."""
    return {"dialect": {"delimiter": ";"}} if style is CsvStyle.SEMICOLON else {}
