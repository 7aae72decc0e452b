"""Tallies: batches become tables, and tables become running sums.

A tally is all that is kept of a counted ballot. A sum does not keep the batches that it was made of.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import NotRequired, TypedDict

from kiosk.domain.ballot import NOT_ASKED, Ballot, NoAnswer
from kiosk.domain.box import veil
from kiosk.domain.noise import protect, protect_part
from kiosk.domain.survey import Column, ColumnSubject


@dataclass(frozen=True)
class StatementTally:
    """The answers in one column: to a statement, about one of several options, or to a follow-up.

    `counts` runs from the lowest option to the highest. `no_answer` has the order of NoAnswer; zeros in the
    column of one of several options. `withheld` is the number of answers that the veil withheld. `not_asked`
    is, for a follow-up, the number of ballots with another answer to its statement; None for any other
    column.
    """

    counts: tuple[int, ...]
    no_answer: tuple[int, ...]
    withheld: int
    not_asked: int | None = None

    @property
    def ballots(self) -> int:
        """Number of ballots in this table, withheld ones and those of guests who were not asked included."""
        return self.answered + self.withheld + (self.not_asked or 0)

    @property
    def answered(self) -> int:
        """Number of published answers, kinds of no answer included. For a follow-up, guests who were not
        asked do not count."""
        return sum(self.counts) + sum(self.no_answer)

    def __add__(self, other: "StatementTally") -> "StatementTally":
        return StatementTally(
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
            tuple(a + b for a, b in zip(self.no_answer, other.no_answer, strict=True)),
            self.withheld + other.withheld,
            None if self.not_asked is None else self.not_asked + (other.not_asked or 0),
        )

    def as_json(self) -> "StatementDocument":
        """Return the table as it stands in the snapshot."""
        document: StatementDocument = {
            "counts": list(self.counts),
            "no_answer": dict(zip(NoAnswer, self.no_answer, strict=True)),
            "withheld": self.withheld,
        }
        if self.not_asked is not None:
            document["not_asked"] = self.not_asked
        return document


class StatementDocument(TypedDict):
    """A statement's table in the snapshot: `counts` from the lowest option up, `no_answer` by kind, and
    `not_asked` of a follow-up."""

    counts: list[int]
    no_answer: dict[str, int]
    withheld: int
    not_asked: NotRequired[int]


Tally = tuple[StatementTally, ...]
"""One table per column of a ballot, in the survey's order. All tables sum to the same number of ballots."""


def statement_tally_from_json(row: StatementDocument) -> StatementTally:
    """Return a statement's table from its JSON: the inverse of `StatementTally.as_json`. KeyError for a
    missing member, TypeError for another shape. Types of the counts are not checked."""
    return StatementTally(
        tuple(row["counts"]),
        tuple(row["no_answer"][kind] for kind in NoAnswer),
        row["withheld"],
        row.get("not_asked"),
    )


Published = tuple[tuple[int, ...], int]
"""(counts to publish of a table, number of withheld answers)."""

Publish = Callable[[Sequence[int], Column, StatementTally | None], Published]
"""A round's rule of publication: a function from the exact counts of one column in one batch, the column, and
the published table of the column before it (None for the first), to the counts to publish. The table of the
column before decides which part of a follow-up is published.

The counts are those of the options, the lowest first, then of the kinds of NoAnswer if the column has them,
then of NOT_ASKED if it is a follow-up. The published counts have the same order.
"""


def tally_batch(batch: Sequence[Ballot], columns: Sequence[Column], publish: Publish) -> Tally:
    """Return the tables of one batch to publish, one for each of `columns`, which are all those of the
    survey. `publish` is the round's rule, which makes published cells of counted ones: `veiled`, or
    `protected` with its randomness and the column's epsilon."""
    tables: list[StatementTally] = []
    for at, column in enumerate(columns):
        answers = Counter(ballot.answers[at] for ballot in batch)
        tables.append(_tally_column(answers, column, publish, tables[-1] if tables else None))
    return tuple(tables)


def _tally_column(
    answers: Counter[int | NoAnswer], column: Column, publish: Publish, before: StatementTally | None
) -> StatementTally:
    counted = [answers[option] for option in range(1, column.options + 1)]
    kinds = [answers[kind] for kind in NoAnswer] if column.has_no_answer else []
    is_follow_up = column.subject is ColumnSubject.FOLLOW_UP
    not_asked = [answers[NOT_ASKED]] if is_follow_up else []
    published, withheld = publish(counted + kinds + not_asked, column, before)
    counts, rest = published[: column.options], published[column.options :]
    no_answer = rest[: len(NoAnswer)] if column.has_no_answer else (0,) * len(NoAnswer)
    return StatementTally(counts, no_answer, withheld, rest[-1] if is_follow_up else None)


MOST_UNSEEN = 2
"""If this many guests of a batch or fewer were asked a follow-up, all their answers to it are withheld. Of
two different answers the veil would publish one, and the options' order would decide which."""


def veiled(cells: Sequence[int], column: Column, before: StatementTally | None) -> Published:
    """Return (cells to publish, number of withheld answers) for a table of an exact round: `cells` under the
    veil. `before` is the published table of the statement that a follow-up follows.

    If an answer to the statement is withheld, the whole follow-up is withheld, because it would reveal that
    answer. Otherwise the veil applies to the guests who were asked, so that for each of them two answers are
    possible, and all are withheld if MOST_UNSEEN or fewer were asked; the number not asked is published,
    since the statement's table has it.
    """
    if column.subject is not ColumnSubject.FOLLOW_UP:
        return veil(cells)
    if before is None or before.withheld:
        return (0,) * len(cells), sum(cells)
    asked = sum(cells[:-1])
    counts, withheld = veil(cells[:-1]) if asked > MOST_UNSEEN else ((0,) * len(cells[:-1]), asked)
    return (*counts, cells[-1]), withheld


def protected(
    cells: Sequence[int], column: Column, before: StatementTally | None, rng: Random, epsilon: Fraction
) -> Published:
    """Return (cells to publish, 0) for a table of a protected round: `cells` with noise of this epsilon,
    drawn now. `before` is the published table of the statement that a follow-up follows, never None for one.
    `rng` must be `secrets.SystemRandom()` outside tests.

    The number of guests who were asked a follow-up is taken from that table. It is not drawn again: a second
    noisy number of the same guests would tell more about each of them.
    """
    if column.subject is not ColumnSubject.FOLLOW_UP or before is None:
        return protect(cells, rng, epsilon), 0
    asked = asked_by(before, column)
    return (*protect_part(cells[:-1], asked, rng, epsilon), sum(cells) - asked), 0


def asked_by(statement: StatementTally, follow_up: Column) -> int:
    """Return the number of guests who were asked a follow-up, by the published table of the statement that it
    follows. Guests whose answer to that statement is withheld are left out."""
    return sum(statement.counts[option - 1] for option in follow_up.when)


def of_those_asked(table: StatementTally, statement: StatementTally, follow_up: Column) -> StatementTally:
    """Return a follow-up's table in which `withheld` counts only guests who may have been asked; the others
    are moved to `not_asked`. `statement` is the table of the statement that it follows.

    A batch that withholds a whole follow-up also withholds the ballots of guests who were not asked. The
    statement's table says how many were asked at most.
    """
    asked = asked_by(statement, follow_up) + statement.withheld
    withheld = max(min(table.withheld, asked - table.answered), 0)
    not_asked = table.ballots - table.answered - withheld
    return replace(table, withheld=withheld, not_asked=not_asked)


def has_answers_of(table: StatementTally, column: Column) -> bool:
    """Return whether a table has the shape of a column: as many counts as the column has options, no kinds of
    no answer if the column has none, and `not_asked` for a follow-up only. Counts below 0 are not looked for.
    For figures from a file."""
    return (
        len(table.counts) == column.options
        and (column.has_no_answer or not any(table.no_answer))
        and (table.not_asked is not None) == (column.subject is ColumnSubject.FOLLOW_UP)
    )


def follows_table(
    table: StatementTally, column: Column, statement: StatementTally, k: int, *, is_protected: bool
) -> bool:
    """Return False if a follow-up's table cannot stand beside the table of the statement that it follows, has
    a count below 0, or is of fewer than `k` ballots; True proves nothing. `column` is that of the follow-up,
    `k` the round's. For figures from a file.

    If no answer to the statement is withheld, its table says how many were asked. A protected round
    (`is_protected`) withholds nothing. In an exact round, each batch that withholds such an answer withholds
    the whole follow-up.
    """
    not_asked, asked = table.not_asked or 0, asked_by(statement, column)
    if min(*table.counts, *table.no_answer, table.withheld, not_asked) < 0 or table.ballots < k:
        return False
    if not statement.withheld:
        is_whole = not_asked == statement.ballots - asked
        return is_whole and not (is_protected and table.withheld)
    return (
        not is_protected
        and table.answered <= asked
        and not_asked <= statement.answered - asked
        and table.withheld >= statement.withheld * k
    )


def can_be_protected(table: StatementTally, k: int) -> bool:
    """Return whether this table can be a sum of batches of at least k ballots each in a protected round.
    False for withheld answers.

    For checking figures from a file. Noise can produce every non-negative table of the batch's size.
    """
    return min(*table.counts, *table.no_answer) >= 0 and table.withheld == 0 and table.ballots >= k


def can_be_published(table: StatementTally, k: int) -> bool:
    """Return False if this table of an exact round cannot be a sum of batches of at least k ballots each,
    after the veil. True proves nothing. `k` is at least 2.

    For figures from a file. In a batch without the veil, at least two answers differ from the largest option,
    and so they do in any sum of such batches. A batch with the veil has k - 1 or more published answers, all
    of one option.
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
    """Return the sum, table by table, of one or more tallies of the same survey."""
    total, *others = tallies
    for other in others:
        total = tuple(a + b for a, b in zip(total, other, strict=True))
    return total
