"""Intervals hold as often as they say with noise in the counts, and chance and noise make few claims."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import sqrt
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain import statistics
from kiosk.domain.noise import (
    EPSILON,
    OPTION_SHARE,
    STRONG_EPSILON,
    nearest_table,
    protect_part,
    zero_sum_noise,
)
from kiosk.domain.noisy_statistics import (
    Noise,
    NoisyPlaceCount,
    agreed_trend,
    differ,
    distribution_intervals,
    largest_by_noise,
    noise_of,
    noise_of_part,
    noisy_stratum,
    share_interval,
    share_without_bias,
    usual_error,
    whole_without_bias,
    without_bias,
)
from kiosk.domain.statistics import Stratum, Trend, goodman
from tests.tools.fast_noise import Tables, nearest, zero_sum

pytestmark = pytest.mark.slow

CLAIMS_BY_CHANCE = 0.065
"""The most of 4000 tries: 5 %, half a point for the normal approximation, and three standard errors."""

MOST_MOVES = 0.1
"""The same of 250 tries: three standard errors more than 6 %."""

CELLS = 8
SCALE = 5
AGREE = (3, 4)
NONE = noise_of(0, CELLS)
BALANCED = (0.12, 0.16, 0.30, 0.22, 0.14, 0.02, 0.02, 0.02)
SKEWED = (0.01, 0.02, 0.06, 0.20, 0.65, 0.02, 0.02, 0.02)
LIVE = {20: (10, 10), 60: (10, 15, 25, 10), 350: (10, 15, *[25] * 13)}
"""The batches of so many guests where k is 5, as `full_at` has them."""

counts = st.lists(st.integers(0, 40), min_size=3, max_size=6).filter(any)


def published(
    batches: Sequence[int], profile: Sequence[float], tables: int, seed: int, epsilon: Fraction = EPSILON
) -> Tables:
    """Sums of protected batches of those sizes, drawn anew for each row."""
    rng = np.random.default_rng(seed)
    drawn = (
        rng.multinomial(size, profile, tables) + zero_sum(float(epsilon), tables, rng, len(profile))
        for size in batches
    )
    return sum((nearest(noisy) for noisy in drawn), np.zeros((tables, len(profile)), dtype=np.int64))


def test_the_tests_fast_noise_equals_the_noise_of_the_product() -> None:
    rng = np.random.default_rng(1)
    noisy = rng.integers(-6, 12, (2000, CELLS))
    noisy = noisy[noisy.sum(axis=1) >= 0]
    assert [tuple(row) for row in nearest(noisy).tolist()] == [nearest_table(row) for row in noisy.tolist()]
    fast = zero_sum(float(EPSILON), 100_000, rng)
    assert not fast.sum(axis=1).any()
    assert fast.var() == pytest.approx(noise_of(1, CELLS).variance, rel=0.02)


def test_the_computed_variance_equals_that_of_drawn_noise() -> None:
    rng = Random(2)
    drawn = np.array([zero_sum_noise(CELLS, EPSILON, rng) for _ in range(4000)])
    assert drawn.var() == pytest.approx(noise_of(1, CELLS).variance, rel=0.06)
    weights = [0.4, 0.4, -0.6, -0.6, -0.6]
    assert (drawn[:, :SCALE] @ weights).var() == pytest.approx(noise_of(1, CELLS).of_sum(weights), rel=0.08)
    assert noise_of(3, CELLS).variance == pytest.approx(3 * noise_of(1, CELLS).variance)


@given(counts, st.data())
def test_without_noise_the_intervals_equal_those_of_exact_rounds(
    answers: list[int], data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(answers) - 1), min_size=1))
    ours, theirs = (
        share_interval(answers, chosen, NONE),
        statistics.share_interval(sum(answers[option] for option in chosen), sum(answers), 0),
    )
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    for one, other in zip(distribution_intervals(answers, NONE), goodman(answers), strict=True):
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-9)


@given(counts, st.data(), st.integers(1, 20))
def test_noise_only_widens_an_interval(answers: list[int], data: st.DataObject, batches: int) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(answers) - 1), min_size=1))
    exact, noisy = (share_interval(answers, chosen, noise_of(number, CELLS)) for number in (0, batches))
    share = sum(answers[option] for option in chosen) / sum(answers)
    assert 0 <= noisy.low <= exact.low + 1e-9
    assert exact.high - 1e-9 <= noisy.high <= 1
    assert noisy.low <= share <= noisy.high


@given(st.lists(st.integers(5, 40), min_size=3, max_size=6), st.data(), st.integers(0, 6))
def test_an_interval_holds_every_share_that_the_score_test_accepts(
    answers: list[int], data: st.DataObject, batches: int
) -> None:
    chosen = data.draw(st.sets(st.integers(0, len(answers) - 1), min_size=1, max_size=len(answers) - 1))
    noise, n, count = noise_of(batches, CELLS), sum(answers), sum(answers[option] for option in chosen)
    interval = share_interval(answers, chosen, noise)
    for end in {interval.low, interval.high} - {0.0, 1.0}:
        part = NoisyPlaceCount(count, n, len(chosen), len(answers), noise)
        assert abs(count - end * n) >= 1.959964 * sqrt(part.variance(end)) * (1 - 1e-4)


def coverage(tables: Tables, noise: Noise, share: float) -> float:
    """How often the interval of the agreeing share holds the true one. A table without an answer on the scale
    has none."""
    intervals = [share_interval(row, AGREE, noise) for row in tables[:, :SCALE].tolist() if any(row)]
    return sum(one.low <= share <= one.high for one in intervals) / len(intervals)


@pytest.mark.parametrize("profile", [BALANCED, SKEWED], ids=["balanced", "skewed"])
@pytest.mark.parametrize("n", LIVE)
@pytest.mark.parametrize("is_live", [False, True], ids=["at closing", "live"])
@pytest.mark.parametrize("epsilon", [EPSILON, STRONG_EPSILON], ids=["protected", "strong"])
def test_the_interval_covers_the_true_share_in_93_percent_of_rounds(
    profile: Sequence[float], n: int, is_live: bool, epsilon: Fraction
) -> None:
    batches = LIVE[n] if is_live else (n,)
    tables = published(batches, profile, 4000, seed=n, epsilon=epsilon)
    true = sum(profile[option] for option in AGREE) / sum(profile[:SCALE])
    assert coverage(tables, noise_of(len(batches), CELLS, epsilon), true) >= 0.93


@pytest.mark.parametrize("n", [20, 60])
def test_the_interval_of_a_protected_round_covers_too_seldom_in_a_strongly_protected_one(n: int) -> None:
    """The control."""
    tables = published((n,), BALANCED, 4000, seed=n, epsilon=STRONG_EPSILON)
    true = sum(BALANCED[option] for option in AGREE) / sum(BALANCED[:SCALE])
    assert coverage(tables, noise_of(1, CELLS), true) < 0.93


EXTREME = {
    "an option of several that nobody chose": ((1, 0), 2, (1,), EPSILON * OPTION_SHARE),
    "an option of several that one of 50 chose": ((0.98, 0.02), 2, (1,), EPSILON * OPTION_SHARE),
    "an option of several that nearly all chose": ((0.02, 0.98), 2, (1,), EPSILON * OPTION_SHARE),
    "0 to 10, none at the top": ((*[0.1] * 9, 0, 0, 0.1, 0, 0), 11, (9, 10), EPSILON),
    "0 to 10, most at the top": ((*[0] * 8, 0.1, 0.4, 0.5, 0, 0, 0), 11, (9, 10), EPSILON),
    "0 to 10, 98 % at the top two": ((*[0.02 / 9] * 9, 0.49, 0.49, 0, 0, 0), 11, (9, 10), EPSILON),
    "one of five, none agree": ((0.4, 0.3, 0.24, 0, 0, 0.02, 0.02, 0.02), 5, (3, 4), EPSILON),
    "one of five, 80 % at the top": ((0.06, 0.06, 0.08, 0, 0.8, 0, 0, 0), 5, (3, 4), EPSILON),
    "one of five, 80 % at the last but one": ((0.06, 0.06, 0.08, 0.8, 0, 0, 0, 0), 5, (3, 4), EPSILON),
    "yes or no, 90 % yes": ((0.1, 0.9, 0, 0, 0), 2, (1,), EPSILON),
    "0 to 10, 10 % at the top two": ((0.9, *[0] * 8, 0.05, 0.05, 0, 0, 0), 11, (9, 10), EPSILON),
}
"""Profile, options of the scale, those of the share, epsilon: tables in which many cells are empty."""


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("n", LIVE)
def test_the_interval_covers_an_extreme_share_in_93_percent_of_rounds(name: str, n: int) -> None:
    """Over many batches, the bias of tables that are made non-negative is more than chance."""
    profile, scale, chosen, epsilon = EXTREME[name]
    true = sum(profile[option] for option in chosen) / sum(profile[:scale])
    noise = noise_of(len(LIVE[n]), len(profile), epsilon)
    rows = published(LIVE[n], profile, 1500, seed=n, epsilon=epsilon).tolist()
    intervals = [share_interval(row[:scale], chosen, noise, row[scale:]) for row in rows]
    covered = sum(one.low <= true <= one.high for one in intervals)
    assert covered >= 0.93 * len(rows)
    if n == max(LIVE):
        without_bias = sum(accepts(true, row[:scale], chosen, noise) for row in rows)
        assert without_bias < covered - 0.03 * len(rows), "the control: the score test alone covers less"


def accepts(share: float, counts: Sequence[int], chosen: Sequence[int], noise: Noise) -> bool:
    """Whether the score test accepts a share."""
    count, n = sum(counts[option] for option in chosen), sum(counts)
    variance = NoisyPlaceCount(count, n, len(chosen), len(counts), noise).variance(share)
    return abs(count - share * n) <= 1.959964 * sqrt(variance)


@pytest.mark.parametrize("profile", [BALANCED, SKEWED], ids=["balanced", "skewed"])
def test_an_interval_that_ignores_noise_covers_too_seldom_at_20_guests(profile: Sequence[float]) -> None:
    """The control: what was published before there was noise."""
    true = sum(profile[option] for option in AGREE) / sum(profile[:SCALE])
    assert coverage(published((20,), profile, 4000, seed=20), NONE, true) < 0.90


def test_simultaneous_intervals_cover_all_options_in_93_percent_of_rounds() -> None:
    tables, true = (
        published((20,), BALANCED, 3000, seed=4),
        np.array(BALANCED[:SCALE]) / sum(BALANCED[:SCALE]),
    )
    noise = noise_of(1, CELLS)
    held = [
        all(one.low <= share <= one.high for one, share in zip(intervals, true, strict=True))
        for intervals in (distribution_intervals(row, noise) for row in tables[:, :SCALE].tolist())
    ]
    assert sum(held) / len(held) >= 0.93


@pytest.mark.parametrize(
    ("batches", "largest", "epsilon"),
    [
        *((0, 0, EPSILON), (1, 2, EPSILON), (2, 3, EPSILON), (4, 5, EPSILON), (15, 9, EPSILON)),
        *((1, 5, STRONG_EPSILON), (4, 10, STRONG_EPSILON)),
    ],
)
def test_largest_by_noise_is_the_smallest_count_that_noise_alone_seldom_exceeds(
    batches: int, largest: int, epsilon: Fraction
) -> None:
    assert largest_by_noise(noise_of(batches, CELLS, epsilon)) == largest
    rng = np.random.default_rng(5)
    nobody = sum((zero_sum(float(epsilon), 20_000, rng)[:, 0] for _ in range(batches)), np.zeros(20_000))
    assert (nobody > largest).mean() <= 0.06
    assert batches == 0 or (nobody >= largest).mean() > 0.05


@pytest.mark.parametrize(
    ("batches", "error", "epsilon"),
    [
        *((0, 0, EPSILON), (1, 3, EPSILON), (2, 4, EPSILON), (4, 6, EPSILON), (15, 11, EPSILON)),
        *((1, 6, STRONG_EPSILON), (4, 12, STRONG_EPSILON)),
    ],
)
def test_the_error_of_a_count_is_within_usual_error_in_94_percent_of_cases(
    batches: int, error: int, epsilon: Fraction
) -> None:
    assert usual_error(noise_of(batches, CELLS, epsilon)) == error
    rng = np.random.default_rng(6)
    off = sum((zero_sum(float(epsilon), 20_000, rng)[:, 0] for _ in range(batches)), np.zeros(20_000))
    assert (abs(off) <= error).mean() >= 0.94


def trend(table: Sequence[Sequence[int]], withheld: Sequence[int], noises: Sequence[Noise]) -> Trend:
    """The trend of the agreeing share, or of the highest option of a shorter scale, at one unit."""
    agree = [option for option in range(len(table[0])) if option >= len(table[0]) - (1 + (len(table[0]) > 3))]
    return statistics.trend([noisy_stratum(table, withheld, agree, noises)])


def claims(tables: Sequence[Tables], noise: Noise) -> float:
    """How often a change is claimed over rounds whose tables are the arrays, row by row."""
    rounds = [[table[row, :SCALE].tolist() for table in tables] for row in range(len(tables[0]))]
    trends = [trend(one, [0] * len(one), [noise] * len(one)) for one in rounds]
    return sum(one is not Trend.CHANCE for one in trends) / len(trends)


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize("rounds", [2, 4])
@pytest.mark.parametrize("epsilon", [EPSILON, STRONG_EPSILON], ids=["protected", "strong"])
def test_chance_and_noise_cause_a_claimed_change_in_5_percent_of_cases_at_most_up_to_sampling_error(
    n: int, rounds: int, epsilon: Fraction
) -> None:
    for profile in (BALANCED, SKEWED):
        tables = [
            published((n,), profile, 4000, seed=10 * n + number, epsilon=epsilon) for number in range(rounds)
        ]
        assert claims(tables, noise_of(1, CELLS, epsilon)) <= CLAIMS_BY_CHANCE


def test_a_trend_test_that_ignores_noise_claims_changes_caused_by_noise() -> None:
    """The control."""
    tables = [published(LIVE[20], SKEWED, 1500, seed=30 + number) for number in range(2)]
    assert claims(tables, NONE) > 0.08
    assert claims(tables, noise_of(2, CELLS)) <= CLAIMS_BY_CHANCE


ELEVEN = (*[0.004] * 8, 0.03, 0.1, 0.78, 0.02, 0.02, 0.018)
"""Shares of the answers 0 to 10 and of the kinds of no answer: nearly everybody is at one end."""


def claimed_moves(
    profile: Sequence[float], scale: int, chosen: Sequence[int], moves: Sequence[Sequence[int]], places: int
) -> tuple[float, float]:
    """How often a change is claimed between rounds of the same shares, each with batches of those sizes at
    each of several places: (by the product, by the published counts alone)."""
    tries = 250
    drawn = [published(batches, profile, tries * places, seed=7 + at) for at, batches in enumerate(moves)]
    noises = [noise_of(len(batches), len(profile)) for batches in moves]
    together = alone = 0
    for first in range(0, tries * places, places):
        strata, unbiased = [], []
        for row in range(first, first + places):
            tables = [(table[row, :scale].tolist(), table[row, scale:].tolist()) for table in drawn]
            strata.append(noisy_stratum([counts for counts, _ in tables], [0, 0], chosen, noises))
            without = [
                whole_without_bias(counts, outside, noise)
                for (counts, outside), noise in zip(tables, noises, strict=True)
            ]
            unbiased.append(noisy_stratum(without, [0, 0], chosen, noises))
        alone += statistics.trend(strata) is not Trend.CHANCE
        together += agreed_trend(strata, unbiased) is not Trend.CHANCE
    return together / tries, alone / tries


MOVES = {
    "0 to 10, one place": (ELEVEN, 11, (9, 10), 1),
    "80 % at one of five, six places": (EXTREME["one of five, 80 % at the top"][0], 5, (3, 4), 6),
    "10 % at the top two of 0 to 10, six places": (
        EXTREME["0 to 10, 10 % at the top two"][0],
        11,
        (9, 10),
        6,
    ),
}
"""Shares, options of the scale, those that agree, and the number of places."""


@pytest.mark.parametrize("name", MOVES)
def test_a_change_from_figures_at_closing_to_live_ones_is_not_claimed_for_its_bias(name: str) -> None:
    """Fifteen batches that are each made non-negative show too many answers at the empty end. The control is
    the verdict of the published counts alone."""
    profile, scale, chosen, places = MOVES[name]
    by_product, by_published = claimed_moves(profile, scale, chosen, ((350,), LIVE[350]), places)
    assert by_product <= MOST_MOVES
    assert by_published > MOST_MOVES, "the control"


@pytest.mark.parametrize("epsilon", [Fraction(1, 20), EPSILON, Fraction(9999)])
@pytest.mark.parametrize("cells", [2, 8, 14])
def test_counts_without_bias_add_up_to_the_ballots_whatever_the_noise(epsilon: Fraction, cells: int) -> None:
    for batches in (1, 40):
        noise = noise_of(batches, cells, epsilon)
        for counts in ([40] + [0] * (cells - 1), [1] * cells, [200, 100] + [3] * (cells - 2)):
            assert sum(without_bias(counts, (), noise)) == pytest.approx(sum(counts), abs=0.01 * batches)
            assert 0 <= share_without_bias(counts, (), (1,), noise) <= 1
    assert without_bias([0] * cells, (), noise_of(1, cells, epsilon)) == (0,) * cells


def test_a_change_from_balanced_to_skewed_is_detected_despite_noise() -> None:
    tables = [published((60,), profile, 500, seed=50) for profile in (BALANCED, SKEWED)]
    assert claims(tables, noise_of(1, CELLS)) > 0.95


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=4), st.data())
def test_without_noise_the_trend_equals_that_of_exact_rounds(
    table: list[list[int]], data: st.DataObject
) -> None:
    withheld = data.draw(st.lists(st.integers(0, 2), min_size=len(table), max_size=len(table)))
    binary = [[row[0] + row[1], row[2]] for row in table]
    exact = statistics.trend([Stratum(binary, withheld)])
    assert trend(table, withheld, [NONE] * len(table)) is exact


@given(
    st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4), st.integers(1, 9)
)
def test_noise_only_weakens_a_claim(table: list[list[int]], batches: int) -> None:
    claimed = trend(table, [0] * len(table), [noise_of(batches, CELLS)] * len(table))
    assert claimed in {Trend.CHANCE, trend(table, [0] * len(table), [NONE] * len(table))}


def part(row: Sequence[int], noise: Noise) -> NoisyPlaceCount:
    return NoisyPlaceCount(sum(row[option] for option in AGREE), sum(row[:SCALE]), len(AGREE), SCALE, noise)


def places_that_differ(n: int, noise: Noise, profile: Sequence[float], places: int = 6) -> float:
    """How often the extremes of places that are all alike are told apart."""
    tables = [published((n,), profile, 1000, seed=100 + place) for place in range(places)]
    differences = 0
    for rows in zip(*(table.tolist() for table in tables), strict=True):
        parts = sorted((part(row, noise) for row in rows), key=lambda one: one.count / one.n)
        differences += differ(parts[-1], parts[0], places)
    return differences / len(tables[0])


@pytest.mark.parametrize(("n", "profile"), list(product([20, 60], [BALANCED, SKEWED])))
def test_chance_and_noise_cause_a_claimed_difference_in_5_percent_of_cases_at_most(
    n: int, profile: Sequence[float]
) -> None:
    assert places_that_differ(n, noise_of(1, CELLS), profile) <= 0.05


def test_a_comparison_of_places_that_ignores_noise_claims_differences_caused_by_noise() -> None:
    """The control."""
    assert places_that_differ(20, NONE, BALANCED) > 0.10


def test_places_with_opposite_answers_differ_despite_noise_and_similar_ones_do_not() -> None:
    noise = noise_of(1, CELLS)
    assert differ(NoisyPlaceCount(54, 54, 2, SCALE, noise), NoisyPlaceCount(0, 54, 2, SCALE, noise), places=5)
    assert not differ(
        NoisyPlaceCount(12, 20, 2, SCALE, noise), NoisyPlaceCount(9, 20, 2, SCALE, noise), places=2
    )


def test_the_computed_variance_of_a_table_of_those_asked_is_near_that_of_drawn_noise() -> None:
    """The public sums of the two batches have a variance of 9 each."""
    rng, drawn, epsilon = Random(4), [], Fraction(1, 5)
    for _ in range(400):
        tables = [protect_part((500,) * 3, 1500 + rng.choice((-1, 1)) * 3, rng, epsilon) for _ in range(2)]
        drawn.append([sum(cells) - 1000 for cells in zip(*tables, strict=True)])
    assert np.mean(np.square(drawn)) == pytest.approx(noise_of_part(2, 3, epsilon, 18).variance, rel=0.2)
