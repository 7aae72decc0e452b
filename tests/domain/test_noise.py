"""Noise has exactly the chances it says, keeps a table's size, and makes no answer provable."""

import ast
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import exp, floor, fsum, log
from pathlib import Path
from random import Random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import chdtrc

from kiosk.domain import noise
from kiosk.domain.noise import (
    EPSILON,
    FOLLOW_SHARE,
    OPTION_SHARE,
    STRONG_EPSILON,
    geometric_noise,
    nearest_table,
    protect,
    protect_part,
    zero_sum_noise,
)

DRAWS = 20_000
CAUGHT = 1e-6
RATES = (Fraction(3, 4), Fraction(1, 2), Fraction(3, 2), Fraction(5, 2))

tables = st.lists(st.integers(0, 12), min_size=1, max_size=8)
noisy_tables = st.lists(st.integers(-9, 15), min_size=1, max_size=6).filter(lambda cells: sum(cells) >= 0)


def p_value(drawn: Counter[object], chances: dict[object, float]) -> float:
    """Of Pearson's test; values with an expected number under 5 are taken together."""
    n = sum(drawn.values())
    common = [value for value, chance in chances.items() if n * chance >= 5]
    observed = [drawn[value] for value in common]
    expected = [n * chances[value] for value in common]
    pairs = zip([*observed, n - sum(observed)], [*expected, n - fsum(expected)], strict=True)
    return float(chdtrc(len(common), fsum((seen - mean) ** 2 / mean for seen, mean in pairs)))


def geometric_chances(rate: float) -> dict[object, float]:
    ratio = exp(-rate)
    return {z: (1 - ratio) / (1 + ratio) * ratio ** abs(z) for z in range(-60, 61)}


@pytest.mark.parametrize("rate", RATES)
def test_noise_of_one_cell_has_the_geometric_distribution(rate: Fraction) -> None:
    rng = Random(1)
    drawn = Counter[object](geometric_noise(rate, rng) for _ in range(DRAWS))
    assert p_value(drawn, geometric_chances(float(rate))) > 0.001


def zero_drawn_twice_as_often(rate: float, rng: Random) -> int:
    """The leak of a sign drawn for 0 too."""
    size = floor(log(1 - rng.random()) / -rate)
    return size if rng.random() < 0.5 else -size


def rounded_laplace(rate: float, rng: Random) -> int:
    """Floating-point noise, rounded: its chances are not geometric, whatever its low bits are."""
    return round(rng.expovariate(rate) - rng.expovariate(rate))


def a_little_too_wide(rate: float, rng: Random) -> int:
    return geometric_noise(Fraction(rate) * Fraction(19, 20), rng)


@pytest.mark.parametrize("leak", [zero_drawn_twice_as_often, rounded_laplace, a_little_too_wide])
def test_the_distribution_check_catches_other_noise(leak: Callable[[float, Random], int]) -> None:
    rng = Random(1)
    drawn = Counter[object](leak(0.75, rng) for _ in range(3 * DRAWS))
    assert p_value(drawn, geometric_chances(0.75)) < CAUGHT


def zero_sum_chances(rate: float) -> dict[object, float]:
    """Of three cells: proportional to e^(-rate * sum|z|) where the cells add up to 0."""
    weights = {
        (a, b, -a - b): exp(-rate * (abs(a) + abs(b) + abs(a + b)))
        for a, b in product(range(-40, 41), repeat=2)
    }
    total = fsum(weights.values())
    return {z: weight / total for z, weight in weights.items()}


def test_noise_of_a_table_has_the_distribution_that_the_privacy_bound_assumes() -> None:
    rng = Random(2)
    drawn = Counter[object](zero_sum_noise(3, EPSILON, rng) for _ in range(DRAWS))
    assert p_value(drawn, zero_sum_chances(float(EPSILON) / 2)) > 0.001


def last_cell_makes_up_for_the_others(cells: int, epsilon: Fraction, rng: Random) -> tuple[int, ...]:
    """The leak of a last cell that is accepted whatever it is."""
    drawn = [geometric_noise(epsilon / 2, rng) for _ in range(cells - 1)]
    return (*drawn, -sum(drawn))


def test_the_distribution_check_catches_a_last_cell_that_is_always_accepted() -> None:
    rng = Random(2)
    drawn = Counter[object](last_cell_makes_up_for_the_others(3, EPSILON, rng) for _ in range(DRAWS))
    assert p_value(drawn, zero_sum_chances(float(EPSILON) / 2)) < CAUGHT


def chances_of_a_part(rate: float) -> dict[object, float]:
    """Of the noise in the first of two cells: half the difference of two geometric values, rounded up or down
    with the same chance, because the cells keep their public sum."""
    of_one = geometric_chances(rate)
    chances: dict[object, float] = defaultdict(float)
    for (one, p), (other, q) in product(of_one.items(), repeat=2):
        twice = cast(int, one) - cast(int, other)
        for rounded in (twice // 2, -(-twice // 2)):
            chances[rounded] += p * q / 2
    return chances


def test_each_cell_of_a_table_of_those_asked_has_half_the_epsilon() -> None:
    """A ballot that enters the table changes one cell, and one that moves changes two."""
    drawn, chances = of_parts(EPSILON), chances_of_a_part(float(EPSILON) / 2)
    assert p_value(drawn, chances) > 0.001
    # Control: each cell has the whole epsilon.
    assert p_value(of_parts(2 * EPSILON), chances) < CAUGHT


def of_parts(epsilon: Fraction) -> Counter[object]:
    rng = Random(3)
    return Counter[object](protect_part((99, 99), 198, rng, epsilon)[0] - 99 for _ in range(DRAWS // 4))


@given(tables, st.integers(0, 40))
def test_a_protected_table_of_those_asked_sums_to_their_published_number(
    counts: list[int], asked: int
) -> None:
    published = protect_part(counts, asked, secrets.SystemRandom())
    assert sum(published) == asked
    assert min(published) >= 0
    assert len(published) == len(counts)


def test_an_option_and_a_follow_up_have_the_parts_of_the_epsilon_that_are_promised() -> None:
    assert [EPSILON * share for share in (OPTION_SHARE, FOLLOW_SHARE)] == [Fraction(3, 4), Fraction(1)]


def most_telling(chances: dict[object, float]) -> float:
    """How many times as likely a table of three cells can be for one answer as for another."""
    return max(
        chances[a, b, c] / chances[a - 1, b + 1, c]
        for a, b, c in product(range(-9, 10), repeat=3)
        if a + b + c == 0
    )


def test_an_insider_who_is_80_percent_sure_stays_under_90_percent_with_the_strong_epsilon() -> None:
    def belief(epsilon: Fraction) -> float:
        odds = 4 * most_telling(zero_sum_chances(float(epsilon) / 2))
        return odds / (1 + odds)

    assert belief(STRONG_EPSILON) < 0.9
    # Control: the usual epsilon.
    assert belief(EPSILON) > 0.94


def test_another_answer_makes_no_table_more_than_e_to_the_epsilon_times_as_likely() -> None:
    assert most_telling(zero_sum_chances(float(EPSILON) / 2)) == pytest.approx(exp(EPSILON))


@given(tables)
def test_a_protected_table_keeps_its_sum_and_has_no_negative_count(counts: list[int]) -> None:
    published = protect(counts, secrets.SystemRandom())
    assert sum(published) == sum(counts)
    assert min(published) >= 0
    assert len(published) == len(counts)


def test_two_protected_tables_of_the_same_answers_differ() -> None:
    rng = Random(3)
    assert len({protect((2, 3, 6, 5, 3, 0, 1, 0), rng) for _ in range(100)}) > 90


def all_tables(cells: int, total: int) -> list[tuple[int, ...]]:
    """Every table of that size."""
    if cells == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in all_tables(cells - 1, total - first)]


def distance(one: Sequence[int], other: Sequence[int]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


@given(st.lists(st.integers(-5, 7), min_size=1, max_size=4).filter(lambda cells: 0 <= sum(cells) <= 12))
def test_no_other_table_is_nearer_than_the_nearest_table(noisy: list[int]) -> None:
    nearest = min(distance(noisy, table) for table in all_tables(len(noisy), sum(noisy)))
    assert distance(noisy, nearest_table(noisy)) == nearest


@given(noisy_tables)
def test_the_nearest_table_keeps_the_sum_and_the_order_of_counts(noisy: list[int]) -> None:
    table = nearest_table(noisy)
    assert sum(table) == sum(noisy)
    assert min(table) >= 0
    for (one, shown), (other, shown_other) in product(zip(noisy, table, strict=True), repeat=2):
        assert one <= other or shown >= shown_other


@given(tables)
def test_a_valid_table_is_its_own_nearest_table(counts: list[int]) -> None:
    assert nearest_table(counts) == tuple(counts)


def test_among_equally_reduced_cells_the_smallest_count_is_reduced_next() -> None:
    assert nearest_table((-1, 4, 5, 0)) == (0, 3, 5, 0)
    assert nearest_table((-4, 1, 5, 5)) == (0, 0, 3, 4)


def test_a_negative_number_of_ballots_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 0"):
        nearest_table((-2, 1))


def floating_point(source: str) -> list[str]:
    """What in a program calculates with floating point, or may."""
    inexact = []
    for node in ast.walk(ast.parse(source)):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_call = isinstance(node, ast.Attribute) and node.attr in {
            "random",
            "uniform",
            "expovariate",
            "gauss",
        }
        is_import = isinstance(node, ast.Import | ast.ImportFrom) and "math" in ast.unparse(node)
        if is_float or is_call or is_import or (isinstance(node, ast.Name) and node.id == "float"):
            inexact.append(ast.unparse(node))
    return inexact


def test_noise_is_drawn_without_floating_point() -> None:
    assert not floating_point(Path(noise.__file__).read_text("utf-8"))


@pytest.mark.parametrize("line", ["x = 0.5", "rng.random()", "from math import exp", "float(x)"])
def test_the_check_catches_planted_floating_point(line: str) -> None:
    assert floating_point(line)


@pytest.mark.slow
def test_noise_has_the_same_distribution_as_that_of_opendp() -> None:
    """Skipped without OpenDP, which no installation needs: `make noise` installs it."""
    opendp = pytest.importorskip("opendp.prelude")
    from scipy.stats import chi2_contingency

    opendp.enable_features("contrib")
    theirs = opendp.m.make_geometric(
        opendp.atom_domain(T=int), opendp.absolute_distance(T=int), scale=float(2 / EPSILON)
    )
    drawn = [
        Counter(draw() for _ in range(DRAWS))
        for draw in (lambda: theirs(0), lambda: geometric_noise(EPSILON / 2, secrets.SystemRandom()))
    ]
    common = [value for value in range(-60, 61) if min(counter[value] for counter in drawn) >= 5]
    assert chi2_contingency([[counter[value] for value in common] for counter in drawn]).pvalue > 0.001
