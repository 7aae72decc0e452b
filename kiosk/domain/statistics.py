"""How sure one may be: intervals for shares, and whether a change over time may be chance.

Withheld answers could be any, so they widen every interval and weaken every claim. None of this knows that
guests choose themselves whether to answer, nor that regulars answer each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from math import erfc, exp, fsum, log, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


class Trend(StrEnum):
    """What may be said of a change over time."""

    UP = "up"
    DOWN = "down"
    CHANCE = "chance"


@dataclass(frozen=True)
class Interval:
    """Between two shares, 0 to 1."""

    low: float
    high: float


def wilson(count: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a share (Wilson 1927). `n` must be at least 1."""
    return _score(count, n, NormalDist().inv_cdf((1 + confidence) / 2))


def share_interval(count: int, n: int, withheld: int) -> Interval:
    """Wilson's interval for `count` of `n` answers when `withheld` more may or may not belong to them."""
    everybody = n + withheld
    return Interval(wilson(count, everybody).low, wilson(count + withheld, everybody).high)


def goodman(counts: Sequence[int], confidence: float = CONFIDENCE) -> tuple[Interval, ...]:
    """Intervals that hold for all options at once (Goodman 1965). The counts' sum must be at least 1."""
    n, options = sum(counts), len(counts)
    z = NormalDist().inv_cdf(1 - (1 - confidence) / (2 * options))
    return tuple(_score(count, n, z) for count in counts)


def distribution_intervals(counts: Sequence[int], withheld: int) -> tuple[Interval, ...]:
    """Goodman's intervals when `withheld` more answers may lie anywhere, outside the scale included."""
    lows = goodman([*counts, withheld])[: len(counts)] if withheld else goodman(counts)
    highs = [goodman([n + withheld * (at == place) for at, n in enumerate(counts)])[place]
             for place in range(len(counts))]  # fmt: skip
    return tuple(Interval(low.low, high.high) for low, high in zip(lows, highs, strict=True))


def _score(count: int, n: int, z: float) -> Interval:
    share, weight = count / n, z * z / n
    middle = share + weight / 2
    reach = z * sqrt(share * (1 - share) / n + weight / (4 * n))
    return Interval(
        0.0 if count == 0 else (middle - reach) / (1 + weight),
        1.0 if count == n else (middle + reach) / (1 + weight),
    )


def kendall(table: Sequence[Sequence[int]]) -> tuple[float, float]:
    """(S, two-sided p) of Kendall's test for a trend in ordered categories, ties corrected for.

    `table` has a row for each round, in order, and a column for each option, the lowest first. S counts
    pairs of answers from different rounds: those where the later is higher, less those where it is lower.
    The same as the Jonckheere-Terpstra test; normal approximation. p is 1 where nothing can vary.
    """
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    n = sum(rows)
    s = sum(
        count * sum(sum(later[place + 1 :]) - sum(later[:place]) for later in table[at + 1 :])
        for at, row in enumerate(table)
        for place, count in enumerate(row)
    )

    if n < 2:
        return float(s), 1.0
    variance = _variance(rows, columns)
    return float(s), erfc(abs(s) / sqrt(2 * variance)) if variance > 0 else 1.0


def _variance(rows: Sequence[int], columns: Sequence[int]) -> float:
    """Of S, for at least two answers, when rounds and options have nothing to do with each other."""

    def pairs(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) for size in sizes)

    def triples(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) * (size - 2) for size in sizes)

    def spread(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) * (2 * size + 5) for size in sizes)

    n = sum(rows)
    variance = (spread([n]) - spread(rows) - spread(columns)) / 18 + pairs(rows) * pairs(columns) / (
        2 * n * (n - 1)
    )
    if n > 2:
        variance += triples(rows) * triples(columns) / (9 * n * (n - 1) * (n - 2))
    return variance


def trend(table: Sequence[Sequence[int]], withheld: Sequence[int]) -> Trend:
    """Up, down, or what may be chance, over rounds in order.

    A change is claimed only if it would still stand whatever the withheld answers were. Each is put where it
    speaks most against the change, and two of them in different rounds against each other too; S varies most
    if none of them is tied with any other answer, since a tie is a mean over the ways to break it.
    """
    s, p = kendall(table)
    if p >= 1 - CONFIDENCE or s == 0:
        return Trend.CHANCE
    way = 1 if s > 0 else -1
    options = range(len(table[0]))
    worst = way * s + sum(
        hidden * min(way * _pull(table, at, option) for option in options)
        for at, hidden in enumerate(withheld)
    )
    worst -= sum(hidden * sum(withheld[at + 1 :]) for at, hidden in enumerate(withheld))
    rows = [sum(row) + hidden for row, hidden in zip(table, withheld, strict=True)]
    columns = [*(sum(column) for column in zip(*table, strict=True)), *([1] * sum(withheld))]
    if worst <= 0 or erfc(worst / sqrt(2 * _variance(rows, columns))) >= 1 - CONFIDENCE:
        return Trend.CHANCE
    return Trend.UP if way > 0 else Trend.DOWN


def _pull(table: Sequence[Sequence[int]], at: int, option: int) -> int:
    """What one more answer in a round adds to S."""
    later = sum(sum(row[option + 1 :]) - sum(row[:option]) for row in table[at + 1 :])
    earlier = sum(sum(row[:option]) - sum(row[option + 1 :]) for row in table[:at])
    return later + earlier


def fisher(count: int, n: int, other: int, of: int) -> float:
    """One-sided p of Fisher's exact test (1935): how often chance alone, which deals what both groups counted
    out among them, gives the first at least `count` of its `n`. The second counted `other` `of` its own."""
    both = count + other
    least, most = max(0, both - of), min(n, both)
    steps = (log((n - k) * (both - k)) - log((k + 1) * (of - both + k + 1)) for k in range(least, most))
    ways = list(accumulate(steps, initial=0.0))
    largest = max(ways)
    weights = [exp(one - largest) for one in ways]
    return fsum(weights[count - least :]) / fsum(weights)


@dataclass(frozen=True)
class Part:
    """`count` of a place's `n` answers, and `withheld` more that may or may not belong to either."""

    count: int
    n: int
    withheld: int

    @property
    def share(self) -> float:
        """`n` must be at least 1."""
        return self.count / self.n


def differ(most: Part, least: Part, places: int) -> bool:
    """Whether the highest and the lowest of several places differ by more than chance.

    Fisher's exact test, two-sided as twice the smaller side, with Bonferroni's correction for all pairs that
    may have been picked. Each withheld answer is put where it speaks most against a difference: with it the
    one-sided p only grows.
    """
    pairs = places * (places - 1) / 2
    p = fisher(most.count, most.n + most.withheld, least.count + least.withheld, least.n + least.withheld)
    return 2 * p * pairs < 1 - CONFIDENCE
