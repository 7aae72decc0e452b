"""The rows of tallies: batches go in, get noise or the veil, and are added up; running sums come out.

Nothing outside the store reads them.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from random import Random

import peewee

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.rounds import Round
from kiosk.domain.tally import Publish, StatementTally, Tally, protected, tally_batch, veiled
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.prepared_query import PreparedQuery


class Tallies:
    """Running sums by round, node, column and option. `rng` draws the noise of protected rounds."""

    def __init__(self, database: Database, rng: Random) -> None:
        self._database = database
        self._rng = rng
        self._select = database.prepared_rows(_SELECT)
        self._select_column = database.prepared_rows(_SELECT_COLUMN)
        self._select_batches = database.prepared_rows(_SELECT_BATCHES)
        self._add_to_batches = database.prepared_write(_ADD_TO_BATCHES)

    def published(self, of_round: Round, batch: Sequence[Ballot]) -> Tally:
        """Return a batch's tally as it is published: with noise in a protected round, with the veil in an
        exact one. Stores nothing. Each call draws new noise, so it is called once for a batch."""
        return tally_batch(batch, of_round.survey.columns, self._rule(of_round))

    def add(self, of_round: Round, node_id: str, published: Tally) -> None:
        """Add a batch's tally, as `published` returns it, to a node's running sums. In a protected round,
        also add 1 to the node's number of batches. The caller holds a write."""
        rows = [
            (of_round.id, node_id, column.id, option, answers)
            for column, table in zip(of_round.survey.columns, published, strict=True)
            for option, answers in _options(table).items()
        ]
        add = self._database.prepared_write(_insert_or_add(len(rows)))
        add(*chain.from_iterable(rows))
        if of_round.is_protected:
            self._add_to_batches(of_round.id, node_id, 1)

    def _rule(self, of_round: Round) -> Publish:
        if not of_round.is_protected:
            return veiled
        return lambda cells, column, before: protected(
            cells, column, before, self._rng, of_round.epsilon_of(column)
        )

    def batches(self, of_round: Round) -> dict[str, int]:
        """Return node id -> number of batches that were published for the node itself, not below it, in a
        protected round. Nodes without a batch are left out; empty for an exact round."""
        return dict(self._select_batches(of_round.id))

    def published_ballots(self, of_round: Round, unit_id: str) -> int:
        """Return the number of ballots in the batches that were published for a unit itself, by the table of
        the survey's first column: 0 before the first batch."""
        column = of_round.survey.columns[0].id
        rows = self._select_column(of_round.id, unit_id, column)
        return statement_tally(dict(rows)).ballots if rows else 0

    def sums_by_node(self, of_round: Round) -> dict[str, Tally]:
        """Return node id -> running sums of the batches published for the node itself, not below it: one
        table per column of the survey, in its order. Nodes without a batch are left out."""
        cells: dict[str, dict[tuple[str, str], int]] = {}
        for node, statement, option, answers in self._select(of_round.id):
            cells.setdefault(node, {})[statement, option] = answers
        return {
            node: tuple(
                statement_tally({opt: n for (name, opt), n in answers.items() if name == column.id})
                for column in of_round.survey.columns
            )
            for node, answers in cells.items()
        }


NOT_ASKED = "not_asked"
"""The option of the row that counts guests who were not asked a follow-up."""

_TALLY, _BATCHES = tables.Tally, tables.Batches

_SELECT = PreparedQuery(
    _TALLY.select(_TALLY.node_id, _TALLY.statement_id, _TALLY.option, _TALLY.answers).where(
        _TALLY.round_id == ""
    )
)
_SELECT_COLUMN = PreparedQuery(
    _TALLY.select(_TALLY.option, _TALLY.answers).where(
        _TALLY.round_id == "", _TALLY.node_id == "", _TALLY.statement_id == ""
    )
)
_SELECT_BATCHES = PreparedQuery(
    _BATCHES.select(_BATCHES.node_id, _BATCHES.number).where(_BATCHES.round_id == "")
)
_ADD_TO_BATCHES = PreparedQuery(
    _BATCHES.insert(round_id="", node_id="", number=0).on_conflict(
        conflict_target=[_BATCHES.round_id, _BATCHES.node_id],
        update={_BATCHES.number: _BATCHES.number + peewee.EXCLUDED.number},
    )
)


@cache
def _insert_or_add(rows: int) -> PreparedQuery:
    """Return the statement that adds this many rows of (round, node, column, option, answers) to the running
    sums."""
    key = [_TALLY.round_id, _TALLY.node_id, _TALLY.statement_id, _TALLY.option]
    empty = [("", "", "", "", 0)] * rows
    return PreparedQuery(
        _TALLY.insert_many(empty, fields=[*key, _TALLY.answers]).on_conflict(
            conflict_target=key, update={_TALLY.answers: _TALLY.answers + peewee.EXCLUDED.answers}
        )
    )


def _options(table: StatementTally) -> dict[str, int]:
    """Return a column's table as option -> answers, with options named as in `tables.Tally`."""
    counts = {str(option): n for option, n in enumerate(table.counts, start=1)}
    return {
        **counts,
        **dict(zip(NoAnswer, table.no_answer, strict=True)),
        "withheld": table.withheld,
        **({} if table.not_asked is None else {NOT_ASKED: table.not_asked}),
    }


def statement_tally(rows: dict[str, int]) -> StatementTally:
    """Return a column's table from option -> answers, with options named as in `tables.Tally`. Raises
    KeyError if "withheld" or a kind of no answer is missing; a missing number is not noticed."""
    options = sorted(int(option) for option in rows if option.isdigit())
    return StatementTally(
        tuple(rows[str(option)] for option in options),
        tuple(rows[kind] for kind in NoAnswer),
        rows["withheld"],
        rows.get(NOT_ASKED),
    )
