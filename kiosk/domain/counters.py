"""Counters of outputs (prestationer): how often staff did something, by unit and month, not by guest or day.

A figure says how it was obtained: counted, estimated ("ca 500") or not counted. The number of individuals is
typed as the total of a period. Nobody is identified, so adding totals would count some people twice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

LARGEST_NUMBER = 1_000_000
"""Largest figure that can be typed."""

LONGEST_NUMBER_CHARACTERS = len("cirka. 1 000 000")
"""Longest text of a typed figure: with a shorter one, a browser would cut digits off a large estimate."""

LONGEST_PERIOD_CHARACTERS = len("2026-Q1")
"""Longest text of a period."""

EARLIEST_YEAR = 2000
"""First year that figures can be typed for."""

NO_TARGET = ""
"""Target id of taps without a target: the counter has no targets, or none was chosen."""


class Quality(StrEnum):
    """The way in which a figure was obtained."""

    COUNTED = "counted"
    ESTIMATED = "estimated"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True)
class Target:
    """An authority or service that guests are linked to. A target with `is_closed` keeps its figures but
    counts no new taps; targets that differ in this only are equal, because their figures mean the same."""

    id: str
    name: str
    is_closed: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Counter:
    """A kind of work that staff count, such as an accompanied visit: an output. A counter with `is_total` is
    typed for each period and never added up; any other is counted with a tap. `targets` is empty unless each
    tap may name its target.

    A counter with `is_optional` is shown only at the units that are chosen for it. One with `is_closed` keeps
    its figures but counts no new taps. Counters that differ in these two only are equal, because their
    figures mean the same.
    """

    id: str
    name: str
    definition: str
    is_total: bool = False
    targets: tuple[Target, ...] = ()
    is_optional: bool = field(default=False, compare=False)
    is_closed: bool = field(default=False, compare=False)

    @property
    def open_targets(self) -> tuple[Target, ...]:
        """The targets that a tap may name."""
        return tuple(target for target in self.targets if not target.is_closed)


@dataclass(frozen=True)
class ShownCounters:
    """The units that are chosen for some counters: counter id -> unit ids. Any other counter is shown at
    every unit, or at none if it is optional."""

    units: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def is_shown(self, counter: Counter, unit_id: str) -> bool:
        """Return whether staff of a unit can tap a counter; False for totals and closed counters, which
        nobody taps."""
        if counter.is_total or counter.is_closed:
            return False
        chosen = self.units.get(counter.id)
        return not counter.is_optional if chosen is None else unit_id in chosen


@dataclass(frozen=True, order=True)
class Period:
    """A month, a quarter or a year: `first` is its first day, `months` its length, 1, 3 or 12."""

    first: date
    months: int

    def __str__(self) -> str:
        """Return the period as it is stored: 2026-03, 2026-Q1 or 2026."""
        year = f"{self.first.year:04}"
        if self.months == 12:
            return year
        return f"{year}-Q{self.first.month // 3 + 1}" if self.months == 3 else f"{year}-{self.first.month:02}"

    @cached_property
    def parts(self) -> "tuple[Period, ...]":
        """The quarters of a year, or the months of a quarter, in order; empty for a month."""
        step = {12: 3, 3: 1, 1: 0}[self.months]
        starts = range(self.first.month, self.first.month + self.months, step) if step else ()
        return tuple(Period(self.first.replace(month=start), step) for start in starts)


def month_of(when: date) -> Period:
    """Return the month that a day is in."""
    return Period(date(when.year, when.month, 1), 1)


def year_of(year: int) -> Period:
    """Return a year as a period."""
    return Period(date(year, 1, 1), 12)


def read_period(text: str) -> Period:
    """Return the period of a text such as "2026-03", "2026-Q1" or "2026". Raises ValueError for any other
    text."""
    match = re.fullmatch(
        r"(?P<year>[0-9]{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>[0-9]{2})))?", text, re.ASCII
    )
    if not match:
        raise ValueError(f"{text[:20]!r} is no year, quarter or month")
    year, quarter, month = match["year"], match["quarter"], match["month"]
    if month:
        return Period(date(int(year), int(month), 1), 1)
    return Period(date(int(year), 3 * int(quarter) - 2, 1), 3) if quarter else year_of(int(year))


@dataclass(frozen=True)
class Figure:
    """A number with its quality; 0 if it was not counted. A sum is estimated if any of its figures is, and
    not counted only if all of them are. `is_complete` is false of a sum in which some month or unit is
    missing or was not counted."""

    number: int
    quality: Quality
    is_complete: bool = True


def read_figure(text: str) -> Figure:
    """Read a typed figure: "500" is counted, "ca 500", "cirka 500" or "about 500" estimated, "ej räknat",
    "not counted" or "-" not counted. A number may have spaces between its digits.

    Raises ValueError for anything else, a longer text than LONGEST_NUMBER_CHARACTERS, and a number above
    LARGEST_NUMBER.
    """
    words = text.strip().lower()
    if words in {"ej räknat", "-", "–", "not counted"}:
        return Figure(0, Quality.NOT_COUNTED)
    match = re.fullmatch(
        r"(?P<about>(?:ca|cirka|about)\.?\s+)?(?P<number>[0-9][0-9 \u00a0]*)", words, re.ASCII
    )
    if not match or len(words) > LONGEST_NUMBER_CHARACTERS:
        raise ValueError(f"{text[:LONGEST_NUMBER_CHARACTERS]!r} is no figure")
    number = int(re.sub(r"\D", "", match["number"]))
    if number > LARGEST_NUMBER:
        raise ValueError(f"{number} is larger than {LARGEST_NUMBER}")
    return Figure(number, Quality.ESTIMATED if match["about"] else Quality.COUNTED)


TICKET = re.compile("[0-9a-f]{32}", re.ASCII)
"""A tap's ticket: 16 random bytes in hex."""

MOST_TAPS = 500
"""Most taps that a phone sends at once."""


@dataclass(frozen=True)
class Tap:
    """One tap on a counter, with the ids of the unit, the counter and the target (or NO_TARGET). `step` is 1,
    or -1 to undo one. `ticket` is random, and the same if the tap is sent again, so that it counts once."""

    ticket: str
    unit_id: str
    month: Period
    counter: str
    target: str
    step: int


def months_before(when: date) -> Iterator[Period]:
    """Yield the months before a day's month, the latest first, without an end."""
    month = month_of(when)
    while True:
        month = month_of(month.first - timedelta(days=1))
        yield month


def months_open(when: date) -> tuple[Period, Period]:
    """Return (previous month, this month) on the day `when`: the months whose taps are accepted. A phone
    without a network may send taps of the previous month late."""
    return next(months_before(when)), month_of(when)


class Reason(StrEnum):
    """The reason for typing a figure: it was counted on paper (PAPER) or without a network (NO_NETWORK), the
    taps are wrong (WRONG_TAPS), or it became known afterwards (LATE)."""

    PAPER = "paper"
    NO_NETWORK = "no_network"
    WRONG_TAPS = "wrong_taps"
    LATE = "late"
    OTHER = "other"


Taps = Mapping[tuple[str, Period, str, str], int]
"""(unit id, month, counter id, target id) -> number of taps."""

Typed = Mapping[tuple[str, Period, str], Figure]
"""(node id, period, counter id) -> typed figure."""


@dataclass(frozen=True)
class Outputs:
    """All that was counted and typed. A typed figure replaces the taps and the sums of its unit and period.
    For a node with units below it, only totals are typed."""

    taps: Taps = field(default_factory=dict)
    typed: Typed = field(default_factory=dict)

    @cached_property
    def _with_figures(self) -> frozenset[tuple[str, str]]:
        """(node id, counter id) of every figure, taps that were undone included, so that no period is
        searched where there is none."""
        tapped = {(unit_id, counter_id) for unit_id, _, counter_id, _ in self.taps}
        return frozenset(tapped | {(node_id, counter_id) for node_id, _, counter_id in self.typed})

    @cached_property
    def counters_with_figures(self) -> frozenset[str]:
        """The ids of the counters with a typed figure, or with a tap that was not undone."""
        tapped = {counter_id for (_, _, counter_id, _), number in self.taps.items() if number}
        return frozenset(tapped | {counter_id for _, _, counter_id in self.typed})

    def targets_with_figures(self, counter_id: str) -> frozenset[str]:
        """Return the ids of the targets of a counter with a tap that was not undone; NO_TARGET is among them
        if such a tap named none."""
        return frozenset(
            target
            for (_, _, counter, target), number in self.taps.items()
            if number and counter == counter_id
        )

    def has_figures(self, counter: Counter, node_id: str) -> bool:
        """Return whether a node itself has a figure of a counter, of any period; taps that were all undone
        are the figure 0."""
        return (node_id, counter.id) in self._with_figures

    def at_unit(self, counter: Counter, unit_id: str, period: Period) -> Figure | None:
        """Return a unit's figure in a period: the typed one, else the sum of its taps in a month, of the
        months of a quarter, or of the quarters of a year. None if there is neither; a total is never
        summed."""
        if (unit_id, counter.id) not in self._with_figures:
            return None
        typed = self.typed.get((unit_id, period, counter.id))
        if typed or counter.is_total:
            return typed
        if period.parts:
            return _sum(self.at_unit(counter, unit_id, part) for part in period.parts)
        taps = [number for target, number in self._taps_of_month(counter, unit_id, period)]
        return Figure(sum(taps), Quality.COUNTED) if taps else None

    def at_node(self, counter: Counter, node_id: str, units: Iterable[str], period: Period) -> Figure | None:
        """Return a counter's figure at a node, whose units have the ids `units`; None if there is none. If
        the counter is a total (`is_total`), it is the figure typed for the node: the totals of units are not
        added, because the same person may come to several. Otherwise it is the sum of the units' figures, and
        incomplete if a unit has none."""
        if counter.is_total:
            return self.at_unit(counter, node_id, period)
        return _sum(self.at_unit(counter, unit, period) for unit in units)

    def finest(self, counter: Counter, unit_id: str, period: Period) -> list[tuple[Period, Figure]]:
        """Return the (period, figure) pairs that a unit's figure is the sum of, in order of time; of a total,
        which is never summed, the typed figures. A period with a typed figure is one pair; any other is split
        into its parts, down to months. Periods without a figure are left out."""
        if (unit_id, counter.id) not in self._with_figures:
            return []
        typed = self.typed.get((unit_id, period, counter.id))
        if period.parts and not typed:
            return [pair for part in period.parts for pair in self.finest(counter, unit_id, part)]
        figure = self.at_unit(counter, unit_id, period)
        return [(period, figure)] if figure else []

    def by_target(self, counter: Counter, units: Iterable[str], period: Period) -> dict[str, int]:
        """Return target id -> number of taps at these units in a period, for the targets with any; NO_TARGET
        is a key for taps without a target. Typed figures are left out, since they have no target; taps that a
        typed figure replaces are counted, so that the sum may differ from the figure."""
        totals: dict[str, int] = {}
        for unit in units:
            for month in _months(period):
                for target, number in self._taps_of_month(counter, unit, month):
                    totals[target] = totals.get(target, 0) + number
        return {target: number for target, number in totals.items() if number}

    def years(self) -> tuple[int, ...]:
        """Return the years with any figure, taps that were undone included, the latest first."""
        periods = {period for _, period, _, _ in self.taps} | {period for _, period, _ in self.typed}
        return tuple(sorted({period.first.year for period in periods}, reverse=True))

    def _taps_of_month(self, counter: Counter, unit_id: str, month: Period) -> list[tuple[str, int]]:
        """Return (target id, number) for each target with taps, NO_TARGET first."""
        names = (NO_TARGET, *(target.id for target in counter.targets))
        keys = ((unit_id, month, counter.id, name) for name in names)
        return [(key[3], self.taps[key]) for key in keys if key in self.taps]


def _months(period: Period) -> Iterator[Period]:
    """Yield the months of a period, in order; a month itself."""
    if not period.parts:
        yield period
    for part in period.parts:
        yield from _months(part)


def _sum(figures: Iterable[Figure | None]) -> Figure | None:
    """Return the sum of figures, where None is a missing figure; None if all are missing.

    Missing and NOT_COUNTED figures add nothing and make the sum incomplete; if there are no others, the sum
    is NOT_COUNTED. The sum is ESTIMATED if any figure is.
    """
    parts = list(figures)
    known = [part for part in parts if part]
    if not known:
        return None
    numbers = [part for part in known if part.quality is not Quality.NOT_COUNTED]
    if not numbers:
        return Figure(0, Quality.NOT_COUNTED)
    is_complete = len(numbers) == len(parts) and all(part.is_complete for part in numbers)
    is_estimated = any(part.quality is Quality.ESTIMATED for part in numbers)
    quality = Quality.ESTIMATED if is_estimated else Quality.COUNTED
    return Figure(sum(part.number for part in numbers), quality, is_complete)
