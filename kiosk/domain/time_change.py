"""The changes of a statement's answers at a node over many rounds, which the sentences about time need."""

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.domain.results import Change, Row, Turn, change, compared, turn
from kiosk.domain.short_hash import short_hash


@dataclass(frozen=True)
class TimeChange:
    """The changes of a statement's rows at one node.

    `overall` is the change over all compared rounds, `ends` the change between the first and the last of
    them, and `turn` is what `results.turn` returns for these rows. All three are None if the rounds cannot be
    compared.
    """

    overall: Change | None
    ends: Change | None
    turn: Turn | None


NOTHING_COMPARED = TimeChange(None, None, None)
"""The changes of rounds that cannot be compared."""


def time_change(history: Sequence[Row]) -> TimeChange:
    """Return the changes of a statement's rows at one node, the earliest round first and with their units;
    NOTHING_COMPARED if they cannot be compared."""
    overall, rounds_compared = change(history), compared(history)
    if overall is None:
        return NOTHING_COMPARED
    ends = overall if len(rounds_compared) == 2 else change([rounds_compared[0], rounds_compared[-1]])
    return TimeChange(overall, ends, turn(history, overall))


def key_of_time_change(history: Sequence[Row], node_id: str) -> str:
    """Return a key that histories with the same `time_change` share, as long as no figure differs: 32 hex
    digits of a hash over the node, the statement, the options that agree and the compared rounds. `history`
    has at least one row; the rows need no units."""
    rows = compared(history)
    last = (rows or history)[-1].statement
    parts = [node_id, last.id, *map(str, last.agreeing_options), *(row.round.id for row in rows)]
    return short_hash("\n".join(parts), 32)
