"""The number of answers that a place needs in a protected round, so that the interval of a share is narrow
enough to be useful.

The noise of a batch does not shrink with its ballots. If a statement has a follow-up, or several options may
be chosen, its tables share an epsilon and have more noise than those of one statement alone.
"""

from collections.abc import Sequence

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.noise import EPSILON, FOLLOW_SHARE, OPTION_SHARE
from kiosk.domain.noisy_statistics import Noise, noise_of, noise_of_part, share_interval
from kiosk.domain.survey import Statement

USEFUL = 0.2
"""Largest reach of a useful interval to each side of a place's share: 20 percentage points."""

MOST_ANSWERS = 200
"""Largest number that `answers_needed` returns. It stands for all larger numbers."""


def costs_precision(statements: Sequence[Statement], at: int) -> bool:
    """Return whether the figures of the statement at the index `at` have more noise than those of a statement
    by itself: if several options may be chosen, if it has a follow-up, or if it is a follow-up."""
    statement = statements[at]
    return statement.several or statement.follows is not None or _has_follow_up(statements, at)


def answers_needed(statements: Sequence[Statement], at: int) -> int:
    """Return the fewest answers, in one batch of a protected round with EPSILON, for which the interval of a
    share of a half reaches at most USEFUL to each side: an even number from 10 on, or MOST_ANSWERS if that
    many or more are needed. For a follow-up, only the answers of guests who were asked it count. `at` is the
    statement's index."""
    statement, noise = statements[at], _noise(statements, at)
    others = 0 if statement.several else len(statement.scale.labels) - 2

    def reach(answers: int) -> float:
        counts = (answers // 2, answers - answers // 2, *[0] * others)
        interval = share_interval(counts, [0], noise)
        return (interval.high - interval.low) / 2

    numbers = range(10, MOST_ANSWERS, 2)
    return next((answers for answers in numbers if reach(answers) <= USEFUL), MOST_ANSWERS)


def _noise(statements: Sequence[Statement], at: int) -> Noise:
    """Return the noise in the table of a statement's answers, in one batch; if several options may be chosen,
    the noise in the table of one option."""
    statement = statements[at]
    if statement.several:
        return noise_of(1, 2, EPSILON * OPTION_SHARE)
    cells = len(statement.scale.labels) + len(NoAnswer)
    if statement.follows:
        asked = _noise(statements, at - 1).of_sum([1] * len(statement.follows.when))
        return noise_of_part(1, cells, EPSILON * FOLLOW_SHARE, asked)
    return noise_of(1, cells, EPSILON * FOLLOW_SHARE if _has_follow_up(statements, at) else EPSILON)


def _has_follow_up(statements: Sequence[Statement], at: int) -> bool:
    return at + 1 < len(statements) and statements[at + 1].follows is not None
