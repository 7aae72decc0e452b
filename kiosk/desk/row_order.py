"""Order of the rows of a form in which each row has a number for its position."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")

_POSITION = re.compile("[0-9]{1,3}")


def is_position(text: str) -> bool:
    """Return whether a text is a position: a whole number from 1 to 999. Spaces around it are refused."""
    return _POSITION.fullmatch(text) is not None and int(text) > 0


def in_order(rows: Sequence[tuple[int, int, T]]) -> list[T]:
    """Return the rows in their new order. They are given as (requested position, previous position, row),
    positions from 1. Rows whose position changed are inserted at the requested one, in the order of these
    positions, or at the end if it is beyond the last; those with the same one keep their order among
    themselves, and so do the others."""
    ordered = [row for requested, previous, row in rows if requested == previous]
    moved = sorted((move for move in rows if move[0] != move[1]), key=lambda move: move[:2])
    for requested, together in groupby(moved, key=lambda move: move[0]):
        at = max(requested - 1, 0)
        ordered[at:at] = [row for _requested, _previous, row in together]
    return ordered
