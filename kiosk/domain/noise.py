"""Noise for protected rounds: each table of a batch gets it once, and keeps the batch's size.

The noise of a table's cells is two-sided geometric (Ghosh, Roughgarden, Sundararajan 2009) and adds up to
zero. If one guest answers differently, one ballot moves between two cells, and no published table becomes
more than e^epsilon times as likely: the K-norm mechanism (Hardt, Talwar 2010; Awan, Slavkovic 2021) for
tables of public size. Integers and fractions only: floating point leaks in its last bits (Mironov 2012). The
sampler is that of Canonne, Kamath, Steinke 2020, https://arxiv.org/abs/2004.00010.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from random import Random

EPSILON = Fraction(3, 2)
"""Epsilon of one statement in one round. The epsilon of a ballot is the sum over its statements.
docs/noise.md has the figures."""

STRONG_EPSILON = Fraction(3, 4)
"""Epsilon of one statement in one strongly protected round. An insider who knows all other ballots, and held
an answer for 80 % likely before, holds it for at most 4 e^(3/4) / (1 + 4 e^(3/4)) = 89.4 % likely afterwards;
with EPSILON it is 94.7 %. The price is twice the noise: docs/noise-study.md has it."""

OPTION_SHARE = Fraction(1, 2)
"""Part of a statement's epsilon for the table of each option, if a guest may choose several: that is 3/4 if
the statement's is EPSILON. A table of two answers needs half the epsilon of one with a scale and the kinds of
no answer for equally accurate bars."""

FOLLOW_SHARE = Fraction(2, 3)
"""Part of a statement's epsilon for a statement with a follow-up, and for the follow-up: 1 each, if the
statement's is EPSILON. The fact that a guest was asked the follow-up costs the first and half of the second.
Together this is the epsilon of a statement without a follow-up, so the promise about a statement holds."""

SMALLEST_EPSILON = Fraction(1, 10)
"""Smallest epsilon of a round. A smaller one would leave nothing of a table, and the time to draw noise grows
with 1 / epsilon."""

EPSILON_TEXT = re.compile(r"[1-9][0-9]{0,3}(/[1-9][0-9]{0,3})?")
"""Epsilon in a round's terms, such as 3/2 or 1: numbers of at most four digits. Not every text that Fraction
reads: 1e999999999 takes hours."""


def read_epsilon(text: str) -> Fraction:
    """Return the epsilon in a round's terms, where it is a text such as "3/2". Raises ValueError for a text
    that does not match EPSILON_TEXT. Whether it is from SMALLEST_EPSILON to EPSILON is not checked."""
    if not EPSILON_TEXT.fullmatch(text):
        raise ValueError(f"{text!r} is no epsilon: a fraction such as 3/2")
    return Fraction(text)


def protect(counts: Sequence[int], rng: Random, epsilon: Fraction = EPSILON) -> tuple[int, ...]:
    """Return the table to publish instead of `counts`, whose cells, at least one, are all options and kinds
    of no answer.

    The cells of the returned table are whole and never negative, in the same order and with the same sum.
    Call this once for a batch and keep nothing but the result. `rng` must be `secrets.SystemRandom()` outside
    tests. `epsilon` is that of the column in this round (`Round.epsilon_of`).
    """
    noise = zero_sum_noise(len(counts), epsilon, rng)
    return nearest_table([count + off for count, off in zip(counts, noise, strict=True)])


def protect_part(
    counts: Sequence[int], total: int, rng: Random, epsilon: Fraction = EPSILON
) -> tuple[int, ...]:
    """Return the table to publish instead of `counts`, whose sum is secret, with the public sum `total`, 0 or
    more.

    Each cell has noise of its own. A ballot that moves between two cells costs `epsilon`; one that enters or
    leaves the table costs half of it. The difference between `total` and the noisy sum is spread evenly over
    the cells; its remainder goes to random cells. As with `protect`, call it once for a batch,
    with `secrets.SystemRandom()`.
    """
    noisy = [count + geometric_noise(epsilon / 2, rng) for count in counts]
    each, more = divmod(total - sum(noisy), len(noisy))
    raised = set(rng.sample(range(len(noisy)), more))
    return nearest_table([count + each + (cell in raised) for cell, count in enumerate(noisy)])


def zero_sum_noise(cells: int, epsilon: Fraction, rng: Random) -> tuple[int, ...]:
    """Return as many integers as there are `cells`, which add up to 0; each vector z has a probability
    proportional to e^(-epsilon * sum|z| / 2).

    All cells but one are drawn. The last is the negative sum of the others, accepted with the probability of
    its own value.
    """
    rate = epsilon / 2
    while True:
        drawn = [geometric_noise(rate, rng) for _ in range(cells - 1)]
        last = -sum(drawn)
        if _bernoulli_exp(rate * abs(last), rng):
            return (*drawn, last)


def geometric_noise(rate: Fraction, rng: Random) -> int:
    """Return an integer z, with a probability proportional to e^(-rate * |z|); also called discrete Laplace.
    `rate` is above 0."""
    while True:
        size = 0
        while _bernoulli_exp(rate, rng):
            size += 1
        is_negative = rng.getrandbits(1) == 1
        if size or not is_negative:  # else 0 would be drawn twice as often
            return -size if is_negative else size


def _bernoulli_exp(exponent: Fraction, rng: Random) -> bool:
    """Return True with a probability of exactly e^(-exponent), for an exponent of 0 or more."""
    numerator, denominator = exponent.as_integer_ratio()
    while numerator > denominator:
        if not _bernoulli_exp_to_one(1, 1, rng):
            return False
        numerator -= denominator
    return _bernoulli_exp_to_one(numerator, denominator, rng)


def _bernoulli_exp_to_one(numerator: int, denominator: int, rng: Random) -> bool:
    """Return True with a probability of exactly e^(-exponent), for an exponent from 0 to 1: numerator /
    denominator.

    Tosses coins whose chance of heads is exponent / 1, exponent / 2 and so on until one shows tails. By the
    series of the exponential function, the number of heads is even with the wanted probability.
    """
    tosses = 1
    while _below(denominator * tosses, rng) < numerator:
        tosses += 1
    return tosses % 2 == 1


def _below(limit: int, rng: Random) -> int:
    """Return a random integer from 0 to limit - 1, each with the same probability.

    `randrange` draws one bit more if the limit is a power of two, and so rejects half of its draws. Each is a
    call of the operating system.
    """
    bits = (limit - 1).bit_length()
    while (drawn := rng.getrandbits(bits)) >= limit:
        pass
    return drawn


def nearest_table(noisy: Sequence[int]) -> tuple[int, ...]:
    """Return the whole, non-negative table with the same sum and the least sum of squared differences.

    Cells below 0 become 0. The sum that this adds is taken from the other cells one by one: from the cell
    that has lost least; of these from the smallest noisy count; of these from the lowest option. The smallest
    comes first, because the excess is probably noise at an option that nobody chose. The result depends on
    `noisy` alone, so it costs no epsilon. Raises ValueError for a negative sum, which no table has.
    """
    if sum(noisy) < 0:
        raise ValueError("a table cannot have fewer than 0 ballots")
    table = [max(count, 0) for count in noisy]
    for _ in range(sum(table) - sum(noisy)):
        filled = [cell for cell, count in enumerate(table) if count]
        least_changed = min(filled, key=lambda cell: (noisy[cell] - table[cell], noisy[cell]))
        table[least_changed] -= 1
    return tuple(table)
