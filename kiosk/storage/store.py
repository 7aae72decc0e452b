"""The data of an installation, and every operation on them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from functools import cache
from pathlib import Path
from random import Random
from secrets import SystemRandom
from typing import Protocol

import peewee

from kiosk.domain.ballot import Ballot, read_ballot
from kiosk.domain.change_index import ChangeIndex
from kiosk.domain.clock import ClockRecord
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.snapshot import Document
from kiosk.storage.account_links import AccountLinks
from kiosk.storage.accounts import Accounts
from kiosk.storage.api_tokens import ApiTokens
from kiosk.storage.audit_log import Action, AuditLog, Entry
from kiosk.storage.boxes import Boxes, OpenBox
from kiosk.storage.clock_record import read_record, write_record
from kiosk.storage.comments import Comments
from kiosk.storage.count import Count
from kiosk.storage.count_progress import read_progress, write_progress
from kiosk.storage.count_steps import CountSteps
from kiosk.storage.database import Database, Replicas, StoreError
from kiosk.storage.dump import Dump, fill, kept_rows
from kiosk.storage.dump_check import Tables
from kiosk.storage.earlier_figures import EarlierFigures
from kiosk.storage.keys import KeyFolder
from kiosk.storage.letterboxes import Letterboxes, LetterboxGoneError
from kiosk.storage.links import KioskBudgetError, Link, Links
from kiosk.storage.mail import KioskContacts, MailChoices, MailQueue
from kiosk.storage.opening_steps import OpeningSteps
from kiosk.storage.outputs import OutputRows
from kiosk.storage.owners import check_owner
from kiosk.storage.pairing_codes import PairingCodes
from kiosk.storage.publication_tag import read_tag, renew_tag
from kiosk.storage.replies import Replies
from kiosk.storage.reports import Reports
from kiosk.storage.rounds import (
    NotAdmittedError,
    RoundBegunError,
    RoundClosedError,
    Rounds,
    RoundState,
    TooEarlyError,
)
from kiosk.storage.sealed_rows import KeyFault, Writer, box_row, one_unit_write, one_write
from kiosk.storage.second_factors import SecondFactors
from kiosk.storage.slip_sets import SlipSets
from kiosk.storage.snapshots import Snapshots, is_demonstration
from kiosk.storage.staffs_screens import StaffsScreen, staffs_screens
from kiosk.storage.tallies import Tallies
from kiosk.storage.unit_rows import UnitRows
from kiosk.storage.walls import Walls


class Admit(Protocol):
    """A function that asks the rate limit to accept the ballot of an envelope now. It returns True and takes
    one of the limit's tokens, or returns False and takes none if no token is left.

    `is_own` is true if the kiosk at whose address the envelope arrived also sealed it. `statements` is the
    number of statements of the envelope's survey.
    """

    def __call__(self, *, is_own: bool, statements: int) -> bool: ...


def admit_all(*, is_own: bool, statements: int) -> bool:
    """Return True for every envelope: no rate limit applies."""
    del is_own, statements
    return True


class _Outcome(Enum):
    """The outcome of an envelope that raised no error: accepted now or before (TAKEN), its letterbox got
    another key (GONE), or refused by the rate limit (TOO_EARLY)."""

    TAKEN = auto()
    GONE = auto()
    TOO_EARLY = auto()


class Store:
    """An installation's data. One per process; safe to use from several threads.

    Every method that writes raises StoreError, and changes nothing, if the database server may lose the
    commit (`commit_risks`). A commit that fails, with StoreError or one of peewee's errors, may have taken
    effect. Every method that opens a box, slip set or letterbox raises KeyUnavailableError if its key is
    missing or damaged. A round is open until a count closes it (`RoundState`). Times are local and naive;
    only `clock_record` has times in UTC too. `rng` draws batches and noise; None means the operating system's
    randomness.
    """

    def __init__(self, database: Database, keys: KeyFolder, rng: Random | None = None) -> None:
        self._database = database
        self._keys = keys
        self._writer = Writer(database, keys)
        self._rounds = Rounds(database)
        self._boxes = Boxes(database, keys, self._writer, self._rounds)
        self._slip_sets = SlipSets(database, keys, self._writer)
        self._letterboxes = Letterboxes(database, keys, self._writer)
        self._rng = rng = rng or SystemRandom()
        self._tallies = Tallies(database, rng)
        self._snapshots = Snapshots(database, self._rounds, self._boxes, self._tallies)
        self._unit_rows = UnitRows(
            database,
            keys,
            self._writer,
            self._rounds,
            self._boxes,
            self._slip_sets,
            self._letterboxes,
            self._tallies,
        )
        self.accounts = Accounts(database, self._writer)
        self.account_links = AccountLinks(database, self._writer, self.accounts)
        self.api_tokens = ApiTokens(database, self._writer)
        self.second_factors = SecondFactors(database, self._writer)
        self.audit_log = AuditLog(database, self._writer)
        self.links = Links(database, self._writer, self._boxes, self.audit_log)
        self.pairing_codes = PairingCodes(database, self._writer, self.audit_log)
        self.mail_choices = MailChoices(database, self._writer)
        self.mail_queue = MailQueue(database, self._writer, self.mail_choices)
        self.kiosk_contacts = KioskContacts(database, self._writer, self.links)
        self.walls = Walls(database, self._writer)
        self.comments = Comments(database, self._writer)
        self.replies = Replies(database, self._writer)
        self.reports = Reports(database, self._writer)
        self.outputs = OutputRows(database, self._writer)
        self.earlier_figures = EarlierFigures(database, self._writer)
        count = Count(
            self._writer,
            self._rounds,
            self._boxes,
            self._slip_sets,
            self._letterboxes,
            self._tallies,
            rng,
        )
        self._count_steps = CountSteps(
            database,
            self._writer,
            self._rounds,
            self._unit_rows,
            count,
            self._snapshots,
            self.mail_queue,
            self.kiosk_contacts,
        )
        self._opening_steps = OpeningSteps(
            database,
            self._writer,
            self._rounds,
            self._unit_rows,
            self._snapshots,
            self._count_steps,
            self.audit_log,
        )

    # -- tables ----------------------------------------------------------------------------------

    @one_write
    def migrate(self) -> None:
        """Create the tables, or upgrade them to this version, in one transaction. Before it creates them, it
        creates the folder of keys. Raises StoreError if the tables differ from this program's afterwards."""
        if not self.is_installed:
            self._keys.make()
        self._database.migrate()

    def upgrade(self) -> tuple[int, int]:
        """Upgrade the tables, seal every box, slip set and letterbox under a new key, and set stored numbers
        of used slips that no page shows to 0, all in one transaction; what an opening that was stopped has
        written stays until the next `renew`. Returns the schema's number before and after.

        Raises StoreError or KeyUnavailableError, and changes nothing, if there are no tables, they are newer
        than this program, or a key is missing or damaged.
        """
        self._database.check_upgradable()
        before = self._database.version
        self._upgrade()
        return before, self._database.version

    @one_write
    def _upgrade(self) -> None:
        self._database.migrate()
        self._unit_rows.check_keys()
        self._unit_rows.renew_in_transaction()

    def check_schema(self) -> None:
        """Raise StoreError, which names the remedy, unless the tables are there and of this program's
        schema."""
        self._database.check_version()

    def schema(self) -> dict[str, tuple[str, ...]]:
        """Return table -> its columns in order, for every table in the database, sorted by name."""
        return self._database.schema()

    def server_settings(self) -> dict[str, str]:
        """Return name -> value of a database server's settings, some of which decide whether its logs
        identify guests; empty for SQLite."""
        return self._database.server_settings()

    def overridden_settings(self) -> frozenset[str]:
        """Return the names of PostgreSQL settings that this role, this database, the connection's address or
        the server's command line sets, which come before its configuration files; empty for SQLite."""
        return self._database.overridden_settings()

    def replication_slots(self) -> list[str]:
        """Return the sorted names of a database server's replication slots, which keep the write-ahead log;
        empty for SQLite."""
        return self._database.replication_slots()

    def replicas(self) -> Replicas | None:
        """Return a database server's replicas; None for SQLite."""
        return self._database.replicas()

    def database_faults(self) -> list[str]:
        """Return at most three faults of SQLite's file, in SQLite's words; empty if there are none, and for a
        database server. Raises peewee's errors for a file that SQLite cannot read."""
        return self._database.faults()

    def check_writable(self) -> None:
        """Write a row and roll it back. Raises peewee's errors if the database cannot be written."""
        with self._database.writing():
            self._database.check_writable()

    def obstacle(self) -> str | None:
        """Return why ballots cannot be accepted, as an English clause such as "the disk of the keys is full";
        None if they can. A disk with less than `disks.LEAST_FREE_BYTES` free, or no inode, is full.

        Reads rounds, the free space of disks and the database server's settings, and checks that folders
        exist, so that neither the result nor its time depends on a ballot.
        """
        try:
            states = self._rounds.all()
            rounds = [state.round for state in states if not state.is_closed and not state.is_closing]
            risks, is_full = self.commit_risks(), self._database.is_full()
        except (peewee.PeeweeException, StoreError, OSError, ValueError):
            return "the database cannot be reached"
        units = [(of_round.id, unit) for of_round in rounds for unit in of_round.tree.leaves]
        if not self._keys.are_there(box_row(*unit) for unit in units):
            return "the folder of keys cannot be reached"
        if risks:
            return "the database server may lose answers"
        if is_full:
            return "the disk of the database is full"
        return "the disk of the keys is full" if self._keys.is_full() else None

    def commit_risks(self) -> list[str]:
        """Return the reasons why the database server may lose a commit that it has acknowledged, each an
        English clause with its remedy. Empty if there are none, and for SQLite. If there is one, every write
        is refused."""
        return self._database.commit_risks()

    # -- keys ------------------------------------------------------------------------------------

    def key_faults(self) -> list[KeyFault]:
        """Return the boxes, then slip sets, then letterboxes of stored rounds that cannot be decrypted.
        Changes nothing."""
        return self._unit_rows.key_faults()

    def renew(self) -> None:
        """Seal every box, slip set and letterbox under a new key, destroy old keys that a crash left behind,
        set stored numbers of used slips that no page shows to 0, and delete what an opening that was stopped
        has written. Call it at a start.

        Raises KeyUnavailableError, and changes nothing, if a key is missing or damaged; OSError if new keys
        cannot be written, after which some units have new keys and others their old ones.
        """
        self._unit_rows.renew()
        self._opening_steps.discard()

    def give_up_keys(self, lost: list[KeyFault]) -> None:
        """Replace the rows whose keys are lost permanently by empty ones. The ballots of lost boxes are lost,
        and their rounds' numbers of lost boxes are increased. Slips of lost slip sets become invalid, and
        envelopes for lost letterboxes can never be opened.

        Raises StoreError, and changes nothing, if `lost` is empty or is not what `key_faults` returns now.
        """
        self._unit_rows.give_up_keys(lost)

    def forget_all_keys(self) -> None:
        """Destroy the keys of every box, slip set and letterbox, before an installation is discarded. The
        rows stay, and can never be read again."""
        self._unit_rows.forget_all_keys()

    @property
    def is_installed(self) -> bool:
        """Whether the tables exist in any version: `kiosk init` refuses such a database."""
        return self._database.version > 0

    # -- the installation ------------------------------------------------------------------------

    @property
    def is_demonstration(self) -> bool:
        """Whether the installation is a demonstration, whose answers are made up."""
        return is_demonstration(self._database)

    @one_write
    def mark_demonstration(self) -> None:
        """Mark the installation as a demonstration, permanently: its clock is never in doubt, it sends no
        mail, and the published document marks it."""
        self._database.set("demonstration", "yes")
        renew_tag(self._database)

    @property
    def last_tick(self) -> datetime | None:
        """The tick of the last published count, local and naive; None before the first."""
        return self._count_steps.last_tick

    # -- the clock -------------------------------------------------------------------------------

    @property
    def clock_record(self) -> ClockRecord:
        """The installation's record of its clock; an empty one if none is stored yet."""
        return read_record(self._database)

    @one_write
    def remember_clock(self, record: ClockRecord) -> None:
        """Replace the installation's record of its clock."""
        write_record(self._database, record)

    @one_write
    def confirm_clock(self, record: ClockRecord, latest_tick: datetime) -> datetime | None:
        """Replace the record of the clock, and set back ticks that were counted while the clock was ahead.

        If the last tick is later than `latest_tick`, it becomes `latest_tick`, and the replaced one is
        returned; otherwise None. A count that is not published yet is set back in the same way. Published
        figures stay, and no closed round opens again.
        """
        last = self.last_tick
        write_record(self._database, record)
        progress = read_progress(self._database)
        if progress is not None and progress.tick > latest_tick:
            write_progress(self._database, replace(progress, tick=latest_tick))
        if last is None or last <= latest_tick:
            return None
        self._database.set("last_tick", latest_tick.isoformat())
        return last

    # -- rounds ----------------------------------------------------------------------------------

    def rounds(self) -> list[RoundState]:
        """Return all stored rounds, planned, open and closed, the latest opening first."""
        return self._rounds.all()

    def round_terms(self) -> list[str]:
        """Return the frozen terms of all rounds (`Round.as_json`), planned, open and closed, as JSON texts
        without line breaks, sorted as texts."""
        return self._rounds.terms()

    def open_round(self, new: Round, now: datetime, log: Sequence[Entry] = ()) -> None:
        """Store a round's terms, with an empty box, slip set and letterbox for each unit, and publish.

        A few units are written in one transaction, and guests' ballots come between them. The round is stored
        and published in the last one, which also writes the entries `log` of the audit log, in this order.
        Finishes a count that was stopped, and deletes what an opening that was stopped has written. Records
        that the clock was right at `now`. Raises RoundError, with every reason, if the rules do not allow the
        round, or if another one is being opened; KeyUnavailableError if keys of other rounds are missing or
        damaged, since the folder may be the wrong one; OSError if new keys cannot be written; StoreError if a
        process that started meanwhile deleted the opening. After one of these, nothing of the round remains;
        rows and keys that could not be deleted are deleted at the next start, and no round has them.
        """
        self._opening_steps.open(new, now, log)

    def cancel_round(self, round_id: str, now: datetime, log: Sequence[Entry] = ()) -> Round:
        """Delete a round that has not opened, with its slips, publish, and write the entries `log` of the
        audit log. Returns its terms.

        First finishes a count that was stopped. Raises StoreError if there is no such round; RoundBegunError
        if it has opened by this clock, or if an earlier count or a ballot in a box shows that it had opened,
        since the clock may have been set back; KeyUnavailableError if a box cannot be opened.
        """
        while (cancelled := self._cancel_round(round_id, now, log)) is None:
            self._count_steps.finish()
        return cancelled

    @one_write
    def _cancel_round(self, round_id: str, now: datetime, log: Sequence[Entry]) -> Round | None:
        """Do the write of `cancel_round`. Returns None, and changes nothing, while a count goes on."""
        of_round = self._rounds.with_id(round_id)
        if of_round is None:
            raise StoreError(f"there is no round {round_id!r}; see kiosk round list")
        if read_progress(self._database) is not None:
            return None
        boxes = [self._boxes.open_box(round_id, unit) for unit in of_round.tree.leaves]
        was_used = any(box is None or box.ballots or box.excluded_rapid for box in boxes)
        if was_used or of_round.opens_at <= max(now, self.last_tick or now):
            raise RoundBegunError(round_id)
        self._unit_rows.remove(round_id, of_round.tree.leaves)
        self._rounds.remove(round_id)
        self._writer.destroy_keys_after_commit(of_round)
        self._snapshots.publish(self.last_tick or now)
        self.audit_log.insert_all(log)
        return of_round

    def check_opening(self, new: Round, now: datetime) -> None:
        """Raise RoundError, with every reason, if the rules do not allow this round to be stored now
        (`kiosk.domain.rounds.check_opening`). Whether another round is being opened is not checked."""
        self._opening_steps.check(new, now)

    def check_kiosk_budget(self, unit_id: str, now: datetime, waiting: int = 0) -> None:
        """Raise KioskBudgetError if one more kiosk at the unit would exceed the budget of a round that runs
        now or is planned.

        `waiting` is the number of the unit's pairing codes that nobody has typed yet. A round without
        expected guests for the unit has no budget.
        """
        kiosks = self.links.kiosks()[unit_id] + waiting
        for of_round in self.rounds_from(unit_id, now):
            budget = of_round.kiosk_budget(unit_id)
            if budget is not None and kiosks >= budget:
                raise KioskBudgetError(of_round, unit_id, kiosks, budget)

    def kiosks_over_budget(self, new: Round, waiting: Mapping[str, int]) -> list[KioskBudgetError]:
        """Return a KioskBudgetError, which is not raised, for each unit whose kiosks exceed its budget in
        this round, which has not opened.

        `waiting` maps a unit's id to the number of its pairing codes that nobody has typed yet.
        """
        paired, over = self.links.kiosks(), []
        for unit in new.tree.leaves:
            budget, kiosks = new.kiosk_budget(unit), paired[unit] + waiting.get(unit, 0)
            if budget is not None and kiosks > budget:
                over.append(KioskBudgetError(new, unit, kiosks, budget))
        return over

    def staffs_screens(self, new: Round) -> list[StaffsScreen]:
        """Return the kiosks that the round, which has not opened, would use and that no coordinator paired,
        the latest pairing first (`kiosk/storage/staffs_screens.py`)."""
        return staffs_screens(new, self.links, self.accounts, self.audit_log)

    def pair_screen(self, code: str, now: datetime, secret_key: str) -> Link | None:
        """Use up a pairing code: add and return a kiosk's address at its unit, and log the pairing under the
        account that made the code, all in one write. `secret_key` is that of `PairingCodes.new`.

        None, and no address, if the code is wrong, used, expired, or made with another key, or if a round
        runs or is planned at the unit and the code is not valid then. A wrong code writes nothing.
        """
        if not self.pairing_codes.has(code, now, secret_key):
            return None
        return self._pair_screen(code, now, secret_key)

    @one_write
    def _pair_screen(self, code: str, now: datetime, secret_key: str) -> Link | None:
        """Do the write of `pair_screen`."""
        pairing = self.pairing_codes.use(code, now, secret_key)
        if pairing is None:
            return None
        if not pairing.valid_during_round and self.rounds_from(pairing.unit_id, now):
            return None
        link = self.links.insert(Admission.KIOSK, pairing.unit_id)
        # Without this line, nobody would be asked about the screen when a round opens (staffs_screens.py).
        what = f"{link.unit_id}, {link.code_ending}"
        self.audit_log.insert(Entry(now, pairing.made_by, Action.SCREEN_PAIRED, what))
        return link

    def running_round(self, unit_id: str, now: datetime) -> Round:
        """Return the round that accepts ballots at this unit now (`Round.is_running`), and has not been
        closed by a count. Raises RoundClosedError if there is none."""
        return self._boxes.running_round(unit_id, now)

    def rounds_from(self, unit_id: str, now: datetime) -> list[Round]:
        """Return the rounds at this unit that close after `now` and have not been closed by a count, planned
        ones included; the earliest opening first."""
        return self._boxes.rounds_from(unit_id, now)

    def reply(self, unit_id: str) -> dict[str, str]:
        """Return language -> the reply to guests, from the closed round of this unit that opened last and has
        one; empty if none has."""
        for state in self._rounds.all():
            if state.is_closed and unit_id in state.round.tree.leaves:
                texts = self.replies.of_round(state.round.id)
                if texts:
                    return texts
        return {}

    # -- slips -----------------------------------------------------------------------------------

    @one_write
    def print_slips(
        self,
        round_id: str,
        unit_id: str,
        number: int,
        log: Sequence[Entry] = (),
        *,
        may_exceed_budget: bool = False,
    ) -> list[str]:
        """Add `number` new slips, at least 1, to a unit's set, and write the entries `log` of the audit log.
        Returns the slips' codes, which are not stored.

        Raises StoreError if the unit has no open round with this id; SlipBudgetError if the unit would have
        more slips than its round's budget, unless `may_exceed_budget`; KeyUnavailableError if the key of the
        slip set is missing or damaged. After one of these, no slip was added.
        """
        self._boxes.lock(round_id, unit_id)
        of_round = self._rounds.with_id(round_id)
        budget = of_round.slip_budget(unit_id) if of_round and not may_exceed_budget else None
        codes = self._slip_sets.print(round_id, unit_id, number, budget)
        self.audit_log.insert_all(log)
        return codes

    @one_write
    def printed_slips(self, round_id: str) -> dict[str, tuple[int, ...]]:
        """Return unit id -> number of slips of each print run of an open round, the earliest run first. Units
        without slips are left out; empty for another round. Raises KeyUnavailableError if a key is missing or
        damaged.

        The number of used slips is left out, because its growth would reveal when somebody answered.
        """
        return self._slip_sets.printed(round_id)

    def slip_counts(self, round_id: str) -> dict[str, tuple[tuple[int, int], ...]]:
        """Return unit id -> (slips printed, slips used) of each print run of a closed round, the earliest run
        first; empty while the round is open, also if a count has begun to close it. The number of used slips
        is 0 where no page shows it."""
        is_closed = any(state.is_closed for state in self._rounds.all() if state.round.id == round_id)
        return self._slip_sets.counts(round_id) if is_closed else {}

    def unit_of_slip(self, code: str) -> tuple[str, str] | None:
        """Return (round id, unit id) of the slip with this code, normalised by `slips.normalise`, used or
        unused, in a round that is not closed; None if there is no such slip. Raises KeyUnavailableError if
        the key of the slip set is missing or damaged."""
        unit = self._slip_sets.unit_of(code)
        return unit if unit and self._has_slip(*unit, code) else None

    @one_unit_write
    def _has_slip(self, round_id: str, unit_id: str, code: str) -> bool:
        """Return whether a unit has this slip, used or unused. Raises KeyUnavailableError.

        Runs as a write although it only reads: each write replaces the row's key, so a write of another
        process could destroy the key after the row was read.
        """
        self._boxes.lock(round_id, unit_id)
        return self._slip_sets.has(round_id, unit_id, code)

    # -- ballots ---------------------------------------------------------------------------------

    @one_unit_write
    def cast(
        self,
        round_id: str,
        unit_id: str,
        ballot: Ballot,
        now: datetime,
        slip: str | None = None,
        *,
        ticket: bytes | None = None,
    ) -> None:
        """Add a ballot to a unit's box. If `slip` is not None, mark the slip with this code, normalised by
        `slips.normalise`, as used.

        The ballot has been read by the round's survey, which is not checked here. `ticket` is the form's;
        None for a form without one. While the round runs, a form that was accepted before changes nothing and
        raises nothing, if its letterbox still has its ticket. Raises RoundClosedError if the round is not
        running at the unit, NotAdmittedError if it admits no slips, SlipError if the slip is unknown or used,
        KeyUnavailableError if a key is missing or damaged. After one of these, nothing was written. The
        admission of kiosks and posters is not checked here.
        """
        box = self._running_box(round_id, unit_id, now)
        if not self._take_ticket(round_id, unit_id, ticket):
            return
        if slip is not None:
            self._slip_sets.use(box.round, unit_id, slip)
        self._boxes.put(box.with_ballot(ballot), unit_id)

    @one_unit_write
    def exclude_rapid(
        self, round_id: str, unit_id: str, now: datetime, *, ticket: bytes | None = None
    ) -> None:
        """Add 1 to a box's number of rapid submissions, and record that the play guard fired. The ballot
        itself is not stored.

        The number is in the sealed box until the round closes, so that nobody sees when it grows. `ticket` is
        the form's; None for a form without one. A form that was accepted before changes nothing. Raises
        RoundClosedError if the round is not running at the unit, or KeyUnavailableError if a key is missing
        or damaged; after one of these, nothing was written.
        """
        box = self._running_box(round_id, unit_id, now)
        if self._take_ticket(round_id, unit_id, ticket):
            self._boxes.put(_with_one_excluded(box), unit_id)

    def _take_ticket(self, round_id: str, unit_id: str, ticket: bytes | None) -> bool:
        """Store a form's ticket. Returns False, and changes nothing, if its letterbox has the ticket already.
        A form without a ticket, and one for a round without letterboxes, is always new: True."""
        return ticket is None or self._letterboxes.take_form(round_id, unit_id, ticket, self._rng)

    @one_unit_write
    def note_guard(self, round_id: str, unit_id: str, now: datetime) -> None:
        """Record that the rate limit refused a ballot at this unit. The next count publishes that the play
        guard fired here, not how often.

        Writes nothing if it was recorded since the last count. Raises RoundClosedError if the round is not
        running at the unit, KeyUnavailableError if the box's key is missing or damaged.
        """
        self._note_guard(self._running_box(round_id, unit_id, now), unit_id)

    def _running_box(self, round_id: str, unit_id: str, now: datetime) -> OpenBox:
        """Return a unit's box, decrypted. Raises RoundClosedError if its round is not running, or
        KeyUnavailableError."""
        box = self._boxes.open_box(round_id, unit_id)
        if box is None or box.is_closing or not box.round.is_running(now):
            raise RoundClosedError
        return box

    def _note_guard(self, box: OpenBox, unit_id: str) -> None:
        """Record that the play guard fired, unless this was recorded since the last count: repeated refusals
        cause no more writes."""
        if not box.guard_fired:
            self._boxes.put(replace(box, guard_fired=True), unit_id)

    def cast_envelope(
        self, public_key: str, sealed: bytes, now: datetime, *, carrier: str = "", admit: Admit = admit_all
    ) -> None:
        """Decrypt an envelope and add its ballot to the box that it was sealed for. If the sealing kiosk
        marked the ballot as rapid, it is excluded. An envelope that was accepted before changes nothing.

        `public_key`, in hex, identifies the letterbox: the kiosk may have moved to another unit since it
        sealed the envelope. `carrier` is the code of the address at which the envelope arrived, "" for the
        installation's own address. The mark in the first envelope there becomes the mark of that address's
        kiosk (`Links.claim_mark`); an envelope with another mark counts as a stranger's. `admit` is called
        once at most, and only for an envelope that can be opened, is readable and new.

        Raises LetterboxGoneError if there is no letterbox with this key; EnvelopeError or BallotError for an
        envelope that can never be accepted; RoundClosedError if the round is not running now;
        NotAdmittedError if it admits no kiosks; KeyUnavailableError if a key is missing or damaged;
        TooEarlyError if `admit` refuses, after recording that the play guard fired. After one of these, no
        ballot was written.
        """
        round_id, unit_id = self._letterboxes.unit_of(public_key)
        # A write may run again. The rate limit must not take a second token then.
        admit_once = cache(admit)
        outcome = self._accept_envelope(round_id, unit_id, public_key, sealed, now, carrier, admit_once)
        if outcome is _Outcome.GONE:
            raise LetterboxGoneError
        if outcome is _Outcome.TOO_EARLY:
            raise TooEarlyError

    @one_unit_write
    def _accept_envelope(
        self,
        round_id: str,
        unit_id: str,
        public_key: str,
        sealed: bytes,
        now: datetime,
        carrier: str,
        admit: Admit,
    ) -> _Outcome:
        """Do the write of `cast_envelope`, and return its outcome; GONE if the letterbox got another key
        since `cast_envelope` looked it up. Raises the other errors of `cast_envelope`.

        TOO_EARLY is no exception: an exception would roll back the record that the play guard fired.
        """
        box = self._running_box(round_id, unit_id, now)
        key_and_letterbox = self._letterboxes.open_letterbox(round_id, unit_id)
        if key_and_letterbox is None:
            raise RoundClosedError
        if Admission.KIOSK not in box.round.admission:
            raise NotAdmittedError
        key_id, letterbox = key_and_letterbox
        if letterbox.public_key.hex() != public_key:
            return _Outcome.GONE
        survey = box.round.survey
        letter = letterbox.open(sealed, len(survey.columns))
        ballot = read_ballot(survey, letter.fields)
        if letterbox.has_taken_envelope(letter.ticket):
            return _Outcome.TAKEN
        is_own = letter.mark is not None and self.links.claim_mark(carrier, letter.mark)
        if not admit(is_own=is_own, statements=len(survey.statements)):
            self._note_guard(box, unit_id)
            return _Outcome.TOO_EARLY
        self._letterboxes.put(round_id, unit_id, key_id, letterbox.with_envelope(letter.ticket))
        if letter.is_rapid:
            self._boxes.put(_with_one_excluded(box), unit_id)
        else:
            self._boxes.put(box.with_ballot(ballot), unit_id)
        return _Outcome.TAKEN

    def public_key(self, round_id: str, unit_id: str) -> str:
        """Return the public key, in hex, for which a kiosk seals a unit's envelopes in this round; "" if the
        unit has no letterbox."""
        return self._letterboxes.public_key(round_id, unit_id)

    # -- the count -------------------------------------------------------------------------------

    def count(self, tick: datetime) -> bool:
        """Count the boxes of every open round, planned ones included, close rounds that have ended, publish,
        and queue mail about closed rounds and silent kiosks. Returns whether this process published a count,
        of this tick or of one that was stopped.

        No count begins if this tick or a later one was counted before, or if the tick is before
        `ClockRecord.counts_from`; a count that was stopped goes on. A few units are counted in one
        transaction, and guests' ballots come between them (`CountSteps.count`). Raises KeyUnavailableError if
        a key is missing or damaged; OSError if new keys cannot be written.
        """
        return self._count_steps.count(tick)

    def store_change_index(self) -> None:
        """Replace the stored index of the changes that the results pages show first, unless the stored one is
        of the present snapshot. Call it after a count."""
        self._count_steps.store_change_index()

    # -- the snapshot ----------------------------------------------------------------------------

    def snapshot_text(self) -> str:
        """Return the published document as JSON text, the same for every reader. Before the first publication
        it has no rounds, and `made_at` is null."""
        return self._snapshots.text()

    def publication_tag(self) -> str:
        """Return a random text that is replaced with each write of the published document, of its change
        index, or of a round's terms, in every process of the installation; "" before the first one. Read it
        before what it is about: if that changes in between, the next tag differs."""
        return read_tag(self._database)

    def snapshot(self) -> Document:
        """Return the published document, parsed."""
        return self._snapshots.document()

    def change_index(self) -> ChangeIndex:
        """Return the stored index of changes, or an empty one if none is stored. It may be of an earlier
        snapshot: compare its `tag` with the snapshot's ETag (`kiosk.domain.snapshot.etag`)."""
        return self._snapshots.change_index()

    # -- backups ---------------------------------------------------------------------------------

    def dump(self) -> Tables:
        """Return table -> rows that a backup may hold, each row column -> value, sorted by all columns (see
        `dump.kept_rows`).

        First finishes a count that has begun to close a round: a backup has all figures of a closing or none.
        Raises KeyUnavailableError if a key that it needs is missing or damaged.
        """
        while (rows := self._dump()) is None:
            self._count_steps.finish()
        return rows

    def _dump(self) -> Tables | None:
        """Do the work of `dump`. Returns None while a round is being closed."""
        with self._database.writing(), self._database.transaction():
            progress = read_progress(self._database)
            return None if progress is not None and progress.plans else kept_rows(self._database)

    def load(self, dump: Dump, before_commit: Callable[[], None]) -> int:
        """Insert a dump's rows into missing or empty tables, with an empty box, slip set and letterbox for
        each unit of a round that is not closed. Returns the number of these boxes, which their rounds count
        as lost.

        The published document is made anew, and numbers of used slips that no page shows become 0.
        `before_commit` is called once, when all rows are written. If it raises, or if the tables or keys are
        not empty (StoreError), neither a new row nor a new key remains.
        """
        open_rounds: list[Round] = []
        try:
            with self._writer.write():
                self.check_has_no_keys()
                self._database.migrate()
                self._database.check_version()
                fill(self._database, dump)
                renew_tag(self._database)
                states = self._rounds.all()
                for state in states:
                    if state.is_closed:
                        self._slip_sets.clear_unpublished_use(
                            state.round, self._tallies.sums_by_node(state.round)
                        )
                open_rounds += [state.round for state in states if not state.is_closed]
                for of_round in open_rounds:
                    self._rounds.add_lost_boxes(of_round.id, len(of_round.tree.leaves))
                    for unit in of_round.tree.leaves:
                        self._unit_rows.insert_empty(of_round.id, unit)
                self._snapshots.publish(dump.published_at or self.last_tick or datetime.min)
                before_commit()
        except BaseException:
            for of_round in open_rounds:
                self._writer.destroy_keys_now(of_round)
            raise
        return sum(len(of_round.tree.leaves) for of_round in open_rounds)

    def check_has_no_keys(self) -> None:
        """Raise StoreError if there are keys in the folder of keys. A new installation would destroy them
        with its writes."""
        if not self._keys.is_empty():
            raise StoreError(
                f"KIOSK_KEYS: {self._keys.folder} holds keys already, of another installation or of a "
                "restore that was killed. If they are this installation's, its data is not here: mount the "
                "disk of KIOSK_DATA, or correct KIOSK_DATABASE_URL. Otherwise name an empty folder, or move "
                "the keys away: ballots that wait may be read with them"
            )

    def close(self) -> None:
        """Close this thread's connection to the database; those of other threads stay open. The next query
        opens a new one."""
        self._database.close()


def _with_one_excluded(box: OpenBox) -> OpenBox:
    return replace(box, excluded_rapid=box.excluded_rapid + 1, guard_fired=True)


def open_store(data: Path, url: str, keys: Path, *, rng: Random | None = None, durable: bool = True) -> Store:
    """Return the store of an installation. Creates the data folder if it is missing, readable by its owner
    only.

    `url` is KIOSK_DATABASE_URL, as the settings have checked it. The first query connects to it. `rng` draws
    batches and noise; None means the operating system's randomness. `durable=False` is not safe in a power
    cut; it is for simulations only. The key folder is created together with the tables only: if it is missing
    later, its disk is not mounted. Raises StoreError if another user owns the installation or `url` cannot be
    parsed; OSError if a folder cannot be entered or created.
    """
    check_owner(data, keys, url)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Store(Database(url, durable=durable), KeyFolder(keys, durable=durable), rng)


def holds_keys(keys: Path) -> bool:
    """Return whether a key folder holds any key; False if it does not exist or cannot be read. Raises OSError
    if a folder above it cannot be entered."""
    return not KeyFolder(keys).is_empty()
