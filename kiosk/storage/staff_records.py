"""What staff keep besides rounds: wall screens, replies to guests, figures from elsewhere, and the log.

Nothing here is about guests, and nothing here changes a round.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from secrets import token_urlsafe
from typing import Any

from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write

COMMAND_LINE = "kiosk"
"""Who did what was done by a command: whoever may run it."""


class Deed(StrEnum):
    """What the log tells of."""

    SIGNED_IN = "signed_in"
    ACCOUNT_SET = "account_set"
    ROUND_OPENED = "round_opened"
    ADDRESS_MADE = "address_made"
    ADDRESS_REMOVED = "address_removed"
    PAIRING_BEGUN = "pairing_begun"
    SCREEN_MEASURED = "screen_measured"
    KIOSK_MOVED = "kiosk_moved"
    SLIPS_PRINTED = "slips_printed"
    WALL_MADE = "wall_made"
    WALL_REMOVED = "wall_removed"
    REPLY_WRITTEN = "reply_written"
    FIGURES_IMPORTED = "figures_imported"
    FIGURES_REMOVED = "figures_removed"
    SURVEY_WRITTEN = "survey_written"
    SURVEY_REMOVED = "survey_removed"
    TEXTS_WRITTEN = "texts_written"
    CLOCK_CONFIRMED = "clock_confirmed"


class Activity(StrEnum):
    """What staff do for guests, as the effect report names it."""

    ADVISE = "advise"
    LINK = "link"
    ACCOMPANY = "accompany"
    APPLY = "apply"
    APPEAL = "appeal"
    TRAIN = "train"


@dataclass(frozen=True)
class Entry:
    """One line of the log; `what` names a round, a unit, an account."""

    at: datetime
    name: str
    deed: Deed
    what: str


@dataclass(frozen=True)
class Wall:
    """A wall screen's address, and the node whose figures it shows."""

    code: str
    node_id: str


class StaffRecords:
    """The tables of the staff, over the store's database."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    # -- the log ---------------------------------------------------------------------------------

    @one_write()
    def note(self, at: datetime, name: str, deed: Deed, what: str) -> None:
        """Write down who did what, to the minute."""
        row = self._database.one("SELECT COALESCE(MAX(number), 0) + 1 FROM log")
        self._database.execute(
            "INSERT INTO log (number, at, name, deed, what) VALUES (?, ?, ?, ?, ?)",
            row[0] if row else 1,
            at.isoformat(timespec="minutes"),
            name,
            deed.value,
            what,
        )

    def log(self, at_most: int = 500) -> list[Entry]:
        """The latest entries, the last first."""
        rows = self._database.all(
            "SELECT at, name, deed, what FROM log ORDER BY number DESC LIMIT ?", at_most
        )
        return [Entry(datetime.fromisoformat(row[0]), row[1], Deed(row[2]), row[3]) for row in rows]

    # -- wall screens ----------------------------------------------------------------------------

    @one_write()
    def add_wall(self, node_id: str) -> Wall:
        """Make an address that shows a node's figures to whoever has it."""
        wall = Wall(token_urlsafe(12), node_id)
        self._database.execute("INSERT INTO wall (code, node_id) VALUES (?, ?)", wall.code, wall.node_id)
        return wall

    @one_write()
    def remove_wall(self, code: str) -> None:
        """From now on the address shows nothing; no error if there is none."""
        self._database.execute("DELETE FROM wall WHERE code = ?", code)

    def wall(self, code: str) -> Wall | None:
        row = self._database.one("SELECT code, node_id FROM wall WHERE code = ?", code)
        return Wall(*row) if row else None

    def walls(self) -> list[Wall]:
        """All wall screens, sorted by node."""
        rows = self._database.all("SELECT code, node_id FROM wall ORDER BY node_id, code")
        return [Wall(*row) for row in rows]

    # -- replies to guests -----------------------------------------------------------------------

    @one_write()
    def set_reply(self, round_id: str, words: Mapping[str, str]) -> None:
        """Replace what guests are told came of a round: language -> text, empty texts left out."""
        self._database.execute("DELETE FROM reply WHERE round_id = ?", round_id)
        for language, text in words.items():
            if text:
                self._database.execute(
                    "INSERT INTO reply (round_id, language, words) VALUES (?, ?, ?)",
                    round_id,
                    language,
                    text,
                )

    def reply(self, round_id: str) -> dict[str, str]:
        """Language -> what guests are told came of the round."""
        rows = self._database.all("SELECT language, words FROM reply WHERE round_id = ?", round_id)
        return dict(rows)

    # -- activities ------------------------------------------------------------------------------

    @one_write()
    def count_activity(self, unit_id: str, month: date, kind: Activity, step: int) -> None:
        """Add to what was done at a unit in a month; never below none."""
        self._database.execute(
            "INSERT INTO activity (unit_id, month, kind, number) VALUES (?, ?, ?, 0) "
            "ON CONFLICT (unit_id, month, kind) DO NOTHING",
            unit_id,
            month.isoformat(),
            kind.value,
        )
        self._database.execute(
            "UPDATE activity SET number = number + ? "
            "WHERE unit_id = ? AND month = ? AND kind = ? AND number + ? >= 0",
            step,
            unit_id,
            month.isoformat(),
            kind.value,
            step,
        )

    def activities(self, unit_id: str) -> dict[tuple[date, Activity], int]:
        """(first day of the month, kind) -> how many, of what was counted at a unit."""
        rows = self._database.all("SELECT month, kind, number FROM activity WHERE unit_id = ?", unit_id)
        return {(date.fromisoformat(month), Activity(kind)): number for month, kind, number in rows}

    # -- figures from elsewhere ------------------------------------------------------------------

    @one_write()
    def set_imported(self, name: str, figures: dict[str, Any]) -> None:
        """Keep figures that were counted elsewhere, under a name; what had the name is replaced."""
        self._database.execute(
            "INSERT INTO imported (id, figures) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET figures = excluded.figures",
            name,
            json.dumps(figures, ensure_ascii=False),
        )

    @one_write()
    def remove_imported(self, name: str) -> None:
        """Drop figures from elsewhere; no error if there are none of that name."""
        self._database.execute("DELETE FROM imported WHERE id = ?", name)

    def imported(self) -> dict[str, dict[str, Any]]:
        """Name -> figures from elsewhere."""
        rows = self._database.all("SELECT id, figures FROM imported ORDER BY id")
        return {name: json.loads(figures) for name, figures in rows}
