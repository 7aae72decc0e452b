"""What a reader is told of a distribution."""

from kiosk.results import Share, shares, top_two


def test_under_twenty_answers_only_counts_are_shown() -> None:
    assert shares((9, 10)) == (Share(9, None), Share(10, None))


def test_from_twenty_answers_percentages_stand_beside_the_counts() -> None:
    assert shares((0, 6, 4, 10)) == (Share(0, 0), Share(6, 30), Share(4, 20), Share(10, 50))


def test_the_two_highest_options_agree() -> None:
    assert top_two((1, 2, 3, 4, 5)) == 9
