"""The schema: every table of an installation, as a peewee model. Read this first.

Other modules import this one as `tables`. Some have a class of the same name for the values that they return:
`tables.Account` is the table, `accounts.Account` a person's account. Times are ISO 8601 texts, local and
without a zone.

No model is bound to a database, since one process may have several stores: a query names its models, and
`Database` runs it. Nothing about a guest has a column for a time, a number of its own or a second key
(docs/anonymity.md). A change here needs a migration (migrations.py).
"""

import peewee


def without_nul(value: object) -> object:
    """Return a value with each NUL of a text replaced by U+FFFD, since PostgreSQL refuses NUL. Other values
    are returned as they are."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


class Text(peewee.TextField):
    """A text of the database. NUL in a value is replaced as in `without_nul`."""

    def db_value(self, value: object) -> object:
        return without_nul(value)


class Table(peewee.Model):
    """Base of all tables: on SQLite each is STRICT."""

    class Meta:
        legacy_table_names = False
        strict_tables = True


class Installation(Table):
    """Values of the installation itself by key: the schema's number ("schema"), the last counted tick
    ("last_tick"), the clock record, a count's progress, a round that is being opened, sessions' epochs,
    digests of kiosks' marks and of pairing codes, the publication tag, and whether it is a demonstration."""

    key = Text(primary_key=True)
    value = Text()


class Account(Table):
    """A staff account; `password` is an argon2 hash."""

    name = Text(primary_key=True)
    role = Text()
    password = Text()


class SecondFactor(Table):
    """An account's second factor (RFC 6238): its secret, sealed under a key derived from the session key, and
    `last_step`, the number of a 30-second period since 1970; no code of it or an earlier one is accepted
    again."""

    name = Text(primary_key=True)
    sealed_secret = Text()
    last_step = peewee.IntegerField()


class RecoveryCode(Table):
    """The SHA-256 digest of each unused code that replaces an account's second factor once."""

    name = Text()
    digest = Text()

    class Meta:
        primary_key = peewee.CompositeKey("name", "digest")


class AccountLink(Table):
    """An unused one-time link for choosing a password. Its code is stored as a digest. `name` is the
    account's, and `role` that of an account to be created; "" if the account exists."""

    digest = Text(primary_key=True)
    name = Text()
    role = Text()
    expires_at = Text()


class ApiToken(Table):
    """A token with which a program reads the published figures; its code is stored as a digest."""

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
    """A queued mail to an account, by the values of `kiosk.storage.mail.OutgoingMail`. It has no text and no
    address."""

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
    """The tick of the count after which a kiosk was last in contact, and whether mail about its silence was
    queued (0 or 1). `code` is that of the kiosk's link, "" for the server itself."""

    code = Text(primary_key=True)
    after_count = Text()
    is_reported = peewee.IntegerField()


# -- rounds and their guests -------------------------------------------------------------------------


class Round(Table):
    """A round. `terms`, the JSON of a `kiosk.domain.rounds.Round`, are frozen when it is stored: no query in
    this program updates them. `closed` is 0 while it is open, 2 while a count closes it, then 1. `lost_boxes`
    counts boxes lost with their ballots."""

    id = Text(primary_key=True)
    terms = Text()
    closed = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])
    lost_boxes = peewee.IntegerField(constraints=[peewee.SQL("DEFAULT 0")])


class Box(Table):
    """A unit's uncounted ballots, sealed under the key `key_id`. The row is made before the round is stored,
    then updated in place, and deleted when a count closes the round."""

    round_id = Text()
    unit_id = Text()
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class SlipSet(Table):
    """A unit's slips in an open round, sealed. Each slip's code begins with `tag`."""

    round_id = Text()
    unit_id = Text()
    tag = Text(constraints=[peewee.SQL("UNIQUE")])
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Letterbox(Table):
    """The key pair of a box, for which kiosks seal envelopes: `public_key` in hex. The private key and
    digests of the tickets of accepted envelopes and forms are sealed."""

    round_id = Text()
    unit_id = Text()
    public_key = Text()
    key_id = Text()
    sealed = peewee.BlobField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Tally(Table):
    """Running sums of published batches. `statement_id` is the id of a column. `option` is 1..n, a kind of no
    answer (`NoAnswer`), "withheld", or for a follow-up also "not_asked"."""

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
    """Numbers of printed and used slips of a closed round, by unit and print run (`run`, from 1). `used` is 0
    where no page shows it."""

    round_id = Text()
    unit_id = Text()
    run = peewee.IntegerField()
    printed = peewee.IntegerField()
    used = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id", "run")


class ExcludedRapid(Table):
    """Numbers of ballots of a closed round that were excluded as rapid submissions, by unit; never 0."""

    round_id = Text()
    unit_id = Text()
    ballots = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("round_id", "unit_id")


class Snapshot(Table):
    """The published document as JSON (`kiosk.domain.snapshot.Document`), in its only row."""

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
    """The audit log of staff actions: a row for each `audit_log.Entry`, with its fields. `number` rises and
    keeps the order."""

    number = peewee.IntegerField(primary_key=True)
    at = Text()
    name = Text()
    action = Text(column_name="deed")
    what = Text()


class Reply(Table):
    """A coordinator's reply to guests about a closed round, shown on the start screen, by language."""

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
    """Numbers of taps of staff's counters by unit, month such as 2026-03, and target, "" for a counter
    without targets. No day, no guest."""

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
    """An effect report, published or not: its terms as JSON (`kiosk.domain.report.Terms`)."""

    id = Text(primary_key=True)
    terms = Text()


class ReportText(Table):
    """The text of one part of a report. `version` is 1 at first and rises by 1 with each change."""

    report_id = Text()
    part = Text()
    version = peewee.IntegerField()
    words = Text()

    class Meta:
        primary_key = peewee.CompositeKey("report_id", "part")


class ReportEdition(Table):
    """A published edition of a report: its number and its whole document as JSON, which never changes."""

    report_id = Text()
    edition = peewee.IntegerField()
    document = Text()

    class Meta:
        primary_key = peewee.CompositeKey("report_id", "edition")


class Imported(Table):
    """Earlier figures, shown beside the rounds and marked: a name (`id`), and
    `kiosk.domain.earlier_figures.EarlierFigures` as JSON."""

    id = Text(primary_key=True)
    figures = Text()


ALL: tuple[type[Table], ...] = tuple(Table.__subclasses__())
"""The models of all tables of an installation."""
