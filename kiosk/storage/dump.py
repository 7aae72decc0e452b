"""Export of an installation's rows for a backup, and their import into an empty installation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from kiosk.domain.strict_json import parse
from kiosk.storage.accounts import SESSION_EPOCH
from kiosk.storage.count_progress import COUNT_PROGRESS
from kiosk.storage.database import Database, StoreError
from kiosk.storage.dump_check import SHAPE_ERRORS, Tables, check_rows
from kiosk.storage.links import KIOSK_MARK
from kiosk.storage.migrations import newest_schema
from kiosk.storage.opening_progress import OPENING
from kiosk.storage.pairing_codes import PAIRING_CODE
from kiosk.storage.prepared_query import PreparedQuery
from kiosk.storage.publication_tag import PUBLICATION_TAG
from kiosk.storage.tables import Installation

NEVER_KEPT = frozenset(
    {
        "account_link",
        "api_token",
        "box",
        "change_index",
        "kiosk_contact",
        "letterbox",
        "outgoing_mail",
        "slip_set",
    }
)
"""Tables that no backup holds. Old boxes, letterboxes and slip sets would bring back ballots that were
counted and destroyed, and slips that were used. A one-time link would become valid again after its use, and a
token after its removal. Queued mail would be sent again. Contacts with kiosks are soon out of date, and the
change index is computed from the figures."""


@dataclass(frozen=True)
class Dump:
    """The checked rows of a backup (table -> rows, each column -> value), in the tables of this program's
    schema. Only `read_dump` creates one."""

    tables: Tables

    @property
    def published_at(self) -> datetime | None:
        """The time of the count whose figures were published, local and naive; None if nothing was published.
        The figures themselves are computed anew from the tallies."""
        for row in self.tables["snapshot"]:
            made_at = parse(row["document"])["made_at"]
            return datetime.fromisoformat(made_at) if made_at else None
        return None


def kept_rows(database: Database) -> Tables:
    """Return table -> rows that a backup may hold, each row column -> value, sorted by all columns. Tables of
    NEVER_KEPT are left out, and so are epochs of sessions, marks of kiosks, pairing codes, the progress of a
    count or an opening, and the publication tag.

    The caller holds a transaction, and the tables are of this program's schema.
    """
    kept = {
        table: [
            dict(zip(columns, row, strict=True))
            # Sorted by all columns: PostgreSQL's own order would reveal which rows changed last.
            for row in database.rows(_sorted_rows(table, columns))
        ]
        for table, columns in database.schema().items()
        if table not in NEVER_KEPT
    }
    left_out = SESSION_EPOCH, KIOSK_MARK, COUNT_PROGRESS, OPENING, PAIRING_CODE, PUBLICATION_TAG
    rows = [row for row in kept["installation"] if not row["key"].startswith(left_out)]
    return {**kept, "installation": rows}


def _sorted_rows(name: str, columns: tuple[str, ...]) -> peewee.Select:
    table = peewee.Table(name)
    fields = [getattr(table.c, column) for column in columns]
    return table.select(*fields).order_by(*fields)


def read_dump(document: object) -> Dump:
    """Return the rows of a backup of this program's schema or an older one, checked and migrated to this
    program's. `document` is the parsed JSON of `kept_rows`.

    The migrations run on a database in memory, where SQLite's STRICT tables check columns, types and keys.
    Raises StoreError, which names table and row where it can; TermsError, a StoreError, for a round that the
    rules do not allow.
    """
    tables = _shaped(document)
    database = Database("sqlite:///:memory:", durable=False)
    try:
        with database.transaction():
            database.migrate(_schema_of(tables))
            _check_tables(tables, database.schema())
            _insert(database, tables)
            database.migrate()
            migrated = kept_rows(database)
    except (peewee.PeeweeException, *SHAPE_ERRORS) as error:
        raise StoreError(f"the tables cannot be migrated ({error})") from error
    finally:
        database.close()
    check_rows(migrated)
    return Dump(migrated)


def fill(database: Database, dump: Dump) -> None:
    """Insert a dump's rows, except the snapshot, into empty tables. Rows of `installation`, which the
    migrations wrote, are replaced. The caller holds a write. Raises StoreError if another table has rows,
    except `change_index`, whose row stays, or if the database refuses a row."""
    taken = [
        table
        for table in sorted(database.schema().keys() - {"installation", "change_index"})
        if database.row(peewee.Table(table).select(peewee.Value(1)).limit(1))
    ]
    if taken:
        raise StoreError(f"an installation is here already (table {taken[0]}); restore into an empty one")
    _insert(database, {**dump.tables, "snapshot": []})


def _shaped(document: object) -> Tables:
    """Return a parsed document as tables: table -> rows, each column -> value. Raises StoreError if it is no
    dictionary of lists of dictionaries."""
    if not isinstance(document, dict) or not all(isinstance(rows, list) for rows in document.values()):
        raise StoreError("the tables are not lists of rows, by name")
    for table, rows in document.items():
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, dict):
                raise StoreError(f"table {table!r}, row {number}: is no row")
    return document


def _schema_of(tables: Tables) -> int:
    """Return the number of a dump's schema. Raises StoreError if it is missing, 0 or newer than this
    program's."""
    values = {
        row["key"]: row["value"]
        for row in tables.get("installation", [])
        if set(row) == {"key", "value"} and isinstance(row["key"], str)
    }
    number = values.get("schema")
    if not isinstance(number, str) or not number.isascii() or not number.isdigit() or len(number) > 9:
        raise StoreError("the number of its schema is missing")
    if not 1 <= int(number) <= newest_schema():
        raise StoreError(
            f"its tables are of schema {int(number)}, and this program's of schema {newest_schema()}"
        )
    return int(number)


def _check_tables(tables: Tables, schema: Mapping[str, tuple[str, ...]]) -> None:
    """Raise StoreError unless a dump has all tables of the schema but those of NEVER_KEPT, and no other. A
    table may be empty."""
    for table in sorted(schema.keys() - NEVER_KEPT - tables.keys()):
        raise StoreError(f"table {table} is missing")
    for table in sorted(tables.keys() - (schema.keys() - NEVER_KEPT)):
        raise StoreError(f"table {table!r} is no table of a backup")


def _insert(database: Database, tables: Tables) -> None:
    """Insert a dump's rows. Raises StoreError, with table and row, for one that does not fit its table."""
    # The migrations wrote the schema's number. The dump has that row too.
    database.run(Installation.delete())
    for table, columns in database.schema().items():
        insert = _insertion(database, table, columns)
        for number, row in enumerate(tables.get(table, []), start=1):
            if set(row) != set(columns):
                strange = sorted(row.keys() ^ set(columns))
                raise StoreError(f"table {table}, row {number}: unknown or missing column {strange[0]!r}")
            _insert_row(insert, f"table {table}, row {number}", [row[column] for column in columns])


def _insertion(database: Database, name: str, columns: tuple[str, ...]) -> Callable[..., None]:
    """Return a function that inserts a row. Its arguments are the values of these columns."""
    table = peewee.Table(name)
    row = peewee.Insert(table, [[""] * len(columns)], [getattr(table.c, column) for column in columns])
    return database.prepared_write(PreparedQuery(row))


def _insert_row(insert: Callable[..., None], row_name: str, values: list[Any]) -> None:
    """Insert a row by a function of `_insertion`. Raises StoreError, which begins with `row_name`."""
    try:
        insert(*values)
    except (peewee.IntegrityError, peewee.DataError, peewee.ProgrammingError, peewee.InterfaceError) as error:
        raise StoreError(f"{row_name}: {str(error).splitlines()[0]}") from error
    except (OverflowError, UnicodeError) as error:
        raise StoreError(f"{row_name}: a number is too large or a text cannot be stored") from error
