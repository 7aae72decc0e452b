"""Order of the rows of a form in which each row has a number for its place."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def in_order(rows: Sequence[tuple[int, int, T]]) -> list[T]:
    """Sort rows given as (requested place, previous place, row): moved ones get their requested place, the
    others keep their order."""
    ordered = [row for asked, had, row in rows if asked == had]
    for asked, _had, row in sorted((one for one in rows if one[0] != one[1]), key=lambda one: one[:2]):
        ordered.insert(max(asked - 1, 0), row)
    return ordered
