"""Follow-ups: the ballot keeps its shape, and a follow-up's table tells nothing more about its statement."""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import cast

import pytest

from kiosk.domain.ballot import NOT_ASKED, Answer, Ballot, BallotError, NoAnswer, pack, read_ballot, unpack
from kiosk.domain.noise import EPSILON, FOLLOW_SHARE, protect_part
from kiosk.domain.results import Row, row
from kiosk.domain.rounds import Protection
from kiosk.domain.snapshot import Document
from kiosk.domain.survey import (
    FOLLOW_UP_HINT,
    NOT_CONCERNED,
    FollowUp,
    Pictures,
    Scale,
    Statement,
    Survey,
    cost_of,
    follows_one_before,
    survey_from_json,
)
from kiosk.domain.tally import (
    StatementTally,
    Tally,
    add,
    follows_table,
    of_those_asked,
    protected,
    statement_tally_from_json,
    tally_batch,
    veiled,
)
from tests.attack.follow_up import certain_answers, veil_of_its_own
from tests.tools.builders import a_round, tree

AGREE = Scale("agree", ("Nej", "Delvis", "Ja"), bipolar=False)
REASONS = Scale("why", ("Ljud", "Andra gäster"), False, Pictures.NONE, is_ordered=False)
SAFE = Statement("safe", "Jag är trygg", "Trygghet", AGREE)
WHY = Statement("why", "Varför inte?", "Trygghet", REASONS, follows=FollowUp("safe", (1, 2)))
SURVEY = Survey("day", "Dag", "", "", False, (SAFE, WHY), {})
SKIPPED = NoAnswer.SKIPPED


@pytest.mark.parametrize(
    ("safe", "why", "answers"),
    [
        (["1"], ["2"], (1, 2)),
        (["2"], ["1"], (2, 1)),
        (["3"], ["2"], (3, NOT_ASKED)),
        (["3"], ["0"], (3, NOT_ASKED)),
        (["1"], ["0"], (1, SKIPPED)),
        (["1"], [""], (1, SKIPPED)),
        (["1"], [], (1, SKIPPED)),
        (["1"], ["dont_know"], (1, NoAnswer.DONT_KNOW)),
        ([""], ["1"], (SKIPPED, NOT_ASKED)),
        (["dont_know"], [], (NoAnswer.DONT_KNOW, NOT_ASKED)),
        ([], [], (SKIPPED, NOT_ASKED)),
    ],
)
def test_a_follow_up_counts_after_the_answers_that_it_follows_only(
    safe: list[str], why: list[str], answers: tuple[Answer, ...]
) -> None:
    ballot = read_ballot(SURVEY, {"safe": safe, "why": why})
    assert ballot == Ballot(answers)
    assert len(pack([ballot])) == len(SURVEY.columns)
    assert unpack(pack([ballot]), len(SURVEY.columns)) == [ballot]


@pytest.mark.parametrize("sent", [{"why": ["3"]}, {"why": ["1", "2"]}, {"safe": ["0"]}])
def test_invalid_values_for_a_follow_up_or_its_statement_are_refused(sent: dict[str, list[str]]) -> None:
    with pytest.raises(BallotError):
        read_ballot(SURVEY, {"safe": ["3"], **sent})


def batch(*counts: tuple[int, Answer, Answer]) -> list[Ballot]:
    """Return ballots: (number, answer to the statement, answer to the follow-up) each."""
    return [Ballot((safe, why)) for number, safe, why in counts for _ in range(number)]


@pytest.mark.parametrize(
    ("ballots", "why"),
    [
        # Withheld with its statement, of which all or all but one gave an answer.
        (batch((7, 3, NOT_ASKED), (1, 1, 2)), StatementTally((0, 0), (0, 0, 0), 8, 0)),
        (batch((4, 1, 2), (4, 1, 1)), StatementTally((0, 0), (0, 0, 0), 8, 0)),
        # Of those asked all but one, or all, gave one reason.
        (batch((4, 3, NOT_ASKED), (3, 1, 2), (1, 1, 1)), StatementTally((0, 3), (0, 0, 0), 1, 4)),
        (batch((4, 3, NOT_ASKED), (4, 1, 2)), StatementTally((0, 3), (0, 0, 0), 1, 4)),
        # So few were asked that one published reason would tell both.
        (batch((6, 3, NOT_ASKED), (2, 1, SKIPPED)), StatementTally((0, 0), (0, 0, 0), 2, 6)),
        (batch((4, 3, NOT_ASKED), (2, 1, 2), (2, 2, 1)), StatementTally((2, 2), (0, 0, 0), 0, 4)),
    ],
)
def test_an_exact_round_withholds_a_follow_up_that_would_tell_an_answer(
    ballots: list[Ballot], why: StatementTally
) -> None:
    assert tally_batch(ballots, SURVEY.columns, veiled)[1] == why


def test_exact_tables_of_a_statement_and_its_follow_up_make_nothing_certain() -> None:
    assert certain_answers(veiled).is_nothing
    assert certain_answers(veil_of_its_own).more > 0


def noisy(ballots: Sequence[Ballot], seed: int) -> Tally:
    rng, of_round = Random(seed), replace(a_round(tree("frida")), survey=SURVEY)
    return tally_batch(
        ballots,
        SURVEY.columns,
        lambda cells, column, before: protected(cells, column, before, rng, of_round.epsilon_of(column)),
    )


def test_the_protected_table_of_the_statement_says_how_many_were_asked() -> None:
    ballots = batch((9, 3, NOT_ASKED), (4, 1, 2), (3, 2, 1), (2, SKIPPED, NOT_ASKED))
    sums = [noisy(ballots, seed) for seed in range(50)]
    for safe, why in [*sums, add(sums)]:
        assert why.not_asked == safe.ballots - safe.counts[0] - safe.counts[1]
        assert why.ballots == safe.ballots
        assert follows_table(why, SURVEY.columns[1], safe, 5, is_protected=True)
    assert len({why.not_asked for _, why in sums}) > 3, "the number has the statement's noise"


def test_noise_of_a_follow_up_is_centred_on_its_counts() -> None:
    rng = Random(5)
    tables = [protect_part((60, 40, 20), 120, rng, Fraction(1)) for _ in range(400)]
    assert all(sum(table) == 120 for table in tables)
    for cell, count in enumerate((60, 40, 20)):
        assert abs(sum(table[cell] for table in tables) / len(tables) - count) < 0.5
    assert protect_part((3, 1), 0, rng, Fraction(1)) == (0, 0)


def test_a_statement_and_its_follow_up_share_what_a_ballot_may_cost() -> None:
    of_round = replace(a_round(tree("frida")), survey=SURVEY)
    asked, why = (of_round.epsilon_of(column) for column in SURVEY.columns)
    assert asked + why / 2 == EPSILON, "whether a guest was asked costs as much as a statement alone"
    assert cost_of(SURVEY.statements) * EPSILON == asked + why


def test_a_frozen_survey_keeps_the_follow_up() -> None:
    assert survey_from_json(SURVEY.as_json()) == SURVEY
    assert {FOLLOW_UP_HINT, NOT_CONCERNED} <= set(SURVEY.messages)
    others = [replace(WHY, follows=None), replace(WHY, follows=FollowUp("safe", (1,)))]
    versions = {Survey("day", "Dag", "", "", False, (SAFE, why), {}).version for why in others}
    assert SURVEY.version not in versions
    assert len(versions) == 2


@pytest.mark.parametrize(
    "statements",
    [
        (WHY, SAFE),
        (SAFE, replace(SAFE, id="heard"), WHY),
        (SAFE, WHY, replace(WHY, id="more", follows=FollowUp("why", (1,)))),
        (SAFE, replace(WHY, follows=FollowUp("safe", (1, 2, 3)))),
        (SAFE, replace(WHY, follows=FollowUp("safe", ()))),
        (SAFE, replace(WHY, follows=FollowUp("safe", (4,)))),
    ],
)
def test_a_follow_up_is_after_some_answers_to_the_statement_before_it(
    statements: tuple[Statement, ...],
) -> None:
    assert not all(follows_one_before(statements, at) for at in range(len(statements)))
    assert all(follows_one_before(SURVEY.statements, at) for at in range(2))


def test_figures_of_a_follow_up_that_no_count_gives_are_rejected() -> None:
    safe, why = tally_batch(batch((5, 3, NOT_ASKED), (3, 1, 2), (3, 2, 1)), SURVEY.columns, veiled)
    column = SURVEY.columns[1]
    assert follows_table(why, column, safe, 5, is_protected=False)
    hidden = tally_batch(batch((7, 3, NOT_ASKED), (1, 1, 2)), SURVEY.columns, veiled)
    assert follows_table(hidden[1], column, hidden[0], 5, is_protected=False)
    assert not follows_table(replace(why, not_asked=4, withheld=1), column, safe, 5, is_protected=False)
    shown = StatementTally((0, 1), (0, 0, 0), 0, 7)
    assert not follows_table(shown, column, hidden[0], 5, is_protected=False)


def test_a_row_shows_the_withheld_answers_of_those_asked_only() -> None:
    of_round = replace(a_round(tree("frida")), survey=SURVEY, protection=Protection.EXACT)
    sums = add(
        [
            tally_batch(ballots, SURVEY.columns, veiled)
            for ballots in (
                batch((9, 3, NOT_ASKED), (1, 1, 2)),
                batch((4, 3, NOT_ASKED), (3, 1, 2), (3, 2, 1)),
            )
        ]
    )
    assert statement_tally_from_json(sums[1].as_json()) == sums[1]
    assert sums[1] == StatementTally((3, 3), (0, 0, 0), 10, 4)
    assert of_those_asked(sums[1], sums[0], SURVEY.columns[1]) == StatementTally((3, 3), (0, 0, 0), 1, 13)
    statements = {column.id: table.as_json() for column, table in zip(SURVEY.columns, sums, strict=True)}
    node = {"id": "frida", "parent": None, "answered": 20, "statements": statements}
    published = {"id": of_round.id, "state": "closed", "nodes": [node]}
    document = cast("Document", {"made_at": "", "demonstration": False, "rounds": [published]})
    shown = row(document, of_round, "frida", WHY)
    assert (shown.asked, shown.on_scale, shown.outside) == (7, 6, (0, 0, 0, 13, 1))
    assert shown.is_asked_at_most, "of the statement an answer is withheld"


def shares_outside(reasons: Sequence[float], batches: int, seed: int, *, knows_noise: bool = True) -> float:
    """Return the share of 150 protected rounds in which an interval of a follow-up's reasons leaves out its
    share. The rounds have `batches` of 60 ballots, half of which are asked."""
    rng = Random(seed)
    of_round = replace(a_round(tree("frida")), survey=SURVEY, protection=Protection.PROTECTED)
    outside = 0
    for _ in range(150):
        tables = []
        for _ in range(batches):
            asked = rng.choices((1, 2), reasons, k=sum(rng.random() < 0.5 for _ in range(60)))
            ballots = [Ballot((rng.choice((1, 2)), why)) for why in asked]
            ballots += [Ballot((3, NOT_ASKED))] * (60 - len(asked))
            tables.append(noisy(ballots, rng.randrange(10**9)))
        drawn = Row(of_round, WHY, add(tables)[1], None, batches=batches if knows_noise else 0)
        intervals = drawn.intervals[::-1]
        outside += any(
            one is not None and not one.low <= share <= one.high
            for one, share in zip(intervals, reasons, strict=True)
        )
    return outside / 150


@pytest.mark.slow
@pytest.mark.parametrize(("reasons", "batches"), [((0.6, 0.4), 1), ((0.9, 0.1), 3)])
def test_intervals_of_reasons_hold_the_share_as_often_as_they_say(
    reasons: tuple[float, float], batches: int
) -> None:
    assert shares_outside(reasons, batches, 11) <= 0.08
    assert shares_outside(reasons, batches, 11, knows_noise=False) > 0.08, "control: intervals without noise"


@pytest.mark.parametrize(
    ("asked", "others", "seen", "unseen"),
    [(1, 0, 1.0, 1.0), (1, 0.5, 0.947, 1.0), (2 / 3, 1 / 3, 0.947, 0.947)],
    ids=["those asked", "and half of the others", "by lot"],
)
def test_a_step_that_not_all_guests_have_tells_more_than_the_promise(
    asked: float, others: float, seen: float, unseen: float
) -> None:
    """The table of docs/anonymity.md: the noise alone leaves a follow-up no room for such a step."""
    assert round(belief(1, 1), 3) == 0.9
    assert round(belief(asked, others), 3) == seen
    assert round(belief(1 - others, 1 - asked), 3) == unseen


def belief(with_it: float, without: float) -> float:
    """Return how sure a person is of whether a guest gave an answer that is followed, who held it for 2 to 1,
    read the figures of a protected round, and saw what guests show with these probabilities."""
    spent = EPSILON * FOLLOW_SHARE * Fraction(3, 2)  # by the statement, and half as much by its follow-up
    return 2 * math.exp(spent) * with_it / (2 * math.exp(spent) * with_it + without)
