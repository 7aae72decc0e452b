"""The steps of a count: a few units in each write, counted or closed, then one write that publishes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from kiosk.domain.change_index import ChangeIndex, index_changes
from kiosk.domain.mail import MailKind
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import etag
from kiosk.storage.clock_record import read_record
from kiosk.storage.count import BoxSize, Count
from kiosk.storage.count_progress import (
    ClosingPlan,
    CountPart,
    CountProgress,
    read_progress,
    units_in_parts,
    write_progress,
)
from kiosk.storage.database import Database
from kiosk.storage.mail import KioskContacts, MailQueue
from kiosk.storage.rounds import Rounds
from kiosk.storage.sealed_rows import Writer, one_write
from kiosk.storage.snapshots import Snapshots, is_demonstration
from kiosk.storage.unit_rows import UnitRows


class CountSteps:
    """Runs counts, and goes on with those that were stopped. All ticks are local and naive."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        rounds: Rounds,
        unit_rows: UnitRows,
        count: Count,
        snapshots: Snapshots,
        mail_queue: MailQueue,
        kiosk_contacts: KioskContacts,
    ) -> None:
        self._database = database
        self._writer = writer
        self._rounds = rounds
        self._unit_rows = unit_rows
        self._round_count = count
        self._snapshots = snapshots
        self._mail_queue = mail_queue
        self._kiosk_contacts = kiosk_contacts

    @property
    def last_tick(self) -> datetime | None:
        """The last tick that was counted, local and naive; None before the first."""
        text = self._database.get("last_tick")
        return datetime.fromisoformat(text) if text else None

    def count(self, tick: datetime) -> bool:
        """Count the boxes of every open round, planned ones included, close rounds that have ended, publish,
        and queue mail about closed rounds and silent kiosks. Returns whether this process published a count,
        of this tick or of one that was stopped.

        A few units are counted or closed in one transaction, and guests' ballots come between them. All that
        is published is in the last transaction, which also marks rounds as closed.

        A count that was stopped is continued first. If a later tick is due by then, it becomes the count of
        that tick: each unit is counted once, so that none gives two batches at one tick. No count begins if
        this tick or a later one was counted before, or if it is before `ClockRecord.counts_from`. Raises
        KeyUnavailableError if a key is missing or damaged, OSError if new keys cannot be written, StoreError
        if the database may lose a commit, and peewee's errors. A count that has begun then waits for the next
        call.
        """
        if self._is_countable(tick):
            self._unit_rows.check_keys_of_units()
            self._begin_count(tick)
        return self.finish()

    def _is_countable(self, tick: datetime) -> bool:
        """Return whether no count of this tick or a later one was published, and the tick is not before
        `ClockRecord.counts_from`."""
        if self.last_tick is not None and self.last_tick >= tick:
            return False
        counts_from = read_record(self._database).counts_from
        return counts_from is None or tick >= counts_from

    @one_write
    def _begin_count(self, tick: datetime) -> None:
        """Begin a count, unless another process has begun or made it. A stopped count of an earlier tick
        becomes the count of this tick: units that it has counted are not counted again."""
        progress, last = read_progress(self._database), self.last_tick
        if self._is_countable(tick) and (progress is None or progress.tick < tick):
            is_first_of_day = last is None or last.date() < tick.date()
            begun = progress or CountProgress(tick, is_first_of_day)
            write_progress(self._database, replace(begun, tick=tick, is_first_of_day=is_first_of_day))

    def finish(self) -> bool:
        """Go on with the count that has begun, if any, until it is published. Several processes may do this
        at once. Returns whether this process published it; False if no count has begun. Raises
        KeyUnavailableError if a key is missing or damaged, OSError if new keys cannot be written, StoreError
        if the database may lose a commit, and peewee's errors."""
        while (progress := read_progress(self._database)) is not None:
            states = self._rounds.all()
            still_open = [state.round for state in states if not state.is_closed]
            if part := progress.next_part(still_open):
                self._unit_rows.write_step(part, partial(self._count_part, progress, part))
            elif closing := progress.next_closing(still_open):
                self._close_part(progress, closing)
            elif self._publish_count(
                progress, [of_round for of_round in still_open if progress.is_closing(of_round)]
            ):
                return True
        return False

    def _count_part(self, progress: CountProgress, part: CountPart) -> None:
        """Count the units of `part`, unless another process has counted them since `progress` was read. The
        caller holds a write."""
        if read_progress(self._database) != progress:
            return
        of_round, units = part
        fired = self._round_count.count_boxes(of_round, units, is_first_of_day=progress.is_first_of_day)
        write_progress(self._database, progress.with_part(part, fired))

    def _close_part(self, progress: CountProgress, of_round: Round) -> None:
        """Close a few units of a round by its plan. Without a plan, make it."""
        plan = progress.plans.get(of_round.id)
        if plan is None:
            self._plan_closing(progress, of_round)
        else:
            self._writer.run_step(partial(self._close_units, progress, of_round, plan))

    def _plan_closing(self, progress: CountProgress, of_round: Round) -> None:
        """Plan a round's closing and store the plan, unless another process has, or has written a box that
        was read: the caller then reads everything again. A few units are read in each transaction."""
        sizes: dict[str, BoxSize] = {}
        is_first = progress.is_first_of_day
        for _, units in units_in_parts(of_round):
            read = partial(self._round_count.read, of_round, units, is_first_of_day=is_first)
            sizes |= self._writer.look(read)
        planned = progress.with_plan(of_round, self._round_count.plan(of_round, sizes))
        self._begin_closing(progress, of_round, sizes, planned)

    @one_write
    def _begin_closing(
        self,
        progress: CountProgress,
        of_round: Round,
        sizes: Mapping[str, BoxSize],
        planned: CountProgress,
    ) -> None:
        """Do the write of `_plan_closing`. From its commit on, the round accepts no ballot."""
        if read_progress(self._database) == progress and self._round_count.is_current(of_round, sizes):
            self._rounds.mark_closing(of_round.id)
            write_progress(self._database, planned)

    def _close_units(self, progress: CountProgress, of_round: Round, plan: ClosingPlan) -> None:
        """Do the first part of a plan, unless another process has. The caller holds a write."""
        if read_progress(self._database) == progress:
            left = self._round_count.close_part(of_round, plan)
            write_progress(self._database, progress.with_plan(of_round, left))

    def _publish_count(self, progress: CountProgress, closing: list[Round]) -> bool:
        """Publish, and mark the rounds `closing`, whose units are all closed, as closed. Returns False, and
        changes nothing, if another process ended this count: the caller then reads everything again.

        The snapshot is made before the write begins, so that no guest waits for it.
        """
        closed = {of_round.id for of_round in closing}
        text = self._snapshots.make(progress.tick, progress.fired, closed)
        rows = self._writer.rows_with_keys()
        is_ended = self._writer.run_step(partial(self._end_count, progress, closed, text, rows))
        self._writer.clear_log()
        return is_ended

    def _end_count(
        self, progress: CountProgress, closed_now: Collection[str], text: str | None, rows: Iterable[str]
    ) -> bool:
        """Do the writes of `_publish_count`. `text` is the new snapshot; None if no figures changed. `rows`
        as for `Writer.destroy_leftover_keys_after_commit`. The caller holds a write."""
        if read_progress(self._database) != progress:
            return False
        states, previous = self._rounds.all(), self.last_tick
        is_closed = {state.round.id: state.is_closed or state.round.id in closed_now for state in states}
        self._writer.destroy_leftover_keys_after_commit(
            rows,
            [state.round for state in states if not is_closed[state.round.id]],
            [state.round for state in states if is_closed[state.round.id]],
        )
        for round_id in closed_now:
            self._rounds.close(round_id)
        self._database.set("last_tick", progress.tick.isoformat())
        write_progress(self._database, None)
        self._snapshots.put(text)
        self._queue_mail(sorted(closed_now), previous, progress.tick)
        return True

    def _queue_mail(self, closed_ids: Iterable[str], previous: datetime | None, tick: datetime) -> None:
        """Queue mail about rounds that this count closed, and about kiosks that became silent.

        `previous` is the tick of the previous count, None at the first. A demonstration sends no mail.
        """
        if is_demonstration(self._database):
            return
        for round_id in closed_ids:
            self._mail_queue.put(MailKind.SUMMARY, [round_id], tick)
        running = [
            state.round
            for state in self._rounds.all()
            if not state.is_closed and state.round.is_running(tick)
        ]
        if silent := self._kiosk_contacts.record_newly_silent(previous, tick, running):
            self._mail_queue.put(MailKind.SILENCE, silent, tick)

    def store_change_index(self) -> None:
        """Replace the stored index of the changes that the results pages show first, unless the stored one is
        of the present snapshot. Call it after a count. The index is computed outside a write, so that no
        guest waits for it."""
        text, states = self._snapshots.text(), self._rounds.all()
        stored = self._snapshots.change_index()
        if stored.tag == etag(text):
            return
        closed = [state.round for state in states if state.is_closed]
        tick = self.last_tick or datetime.min
        running = [state.round for state in states if not state.is_closed and state.round.opens_at <= tick]
        # The first page shows the running rounds or, without one, the closed round that opened last.
        self._put_change_index(index_changes(text, closed, [*running, *closed[:1]], stored))

    @one_write
    def _put_change_index(self, index: ChangeIndex) -> None:
        self._snapshots.put_change_index(index)
