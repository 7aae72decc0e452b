"""Attack 8: the choice of the ballots of a batch is predictable or can be influenced."""

import random as global_random
from collections import Counter
from itertools import combinations
from pathlib import Path
from random import Random
from secrets import SystemRandom
from tempfile import TemporaryDirectory
from unittest.mock import patch

from scipy.stats import chisquare

from kiosk.domain.ballot import Ballot
from kiosk.domain.box import draw_batch, full_at
from tests.attack.finding import Finding, Scale
from tests.tools.builders import MONDAY, a_round, a_store, tree
from tests.tools.published import statements

K = 5
LEAST_P = 0.001
BOX = range(full_at(0, K))
CHOICES = list(combinations(BOX, K))


def evenness(openings: int, rng: Random) -> float:
    """Return the p-value of a chi-square test that all choices of the k ballots which stay in a box are
    equally likely."""
    seen = Counter(tuple(draw_batch(BOX, 0, K, rng)[1]) for _ in range(openings))
    return float(chisquare([seen[choice] for choice in CHOICES]).pvalue)


class Leaning(Random):
    """A biased generator that prefers the first ballots."""

    def sample(self, population: range, k: int) -> list[int]:  # type: ignore[override]
        front = super().sample(population, k)
        return front if self.random() < 0.98 else list(population[:k])


def drawn(seed: int, rng: Random | None) -> tuple[object, ...]:
    """Return the published tables of different ballots in one batch, while the global generator is seeded and
    patched. `rng` is the store's own generator."""
    with TemporaryDirectory() as folder:
        store = a_store(Path(folder), rng=rng)
        store.open_round(a_round(tree("a")), MONDAY)
        for number in BOX:
            store.cast("r", "a", Ballot((1 + number % 5, 1 + number // 5)), MONDAY)
        global_random.seed(seed)
        with patch("random.random", lambda: 0.0), patch("random.sample", lambda _, size: list(range(size))):
            store.count(MONDAY.replace(hour=17))
        [node, *_] = store.snapshot()["rounds"][0]["nodes"]
        store.close()
        return tuple(tuple(table["counts"]) for table in statements(node).values())


def run(scale: Scale) -> list[Finding]:
    openings = 100_000 if scale is Scale.FULL else 5_000
    p = evenness(openings, SystemRandom())
    if p <= LEAST_P:
        p = evenness(openings, SystemRandom())
    leaning = evenness(openings, Leaning(1))
    honest = len({drawn(1, None) for _ in range(12)})
    seeded = len({drawn(1, Random(1)) for _ in range(12)})
    return [
        Finding(
            f"randomness: {openings} openings of a box of {len(BOX)}",
            f"chi-square p = {p:.3f} over all {len(CHOICES)} choices",
            f"p > {LEAST_P:g}, in one of two trials",
            p > LEAST_P,
            f"a biased generator: p = {leaning:.1g} (must be < {LEAST_P:g})",
            leaning < LEAST_P,
        ),
        Finding(
            "randomness: 12 counts with the global generator patched and seeded identically",
            f"{honest} different draws",
            "more than 1",
            honest > 1,
            f"a store that draws with a seeded generator: {seeded} (must be 1)",
            seeded == 1,
        ),
    ]
