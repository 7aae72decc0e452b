"""How many answers a place needs: as many as the results themselves need, and more where noise is larger."""

from dataclasses import replace

import pytest

from kiosk.domain.noise import EPSILON
from kiosk.domain.noisy_statistics import noise_of, share_interval
from kiosk.domain.precision import USEFUL, answers_needed, costs_precision
from kiosk.domain.survey import FollowUp, Pictures, Scale, Statement

FIVE = Scale("five", ("1", "2", "3", "4", "5"), bipolar=False)
REASONS = Scale("why", ("a", "b", "c", "d"), bipolar=False, pictures=Pictures.NONE, is_ordered=False)
SAFE = Statement("safe", "Safe?", "Safety", FIVE)
WHY = Statement("why", "Why?", "Safety", REASONS, follows=FollowUp("safe", (1, 2)))
NEEDS = Statement("needs", "What?", "Needs", REASONS, several=True)


def test_a_usual_statement_needs_as_many_answers_as_its_interval_says() -> None:
    needed = answers_needed([SAFE], 0)
    noise = noise_of(1, len(FIVE.labels) + 3, EPSILON)

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
