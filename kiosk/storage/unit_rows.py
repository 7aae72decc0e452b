"""The three sealed rows of each unit in a round: its box, its slip set and its letterbox."""

from collections.abc import Callable
from functools import partial

from kiosk.domain.rounds import Round
from kiosk.storage.boxes import Boxes
from kiosk.storage.count_progress import CountPart, units_in_parts
from kiosk.storage.database import Database, StoreError
from kiosk.storage.keys import KeyFolder
from kiosk.storage.letterboxes import Letterboxes
from kiosk.storage.rounds import Rounds
from kiosk.storage.sealed_rows import KeyFault, Sealed, Writer, check_faults, one_write, sealed_rows
from kiosk.storage.slip_sets import SlipSets
from kiosk.storage.tallies import Tallies


class UnitRows:
    """Inserts, seals anew and removes the rows of units, and finds those whose keys are lost."""

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
        """Insert an empty box, slip set and letterbox for a unit, in the present transaction."""
        self._boxes.insert_empty(round_id, unit)
        self._slip_sets.insert_empty(round_id, unit)
        self._letterboxes.insert_empty(round_id, unit)

    def remove(self, round_id: str) -> None:
        """Delete the sealed rows of a round, in the present transaction; their keys remain."""
        for table in (self._boxes, self._slip_sets, self._letterboxes):
            table.remove(round_id)

    def write_step(self, part: CountPart, work: Callable[[], None]) -> None:
        """Run `work`, which rewrites the rows of these units, as one write (`Writer.run_step`). Their new
        keys are on disk before it begins."""
        of_round, units = part
        rows = [row for unit in units for row in sealed_rows(of_round.id, unit)]
        try:
            self._keys.prepare(rows)
            self._writer.run_step(work)
        finally:
            self._keys.drop_prepared(rows)

    def key_faults(self) -> list[KeyFault]:
        """Return the boxes, then slip sets, then letterboxes that cannot be decrypted. Changes nothing.

        Holds the write lock, because each write replaces keys. Runs outside `Writer.write`, so that it also
        works on a server that may lose commits.
        """
        with self._database.writing(), self._database.look():
            return self.faults()

    def faults(self) -> list[KeyFault]:
        """As `key_faults`, in the present transaction."""
        return [
            *self._boxes.key_faults(),
            *self._slip_sets.key_faults(),
            *self._letterboxes.key_faults(),
        ]

    def check_keys(self) -> None:
        """Raise KeyUnavailableError unless every sealed row can be opened."""
        check_faults(self.faults())

    def check_keys_of_units(self) -> None:
        """As `check_keys`, for callers that hold no write: each transaction checks a few units only. Raises
        StoreError if the database may lose a commit."""
        faults: list[KeyFault] = []
        for state in self._rounds.all():
            for part in () if state.is_closed else units_in_parts(state.round):
                faults += self._writer.look(partial(self._faults_of_part, part))
        check_faults(sorted(faults, key=lambda fault: list(Sealed).index(fault.kind)))

    def renew(self) -> None:
        """Seal every box, slip set and letterbox under a new key, a few units in one transaction, destroy old
        keys that a crash left behind, and set unpublished numbers of used slips to 0, a round in one
        transaction.

        Raises KeyUnavailableError, and changes nothing, if a key is missing or damaged.
        """
        self.check_keys_of_units()
        for state in self._rounds.all():
            for part in () if state.is_closed else units_in_parts(state.round):
                self.write_step(part, partial(self._renew_units, part))
        self._writer.run(self._destroy_keys_of_closed_rounds)
        for state in self._rounds.all():
            # Few rounds have such numbers, and no guest has to wait for the search.
            if state.is_closed and self._unpublished_use(state.round):
                self._writer.run(partial(self._clear_unpublished_use, state.round))

    def renew_in_transaction(self) -> None:
        """As `renew`, in the present transaction, without the check of keys beforehand."""
        for state in self._rounds.all():
            if not state.is_closed:
                self._renew_units((state.round, state.round.tree.leaves))
        self._destroy_keys_of_closed_rounds()
        for state in self._rounds.all():
            if state.is_closed:
                self._clear_unpublished_use(state.round)

    def _renew_units(self, part: CountPart) -> None:
        """Seal the rows of these units under new keys; units without a box are left out. The caller holds a
        write."""
        of_round, units = part
        for unit in units:
            box = self._boxes.open_box(of_round.id, unit)
            # A round that was closed since has none of these rows.
            if box:
                self._boxes.put(box, unit)
                self._slip_sets.renew(of_round, unit)
                self._letterboxes.renew(of_round, unit)

    def _faults_of_part(self, part: CountPart) -> list[KeyFault]:
        of_round, units = part
        return [
            fault
            for table in (self._boxes, self._slip_sets, self._letterboxes)
            for unit in units
            for fault in table.unit_key_faults(of_round.id, unit)
        ]

    def _destroy_keys_of_closed_rounds(self) -> None:
        """Destroy keys of closed rounds that a crash left behind, after the commit. The caller holds a
        write."""
        states = self._rounds.all()
        self._writer.destroy_leftover_keys_after_commit(
            [state.round for state in states if not state.is_closed],
            [state.round for state in states if state.is_closed],
        )

    def _unpublished_use(self, of_round: Round) -> list[tuple[str, int]]:
        """As `SlipSets.unpublished_use`, for a closed round."""
        return self._slip_sets.unpublished_use(of_round, self._tallies.sums_by_node(of_round))

    def _clear_unpublished_use(self, of_round: Round) -> None:
        """As `SlipSets.clear_unpublished_use`, for a closed round. The caller holds a write."""
        self._slip_sets.clear_unpublished_use(of_round, self._tallies.sums_by_node(of_round))

    @one_write
    def give_up_keys(self, lost: list[KeyFault]) -> None:
        """Replace the rows whose keys are lost permanently by empty ones. Their ballots are lost; each
        round's number of lost boxes is increased.

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
        for state in self._rounds.all():
            self._writer.destroy_keys_after_commit(state.round)
