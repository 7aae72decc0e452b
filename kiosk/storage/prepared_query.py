"""Queries that run again and again, compiled once per process."""

from typing import cast

import peewee

from kiosk.storage.tables import Table


class PreparedQuery:
    """A query whose values are placeholders. Whoever executes it gives the values in the order of the
    placeholders.

    For the queries of a ballot and of a count. peewee takes 0.2 ms of CPU to build the text of an UPDATE of
    one row, and SQLite 0.01 ms to execute it.
    """

    def __init__(self, query: peewee.BaseQuery, locks: type[Table] | None = None) -> None:
        """`locks` is the table of a SELECT whose rows are locked in PostgreSQL; None locks no row. SQLite
        locks the whole file at BEGIN."""
        self._query = query
        self._locks = locks
        self._compiled: dict[type[peewee.Database], str] = {}

    def sql(self, database: peewee.Database) -> str:
        """Return the SQL text for this database's kind, SQLite or PostgreSQL, with placeholders for the
        values."""
        kind = type(database)
        if kind not in self._compiled:
            self._compiled[kind] = self._compile(database)
        return self._compiled[kind]

    def _compile(self, database: peewee.Database) -> str:
        query = self._query
        if self._locks and not isinstance(database, peewee.SqliteDatabase):
            query = cast(peewee.Select, query).for_update(of=self._locks)
        sql, _ = database.get_sql_context().parse(query)  # type: ignore[no-untyped-call]
        return cast(str, sql)
