"""What a coordinator can expect of a protected round before it opens: the error of a bar, and the number of
answers that a place needs, so that the interval of a share is narrow enough to be useful.

The noise of a batch does not shrink with its ballots. If a statement has a follow-up, or several options may
be chosen, its tables share an epsilon and have more noise than those of one statement alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.box import full_at
from kiosk.domain.noise import EPSILON, FOLLOW_SHARE, OPTION_SHARE
from kiosk.domain.noisy_statistics import Noise, noise_of, noise_of_part, share_interval, usual_error
from kiosk.domain.survey import Statement

USUAL_OPTIONS = 5
"""Number of options of the statements for which `usual_price` gives the price."""

USEFUL = 0.2
"""Largest reach of a useful interval to each side of a place's share: 20 percentage points."""

MOST_ANSWERS = 200
"""Largest number that `answers_needed` returns. It stands for all larger numbers."""


def costs_precision(statements: Sequence[Statement], at: int) -> bool:
    """Return whether the figures of the statement at the index `at` have more noise than those of a statement
    by itself: if several options may be chosen, if it has a follow-up, or if it is a follow-up."""
    statement = statements[at]
    return statement.several or statement.follows is not None or _has_follow_up(statements, at)


def answers_needed(statements: Sequence[Statement], at: int, epsilon: Fraction = EPSILON) -> int:
    """Return the fewest answers, in one batch of a protected round with this `epsilon`, for which the
    interval of a share of a half reaches at most USEFUL to each side: an even number from 10 on, or
    MOST_ANSWERS if that many or more are needed. For a follow-up, only the answers of guests who were asked
    it count. `at` is the statement's index."""
    return _needed(_options(statements[at]), _noise(statements, at, epsilon, 1))


@dataclass(frozen=True)
class Expectation:
    """What to expect of the figures of a protected round: by how many answers a bar may be off
    (`usual_error`), and how far the interval of a share of a half reaches to each side, 0 to 1."""

    off: int
    reach: float


def expectation(
    statements: Sequence[Statement], epsilon: Fraction, answers: int, batches: int
) -> Expectation:
    """Return what to expect of so many answers, at least one, in so many batches: the largest of the errors
    and of the reaches of these statements. Follow-ups, which only some guests are asked, have no reach."""
    noises = [_noise(statements, at, epsilon, batches) for at in range(len(statements))]
    return Expectation(
        max(map(usual_error, noises)),
        max(
            _reach(answers, _options(statement), noise)
            for statement, noise in zip(statements, noises, strict=True)
            if not statement.follows
        ),
    )


@dataclass(frozen=True)
class Price:
    """The price of a protection: by how many answers a bar may be off, and how many answers a place needs
    (`answers_needed`), rounded up to tens."""

    off: int
    needed: int


def usual_price(epsilon: Fraction) -> Price:
    """Return the price of a protected round with this `epsilon`, for a statement with five options by itself
    and all answers in one batch."""
    noise = noise_of(1, USUAL_OPTIONS + len(NoAnswer), epsilon)
    return Price(usual_error(noise), -(-_needed(USUAL_OPTIONS, noise) // 10) * 10)


def _needed(options: int, noise: Noise) -> int:
    """Return the number of answers for `answers_needed`, with so many `options` in the table."""
    numbers = range(10, MOST_ANSWERS, 2)
    return next((answers for answers in numbers if _reach(answers, options, noise) <= USEFUL), MOST_ANSWERS)


def _reach(answers: int, options: int, noise: Noise) -> float:
    """Return how far the interval of a share of a half reaches to each side, with so many answers at two of
    the `options`."""
    counts = (answers // 2, answers - answers // 2, *[0] * (options - 2))
    interval = share_interval(counts, [0], noise)
    return (interval.high - interval.low) / 2


def _options(statement: Statement) -> int:
    """Return the number of options in the table of a statement; if several may be chosen, in that of one
    option."""
    return 2 if statement.several else len(statement.scale.labels)


def most_batches(answers: int, k: int, *, is_live: bool) -> int:
    """Return in how many batches at most the answers of one unit are counted, with figures shown live or at
    closing: those that leave a box which is counted after each ballot, and the one at closing."""
    published, batches = 0, 0
    while is_live and answers - published >= full_at(published, k):
        published += full_at(published, k) - k
        batches += 1
    return batches + (answers - published >= k)


def _noise(statements: Sequence[Statement], at: int, epsilon: Fraction, batches: int) -> Noise:
    """Return the noise in the table of a statement's answers, in the sum of `batches` batches; if several
    options may be chosen, the noise in the table of one option."""
    statement = statements[at]
    if statement.several:
        return noise_of(batches, _options(statement), epsilon * OPTION_SHARE)
    cells = _options(statement) + len(NoAnswer)
    if statement.follows:
        asked = _noise(statements, at - 1, epsilon, batches).of_sum([1] * len(statement.follows.when))
        return noise_of_part(batches, cells, epsilon * FOLLOW_SHARE, asked)
    share = FOLLOW_SHARE if _has_follow_up(statements, at) else 1
    return noise_of(batches, cells, epsilon * share)


def _has_follow_up(statements: Sequence[Statement], at: int) -> bool:
    return at + 1 < len(statements) and statements[at + 1].follows is not None
