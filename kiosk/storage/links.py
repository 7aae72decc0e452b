"""Links to units, and the screen sizes of the kiosks that use them."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe

from kiosk.domain.rounds import Admission, Round
from kiosk.domain.screen_size import Screen
from kiosk.domain.short_hash import short_hash
from kiosk.storage import tables
from kiosk.storage.audit_log import AuditLog, Entry
from kiosk.storage.boxes import Boxes
from kiosk.storage.database import Database, Row, StoreError
from kiosk.storage.rounds import RoundClosedError
from kiosk.storage.sealed_rows import Writer, one_write

KIOSK_MARK = "kiosk mark "
"""Prefix of the keys under which the table `installation` has digests of kiosks' marks. Backups leave these
rows out: a kiosk's first marked ballot writes one, so two backups would show that somebody answered between
them."""


class RoundRunsError(Exception):
    """The kiosk cannot be moved now, because `of_round` runs at `unit_id`."""

    def __init__(self, of_round: Round, unit_id: str) -> None:
        super().__init__(f"the round {of_round.id} runs at {unit_id}")
        self.of_round = of_round
        self.unit_id = unit_id


class KioskBudgetError(StoreError):
    """The unit may not get another kiosk, or has too many: it has `kiosks`, waiting pairing codes included,
    and its budget in `of_round` is `budget`."""

    def __init__(self, of_round: Round, unit_id: str, kiosks: int, budget: int) -> None:
        super().__init__(
            f"{unit_id}: the expected guests of round {of_round.id} need {budget} kiosks, and it has "
            f"{kiosks}; close an address, or add --reason TEXT, which all staff read in the log"
        )
        self.of_round = of_round
        self.unit_id = unit_id
        self.kiosks = kiosks
        self.budget = budget


@dataclass(frozen=True)
class Link:
    """The address of a paired kiosk or a poster: its `code` stands in the address, and `admission` says
    whether it is a kiosk or a poster. `screen` is the size of the kiosk's screen; None if it was not
    measured, and for a poster."""

    code: str
    admission: Admission
    unit_id: str
    screen: Screen | None = None

    @property
    def code_ending(self) -> str:
        """The last four characters of the code, shown to tell the links of a unit apart."""
        return self.code[-4:]


class Links:
    """The rows of links: the addresses of kiosks and posters, by code. All times are local and naive. `log`
    has the lines of the audit log that a method writes together with its change; without a change, it writes
    none."""

    def __init__(self, database: Database, writer: Writer, boxes: Boxes, audit_log: AuditLog) -> None:
        self._database = database
        self._writer = writer
        self._boxes = boxes
        self._audit_log = audit_log

    @one_write
    def add(
        self,
        admission: Admission,
        unit_id: str,
        code: str | None = None,
        screen: Screen | None = None,
        log: Sequence[Entry] = (),
    ) -> Link:
        """Store and return a new link to a unit. `code` is random unless given (in demonstrations only).
        Raises peewee.IntegrityError if a link has it. The budget of the unit, and whether a round runs there,
        are not checked."""
        self._audit_log.insert_all(log)
        return self.insert(admission, unit_id, code, screen)

    def insert(
        self, admission: Admission, unit_id: str, code: str | None = None, screen: Screen | None = None
    ) -> Link:
        """Do the work of `add` in the caller's write, without the log."""
        link = Link(token_urlsafe(12) if code is None else code, admission, unit_id, screen)
        self._database.run(
            tables.Link.insert(
                code=link.code, admission=admission.value, unit_id=unit_id, **_measures(screen)
            )
        )
        return link

    def with_code(self, code: str) -> Link | None:
        """Return the link with this code; None if there is none."""
        row = self._database.row(_LINKS.where(tables.Link.code == code))
        return _link(row) if row else None

    def all(self) -> list[Link]:
        """Return all links, sorted by unit and code."""
        query = _LINKS.order_by(tables.Link.unit_id, tables.Link.code)
        return [_link(row) for row in self._database.rows(query)]

    def kiosks(self) -> Counter[str]:
        """Return unit id -> number of its kiosks; 0 for a unit without."""
        return Counter(link.unit_id for link in self.all() if link.admission is Admission.KIOSK)

    @one_write
    def set_screen(self, code: str, screen: Screen | None, log: Sequence[Entry] = ()) -> None:
        """Store the size of a kiosk's screen; None deletes it. An unknown code, or the size that is stored,
        changes nothing. The caller has checked that the link is no poster's."""
        link = self.with_code(code)
        if link is not None and link.screen != screen:
            self._database.run(tables.Link.update(**_measures(screen)).where(tables.Link.code == code))
            self._audit_log.insert_all(log)

    def check_move(self, code: str, unit_id: str, now: datetime) -> None:
        """Raise RoundRunsError while a round runs (`Boxes.running_round`) at the link's unit or at `unit_id`.
        A planned round prevents no move. An unknown code raises nothing.

        A guest does not notice a move. Somebody who moved a kiosk during a round could send one guest's
        ballot to the box of a unit without other guests.
        """
        link = self.with_code(code)
        for unit in (link.unit_id, unit_id) if link else ():
            with suppress(RoundClosedError):
                raise RoundRunsError(self._boxes.running_round(unit, now), unit)

    @one_write
    def move(self, code: str, unit_id: str, now: datetime, log: Sequence[Entry]) -> None:
        """Assign a link to another unit; an unknown code changes nothing. Raises RoundRunsError while a round
        runs at its unit or at `unit_id` (`check_move`)."""
        self.check_move(code, unit_id, now)
        if self.with_code(code) is not None:
            self._database.run(tables.Link.update(unit_id=unit_id).where(tables.Link.code == code))
            self._audit_log.insert_all(log)

    @one_write
    def remove(self, code: str, log: Sequence[Entry] = ()) -> None:
        """Delete a link and its kiosk's mark; no error if there is no such link. The address then shows a
        page that says that it is invalid."""
        if self.with_code(code) is not None:
            self._audit_log.insert_all(log)
        self._database.run(tables.Link.delete().where(tables.Link.code == code))
        self._database.run(tables.Installation.delete().where(tables.Installation.key == _mark_key(code)))

    def claim_mark(self, code: str, mark: bytes) -> bool:
        """Return whether `mark` is the mark of the kiosk with this code. Stores it if the kiosk has none
        yet: then True.

        The caller holds a write, and has checked the code. Only a digest is stored, so that a reader of the
        database cannot imitate the kiosk.
        """
        key, digest = _mark_key(code), sha256(mark).hexdigest()
        if self._database.get(key) is None:
            insert = tables.Installation.insert(key=key, value=digest)
            self._database.run(insert.on_conflict_ignore())
        return self._database.get(key) == digest


def _mark_key(code: str) -> str:
    """Return the key under which the table `installation` has the digest of the mark of the kiosk with this
    code."""
    return f"{KIOSK_MARK}{short_hash(code, 16)}"


_LINKS = tables.Link.select(
    tables.Link.code,
    tables.Link.admission,
    tables.Link.unit_id,
    tables.Link.width_mm,
    tables.Link.distance_mm,
    tables.Link.lower_edge_mm,
)


def _link(row: Row) -> Link:
    code, admission, unit_id, width_mm, distance_mm, lower_edge_mm = row
    screen = None if width_mm is None else Screen(width_mm, distance_mm, lower_edge_mm)
    return Link(code, Admission(admission), unit_id, screen)


def _measures(screen: Screen | None) -> dict[str, int | None]:
    """Return column -> value of a screen in the table of links; all values are None without a screen."""
    return {
        "width_mm": screen.width_mm if screen else None,
        "distance_mm": screen.distance_mm if screen else None,
        "lower_edge_mm": screen.lower_edge_mm if screen else None,
    }
