"""Intervals and the test for a trend agree with scipy's, and withheld answers only ever weaken a claim."""

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement, product
from math import comb, sqrt
from random import Random
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.statistics import (
    PlaceCount,
    Stratum,
    Trend,
    differ,
    distribution_intervals,
    fisher,
    goodman,
    share_interval,
    stratified_test,
    wilson,
)
from kiosk.domain.statistics import trend as stratified_trend


def trend(table: Sequence[Sequence[int]], withheld: Sequence[int]) -> Trend:
    """The trend at one unit."""
    return stratified_trend([Stratum(table, withheld)])


counts = st.lists(st.integers(0, 60), min_size=2, max_size=7).filter(any)


@pytest.mark.slow
def test_the_interval_of_a_share_equals_that_of_scipy_in_500_cases() -> None:
    from scipy.stats import binomtest

    random = Random(1)
    for _ in range(500):
        n = random.randint(1, 400)
        count = random.randint(0, n)
        theirs = binomtest(count, n).proportion_ci(method="wilson")
        ours = wilson(count, n)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.slow
def test_the_intervals_of_a_distribution_equal_those_of_statsmodels_in_500_cases() -> None:
    from statsmodels.stats.proportion import multinomial_proportions_confint

    random = np.random.default_rng(2)
    for _ in range(500):
        counts = random.integers(0, 50, size=random.integers(2, 8))
        counts[0] += 1
        theirs = multinomial_proportions_confint(counts, method="goodman")
        ours = [(one.low, one.high) for one in goodman(counts.tolist())]
        assert ours == pytest.approx(theirs, abs=1e-12)


@pytest.mark.slow
def test_the_trend_test_of_random_tables_equals_that_of_scipy() -> None:
    from scipy.stats import kendalltau

    random = np.random.default_rng(3)
    for _ in range(500):
        table = random.integers(0, 12, size=(random.integers(2, 6), random.integers(2, 6)))
        rounds, answers = (np.repeat(np.indices(table.shape)[axis], table.ravel()) for axis in (0, 1))
        if len(rounds) < 3 or len(set(rounds)) < 2 or len(set(answers)) < 2:
            continue
        theirs = kendalltau(rounds, answers, method="asymptotic")
        s, p = stratified_test([Stratum(table.tolist(), [0] * len(table))])
        assert p == pytest.approx(theirs.pvalue, abs=1e-12)
        assert np.sign(s) == np.sign(theirs.statistic)


def test_the_test_between_two_places_equals_the_exact_sum_in_100_cases() -> None:
    random = Random(5)
    for _ in range(100):
        n, of = random.randint(1, 100), random.randint(1, 100)
        count, other = random.randint(0, n), random.randint(0, of)
        both = count + other
        ways = sum(comb(n, k) * comb(of, both - k) for k in range(count, min(n, both) + 1))
        assert fisher(count, n, other, of) == pytest.approx(ways / comb(n + of, both), abs=1e-12)


@pytest.mark.slow
def test_the_test_between_two_places_equals_that_of_scipy_in_500_cases() -> None:
    from scipy.stats import fisher_exact

    random = Random(5)
    for _ in range(500):
        n, of = random.randint(1, 300), random.randint(1, 300)
        count, other = random.randint(0, n), random.randint(0, of)
        theirs = fisher_exact([[count, n - count], [other, of - other]], alternative="greater").pvalue
        assert fisher(count, n, other, of) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.slow
def test_fishers_test_of_millions_of_guests_is_that_of_the_normal_distribution() -> None:
    """A sum over all of them would take minutes and gigabytes."""
    n = 10**8
    for more in (0, 5_000, 20_000):
        normal = NormalDist().cdf(-(more - 0.5) / sqrt(n / 8))
        assert fisher(n // 2 + more, n, n // 2 - more, n) == pytest.approx(normal, rel=1e-5)


def test_the_interval_of_10_of_20_is_3_to_7_of_10() -> None:
    interval = share_interval(10, 20, 0)
    assert (round(10 * interval.low), round(10 * interval.high)) == (3, 7)


@given(counts, st.integers(0, 9))
def test_withheld_answers_widen_every_interval(counts: list[int], withheld: int) -> None:
    sure, unsure = distribution_intervals(counts, 0), distribution_intervals(counts, withheld)
    n = sum(counts)
    for count, one, other in zip(counts, sure, unsure, strict=True):
        assert other.low <= one.low + 1e-12 or withheld == 0
        assert other.low <= count / (n + withheld) + 1e-12
        assert other.high >= (count + withheld) / (n + withheld) - 1e-12
        assert 0 <= other.low <= other.high <= 1


UP = [[10, 5, 5], [5, 5, 10], [1, 4, 15]]


def test_a_clear_change_is_claimed_and_no_change_is_chance() -> None:
    assert trend(UP, [0, 0, 0]) is Trend.UP
    assert trend(UP[::-1], [0, 0, 0]) is Trend.DOWN
    assert trend([[5, 5, 5], [5, 5, 5]], [0, 0]) is Trend.CHANCE
    assert trend([[0, 0, 3], [0, 0, 3]], [0, 0]) is Trend.CHANCE


def allocations(table: list[list[int]], withheld: list[int]) -> Iterator[list[list[int]]]:
    """Every table there may have been: a withheld answer may be on the scale or outside it."""
    ways = [list(combinations_with_replacement(range(len(table[0]) + 1), hidden)) for hidden in withheld]
    for chosen in product(*ways):
        yield [
            [n + options.count(at) for at, n in enumerate(row)]
            for row, options in zip(table, chosen, strict=True)
        ]


@pytest.mark.slow
def test_no_value_of_withheld_answers_refutes_a_claimed_change() -> None:
    random, claims, careless = Random(4), 0, 0
    while claims < 60:
        rounds, options = random.randint(2, 3), random.randint(2, 3)
        table = [[random.choice([0, 1, 2, 5, 9]) for _ in range(options)] for _ in range(rounds)]
        withheld = [random.choice([0, 0, 1, 2]) for _ in range(rounds)]
        claimed = trend(table, withheld)
        worlds = {trend(world, [0] * rounds) for world in allocations(table, withheld)}
        if claimed is not Trend.CHANCE:
            claims += 1
            assert worlds == {claimed}, (table, withheld)
        careless += trend(table, [0] * rounds) is not Trend.CHANCE and len(worlds) > 1
    assert careless, "the control: claims that look at what is published alone are undone"


def test_a_change_that_withheld_answers_could_refute_is_called_chance() -> None:
    assert trend(UP, [1, 0, 1]) is Trend.UP
    assert trend(UP, [9, 0, 9]) is Trend.CHANCE


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=5), st.data())
def test_withheld_answers_never_turn_chance_into_a_claimed_change(
    table: list[list[int]], data: st.DataObject
) -> None:
    withheld = data.draw(st.lists(st.integers(0, 4), min_size=len(table), max_size=len(table)))
    if trend(table, [0] * len(table)) is Trend.CHANCE:
        assert trend(table, withheld) is Trend.CHANCE


def test_places_with_opposite_answers_differ_and_similar_ones_do_not() -> None:
    assert differ(PlaceCount(54, 54, 0), PlaceCount(0, 54, 0), places=5)
    assert not differ(PlaceCount(12, 20, 0), PlaceCount(9, 20, 0), places=2)


def test_a_significant_difference_must_be_larger_among_more_places() -> None:
    assert differ(PlaceCount(26, 40, 0), PlaceCount(15, 40, 0), places=2)
    assert not differ(PlaceCount(26, 40, 0), PlaceCount(15, 40, 0), places=6)


def test_chance_alone_causes_a_claimed_difference_in_5_percent_of_cases_at_most() -> None:
    random, claims, careless = np.random.default_rng(6), 0, 0
    for _ in range(1000):
        parts = sorted(
            (PlaceCount(int(random.binomial(40, 0.6)), 40, 0) for _ in range(6)), key=lambda one: one.count
        )
        claims += differ(parts[-1], parts[0], len(parts))
        careless += differ(parts[-1], parts[0], 2)
    assert claims <= 50
    assert careless > 150, "the control: the extremes of six, tested as if they were any two"


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 5), st.integers(1, 5))
def test_no_value_of_withheld_answers_refutes_a_claimed_difference(
    count: int, other: int, hidden: int, hidden_other: int
) -> None:
    if not differ(PlaceCount(count, 30, hidden), PlaceCount(other, 30, hidden_other), places=3):
        return
    for agree, disagree in product(range(hidden + 1), repeat=2):
        for also, against in product(range(hidden_other + 1), repeat=2):
            if agree + disagree <= hidden and also + against <= hidden_other:
                most, least = (
                    PlaceCount(count + agree, 30 + agree + disagree, 0),
                    PlaceCount(other + also, 30 + also + against, 0),
                )
                assert differ(most, least, places=3)
