"""What a reader is told of a distribution."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.domain.results import (
    Break,
    Row,
    Share,
    Turn,
    by_place,
    change,
    comparable,
    over_time,
    parts_of,
    shares,
    spread,
    turn,
)
from kiosk.domain.rounds import Protection, Round
from kiosk.domain.snapshot import RoundTally, make_snapshot
from kiosk.domain.statistics import Trend
from kiosk.domain.survey import Scale, Statement
from kiosk.domain.tally import StatementTally
from kiosk.domain.tree import Node, Tree
from tests.tools.builders import MONDAY, a_round, tree


def test_below_20_answers_only_counts_are_shown() -> None:
    assert shares((9, 10)) == (Share(9, None), Share(10, None))


def test_from_20_answers_on_percentages_are_shown_beside_counts() -> None:
    assert shares((0, 6, 4, 10)) == (Share(0, 0), Share(6, 30), Share(4, 20), Share(10, 50))


def test_intervals_are_in_percent_from_50_answers_on_and_in_tenths_below() -> None:
    assert [parts_of(n) for n in (20, 49, 50, 51)] == [10, 10, 100, 100]


def a_row(counts: tuple[int, ...], withheld: int = 0) -> Row:
    of_round = a_round(tree("a"))
    return Row(of_round, of_round.survey.statements[0], StatementTally(counts, (0, 0, 0), withheld), None)


@pytest.mark.parametrize(
    ("counts", "agreeing"), [((1, 2, 3, 4, 5), 9), ((1, 2, 3, 4), 7), ((1, 2, 5), 5), ((30, 20), 20)]
)
def test_the_upper_options_count_as_agreeing_but_never_the_middle_or_all(
    counts: tuple[int, ...], agreeing: int
) -> None:
    scale = Scale("s", tuple("abcde"[: len(counts)]), bipolar=False)
    row = a_row(counts)
    assert replace(row, statement=replace(row.statement, scale=scale)).agreeing == agreeing


def test_intervals_are_given_from_20_answers_on() -> None:
    assert a_row((1, 2, 3, 4, 9)).agreeing_interval is None
    assert a_row((1, 2, 3, 4, 9)).intervals == (None,) * 5
    assert a_row((20, 30, 50, 40, 60)).agreeing_interval
    sure = a_row((2, 3, 5, 4, 6)).agreeing_interval
    assert sure
    assert (round(10 * sure.low), round(10 * sure.high)) == (3, 7)
    unsure = a_row((2, 3, 5, 4, 6), withheld=4).agreeing_interval
    assert unsure
    assert unsure.low < sure.low < sure.high < unsure.high


def test_intervals_are_in_the_order_of_options_the_highest_first() -> None:
    row = a_row((0, 0, 0, 0, 30))
    highest, *_, lowest = row.intervals
    assert highest
    assert lowest
    assert highest.low > lowest.high


def trend_of(rows: Sequence[Row]) -> Trend | None:
    overall = change(rows)
    return overall.trend if overall else None


def test_a_change_needs_two_rounds_with_enough_answers() -> None:
    many, few = a_row((0, 0, 0, 5, 25)), a_row((25, 5, 0, 0, 0))
    assert change([many]) is None
    assert change([replace(many, table=None, why="waiting"), many]) is None
    assert trend_of([few, many]) is Trend.UP
    assert trend_of([many, few]) is Trend.DOWN
    assert trend_of([many, many]) is Trend.CHANCE


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
FIRST_STATEMENT = SAME.survey.statements[0]
REWORDED = asking(replace(FIRST_STATEMENT, text="Other words"), tree("a", "b"))
CORRECTED = asking(
    replace(FIRST_STATEMENT, text="Right words", earlier_spellings=(FIRST_STATEMENT.text,)), tree("a", "b")
)
SIMPLER = asking(
    replace(FIRST_STATEMENT, text="Few words", earlier_wordings=(FIRST_STATEMENT.text,)), tree("a", "b")
)
RESCALED = asking(replace(FIRST_STATEMENT, scale=Scale("yes", ("no", "yes"), bipolar=False)), tree("a", "b"))


@pytest.mark.parametrize(
    ("second", "node", "broken"),
    [
        (SAME, "a", ()),
        (REWORDED, "a", (Break.WORDING,)),
        (CORRECTED, "a", ()),
        (SIMPLER, "a", ()),
        (RESCALED, "a", (Break.SCALE,)),
        (a_round(tree("a", "c")), "root", (Break.PLACES,)),
        (a_round(tree("a", "c")), "a", ()),
    ],
)
def test_a_changed_text_scale_or_set_of_places_is_a_break(
    second: Round, node: str, broken: tuple[Break, ...]
) -> None:
    rounds = quarters(SAME, second, second)
    document = make_snapshot([RoundTally(one, False, {}, {}) for one in rounds], MONDAY, demonstration=False)
    rows = over_time(document, reversed(rounds), node, "s1")
    assert [row.round.id for row in rows] == ["q0", "q1", "q2"]
    assert [row.breaks for row in rows] == [(), broken, ()]
    assert len(comparable(rows)) == (2 if broken else 3)


def test_no_change_is_claimed_across_a_break() -> None:
    many, few = a_row((0, 0, 0, 5, 25)), a_row((25, 5, 0, 0, 0))
    assert change([few, replace(many, breaks=(Break.WORDING,))]) is None
    assert trend_of([many, replace(few, breaks=(Break.PLACES,)), many]) is Trend.UP


def agreeing(*percents: int, is_closed: bool = True) -> list[Row]:
    """Rounds of a hundred answers each, so many of them agreeing."""
    return [replace(a_row((0, 100 - one, 0, one, 0)), is_closed=is_closed) for one in percents]


def test_a_running_round_is_left_out_of_the_change() -> None:
    assert trend_of([*agreeing(40, 45), *agreeing(95, is_closed=False)]) is Trend.CHANCE
    assert change([*agreeing(40), *agreeing(95, is_closed=False)]) is None
    assert trend_of(agreeing(40, 45, 95)) is Trend.UP


def test_the_snapshot_says_which_rounds_are_open() -> None:
    rounds = quarters(SAME, SAME)
    tallies = [RoundTally(one, at == 0, {}, {}) for at, one in enumerate(rounds)]
    document = make_snapshot(tallies, MONDAY, demonstration=False)
    assert [row.is_closed for row in over_time(document, rounds, "a", "s1")] == [True, False]
    assert [row.is_closed for _, row in by_place(document, rounds[1], FIRST_STATEMENT)] == [False] * 3


@pytest.mark.parametrize(
    ("percents", "overall", "turned"),
    [
        ((40, 50, 70, 80, 50), Trend.UP, Turn(is_up=False, is_sure=True)),
        ((40, 50, 70, 80, 78), Trend.UP, Turn(is_up=False, is_sure=False)),
        ((40, 50, 70, 80, 81), Trend.UP, None),
        ((80, 50, 40, 60), Trend.DOWN, Turn(is_up=True, is_sure=True)),
        ((50, 80, 50), Trend.CHANCE, Turn(is_up=False, is_sure=True)),
        ((50, 51, 50), Trend.CHANCE, None),
        ((80, 50), Trend.DOWN, None),
    ],
)
def test_a_last_step_against_the_trend_is_reported(
    percents: tuple[int, ...], overall: Trend, turned: Turn | None
) -> None:
    rows = agreeing(*percents)
    assert (trend_of(rows), turn(rows, change(rows))) == (overall, turned)
    with_running = [*rows, *agreeing(1, is_closed=False)]
    assert turn(with_running, change(with_running)) == turned


def places(**rows: Row) -> list[tuple[Node, Row]]:
    return [(Node(name, name, "root"), row) for name, row in rows.items()]


def test_only_places_with_enough_answers_are_compared() -> None:
    many, few, small = a_row((0, 0, 0, 0, 54)), a_row((54, 0, 0, 0, 0)), a_row((0, 0, 0, 0, 19))
    spread_of_places = spread(places(a=many, b=few, c=small))
    assert spread_of_places
    assert [node.id for node, _ in spread_of_places.most] == ["a"]
    assert [node.id for node, _ in spread_of_places.least] == ["b"]
    assert spread_of_places.is_sure
    assert spread(places(a=many, c=small)) is None


def test_equal_places_and_chance_differences_are_not_called_different() -> None:
    one, other = agreeing(52, 48)
    spread_of_places = spread(places(a=one, b=other))
    assert spread_of_places
    assert (spread_of_places.is_sure, spread_of_places.is_equal_everywhere) == (False, False)
    same = spread(places(a=one, b=one))
    assert same
    assert same.is_equal_everywhere
    unsure = spread(places(a=a_row((0, 0, 0, 0, 20), withheld=20), b=a_row((20, 0, 0, 0, 0), withheld=20)))
    assert unsure
    assert not unsure.is_sure


# -- protected rounds ----------------------------------------------------------------------------


def noisy(row: Row, batches: int) -> Row:
    """The same figures of a protected round."""
    of_round = replace(row.round, protection=Protection.PROTECTED)
    return replace(row, round=of_round, batches=batches)


def width(row: Row) -> float:
    interval = row.agreeing_interval
    assert interval
    return interval.high - interval.low


def test_noise_widens_the_interval_with_each_batch() -> None:
    exact = a_row((2, 3, 5, 4, 6))
    assert width(exact) < width(noisy(exact, 1)) < width(noisy(exact, 4))
    assert [interval and interval.low for interval in noisy(exact, 1).intervals][4] == 0
    assert exact.intervals != noisy(exact, 1).intervals


def test_a_change_within_the_noise_is_called_chance() -> None:
    rows = agreeing(30, 50)
    assert trend_of(rows) is Trend.UP
    assert trend_of([noisy(row, 1) for row in rows]) is Trend.UP
    assert trend_of([noisy(row, 400) for row in rows]) is Trend.CHANCE
    assert trend_of([rows[0], noisy(rows[1], 400)]) is Trend.CHANCE


def test_exact_and_protected_rounds_are_comparable() -> None:
    rounds = [
        replace(a_round(tree("a"), opens_at=MONDAY + timedelta(days=100 * at)), id=f"r{at}", protection=kind)
        for at, kind in enumerate(Protection)
    ]
    document = make_snapshot([RoundTally(one, True, {}, {}) for one in rounds], MONDAY, demonstration=False)
    assert [row.breaks for row in over_time(document, rounds, "a", "s1")] == [(), ()]


def test_a_difference_within_the_noise_is_not_significant() -> None:
    most, least = agreeing(70, 40)
    sure = spread(places(a=noisy(most, 1), b=noisy(least, 1)))
    unsure = spread(places(a=noisy(most, 400), b=noisy(least, 400)))
    assert sure
    assert unsure
    assert (sure.is_sure, unsure.is_sure) == (True, False)
