"""Intervals and tests for tables with the noise of protected rounds, beside those of `statistics`.

Each function adds the variance of the noise to that of chance. The distribution of the noise is known
exactly: the number of batches and epsilon are published. Without noise, each function returns the same as its
counterpart in `statistics`.

Counts also have a bias: the table of each batch is made non-negative (`noise.nearest_table`), so an option
that few chose shows too many, and others too few. In a sum of many batches the bias is larger than chance.
Intervals therefore also hold the shares that `without_bias` estimates, and a change or a difference is
claimed only if the counts without bias show it too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import cos, erf, exp, inf, log, pi, sin, sqrt
from statistics import NormalDist

from kiosk.domain import statistics
from kiosk.domain.noise import EPSILON
from kiosk.domain.rounding import half_up
from kiosk.domain.statistics import CONFIDENCE, Interval, Stratum, Trend

GRID = 4096
"""Number of points at which characteristic functions are summed; from a few hundred points on, the sum is
exact to rounding."""

NEWTON_STEPS = 4
"""Number of Newton's steps to the centre of a Laplace variable: the error is then below a thousandth of a
guest."""

SHIFT_STEPS = 6
"""Most of Newton's steps to the number that `_uncut` adds to all losses; two or three are usual."""

SMALLEST_CHANCE = 1e-4
"""Smaller probabilities are taken as 0, and smaller errors of a batch's sum as none."""

MOST_RAISED = 30.0
"""Largest exponent in `_uncut`: a larger one would overflow where there is hardly any noise."""


@dataclass(frozen=True)
class Noise:
    """The noise in a table of `cells` cells (two or more), kinds of no answer included, that is the sum of
    the tables of `batches` batches. `variance` is that of the noise in one cell of this sum."""

    cells: int
    variance: float
    batches: int = 1

    def of_sum(self, weights: Sequence[float]) -> float:
        """Return the variance of the noise in a weighted sum of cells. `weights` are those of the first
        cells; the others have weight 0.

        The noise of all cells adds up to zero, so any two correlate by -1 / (cells - 1).
        """
        squares, total = sum(weight * weight for weight in weights), sum(weights)
        return self.variance * (self.cells * squares - total * total) / (self.cells - 1)


def noise_of(batches: int, cells: int, epsilon: Fraction = EPSILON) -> Noise:
    """Return the noise in the sum of the tables of `batches` batches that `noise.protect` made with this
    `epsilon`; 0 batches for a table without noise."""
    return Noise(cells, batches * _variance_of_one(cells, epsilon), batches)


def noise_of_part(batches: int, cells: int, epsilon: Fraction, variance_of_sum: float) -> Noise:
    """Return the noise in the sum of the tables of `batches` batches that `noise.protect_part` made
    with this `epsilon`. `variance_of_sum` is the variance of the noise in the public sum of all their cells:
    the number of guests who were asked, itself a published, noisy figure. The noise of that sum is spread
    evenly over the cells."""
    ratio = exp(-epsilon / 2)
    of_one = 2 * ratio / (1 - ratio) ** 2
    return Noise(cells, batches * of_one * (1 - 1 / cells) + variance_of_sum / cells**2, batches)


@lru_cache
def _variance_of_one(cells: int, epsilon: Fraction) -> float:
    """Return the variance of one cell of `noise.zero_sum_noise`: its mean square if all cells add up to 0, by
    Fourier inversion."""
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
    counts: Sequence[int],
    chosen: Collection[int],
    noise: Noise,
    outside: Sequence[int] = (),
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return the confidence interval of the share of answers on the scale that the `chosen` options have.

    `counts` are the published counts of the scale's options, which must sum to at least 1, and `outside`
    those of the kinds of no answer; 0 each if not given. `chosen` are indexes of `counts`. Wilson's interval
    with the noise's variance added: every share p for which chance and noise explain the difference between
    the chosen count and p times n. It is extended by the same interval around the counts without bias. Near 0
    and 1 it is wider, as without noise (`statistics.widened`).
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    interval = _extended_score(_tables(counts, outside, noise), chosen, noise, z)
    return statistics.widened(interval, sum(counts[option] for option in chosen), sum(counts))


def distribution_intervals(
    counts: Sequence[int], noise: Noise, outside: Sequence[int] = ()
) -> tuple[Interval, ...]:
    """Return a confidence interval of each option's share, in the order of `counts`; all hold simultaneously
    (Bonferroni). Without noise they are Goodman's. `counts` are the published counts of the scale's options,
    which must sum to at least 1, and `outside` those of the kinds of no answer; 0 each if not given."""
    z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * len(counts)))
    tables = _tables(counts, outside, noise)
    return tuple(_extended_score(tables, [option], noise, z) for option in range(len(counts)))


def _tables(counts: Sequence[int], outside: Sequence[int], noise: Noise) -> list[Sequence[float]]:
    """Return the counts of the scale's options that an interval must account for: the published ones, those
    without bias, and the non-negative ones nearest to these.

    The last vary less than those without bias. An example: on a scale from 0 to 10, 98 % of guests choose the
    top two options, at 20 units of 20 guests. The intervals hold the true share in 98 % of rounds; without
    the last counts, in 93 %.
    """
    unbiased = _unbiased_cells(counts, outside, noise)
    return [counts, unbiased[: len(counts)], _cut(unbiased)[: len(counts)]]


def without_bias(counts: Sequence[int], outside: Sequence[int], noise: Noise) -> tuple[float, ...]:
    """Return the counts of the scale's options, in the same order, without the bias that a table has because
    each batch's table is made non-negative. They need not be whole. A table without noise is unchanged.

    In a batch, cells with noise below zero become 0, and the excess is taken from the others
    (`noise.nearest_table`). The expected count of a cell of mean m is then that of a Laplace variable around
    m - loss, cut at 0. This is solved for m, for each cell's mean over all batches, with the losses
    and the variance of the published counts. `outside` are the counts of the kinds of no answer.

    Options that few chose can have a count below 0: their estimates are too high as often as too low, and to
    cut them at 0 would bring half of the bias back.
    """
    return tuple(_unbiased_cells(counts, outside, noise)[: len(counts)])


def _unbiased_cells(counts: Sequence[int], outside: Sequence[int], noise: Noise) -> list[float]:
    """Return the counts without bias of all cells, in the order of the arguments."""
    cells = [*counts, *outside, *[0] * (noise.cells - len(counts) - len(outside))]
    if not noise.variance or not any(cells):
        return list(map(float, cells))
    published = [count / noise.batches for count in cells]
    variance = noise.variance / noise.batches
    scales = [sqrt((variance + mean) / 2) for mean in published]
    means = _uncut(published, scales, _losses(published, scales))
    return [mean * noise.batches for mean in means]


def share_without_bias(
    counts: Sequence[int], outside: Sequence[int], chosen: Collection[int], noise: Noise
) -> float:
    """Return the share of the `chosen` options, 0 to 1, in the counts of `without_bias`. If those sum to 0 or
    less, it is the share in the published counts, which must sum to at least 1."""
    unbiased = without_bias(counts, outside, noise)
    if sum(unbiased) <= 0:
        unbiased = tuple(counts)
    return min(max(sum(unbiased[option] for option in chosen) / sum(unbiased), 0.0), 1.0)


def _uncut(published: Sequence[float], scales: Sequence[float], losses: Sequence[float]) -> list[float]:
    """Return the mean of each cell of a batch, before the cell lost its part of the excess and was cut at 0.

    Each cell is taken as a Laplace variable of the scale in `scales`. `published` has the means afterwards,
    and `losses` the expected losses. Below 0, a mean goes on in a straight line. A number is added to all
    losses, the same for each, so that the means have the published sum; Newton's method finds it.
    """
    centres = [
        _centre(count, scale) if count else -inf for count, scale in zip(published, scales, strict=True)
    ]
    total, shift, means = sum(published), 0.0, list(published)
    for _ in range(SHIFT_STEPS):
        slopes = 0.0
        for cell, centre in enumerate(centres):
            lost = losses[cell] + shift
            if centre + lost >= 0:
                means[cell] = centre + lost
                slopes += 1.0
            else:
                raised = 2 * published[cell] * exp(min(lost / scales[cell], MOST_RAISED))
                means[cell] = raised - scales[cell]
                slopes += raised / scales[cell]
        excess = sum(means) - total
        if abs(excess) < SMALLEST_CHANCE:
            break
        shift -= excess / max(slopes, SMALLEST_CHANCE)
    return means


def _cut(cells: Sequence[float]) -> list[float]:
    """Return the non-negative cells with the same sum and the least sum of squared differences."""
    total, shift, added = sum(cells), 0.0, 0.0
    for number, cell in enumerate(sorted(cells, reverse=True), start=1):
        if number > 1 and cell + shift <= 0:
            break
        added += cell
        shift = (total - added) / number
    return [max(cell + shift, 0.0) for cell in cells]


def _losses(means: Sequence[float], scales: Sequence[float]) -> list[float]:
    """Return the expected loss of each cell of a batch, in guests, if the cell is above 0. `means` are the
    cells' expected counts, `scales` their scales as Laplace variables.

    The excess is the sum of all counts below 0, as a positive number of a few guests: it has about a Poisson
    distribution. One after the other, smallest first, each cell above 0 loses one guest, and so on until no
    excess is left. So the cell of rank r of m, counted from 0, loses one if the excess is more than r, a
    second one if it is more than r + m, and so on. Ranks are means, and chances between two whole numbers are
    interpolated.
    """
    below = [scale / 2 * exp(-mean / scale) for mean, scale in zip(means, scales, strict=True)]
    if len(means) == 2:  # one of the two is below 0 at most: the other loses all of it
        return below[::-1]
    chances = [_chance_of_any(mean, scale) for mean, scale in zip(means, scales, strict=True)]
    above = [max(chance, SMALLEST_CHANCE) for chance in chances]
    # The mean of each cell if it is above 0.
    filled = [(mean + less) / chance for mean, less, chance in zip(means, below, above, strict=True)]
    squares = [scale * scale for scale in scales]
    ranks = [0.0] * len(means)
    for cell in range(1, len(means)):
        mean, chance, square = filled[cell], chances[cell], squares[cell]
        for other in range(cell):
            is_smaller = 0.5 + erf((mean - filled[other]) / (2 * sqrt(square + squares[other]))) / 2
            ranks[cell] += chances[other] * is_smaller
            ranks[other] += chance * (1 - is_smaller)
    tail, number = _poisson_tail(sum(below)), max(sum(chances), 1.0)
    losses = []
    for rank in ranks:
        loss, excess = 0.0, rank
        while excess < len(tail) - 1:
            whole = int(excess)
            loss += tail[whole] + (excess - whole) * (tail[whole + 1] - tail[whole])
            excess += number
        losses.append(loss)
    return losses


def _chance_of_any(mean: float, scale: float) -> float:
    """Return the probability that a cell has at least one guest: that a Laplace variable exceeds a half."""
    tail = exp(-abs(mean - 0.5) / scale) / 2
    return 1 - tail if mean > 0.5 else tail


def _poisson_tail(mean: float) -> list[float]:
    """Return the probabilities that a Poisson variable is more than 0, 1, 2 and so on, down to
    SMALLEST_CHANCE."""
    chance, tail = exp(-mean), [1 - exp(-mean)]
    while tail[-1] > SMALLEST_CHANCE:
        chance *= mean / len(tail)
        tail.append(tail[-1] - chance)
    return tail


def _centre(mean: float, scale: float) -> float:
    """Return the centre of the Laplace variable of this scale whose mean is `mean` once it is cut at 0."""
    if mean <= scale / 2:
        return scale * log(2 * mean / scale)
    centre = mean
    for _ in range(NEWTON_STEPS):
        tail = exp(-centre / scale) / 2
        centre -= (centre + scale * tail - mean) / (1 - tail)
    return centre


def _extended_score(
    tables: Sequence[Sequence[float]], chosen: Collection[int], noise: Noise, z: float
) -> Interval:
    """Return the smallest interval that contains the interval of each of these tables (`_score`). Tables
    without any answer are left out; at least one has answers."""
    intervals = [_score(counts, chosen, noise, z) for counts in tables if sum(counts) > 0]
    return Interval(min(interval.low for interval in intervals), max(interval.high for interval in intervals))


def _score(counts: Sequence[float], chosen: Collection[int], noise: Noise, z: float) -> Interval:
    """Return the interval of the share of the `chosen` options without the widening near 0 and 1; 0 to 1
    where noise explains every share."""
    n = sum(counts)
    count = min(max(sum(counts[option] for option in chosen), 0), n)
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
    """Return the largest error of a count by noise in 95 % of cases, in whole guests, rounded down."""
    return int(NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * sqrt(noise.variance))


def largest_by_noise(noise: Noise) -> int:
    """Return the largest count that noise alone produces at an option nobody chose in 95 % of cases, rounded
    down.

    For the sum of many batches it is 90 % of cases, because each batch's table is made non-negative.
    """
    return int(NormalDist().inv_cdf(CONFIDENCE) * sqrt(noise.variance))


def noisy_stratum(
    counts: Sequence[Sequence[int]],
    withheld: Sequence[int],
    chosen: Collection[int],
    noises: Sequence[Noise],
) -> Stratum:
    """Return a unit's stratum of two options, all others and the `chosen` ones, with the variance of its
    noise.

    `counts` has each round's counts of the scale's options, `withheld` its withheld answers, and `noises` the
    noise in its table. `chosen` are indexes of the options.
    """
    table = [_two_cells(row, chosen) for row in counts]
    added = 0.0
    if any(noise.variance for noise in noises):
        options = range(len(counts[0]))
        for noise, changes in zip(noises, statistics.changes_of_s(table), strict=True):
            added += noise.of_sum([changes[option in chosen] for option in options])
    return Stratum(table, withheld, added)


def _two_cells(counts: Sequence[int], chosen: Collection[int]) -> list[int]:
    """Return the counts of all other options and of the `chosen` ones, neither under 0."""
    n = max(sum(counts), 0)
    agreeing = min(max(sum(counts[option] for option in chosen), 0), n)
    return [n - agreeing, agreeing]


def agreed_trend(strata: Sequence[Stratum], unbiased: Sequence[Stratum]) -> Trend:
    """Return the trend that the published counts show, if those without bias show the same, else CHANCE.

    The bias grows with the number of batches. Without this rule, bias alone would be claimed as a change
    between a round with figures at closing, one batch, and a round with live figures, many batches.
    `unbiased` are the same units' strata with the counts of `whole_without_bias`.
    """
    published = statistics.trend(strata)
    return published if statistics.trend(unbiased) is published else Trend.CHANCE


def whole_without_bias(counts: Sequence[int], outside: Sequence[int], noise: Noise) -> tuple[int, ...]:
    """Return the counts of `without_bias`, rounded to whole numbers; options that few chose can have less
    than 0."""
    return tuple(half_up(count) for count in without_bias(counts, outside, noise))


@dataclass(frozen=True)
class NoisyPlaceCount:
    """A place's `n` answers on the scale, at least one, of which `count` chose certain options.

    `chosen` is the number of these options, `scale` the number of all options of the scale. `unbiased_share`
    is the share of these options in the counts without bias, None if it is that of the published counts.
    """

    count: int
    n: int
    chosen: int
    scale: int
    noise: Noise
    unbiased_share: float | None = None

    @property
    def shares(self) -> tuple[float, float]:
        """(the share of these options in the published counts, that in the counts without bias)."""
        share = self.count / self.n
        return share, share if self.unbiased_share is None else self.unbiased_share

    def variance(self, share: float) -> float:
        """Return the variance of count - share * n by chance and noise, if `share` of the guests choose these
        options."""
        weights = [1 - share] * self.chosen + [-share] * (self.scale - self.chosen)
        return self.n * share * (1 - share) + self.noise.of_sum(weights)


def differ(most: NoisyPlaceCount, least: NoisyPlaceCount, places: int) -> bool:
    """Return whether the highest and the lowest of several places differ by more than chance and noise.

    Two-sided score test of two shares, with Bonferroni's correction for all pairs that may have been picked,
    of the published counts and of those without bias. It never claims a difference that Fisher's test does
    not find in the same counts without noise. `most` has the higher share: in the other order the result is
    False. `places` is at least 2.
    """
    without_noise = [statistics.PlaceCount(part.count, part.n, 0) for part in (most, least)]
    if not statistics.differ(without_noise[0], without_noise[1], places):
        return False
    pooled = (most.count + least.count) / (most.n + least.n)
    apart = min(high - low for high, low in zip(most.shares, least.shares, strict=True))
    variance = sum(part.variance(pooled) / part.n**2 for part in (most, least))
    pairs = places * (places - 1) / 2
    return apart > NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * pairs)) * sqrt(variance)
