"""Counts of staff's activities for guests by unit and month, never by guest or day."""

from datetime import date
from enum import StrEnum

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class Activity(StrEnum):
    """Kinds of staff activities, named as in the effect report."""

    ADVISE = "advise"
    LINK = "link"
    ACCOMPANY = "accompany"
    APPLY = "apply"
    APPEAL = "appeal"
    TRAIN = "train"


class Activities:
    """The rows of activities."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write()
    def add(self, unit_id: str, month: date, kind: Activity, step: int) -> None:
        """Add `step` (1 or -1) to the count of a kind at a unit in a month; it never falls below 0."""
        row = {"unit_id": unit_id, "month": month.isoformat(), "kind": kind.value}
        counter = tables.Activity
        self._database.run(counter.insert(**row, number=0).on_conflict_ignore())
        self._database.run(
            counter.update(number=counter.number + step).where(
                counter.unit_id == unit_id,
                counter.month == month.isoformat(),
                counter.kind == kind.value,
                counter.number + step >= 0,
            )
        )

    def of_unit(self, unit_id: str) -> dict[tuple[date, Activity], int]:
        """Return (first day of the month, kind) -> count, for one unit."""
        counter = tables.Activity
        counts = counter.select(counter.month, counter.kind, counter.number).where(counter.unit_id == unit_id)
        return {
            (date.fromisoformat(month), Activity(kind)): number
            for month, kind, number in self._database.rows(counts)
        }
