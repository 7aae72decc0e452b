"""Intervals and tests for tables with the noise of protected rounds, beside those of `statistics`.

Each function adds the variance of the noise to that of chance. The distribution of the noise is known
exactly: the number of batches and epsilon are published. Without noise, each function returns the same as its
counterpart in `statistics`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import cos, exp, pi, sin, sqrt
from statistics import NormalDist

from kiosk.domain import statistics
from kiosk.domain.noise import EPSILON
from kiosk.domain.statistics import CONFIDENCE, Interval, Stratum

GRID = 4096
"""Points at which characteristic functions are summed; the sum is exact to rounding from a few hundred on."""


@dataclass(frozen=True)
class Noise:
    """The noise in a table of `cells` cells, kinds of no answer included; `variance` is one cell's."""

    cells: int
    variance: float

    def of_sum(self, weights: Sequence[float]) -> float:
        """Return the variance of the noise in a weighted sum of cells. Cells without a weight have weight 0.

        The noise of all cells adds up to zero, so any two correlate by -1 / (cells - 1).
        """
        squares, total = sum(weight * weight for weight in weights), sum(weights)
        return self.variance * (self.cells * squares - total * total) / (self.cells - 1)


def noise_of(batches: int, cells: int, epsilon: Fraction = EPSILON) -> Noise:
    """Return the noise in the sum of the tables of `batches` batches; 0 batches for a table without noise."""
    return Noise(cells, batches * _variance_of_one(cells, epsilon))


def noise_of_part(batches: int, cells: int, epsilon: Fraction, total: float) -> Noise:
    """Return the noise in the sum of the tables of `batches` batches that `noise.protect_part` made. `total`
    is the variance of the public sum of all their cells, which is spread over them evenly."""
    ratio = exp(-epsilon / 2)
    of_one = 2 * ratio / (1 - ratio) ** 2
    return Noise(cells, batches * of_one * (1 - 1 / cells) + total / cells**2)


@lru_cache
def _variance_of_one(cells: int, epsilon: Fraction) -> float:
    """Return the variance of one cell of zero-sum noise: its mean square if all cells add up to 0, by Fourier
    inversion."""
    ratio = exp(-epsilon / 2)
    chance, squares = 0.0, 0.0
    for step in range(GRID):
        angle = 2 * pi * step / GRID
        divisor = 1 - 2 * ratio * cos(angle) + ratio * ratio
        transform = (1 - ratio) ** 2 / divisor
        second = 2 * ratio * cos(angle) / divisor - 8 * (ratio * sin(angle) / divisor) ** 2
        chance += transform**cells
        squares += transform**cells * second
    return squares / chance


def share_interval(
    counts: Sequence[int], chosen: Collection[int], noise: Noise, confidence: float = CONFIDENCE
) -> Interval:
    """Return the confidence interval of the share of answers on the scale that the `chosen` options have.

    `counts` are the published counts of the scale's options. Wilson's interval with the noise's variance
    added: every share p for which chance and noise explain the difference between the chosen count and p
    times n. Near 0 and 1 it is wider, as without noise (`statistics.widened`).
    """
    interval = _score(counts, chosen, noise, NormalDist().inv_cdf((1 + confidence) / 2))
    return statistics.widened(interval, sum(counts[option] for option in chosen), sum(counts))


def distribution_intervals(counts: Sequence[int], noise: Noise) -> tuple[Interval, ...]:
    """Return a confidence interval of each option's share; all hold simultaneously (Bonferroni). Without
    noise they are Goodman's."""
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * len(counts)))
    return tuple(_score(counts, [option], noise, z) for option in range(len(counts)))


def _score(counts: Sequence[int], chosen: Collection[int], noise: Noise, z: float) -> Interval:
    n, count = sum(counts), sum(counts[option] for option in chosen)
    size, scale, cells = len(chosen), len(counts), noise.cells
    # (count - p n)^2 <= z^2 n p (1 - p) + each (size (cells - size) - 2 p size (cells - scale)
    #                                            + p^2 scale (cells - scale)), solved for p
    each = z * z * noise.variance / (cells - 1)
    square = n * n + z * z * n - each * scale * (cells - scale)
    linear = -2 * count * n - z * z * n + 2 * each * size * (cells - scale)
    constant = count * count - each * size * (cells - size)
    if square <= 0:
        return Interval(0.0, 1.0)
    reach = sqrt(max(linear * linear - 4 * square * constant, 0.0))
    share = count / n
    return Interval(
        0.0 if count == 0 else min(max((-linear - reach) / (2 * square), 0.0), share),
        1.0 if count == n else max(min((-linear + reach) / (2 * square), 1.0), share),
    )


def usual_error(noise: Noise) -> int:
    """Return the largest error of a count by noise in 95 % of cases, in guests."""
    return int(NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * sqrt(noise.variance))


def largest_by_noise(noise: Noise) -> int:
    """Return the largest count that noise alone produces at an option nobody chose in 95 % of cases.

    For the sum of many batches it is 90 % of cases, because each batch's table is made non-negative.
    """
    return int(NormalDist().inv_cdf(CONFIDENCE) * sqrt(noise.variance))


def noisy_stratum(
    counts: Sequence[Sequence[int]],
    withheld: Sequence[int],
    chosen: Collection[int],
    noises: Sequence[Noise],
) -> Stratum:
    """Return a unit's stratum of two options, not `chosen` and `chosen`, with the variance of its noise.

    `counts` has each round's counts of the scale's options, `noises` the noise in each round's table.
    """
    table = [
        [sum(row) - sum(row[option] for option in chosen), sum(row[option] for option in chosen)]
        for row in counts
    ]
    added = 0.0
    if any(noise.variance for noise in noises):
        options = range(len(counts[0]))
        for noise, pulled in zip(noises, statistics.pulls(table), strict=True):
            added += noise.of_sum([pulled[option in chosen] for option in options])
    return Stratum(table, withheld, added)


@dataclass(frozen=True)
class NoisyPlaceCount:
    """A place's `n` answers on the scale, of which `count` chose certain options.

    `chosen` is the number of these options, `scale` the number of all options of the scale.
    """

    count: int
    n: int
    chosen: int
    scale: int
    noise: Noise

    def variance(self, share: float) -> float:
        """Return the variance of count - share * n by chance and noise, if `share` of the guests choose these
        options."""
        weights = [1 - share] * self.chosen + [-share] * (self.scale - self.chosen)
        return self.n * share * (1 - share) + self.noise.of_sum(weights)


def differ(most: NoisyPlaceCount, least: NoisyPlaceCount, places: int) -> bool:
    """Return whether the highest and the lowest of several places differ by more than chance and noise.

    Two-sided score test of two shares, with Bonferroni's correction for all pairs that may have been picked.
    It never claims a difference that Fisher's test does not find in the same counts without noise. `most` has
    the higher share: in the other order the result is False. `places` is at least 2.
    """
    without_noise = [statistics.PlaceCount(part.count, part.n, 0) for part in (most, least)]
    if not statistics.differ(without_noise[0], without_noise[1], places):
        return False
    pooled = (most.count + least.count) / (most.n + least.n)
    apart = most.count / most.n - least.count / least.n
    variance = sum(part.variance(pooled) / part.n**2 for part in (most, least))
    pairs = places * (places - 1) / 2
    return apart > NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * pairs)) * sqrt(variance)
