"""The trend over rounds compares each unit with itself, and agrees with independent implementations."""

from collections.abc import Sequence
from itertools import product
from math import erfc, sqrt

import numpy as np
import pytest

from kiosk.domain.statistics import Stratum, Trend, stratified_test, trend

Table = Sequence[Sequence[int]]

FRIDA = [[1, 39], [18, 142]]
DAGVERKSAMHETEN = [[120, 40], [34, 6]]
"""Fewer agree at both units, but FRIDA, where most agree, gives most answers in the second round."""

BERKELEY = [
    [[313, 512], [19, 89]],
    [[207, 353], [8, 17]],
    [[205, 120], [391, 202]],
    [[279, 138], [244, 131]],
    [[138, 53], [299, 94]],
    [[351, 22], [317, 24]],
]
"""R's UCBAdmissions: (rejected, admitted) of men and women in six departments (Bickel, Hammel, O'Connell
1975). `mantelhaen.test(UCBAdmissions, correct = FALSE)` of R prints X-squared = 1.5246, p-value = 0.2169."""


def exact(*tables: Table) -> list[Stratum]:
    return [Stratum(table, [0] * len(table)) for table in tables]


def test_a_growing_share_of_one_units_answers_is_not_taken_for_a_change() -> None:
    pooled = [
        [a + b for a, b in zip(*rows, strict=True)] for rows in zip(FRIDA, DAGVERKSAMHETEN, strict=True)
    ]
    assert trend(exact(pooled)) is Trend.UP, "the control: all answers together"
    assert trend(exact(FRIDA, DAGVERKSAMHETEN)) is Trend.DOWN


def test_the_p_for_the_berkeley_admissions_equals_that_of_r() -> None:
    total, p = stratified_test(exact(*BERKELEY))
    assert p == pytest.approx(0.2169, abs=5e-5)
    assert total > 0


@pytest.mark.slow
def test_with_two_rounds_the_test_equals_cochran_mantel_haenszel_in_statsmodels() -> None:
    from statsmodels.stats.contingency_tables import StratifiedTable

    rng = np.random.default_rng(1)
    for _ in range(200):
        tables = rng.integers(1, 40, size=(rng.integers(1, 6), 2, 2))
        theirs = StratifiedTable(list(tables)).test_null_odds(correction=False)
        _, p = stratified_test(exact(*tables.tolist()))
        assert p == pytest.approx(theirs.pvalue, abs=1e-12)


def mantel(tables: Sequence[Table]) -> float:
    """p of Mantel's extension (1963) in textbook form: the agreeing answers of each round times the round's
    score, with the hypergeometric mean and variance. The scores are the ridits of the rounds in the unit."""
    statistic = variance = 0.0
    for rows in tables:
        sizes = np.array([sum(row) for row in rows], float)
        agree = np.array([row[1] for row in rows], float)
        n, m = sizes.sum(), agree.sum()
        scores = (sizes.cumsum() - sizes / 2) / n
        mean = (sizes * scores).sum() / n
        statistic += (agree * scores).sum() - m * mean
        variance += m * (n - m) / (n * (n - 1)) * ((sizes * scores**2).sum() - n * mean**2)
    return erfc(abs(statistic) / sqrt(2 * variance))


def test_with_several_rounds_the_test_equals_mantels_extension() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        units, rounds = rng.integers(1, 5), rng.integers(2, 6)
        tables = rng.integers(1, 30, size=(units, rounds, 2)).tolist()
        assert stratified_test(exact(*tables))[1] == pytest.approx(mantel(tables), abs=1e-12)


def test_the_p_equals_that_of_a_permutation_test_within_units() -> None:
    """20,000 permutations: the standard error of a p of 0.05 is 0.0015."""
    rng = np.random.default_rng(3)
    tables = [[[14, 6], [9, 14], [10, 12]], [[5, 15], [2, 21], [2, 33]]]
    total, p = stratified_test(exact(*tables))
    as_large = np.zeros(20_000)
    for table in tables:
        rounds = np.repeat(np.arange(3), [sum(row) for row in table])
        agrees = np.concatenate([[0] * row[0] + [1] * row[1] for row in table])
        shuffled = rng.permuted(np.tile(agrees, (len(as_large), 1)), axis=1)
        before = [(rounds < at).sum() - (rounds > at).sum() for at in rounds]
        as_large += shuffled @ np.array(before) / len(rounds)
    assert 0.01 < p < 0.2
    assert (abs(as_large) >= abs(total) - 1e-9).mean() == pytest.approx(p, abs=0.012)


@pytest.mark.slow
@pytest.mark.parametrize(("rounds", "size"), [(2, 20), (4, 10)])
def test_chance_causes_a_claim_in_5_percent_of_cases_at_most_while_the_mix_of_units_changes(
    rounds: int, size: int
) -> None:
    """Two units where 30 and 90 of 100 agree, whatever the round; the second gives more answers each time."""
    rng, claims, careless = np.random.default_rng(4), 0, 0
    for _ in range(2000):
        tables = []
        for agree, sizes in (
            (0.3, range(rounds * size, 0, -size)),
            (0.9, range(size, rounds * size + 1, size)),
        ):
            counts = [int(rng.binomial(n, agree)) for n in sizes]
            tables.append([[n - count, count] for n, count in zip(sizes, counts, strict=True)])
        claims += trend(exact(*tables)) is not Trend.CHANCE
        pooled = [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]
        careless += trend(exact(pooled)) is not Trend.CHANCE
    assert claims / 2000 <= 0.065
    assert careless / 2000 > 0.4, "the control: all answers together"


def test_a_unit_with_answers_in_one_round_only_is_ignored() -> None:
    newcomer = [[0, 0], [0, 50]]
    assert not Stratum(newcomer, [0, 0]).has_two_rounds
    assert stratified_test(exact(FRIDA, newcomer)) == pytest.approx(stratified_test(exact(FRIDA)))


def test_no_value_of_withheld_answers_refutes_a_change_within_units() -> None:
    """A withheld answer may agree, disagree, or be outside the scale, at either unit."""
    tables, withheld = [[[9, 3], [3, 9]], [[12, 3], [6, 9]]], [[1, 0], [0, 1]]
    strata = [Stratum(*each) for each in zip(tables, withheld, strict=True)]
    assert trend(strata) is Trend.UP
    for first, second in product(range(3), repeat=2):
        world = [[list(row) for row in table] for table in tables]
        for unit, (at, option) in enumerate([(0, first), (1, second)]):
            if option < 2:
                world[unit][at][option] += 1
        assert trend(exact(*world)) is Trend.UP
    many = [Stratum(table, [4, 4]) for table in tables]
    assert trend(many) is Trend.CHANCE


def test_withheld_answers_of_two_rounds_may_differ_from_each_other_against_the_change() -> None:
    tables = [[[12, fewer], [more, 12]] for fewer, more in product(range(12), repeat=2)]
    risen = [table for table in tables if trend([Stratum(table, [4, 4])]) is Trend.UP]
    assert risen
    for (disagree, fewer), (more, agree) in risen:
        assert trend(exact([[disagree, fewer + 4], [more + 4, agree]])) is Trend.UP
