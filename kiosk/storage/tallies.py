"""The rows of tallies: batches go in and are added up, running sums come out.

Nothing outside the store reads them.
"""

from collections.abc import Sequence

import peewee

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.rounds import Round
from kiosk.domain.tally import StatementTally, Tally, tally_batch
from kiosk.storage import tables
from kiosk.storage.database import Database


class Tallies:
    """Running sums by round, node, statement and option."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_batch(self, of_round: Round, node_id: str, batch: Sequence[Ballot]) -> None:
        """Tally a batch for a node, within a write of the caller's."""
        tally = tables.Tally
        key = [tally.round_id, tally.node_id, tally.statement_id, tally.option]
        tallies = zip(of_round.survey.statements, tally_batch(batch, of_round.options), strict=True)
        for statement, table in tallies:
            rows = [
                (of_round.id, node_id, statement.id, option, answers)
                for option, answers in _options(table).items()
            ]
            self._database.run(
                tally.insert_many(rows, fields=[*key, tally.answers]).on_conflict(
                    conflict_target=key, update={tally.answers: tally.answers + peewee.EXCLUDED.answers}
                )
            )

    def own_sums(self, of_round: Round) -> dict[str, Tally]:
        """Running sums of the batches published for each node itself."""
        cells: dict[str, dict[tuple[str, str], int]] = {}
        tally = tables.Tally
        query = tally.select(tally.node_id, tally.statement_id, tally.option, tally.answers)
        for node, statement, option, answers in self._database.rows(
            query.where(tally.round_id == of_round.id)
        ):
            cells.setdefault(node, {})[statement, option] = answers
        return {
            node: tuple(
                statement_tally({opt: n for (name, opt), n in found.items() if name == statement.id})
                for statement in of_round.survey.statements
            )
            for node, found in cells.items()
        }


def _options(table: StatementTally) -> dict[str, int]:
    """A statement's table as rows: option -> answers."""
    counts = {str(option): n for option, n in enumerate(table.counts, start=1)}
    return {
        **counts,
        **dict(zip(NoAnswer, table.no_answer, strict=True)),
        "withheld": table.withheld,
    }


def statement_tally(rows: dict[str, int]) -> StatementTally:
    """The inverse of `_options`."""
    options = sorted(int(option) for option in rows if option.isdigit())
    return StatementTally(
        tuple(rows[str(option)] for option in options),
        tuple(rows[kind] for kind in NoAnswer),
        rows["withheld"],
    )
