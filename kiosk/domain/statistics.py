"""Confidence intervals for shares, and tests for changes and differences.

A withheld answer could be any answer, so withheld answers widen every interval and weaken every claim. No
method here accounts for self-selection, or for regulars who answer each round.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, takewhile
from math import erfc, fsum, sqrt
from operator import mul
from statistics import NormalDist

CONFIDENCE = 0.95
"""Confidence of all intervals; 1 - CONFIDENCE is the level of all tests."""


class Trend(StrEnum):
    """The result of a trend test: up, down, or no more than chance."""

    UP = "up"
    DOWN = "down"
    CHANCE = "chance"


@dataclass(frozen=True)
class Interval:
    """The bounds of a share, 0 to 1."""

    low: float
    high: float


def wilson(count: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of the share of `count` in `n` answers (Wilson 1927), which holds with the
    probability `confidence`. `n` must be at least 1."""
    return _score(count, n, NormalDist().inv_cdf((1 + confidence) / 2))


def share_interval(count: int, n: int, withheld: int) -> Interval:
    """Return an interval of the share of `count` in `n` answers: Wilson's, widened near 0 and 1. It holds for
    every possible value of `withheld` further answers. `n` + `withheld` must be at least 1."""
    everybody = n + withheld
    low = widened(wilson(count, everybody), count, everybody).low
    return Interval(low, widened(wilson(count + withheld, everybody), count + withheld, everybody).high)


RARE_LIMITS = (0.0, 0.051293, 0.355362, 0.817691)
"""For 0, 1, 2 and 3 answers: the Poisson mean that gives as many or more in one of twenty cases."""


def widened(interval: Interval, count: int, n: int) -> Interval:
    """Return a score interval, widened if `count` or n - `count` is at most three. `n` must be at least 1.

    There Wilson's interval misses the true share too often. The modified interval of Brown, Cai and DasGupta
    (2001, Interval Estimation for a Binomial Proportion, Statistical Science 16) takes the Poisson limit
    instead.
    """
    low, high = interval.low, interval.high
    if count < len(RARE_LIMITS):
        low = min(low, RARE_LIMITS[count] / n)
    if n - count < len(RARE_LIMITS):
        high = max(high, 1 - RARE_LIMITS[n - count] / n)
    return Interval(low, high)


def goodman(counts: Sequence[int], confidence: float = CONFIDENCE) -> tuple[Interval, ...]:
    """Return simultaneous intervals for all options, in the order of `counts` (Goodman 1965): all hold with
    the probability `confidence`. The counts must sum to at least 1."""
    n, options = sum(counts), len(counts)
    z = NormalDist().inv_cdf(1 - (1 - confidence) / (2 * options))
    return tuple(_score(count, n, z) for count in counts)


def distribution_intervals(counts: Sequence[int], withheld: int) -> tuple[Interval, ...]:
    """Return Goodman's intervals, in the order of `counts`, widened to hold for every possible value of
    `withheld` further answers, on the scale or outside it. The counts and `withheld` must sum to at least
    1."""
    # Lowest: all withheld answers are outside the scale, as an option of their own. Highest: all of them are
    # this option.
    lows = goodman([*counts, withheld])[: len(counts)] if withheld else goodman(counts)
    highs = [goodman([n + withheld * (at == place) for at, n in enumerate(counts)])[place]
             for place in range(len(counts))]  # fmt: skip
    return tuple(Interval(low.low, high.high) for low, high in zip(lows, highs, strict=True))


def _score(count: int, n: int, z: float) -> Interval:
    """Return Wilson's interval for a share, `z` standard deviations to each side."""
    share, weight = count / n, z * z / n
    middle = share + weight / 2
    reach = z * sqrt(share * (1 - share) / n + weight / (4 * n))
    return Interval(
        0.0 if count == 0 else (middle - reach) / (1 + weight),
        1.0 if count == n else (middle + reach) / (1 + weight),
    )


@dataclass(frozen=True)
class Stratum:
    """The answers of one unit in some rounds.

    `table` has a row for each round, in order, and a column for each option, the lowest first; a unit without
    figures in a round has a row of zeros. `withheld` has the number of withheld answers in each round.
    `added_variance` is what noise adds to the variance of the unit's Kendall's S: the number of pairs of
    answers from different rounds in which the later is higher, minus the number in which it is lower.
    """

    table: Sequence[Sequence[int]]
    withheld: Sequence[int]
    added_variance: float = 0.0

    @cached_property
    def weight(self) -> float:
        """1 / number of the unit's answers in all rounds, withheld ones included; 1 without answers. With
        this weight the sum over units is that of Mantel and Haenszel."""
        return 1 / max(self._size, 1)

    @property
    def _size(self) -> int:
        return sum(map(sum, self.table)) + sum(self.withheld)

    @property
    def has_two_rounds(self) -> bool:
        """Whether two rounds or more have answers."""
        return sum(any(row) for row in self.table) > 1


def stratified_test(strata: Sequence[Stratum]) -> tuple[float, float]:
    """Return (T, two-sided p) of the test for a trend over rounds within units. T is positive if later
    answers are higher.

    Each unit is compared with itself only, so that a unit which gets a larger part of the answers is no
    change (Simpson's paradox). T is the sum over units of Kendall's S divided by the unit's number of
    answers, with the normal approximation and the variance under independence of rounds and options within
    each unit. With two rounds and two options it is the Cochran-Mantel-Haenszel test without continuity
    correction (Mantel, Haenszel 1959); with more rounds it is Mantel's extension (1963) with ridit scores of
    the rounds in each unit, the "correlation" statistic of Landis, Heyman and Koch (1978). With one unit it
    is Kendall's test, corrected for ties, and so the test of Jonckheere and Terpstra. p is 1 if nothing can
    vary.
    """
    total = sum(stratum.weight * _score_of_pairs(stratum.table) for stratum in strata)
    variance = sum(
        stratum.weight**2 * (_variance(*_margins(stratum.table)) + stratum.added_variance)
        for stratum in strata
    )
    return total, erfc(abs(total) / sqrt(2 * variance)) if variance > 0 else 1.0


def _score_of_pairs(table: Sequence[Sequence[int]]) -> int:
    """Return Kendall's S: the number of pairs of answers from different rounds in which the later answer is
    higher, minus the number in which it is lower."""
    score = 0
    later = [0] * len(table[0]) if table else []
    for row in reversed(table):
        score += sum(count * difference for count, difference in zip(row, later, strict=True))
        later = [
            total + difference for total, difference in zip(later, _higher_minus_lower(row), strict=True)
        ]
    return score


def _higher_minus_lower(row: Sequence[int]) -> list[int]:
    """Return for each option the number of answers in a row that are higher, minus that of lower ones."""
    total, below = sum(row), accumulate(row, initial=0)
    # `below` has one number more than the row: the total.
    return [total - lower - (lower + count) for lower, count in zip(below, row, strict=False)]


def _margins(table: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Return the sums of the rows, and those of the columns."""
    return [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]


def _variance(rows: Sequence[int], columns: Sequence[int]) -> float:
    """Return the variance of S under independence of rounds and options, from the sums of the rows and of the
    columns; 0 for fewer than two answers. It accounts for ties in rounds and in options (Kendall 1970, Rank
    Correlation Methods, 4th edition, equation 4.3)."""

    def pairs(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) for size in sizes)

    def triples(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) * (size - 2) for size in sizes)

    def tie_terms(sizes: Sequence[int]) -> float:
        return sum(size * (size - 1) * (2 * size + 5) for size in sizes)

    n = sum(rows)
    if n < 2:
        return 0.0
    variance = (tie_terms([n]) - tie_terms(rows) - tie_terms(columns)) / 18 + pairs(rows) * pairs(columns) / (
        2 * n * (n - 1)
    )
    if n > 2:
        variance += triples(rows) * triples(columns) / (9 * n * (n - 1) * (n - 2))
    return variance


def trend(strata: Sequence[Stratum]) -> Trend:
    """Return the trend over rounds in order, within units: UP, DOWN, or CHANCE for no more than chance.

    A change is claimed only if it would hold for every possible value of the withheld answers. Each withheld
    answer is placed against the change as strongly as possible, on the scale or outside it, and so is each
    pair of withheld answers from different rounds. The variance is largest if no withheld answer is tied with
    another answer, since a tie is a mean over the ways to break it. The units keep their weights.
    """
    return trend_of_test(strata, *stratified_test(strata))


def trend_of_test(strata: Sequence[Stratum], t: float, p: float) -> Trend:
    """Return the trend from the result of `stratified_test(strata)`, its T and its p. CHANCE also for a small
    p, if the withheld answers could undo the change."""
    if p >= 1 - CONFIDENCE or t == 0:
        return Trend.CHANCE
    direction = 1 if t > 0 else -1
    if not any(any(stratum.withheld) for stratum in strata):
        return Trend.UP if direction > 0 else Trend.DOWN
    least_t = sum(stratum.weight * _least_score(stratum, direction) for stratum in strata)
    variance = sum(stratum.weight**2 * _largest_variance(stratum) for stratum in strata)
    if least_t <= 0 or erfc(least_t / sqrt(2 * variance)) >= 1 - CONFIDENCE:
        return Trend.CHANCE
    return Trend.UP if direction > 0 else Trend.DOWN


def _least_score(stratum: Stratum, direction: int) -> int:
    """Return the smallest S that the withheld answers leave possible, counted in `direction`: 1 for up, -1
    for down."""
    least = direction * _score_of_pairs(stratum.table)
    for at, (withheld, changes) in enumerate(zip(stratum.withheld, changes_of_s(stratum.table), strict=True)):
        # 0 stands for an answer outside the scale.
        against = min(0, *(direction * change for change in changes))
        # Each pair with a withheld answer of a later round also counts against the change.
        least += withheld * (against - sum(stratum.withheld[at + 1 :]))
    return least


def _largest_variance(stratum: Stratum) -> float:
    """Return the largest variance of S that the withheld answers leave possible, with that of noise."""
    rows, columns = _margins(stratum.table)
    rows = [n + withheld for n, withheld in zip(rows, stratum.withheld, strict=True)]
    return _variance(rows, [*columns, *([1] * sum(stratum.withheld))]) + stratum.added_variance


def changes_of_s(table: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return a row for each round, with a number for each option: the change of Kendall's S if one more
    answer of this option in this round is added. `table` has a row for each round in order, and a column for
    each option, the lowest first."""
    differences = [_higher_minus_lower(row) for row in table]
    later = [sum(column) for column in zip(*differences, strict=True)]
    earlier = [0] * len(later)
    changes = []
    for of_row in differences:
        later = [total - of_option for total, of_option in zip(later, of_row, strict=True)]
        changes.append([after - before for after, before in zip(later, earlier, strict=True)])
        earlier = [total + of_option for total, of_option in zip(earlier, of_row, strict=True)]
    return changes


NEGLIGIBLE = 1e-100
"""Probabilities below this part of the largest one are left out of sums: they do not change them."""


def fisher(count: int, n: int, other_count: int, other_n: int) -> float:
    """Return the one-sided p of Fisher's exact test (1935).

    The probability that the first group gets at least `count` of its `n` by chance, given the totals. In the
    second group it is `other_count` of `other_n`.

    The sum begins at the most probable number and goes outwards to NEGLIGIBLE: over some standard deviations,
    not over all guests. A p below NEGLIGIBLE is 0.
    """
    both = count + other_count
    least, most = max(0, both - other_n), min(n, both)
    peak = min(max((n + 1) * (both + 1) // (n + other_n + 2), least), most)

    def ratio_to_next(k: int) -> float:
        """Return P(k + 1) / P(k)."""
        return (n - k) * (both - k) / ((k + 1) * (other_n - both + k + 1))

    above = _while_relevant(ratio_to_next(k) for k in range(peak, most))
    below = _while_relevant(1 / ratio_to_next(k) for k in range(peak - 1, least - 1, -1))
    # above[i] is of peak + 1 + i, below[i] of peak - 1 - i, relative to the peak.
    tail = above[count - peak - 1 :] if count > peak else [1.0, *above, *below[: peak - count]]
    return fsum(tail) / fsum([1.0, *above, *below])


def _while_relevant(ratios: Iterable[float]) -> list[float]:
    """Return the running products of ratios below 1, until one is at most NEGLIGIBLE."""
    return list(takewhile(lambda product: product > NEGLIGIBLE, accumulate(ratios, mul)))


@dataclass(frozen=True)
class PlaceCount:
    """`count` of the `n` answers on the scale at a place agree; `withheld` more may or may not."""

    count: int
    n: int
    withheld: int

    @property
    def share(self) -> float:
        """The share that agrees. `n` must be at least 1."""
        return self.count / self.n


def differ(most: PlaceCount, least: PlaceCount, places: int) -> bool:
    """Return whether the places with the highest and the lowest share that agrees, `most` and `least`, differ
    significantly. `places` is the number of places of which they are the extremes, at least 2.

    Fisher's exact test, two-sided as twice the smaller tail, with Bonferroni's correction for all pairs of
    places. Each withheld answer is placed against the difference as strongly as possible, which only
    increases the one-sided p.
    """
    pairs = places * (places - 1) / 2
    p = fisher(most.count, most.n + most.withheld, least.count + least.withheld, least.n + least.withheld)
    return 2 * p * pairs < 1 - CONFIDENCE
