"""Tallies: batches become tables, and tables become running sums.

A tally is all that is kept of a counted ballot. A sum does not keep the batches that it was made of.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.box import veil
from kiosk.domain.survey import Column


@dataclass(frozen=True)
class StatementTally:
    """The answers to one statement.

    `counts` runs from the scale's lowest option to its highest, `no_answer` has the order of NoAnswer, and
    `withheld` is the number of answers that the veil withheld.
    """

    counts: tuple[int, ...]
    no_answer: tuple[int, ...]
    withheld: int

    @property
    def ballots(self) -> int:
        """Number of ballots in this table."""
        return sum(self.counts) + sum(self.no_answer) + self.withheld

    def __add__(self, other: "StatementTally") -> "StatementTally":
        return StatementTally(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            tuple(a + b for a, b in zip(self.no_answer, other.no_answer, strict=True)),
            self.withheld + other.withheld,
        )

    def as_json(self) -> "StatementDocument":
        return {
            "counts": list(self.counts),
            "no_answer": dict(zip(NoAnswer, self.no_answer, strict=True)),
            "withheld": self.withheld,
        }


class StatementDocument(TypedDict):
    """A statement's table in the snapshot: `counts` from the lowest option up, `no_answer` by kind."""

    counts: list[int]
    no_answer: dict[str, int]
    withheld: int


Tally = tuple[StatementTally, ...]
"""One table per column of a ballot, in the survey's order. All tables sum to the same number of ballots."""


def statement_tally_from_json(row: StatementDocument) -> StatementTally:
    """Return a statement's table from its JSON: the inverse of `StatementTally.as_json`."""
    return StatementTally(
        tuple(row["counts"]), tuple(row["no_answer"][kind] for kind in NoAnswer), row["withheld"]
    )


Publish = Callable[[Sequence[int], Column], tuple[tuple[int, ...], int]]
"""A round's rule of publication: a function from the exact counts of one column in one batch to (counts to
publish, number of withheld answers).

The counts are those of the options, the lowest first, then of the kinds of NoAnswer if the column has them.
"""


def tally_batch(batch: Sequence[Ballot], columns: Sequence[Column], publish: Publish) -> Tally:
    """Count one batch, and publish each column's table. `columns` are those of the survey."""
    return tuple(
        _tally_column(Counter(ballot.answers[at] for ballot in batch), column, publish)
        for at, column in enumerate(columns)
    )


def _tally_column(answers: Counter[int | NoAnswer], column: Column, publish: Publish) -> StatementTally:
    counted = [answers[option] for option in range(1, column.options + 1)]
    kinds = [answers[kind] for kind in NoAnswer] if column.has_no_answer else []
    published, withheld = publish(counted + kinds, column)
    no_answer = published[column.options :] if column.has_no_answer else (0,) * len(NoAnswer)
    return StatementTally(published[: column.options], no_answer, withheld)


def veiled(cells: Sequence[int], column: Column) -> tuple[tuple[int, ...], int]:
    """Return (counts to publish, number of withheld answers) in an exact round: those of the veil."""
    del column
    return veil(cells)


def has_answers_of(table: StatementTally, column: Column) -> bool:
    """Return whether a table has the answers of a column. For figures from a file."""
    return len(table.counts) == column.options and (column.has_no_answer or not any(table.no_answer))


def can_be_protected(table: StatementTally, k: int) -> bool:
    """Return whether this table can be a sum of batches of at least k ballots each in a protected round.

    For checking figures from a file. Noise can produce every non-negative table of the batch's size.
    """
    return min(*table.counts, *table.no_answer) >= 0 and table.withheld == 0 and table.ballots >= k


def can_be_published(table: StatementTally, k: int) -> bool:
    """Return whether this table can be a sum of batches of at least k ballots each, after the veil.

    A necessary condition, for figures from a file. In a batch without the veil, at least two answers differ
    from the largest option, and so they do in any sum of such batches. A batch with the veil has k - 1 or
    more published answers, all of one option.
    """
    options, n = (*table.counts, *table.no_answer), table.ballots
    if min(*options, table.withheld) < 0 or n < k:
        return False
    if table.withheld == 0:
        return max(options) <= n - 2
    has_unveiled_batch = n >= (table.withheld + 1) * k
    return sum(count // (k - 1) for count in options) >= table.withheld and (
        has_unveiled_batch or all(count == 0 or count >= k - 1 for count in options)
    )


def add(tallies: Sequence[Tally]) -> Tally:
    """Return the sum of one or more tallies of the same survey."""
    total, *others = tallies
    for other in others:
        total = tuple(a + b for a, b in zip(total, other, strict=True))
    return total
