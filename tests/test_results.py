"""What a reader is told of a distribution."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.intervals import Trend
from kiosk.results import Break, Row, Share, change, comparable, over_time, shares
from kiosk.rounds import Round
from kiosk.snapshot import RoundTally, make_snapshot
from kiosk.survey import Scale, Statement
from kiosk.tally import StatementTally
from kiosk.tree import Tree
from tests.builders import MONDAY, a_round, tree


def test_under_twenty_answers_only_counts_are_shown() -> None:
    assert shares((9, 10)) == (Share(9, None), Share(10, None))


def test_from_twenty_answers_percentages_stand_beside_the_counts() -> None:
    assert shares((0, 6, 4, 10)) == (Share(0, 0), Share(6, 30), Share(4, 20), Share(10, 50))


def a_row(counts: tuple[int, ...], withheld: int = 0) -> Row:
    of_round = a_round(tree("a"))
    return Row(of_round, of_round.survey.statements[0], StatementTally(counts, (0, 0, 0), withheld), None)


@pytest.mark.parametrize(
    ("counts", "agreeing"), [((1, 2, 3, 4, 5), 9), ((1, 2, 3, 4), 7), ((1, 2, 5), 5), ((30, 20), 20)]
)
def test_the_upper_options_agree_but_never_the_middle_or_the_whole(
    counts: tuple[int, ...], agreeing: int
) -> None:
    scale = Scale("s", tuple("abcde"[: len(counts)]), bipolar=False)
    row = a_row(counts)
    assert replace(row, statement=replace(row.statement, scale=scale)).agreeing == agreeing


def test_uncertainty_is_told_from_twenty_answers() -> None:
    assert a_row((1, 2, 3, 4, 9)).agreeing_interval is None
    assert a_row((1, 2, 3, 4, 9)).intervals == (None,) * 5
    sure = a_row((2, 3, 5, 4, 6)).agreeing_interval
    assert sure
    assert (round(10 * sure.low), round(10 * sure.high)) == (3, 7)
    unsure = a_row((2, 3, 5, 4, 6), withheld=4).agreeing_interval
    assert unsure
    assert unsure.low < sure.low < sure.high < unsure.high


def test_intervals_stand_beside_their_options_the_highest_first() -> None:
    row = a_row((0, 0, 0, 0, 30))
    highest, *_, lowest = row.intervals
    assert highest
    assert lowest
    assert highest.low > lowest.high


def test_change_needs_two_rounds_with_answers() -> None:
    many, few = a_row((0, 0, 0, 5, 25)), a_row((25, 5, 0, 0, 0))
    assert change([many]) is None
    assert change([replace(many, table=None, why="waiting"), many]) is None
    assert change([few, many]) is Trend.UP
    assert change([many, few]) is Trend.DOWN
    assert change([many, many]) is Trend.CHANCE


def quarters(*rounds: Round) -> list[Round]:
    return [
        replace(of_round, id=f"q{at}", opens_at=MONDAY + timedelta(days=91 * at))
        for at, of_round in enumerate(rounds)
    ]


def asking(first: Statement, units: Tree) -> Round:
    of_round = a_round(units)
    survey = replace(of_round.survey, statements=(first, *of_round.survey.statements[1:]))
    return replace(of_round, survey=survey)


SAME = a_round(tree("a", "b"))
FIRST = SAME.survey.statements[0]
REWORDED = asking(replace(FIRST, text="Other words"), tree("a", "b"))
RESCALED = asking(replace(FIRST, scale=Scale("yes", ("no", "yes"), bipolar=False)), tree("a", "b"))


@pytest.mark.parametrize(
    ("second", "node", "broken"),
    [
        (SAME, "a", ()),
        (REWORDED, "a", (Break.WORDING,)),
        (RESCALED, "a", (Break.SCALE,)),
        (a_round(tree("a", "c")), "root", (Break.PLACES,)),
        (a_round(tree("a", "c")), "a", ()),
    ],
)
def test_what_changed_between_two_rounds_breaks_the_line(
    second: Round, node: str, broken: tuple[Break, ...]
) -> None:
    rounds = quarters(SAME, second, second)
    document = make_snapshot([RoundTally(one, False, {}, {}) for one in rounds], MONDAY, demonstration=False)
    found = over_time(document, reversed(rounds), node, "s1")
    assert [row.round.id for row in found] == ["q0", "q1", "q2"]
    assert [row.breaks for row in found] == [(), broken, ()]
    assert len(comparable(found)) == (2 if broken else 3)


def test_no_change_is_claimed_across_a_break() -> None:
    many, few = a_row((0, 0, 0, 5, 25)), a_row((25, 5, 0, 0, 0))
    assert change([few, replace(many, breaks=(Break.WORDING,))]) is None
    assert change([many, replace(few, breaks=(Break.PLACES,)), many]) is Trend.UP
