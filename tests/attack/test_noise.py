"""Promises of the noise, tested on the program's code. Each test also runs on noise that breaks the
promise."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import exp
from random import Random

import numpy as np
import pytest

from kiosk.domain.noise import EPSILON, protect, zero_sum_noise
from kiosk.domain.noisy_statistics import noise_of
from tests.attack.certainty import observed, observed_shares
from tests.attack.noise_attacks import SURE, Beliefs, normal, with_targets
from tests.attack.noise_kinds import CELLS, PROFILES, CellKeys, Kind, ZeroSum, draw, whole
from tests.attack.noise_study import REPORT, SECTIONS
from tests.tools.fast_noise import Tables, nearest, zero_sum

pytestmark = pytest.mark.slow

TARGETS = 3000
MOST_POINTS = 20


def believed(kind: Kind, profile: str, add: Callable[[Tables], Tables] | None = None) -> Beliefs:
    """Return the beliefs of an insider who knows 19 of 20 ballots."""
    rng = np.random.default_rng(1)
    others = draw(19, PROFILES[profile], TARGETS, rng)
    truth = rng.choice(CELLS, TARGETS, p=PROFILES[profile])
    counts = with_targets(others, truth)
    noisy = add(counts) if add else kind.add(counts, rng)
    return Beliefs(normal(kind.weigh(noisy, others) * PROFILES[profile]), truth, PROFILES[profile])


def the_products_noise(counts: Tables) -> Tables:
    rng = Random(2)
    noise: Tables = np.array([zero_sum_noise(CELLS, EPSILON, rng) for _ in counts])
    return counts + noise


@pytest.mark.parametrize("profile", ["balanced", "skewed"])
def test_an_attacker_who_knows_all_other_ballots_is_never_sure_of_the_last_one(profile: str) -> None:
    beliefs = believed(ZeroSum(float(EPSILON)), profile, the_products_noise)
    most = PROFILES[profile].max()
    assert beliefs.after.max() <= most * exp(EPSILON) / (most * exp(EPSILON) + 1 - most) + 1e-9
    assert beliefs.after.max() < SURE
    right = (beliefs.after.argmax(axis=1) == beliefs.truth).mean()
    assert 100 * (right - most) <= MOST_POINTS


def test_the_check_catches_bounded_noise_that_makes_an_answer_certain() -> None:
    """Run the control: noise of at most 3 in a cell makes an answer certain if it is 3 or -3."""
    beliefs = believed(CellKeys(3, 2.0), "balanced")
    assert (beliefs.after.max(axis=1) > 1 - 1e-9).mean() > 0.03


def test_the_check_catches_noise_that_is_too_small() -> None:
    """Run the control: with an epsilon of 3, guesses are right too often."""
    beliefs = believed(ZeroSum(3.0), "balanced")
    assert (
        100 * ((beliefs.after.argmax(axis=1) == beliefs.truth).mean() - PROFILES["balanced"].max())
        > MOST_POINTS
    )


def largest_ratio(epsilon: Fraction, draws: int = 6000) -> float:
    """Return the largest ratio between the probabilities of the same published table for two answers of a
    guest."""
    rng = Random(3)
    one, other = (
        Counter(protect(counts, rng, epsilon) for _ in range(draws)) for counts in ((0, 4, 1), (1, 3, 1))
    )
    common = [table for table in one if min(one[table], other[table]) >= 60]
    assert common
    return max(max(one[table] / other[table], other[table] / one[table]) for table in common)


def test_no_published_table_reveals_more_than_the_bound() -> None:
    assert largest_ratio(EPSILON) <= 1.2 * exp(EPSILON)
    assert largest_ratio(2 * EPSILON) > 1.2 * exp(EPSILON), "the control: noise half as wide"


def averaged(look: Callable[[], tuple[int, ...]], looks: int) -> tuple[int, ...]:
    tables = np.array(sorted({look() for _ in range(looks)}))
    return tuple(np.rint(tables.mean(axis=0)).astype(int).tolist())


def test_averaging_repeated_reads_reveals_nothing_more_of_a_noisy_table() -> None:
    counts: Sequence[int] = (2, 3, 6, 4, 3, 1, 1, 0)
    rng = Random(4)
    sealed = protect(counts, rng)
    assert averaged(lambda: sealed, looks=300) == sealed
    control = averaged(lambda: protect(counts, rng), looks=300)
    assert sum(abs(a - b) for a, b in zip(control, counts, strict=True)) <= 2
    assert sum(abs(a - b) for a, b in zip(sealed, counts, strict=True)) > 2


def test_the_studys_fast_functions_equal_those_of_the_product() -> None:
    rng, slow = np.random.default_rng(5), Random(5)
    counts = draw(20, PROFILES["skewed"], TARGETS, rng)
    fast = whole(ZeroSum(float(EPSILON)).add(counts, rng), 20)
    ours = np.array([protect(row, slow, Fraction(EPSILON)) for row in counts.tolist()])
    assert np.abs(fast - counts).mean() == pytest.approx(np.abs(ours - counts).mean(), rel=0.05)
    assert fast.mean(axis=0) == pytest.approx(ours.mean(axis=0), abs=0.15)
    drawn = zero_sum(float(EPSILON), 50_000, rng)
    assert drawn.var() == pytest.approx(noise_of(1, CELLS).variance, rel=0.03)
    assert (nearest(drawn + 5).sum(axis=1) == 5 * CELLS).all()


@pytest.mark.parametrize(
    "noisy", [(3, 0, 0, 0, 0, 0, 0, 0), (5, -1, 0, 1, -2, 0, 0, 0), (0, 0, 1, 1, 1, 0, 0, 0)]
)
def test_an_observers_expected_shares_are_those_of_bayes_rule_over_all_tables(noisy: Sequence[int]) -> None:
    profile, size, epsilon = PROFILES["unhappy"], 3, 1.5
    weights, expected = 0.0, np.zeros(CELLS)
    for ballots in product(range(CELLS), repeat=size):
        counts = np.bincount(ballots, minlength=CELLS)
        weight = float(profile[list(ballots)].prod() * np.exp(-epsilon / 2 * abs(noisy - counts).sum()))
        weights, expected = weights + weight, expected + weight * counts / size
    shares = observed_shares(noisy, size, profile, epsilon)
    assert shares == pytest.approx(expected / weights, abs=1e-9)
    assert shares.sum() == pytest.approx(1)


def test_an_observer_is_never_sure_in_strongly_protected_rounds_and_often_with_exact_figures() -> None:
    beliefs = observed(3, 5)
    assert beliefs["strongly protected"].max() < SURE
    assert (beliefs["exact"] >= SURE).mean() > 0.02, "the control"


def test_the_report_has_every_table_of_the_study() -> None:
    report = REPORT.read_text("utf-8")
    assert re.findall(r"^## (.+)$", report, re.MULTILINE) == [one.title for one in SECTIONS.values()]
    for one in SECTIONS.values():
        header, _, *rows = (line for line in table_after(one.title, report) if line.startswith("|"))
        assert header == "| " + " | ".join(one.columns) + " |"
        assert rows
        assert {row.count(" | ") for row in rows} == {len(one.columns) - 1}


def table_after(title: str, report: str) -> list[str]:
    return report.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0].splitlines()
