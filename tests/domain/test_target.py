"""A target is called reached or missed only where chance hardly explains the figures."""

from dataclasses import replace
from math import comb

import pytest

from kiosk.domain.results import Row
from kiosk.domain.survey import Good, Statement, survey_from_json
from kiosk.domain.tally import StatementTally
from kiosk.domain.target import TargetState, target_position, target_state
from tests.tools.builders import MONDAY, a_round, tree

MOST_WRONG = 0.08
"""Highest probability of a wrong claim: 1 minus the coverage of the sentences about shares."""

NUMBERS = (20, 22, 26, 40, 52, 78, 156, 400)
"""Numbers of answers; with most of them the probability of a wrong claim is near its highest."""


def row(agreeing: int, n: int, **terms: object) -> Row:
    """A closed exact round in which so many of n agree, the only option that counts being the highest."""
    of_round = a_round(tree("a", "b"), opens_at=MONDAY)
    statement = replace(of_round.survey.statements[0], agreeing=(5,), **terms)  # type: ignore[arg-type]
    return Row(of_round, statement, StatementTally((n - agreeing, 0, 0, 0, agreeing), (0, 0, 0), 0), None)


def probability(n: int, count: int, share: float) -> float:
    return comb(n, count) * share**count * (1 - share) ** (n - count)


def wrong_claims(n: int, percent: int, claim: TargetState, good: Good | None = None) -> float:
    """The probability of a claim when the true share equals the target, where either claim may be wrong."""
    states = [target_state(row(count, n, target=percent, good=good)) for count in range(n + 1)]
    return sum(probability(n, count, percent / 100) for count, state in enumerate(states) if state is claim)


@pytest.mark.slow
@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("claim", [TargetState.REACHED, TargetState.MISSED])
def test_a_wrong_claim_about_a_target_is_rare(n: int, claim: TargetState) -> None:
    targets = (1, 2, 8, 10, 50, 80, 90, 92, 98, 99)
    assert max(wrong_claims(n, percent, claim) for percent in targets) <= MOST_WRONG


def test_a_claim_from_the_share_alone_is_often_wrong() -> None:
    """The control: a claim without an interval is wrong in half of all rounds."""
    assert sum(probability(100, count, 0.8) for count in range(80, 101)) > 0.5


def test_a_low_target_is_reached_by_a_small_share() -> None:
    assert target_state(row(5, 100, target=20, good=Good.LOW)) is TargetState.REACHED
    assert target_state(row(40, 100, target=20, good=Good.LOW)) is TargetState.MISSED
    assert target_state(row(20, 100, target=20, good=Good.LOW)) is TargetState.UNCERTAIN


def test_a_running_round_and_one_with_few_answers_are_not_judged() -> None:
    assert target_state(replace(row(100, 100, target=80), is_closed=False)) is TargetState.UNCERTAIN
    assert target_state(row(19, 19, target=80)) is TargetState.UNCERTAIN
    assert target_state(row(0, 0, target=80)) is None
    assert target_state(row(100, 100)) is None


@pytest.mark.parametrize(
    ("agreeing", "place"), [((4, 5), 80.0), ((5,), 80.0), ((1, 2), 20.0), ((2, 3), None), ((1, 5), None)]
)
def test_the_line_stands_where_the_agreeing_answers_of_a_bar_would_end(
    agreeing: tuple[int, ...], place: float | None
) -> None:
    statement: Statement = row(1, 2, target=80).statement
    assert target_position(replace(statement, agreeing=agreeing)) == place
    assert target_position(replace(statement, agreeing=agreeing, target=None)) is None


def test_a_round_freezes_the_target() -> None:
    survey = a_round(tree("a", "b"), opens_at=MONDAY).survey
    first, *others = survey.statements
    targeted = replace(survey, statements=(replace(first, target=80), *others))
    assert survey_from_json(targeted.as_json()) == targeted
    assert survey_from_json(survey.as_json()) == survey
    assert targeted.version == survey.version
