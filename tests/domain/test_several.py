"""Questions of which a guest may choose several options: the ballot, its tables, and what a row shows."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from kiosk.domain.ballot import Answer, Ballot, BallotError, NoAnswer, pack, read_ballot, unpack
from kiosk.domain.noise import EPSILON
from kiosk.domain.results import Row
from kiosk.domain.survey import (
    MOST_SEVERAL,
    NONE_OF_THESE,
    SEVERAL_HINT,
    Column,
    Pictures,
    Scale,
    Statement,
    Survey,
    cost_of,
    survey_from_json,
)
from kiosk.domain.tally import Published, StatementTally, tally_batch, veiled
from tests.attack.several import certain_answers
from tests.tools.builders import a_round, tree

NEEDS = Scale("needs", ("Samtal", "Sömn", "Mat"), bipolar=False, pictures=Pictures.NONE, is_ordered=False)
AGREE = Scale("agree", ("Nej", "Ja"), bipolar=False)
SURVEY = Survey(
    "day", "Dag", "", "", False,
    (
        Statement("safe", "Jag är trygg", "Trygghet", AGREE),
        Statement("needs", "Vad behöver du?", "Behov", NEEDS, several=True),
    ),
    {},
)  # fmt: skip
SKIPPED, DONT_KNOW, PREFER_NOT = NoAnswer.SKIPPED, NoAnswer.DONT_KNOW, NoAnswer.PREFER_NOT


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (["3", "1"], (2, 2, 1, 2)),
        (["2", ""], (2, 1, 2, 1)),
        (["none", ""], (1, 1, 1, 1)),
        (["none", "2", "dont_know"], (2, 1, 2, 1)),
        (["none", "dont_know"], (1, 1, 1, 1)),
        (["dont_know"], (DONT_KNOW, 1, 1, 1)),
        (["prefer_not", ""], (PREFER_NOT, 1, 1, 1)),
        ([""], (SKIPPED, 1, 1, 1)),
        ([], (SKIPPED, 1, 1, 1)),
    ],
)
def test_a_ballot_has_one_answer_about_any_option_and_one_about_each(
    sent: list[str], answers: tuple[Answer, ...]
) -> None:
    ballot = read_ballot(SURVEY, {"safe": ["2"], "needs": sent})
    assert ballot == Ballot((2, *answers))
    assert unpack(pack([ballot]), len(SURVEY.columns)) == [ballot]


@pytest.mark.parametrize("sent", [["4"], ["0"], ["all"], ["dont_know", "prefer_not"], ["2", "5"]])
def test_unknown_values_and_two_kinds_of_no_answer_are_refused(sent: list[str]) -> None:
    with pytest.raises(BallotError):
        read_ballot(SURVEY, {"needs": sent})


def test_none_of_these_is_refused_for_a_statement_with_one_answer() -> None:
    with pytest.raises(BallotError):
        read_ballot(SURVEY, {"safe": ["none"]})


def test_all_tables_have_all_ballots_and_an_option_has_no_kinds_of_no_answer() -> None:
    forms = [["3", "1"]] * 3 + [["none"]] * 2 + [["dont_know"]] * 2 + [[""]]
    batch = [read_ballot(SURVEY, {"needs": sent}) for sent in forms]
    seen: list[tuple[str, int]] = []

    def publish(cells: Sequence[int], column: Column, before: StatementTally | None) -> Published:
        del before
        seen.append((column.id, len(cells)))
        return tuple(cells), 0

    tables = tally_batch(batch, SURVEY.columns, publish)
    assert {table.ballots for table in tables} == {len(batch)}
    assert [table.counts for table in tables[1:]] == [(2, 3), (5, 3), (8, 0), (5, 3)]
    assert tables[1].no_answer == (2, 0, 1)
    assert seen[1:] == [("needs", 5), ("needs/1", 2), ("needs/2", 2), ("needs/3", 2)]


def test_a_row_counts_who_chose_no_option_and_who_chose_each() -> None:
    forms = [["3", "1"]] * 3 + [["none"]] * 2 + [["dont_know"]] * 2 + [[""]]
    batch = [read_ballot(SURVEY, {"needs": sent}) for sent in forms]
    _, any_option, *options = tally_batch(batch, SURVEY.columns, lambda cells, *_: (tuple(cells), 0))
    statement = SURVEY.statements[1]
    row = Row(replace(a_round(tree("a")), survey=SURVEY), statement, any_option, None, options=tuple(options))
    assert row.counts == (2, 3, 0, 3)
    assert row.on_scale == len(batch)


def test_an_option_that_one_guest_chose_looks_like_one_that_nobody_chose() -> None:
    nobody, one = (
        tally_batch([read_ballot(SURVEY, {"needs": sent}) for sent in forms], SURVEY.columns, veiled)
        for forms in ([["1"]] * 3 + [["2"]] * 3, [["1"]] * 3 + [["2"]] * 2 + [["2", "3"]])
    )
    assert nobody == one


def test_no_answer_to_an_option_is_certain_from_all_tables_of_an_exact_batch() -> None:
    assert certain_answers(2, veiled)[0] == 0


def test_an_option_costs_half_the_epsilon_of_a_statement() -> None:
    of_round = replace(a_round(tree("frida")), survey=SURVEY)
    epsilons = [of_round.epsilon_of(column) for column in SURVEY.columns]
    assert epsilons == [EPSILON, EPSILON, *[Fraction(3, 4)] * 3]


def test_a_frozen_survey_keeps_that_several_may_be_chosen() -> None:
    assert survey_from_json(SURVEY.as_json()) == SURVEY
    [_, several] = SURVEY.statements
    assert survey_from_json(SURVEY.as_json()).statement("needs").several
    assert {SEVERAL_HINT, NONE_OF_THESE} <= set(SURVEY.messages)
    one = Statement("needs", several.text, several.outcome, NEEDS)
    assert Survey("day", "Dag", "", "", False, (SURVEY.statements[0], one), {}).version != SURVEY.version


@pytest.mark.parametrize(
    ("scale", "can"),
    [
        (NEEDS, True),
        (AGREE, False),
        (Scale("n", (NONE_OF_THESE, "Mat"), False, Pictures.NONE, is_ordered=False), False),
        (Scale("n", tuple(map(str, range(MOST_SEVERAL))), False, Pictures.NONE, is_ordered=False), True),
        (Scale("n", tuple(map(str, range(MOST_SEVERAL + 1))), False, Pictures.NONE, is_ordered=False), False),
    ],
)
def test_several_may_be_chosen_of_a_few_options_without_an_order(scale: Scale, can: bool) -> None:
    assert Statement("needs", "Vad?", "Behov", scale, several=True).can_be_asked == can


def test_a_whole_ballot_costs_the_epsilon_of_all_its_tables() -> None:
    of_round = replace(a_round(tree("frida")), survey=SURVEY)
    assert cost_of(SURVEY.statements) * EPSILON == sum(map(of_round.epsilon_of, SURVEY.columns))
