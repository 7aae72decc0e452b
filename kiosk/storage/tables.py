"""The schema: every table of an installation, as a peewee model. Read this first.

No model is bound to a database, since one process may have several stores: a query names its models, and
`Database` runs it. Nothing about a guest has a column for a time, a number of its own or a second key
(docs/anonymity.md). A change here needs a migration (migrations.py).
"""

import peewee


def without_nul(value: object) -> object:
    """A value that PostgreSQL takes: it refuses texts with NUL. None that is stored has one, so none is ever
    found."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


class Text(peewee.TextField):
    """A text of the database, without NUL."""

    def db_value(self, value: object) -> object:
        return without_nul(value)


class Table(peewee.Model):
    """What all tables have in common."""

    class Meta:
        legacy_table_names = False
        strict_tables = True


class Installation(Table):
    """What an installation remembers about itself: its schema's number, the last tick, its kind."""

    key = Text(primary_key=True)
    value = Text()


class Account(Table):
    """Somebody who may sign in; `password` is an argon2 hash."""

    name = Text(primary_key=True)
    role = Text()
    password = Text()


# -- rounds and their guests -------------------------------------------------------------------------


class Round(Table):
    """`terms` are frozen when the round opens: no statement in this program updates them."""

    id = Text(primary_key=True)
    terms = Text()
    closed = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    lost_boxes = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])


class Box(Table):
    """A unit's uncounted ballots, sealed; a row for each unit, made when the round opens."""

    round_id = Text()
    unit_id = Text()
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class SlipSet(Table):
    """A unit's slips, sealed. `tag` stands at the beginning of each code and leads to the row."""

    round_id = Text()
    unit_id = Text()
    tag = Text(constraints=[peewee.SQL("UNIQUE")])
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Letterbox(Table):
    """Where kiosks' envelopes for a box come in: its public key, in hex; sealed, its private key and the
    tickets taken."""

    round_id = Text()
    unit_id = Text()
    public_key = Text()
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Tally(Table):
    """Running sums of published batches. `option` is 1..n, a kind of no answer, or withheld."""

    round_id = Text()
    node_id = Text()
    statement_id = Text()
    option = Text()
    answers = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "node_id", "statement_id", "option")


class SlipCount(Table):
    """Slips of a closed round, by print run: how many were printed, how many came back."""

    round_id = Text()
    unit_id = Text()
    run = peewee.IntegerField()
    printed = peewee.IntegerField()
    used = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id", "run")


class ExcludedRapid(Table):
    """How many ballots of a closed round came too fast for people, and were excluded."""

    round_id = Text()
    unit_id = Text()
    ballots = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Snapshot(Table):
    """The published document, in its only row."""

    id = peewee.IntegerField(primary_key=True, constraints=[peewee.Check("id = 1")])
    document = Text()


# -- addresses ---------------------------------------------------------------------------------------


class Link(Table):
    """An address that leads to a unit's box: a paired kiosk's or a poster's. In millimetres, where they are
    measured: the screen's width, the guest's distance, the lower edge above the floor."""

    code = Text(primary_key=True)
    admission = Text()
    unit_id = Text()
    width_mm = peewee.IntegerField(null=True)
    distance_mm = peewee.IntegerField(null=True)
    lower_edge_mm = peewee.IntegerField(null=True)


class Wall(Table):
    """The address of a wall screen, which shows the snapshot at one node to whoever stands before it."""

    code = Text(primary_key=True)
    node_id = Text()


# -- staff -------------------------------------------------------------------------------------------


class Log(Table):
    """Who of the staff did what. `number` keeps the order."""

    number = peewee.IntegerField(primary_key=True)
    at = Text()
    name = Text()
    deed = Text()
    what = Text()


class Reply(Table):
    """What came of a round, told to guests on their start screen."""

    round_id = Text()
    language = Text()
    words = Text()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "language")


class Activity(Table):
    """What staff did for guests: how many of a kind in a month at a unit. No day, no guest."""

    unit_id = Text()
    month = Text()
    kind = Text()
    number = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("unit_id", "month", "kind")


class Imported(Table):
    """Figures counted elsewhere, shown beside the rounds and marked."""

    id = Text(primary_key=True)
    figures = Text()


ALL: tuple[type[Table], ...] = tuple(Table.__subclasses__())
