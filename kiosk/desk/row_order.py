"""Order of the rows of a form in which each row has a number for its position."""

import re
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_PLACE = re.compile("[0-9]{1,3}")


def is_place(text: str) -> bool:
    """Return whether a text is a position: a whole number from 1 to 999."""
    return _PLACE.fullmatch(text) is not None and int(text) > 0


def in_order(rows: Sequence[tuple[int, int, T]]) -> list[T]:
    """Return the rows in their new order. They are given as (requested position, previous position, row):
    rows whose position changed are inserted at the requested one, and the others keep their order."""
    ordered = [row for asked, had, row in rows if asked == had]
    for asked, _had, row in sorted((one for one in rows if one[0] != one[1]), key=lambda one: one[:2]):
        ordered.insert(max(asked - 1, 0), row)
    return ordered
