"""The three sealed rows of each unit in a round: its box, its slip set and its letterbox."""

from collections.abc import Callable, Iterable
from functools import partial

from kiosk.domain.rounds import Round
from kiosk.storage.boxes import Boxes
from kiosk.storage.count_progress import CountPart, first_part, units_in_parts
from kiosk.storage.database import Database, StoreError
from kiosk.storage.keys import KeyFolder
from kiosk.storage.letterboxes import Letterboxes
from kiosk.storage.opening_progress import read_opening
from kiosk.storage.rounds import Rounds
from kiosk.storage.sealed_rows import KeyFault, Sealed, Writer, check_faults, one_write, sealed_rows
from kiosk.storage.slip_sets import SlipSets
from kiosk.storage.tallies import Tallies


class UnitRows:
    """Inserts, seals anew and removes the sealed rows of units, and finds those whose keys are lost."""

    def __init__(
        self,
        database: Database,
        keys: KeyFolder,
        writer: Writer,
        rounds: Rounds,
        boxes: Boxes,
        slip_sets: SlipSets,
        letterboxes: Letterboxes,
        tallies: Tallies,
    ) -> None:
        self._database = database
        self._keys = keys
        self._writer = writer
        self._rounds = rounds
        self._boxes = boxes
        self._slip_sets = slip_sets
        self._letterboxes = letterboxes
        self._tallies = tallies

    def insert_empty(self, round_id: str, unit: str) -> None:
        """Insert an empty box, slip set and letterbox for a unit. The caller holds a write."""
        self._boxes.insert_empty(round_id, unit)
        self._slip_sets.insert_empty(round_id, unit)
        self._letterboxes.insert_empty(round_id, unit)

    def insert_new(self, part: CountPart) -> None:
        """Insert empty rows for these units, which have none, in the caller's write. Keys that a crash left
        behind are destroyed after its commit."""
        of_round, units = part
        for unit in units:
            for row in sealed_rows(of_round.id, unit):
                self._writer.destroy_all_keys_after_commit(row)
            self.insert_empty(of_round.id, unit)

    def next_without_box(self, of_round: Round) -> CountPart | None:
        """Return the first units of a round that have no box, at most UNITS_A_STEP; None if all have one."""
        there = self._boxes.key_ids(of_round.id)
        return first_part(of_round, [unit for unit in of_round.tree.leaves if unit not in there])

    def remove(self, round_id: str, units: Iterable[str]) -> None:
        """Delete the sealed rows of these units; the files of their keys remain. The caller holds a write."""
        for table in (self._boxes, self._slip_sets, self._letterboxes):
            table.remove(round_id, units)

    def remove_step(self, part: CountPart, is_due: Callable[[], bool]) -> None:
        """Delete the sealed rows of these units and all their keys, as one write, if `is_due` returns True
        within it. Then, in any case, delete the empty ones of their folders of keys."""
        of_round, units = part
        rows = [row for unit in units for row in sealed_rows(of_round.id, unit)]

        def work() -> None:
            if is_due():
                self.remove(of_round.id, units)
                for row in rows:
                    self._writer.destroy_all_keys_after_commit(row)

        self._writer.run_step(work)
        self._keys.drop_empty_folders(rows)

    def write_step(self, part: CountPart, work: Callable[[], None], *, are_new: bool = False) -> None:
        """Run `work`, which rewrites the rows of the units of `part`, or inserts them if they are new, as one
        write with guests' writes before and after it (`Writer.run_step`). The units' new keys are on disk
        before it begins. Raises OSError if they cannot be written, StoreError if the database may lose a
        commit, the errors of `work`, and peewee's."""
        of_round, units = part
        rows = [row for unit in units for row in sealed_rows(of_round.id, unit)]
        try:
            self._keys.prepare(rows, are_new=are_new)
            self._writer.run_step(work)
        finally:
            self._keys.drop_prepared(rows)

    def key_faults(self) -> list[KeyFault]:
        """Return the boxes, then slip sets, then letterboxes of stored rounds that cannot be decrypted.
        Changes nothing.

        Holds the write lock, because each write replaces keys. Runs outside `Writer.write`, so that it also
        works on a server that may lose commits.
        """
        with self._database.writing(), self._database.look():
            return self.faults()

    def faults(self) -> list[KeyFault]:
        """Return the boxes, then slip sets, then letterboxes of stored rounds that cannot be decrypted, for a
        caller that holds a write or the write lock. Rows of a round that is being opened hold nothing yet and
        are left out."""
        rounds = {state.round.id for state in self._rounds.all()}
        return [
            fault
            for table in (self._boxes, self._slip_sets, self._letterboxes)
            for fault in table.key_faults()
            if fault.round_id in rounds
        ]

    def check_keys(self) -> None:
        """Raise KeyUnavailableError unless every sealed row of a stored round can be opened. The caller holds
        a write."""
        check_faults(self.faults())

    def check_keys_of_units(self) -> None:
        """Raise KeyUnavailableError unless every sealed row of an open round can be opened, for callers that
        hold no write: each transaction checks a few units only. Raises StoreError if the database may lose a
        commit."""
        faults: list[KeyFault] = []
        for state in self._rounds.all():
            for part in () if state.is_closed else units_in_parts(state.round):
                faults += self._writer.look(partial(self._faults_of_part, part))
        check_faults(sorted(faults, key=lambda fault: list(Sealed).index(fault.kind)))

    def renew(self) -> None:
        """Seal every box, slip set and letterbox under a new key, a few units in one transaction. Destroy old
        keys that a crash left behind. Set stored numbers of used slips that no page shows to 0, a round in
        one transaction.

        Raises KeyUnavailableError, and changes nothing, if a key is missing or damaged; OSError if new keys
        cannot be written, after which some units have new keys and others their old ones.
        """
        self.check_keys_of_units()
        for state in self._rounds.all():
            for part in () if state.is_closed else units_in_parts(state.round):
                self.write_step(part, partial(self._renew_units, part))
        self._writer.run(partial(self._destroy_keys_of_closed_rounds, self._writer.rows_with_keys()))
        for state in self._rounds.all():
            # Few rounds have such numbers, and no guest has to wait for the search.
            if state.is_closed and self._unpublished_use(state.round):
                self._writer.run(partial(self._clear_unpublished_use, state.round))

    def renew_in_transaction(self) -> None:
        """Do what `renew` does, in the caller's write: seal every row under a new key, destroy old keys that
        a crash left behind, and set numbers of used slips that no page shows to 0. The caller has checked the
        keys."""
        for state in self._rounds.all():
            if not state.is_closed:
                self._renew_units((state.round, state.round.tree.leaves))
        self._destroy_keys_of_closed_rounds(self._writer.rows_with_keys())
        for state in self._rounds.all():
            if state.is_closed:
                self._clear_unpublished_use(state.round)

    def _renew_units(self, part: CountPart) -> None:
        """Seal the rows of the units of `part` under new keys. Destroy the keys that a crash left behind of
        units without a box. The caller holds a write."""
        of_round, units = part
        for unit in units:
            box = self._boxes.open_box(of_round.id, unit)
            if box:
                self._boxes.put(box, unit)
                self._slip_sets.renew(of_round, unit)
                self._letterboxes.renew(of_round, unit)
            else:
                # The closing of the round has deleted its rows. A crash may have left their keys behind.
                for row in sealed_rows(of_round.id, unit):
                    self._writer.destroy_all_keys_after_commit(row)

    def _faults_of_part(self, part: CountPart) -> list[KeyFault]:
        of_round, units = part
        return [
            fault
            for table in (self._boxes, self._slip_sets, self._letterboxes)
            for unit in units
            for fault in table.unit_key_faults(of_round.id, unit)
        ]

    def _destroy_keys_of_closed_rounds(self, rows: Iterable[str]) -> None:
        """After the commit, destroy keys of closed rounds that a crash left behind. `rows` as for
        `Writer.destroy_leftover_keys_after_commit`. The caller holds a write."""
        states = self._rounds.all()
        self._writer.destroy_leftover_keys_after_commit(
            rows,
            [state.round for state in states if not state.is_closed],
            [state.round for state in states if state.is_closed],
        )

    def _unpublished_use(self, of_round: Round) -> list[tuple[str, int]]:
        """Return what `SlipSets.unpublished_use` returns for a closed round."""
        return self._slip_sets.unpublished_use(of_round, self._tallies.sums_by_node(of_round))

    def _clear_unpublished_use(self, of_round: Round) -> None:
        """Call `SlipSets.clear_unpublished_use` for a closed round. The caller holds a write."""
        self._slip_sets.clear_unpublished_use(of_round, self._tallies.sums_by_node(of_round))

    @one_write
    def give_up_keys(self, lost: list[KeyFault]) -> None:
        """Replace the rows whose keys are lost permanently by empty ones. The ballots of lost boxes are lost,
        and their rounds' numbers of lost boxes are increased. Slips of lost slip sets become invalid, and
        envelopes for lost letterboxes can never be opened.

        Raises StoreError, and changes nothing, if `lost` is empty or is not what `key_faults` returns now.
        """
        tables: dict[Sealed, Boxes | SlipSets | Letterboxes] = {
            Sealed.BOX: self._boxes,
            Sealed.SLIPS: self._slip_sets,
            Sealed.LETTERBOX: self._letterboxes,
        }
        if not lost or self.faults() != lost:
            raise StoreError("the keys that are missing have changed; run kiosk give-up-keys again")
        rounds = {state.round.id: state.round for state in self._rounds.all()}
        for fault in lost:
            tables[fault.kind].replace_lost(rounds[fault.round_id], fault.unit_id, fault.file.name)

    @one_write
    def forget_all_keys(self) -> None:
        """Destroy the keys of every box, slip set and letterbox, before an installation is discarded."""
        opening = read_opening(self._database, self._rounds)
        for of_round in [state.round for state in self._rounds.all()] + ([opening.round] if opening else []):
            self._writer.destroy_keys_after_commit(of_round)
