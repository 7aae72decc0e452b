"""Aggregates, the published figures of one organisation and one year, as files. A file is a signed data
package (https://specs.frictionlessdata.io/data-package/).

`datapackage.json`, the description, describes every column and has the SHA-256 of every table;
`signature.json` signs it. Columns that exist in DHIS2 or SDMX have the same names here: dataElement,
categoryOption, orgUnit, period, value, OBS_STATUS.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, datetime
from fractions import Fraction
from hashlib import sha256
from typing import Any

from kiosk.domain.aggregate import Aggregate, AggregateRound, NodeFigures, Output, faults
from kiosk.domain.ballot import NoAnswer
from kiosk.domain.counters import EARLIEST_YEAR, Figure, Quality
from kiosk.domain.message import Message
from kiosk.domain.noise import EPSILON, EPSILON_TEXT
from kiosk.domain.rounds import Protection, Round
from kiosk.domain.strict_json import parse
from kiosk.domain.survey import Good, Pictures, Scale, Statement, Survey, can_agree
from kiosk.domain.tally import StatementTally
from kiosk.domain.tree import Node, Tree
from kiosk.library.archive_members import read_members
from kiosk.library.changes import RefusedError
from kiosk.library.data_package import described_table
from kiosk.library.signing import PublicKey, sign
from kiosk.library.spreadsheet_writer import add_file, csv_table
from kiosk.library.surveys import MOST_OPTIONS, MOST_STATEMENTS
from kiosk.library.text_rules import ID_PATTERN, find_fault
from kiosk.settings import Settings

FORMAT, FORMAT_VERSION = "kiosk-aggregate", 1
DESCRIPTION, SIGNATURE = "datapackage.json", "signature.json"

CONTEXT = f"{FORMAT} {FORMAT_VERSION}\n".encode()
"""Bytes before the description, signed with it: a signature is valid for this format and version only."""

ROUNDS = {
    "round": "id of the round",
    "survey": "id of the survey",
    "title": "title of the survey",
    "version": "version of the survey: a hash of all that guests saw of it",
    "source": "where the survey comes from",
    "licence": "on what terms it may be used",
    "validated": "whether the survey was validated: yes or no",
    "opens": "first moment of the round, local time",
    "closes": "first moment after the round, local time",
    "k": "fewest ballots counted together",
    "protection": "protected: each table has noise; exact: one answer withheld where all in a batch, or all "
    "but one, agreed",
    "epsilon": "size of the noise: smaller is more; empty in an exact round",
}
CODEBOOK = {
    "round": "id of the round",
    "dataElement": "id of the statement",
    "categoryOption": "1 to n, the scale's lowest first; or former: an earlier text of the same meaning",
    "text": "the statement as guests read it, or as they read it before, in the reference language",
    "label": "the option as guests read it; empty for an earlier text",
    "agrees": "whether the option counts as agreeing: yes or no; empty for a text or without an order",
    "good": "the good end of the scale: high, low or neither; empty if the survey does not say",
}
ORG_UNITS = {
    "round": "id of the round",
    "orgUnit": "id of the unit or group of units",
    "name": "its name",
    "parent": "id of the nearest group above it with figures; empty at the root",
    "answered": "ballots published for it",
    "batches": "how many batches' tables, each with noise, were added up; 0 in an exact round",
}
FIGURES = {
    "round": "id of the round",
    "orgUnit": "id of the unit or group of units",
    "dataElement": "id of the statement",
    "categoryOption": "1 to n, the scale's lowest first; dont_know, prefer_not, skipped; withheld",
    "value": "number of answers",
}
OUTPUTS = {
    "dataElement": "id of the counter",
    "name": "its name",
    "definition": "what is counted",
    "orgUnit": "id of the unit or group of units",
    "orgUnitName": "its name",
    "parent": "id of the group above it; empty at the root",
    "period": "the year",
    "value": "the number; empty if it was not counted",
    "OBS_STATUS": "SDMX: A counted, E estimated, L not counted",
    "complete": "no if some month or unit is missing: yes or no",
}
TABLES = {
    "rounds": ROUNDS,
    "codebook": CODEBOOK,
    "orgunits": ORG_UNITS,
    "figures": FIGURES,
    "outputs": OUTPUTS,
}
"""Name of a table -> its columns, each with its description."""
KEYS = {
    "rounds": ["round"],
    "codebook": ["round", "dataElement", "categoryOption", "text"],
    "orgunits": ["round", "orgUnit"],
    "figures": ["round", "orgUnit", "dataElement", "categoryOption"],
    "outputs": ["dataElement", "orgUnit", "period"],
}
"""Name of a table -> the columns that identify a row."""
WHOLE = frozenset({"k", "answered", "batches", "value"})
"""Columns of integers."""

STATUS = {Quality.COUNTED: "A", Quality.ESTIMATED: "E", Quality.NOT_COUNTED: "L"}
"""Quality of a figure -> its code in SDMX's code list CL_OBS_STATUS: normal value, estimated value, data
exist but were not collected."""

FORMER = "former"
"""The categoryOption of a row with an earlier text of a statement."""
LONGEST_NAME = 200
"""Most characters of an organisation's name."""

Line = Mapping[str, Any]


@dataclass(frozen=True)
class SignedAggregate:
    """An aggregate with the public key that signed it."""

    aggregate: Aggregate
    key: PublicKey


def write_aggregate(settings: Settings, aggregate: Aggregate) -> bytes:
    """Return the bytes of a ZIP file with the aggregate, signed with the organisation's key, which is made if
    there is none. The figures are not checked: `read_aggregate` refuses those that cannot be right. Raises
    RefusedError if the key's file is damaged, and OSError if it cannot be opened or made."""
    tables = {
        "rounds": [_round_line(of_round) for of_round in aggregate.rounds],
        "codebook": [line for of_round in aggregate.rounds for line in _codebook(of_round.round)],
        "orgunits": [line for of_round in aggregate.rounds for line in _org_units(of_round)],
        "figures": [line for of_round in aggregate.rounds for line in _figures(of_round)],
        "outputs": [_output_line(output, aggregate.year) for output in aggregate.outputs],
    }
    contents = {
        f"{name}.csv": csv_table([list(TABLES[name]), *([line[c] for c in TABLES[name]] for line in lines)])
        for name, lines in tables.items()
    }
    description = _description(aggregate, contents)
    key, signature = sign(settings, CONTEXT + description)
    signed = {"algorithm": "Ed25519", "public_key": key.hex, "signature": signature}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        add_file(archive, DESCRIPTION, description)
        add_file(archive, SIGNATURE, json.dumps(signed, indent=1).encode())
        for name, content in contents.items():
            add_file(archive, name, content)
    return packed.getvalue()


def _round_line(of_round: AggregateRound) -> Line:
    terms, survey = of_round.round, of_round.round.survey
    return {
        "round": terms.id, "survey": survey.id, "title": survey.title, "version": of_round.version,
        "source": survey.source, "licence": survey.licence, "validated": _yes(survey.validated),
        "opens": terms.opens_at.isoformat(), "closes": terms.closes_at.isoformat(), "k": terms.k,
        "protection": terms.protection.value, "epsilon": str(terms.epsilon) if terms.is_protected else "",
    }  # fmt: skip


def _codebook(terms: Round) -> Iterator[Line]:
    for statement in terms.survey.statements:
        shared = {"round": terms.id, "dataElement": statement.id, "good": statement.good or ""}
        for option, label in enumerate(statement.scale.labels, start=1):
            agrees = _yes(option in statement.agreeing_options) if statement.scale.is_ordered else ""
            yield {
                **shared, "categoryOption": option, "text": statement.text, "label": label, "agrees": agrees
            }  # fmt: skip
        for text in statement.texts[1:]:
            yield {**shared, "categoryOption": FORMER, "text": text, "label": "", "agrees": ""}


def _org_units(of_round: AggregateRound) -> Iterator[Line]:
    for node in of_round.round.tree.nodes:
        figures = of_round.nodes[node.id]
        yield {
            "round": of_round.round.id, "orgUnit": node.id, "name": node.name, "parent": node.parent or "",
            "answered": figures.answered, "batches": figures.batches,
        }  # fmt: skip


def _figures(of_round: AggregateRound) -> Iterator[Line]:
    for node_id, figures in of_round.nodes.items():
        for statement_id, table in figures.tables.items():
            options: dict[int | str, int] = {
                **dict(enumerate(table.counts, start=1)),
                **dict(zip(NoAnswer, table.no_answer, strict=True)),
                "withheld": table.withheld,
            }
            for option, value in options.items():
                yield {
                    "round": of_round.round.id, "orgUnit": node_id, "dataElement": statement_id,
                    "categoryOption": option, "value": value,
                }  # fmt: skip


def _output_line(output: Output, year: int) -> Line:
    figure = output.figure
    return {
        "dataElement": output.counter, "name": output.name, "definition": output.definition,
        "orgUnit": output.node, "orgUnitName": output.node_name, "parent": output.parent, "period": year,
        "value": "" if figure.quality is Quality.NOT_COUNTED else figure.number,
        "OBS_STATUS": STATUS[figure.quality], "complete": _yes(figure.is_complete),
    }  # fmt: skip


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _description(aggregate: Aggregate, contents: Mapping[str, bytes]) -> bytes:
    """Return the content of `datapackage.json`, which is signed. `contents` maps the name of each table's
    file to its bytes."""
    described = {
        "profile": "tabular-data-package",
        "name": f"{FORMAT}-{aggregate.year}",
        "title": f"{aggregate.organisation}, {aggregate.year}",
        "description": "Published figures of closed rounds, and outputs of the year. Batches of at least k "
        "ballots. In protected rounds each table of a batch has zero-sum two-sided geometric noise of the "
        "given epsilon; in exact rounds one answer is withheld where all in a batch, or all but one, agreed.",
        "version": f"{FORMAT_VERSION}.0.0",
        "created": aggregate.made_at.isoformat(timespec="seconds"),
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "organisation": aggregate.organisation,
        "year": aggregate.year,
        "demonstration": aggregate.is_demonstration,
        "resources": [
            described_table(name, contents[f"{name}.csv"], columns, WHOLE, KEYS[name])
            for name, columns in TABLES.items()
        ],
    }
    return json.dumps(described, ensure_ascii=False, indent=1).encode()


SHAPE_ERRORS = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, ZeroDivisionError, csv.Error,
)  # fmt: skip
"""Errors that occur while a table with unexpected columns or values is read."""


def read_aggregate(content: bytes) -> SignedAggregate:
    """Return the aggregate in a file, with the key that signed it. The caller decides whether to trust it.

    Raises RefusedError, with at most five reasons, for a file that is truncated, unsigned, changed since it
    was signed, of another version, with tables of another shape, or with figures that this program cannot
    have published, such as those of fewer than k ballots.
    """
    members = read_members(content)
    description = members.pop(DESCRIPTION, b"")
    described = _described(description)
    key = _signer(members.pop(SIGNATURE, None), description)
    _check_tables(described, members)
    try:
        aggregate = _aggregate(described, {name: _lines(members, name) for name in TABLES})
    except RefusedError:
        raise
    except SHAPE_ERRORS as error:
        raise RefusedError(
            Message("Filen är signerad men har tabeller som inte går att läsa.", {})
        ) from error
    if messages := tuple(faults(aggregate)):
        raise RefusedError(*messages[:5])
    return SignedAggregate(aggregate, key)


def _described(description: bytes) -> Mapping[str, Any]:
    """Return the parsed content of `datapackage.json`. Raises RefusedError unless it has this format and
    version."""
    try:
        described = parse(description.decode())
        is_ours, version = described["format"] == FORMAT, described["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(_OTHER_KIND) from error
    if not is_ours:
        raise RefusedError(_OTHER_KIND)
    if version != FORMAT_VERSION:
        raise RefusedError(
            Message(
                "Filen har formatets version {version}, och här läses version {known}. Uppgradera det äldre "
                "av de två programmen.",
                {"version": str(version)[:20], "known": FORMAT_VERSION},
            )
        )
    members: Mapping[str, Any] = described
    return members


_OTHER_KIND = Message("Filen har inga sammanställda siffror från en annan organisation.", {})


def _signer(signature: bytes | None, description: bytes) -> PublicKey:
    """Return the key that signed `description`, the content of `datapackage.json`. `signature` is the content
    of `signature.json`, None without it. Raises RefusedError for a missing or wrong signature."""
    if signature is None:
        raise RefusedError(Message("Filen är inte signerad. Be om en som är hämtad på sidan Utbyte.", {}))
    try:
        signed = parse(signature.decode())
        key, mark = PublicKey(str(signed["public_key"])), str(signed["signature"])
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(_TAMPERED) from error
    if not key.has_signed(CONTEXT + description, mark):
        raise RefusedError(_TAMPERED)
    return key


_TAMPERED = Message("Signaturen stämmer inte: filen har ändrats sedan den gjordes.", {})


def _check_tables(described: Mapping[str, Any], members: Mapping[str, bytes]) -> None:
    """Raise RefusedError unless the hashes of the tables are those in the signed description, parsed as
    `described`. `members` maps the name of each file to its bytes."""
    hashes = {
        f"{name}.csv": f"sha256:{sha256(members.get(f'{name}.csv', b'')).hexdigest()}" for name in TABLES
    }
    try:
        signed = {resource["path"]: resource["hash"] for resource in described["resources"]}
    except (KeyError, TypeError) as error:
        raise RefusedError(_TAMPERED) from error
    if members.keys() != hashes.keys() or signed != hashes:
        raise RefusedError(_TAMPERED)


def _lines(members: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    """Return the rows of the table `name`, each as column -> text, without the quote that `harmless` puts
    before a formula. `members` maps the name of each file to its bytes. Raises ValueError for other columns
    than those of TABLES, and IndexError for an empty file."""
    rows = list(csv.reader(io.StringIO(members[f"{name}.csv"].decode("utf-8-sig"), newline="")))
    if rows[0] != list(TABLES[name]):
        raise ValueError(f"{name} has other columns")
    return [
        dict(zip(rows[0], (re.sub(r"^'(?=[=+\-@\t\r])", "", cell) for cell in row), strict=True))
        for row in rows[1:]
    ]


def _aggregate(described: Mapping[str, Any], tables: Mapping[str, list[dict[str, str]]]) -> Aggregate:
    """Return the aggregate. `described` is the parsed description; `tables` maps the name of each table to
    its rows. Raises one of SHAPE_ERRORS for tables that have another shape."""
    year = described["year"]
    if (
        type(year) is not int
        or not EARLIEST_YEAR <= year < MAXYEAR
        or type(described["demonstration"]) is not bool
    ):
        raise ValueError("the description has values of another kind")
    return Aggregate(
        _text(described["organisation"], LONGEST_NAME),
        year,
        _local(described["created"]),
        described["demonstration"],
        tuple(_read_round(line, tables) for line in _unique(tables["rounds"], "rounds")),
        tuple(_read_output(line, year) for line in _unique(tables["outputs"], "outputs")),
    )


def _unique(lines: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    """Return the rows of the table `name`. Raises ValueError if two have the same KEYS."""
    keys = {tuple(line[column] for column in KEYS[name]) for line in lines}
    if len(keys) != len(lines):
        raise ValueError(f"{name} has a row twice")
    return lines


def _read_round(line: Mapping[str, str], tables: Mapping[str, list[dict[str, str]]]) -> AggregateRound:
    """Return the round in a row of the table `rounds`. `tables` maps the name of each table to its rows, of
    which the round's own are used. Raises one of SHAPE_ERRORS for missing or surplus rows."""
    of_round = {
        name: [row for row in _unique(tables[name], name) if row["round"] == line["round"]]
        for name in ("codebook", "orgunits", "figures")
    }
    survey = Survey(
        _id(line["survey"]),
        _text(line["title"]),
        _text(line["source"]),
        _text(line["licence"]),
        line["validated"] == "yes",
        _read_statements(of_round["codebook"]),
        {},
    )
    protection = Protection(line["protection"])
    terms = Round(
        _text(line["round"], 80),
        survey,
        _read_tree(of_round["orgunits"]),
        _number(line["k"]),
        _local(line["opens"]),
        _local(line["closes"]),
        frozenset(),
        protection=protection,
        epsilon=_fraction(line["epsilon"]) if protection is Protection.PROTECTED else EPSILON,
    )
    nodes = {row["orgUnit"]: _read_figures(row, survey, of_round["figures"]) for row in of_round["orgunits"]}
    expected = sum(len(s.scale.labels) + len(NoAnswer) + 1 for s in survey.statements) * len(nodes)
    if expected != len(of_round["figures"]):
        raise ValueError("figures has rows of no statement or unit")
    return AggregateRound(terms, _text(line["version"], 40), nodes)


def _read_statements(lines: Sequence[Mapping[str, str]]) -> tuple[Statement, ...]:
    """Return the statements of a round's codebook, in its order. Raises ValueError for none, or too many."""
    by_id: dict[str, list[Mapping[str, str]]] = {}
    for line in lines:
        by_id.setdefault(_id(line["dataElement"]), []).append(line)
    if not 1 <= len(by_id) <= MOST_STATEMENTS:
        raise ValueError("a round has no statements, or too many")
    return tuple(_read_statement(name, of_one) for name, of_one in by_id.items())


def _read_statement(name: str, lines: Sequence[Mapping[str, str]]) -> Statement:
    """Return the statement with the id `name` from its rows of the codebook, on a scale of its own. Raises
    ValueError for rows that make no scale."""
    options = [line for line in lines if line["categoryOption"] != FORMER]
    texts, numbers = {line["text"] for line in options}, [line["categoryOption"] for line in options]
    if numbers != [str(at) for at in range(1, len(options) + 1)] or not 2 <= len(options) <= MOST_OPTIONS:
        raise ValueError(f"{name} has other options than a scale")
    [text] = texts
    agreeing = tuple(at for at, line in enumerate(options, start=1) if line["agrees"] == "yes")
    is_ordered = any(line["agrees"] for line in options)
    if is_ordered and (not agreeing or not can_agree(agreeing, len(options))):
        raise ValueError(f"{name} has no options that agree")
    return Statement(
        name,
        _text(text),
        "",
        Scale(
            name,
            tuple(_text(line["label"]) for line in options),
            bipolar=False,
            pictures=Pictures.CIRCLES if is_ordered else Pictures.NONE,
            is_ordered=is_ordered,
        ),
        Good(options[0]["good"]) if options[0]["good"] else None,
        agreeing,
        tuple(_text(line["text"]) for line in lines if line["categoryOption"] == FORMER),
    )


def _read_tree(lines: Sequence[Mapping[str, str]]) -> Tree:
    """Return the tree in a round's rows of the table `orgunits`. Raises ValueError unless the first row is
    the root, and each other row is below an earlier one."""
    nodes = tuple(Node(_id(line["orgUnit"]), _text(line["name"]), line["parent"] or None) for line in lines)
    seen: set[str | None] = {None}
    for at, node in enumerate(nodes):
        if node.parent not in seen or (node.parent is None) != (at == 0) or node.id in seen:
            raise ValueError("the units are no tree")
        seen.add(node.id)
    if not nodes:
        raise ValueError("a round has no figures")
    return Tree(nodes)


def _read_figures(
    line: Mapping[str, str], survey: Survey, figures: Iterable[Mapping[str, str]]
) -> NodeFigures:
    """Return the figures of the node in a row of the table `orgunits`; `figures` are the round's rows of the
    table `figures`. Raises KeyError for a missing row, and ValueError for a value that is no whole number."""
    values = {
        (row["dataElement"], row["categoryOption"]): _number(row["value"])
        for row in figures
        if row["orgUnit"] == line["orgUnit"]
    }
    tables = {
        statement.id: StatementTally(
            tuple(values[statement.id, str(at)] for at in range(1, len(statement.scale.labels) + 1)),
            tuple(values[statement.id, kind] for kind in NoAnswer),
            values[statement.id, "withheld"],
        )
        for statement in survey.statements
    }
    return NodeFigures(_number(line["answered"]), _number(line["batches"]), tables)


def _read_output(line: Mapping[str, str], year: int) -> Output:
    """Return the output in a row of the table `outputs`. Raises ValueError for another year than `year` or a
    faulty value, and KeyError for an unknown OBS_STATUS."""
    qualities = {status: quality for quality, status in STATUS.items()}
    quality = qualities[line["OBS_STATUS"]]
    if line["period"] != str(year) or (quality is Quality.NOT_COUNTED) != (line["value"] == ""):
        raise ValueError("an output is of another year, or has no number")
    return Output(
        _id(line["dataElement"]),
        _text(line["name"]),
        _text(line["definition"]),
        _id(line["orgUnit"]),
        _text(line["orgUnitName"]),
        _id(line["parent"]) if line["parent"] else "",
        Figure(_number(line["value"] or "0"), quality, line["complete"] == "yes"),
    )


def _number(text: str) -> int:
    """Return a whole number of at most ten digits. Raises ValueError for another text."""
    if not re.fullmatch("[0-9]{1,10}", text, re.ASCII):
        raise ValueError(f"{text[:20]!r} is no whole number")
    return int(text)


def _fraction(text: str) -> Fraction:
    """Return a positive fraction or whole number in the notation of EPSILON_TEXT: 3/2 or 1. Raises ValueError
    for another text."""
    if not EPSILON_TEXT.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no positive fraction")
    return Fraction(text)


def _id(text: str) -> str:
    """Return `text` if it is an id as in definition files. Raises ValueError otherwise."""
    if not ID_PATTERN.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no id")
    return text


def _local(text: str) -> datetime:
    """Return the local time that an ISO 8601 text has. Raises ValueError for a time with a zone, and for
    another text."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError("a time is not local")
    return moment


def _text(text: object, longest: int | None = None) -> str:
    """Return `text` if it is a text that screens can show, of at most `longest` characters (LONGEST_TEXT if
    None). Raises ValueError otherwise."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError("a text is missing")
    if fault := find_fault(text, longest) if longest else find_fault(text):
        raise ValueError(fault.english)
    return text
