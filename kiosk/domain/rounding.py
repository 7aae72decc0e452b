"""Rounding of the numbers that people read: half up, as spreadsheets and people round.

Python's `round` and format specifications round half to even: 17 of 40 would be 42 %. Everything that is
shown is rounded here. Ends of intervals are rounded outwards, so that the printed interval holds at least as
often as the exact one.
"""

from fractions import Fraction
from math import ceil, floor


def half_up(value: float | Fraction) -> int:
    """Return the nearest whole number; of two equally near ones, the higher."""
    return floor(Fraction(value) + Fraction(1, 2))


def whole_percent(count: int, n: int) -> int:
    """Return `count` of `n` in whole percent, half up. `n` must be at least 1."""
    return (200 * count + n) // (2 * n)


def outwards(low: float, high: float, parts: int) -> tuple[int, int]:
    """Return two shares, 0 to 1, in whole parts of `parts` (100 for percent): the first rounded down, the
    second up."""
    return floor(parts * low), ceil(parts * high)
