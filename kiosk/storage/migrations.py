"""Migrations: one step per schema number, from an empty database to the tables of tables.py.

A step names tables and columns as they were in its schema, never today's models, and is never changed after
its release. To change the schema, change tables.py and add a step; `schema_check` compares the two
afterwards.
"""

import json
from collections.abc import Callable
from functools import partial

import peewee
from playhouse.migrate import SchemaMigrator, migrate

Text = peewee.TextField
Integer = peewee.IntegerField
Blob = peewee.BlobField


def _create(
    database: peewee.Database, table: str, primary_key: tuple[str, ...], /, **columns: peewee.Field
) -> None:
    """Create a table with these columns, in their order; `primary_key` names some of them."""
    meta = {
        "table_name": table,
        "primary_key": peewee.CompositeKey(*primary_key),
        # PostgreSQL, where every table is strict, has no such option.
        "strict_tables": isinstance(database, peewee.SqliteDatabase),
    }
    model = type(table, (peewee.Model,), {"Meta": type("Meta", (), meta), **columns})
    peewee.SchemaManager(model, database).create_table(safe=False)


def _rounds_and_guests(database: peewee.Database) -> None:
    create = partial(_create, database)
    create("installation", ("key",), key=Text(), value=Text())
    create("account", ("name",), name=Text(), role=Text(), password=Text())
    zero: list[peewee.Node] = [peewee.SQL("DEFAULT 0")]
    create(
        "round",
        ("id",),
        id=Text(),
        terms=Text(),
        closed=Integer(constraints=zero),
        lost_boxes=Integer(constraints=zero),
    )
    unit = ("round_id", "unit_id")
    create("box", unit, round_id=Text(), unit_id=Text(), key_id=Text(), sealed=Blob())
    create(
        "slip_set",
        unit,
        round_id=Text(),
        unit_id=Text(),
        tag=Text(constraints=[peewee.SQL("UNIQUE")]),
        key_id=Text(),
        sealed=Blob(),
    )
    create(
        "tally",
        ("round_id", "node_id", "statement_id", "option"),
        round_id=Text(),
        node_id=Text(),
        statement_id=Text(),
        option=Text(),
        answers=Integer(),
    )
    create("snapshot", ("id",), id=Integer(constraints=[peewee.Check("id = 1")]), document=Text())
    create("link", ("code",), code=Text(), admission=Text(), unit_id=Text())


def _desk_and_letterboxes(database: peewee.Database) -> None:
    create = partial(_create, database)
    create("wall", ("code",), code=Text(), node_id=Text())
    create("log", ("number",), number=Integer(), at=Text(), name=Text(), deed=Text(), what=Text())
    create("reply", ("round_id", "language"), round_id=Text(), language=Text(), words=Text())
    create(
        "slip_count",
        ("round_id", "unit_id", "run"),
        round_id=Text(),
        unit_id=Text(),
        run=Integer(),
        printed=Integer(),
        used=Integer(),
    )
    unit = ("round_id", "unit_id")
    create("apart", unit, round_id=Text(), unit_id=Text(), ballots=Integer())
    month = ("unit_id", "month", "kind")
    create("activity", month, unit_id=Text(), month=Text(), kind=Text(), number=Integer())
    create("imported", ("id",), id=Text(), figures=Text())
    create(
        "letterbox",
        unit,
        round_id=Text(),
        unit_id=Text(),
        public_key=Text(),
        key_id=Text(),
        sealed=Blob(),
    )


def _kiosk_screens(database: peewee.Database) -> None:
    migrator = SchemaMigrator.from_database(database)  # type: ignore[no-untyped-call]
    for column in ("width_mm", "distance_mm", "lower_edge_mm"):
        migrate(migrator.add_column("link", column, Integer(null=True)))  # type: ignore[no-untyped-call]


def _excluded_rapid(database: peewee.Database) -> None:
    """Rename the table `apart`, and the field of the published document, to `excluded_rapid`."""
    migrator = SchemaMigrator.from_database(database)  # type: ignore[no-untyped-call]
    migrate(migrator.rename_table("apart", "excluded_rapid"))  # type: ignore[no-untyped-call]
    snapshot = peewee.Table("snapshot")
    for (text,) in list(snapshot.select(snapshot.c.document).tuples().execute(database)):
        document = json.loads(text)
        for of_round in document["rounds"]:
            of_round["nodes"] = [
                {("excluded_rapid" if key == "apart" else key): value for key, value in node.items()}
                for node in of_round["nodes"]
            ]
        renamed = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        snapshot.update({snapshot.c.document: renamed}).execute(database)


def _protected_rounds(database: peewee.Database) -> None:
    """Create the table of a protected round's batches. Mark all previous rounds as exact in the published
    document, in a field after `k`."""
    node = ("round_id", "node_id")
    _create(database, "batches", node, round_id=Text(), node_id=Text(), number=Integer())
    snapshot = peewee.Table("snapshot")
    for (text,) in list(snapshot.select(snapshot.c.document).tuples().execute(database)):
        document = json.loads(text)
        document["rounds"] = [_with_protection(of_round) for of_round in document["rounds"]]
        changed = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        snapshot.update({snapshot.c.document: changed}).execute(database)


def _with_protection(of_round: dict[str, object]) -> dict[str, object]:
    fields = list(of_round.items())
    after = 1 + list(of_round).index("k")
    return dict([*fields[:after], ("protection", "exact"), *fields[after:]])


def _outputs(database: peewee.Database) -> None:
    """Replace the six kinds of activities by counters with targets, and store a month as 2026-03 instead of
    as its first day. Create the tables of typed figures and reports."""
    taps = ("unit_id", "month", "counter", "target")
    columns = dict.fromkeys(taps, Text)
    _create(
        database, "output_count", taps, **{name: kind() for name, kind in columns.items()}, number=Integer()
    )
    activity, counted = peewee.Table("activity"), peewee.Table("output_count")
    rows = activity.select(activity.c.unit_id, activity.c.month, activity.c.kind, activity.c.number)
    for unit_id, month, kind, number in list(rows.tuples().execute(database)):
        counted.insert(
            {
                counted.c.unit_id: unit_id,
                counted.c.month: month[: len("2026-03")],
                counted.c.counter: kind,
                counted.c.target: "",
                counted.c.number: number,
            }
        ).execute(database)
    migrator = SchemaMigrator.from_database(database)  # type: ignore[no-untyped-call]
    migrate(migrator.drop_table("activity"))  # type: ignore[no-untyped-call]
    figure = ("node_id", "period", "counter")
    _create(
        database,
        "typed_figure",
        figure,
        node_id=Text(),
        period=Text(),
        counter=Text(),
        quality=Text(),
        number=Integer(),
    )
    _create(database, "report", ("id",), id=Text(), terms=Text())
    part, edition = ("report_id", "part"), ("report_id", "edition")
    _create(database, "report_text", part, report_id=Text(), part=Text(), version=Integer(), words=Text())
    _create(database, "report_edition", edition, report_id=Text(), edition=Integer(), document=Text())


def _output_tickets(database: peewee.Database) -> None:
    _create(database, "output_ticket", ("ticket",), ticket=Text(), month=Text())


def _second_factors_and_links(database: peewee.Database) -> None:
    create = partial(_create, database)
    create("second_factor", ("name",), name=Text(), sealed_secret=Text(), last_step=Integer())
    create("recovery_code", ("name", "digest"), name=Text(), digest=Text())
    create("account_link", ("digest",), digest=Text(), name=Text(), role=Text(), expires_at=Text())


def _tickets_and_sign_in(database: peewee.Database) -> None:
    _output_tickets(database)
    _second_factors_and_links(database)


def _change_index_tokens_and_comments(database: peewee.Database) -> None:
    create = partial(_create, database)
    create("change_index", ("id",), id=Integer(constraints=[peewee.Check("id = 1")]), document=Text())
    create("api_token", ("name",), name=Text(), digest=Text(), made_at=Text())
    statement = ("round_id", "statement_id")
    create("comment", statement, round_id=Text(), statement_id=Text(), words=Text())


def _mail(database: peewee.Database) -> None:
    create = partial(_create, database)
    create(
        "mail_choice",
        ("name",),
        name=Text(),
        address=Text(),
        language=Text(),
        summary=Integer(),
        silence=Integer(),
    )
    create(
        "outgoing_mail",
        ("id",),
        id=Text(),
        name=Text(),
        kind=Text(),
        about=Text(),
        state=Text(),
        tries=Integer(),
        queued_at=Text(),
        next_try=Text(),
        problem=Text(),
    )
    create("kiosk_contact", ("code",), code=Text(), after_count=Text(), is_reported=Integer())


def _closings_in_steps(_database: peewee.Database) -> None:
    """Changes no table. A program of an older schema would read a round whose closing has begun as closed,
    and lose what is left of it: the schema's number makes it refuse the database."""


STEPS: tuple[Callable[[peewee.Database], None], ...] = (
    _rounds_and_guests,
    _desk_and_letterboxes,
    _kiosk_screens,
    _excluded_rapid,
    _protected_rounds,
    _outputs,
    _tickets_and_sign_in,
    _change_index_tokens_and_comments,
    _mail,
    _closings_in_steps,
)
"""The migrations in order: the first makes schema 1 of an empty database, each next one the schema after
it."""


def newest_schema() -> int:
    """Return the number of this program's schema, which tables.py describes."""
    return len(STEPS)
