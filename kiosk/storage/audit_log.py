"""The log of staff's actions. It has no data about guests."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import peewee

from kiosk.storage import tables
from kiosk.storage.database import Database, Row
from kiosk.storage.sealed_rows import Writer, one_write

COMMAND_LINE = "kiosk"
"""The name in the log for commands run in a shell."""


class Action(StrEnum):
    """Staff actions that are logged. The values are stored, so none is ever renamed.

    ADDRESS_* are about links of kiosks and posters, PAIRING_BEGUN is a new pairing code, SCREEN_CONFIRMED a
    coordinator's consent to a screen that staff paired, and SCREEN_MEASURED a kiosk's stored screen size.
    UNITS_WRITTEN is a saved tree, and TEXTS_WRITTEN are saved translations. FIGURES_IMPORTED, _CHANGED and
    _REMOVED are about earlier figures, FIGURES_GIVEN is about a file for other organisations, FIGURE_* are
    about counted outputs. KEY_* are about the keys of other organisations.
    """

    SIGNED_IN = "signed_in"
    ACCOUNT_SET = "account_set"
    ACCOUNT_REMOVED = "account_removed"
    ACCOUNT_LINK_MADE = "account_link_made"
    ACCOUNT_LINK_WITHDRAWN = "account_link_withdrawn"
    RESET_LINK_MADE = "reset_link_made"
    ACCOUNT_LINK_USED = "account_link_used"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an action
    ROLE_CHANGED = "role_changed"
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    MAIL_CHANGED = "mail_changed"
    TOKEN_MADE = "token_made"  # noqa: S105 - an action
    TOKEN_REMOVED = "token_removed"  # noqa: S105 - an action
    ROUND_OPENED = "round_opened"
    ROUND_CANCELLED = "round_cancelled"
    ADDRESS_MADE = "address_made"
    ADDRESS_REMOVED = "address_removed"
    PAIRING_BEGUN = "pairing_begun"
    KIOSK_OVER_BUDGET = "kiosk_over_budget"
    SCREEN_PAIRED = "screen_paired"
    SCREEN_CONFIRMED = "screen_confirmed"
    SCREEN_MEASURED = "screen_measured"
    KIOSK_MOVED = "kiosk_moved"
    SLIPS_PRINTED = "slips_printed"
    SLIPS_OVER_BUDGET = "slips_over_budget"
    POSTER_PRINTED = "poster_printed"
    WALL_MADE = "wall_made"
    WALL_REMOVED = "wall_removed"
    REPLY_WRITTEN = "reply_written"
    COMMENT_WRITTEN = "comment_written"
    FIGURES_IMPORTED = "figures_imported"
    FIGURES_CHANGED = "figures_changed"
    FIGURES_REMOVED = "figures_removed"
    FIGURE_TYPED = "figure_typed"
    FIGURE_CORRECTED = "figure_corrected"
    REPORT_PUBLISHED = "report_published"
    SURVEY_WRITTEN = "survey_written"
    SURVEY_REMOVED = "survey_removed"
    SCALE_WRITTEN = "scale_written"
    SCALE_REMOVED = "scale_removed"
    COUNTER_WRITTEN = "counter_written"
    COUNTER_REMOVED = "counter_removed"
    UNITS_WRITTEN = "units_written"
    LANGUAGE_ADDED = "language_added"
    LANGUAGE_REMOVED = "language_removed"
    TEXTS_WRITTEN = "texts_written"
    BUNDLE_IMPORTED = "bundle_imported"
    FIGURES_GIVEN = "figures_given"
    AGGREGATE_IMPORTED = "aggregate_imported"
    AGGREGATE_REMOVED = "aggregate_removed"
    KEY_TRUSTED = "key_trusted"
    KEY_DISTRUSTED = "key_distrusted"
    THEORY_WRITTEN = "theory_written"
    THEORY_REMOVED = "theory_removed"
    SPEECH_RECORDED = "speech_recorded"
    SPEECH_REMOVED = "speech_removed"
    THEME_WRITTEN = "theme_written"
    CLOCK_CONFIRMED = "clock_confirmed"


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    `at` is local and naive, to the minute. `name` is the account's, or COMMAND_LINE. `what` names the changed
    objects, such as a round, a unit or an account, separated by ", "; a reason that was given comes last.
    """

    at: datetime
    name: str
    action: Action
    what: str


@dataclass(frozen=True)
class LogPage:
    """Some consecutive entries of a list of them, the newest first. `last` is the number of the newest of
    them, counted from the oldest of the list, and 0 if the list has none. Later actions do not change it,
    since no entry is ever deleted. `total` is the length of the list."""

    entries: list[Entry]
    last: int
    total: int

    @property
    def first(self) -> int:
        """The number of the oldest entry on the page."""
        return self.last - len(self.entries) + 1


class AuditLog:
    """The rows of the log."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def note(self, at: datetime, name: str, action: Action, what: str) -> None:
        """Log an action, with the values of `Entry`. Only the minute of `at`, a local time without a zone, is
        kept. Neither the name nor `what` is checked."""
        self.insert(Entry(at, name, action, what))

    def insert(self, entry: Entry) -> None:
        """Log an action in the caller's write, so that no crash separates the two. Only the minute of its
        time is kept."""
        log = tables.Log
        last = self._database.row(log.select(peewee.fn.COALESCE(peewee.fn.MAX(log.number), 0)))
        self._database.run(
            log.insert(
                number=(last[0] if last else 0) + 1,
                at=entry.at.isoformat(timespec="minutes"),
                name=entry.name,
                action=entry.action.value,
                what=entry.what,
            )
        )

    def insert_all(self, log: Iterable[Entry]) -> None:
        """Log actions in the caller's write, in this order."""
        for entry in log:
            self.insert(entry)

    def entries(self, actions: Collection[Action] = tuple(Action)) -> list[Entry]:
        """Return all entries of these actions, in the order in which they were logged, the newest first.
        Empty without actions."""
        return [_entry(row) for row in self._database.rows(_of(actions).order_by(tables.Log.number.desc()))]

    def page(self, actions: Collection[Action], at_most: int, last: int | None = None) -> LogPage:
        """Return `at_most` entries of these actions, or as many as there are: the entry with number `last`
        (`LogPage`) and those before it. The latest ones for None and for a number above the newest's. A
        number below 1 counts as 1."""
        [total] = self._database.row(_of(actions, peewee.fn.COUNT(tables.Log.number))) or (0,)
        last = total if last is None else min(max(last, 1), total)
        first = max(last - at_most, 0)
        in_order = _of(actions).order_by(tables.Log.number).offset(first).limit(last - first)
        rows = self._database.rows(in_order) if last else []
        return LogPage([_entry(row) for row in reversed(rows)], last, total)


def _of(actions: Collection[Action], *columns: peewee.Node) -> peewee.Select:
    """Return the query for the entries of these actions, with these columns, those of `_entry` if none."""
    log = tables.Log
    of_entry = (log.at, log.name, log.action, log.what)
    return log.select(*(columns or of_entry)).where(log.action.in_(list(actions)))


def _entry(row: Row) -> Entry:
    at, name, action, what = row
    return Entry(datetime.fromisoformat(at), name, Action(action), what)
