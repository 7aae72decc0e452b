"""Which figures a count can give: every one it does give, and none with the veil lifted."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.survey import Column
from kiosk.domain.tally import StatementTally, add, can_be_protected, can_be_published, tally_batch, veiled

OPTIONS: list[Answer] = [1, 2, 3, *NoAnswer]
COLUMNS = [Column("s", 3)]

ANSWERS = st.one_of(
    st.sampled_from(OPTIONS).flatmap(lambda one: st.lists(st.just(one), min_size=4, max_size=12)),
    st.lists(st.sampled_from(OPTIONS), min_size=4, max_size=12),
)
"""A batch's answers to one statement but one; often all alike, as the veil needs."""

BATCHES = st.lists(st.tuples(ANSWERS, st.sampled_from(OPTIONS)), min_size=1, max_size=6)


def published(batches: Sequence[tuple[list[Answer], Answer]]) -> StatementTally:
    tallies = [
        tally_batch([Ballot((one,)) for one in [*most, last]], COLUMNS, veiled) for most, last in batches
    ]
    [table] = add(tallies)
    return table


@given(BATCHES)
def test_figures_from_a_count_are_accepted(batches: list[tuple[list[Answer], Answer]]) -> None:
    assert can_be_published(published(batches), 5)


def table(*counts: int, no_answer: tuple[int, ...] = (0, 0, 0), withheld: int = 0) -> StatementTally:
    return StatementTally(counts, no_answer, withheld)


@pytest.mark.parametrize(
    "impossible",
    [
        table(2, 1, 1),
        table(-1, 4, 4),
        table(4, 4, 4, withheld=-1),
        table(10, 0, 0),
        table(9, 1, 0),
        table(0, 0, 0, no_answer=(0, 9, 1)),
        table(3, 3, 3, withheld=1),
        table(7, 1, 0, withheld=1),
        table(4, 4, 1, withheld=2),
        table(10, 0, 0, withheld=5),
    ],
)
def test_figures_that_no_count_produces_are_rejected(impossible: StatementTally) -> None:
    assert not can_be_published(impossible, 5)


@pytest.mark.parametrize(
    "possible",
    [
        table(4, 0, 0, withheld=1),
        table(4, 4, 0, withheld=2),
        table(8, 2, 0),
        table(8, 1, 1, no_answer=(1, 0, 0), withheld=1),
        table(0, 0, 0, no_answer=(9, 0, 0), withheld=1),
    ],
)
def test_figures_that_a_count_could_produce_are_accepted(possible: StatementTally) -> None:
    assert can_be_published(possible, 5)


@pytest.mark.parametrize("drawn", [table(10, 0, 0), table(9, 1, 0), table(0, 0, 0, no_answer=(0, 5, 0))])
def test_protected_figures_with_equal_answers_are_accepted(drawn: StatementTally) -> None:
    assert can_be_protected(drawn, 5)


@pytest.mark.parametrize(
    "impossible",
    [table(2, 1, 1), table(-1, 4, 4), table(4, 4, 4, withheld=1), table(4, 4, 4, withheld=-1)],
)
def test_figures_that_no_protected_count_produces_are_rejected(impossible: StatementTally) -> None:
    assert not can_be_protected(impossible, 5)
