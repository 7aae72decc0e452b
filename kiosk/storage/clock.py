"""The row in which an installation remembers its clock. It holds no time of a guest's request."""

import json
from datetime import datetime

from kiosk.domain.clock import ClockRecord
from kiosk.storage.database import Database

KEY = "clock"


def read_record(database: Database) -> ClockRecord:
    """What is remembered; an empty record in an installation that has none yet."""
    return parse_record(database.get(KEY) or "{}")


def parse_record(text: str) -> ClockRecord:
    """A record as `write_record` keeps it."""
    row = json.loads(text)
    return ClockRecord(
        _time(row.get("known_at")),
        {boot: datetime.fromisoformat(began) for boot, began in row.get("boots", {}).items()},
        _time(row.get("counts_from")),
    )


def write_record(database: Database, record: ClockRecord) -> None:
    """Replace what is remembered, within a write of the caller's."""
    row = {
        "known_at": record.known_at and record.known_at.isoformat(timespec="seconds"),
        "boots": {boot: began.isoformat(timespec="seconds") for boot, began in record.boots.items()},
        "counts_from": record.counts_from and record.counts_from.isoformat(timespec="seconds"),
    }
    database.set(KEY, json.dumps(row))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
