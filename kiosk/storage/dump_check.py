"""Checks the rows of a backup: rounds follow the rules, and figures are such as a count can produce.

Somebody may have edited the backup. Rows that pass the checks can be shown and counted without errors.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.counters import NO_TARGET, TICKET, Quality, read_period
from kiosk.domain.earlier_figures import EarlierFigures, figures_from_json
from kiosk.domain.language_code import is_language_code
from kiosk.domain.mail import is_address
from kiosk.domain.message import Message
from kiosk.domain.report import (
    LONGEST_PART,
    ReportDocument,
    Terms,
    document_from_json,
    terms_from_json,
)
from kiosk.domain.rounds import Admission, PublicationTime, Round, history_faults
from kiosk.domain.screen_size import DISTANCE_LIMITS_MM, LOWER_EDGE_LIMITS_MM, WIDTH_LIMITS_MM
from kiosk.domain.strict_json import parse
from kiosk.domain.survey import ColumnSubject
from kiosk.domain.tally import (
    StatementTally,
    can_be_protected,
    can_be_published,
    follows_table,
    has_answers_of,
)
from kiosk.storage import clock_record
from kiosk.storage.accounts import Role
from kiosk.storage.audit_log import Action
from kiosk.storage.database import StoreError
from kiosk.storage.dump_terms import check_id, check_texts, read_terms
from kiosk.storage.field_types import fits
from kiosk.storage.passwords import is_hash
from kiosk.storage.tallies import NOT_ASKED, statement_tally

Row = Mapping[str, Any]
"""A row: column -> value, of the type that its table declares."""

Tables = dict[str, list[dict[str, Any]]]
"""Table -> its rows, each column -> value."""

LARGEST_NUMBER = 2**31 - 1
"""The largest value of PostgreSQL's INTEGER."""

SHAPE_ERRORS = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
"""Errors that arise when a document does not have the expected fields and types."""


class TermsError(StoreError):
    """A round of a backup whose terms the rules do not allow; `messages` has every reason, to be
    translated."""

    def __init__(self, round_id: str, messages: Iterable[Message]) -> None:
        super().__init__(f"the rules do not allow the terms of round {round_id}")
        self.round_id = round_id
        self.messages = tuple(messages)


def check_rows(tables: Tables) -> None:
    """Raise StoreError for a row that fails its check (CHECKS), or is of a round that the backup lacks or, in
    a table of OF_A_CLOSED_UNIT, that is not closed, and for figures that no count can produce; TermsError for
    a round that the rules do not allow. The message names table and row, for figures round and node.

    `tables` has every table that a backup of this program's schema holds, each value of the type that its
    column declares.
    """
    rounds = dict(_rounds(tables["round"]))
    closed = frozenset(row["id"] for row in tables["round"] if row["closed"])
    with _naming_row("round", len(rounds)):
        for round_id, messages in history_faults(rounds.values(), closed):
            raise TermsError(round_id, messages)
    for table, rows in tables.items():
        for number, row in enumerate(rows, start=1):
            with _naming_row(table, number):
                _check_numbers(row)
                CHECKS[table](row)
                if table in OF_A_ROUND:
                    _require(row["round_id"] in rounds, "is of a round that is not there")
                if table in OF_A_CLOSED_UNIT:
                    _require(row["round_id"] in closed, "is of a round that is not closed")
                    _require(row["unit_id"] in rounds[row["round_id"]].tree.leaves, "is of an unknown unit")
    answered = _check_tallies(tables["tally"], rounds, closed)
    _check_batches(tables["batches"], rounds, answered)


@contextmanager
def _naming_row(table: str, number: int) -> Iterator[None]:
    """Turn an error of SHAPE_ERRORS in the `with` block into a StoreError that names table and row. `number`
    counts the table's rows from 1."""
    try:
        yield
    except SHAPE_ERRORS as error:
        problem = str(error) if type(error) is ValueError else "is not as this program writes it"
        raise StoreError(f"table {table}, row {number}: {problem}") from error


def _require(is_so: bool, problem: str) -> None:
    """Raise ValueError with the problem, the end of a sentence about the row, unless `is_so`."""
    if not is_so:
        raise ValueError(problem)


def _rounds(rows: list[dict[str, Any]]) -> Iterator[tuple[str, Round]]:
    """Yield (id, round) for each row. Raises StoreError for terms that this program never writes."""
    for number, row in enumerate(rows, start=1):
        with _naming_row("round", number):
            of_round = read_terms(row["terms"])
            check_id(of_round.id)
            _require(of_round.id == row["id"], f"its terms are those of {of_round.id!r}")
            yield of_round.id, of_round


def _check_numbers(row: Row) -> None:
    """Raise ValueError for a negative number, and for one above LARGEST_NUMBER."""
    for column, value in row.items():
        if isinstance(value, int):
            _require(0 <= value <= LARGEST_NUMBER, f"{column} is {value}, which nothing counts to")


def _check_tallies(
    rows: list[dict[str, Any]], rounds: Mapping[str, Round], closed: frozenset[str]
) -> dict[tuple[str, str], int]:
    """Return (round id, node id) -> number of ballots, from the rows of the tallies. Raises StoreError unless
    each node has a row for every option of every column, with figures that a count can produce.

    `closed` are the ids of closed rounds.
    """
    cells: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for row in rows:
        node = cells.setdefault((row["round_id"], row["node_id"]), {})
        node.setdefault(row["statement_id"], {})[row["option"]] = row["answers"]
    answered = {}
    for (round_id, node_id), statements in cells.items():
        try:
            answered[round_id, node_id] = _check_node(
                rounds[round_id], node_id, statements, is_closed=round_id in closed
            )
        except ValueError as error:
            raise StoreError(f"table tally, round {round_id}, node {node_id!r}: {error}") from error
    return answered


def _check_batches(
    rows: list[dict[str, Any]], rounds: Mapping[str, Round], answered: Mapping[tuple[str, str], int]
) -> None:
    """Raise StoreError unless each node with figures in a protected round, and no other node, has a number of
    batches, each of at least k ballots.

    `answered` maps (round id, node id) to the number of ballots.
    """
    for number, row in enumerate(rows, start=1):
        with _naming_row("batches", number):
            of_round = rounds[row["round_id"]]
            ballots = answered.get((of_round.id, row["node_id"]), 0)
            _require(of_round.is_protected, "is of a round that is not protected")
            _require(
                1 <= row["number"] <= ballots // of_round.k,
                f"{ballots} ballots do not make {row['number']} batches of at least {of_round.k}",
            )
    counted = {(row["round_id"], row["node_id"]) for row in rows}
    for round_id, node_id in sorted(answered.keys() - counted):
        if rounds[round_id].is_protected:
            raise StoreError(f"table batches: round {round_id}, node {node_id!r} has figures and no batches")


def _check_node(
    of_round: Round, node_id: str, cells: Mapping[str, Mapping[str, int]], *, is_closed: bool
) -> int:
    """Return the number of ballots in a node's figures. Raises ValueError unless a count can produce them.

    `cells` maps each column's id to option, as in `tables.Tally`, -> answers. `is_closed` says that the round
    is closed: only then may nodes above the units, and rounds that publish at closing only, have figures.
    """
    nodes = {node.id for node in of_round.tree.nodes} if is_closed else set(of_round.tree.leaves)
    _require(node_id in nodes, "the round has no figures for such a node")
    _require(is_closed or of_round.figures is PublicationTime.LIVE, "the round has figures at closing only")
    columns = {column.id: column for column in of_round.survey.columns}
    _require(cells.keys() == columns.keys(), "the statements are not those of the round's survey")
    tables: list[StatementTally] = []
    rule = can_be_protected if of_round.is_protected else can_be_published
    for statement_id, answers in cells.items():
        options = columns[statement_id].options
        wanted = {*(str(option) for option in range(1, options + 1)), *NoAnswer, "withheld"}
        is_follow_up = columns[statement_id].subject is ColumnSubject.FOLLOW_UP
        wanted |= {NOT_ASKED} if is_follow_up else set()
        _require(answers.keys() == wanted, f"statement {statement_id}: not its scale's options")
        tables.append(statement_tally(dict(answers)))
        _require(
            has_answers_of(tables[-1], columns[statement_id]),
            f"statement {statement_id}: an option has no kinds of no answer",
        )
        if is_follow_up:
            continue
        _require(
            rule(tables[-1], of_round.k),
            f"statement {statement_id}: no count of at least {of_round.k} ballots gives these figures",
        )
    by_id = dict(zip(cells, tables, strict=True))
    for before, column in pairwise(of_round.survey.columns):
        _require(
            column.subject is not ColumnSubject.FOLLOW_UP
            or follows_table(
                by_id[column.id], column, by_id[before.id], of_round.k, is_protected=of_round.is_protected
            ),
            f"statement {column.id}: a follow-up with other figures than its statement has",
        )
    answered = {table.ballots for table in tables}
    _require(len(answered) == 1, f"{min(answered)} answers to one statement, {max(answered)} to another")
    return answered.pop()


def _check_installation(row: Row) -> None:
    if row["key"] == "last_tick":
        _require(datetime.fromisoformat(row["value"]).tzinfo is None, "the last count's time has a time zone")
    if row["key"] == clock_record.CLOCK_RECORD:
        parse(row["value"])
        record = clock_record.parse_record(row["value"])
        known = [*record.boots.values(), *([record.known_at] if record.known_at else [])]
        _require(all(time.utcoffset() == timedelta(0) for time in known), "a time of the clock is not in UTC")
        _require(record.counts_from is None or record.counts_from.tzinfo is None, "a local time has a zone")


def _check_account(row: Row) -> None:
    name = row["name"]
    _require(0 < len(name) <= 80 and name.isprintable(), "an account's name is 1 to 80 printable characters")
    _require(row["role"] in set(Role), f"{row['role']!r} is no role; there are: {', '.join(Role)}")
    _require(is_hash(row["password"]), "the password is no argon2 hash")


def _check_second_factor(row: Row) -> None:
    _require(row["name"] != "", "is of no account")


def _check_mail_choice(row: Row) -> None:
    _require(is_address(row["address"]), "is no e-mail address in ASCII")
    _require(is_language_code(row["language"]), "its language is no language code")
    _require({row["summary"], row["silence"]} <= {0, 1}, "a choice is neither 0 nor 1")


def _check_recovery_code(row: Row) -> None:
    _require(re.fullmatch("[0-9a-f]{64}", row["digest"]) is not None, "the code is no SHA-256 digest")


def _check_round(row: Row) -> None:
    _require(row["closed"] in (0, 1), "is neither closed nor open")


def _check_link(row: Row) -> None:
    check_id(row["unit_id"])
    _require(row["admission"] in {Admission.KIOSK, Admission.POSTER}, "is no address of a kiosk or poster")
    limits = (
        ("width_mm", WIDTH_LIMITS_MM),
        ("distance_mm", DISTANCE_LIMITS_MM),
        ("lower_edge_mm", LOWER_EDGE_LIMITS_MM),
    )
    for column, (least, most) in limits:
        _require(row[column] is None or least <= row[column] <= most, f"{column} is out of range")
    _require(row["width_mm"] is None or row["distance_mm"] is not None, "a screen has no distance")


def _check_log(row: Row) -> None:
    _require(datetime.fromisoformat(row["at"]).tzinfo is None, "its time has a time zone")
    _require(row["deed"] in set(Action), f"{row['deed']!r} is nothing that is logged")


def _check_slip_count(row: Row) -> None:
    _require(row["used"] <= row["printed"], "more slips were used than printed")


def _check_taps(row: Row) -> None:
    check_id(row["unit_id"])
    _require(not read_period(row["month"]).parts, "its month is longer than a month")
    check_id(row["counter"])
    if row["target"] != NO_TARGET:
        check_id(row["target"])


def _check_ticket(row: Row) -> None:
    _require(TICKET.fullmatch(row["ticket"]) is not None, "its ticket is not 16 bytes in hex")
    _require(not read_period(row["month"]).parts, "its month is longer than a month")


def _check_typed_figure(row: Row) -> None:
    check_id(row["node_id"])
    read_period(row["period"])
    check_id(row["counter"])
    quality = Quality(row["quality"])
    _require(quality is not Quality.NOT_COUNTED or row["number"] == 0, "it has a number and was not counted")


def _check_report(row: Row) -> None:
    check_id(row["id"])
    document = parse(row["terms"])
    _require(fits(terms_from_json(document), Terms), "a value of the terms has the wrong type")
    check_texts(document)


def _check_report_text(row: Row) -> None:
    check_id(row["report_id"])
    check_id(row["part"])
    _require(len(row["words"]) <= LONGEST_PART, "its text is too long")


def _check_report_edition(row: Row) -> None:
    check_id(row["report_id"])
    document = document_from_json(parse(row["document"]))
    _require(fits(document, ReportDocument), "a value of the document has the wrong type")


def _check_imported(row: Row) -> None:
    document = parse(row["figures"])
    figures = figures_from_json(document)
    _require(fits(figures, EarlierFigures), "a value of the figures has the wrong type")
    check_texts(document)
    _require(0 <= figures.n <= LARGEST_NUMBER, f"n is {figures.n}, which nothing counts to")
    for known in figures.statements:
        counts = [count for count in known.counts if count is not None]
        _require(len(known.counts) == len(known.labels), "there is not one count for each option")
        _require(all(count >= 0 for count in counts) and sum(counts) <= figures.n, "counts add up to over n")


def _check_snapshot(row: Row) -> None:
    made_at = parse(row["document"])["made_at"]
    _require(made_at is None or datetime.fromisoformat(made_at).tzinfo is None, "its time has a time zone")


def _check_comment(row: Row) -> None:
    check_id(row["statement_id"])
    check_texts(row["words"])


def _check_wall(row: Row) -> None:
    check_id(row["node_id"])


def _check_nothing_more(row: Row) -> None:
    """Accept any row: the table's column types, and the checks of round and unit, suffice."""


OF_A_ROUND = frozenset({"batches", "comment", "excluded_rapid", "reply", "slip_count", "tally"})
"""Tables whose rows have the id of a round."""

OF_A_CLOSED_UNIT = frozenset({"excluded_rapid", "slip_count"})
"""Tables of OF_A_ROUND whose rows have the id of a unit too, and a round that is closed."""

CHECKS: Mapping[str, Callable[[Row], None]] = {
    "account": _check_account,
    "batches": _check_nothing_more,
    "comment": _check_comment,
    "excluded_rapid": _check_nothing_more,
    "imported": _check_imported,
    "installation": _check_installation,
    "link": _check_link,
    "log": _check_log,
    "mail_choice": _check_mail_choice,
    "output_count": _check_taps,
    "output_ticket": _check_ticket,
    "recovery_code": _check_recovery_code,
    "reply": _check_nothing_more,
    "report": _check_report,
    "report_edition": _check_report_edition,
    "report_text": _check_report_text,
    "round": _check_round,
    "second_factor": _check_second_factor,
    "slip_count": _check_slip_count,
    "snapshot": _check_snapshot,
    "tally": _check_nothing_more,
    "typed_figure": _check_typed_figure,
    "wall": _check_wall,
}
"""Table of a backup -> the check of one row, which raises one of SHAPE_ERRORS; ValueError has the problem."""
