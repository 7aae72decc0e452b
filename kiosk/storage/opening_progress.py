"""The row of the round that is being opened. An opening writes the rows of a few units at a time, so that no
guest waits for all of them.

What an opening that was killed has written is found by this row, and deleted.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.rounds import Round
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.rounds import Rounds, terms_of

OPENING = "opening"
"""Key of the row in the table `installation`. Backups leave it out, as they do the boxes that it is about."""


@dataclass(frozen=True)
class Opening:
    """A round that is being opened since `now`, which is local and naive. `is_given_up` means that its rows
    are being deleted."""

    round: Round
    now: datetime
    is_given_up: bool = False


def read_opening(database: Database, rounds: Rounds) -> Opening | None:
    """Return the opening that has begun; None if there is none."""
    text = database.get(OPENING)
    if text is None:
        return None
    row = json.loads(text)
    return Opening(rounds.parse(row["terms"]), datetime.fromisoformat(row["now"]), row["is_given_up"])


def write_opening(database: Database, opening: Opening | None) -> None:
    """Replace the row of the opening, or delete it for None. The caller holds a write."""
    if opening is None:
        database.run(tables.Installation.delete().where(tables.Installation.key == OPENING))
        return
    row = {
        "terms": terms_of(opening.round),
        "now": opening.now.isoformat(),
        "is_given_up": opening.is_given_up,
    }
    database.set(OPENING, json.dumps(row, ensure_ascii=False))
