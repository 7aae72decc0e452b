"""Compares the tables of a database, SQLite or PostgreSQL, with the models of tables.py."""

import peewee

from kiosk.storage.tables import ALL, Table

_TYPES = {"TEXT": "text", "INT": "integer", "BLOB": "blob", "bytea": "blob"}
"""Name of a type in peewee, SQLite or PostgreSQL -> its name in this module's texts. Other names are used in
small letters."""


def differences(database: peewee.Database) -> list[str]:
    """Return one clause, in English, for each table that differs from its model; empty if none does. Other
    tables in the database are ignored."""
    present = set(database.get_tables())
    faults = []
    for model in ALL:
        name = str(model._meta.table_name)
        if name not in present:
            faults.append(f"there is no table {name}")
        elif (actual := describe(database, name)) != (declared := _declared(model, database)):
            faults.append(f"table {name} has ({', '.join(actual)}), not ({', '.join(declared)})")
    return faults


def _declared(model: type[Table], database: peewee.Database) -> list[str]:
    """Return what `describe` returns for a table that agrees with its model."""
    fields = model._meta.get_primary_keys()  # type: ignore[no-untyped-call]
    keys = {field.column_name for field in fields}
    columns, unique = [], []
    for field in model._meta.sorted_fields:
        constraints = {str(constraint.sql) for constraint in field.constraints or ()}
        default = next((sql for sql in constraints if sql.startswith("DEFAULT ")), "")
        is_key = field.column_name in keys
        columns.append(_column(field.column_name, field.field_type, default, null=field.null, is_key=is_key))
        unique += [f"unique {field.column_name}"] if "UNIQUE" in constraints else []
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    options = _options(strict=model._meta.strict_tables, without_rowid=model._meta.without_rowid)
    return columns + unique + (options if is_sqlite else [])


def describe(database: peewee.Database, name: str) -> list[str]:
    """Return texts that describe a table, which exists: its columns in order, its indexes besides the primary
    key and, for SQLite, its options. Examples are "id text KEY", "unique tag" and "STRICT"."""
    columns = [
        _column(
            column.name,
            column.data_type,
            # PostgreSQL adds the type to a text's default: ''::text.
            f"DEFAULT {column.default.removesuffix('::text')}" if column.default is not None else "",
            null=column.null,
            is_key=column.primary_key,
        )
        for column in database.get_columns(name)
    ]
    keys = set(database.get_primary_keys(name))
    indexes = [
        f"{'unique' if index.unique else 'index'} {', '.join(index.columns)}"
        for index in database.get_indexes(name)
        if not index.unique or set(index.columns) != keys
    ]
    if not isinstance(database, peewee.SqliteDatabase):
        return columns + indexes
    sql = "SELECT strict, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
    strict, without_rowid = database.execute_sql(sql, (name,)).fetchone()  # type: ignore[no-untyped-call]
    return columns + indexes + _options(strict=strict, without_rowid=without_rowid)


def _column(name: str, kind: str, default: str, *, null: bool, is_key: bool) -> str:
    parts = (name, _TYPES.get(kind, kind).lower(), default, "NULL" if null else "", "KEY" if is_key else "")
    return " ".join(part for part in parts if part)


def _options(*, strict: bool, without_rowid: bool) -> list[str]:
    return ["STRICT"] * bool(strict) + ["WITHOUT ROWID"] * bool(without_rowid)
