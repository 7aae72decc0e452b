"""The count of one round, at a tick or at closing: draws the batches and adds them to the tallies.

At a tick, boxes are opened, counted and written back in the same write. At closing they are read a few at a
time, and all figures are computed, before the one write that stores the figures and deletes the boxes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random

from kiosk.domain.box import draw_batch, plan_closing
from kiosk.domain.rounds import PublicationTime, Round
from kiosk.domain.slips import PrintRun
from kiosk.domain.tally import Tally, add
from kiosk.storage.boxes import Boxes, OpenBox
from kiosk.storage.letterboxes import Letterboxes
from kiosk.storage.rounds import Rounds
from kiosk.storage.sealed_rows import Writer
from kiosk.storage.slip_sets import SlipSets
from kiosk.storage.tallies import Tallies


@dataclass(frozen=True)
class LastContent:
    """What a unit's box and slip set hold when its round closes, and the ids of the keys under which they
    were sealed when they were read. Without a box, `box` is None; without a slip set, `slip_key` is "" and
    `runs` is empty."""

    box: OpenBox | None
    runs: tuple[PrintRun, ...]
    slip_key: str

    @property
    def box_key(self) -> str:
        return self.box.key_id if self.box else ""


@dataclass(frozen=True)
class RoundClosing:
    """All that is stored when a round closes.

    `units` has every unit of the round, by id. `batches` are the round's last ones, each (node id, published
    tally). `sums` maps a node id to its running sums, and `batch_numbers` to its number of batches, both with
    these last batches; `batch_numbers` is empty for an exact round.
    """

    round: Round
    units: Mapping[str, LastContent]
    batches: tuple[tuple[str, Tally], ...]
    sums: Mapping[str, Tally]
    batch_numbers: Mapping[str, int]

    @property
    def excluded_rapid(self) -> dict[str, int]:
        """Unit id -> number of ballots that were excluded as rapid submissions. Units without any are left
        out."""
        boxes = {unit: content.box for unit, content in self.units.items()}
        return {unit: box.excluded_rapid for unit, box in boxes.items() if box and box.excluded_rapid}


@dataclass(frozen=True)
class Count:
    """The count of a round's boxes. Callers hold a write (`Writer.write`); `Writer.look` suffices for `read`,
    and `plan` needs neither. Raises KeyUnavailableError if a box, slip set or letterbox cannot be opened."""

    writer: Writer
    rounds: Rounds
    boxes: Boxes
    slip_sets: SlipSets
    letterboxes: Letterboxes
    tallies: Tallies
    rng: Random

    def count_boxes(self, of_round: Round, units: Iterable[str], *, is_first_of_day: bool) -> frozenset[str]:
        """Add a batch of each full box (`full_at`) of these units, in a round that stays open, to the
        tallies, and seal all rows of the units under new keys. The snapshot stays as it is.

        `units` are ids; those without a box are left out. A round that publishes at closing only gives no
        batch, nor does a unit with fewer days with ballots than the round's `least_days`. `is_first_of_day`
        as in `CountProgress`.
        Returns the ids of the units whose play guard fired since the previous count.
        """
        fired = set[str]()
        for unit in units:
            box = self.boxes.open_box(of_round.id, unit)
            if box is None:
                continue
            rest = box.ballots
            ballot_days = box.ballot_days.at_count(is_first_of_day=is_first_of_day)
            if box.guard_fired:
                fired.add(unit)
            if of_round.figures is PublicationTime.LIVE and ballot_days.days >= of_round.least_days:
                shown = self.tallies.published_ballots(of_round, unit)
                batch, rest = draw_batch(box.ballots, shown, of_round.k, self.rng)
                if batch:
                    self.tallies.add(of_round, unit, self.tallies.published(of_round, batch))
            # Every row is rewritten: otherwise the key files would reveal which units had a batch, and old
            # keys would outlive a tick.
            self.boxes.put(replace(box, ballots=rest, guard_fired=False, ballot_days=ballot_days), unit)
            self.slip_sets.renew(of_round, unit)
            self.letterboxes.renew(of_round, unit)
        return frozenset(fired)

    def read(self, of_round: Round, units: Iterable[str]) -> dict[str, LastContent]:
        """Return unit id -> content of its box and slip set, for the closing of a round. Changes nothing."""
        contents = {}
        for unit in units:
            slip_key, runs = self.slip_sets.runs(of_round.id, unit) or ("", ())
            contents[unit] = LastContent(self.boxes.open_box(of_round.id, unit), runs, slip_key)
        return contents

    def plan(
        self, of_round: Round, units: Mapping[str, LastContent], *, is_first_of_day: bool
    ) -> RoundClosing:
        """Return the closing of a round from the content of its units: its last batches, as `plan_closing`
        says, with noise or the veil. Stores nothing. `is_first_of_day` as in `CountProgress`."""
        boxes = {unit: content.box for unit, content in units.items()}
        ballots = {unit: box.ballots if box else [] for unit, box in boxes.items()}
        sums = self.tallies.sums_by_node(of_round)
        plan = plan_closing(
            of_round.tree,
            {unit: len(unit_ballots) for unit, unit_ballots in ballots.items()},
            frozenset(sums),
            of_round.k,
            frozenset(
                unit
                for unit, box in boxes.items()
                if box
                and box.ballot_days.at_count(is_first_of_day=is_first_of_day).days >= of_round.least_days
            ),
        )
        numbers = self.tallies.batches(of_round) if of_round.is_protected else {}
        batches = []
        for node, members in plan.batches:
            batch = [ballot for unit in members for ballot in ballots[unit]]
            published = self.tallies.published(of_round, batch)
            batches.append((node, published))
            sums[node] = add([sums[node], published]) if node in sums else published
            if of_round.is_protected:
                numbers[node] = numbers.get(node, 0) + 1
        return RoundClosing(of_round, units, tuple(batches), sums, numbers)

    def is_current(self, closing: RoundClosing) -> bool:
        """Return whether no box and no slip set of the round was written or deleted since its closing was
        planned: each write changes the row's key. Letterboxes do not matter to a closing."""
        units = closing.units
        return self.boxes.key_ids(closing.round.id) == {
            unit: content.box_key for unit, content in units.items() if content.box
        } and self.slip_sets.key_ids(closing.round.id) == {
            unit: content.slip_key for unit, content in units.items() if content.slip_key
        }

    def close(self, closing: RoundClosing) -> None:
        """Store a closing, mark its round as closed, and delete its boxes, slip sets and letterboxes. Ballots
        in no batch are destroyed uncounted. The caller has checked, in the same write, that the closing
        `is_current`.

        The numbers of excluded ballots and of slips remain. Keys are destroyed after the commit.
        """
        of_round = closing.round
        for node, published in closing.batches:
            self.tallies.add(of_round, node, published)
        for unit, content in closing.units.items():
            self.slip_sets.keep_count(of_round, unit, content.runs, has_figures=unit in closing.sums)
            if content.box:
                self.boxes.keep_excluded(content.box, unit)
        self.boxes.remove(of_round.id, of_round.tree.leaves)
        self.slip_sets.remove(of_round.id, of_round.tree.leaves)
        self.letterboxes.remove(of_round.id, of_round.tree.leaves)
        self.rounds.close(of_round.id)
        self.writer.destroy_closed_keys_after_commit(of_round)
