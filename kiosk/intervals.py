"""How sure one may be: intervals for shares, and whether a change over time may be chance.

Withheld answers could be any, so they widen every interval and weaken every claim. None of this knows that
guests choose themselves whether to answer, nor that regulars answer each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erfc, sqrt
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
    lows = goodman([*counts, withheld]) if withheld else goodman(counts)
    highs = [goodman([n + withheld * (at == place) for at, n in enumerate(counts)])[place]
             for place in range(len(counts))]  # fmt: skip
    return tuple(Interval(low.low, high.high) for low, high in zip(lows, highs, strict=False))


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

    def pairs(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) for size in sizes)

    def triples(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) * (size - 2) for size in sizes)

    def spread(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) * (2 * size + 5) for size in sizes)

    if n < 2:
        return float(s), 1.0
    variance = (spread([n]) - spread(rows) - spread(columns)) / 18 + pairs(rows) * pairs(columns) / (
        2 * n * (n - 1)
    )
    if n > 2:
        variance += triples(rows) * triples(columns) / (9 * n * (n - 1) * (n - 2))
    return float(s), erfc(abs(s) / sqrt(2 * variance)) if variance > 0 else 1.0


def trend(table: Sequence[Sequence[int]], withheld: Sequence[int]) -> Trend:
    """Up, down, or what may be chance, over rounds in order.

    A change is claimed only if it would still stand with every withheld answer against it.
    """
    s, p = kendall(table)
    if p >= 1 - CONFIDENCE or s == 0:
        return Trend.CHANCE
    is_up = s > 0
    middle = (len(table) - 1) / 2
    against = []
    for at, (row, hidden) in enumerate(zip(table, withheld, strict=True)):
        is_late = at > middle
        place = 0 if is_late == is_up else len(row) - 1
        against.append([n + hidden * (option == place) for option, n in enumerate(row)])
    worst, worst_p = kendall(against)
    if worst_p >= 1 - CONFIDENCE or (worst > 0) != is_up:
        return Trend.CHANCE
    return Trend.UP if is_up else Trend.DOWN
