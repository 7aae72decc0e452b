"""The row with an installation's record of its clock. It holds no time of a guest's request."""

import json
from datetime import datetime

from kiosk.domain.clock import ClockRecord
from kiosk.storage.database import Database

CLOCK_RECORD = "clock"
"""Key of the record's row in the table `installation`. Backups hold it."""


def read_record(database: Database) -> ClockRecord:
    """Return the stored record of the clock; an empty one if nothing is stored yet."""
    return parse_record(database.get(CLOCK_RECORD) or "{}")


def parse_record(text: str) -> ClockRecord:
    """Return a record of the clock from the text that `write_record` stores. A missing or empty member counts
    as none, and time zones are not checked. Raises one of `dump_check.SHAPE_ERRORS` for a text of another
    shape."""
    row = json.loads(text)
    return ClockRecord(
        _time(row.get("known_at")),
        {boot: datetime.fromisoformat(began) for boot, began in row.get("boots", {}).items()},
        _time(row.get("counts_from")),
    )


def write_record(database: Database, record: ClockRecord) -> None:
    """Replace the stored record of the clock. The caller holds a write."""
    row = {
        "known_at": record.known_at and record.known_at.isoformat(timespec="seconds"),
        "boots": {boot: began.isoformat(timespec="seconds") for boot, began in record.boots.items()},
        "counts_from": record.counts_from and record.counts_from.isoformat(timespec="seconds"),
    }
    database.set(CLOCK_RECORD, json.dumps(row))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
