"""Results derived from the snapshot: rows of figures, shares, intervals, changes and differences.

All is computed from the published document, so that no page can show more detail than it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from kiosk.domain import noisy_statistics, statistics
from kiosk.domain import survey as surveys
from kiosk.domain.ballot import NoAnswer
from kiosk.domain.name_order import name_key
from kiosk.domain.noisy_statistics import (
    Noise,
    NoisyPlaceCount,
    noise_of,
    noise_of_part,
    noisy_stratum,
    share_without_bias,
    whole_without_bias,
)
from kiosk.domain.rounding import outwards, whole_percent
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document, NodeDocument, RoundDocument
from kiosk.domain.statistics import Interval, PlaceCount, Stratum, Trend, stratified_test, trend_of_test
from kiosk.domain.survey import Column, Statement
from kiosk.domain.tally import StatementTally, of_those_asked, statement_tally_from_json
from kiosk.domain.tree import Node

PERCENT_ALONE_FROM = 50
"""From this many answers on, the interval of a percentage is printed in percent; with fewer, in tenths
("between 4 and 6 of 10")."""

PERCENT_FROM = 20
"""Fewest answers for a percentage. With fewer only counts are shown: a percentage would look more certain
than it is."""


@dataclass(frozen=True)
class Share:
    """The number of answers of one option, and its percentage of the answers on the scale, whole; `percent`
    is None if these are fewer than PERCENT_FROM."""

    count: int
    percent: int | None


class Break(StrEnum):
    """A reason why the figures of a round cannot be compared with those of the previous round.

    WORDING is a changed text; a text that the survey declares to have the same meaning is no break. SCALE is
    a change of the answers, PLACES a change of the units below the node.
    """

    WORDING = "wording"
    SCALE = "scale"
    PLACES = "places"


@dataclass(frozen=True)
class UnitTable:
    """The published answers to a statement at one unit. `unit` is its id, `batches` the number of batches in
    the table; 0 in an exact round."""

    unit: str
    table: StatementTally
    batches: int


@dataclass(frozen=True)
class Row:
    """One statement in one round at one node.

    If nothing is published, `table` is None and `why` is "waiting" or "too_few"; otherwise `why` is None.
    `breaks` says why it cannot be compared with the round before it in `over_time`; () if it can, and if
    there is none before it. The figures of a round that is not closed still change. `batches` is the number
    of batches in the table, each with noise of its own; 0 in an exact round. `units` has the units below the
    node that have figures of their own; None if the row is compared as one unit.

    If several options may be chosen, `table` counts whether any was, and `options` has a table for each
    option, the lowest first; it is empty for any other statement. For a follow-up, `table` has the answers of
    guests who were asked, and the number of the others (`of_those_asked`). `is_asked_at_most` says that
    answers to the statement that it follows are withheld, so that fewer guests may have been asked.
    """

    round: Round
    statement: Statement
    table: StatementTally | None
    why: str | None
    breaks: tuple[Break, ...] = ()
    is_closed: bool = True
    batches: int = 0
    units: tuple[UnitTable, ...] | None = None
    options: tuple[StatementTally, ...] = ()
    is_asked_at_most: bool = False

    @cached_property
    def noise(self) -> Noise:
        """The noise in the table; in the table of each option if several may be chosen. Its variance is 0 in
        an exact round."""
        return self.noise_of_batches(self.batches)

    def noise_of_batches(self, batches: int) -> Noise:
        """Return the noise in the sum of the tables of `batches` batches, for this statement and round; its
        variance is 0 for 0 batches, as in an exact round."""
        survey = self.round.survey
        column = survey.columns_of(self.statement)[-1]
        if column.subject is not surveys.ColumnSubject.FOLLOW_UP or not self.statement.follows:
            return self._noise_of_column(column, batches)
        [before] = survey.columns_of(survey.statement(self.statement.follows.statement))
        asked = self._noise_of_column(before, batches).of_sum([1] * len(column.when))
        cells = column.options + len(NoAnswer)
        return noise_of_part(batches, cells, self.round.epsilon_of(column), asked)

    def _noise_of_column(self, column: Column, batches: int) -> Noise:
        cells = column.options + (len(NoAnswer) if column.has_no_answer else 0)
        return noise_of(batches, cells, self.round.epsilon_of(column))

    @property
    def by_unit(self) -> dict[str, UnitTable]:
        """Unit id -> its table. If the row is compared as one unit, its own table under the id ""; empty
        without figures."""
        if self.units is not None:
            return {unit.unit: unit for unit in self.units}
        return {"": UnitTable("", self.table, self.batches)} if self.table else {}

    @property
    def on_scale(self) -> int:
        """Number of answers on the scale: the percentage base, called n; 0 without figures. If several
        options may be chosen, it is the number of ballots, those with no answer included: that number has no
        noise, and is the same for each option."""
        if not self.table:
            return 0
        return self.table.ballots if self.statement.several else sum(self.table.counts)

    @property
    def counts(self) -> tuple[int, ...]:
        """The count of each of `statement.answers`, the lowest first; empty without figures. If several
        options may be chosen, they can add up to more than the number of guests."""
        if not self.table:
            return ()
        if self.statement.several:
            return (self.table.counts[0], *(option.counts[1] for option in self.options))
        return self.table.counts

    @property
    def outside(self) -> tuple[int, ...]:
        """The counts outside the scale: each kind of no answer in the order of NoAnswer, the guests not asked
        (for a follow-up only), then the withheld answers; empty without figures. If several options may be
        chosen, the withheld answers are those of the table with the most."""
        if not self.table:
            return ()
        not_asked = () if self.table.not_asked is None else (self.table.not_asked,)
        withheld = max(table.withheld for table in (self.table, *self.options))
        return (*self.table.no_answer, *not_asked, withheld)

    @property
    def asked(self) -> int | None:
        """Number of guests who were asked a follow-up, at most; None for any other statement, and without
        figures."""
        if not self.table or self.table.not_asked is None:
            return None
        return self.table.answered + self.table.withheld

    @property
    def shares(self) -> tuple[Share, ...]:
        """The share of each of `statement.answers` in `on_scale`, from the highest answer of the scale to the
        lowest, whatever their shares; empty without figures."""
        return tuple(reversed(shares(self.counts, self.on_scale)))

    @property
    def agreeing(self) -> int:
        """Number of answers that agree; 0 without figures, and for options without an order."""
        return sum(self.table.counts[option] for option in self.agreeing_at) if self.table else 0

    @property
    def agreeing_at(self) -> tuple[int, ...]:
        """The indexes of the agreeing options in `table.counts`."""
        return tuple(option - 1 for option in self.statement.agreeing_options)

    @cached_property
    def agreeing_interval(self) -> Interval | None:
        """The confidence interval of the share that agrees; None if there are too few answers for
        percentages, and for options without an order."""
        if not self.statement.scale.is_ordered:
            return None
        if not self.table or self.on_scale < PERCENT_FROM:
            return None
        if self.round.is_protected:
            return noisy_statistics.share_interval(
                self.table.counts, self.agreeing_at, self.noise, self.table.no_answer
            )
        return statistics.share_interval(self.agreeing, self.on_scale, self.table.withheld)

    @cached_property
    def intervals(self) -> tuple[Interval | None, ...]:
        """Confidence intervals of `shares`, in the same order: simultaneous ones, or one for each option by
        itself if several may be chosen. Each is None if there are too few answers for percentages; empty
        without figures."""
        if not self.table or self.on_scale < PERCENT_FROM:
            return (None,) * len(self.shares)
        if self.statement.several:
            columns = self.statement.columns
            none = self._interval_of(columns[0], self.table, 0)
            of_options = zip(columns[1:], self.options, strict=True)
            return (*reversed([self._interval_of(*option, 1) for option in of_options]), none)
        if self.round.is_protected:
            counts, no_answer = self.table.counts, self.table.no_answer
            return tuple(reversed(noisy_statistics.distribution_intervals(counts, self.noise, no_answer)))
        return tuple(reversed(statistics.distribution_intervals(self.table.counts, self.table.withheld)))

    def _interval_of(self, column: Column, table: StatementTally, at: int) -> Interval:
        """Return the interval of the share of all ballots that one answer of a column has, the one at the
        index `at` of its options."""
        if self.round.is_protected:
            noise = self._noise_of_column(column, self.batches)
            cells = (*table.counts, *table.no_answer) if column.has_no_answer else table.counts
            return noisy_statistics.share_interval(cells, [at], noise)
        return statistics.share_interval(table.counts[at], table.ballots - table.withheld, table.withheld)


def shares(counts: Sequence[int], of: int | None = None) -> tuple[Share, ...]:
    """Return each count, in the same order, as a share of `of`, the sum of the counts unless given. Each
    percentage is rounded independently; None if `of` is less than PERCENT_FROM."""
    n = sum(counts) if of is None else of
    return tuple(Share(count, whole_percent(count, n) if n >= PERCENT_FROM else None) for count in counts)


def parts_of(n: int) -> int:
    """Return the number of parts of a whole in which the interval of a share of `n` answers is printed: 10
    (tenths) for fewer than PERCENT_ALONE_FROM answers, else 100 (percent)."""
    return 10 if n < PERCENT_ALONE_FROM else 100


def interval_in_parts(interval: Interval, n: int) -> tuple[int, int, int]:
    """Return (low, high, parts): the interval of a share of `n` answers, rounded outwards, in tenths or in
    percent. `parts` is 10 or 100 (`parts_of`)."""
    parts = parts_of(n)
    return (*outwards(interval.low, interval.high, parts), parts)


def row(document: Document, of_round: Round, node_id: str, statement: Statement) -> Row:
    """Return the published answers to a statement in one round, without breaks and units. KeyError if the
    document lacks the round or the node, or has figures of the node without this statement."""
    published = _published(document, of_round)
    node, is_closed = _node_in(published, of_round, node_id), published["state"] == "closed"
    if node["answered"] is None:
        return Row(of_round, statement, None, node["why"], is_closed=is_closed)
    table, *options = (statement_tally_from_json(node["statements"][c.id]) for c in statement.columns)
    is_at_most = False
    if follows := statement.follows:
        before = statement_tally_from_json(node["statements"][follows.statement])
        table = of_those_asked(table, before, statement.columns[0])
        is_at_most = before.withheld > 0
    return Row(
        of_round,
        statement,
        table,
        None,
        is_closed=is_closed,
        batches=node.get("batches", 0),
        options=tuple(options),
        is_asked_at_most=is_at_most,
    )


def by_place(document: Document, of_round: Round, statement: Statement) -> tuple[tuple[Node, Row], ...]:
    """Return (node, row) for each node of the round's tree, in the tree's order. The rows have no
    `breaks` and no `units`, since nothing is compared here. KeyError if the document lacks the round, a node,
    or the statement at a node with figures."""
    return tuple((node, row(document, of_round, node.id, statement)) for node in of_round.tree.nodes)


def answered(document: Document, of_round: Round, node_id: str) -> int | None:
    """Return the number of ballots published for a node; None if there are no figures. KeyError if the
    document lacks the round or the node."""
    ballots: int | None = _node(document, of_round, node_id)["answered"]
    return ballots


def excluded_rapid(document: Document, of_round: Round, node_id: str) -> int:
    """Return the number of ballots excluded as rapid at a node; 0 until the count that closed the round.
    KeyError if the document lacks the round or the node."""
    return _node(document, of_round, node_id).get("excluded_rapid", 0)


def guard_fired(document: Document, of_round: Round, node_id: str) -> bool:
    """Return whether the play guard fired, at a node or below it, between the last two counts. KeyError if
    the document lacks the round or the node."""
    return _node(document, of_round, node_id).get("guard_fired", False)


def _published(document: Document, of_round: Round) -> RoundDocument:
    """Return a round's part of the document. KeyError if it lacks the round."""
    for published in document["rounds"]:
        if published["id"] == of_round.id:
            return published
    raise KeyError(of_round.id)


def _node(document: Document, of_round: Round, node_id: str) -> NodeDocument:
    return _node_in(_published(document, of_round), of_round, node_id)


def _node_in(published: RoundDocument, of_round: Round, node_id: str) -> NodeDocument:
    """Return a node's part of `published`, a round's part of the document. KeyError if it lacks the node."""
    nodes, position = published["nodes"], of_round.tree.position(node_id)
    if position < len(nodes) and nodes[position]["id"] == node_id:
        return nodes[position]
    for node in nodes:  # a part of a document lacks some nodes
        if node["id"] == node_id:
            return node
    raise KeyError(f"{of_round.id}/{node_id}")


def over_time(
    document: Document, rounds: Iterable[Round], node_id: str, statement_id: str
) -> tuple[Row, ...]:
    """Return one row, with its breaks and units, for each of `rounds` that asked this statement at this node,
    the earliest opening first; () if none did. Rounds that are not closed are not left out. KeyError if the
    document lacks one of the rounds that asked the statement, or the node in it."""
    return tuple(
        replace(of_round, units=_units(document, of_round.round, node_id, statement_id))
        for of_round in over_time_as_one(document, rounds, node_id, statement_id)
    )


def over_time_as_one(
    document: Document, rounds: Iterable[Round], node_id: str, statement_id: str
) -> tuple[Row, ...]:
    """Return the rows of `over_time`, with their breaks and with None as units: for pages that have the
    change already, and so need no unit's figures. KeyError if the document lacks one of the rounds that
    asked the statement, or the node in it."""
    asking = sorted(
        (
            of_round
            for of_round in rounds
            if of_round.tree.has(node_id) and of_round.survey.asks(statement_id)
        ),
        key=lambda of_round: (of_round.opens_at, of_round.id),
    )
    rows: list[Row] = []
    for of_round in asking:
        latest = row(document, of_round, node_id, of_round.survey.statement(statement_id))
        rows.append(replace(latest, breaks=_breaks(rows[-1], latest, node_id)) if rows else latest)
    return tuple(rows)


def with_direction_of(rows: Iterable[Row], statement: Statement) -> tuple[Row, ...]:
    """Return the rows with the direction (`good` and `agreeing`) of `statement`, so that a page counts the
    same options as agreeing in all rounds. A row with another scale is unchanged."""
    return tuple(_with_direction_of(row, statement) for row in rows)


def _with_direction_of(row: Row, statement: Statement) -> Row:
    before, good, agreeing = row.statement, statement.good, statement.agreeing
    if before.scale.labels != statement.scale.labels or (before.good, before.agreeing) == (good, agreeing):
        return row
    return replace(row, statement=replace(before, good=good, agreeing=agreeing))


def _units(document: Document, of_round: Round, node_id: str, statement_id: str) -> tuple[UnitTable, ...]:
    """Return the tables of the units below a node that have figures of their own. Batches that were counted
    for several units together are in none of these tables."""
    units = set(of_round.tree.units_below(node_id))
    return tuple(
        UnitTable(
            node["id"],
            statement_tally_from_json(node["statements"][statement_id]),
            node.get("batches", 0),
        )
        for node in _published(document, of_round)["nodes"]
        if node["id"] in units and node["answered"] is not None
    )


def _breaks(before: Row, after: Row, node_id: str) -> tuple[Break, ...]:
    """Return the differences between a row and the previous one that prevent a comparison."""
    changed = {
        Break.WORDING: not before.statement.means(after.statement),
        Break.SCALE: before.statement.answers != after.statement.answers,
        Break.PLACES: before.round.tree.units_below(node_id) != after.round.tree.units_below(node_id),
    }
    return tuple(kind for kind, has_changed in changed.items() if has_changed)


def comparable(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows from the latest one with breaks on, all if none has any: these can be compared with
    each other. `rows` has the earliest first, and so has the result."""
    last = max((at for at, row in enumerate(rows) if row.breaks), default=0)
    return tuple(rows[last:])


def compared(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows that the trend test uses: those of closed rounds since the last break, with enough
    answers for a percentage, the earliest first as in `rows`.

    A round is left out until the count that closes it: it would be tested again at each count, and sooner or
    later chance alone would look like a change.
    """
    return tuple(row for row in comparable(rows) if row.is_closed and row.on_scale >= PERCENT_FROM)


MIX = 0.01
"""Largest difference of two shares that is ignored when the mix of units changed: rounding to whole percent
hides it."""


@dataclass(frozen=True)
class Change:
    """The change of the share that agrees over some rounds, each unit compared with itself.

    `trend` is None if no unit has figures in two of the rounds. `direction` is the sign of the change within
    units, significant or not: 1, -1, or 0 for none. `has_several_units` is whether more than one unit was
    compared. `has_mix_moved` says that the change of the share over all answers, from the first to the last
    round, differs from the change within units: units with another share became a larger or smaller part of
    all answers. It is true also if no unit has answers in both rounds.
    """

    trend: Trend | None
    direction: int
    has_several_units: bool
    has_mix_moved: bool


def change(rows: Sequence[Row]) -> Change | None:
    """Return the change over the `compared` ones of these rows, the earliest first and with their units,
    protected and exact rounds alike; None with fewer than two, and for options without an order."""
    rounds_compared = compared(rows)
    if len(rounds_compared) < 2 or not rounds_compared[-1].statement.scale.is_ordered:
        return None
    strata = [stratum for stratum in _strata(rounds_compared) if stratum.has_two_rounds]
    total, p = stratified_test(strata)
    direction = (total > 0) - (total < 0)
    result = trend_of_test(strata, total, p)
    if result is not Trend.CHANCE and any(row.round.is_protected for row in rounds_compared):
        result = noisy_statistics.agreed_trend(strata, _strata(rounds_compared, are_unbiased=True))
    has_moved = _has_mix_moved(rounds_compared[0], rounds_compared[-1], direction, result)
    return Change(result if strata else None, direction, len(strata) > 1, has_moved)


def _strata(rows: Sequence[Row], *, are_unbiased: bool = False) -> list[Stratum]:
    """Return the stratum of each unit that has figures in one of the rows at least; if `are_unbiased`, with
    the counts of `whole_without_bias`."""
    tables = [row.by_unit for row in rows]
    names = dict.fromkeys(name for by_unit in tables for name in by_unit)
    options = len(rows[-1].statement.scale.labels)
    nothing = UnitTable("", StatementTally((0,) * options, (0,) * len(NoAnswer), 0), 0)
    of_one_batch = [row.noise_of_batches(1) for row in rows]
    strata = []
    for name in names:
        of_unit = [by_unit.get(name, nothing) for by_unit in tables]
        noises = [
            Noise(noise.cells, of_round.batches * noise.variance, of_round.batches)
            for noise, of_round in zip(of_one_batch, of_unit, strict=True)
        ]
        counts = [of_round.table.counts for of_round in of_unit]
        if are_unbiased:
            outside = [of_round.table.no_answer for of_round in of_unit]
            counts = list(map(whole_without_bias, counts, outside, noises))
        withheld = [of_round.table.withheld for of_round in of_unit]
        strata.append(noisy_stratum(counts, withheld, rows[-1].agreeing_at, noises))
    return strata


def _has_mix_moved(first: Row, last: Row, direction: int, result: Trend) -> bool:
    """Return whether the share over all answers changed differently from the shares within the units (see
    `Change`). `direction` is that of the change within units, `result` its trend.

    The change within units is the difference of Mantel and Haenszel: the mean over the units with answers in
    both rounds, weighted as in the test.
    """
    then, now, at = first.by_unit, last.by_unit, last.agreeing_at
    differences: list[tuple[float, float]] = []
    for name in then.keys() & now.keys():
        before, after = then[name].table.counts, now[name].table.counts
        n, m = sum(before), sum(after)
        if n and m:
            apart = sum(after[option] for option in at) / m - sum(before[option] for option in at) / n
            differences.append((n * m / (n + m), apart))
    if not differences:
        return True
    within = sum(weight * apart for weight, apart in differences) / sum(weight for weight, _ in differences)
    over_all = _share(last) - _share(first)
    is_opposite = result is not Trend.CHANCE and over_all * direction < 0
    return abs(over_all - within) > MIX or is_opposite


@dataclass(frozen=True)
class Turn:
    """A last step between two rounds that contradicts the trend over all rounds (see `turn`). `is_up` is the
    step's direction; `is_sure` says whether the step is significant by itself."""

    is_up: bool
    is_sure: bool


def turn(rows: Sequence[Row], overall: Change | None) -> Turn | None:
    """Return the last step between two of the compared rounds if it reverses the trend of `overall`, the
    change over all rounds, or is significant where that trend is not.

    None if it does neither, with fewer than three compared rounds, without a change to compare, and for a
    step that is not significant if the mix of units moved.
    """
    rounds_compared = compared(rows)
    if len(rounds_compared) < 3:
        return None
    step = change(rounds_compared[-2:]) if overall else None
    if not overall or not step or step.trend is None:
        return None
    last = Turn(step.direction > 0, step.trend is not Trend.CHANCE)
    if step.has_mix_moved and not last.is_sure:
        return None
    against = {
        Trend.UP: step.direction < 0,
        Trend.DOWN: step.direction > 0,
        Trend.CHANCE: last.is_sure,
        None: False,
    }
    return last if against[overall.trend] else None


@dataclass(frozen=True)
class Spread:
    """The places with the largest and those with the smallest share that agrees, each sorted by name, and
    whether the difference is significant. Several places may share the first or the last place."""

    most: tuple[tuple[Node, Row], ...]
    least: tuple[tuple[Node, Row], ...]
    is_sure: bool

    @property
    def is_equal_everywhere(self) -> bool:
        """Whether the share that agrees is the same at every place with enough answers for a percentage."""
        return self.most == self.least


def spread(places: Iterable[tuple[Node, Row]]) -> Spread | None:
    """Return the places with the largest and the smallest share that agrees, among those with enough answers
    for a percentage; None with fewer than two of them, and for options without an order. `places` has the
    rows of one statement, in one round or in rounds with the same kind of protection."""
    enough = sorted(
        (
            place
            for place in places
            if place[1].on_scale >= PERCENT_FROM and place[1].statement.scale.is_ordered
        ),
        key=lambda place: name_key(place[0].name),
    )
    if len(enough) < 2:
        return None
    shares_of = [_exact_share(of_place) for _, of_place in enough]
    most, least = (
        tuple(place for place, share in zip(enough, shares_of, strict=True) if share == end)
        for end in (max(shares_of), min(shares_of))
    )
    # Of places with the same share the smallest is compared: its share is the least certain.
    (_, of_most), (_, of_least) = (min(ends, key=lambda place: place[1].on_scale) for ends in (most, least))
    return Spread(most, least, _differ(of_most, of_least, len(enough)))


def _exact_share(row: Row) -> Fraction:
    return Fraction(row.agreeing, row.on_scale)


def _differ(most: Row, least: Row, places: int) -> bool:
    """Return whether two places differ by more than chance, and noise in protected rounds. Both rows have
    answers on the scale and the same kind of protection."""
    if most.round.is_protected:
        return noisy_statistics.differ(_noisy_part(most), _noisy_part(least), places)
    return statistics.differ(_part(most), _part(least), places)


def _share(row: Row) -> float:
    """Return the share that agrees, 0 to 1. The row has answers on the scale, else ZeroDivisionError."""
    return row.agreeing / row.on_scale


def _part(row: Row) -> PlaceCount:
    return PlaceCount(row.agreeing, row.on_scale, row.table.withheld if row.table else 0)


def _noisy_part(row: Row) -> NoisyPlaceCount:
    """Return the row's answers that agree, with the share of them in the counts without bias; that share is 0
    without answers on the scale."""
    options = len(row.statement.scale.labels)
    table = row.table
    share = 0.0
    if table and row.on_scale:
        share = share_without_bias(table.counts, table.no_answer, row.agreeing_at, row.noise)
    return NoisyPlaceCount(row.agreeing, row.on_scale, len(row.agreeing_at), options, row.noise, share)
