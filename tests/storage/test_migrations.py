"""An upgraded installation keeps all its data, and its tables are then those of the models.

The files in schemas made the tables of existing installations, and never change.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import peewee
import pytest
from playhouse import db_url
from playhouse.migrate import SchemaMigrator, migrate

from kiosk.domain.counters import Figure, Quality, Tap, month_of
from kiosk.domain.report import Block, Kind, ReportDocument, Terms
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.storage import (
    Account,
    Action,
    Link,
    MailChoice,
    Role,
    SecondFactor,
    Store,
    StoreError,
    migrations,
    open_store,
    tables,
)
from kiosk.storage.schema_check import describe, differences
from tests.storage.stopped_closing import CLOSING, LARGE, OF_LARGE, ROUND, stopped
from tests.tools.builders import (
    MONDAY,
    a_prepared_store,
    a_round,
    a_store,
    ballot,
    cast_all,
    random_ballots,
    tree,
)
from tests.tools.postgresql import new_database
from tests.tools.published import answered

MARCH = month_of(date(2026, 3, 1))
SCHEMAS = Path(__file__).parent / "schemas"
OLD = sorted(int(file.stem) for file in SCHEMAS.glob("*.sql"))
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path / 'k.sqlite'}"
    return new_database(request.getfixturevalue("server"), tmp_path.name)


@contextmanager
def connected(url: str) -> Iterator[peewee.Database]:
    database: peewee.Database = db_url.connect(url)  # type: ignore[no-untyped-call]
    yield database
    database.close()


def execute(database: peewee.Database, sql: str) -> None:
    database.execute_sql(sql)  # type: ignore[no-untyped-call]


def columns(database: peewee.Database) -> dict[str, tuple[str, ...]]:
    return {name: tuple(c.name for c in database.get_columns(name)) for name in database.get_tables()}


def rows(database: peewee.Database) -> Rows:
    """Table -> all its rows, sorted."""
    rows_by_table = {}
    for name, names in columns(database).items():
        table = peewee.Table(name, names)
        rows_by_table[name] = sorted(table.select().dicts().execute(database), key=str)
    return rows_by_table


def make_tables(database: peewee.Database, schema: int) -> None:
    """Make the tables of an older version with its own scripts."""
    for number in range(1, schema + 1):
        script = (SCHEMAS / f"{number}.sql").read_text("utf-8")
        if not isinstance(database, peewee.SqliteDatabase):
            script = script.replace(" BLOB ", " BYTEA ").replace(") STRICT;", ");")
        for statement in script.split(";\n"):
            if statement.strip():
                execute(database, statement)


@dataclass(frozen=True)
class Installation:
    """An installation of an older version, and its rows in this version's form."""

    url: str
    folder: Path
    schema: int
    rows: Rows

    def open(self) -> Store:
        return open_store(self.folder, self.url, self.folder / "keys", durable=False)


def fill(store: Store) -> None:
    """A closed round, a running one, and something in every other table."""
    earlier = a_round(tree("a", "b"), opens_at=MONDAY - timedelta(days=100), days=90)
    store.open_round(earlier, earlier.opens_at)
    store.print_slips("r", "a", 3)
    cast_all(store, "a", random_ballots(12, Random(1)), earlier.opens_at)
    store.exclude_rapid("r", "a", earlier.opens_at)
    store.count(earlier.closes_at)
    store.open_round(replace(a_round(tree("a", "b")), id="now"), MONDAY)
    for one in random_ballots(17, Random(2)):
        store.cast("now", "a", one, MONDAY)
    store.accounts.set(Account("anna", Role.COORDINATOR, "hash"))
    store.links.add(Admission.KIOSK, "a", code="kiosk")
    store.walls.add("root")
    store.replies.set("r", {"sv": "Vi har köpt fler stolar."})
    store.outputs.set("a", MARCH, "link", Figure(40, Quality.ESTIMATED))
    store.reports.set("y2022", Terms("Effekt", "Staden", 2022, "a", "ombud", ("r",), ("s1",)))
    store.reports.write("y2022", "vision", "Alla ska med.", 0)
    blocks = (Block(Kind.PARAGRAPH, "Alla ska med."),)
    store.reports.publish("y2022", 1, ReportDocument("Effekt", "2022", "sv", "Utgåva 1", blocks).as_json())
    store.outputs.take([Tap("0" * 32, "a", MARCH, "advise", "", 1)], MARCH)
    store.second_factors.set("anna", SecondFactor("sealed", 1), ["code"])
    store.account_links.add("bo", Role.STAFF, MONDAY)
    store.api_tokens.add("statistics", MONDAY)
    store.comments.set("r", "s1", "Fler stolar.")
    store.store_change_index()
    store.earlier_figures.set("report", {"n": 12})
    store.mail_choices.set("anna", MailChoice("anna@example.org", "sv", wants_summary=True))
    store.mail_queue.put_trial("anna", MONDAY)
    store.kiosk_contacts.note(["kiosk"], MONDAY)
    store.audit_log.note(MONDAY, "anna", Action.SIGNED_IN, "coordinator")


def as_of(schema: int, table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row of today in the form of an older version."""
    if table == "installation" and row["key"] == "schema":
        return {**row, "value": str(schema)}
    if table == "output_count" and schema < 6:
        return {"unit_id": row["unit_id"], "month": f"{row['month']}-01", "kind": row["counter"], "number": 1}
    if table == "snapshot":
        document = row["document"]
        if schema < 5:
            document = document.replace('"protection":"exact",', "")
        if schema < 4:
            document = document.replace('"excluded_rapid"', '"apart"')
        return {**row, "document": document}
    return row


def todays(table: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of today's table for those of an older one."""
    return tables.OutputCount._meta.sorted_field_names if table == "activity" else names


@pytest.fixture(params=OLD)
def old(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Installation:
    new = a_prepared_store(tmp_path / "new", "a row in every table", fill)
    new.close()
    shutil.copytree(tmp_path / "new" / "keys", tmp_path / "keys")
    with connected(f"sqlite:///{tmp_path / 'new' / 'k.sqlite'}") as database:
        today = rows(database)
    with connected(url) as database:
        make_tables(database, request.param)
        kept = {}
        for table, names in columns(database).items():
            name = {"apart": "excluded_rapid", "activity": "output_count"}.get(table, table)
            kept[name] = [{column: row[column] for column in todays(table, names)} for row in today[name]]
            for row in kept[name]:
                old_row = as_of(request.param, name, row)
                peewee.Table(table, names).insert(old_row).execute(database)
    return Installation(url, tmp_path, request.param, kept)


@pytest.mark.parametrize("schema", OLD)
def test_each_migration_creates_the_same_tables_as_its_version_did(url: str, schema: int) -> None:
    with connected(url) as database:
        make_tables(database, schema)
        made = {name: describe(database, name) for name in database.get_tables()}
        for name in made:
            execute(database, f'DROP TABLE "{name}"')
        for step in migrations.STEPS[:schema]:
            step(database)
        assert {name: describe(database, name) for name in database.get_tables()} == made


def test_an_upgrade_keeps_every_row_of_an_older_installation(old: Installation) -> None:
    with pytest.raises(StoreError, match=r"older version; .* run: kiosk upgrade"):
        old.open().check_schema()
    store = old.open()
    store.migrate()
    store.check_schema()
    store.close()
    with connected(old.url) as database:
        migrated = rows(database)
        assert differences(database) == []
    assert migrated.keys() == {model._meta.table_name for model in tables.ALL}
    for table, kept in old.rows.items():
        assert [{column: row[column] for column in kept[0]} for row in migrated[table]] == kept, table
    for table in migrated.keys() - old.rows.keys():
        assert migrated[table] == [], table


def test_an_upgraded_installation_accepts_ballots_and_counts(old: Installation) -> None:
    store = old.open()
    assert store.upgrade() == (old.schema, migrations.newest_schema())
    assert store.count(MONDAY.replace(hour=17))
    rounds = {document["id"]: document for document in store.snapshot()["rounds"]}
    assert [node["answered"] for node in rounds["now"]["nodes"]] == [12, 12, None]
    had_any = "excluded_rapid" in old.rows
    assert [node["excluded_rapid"] for node in rounds["r"]["nodes"]] == ([1, 1, 0] if had_any else [0, 0, 0])
    store.links.set_screen("kiosk", Screen(476, 700, 0))
    assert store.links.all() == [Link("kiosk", Admission.KIOSK, "a", Screen(476, 700, 0))]
    assert store.public_key("now", "a")
    store.cast("now", "a", ballot(1, 1), MONDAY)
    assert store.count(MONDAY + timedelta(days=90))
    assert [node["answered"] for node in store.snapshot()["rounds"][0]["nodes"]] == [18, 18, None]
    store.close()


def test_an_upgrade_changes_only_the_renamed_fields_of_the_snapshot(old: Installation) -> None:
    store = old.open()
    store.migrate()
    assert store.snapshot_text() == old.rows["snapshot"][0]["document"]
    earlier = json.loads(store.snapshot_text())["rounds"][1]
    assert earlier["protection"] == "exact"
    assert earlier["nodes"][0]["excluded_rapid"] == 1
    store.close()


def test_a_new_installation_has_the_tables_of_the_models(url: str, tmp_path: Path) -> None:
    store = open_store(tmp_path, url, tmp_path / "keys", durable=False)
    store.migrate()
    store.close()
    with connected(url) as database:
        assert differences(database) == []


@pytest.mark.parametrize(
    ("field", "described"),
    [
        (peewee.TextField(null=True, constraints=[peewee.SQL("DEFAULT '' NOT NULL")]), "text DEFAULT ''"),
        (peewee.TextField(null=True, constraints=[peewee.SQL("DEFAULT 'a' NOT NULL")]), "text DEFAULT 'a'"),
        (peewee.IntegerField(null=True, constraints=[peewee.SQL("DEFAULT 0 NOT NULL")]), "integer DEFAULT 0"),
        (peewee.TextField(null=True), "text NULL"),
    ],
)
def test_a_column_that_a_migration_adds_is_described_alike_on_both_databases(
    url: str, tmp_path: Path, field: peewee.Field, described: str
) -> None:
    store = open_store(tmp_path, url, tmp_path / "keys", durable=False)
    store.migrate()
    store.close()
    with connected(url) as database:
        migrator = SchemaMigrator.from_database(database)  # type: ignore[no-untyped-call]
        migrate(migrator.add_column("wall", "added", field))  # type: ignore[no-untyped-call]
        strict = ["STRICT"] if isinstance(database, peewee.SqliteDatabase) else []
        assert describe(database, "wall") == [
            "code text KEY", "node_id text", f"added {described}", *strict
        ]  # fmt: skip


CHANGES = {
    "table": 'DROP TABLE "wall"',
    "column": 'ALTER TABLE "wall" DROP COLUMN "node_id"',
    "new column": 'ALTER TABLE "box" ADD COLUMN "at" TEXT',
    "index": 'CREATE INDEX "second_key" ON "box" ("key_id")',
    "name": 'ALTER TABLE "box" RENAME COLUMN "sealed" TO "open"',
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_the_schema_check_catches_a_changed_table(url: str, tmp_path: Path, change: str) -> None:
    store = open_store(tmp_path, url, tmp_path / "keys", durable=False)
    store.migrate()
    store.close()
    with connected(url) as database:
        execute(database, change)
        assert len(differences(database)) == 1


REPLACED = {
    "no STRICT": ("STRICT", ""),
    "no ROWID": ("STRICT", "STRICT, WITHOUT ROWID"),
    "no UNIQUE": ("UNIQUE", ""),
    "key": (', PRIMARY KEY ("round_id", "unit_id")', ', PRIMARY KEY ("round_id", "tag")'),
    "NULL": ("BLOB NOT NULL", "BLOB"),
    "type": ("BLOB", "TEXT"),
}


@pytest.mark.parametrize(("words", "others"), REPLACED.values(), ids=REPLACED.keys())
def test_the_schema_check_catches_changed_options_of_an_sqlite_table(
    tmp_path: Path, words: str, others: str
) -> None:
    a_store(tmp_path).close()
    with connected(f"sqlite:///{tmp_path / 'k.sqlite'}") as database:
        query = "SELECT sql FROM sqlite_master WHERE name = 'slip_set'"
        [(sql,)] = database.execute_sql(query).fetchall()  # type: ignore[no-untyped-call]
        execute(database, "DROP TABLE slip_set")
        assert words in sql
        execute(database, sql.replace(words, others))
        [sentence] = differences(database)
        assert sentence.startswith("table slip_set has (")


def test_a_migration_that_does_not_match_the_models_is_rolled_back(
    old: Installation, monkeypatch: Any
) -> None:
    """Control: a further step adds a column that no model has."""

    def add_column(database: peewee.Database) -> None:
        execute(database, 'ALTER TABLE "wall" ADD COLUMN "at" TEXT')

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, add_column))
    store = old.open()
    with connected(old.url) as database:
        before = rows(database)
    with pytest.raises(StoreError, match="table wall has "):
        store.migrate()
    store.close()
    with connected(old.url) as database:
        assert rows(database) == before


STEPS_BEFORE_CLOSINGS = migrations.STEPS[:9]
"""The migrations of programs that read a round whose closing has begun as closed."""


@pytest.fixture
def closing(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An installation whose round is being closed: the count was stopped after its plan."""
    store = open_store(tmp_path, url, tmp_path / "keys", durable=False)
    store.migrate()
    store.open_round(ROUND, MONDAY)
    cast_all(store, LARGE[0], random_ballots(OF_LARGE, Random(1)))
    stopped(store, monkeypatch, 1)
    return store


def test_an_older_program_refuses_a_database_with_a_stopped_closing(
    closing: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", STEPS_BEFORE_CLOSINGS)
        for enter in (closing.check_schema, closing.upgrade):
            with pytest.raises(StoreError, match="tables are of a newer version of this program"):
                enter()
    closing.check_schema()
    assert closing.count(CLOSING)
    assert answered(closing.snapshot())["root"] == OF_LARGE
    closing.close()


def test_a_closing_that_the_schema_before_began_goes_on_after_the_upgrade(url: str, closing: Store) -> None:
    newest = len(STEPS_BEFORE_CLOSINGS) + 1
    with connected(url) as database:
        number = tables.Installation.update(value=str(newest - 1))
        number.where(tables.Installation.key == "schema").execute(database)
    assert closing.upgrade()[0] == newest - 1
    assert closing.count(CLOSING)
    assert answered(closing.snapshot())["root"] == OF_LARGE
    closing.close()
