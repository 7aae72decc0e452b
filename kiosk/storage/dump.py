"""A backup's rows: out of an installation, and into an empty one."""

from typing import Any

from kiosk.storage.database import Database, StoreError

NEVER_KEPT = frozenset({"box", "letterbox", "slip_set"})
"""Tables no backup holds: an old box would bring back ballots that were counted and destroyed."""

Tables = dict[str, list[dict[str, Any]]]
"""Rows by table, each by column. Names of both come from the database's own schema."""


def kept_rows(database: Database) -> Tables:
    """Every row that may be kept, by table: neither boxes nor slips. Within a write of the caller's."""
    return {
        table: [
            dict(zip(columns, row, strict=True))
            for row in database.all(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1")  # noqa: S608
        ]
        for table, columns in database.schema().items()
        if table not in NEVER_KEPT
    }


def fill(database: Database, tables: Tables) -> None:
    """Fill empty tables from a dump, within a write of the caller's. Raises StoreError if it does not fit."""
    schema = database.schema()
    dumped = {row.get("key"): row.get("value") for row in tables.get("installation", [])}
    if set(tables) != set(schema) - NEVER_KEPT or dumped.get("schema") != database.get("schema"):
        raise StoreError("the backup is of another version of this program; restore it with that one")
    for table, rows in tables.items():
        database.execute(f"DELETE FROM {table}")  # noqa: S608
        columns = schema[table]
        for row in rows:
            if set(row) != set(columns):
                raise StoreError(f"the backup's table {table} does not fit; the file is damaged")
            places = ", ".join("?" for _ in columns)
            database.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
                *(row[column] for column in columns),
            )
