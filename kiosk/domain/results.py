"""From the snapshot to what a reader is told: one row a round, shares, answers outside the base.

Reads the published document only, so nothing finer than it can reach a page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.domain.statistics import (
    Interval,
    Part,
    Trend,
    differ,
    distribution_intervals,
    kendall,
    share_interval,
    trend,
)
from kiosk.domain.survey import Statement
from kiosk.domain.tally import StatementTally, statement_tally_from_json
from kiosk.domain.tree import Node

PERCENT_ALONE_FROM = 50
"""From here on a percentage's uncertainty is told in percent; below it in words, "of ten"."""

PERCENT_FROM = 20
"""Under this many answers only counts are shown: a percentage would look surer than it is."""


@dataclass(frozen=True)
class Share:
    """One option's answers; `percent` is None where there are too few answers for percentages."""

    count: int
    percent: int | None


class Break(StrEnum):
    """What changed since the round before: figures on either side cannot simply be compared."""

    WORDING = "wording"
    SCALE = "scale"
    PLACES = "places"


@dataclass(frozen=True)
class Row:
    """One statement in one round at one node. Where nothing is published `table` is None and `why`
    is "waiting" or "too_few"; `breaks` are seen from the row before. While the round runs its figures
    still change."""

    round: Round
    statement: Statement
    table: StatementTally | None
    why: str | None
    breaks: tuple[Break, ...] = ()
    is_closed: bool = True

    @property
    def on_scale(self) -> int:
        """Answers on the scale: the percentage base, called n."""
        return sum(self.table.counts) if self.table else 0

    @property
    def shares(self) -> tuple[Share, ...]:
        """The options' shares, from the highest option to the lowest."""
        return tuple(reversed(shares(self.table.counts))) if self.table else ()

    @property
    def agreeing(self) -> int:
        """Answers on the scale's highest options, the usual meaning of "agrees"."""
        return sum(self.table.counts[-agreeing_options(self.statement.scale.labels) :]) if self.table else 0

    @property
    def agreeing_interval(self) -> Interval | None:
        """Between which shares agreement may lie; None where there are too few answers for percentages."""
        if not self.table or self.on_scale < PERCENT_FROM:
            return None
        return share_interval(self.agreeing, self.on_scale, self.table.withheld)

    @property
    def intervals(self) -> tuple[Interval | None, ...]:
        """The same for each option, the highest first, holding for all at once."""
        if not self.table or self.on_scale < PERCENT_FROM:
            return (None,) * len(self.shares)
        return tuple(reversed(distribution_intervals(self.table.counts, self.table.withheld)))


def shares(counts: Sequence[int]) -> tuple[Share, ...]:
    """Each option's share of the answers on the scale. Whole percents, each rounded by itself."""
    n = sum(counts)
    return tuple(Share(count, round(100 * count / n) if n >= PERCENT_FROM else None) for count in counts)


def agreeing_options(labels: Sequence[str]) -> int:
    """How many of a scale's options mean "agrees": the two highest of four or more, else the highest."""
    return 2 if len(labels) > 3 else 1


def row(document: Document, of_round: Round, node_id: str, statement: Statement) -> Row:
    """A statement's published answers in one round. KeyError if the round has no such node."""
    node, is_closed = _node(document, of_round, node_id), _published(document, of_round)["state"] == "closed"
    if node["answered"] is None:
        return Row(of_round, statement, None, node["why"], is_closed=is_closed)
    table = statement_tally_from_json(node["statements"][statement.id])
    return Row(of_round, statement, table, None, is_closed=is_closed)


def by_place(document: Document, of_round: Round, statement: Statement) -> tuple[tuple[Node, Row], ...]:
    """One row for each node of the round's tree, in the tree's order."""
    return tuple((node, row(document, of_round, node.id, statement)) for node in of_round.tree.nodes)


def answered(document: Document, of_round: Round, node_id: str) -> int | None:
    """Ballots published for a node, or None. KeyError if the round has no such node."""
    ballots: int | None = _node(document, of_round, node_id)["answered"]
    return ballots


def apart(document: Document, of_round: Round, node_id: str) -> int:
    """Ballots the node's kiosks sent in play; 0 while the round runs. KeyError if there is no such node."""
    return int(_node(document, of_round, node_id).get("apart", 0))


def _published(document: Document, of_round: Round) -> Document:
    for published in document["rounds"]:
        if published["id"] == of_round.id:
            return dict(published)
    raise KeyError(of_round.id)


def _node(document: Document, of_round: Round, node_id: str) -> Document:
    for node in _published(document, of_round)["nodes"]:
        if node["id"] == node_id:
            return dict(node)
    raise KeyError(f"{of_round.id}/{node_id}")


def over_time(
    document: Document, rounds: Iterable[Round], node_id: str, statement_id: str
) -> tuple[Row, ...]:
    """One row for each round that asked this statement at this node, the earliest first, with what broke
    between two of them."""
    asking = sorted(
        (
            of_round
            for of_round in rounds
            if any(node.id == node_id for node in of_round.tree.nodes)
            and any(statement.id == statement_id for statement in of_round.survey.statements)
        ),
        key=lambda of_round: (of_round.opens_at, of_round.id),
    )
    rows: list[Row] = []
    for of_round in asking:
        one = row(document, of_round, node_id, of_round.survey.statement(statement_id))
        rows.append(replace(one, breaks=_breaks(rows[-1], one, node_id)) if rows else one)
    return tuple(rows)


def _breaks(before: Row, after: Row, node_id: str) -> tuple[Break, ...]:
    changed = {
        Break.WORDING: before.statement.text != after.statement.text,
        Break.SCALE: before.statement.scale.labels != after.statement.scale.labels,
        Break.PLACES: before.round.tree.units_below(node_id) != after.round.tree.units_below(node_id),
    }
    return tuple(kind for kind, has_changed in changed.items() if has_changed)


def comparable(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows since the last break."""
    last = max((at for at, row in enumerate(rows) if row.breaks), default=0)
    return tuple(rows[last:])


def compared(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The closed rounds since the last break that have answers: those a change may be told of.

    A running round takes no part: tested anew at each count, chance alone would sooner or later look like
    a change.
    """
    return tuple(row for row in comparable(rows) if row.is_closed and row.on_scale)


def change(rows: Sequence[Row]) -> Trend | None:
    """What may be said of the change over all rounds compared; None with fewer than two."""
    told = [row.table for row in compared(rows) if row.table]
    return (
        trend([table.counts for table in told], [table.withheld for table in told]) if len(told) > 1 else None
    )


@dataclass(frozen=True)
class Turn:
    """The last round went another way than all rounds together."""

    is_up: bool
    is_sure: bool


def turn(rows: Sequence[Row]) -> Turn | None:
    """Whether the last step went against the change over all rounds, or surely somewhere where those go
    nowhere. None where it did not, or is the only step there is."""
    overall, told = change(rows), compared(rows)
    if len(told) < 3:
        return None
    step = [row.table.counts for row in told[-2:] if row.table]
    s, _ = kendall(step)
    last = Turn(s > 0, change(told[-2:]) is not Trend.CHANCE)
    against = {Trend.UP: s < 0, Trend.DOWN: s > 0, Trend.CHANCE: last.is_sure, None: False}
    return last if against[overall] else None


@dataclass(frozen=True)
class Spread:
    """The places where the largest and the smallest part agreed, and whether that is more than chance."""

    most: tuple[Node, Row]
    least: tuple[Node, Row]
    is_sure: bool

    @property
    def is_none(self) -> bool:
        """The same part agreed at every place."""
        return _part(self.most[1]).share == _part(self.least[1]).share


def spread(places: Iterable[tuple[Node, Row]]) -> Spread | None:
    """How far apart places lie, of those with enough answers for a percentage; None with fewer than two."""
    told = sorted(
        (place for place in places if place[1].on_scale >= PERCENT_FROM),
        key=lambda place: (_part(place[1]).share, place[0].name),
    )
    if len(told) < 2:
        return None
    return Spread(told[-1], told[0], differ(_part(told[-1][1]), _part(told[0][1]), len(told)))


def _part(row: Row) -> Part:
    return Part(row.agreeing, row.on_scale, row.table.withheld if row.table else 0)
