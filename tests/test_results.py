"""What a reader is told of a distribution."""

from kiosk.intervals import Trend
from kiosk.results import Row, Share, change, shares, top_two
from kiosk.tally import StatementTally
from tests.builders import a_round, tree


def test_under_twenty_answers_only_counts_are_shown() -> None:
    assert shares((9, 10)) == (Share(9, None), Share(10, None))


def test_from_twenty_answers_percentages_stand_beside_the_counts() -> None:
    assert shares((0, 6, 4, 10)) == (Share(0, 0), Share(6, 30), Share(4, 20), Share(10, 50))


def test_the_two_highest_options_agree() -> None:
    assert top_two((1, 2, 3, 4, 5)) == 9


def a_row(counts: tuple[int, ...], withheld: int = 0) -> Row:
    return Row(a_round(tree("a")), StatementTally(counts, (0, 0, 0), withheld), None)


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
    assert change([Row(many.round, None, "waiting"), many]) is None
    assert change([few, many]) is Trend.UP
    assert change([many, few]) is Trend.DOWN
    assert change([many, many]) is Trend.CHANCE
