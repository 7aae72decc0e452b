"""The steps of an opening: the rows of a few units in each write, then one write that adds the round.

Until the last write the round is in one row of the table `installation` only, and a box without a round
accepts no ballot: no page, file or command shows any of it. Only the caller that began an opening finishes
it: whoever got an error, or no answer, does not find the round open later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from kiosk.domain.rounds import OTHER_OPENING, Round, RoundError, check_opening
from kiosk.storage.audit_log import AuditLog, Entry
from kiosk.storage.clock_record import read_record, write_record
from kiosk.storage.count_progress import CountPart, read_progress, units_in_parts
from kiosk.storage.count_steps import CountSteps
from kiosk.storage.database import Database, StoreError
from kiosk.storage.opening_progress import Opening, read_opening, write_opening
from kiosk.storage.rounds import Rounds, RoundState
from kiosk.storage.sealed_rows import Writer, one_write
from kiosk.storage.snapshots import Snapshots
from kiosk.storage.unit_rows import UnitRows

LONGEST_OPENING = timedelta(minutes=5)
"""After this time an opening that is not finished counts as stopped: its process was killed, or could not
delete what it had written."""


@dataclass(frozen=True)
class _Basis:
    """Values from which a snapshot was made outside a write. It may replace `text`, the published one, only
    if they are unchanged."""

    states: list[RoundState]
    last_tick: str | None
    text: str


class OpeningSteps:
    """Opens rounds, and deletes what an opening that was stopped has written."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        rounds: Rounds,
        unit_rows: UnitRows,
        snapshots: Snapshots,
        count_steps: CountSteps,
        audit_log: AuditLog,
    ) -> None:
        self._database = database
        self._writer = writer
        self._rounds = rounds
        self._unit_rows = unit_rows
        self._snapshots = snapshots
        self._count_steps = count_steps
        self._audit_log = audit_log

    def open(self, new: Round, now: datetime, log: Sequence[Entry]) -> None:
        """Store a round with its boxes, slip sets and letterboxes in steps, and publish (`Store.open_round`).
        What an opening that was stopped has written is deleted first.

        If it fails, it leaves no row and no key. If the process is killed, or cannot delete them, `discard`
        does so at the next start, or a later opening. Raises RoundError, with every reason, if the rules do
        not allow the round, or if another one is being opened; KeyUnavailableError if a key of another round
        is missing or damaged; OSError if new keys cannot be written; StoreError if a process that started
        meanwhile deleted it, or if the database may lose a commit; and peewee's errors.
        """
        self.check(new, now)
        self._unit_rows.check_keys_of_units()
        # As a step: SQLite's log, which holds nothing secret yet, is emptied after the last write.
        while (opening := self._writer.run_step(partial(self._begin, new, now))) is None:
            self.discard()
        try:
            while self._read() == opening:
                self._step(opening, log)
        finally:
            self._discard(new)
        if self._rounds.with_id(new.id) is None:
            # The rules do not allow it beside a round that another process opened meanwhile.
            self.check(new, now)
            raise StoreError(
                f"another process started while round {new.id} was opened, and deleted it; open it again"
            )

    def check(self, new: Round, now: datetime) -> None:
        """Raise RoundError, with every reason, if the rules do not allow this round to be stored now
        (`check_opening`). Whether another round is being opened is not checked."""
        states = self._rounds.all()
        closed = frozenset(state.round.id for state in states if state.is_closed)
        check_opening(new, [state.round for state in states], now, closed)

    def _read(self) -> Opening | None:
        return read_opening(self._database, self._rounds)

    def _begin(self, new: Round, now: datetime) -> Opening | None:
        """Begin an opening, and record that the clock was right at `now`. Returns the opening; None, and
        changes nothing, if another one was stopped. Raises RoundError while another one goes on. The caller
        holds a write."""
        self.check(new, now)
        if (other := self._read()) is not None:
            if not other.is_given_up and timedelta() <= now - other.now < LONGEST_OPENING:
                raise RoundError(OTHER_OPENING)
            return None
        write_opening(self._database, Opening(new, now))
        write_record(self._database, replace(read_record(self._database), known_at=now.astimezone(UTC)))
        return self._read()

    def _step(self, opening: Opening, log: Sequence[Entry]) -> None:
        """Do the next write of an opening; the last one also writes `log`. Before it adds the round, it
        finishes a count that was stopped. Raises OSError if new keys cannot be written, and the errors of
        `Writer.write` and `CountSteps.count`."""
        if part := self._unit_rows.next_without_box(opening.round):
            self._unit_rows.write_step(part, partial(self._insert, opening, part), are_new=True)
        else:
            self._publish(opening, log)

    def discard(self) -> None:
        """Delete the rows and keys of an opening that has begun, if any: call it at a start, when the process
        that began it is gone. Raises StoreError if the database may lose a commit, and peewee's errors; the
        rest then waits for the next call."""
        if (opening := self._read()) is not None:
            self._discard(opening.round)

    def _discard(self, of_round: Round) -> None:
        """Do the work of `discard`, if it is this round's opening that goes on."""
        if (opening := self._read()) is not None and opening.round == of_round:
            if not opening.is_given_up:
                self._writer.run_step(partial(self._give_up, of_round))
                opening = replace(opening, is_given_up=True)
            self._remove(opening)

    def _insert(self, opening: Opening, part: CountPart) -> None:
        """Insert the rows of these units, unless another process has given up the opening. The caller
        holds a write."""
        if self._read() == opening and self._unit_rows.next_without_box(opening.round) == part:
            self._unit_rows.insert_new(part)

    def _publish(self, opening: Opening, log: Sequence[Entry]) -> None:
        """Add the round and the entries `log` of the audit log, and publish. The opening is given up if the
        rules do not allow it any more. Nothing is changed, and all is read again, during a count and if
        figures changed meanwhile.

        The snapshot is made before the write begins, so that no guest waits for it.
        """
        self._count_steps.finish()
        basis = self._read_basis()
        made_at = self._count_steps.last_tick or opening.now
        text = self._snapshots.make(made_at, opened=opening.round)
        try:
            self._add(opening, basis, text, log)
        except RoundError:
            self._writer.run_step(partial(self._give_up, opening.round))

    def _read_basis(self) -> _Basis:
        return _Basis(self._rounds.all(), self._database.get("last_tick"), self._snapshots.text())

    @one_write
    def _add(self, opening: Opening, basis: _Basis, text: str | None, log: Sequence[Entry]) -> None:
        """Do the write of `_publish`. `text` is the new snapshot."""
        if self._read() != opening or read_progress(self._database) or self._read_basis() != basis:
            return
        self.check(opening.round, opening.now)
        self._rounds.add(opening.round)
        write_opening(self._database, None)
        self._snapshots.put(text)
        self._audit_log.insert_all(log)

    def _give_up(self, of_round: Round) -> None:
        """Mark this round's opening as given up, if it has begun and the round is not added yet. The caller
        holds a write."""
        opening = self._read()
        if opening is not None and opening.round == of_round:
            write_opening(self._database, replace(opening, is_given_up=True))

    def _remove(self, opening: Opening) -> None:
        """Delete the rows and keys of an opening that was given up, then its own row."""
        for part in units_in_parts(opening.round):
            self._unit_rows.remove_step(part, lambda: self._read() == opening)
        self._end(opening)

    @one_write
    def _end(self, opening: Opening) -> None:
        if self._read() == opening:
            write_opening(self._database, None)
