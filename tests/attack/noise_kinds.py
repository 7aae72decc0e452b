"""Kinds of noise for many tables at once: the figures that each shows, and the answers that each gives away.

The attacker sees noisy tables before they become whole and non-negative, and so more than any published table
shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from tests.attack.guests import PROFILES as OF_GUESTS
from tests.tools.fast_noise import Tables, geometric, nearest, zero_sum

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

PROFILES = {
    **{name: np.array(profile) for name, profile in OF_GUESTS.items()},
    "unhappy": np.array((0.80, 0.10, 0.03, 0.02, 0.01, 0.02, 0.01, 0.01)),
}
"""Profile -> probability of each answer, the scale's lowest option first, three kinds of no answer last."""

CELLS, SCALE = 8, 5


class Kind(Protocol):
    """A method of adding noise to a table."""

    @property
    def name(self) -> str: ...

    def add(self, counts: Tables, rng: np.random.Generator) -> Tables:
        """Return tables with noise, one row each. Counts may be negative, and sums may change."""

    def weigh(self, noisy: Tables, others: Tables) -> Floats:
        """Return the likelihood of each noisy table (row) for each answer of the target (column), up to a
        factor per row.

        `others` are the counts without the target.
        """


@dataclass(frozen=True)
class ZeroSum:
    """The program's noise: geometric, and its sum over a table is zero."""

    epsilon: float

    @property
    def name(self) -> str:
        return f"zero-sum, epsilon {self.epsilon:g}"

    def add(self, counts: Tables, rng: np.random.Generator) -> Tables:
        return counts + zero_sum(self.epsilon, len(counts), rng)

    def weigh(self, noisy: Tables, others: Tables) -> Floats:
        return np.where(noisy > others, np.exp(self.epsilon), 1.0)


@dataclass(frozen=True)
class Independent(ZeroSum):
    """Geometric noise, drawn for each cell independently."""

    @property
    def name(self) -> str:
        return f"independent, epsilon {self.epsilon:g}"

    def add(self, counts: Tables, rng: np.random.Generator) -> Tables:
        return counts + geometric(np.exp(-self.epsilon / 2), counts.shape, rng)


@dataclass(frozen=True)
class Gaussian:
    """Discrete Gaussian noise with this variance in each cell. No epsilon bounds what it reveals."""

    variance: float

    @property
    def name(self) -> str:
        return f"Gaussian, variance {self.variance:.2g}"

    def add(self, counts: Tables, rng: np.random.Generator) -> Tables:
        sizes = np.arange(-40, 41)
        chances = np.exp(-(sizes**2) / (2 * self.variance))
        drawn: Tables = rng.choice(sizes, counts.shape, p=chances / chances.sum())
        return counts + drawn

    def weigh(self, noisy: Tables, others: Tables) -> Floats:
        return np.exp((2 * (noisy - others) - 1) / (2 * self.variance))


@dataclass(frozen=True)
class CellKeys:
    """Noise as in census tables: at most `most` in a cell, 0 on average, never a negative count, and none in
    a cell with 0.

    The distribution of largest entropy with that variance (Giessing 2016; Eurostat's ptable). There the noise
    depends on keys of the people in a cell; here a batch gives one table, so it is drawn once with the same
    effect.
    """

    most: int
    variance: float

    @property
    def name(self) -> str:
        return f"cell keys, at most {self.most} off"

    @cached_property
    def chances(self) -> Floats:
        """Probability of each noise (column: from -most to most) for each true count (row: larger counts use
        the last)."""
        rows = np.zeros((self.most + 1, 2 * self.most + 1))
        rows[0, self.most] = 1.0
        for count in range(1, self.most + 1):
            sizes = np.arange(-count, self.most + 1)
            rows[count, self.most - count :] = self._largest_entropy(sizes)
        return rows

    def _largest_entropy(self, sizes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
        from scipy.optimize import fsolve  # Loading it takes long, and most tests need no cell keys.

        variance = min(self.variance, 0.9 * -sizes[0])

        def chances(tilts: Sequence[float]) -> Floats:
            weights: Floats = np.exp(tilts[0] * sizes + tilts[1] * sizes**2)
            shares: Floats = weights / weights.sum()
            return shares

        def off(tilts: Sequence[float]) -> list[float]:
            probabilities = chances(tilts)
            return [float(probabilities @ sizes), float(probabilities @ sizes**2) - variance]

        return chances(fsolve(off, [0.0, -0.3]))

    def add(self, counts: Tables, rng: np.random.Generator) -> Tables:
        rows = np.cumsum(self.chances, axis=1)[np.minimum(counts, self.most)]
        drawn = (rng.random((*counts.shape, 1)) > rows).sum(axis=2)
        noise: Tables = np.minimum(drawn, 2 * self.most) - self.most
        return counts + noise

    def weigh(self, noisy: Tables, others: Tables) -> Floats:
        def likely(counts: Tables) -> Floats:
            at = noisy - counts + self.most
            inside = (at >= 0) & (at <= 2 * self.most)
            chances = self.chances[np.minimum(counts, self.most), at.clip(0, 2 * self.most)]
            return np.where(inside, chances, 0.0)

        without, with_her = likely(others), likely(others + 1)
        # For each answer: the target is in that cell, and in no other.
        left_out = np.array([np.delete(without, cell, axis=1).prod(axis=1) for cell in range(CELLS)]).T
        return left_out * with_her


KINDS: tuple[Kind, ...] = (
    *(ZeroSum(epsilon) for epsilon in (1.0, 1.5, 2.0, 3.0)),
    Independent(1.5),
    Independent(2.0),
    Gaussian(2.42),
    CellKeys(2, 1.0),
    CellKeys(3, 2.0),
)
"""The kinds of noise that are compared. The Gaussian has the variance of the program's noise."""


def whole(noisy: Tables, n: int) -> Tables:
    """Return the nearest whole, non-negative tables of `n` ballots each."""
    missing = n - noisy.sum(axis=1, keepdims=True)
    each, left = np.divmod(missing, CELLS)
    rank = np.argsort(np.argsort(-noisy, axis=1, kind="stable"), axis=1, kind="stable")
    return nearest(noisy + each + (rank < left))


def agreeing(tables: Tables) -> Floats:
    """Return the share of the two highest options among the answers on the scale for each table; 0 without
    answers."""
    shares: Floats = tables[:, SCALE - 2 : SCALE].sum(axis=1) / np.maximum(tables[:, :SCALE].sum(axis=1), 1)
    return shares


def draw(n: int, profile: Floats, tables: int, rng: np.random.Generator) -> Tables:
    """Return exact tables of `n` guests each, who answer independently; `tables` is their number."""
    return rng.multinomial(n, profile, tables)


def batch_sizes(n: int, k: int, *, is_live: bool, largest: int = 6) -> tuple[int, ...]:
    """Return the sizes of the batches of `n` guests: one at closing, or, if `is_live`, those of a count after
    each guest. A box with `largest` times k ballots is always counted."""
    if not is_live:
        return (n,)
    sizes: list[int] = []
    box = 0
    for _ in range(n):
        box += 1
        if box >= min(max(sum(sizes) + 2 * k, 3 * k), largest * k):
            sizes.append(box - k)
            box = k
    return (*sizes, box)
