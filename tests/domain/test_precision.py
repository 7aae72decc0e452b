"""How many answers a place needs: as many as the results themselves need, and more where noise is larger."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from kiosk.domain.box import draw_batch
from kiosk.domain.noise import EPSILON, STRONG_EPSILON
from kiosk.domain.noisy_statistics import noise_of, share_interval, usual_error
from kiosk.domain.precision import (
    USEFUL,
    answers_needed,
    costs_precision,
    expectation,
    most_batches,
    usual_price,
)
from kiosk.domain.survey import FollowUp, Pictures, Scale, Statement

FIVE = Scale("five", ("1", "2", "3", "4", "5"), bipolar=False)
REASONS = Scale("why", ("a", "b", "c", "d"), bipolar=False, pictures=Pictures.NONE, is_ordered=False)
SAFE = Statement("safe", "Safe?", "Safety", FIVE)
WHY = Statement("why", "Why?", "Safety", REASONS, follows=FollowUp("safe", (1, 2)))
NEEDS = Statement("needs", "What?", "Needs", REASONS, several=True)


@pytest.mark.parametrize("epsilon", [EPSILON, STRONG_EPSILON])
def test_a_usual_statement_needs_as_many_answers_as_its_interval_says(epsilon: Fraction) -> None:
    needed = answers_needed([SAFE], 0, epsilon)
    noise = noise_of(1, len(FIVE.labels) + 3, epsilon)

    def reach(answers: int) -> float:
        interval = share_interval((answers // 2, 0, 0, 0, answers - answers // 2), [4], noise)
        return (interval.high - interval.low) / 2

    assert reach(needed) <= USEFUL < reach(needed - 2)


def test_a_statement_with_a_follow_up_and_the_follow_up_need_more_answers() -> None:
    statements = [SAFE, WHY]
    usual = answers_needed([SAFE], 0)
    assert answers_needed(statements, 0) > usual
    assert answers_needed(statements, 1) > usual


@pytest.mark.parametrize("when", [(1,), (1, 2, 3, 4)])
def test_a_follow_up_after_more_answers_needs_no_fewer_of_those_asked(when: tuple[int, ...]) -> None:
    why = replace(WHY, follows=FollowUp("safe", when))
    assert answers_needed([SAFE, why], 1) >= answers_needed(
        [SAFE, replace(WHY, follows=FollowUp("safe", (1,)))], 1
    )


def test_the_number_of_options_of_several_does_not_change_the_answers_that_each_needs() -> None:
    fewer = replace(NEEDS, scale=replace(REASONS, labels=("a", "b")))
    assert answers_needed([NEEDS], 0) == answers_needed([fewer], 0)


def test_only_several_options_and_follow_ups_cost_precision() -> None:
    statements = [SAFE, replace(SAFE, id="heard"), replace(WHY, follows=FollowUp("heard", (1,))), NEEDS]
    assert [costs_precision(statements, at) for at in range(4)] == [False, True, True, True]


@pytest.mark.parametrize("epsilon", [EPSILON, STRONG_EPSILON])
@pytest.mark.parametrize("batches", [1, 4])
def test_the_expected_error_is_that_of_the_figures(epsilon: Fraction, batches: int) -> None:
    noise = noise_of(batches, len(FIVE.labels) + 3, epsilon)
    expected = expectation([SAFE], epsilon, 60, batches)
    interval = share_interval((30, 30, 0, 0, 0), [0], noise)
    assert expected.off == usual_error(noise)
    assert expected.reach == pytest.approx((interval.high - interval.low) / 2)


def test_the_expected_error_is_that_of_the_noisiest_statement() -> None:
    with_follow_up = [SAFE, WHY, NEEDS]
    assert (
        expectation(with_follow_up, EPSILON, 60, 1).reach > expectation([NEEDS, SAFE], EPSILON, 60, 1).reach
    )
    assert (
        expectation([SAFE, WHY], STRONG_EPSILON, 60, 1).off > expectation([SAFE], STRONG_EPSILON, 60, 1).off
    )


def test_the_usual_price_is_that_of_five_options() -> None:
    for epsilon in (EPSILON, STRONG_EPSILON):
        price = usual_price(epsilon)
        assert price.off == expectation([SAFE], epsilon, 20, 1).off
        assert 0 <= price.needed - answers_needed([SAFE], 0, epsilon) < 10
        assert price.needed % 10 == 0


@pytest.mark.parametrize(("answers", "k"), [(20, 5), (60, 5), (350, 5), (20, 8), (60, 8), (4, 5)])
def test_answers_are_counted_in_no_more_batches_than_expected(answers: int, k: int) -> None:
    """With the program's rule, and a count after each ballot or after each seven."""
    assert len(drawn_batches(answers, k, 1)) == most_batches(answers, k, is_live=True)
    assert len(drawn_batches(answers, k, 7)) <= most_batches(answers, k, is_live=True)
    assert most_batches(answers, k, is_live=False) == (answers >= k)


def drawn_batches(answers: int, k: int, between: int) -> Sequence[int]:
    """The sizes of the batches of one unit that is counted after each `between` ballots."""
    box, sizes, rng = list[int](), list[int](), Random(1)
    for ballot in range(answers):
        box.append(ballot)
        if (ballot + 1) % between == 0:
            batch, box = draw_batch(box, sum(sizes), k, rng)
            sizes += [len(batch)] if batch else []
    return [*sizes, len(box)] if len(box) >= k else sizes
