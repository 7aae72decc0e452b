"""Kinds of noise for many tables at once: what each shows and what each reveals.

The attacker sees noisy tables before they become whole and non-negative, which is more than any published
table shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.optimize import fsolve

from tests.attack.guests import PROFILES as OF_GUESTS
from tests.tools.fast_noise import Tables, geometric, nearest, zero_sum

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

PROFILES = {
    **{name: np.array(profile) for name, profile in OF_GUESTS.items()},
    "unhappy": np.array((0.80, 0.10, 0.03, 0.02, 0.01, 0.02, 0.01, 0.01)),
}
"""Probabilities of each answer, the scale's lowest option first, three kinds of no answer last."""

CELLS, SCALE = 8, 5


class Kind(Protocol):
    """A method of adding noise to a table."""

    @property
    def name(self) -> str: ...

    def add(self, counts: Tables, rng: np.random.Generator) -> Tables:
        """Noisy tables, which may have negative counts and another sum."""

    def weigh(self, noisy: Tables, others: Tables) -> Floats:
        """The likelihood of each noisy table under each answer of the target, up to a factor per row.

        `others` are the counts without the target.
        """


@dataclass(frozen=True)
class ZeroSum:
    """The product's: geometric, with sum zero."""

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
    """Geometric, independent in each cell."""

    @property
    def name(self) -> str:
        return f"independent, epsilon {self.epsilon:g}"

    def add(self, counts: Tables, rng: np.random.Generator) -> Tables:
        return counts + geometric(np.exp(-self.epsilon / 2), counts.shape, rng)


@dataclass(frozen=True)
class Gaussian:
    """Discrete Gaussian noise of the given variance in each cell; no epsilon bounds it."""

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
    """As in census tables: at most `most` off, unbiased, never negative, and zero stays zero.

    The distribution of largest entropy with that variance (Giessing 2016; Eurostat's ptable). Noise that
    depends on the members' keys is equivalent to noise drawn once, because a batch gives one table.
    """

    most: int
    variance: float

    @property
    def name(self) -> str:
        return f"cell keys, at most {self.most} off"

    @cached_property
    def chances(self) -> Floats:
        """Row: true count, from `most` on all alike. Column: noise, from -most to most."""
        rows = np.zeros((self.most + 1, 2 * self.most + 1))
        rows[0, self.most] = 1.0
        for count in range(1, self.most + 1):
            sizes = np.arange(-count, self.most + 1)
            rows[count, self.most - count :] = self._largest_entropy(sizes)
        return rows

    def _largest_entropy(self, sizes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
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
        # Of each answer: with her in its cell, without her in all others.
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
"""The Gaussian has the variance of the product's noise."""


def whole(noisy: Tables, n: int) -> Tables:
    """The nearest whole tables of n ballots each."""
    missing = n - noisy.sum(axis=1, keepdims=True)
    each, left = np.divmod(missing, CELLS)
    rank = np.argsort(np.argsort(-noisy, axis=1, kind="stable"), axis=1, kind="stable")
    return nearest(noisy + each + (rank < left))


def agreeing(tables: Tables) -> Floats:
    """The share of the two highest options among the answers on the scale; 0 without answers."""
    shares: Floats = tables[:, SCALE - 2 : SCALE].sum(axis=1) / np.maximum(tables[:, :SCALE].sum(axis=1), 1)
    return shares


def draw(n: int, profile: Floats, tables: int, rng: np.random.Generator) -> Tables:
    """Tables of n guests each, who answer independently."""
    return rng.multinomial(n, profile, tables)


def batch_sizes(n: int, k: int, *, is_live: bool, largest: int = 6) -> tuple[int, ...]:
    """The batches of n guests if a count follows each guest; a box is full at `largest` times k in
    any case."""
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
