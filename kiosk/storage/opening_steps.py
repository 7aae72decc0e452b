"""The steps of an opening: the rows of a few units in each write, then one write that adds the round.

Until the last write the round is in one row of the table `installation` only, and a box without a round
accepts no ballot: no page, file or command shows any of it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from kiosk.domain.rounds import Round, RoundError, check_opening
from kiosk.storage.clock_record import read_record, write_record
from kiosk.storage.count_progress import CountPart, read_progress, units_in_parts
from kiosk.storage.count_steps import CountSteps
from kiosk.storage.database import Database
from kiosk.storage.opening_progress import Opening, read_opening, write_opening
from kiosk.storage.rounds import Rounds, RoundState
from kiosk.storage.sealed_rows import Writer, one_write
from kiosk.storage.snapshots import Snapshots
from kiosk.storage.unit_rows import UnitRows


@dataclass(frozen=True)
class _Basis:
    """Values from which a snapshot was made outside a write. It may replace `text`, the published one, only
    if they are unchanged."""

    states: list[RoundState]
    last_tick: str | None
    text: str


class OpeningSteps:
    """Opens rounds, and goes on with an opening that was stopped."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        rounds: Rounds,
        unit_rows: UnitRows,
        snapshots: Snapshots,
        count_steps: CountSteps,
    ) -> None:
        self._database = database
        self._writer = writer
        self._rounds = rounds
        self._unit_rows = unit_rows
        self._snapshots = snapshots
        self._count_steps = count_steps

    def open(self, new: Round, now: datetime) -> None:
        """Open a round, as `Store.open_round` says. An opening that was stopped is finished first.

        If it fails, it leaves no row and no key. If the process is killed, or cannot delete them, `finish`
        goes on with it.
        """
        self.check(new, now)
        self._unit_rows.check_keys_of_units()
        # As a step: SQLite's log, which holds nothing secret yet, is emptied after the last write.
        while not self._writer.run_step(partial(self._begin, new, now)):
            self.finish()
        try:
            self.finish()
        except BaseException:
            self._writer.run_step(partial(self._give_up, new))
            self.finish()
            raise
        if self._rounds.with_id(new.id) is None:
            # The rules do not allow it beside a round that another process opened meanwhile.
            self.check(new, now)

    def check(self, new: Round, now: datetime) -> None:
        """Raise RoundError, with every reason, if the rules do not allow this round to be stored now."""
        states = self._rounds.all()
        closed = frozenset(state.round.id for state in states if state.is_closed)
        check_opening(new, [state.round for state in states], now, closed)

    def _read(self) -> Opening | None:
        return read_opening(self._database, self._rounds)

    def _begin(self, new: Round, now: datetime) -> bool:
        """Begin an opening, and record that the clock was right at `now`. Returns False, and changes nothing,
        while another opening goes on. The caller holds a write."""
        self.check(new, now)
        if self._read() is not None:
            return False
        write_opening(self._database, Opening(new, now))
        write_record(self._database, replace(read_record(self._database), known_at=now.astimezone(UTC)))
        return True

    def finish(self) -> None:
        """Go on with the opening that has begun, if any, until its round is open or its rows are deleted.
        Several processes may do this at once. Before it adds the round, it finishes a count that was stopped.
        Raises OSError if new keys cannot be written, and the errors of `Writer.write` and `CountSteps.count`;
        the opening then waits for the next call."""
        while (opening := self._read()) is not None:
            if opening.is_given_up:
                self._remove(opening)
            elif part := self._unit_rows.next_without_box(opening.round):
                self._unit_rows.write_step(part, partial(self._insert, opening, part), are_new=True)
            else:
                self._publish(opening)

    def _insert(self, opening: Opening, part: CountPart) -> None:
        """Insert the rows of these units, unless another process has inserted or deleted them. The caller
        holds a write."""
        if self._read() == opening and self._unit_rows.next_without_box(opening.round) == part:
            self._unit_rows.insert_new(part)

    def _publish(self, opening: Opening) -> None:
        """Add the round, and publish. The opening is given up if the rules do not allow it any more. Nothing
        is changed, and all is read again, during a count and if figures changed meanwhile.

        The snapshot is made before the write begins, so that no guest waits for it.
        """
        self._count_steps.finish()
        basis = self._read_basis()
        made_at = self._count_steps.last_tick or opening.now
        text = self._snapshots.make(made_at, opened=opening.round)
        try:
            self._add(opening, basis, text)
        except RoundError:
            self._writer.run_step(partial(self._give_up, opening.round))

    def _read_basis(self) -> _Basis:
        return _Basis(self._rounds.all(), self._database.get("last_tick"), self._snapshots.text())

    @one_write
    def _add(self, opening: Opening, basis: _Basis, text: str | None) -> None:
        """Do the write of `_publish`. `text` is the new snapshot."""
        if self._read() != opening or read_progress(self._database) or self._read_basis() != basis:
            return
        self.check(opening.round, opening.now)
        self._rounds.add(opening.round)
        write_opening(self._database, None)
        self._snapshots.put(text)

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
