"""The schema: every table of an installation, as a peewee model. Read this first.

No model is bound to a database, since one process may have several stores: a query names its models, and
`Database` runs it. Nothing about a guest has a column for a time, a number of its own or a second key
(docs/anonymity.md). A change here needs a migration (migrations.py).
"""

import peewee


def without_nul(value: object) -> object:
    """Return a value that PostgreSQL accepts: it refuses texts with NUL. No stored text has one, so a search
    for such a text finds nothing."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


class Text(peewee.TextField):
    """A text of the database, without NUL."""

    def db_value(self, value: object) -> object:
        return without_nul(value)


class Table(peewee.Model):
    """Base of all tables: on SQLite each is STRICT."""

    class Meta:
        legacy_table_names = False
        strict_tables = True


class Installation(Table):
    """Values of the installation itself: the schema's number, the last counted tick, the clock record."""

    key = Text(primary_key=True)
    value = Text()


class Account(Table):
    """A staff account; `password` is an argon2 hash."""

    name = Text(primary_key=True)
    role = Text()
    password = Text()


class SecondFactor(Table):
    """An account's second factor (RFC 6238): its secret, sealed under the key of sessions, and the last step
    of 30 seconds whose code signed in."""

    name = Text(primary_key=True)
    sealed_secret = Text()
    last_step = peewee.IntegerField()


class RecoveryCode(Table):
    """A digest of each unused code that replaces the second factor once."""

    name = Text()
    digest = Text()

    class Meta:
        primary_key = peewee.CompositeKey("name", "digest")


class AccountLink(Table):
    """An unused one-time link for choosing a password. Its code is stored as a digest. `role` is that of the
    new account; "" if the account exists."""

    digest = Text(primary_key=True)
    name = Text()
    role = Text()
    expires_at = Text()


class ApiToken(Table):
    """A token that reads the published figures, by name; its code is stored as a digest."""

    name = Text(primary_key=True)
    digest = Text()
    made_at = Text()


class MailChoice(Table):
    """An account's e-mail address, the language of its mail, and whether it wants each kind (0 or 1)."""

    name = Text(primary_key=True)
    address = Text()
    language = Text()
    summary = peewee.IntegerField()
    silence = peewee.IntegerField()


class OutgoingMail(Table):
    """A mail to an account that waits, was given up, or was a trial. It has no text and no address."""

    id = Text(primary_key=True)
    name = Text()
    kind = Text()
    about = Text()
    state = Text()
    tries = peewee.IntegerField()
    queued_at = Text()
    next_try = Text()
    problem = Text()


class KioskContact(Table):
    """The count after which a kiosk was last in contact, and whether its silence was reported (0 or 1)."""

    code = Text(primary_key=True)
    after_count = Text()
    is_reported = peewee.IntegerField()


# -- rounds and their guests -------------------------------------------------------------------------


class Round(Table):
    """A round. `terms` are frozen when it opens: no query in this program updates them."""

    id = Text(primary_key=True)
    terms = Text()
    closed = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    lost_boxes = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])


class Box(Table):
    """A unit's uncounted ballots, sealed. The row is made when the round opens and then updated in place."""

    round_id = Text()
    unit_id = Text()
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class SlipSet(Table):
    """A unit's slips, sealed. Each slip's code begins with `tag`."""

    round_id = Text()
    unit_id = Text()
    tag = Text(constraints=[peewee.SQL("UNIQUE")])
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Letterbox(Table):
    """The key pair of a box, for which kiosks seal envelopes: `public_key` in hex. The private key and the
    tickets of accepted envelopes are sealed."""

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


class Batches(Table):
    """Number of batches of a protected round that were published for each node itself, each with its own
    noise."""

    round_id = Text()
    node_id = Text()
    number = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "node_id")


class SlipCount(Table):
    """Numbers of slips of a closed round, printed and used, by unit and print run. `used` is 0 where no page
    shows it."""

    round_id = Text()
    unit_id = Text()
    run = peewee.IntegerField()
    printed = peewee.IntegerField()
    used = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id", "run")


class ExcludedRapid(Table):
    """Numbers of ballots of a closed round that were excluded as too rapid, by unit."""

    round_id = Text()
    unit_id = Text()
    ballots = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Snapshot(Table):
    """The published document, in its only row."""

    id = peewee.IntegerField(primary_key=True, constraints=[peewee.Check("id = 1")])
    document = Text()


class ChangeIndex(Table):
    """The changes that the results pages show first, as JSON, computed from the published document at the
    count."""

    id = peewee.IntegerField(primary_key=True, constraints=[peewee.Check("id = 1")])
    document = Text()


# -- addresses ---------------------------------------------------------------------------------------


class Link(Table):
    """The address of a paired kiosk or a poster at a unit. In millimetres, NULL until measured: the screen's
    width, the guest's distance, the lower edge above the floor."""

    code = Text(primary_key=True)
    admission = Text()
    unit_id = Text()
    width_mm = peewee.IntegerField(null=True)
    distance_mm = peewee.IntegerField(null=True)
    lower_edge_mm = peewee.IntegerField(null=True)


class Wall(Table):
    """The address of a wall screen, which shows one node's published figures."""

    code = Text(primary_key=True)
    node_id = Text()


# -- staff -------------------------------------------------------------------------------------------


class Log(Table):
    """The audit log of staff actions. `number` keeps the order."""

    number = peewee.IntegerField(primary_key=True)
    at = Text()
    name = Text()
    action = Text(column_name="deed")
    what = Text()


class Reply(Table):
    """The staff's reply to guests about a closed round, shown on the start screen, by language."""

    round_id = Text()
    language = Text()
    words = Text()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "language")


class Comment(Table):
    """A coordinator's comment on a statement in a round, shown under its charts."""

    round_id = Text()
    statement_id = Text()
    words = Text()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "statement_id")


class OutputCount(Table):
    """Numbers of taps of staff's counters by unit, month such as 2026-03, and target. No day, no guest."""

    unit_id = Text()
    month = Text()
    counter = Text()
    target = Text()
    number = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("unit_id", "month", "counter", "target")


class OutputTicket(Table):
    """Random numbers of counted taps, so that a tap that a phone sends twice counts once. `month` is the
    tap's month. The rows are deleted when taps of their month are no longer accepted."""

    ticket = Text(primary_key=True)
    month = Text()


class TypedFigure(Table):
    """Typed figures of counters by node and period, such as 2026, 2026-Q1 or 2026-03. No free text."""

    node_id = Text()
    period = Text()
    counter = Text()
    quality = Text()
    number = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("node_id", "period", "counter")


class Report(Table):
    """An effect report that is being written: its terms as JSON."""

    id = Text(primary_key=True)
    terms = Text()


class ReportText(Table):
    """The text of one part of a report. `version` rises with each change."""

    report_id = Text()
    part = Text()
    version = peewee.IntegerField()
    words = Text()

    class Meta:
        primary_key = peewee.CompositeKey("report_id", "part")


class ReportEdition(Table):
    """A published edition of a report: its whole document, which never changes."""

    report_id = Text()
    edition = peewee.IntegerField()
    document = Text()

    class Meta:
        primary_key = peewee.CompositeKey("report_id", "edition")


class Imported(Table):
    """Figures from an earlier report, shown beside the rounds and marked."""

    id = Text(primary_key=True)
    figures = Text()


ALL: tuple[type[Table], ...] = tuple(Table.__subclasses__())
