"""The count of one round, at a tick or at closing: draws the batches and adds them to the tallies.

Boxes are opened here to be counted, and are written back or deleted in the same write.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

from kiosk.domain.box import draw_batch, plan_closing
from kiosk.domain.rounds import PublicationTime, Round
from kiosk.storage.boxes import Boxes
from kiosk.storage.letterboxes import Letterboxes
from kiosk.storage.rounds import Rounds
from kiosk.storage.sealed_rows import Writer
from kiosk.storage.slip_sets import SlipSets
from kiosk.storage.tallies import Tallies


@dataclass(frozen=True)
class Count:
    """The count of a round's boxes. Callers hold a write (`Writer.write`). Raises KeyUnavailableError if a
    box, slip set or letterbox cannot be opened."""

    writer: Writer
    rounds: Rounds
    boxes: Boxes
    slip_sets: SlipSets
    letterboxes: Letterboxes
    tallies: Tallies
    rng: Random

    def count_boxes(self, of_round: Round, units: Iterable[str], *, is_first_of_day: bool) -> frozenset[str]:
        """Publish a batch of each full box of these units, in a round that stays open, and seal all their
        rows under new keys.

        `units` are ids; those without a box are left out. A round that publishes at closing only gives no
        batch, nor does a unit with too few days with ballots. `is_first_of_day` as in `CountProgress`.
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
                    self.tallies.add_batch(of_round, unit, batch)
            # Every row is rewritten: otherwise the key files would reveal which units had a batch, and old
            # keys would outlive a tick.
            self.boxes.put(replace(box, ballots=rest, guard_fired=False, ballot_days=ballot_days), unit)
            self.slip_sets.renew(of_round, unit)
            self.letterboxes.renew(of_round, unit)
        return frozenset(fired)

    def close(self, of_round: Round, *, is_first_of_day: bool) -> None:
        """Publish a round's last batches, as `plan_closing` says, mark the round as closed, and delete its
        boxes, slip sets and letterboxes. Ballots in no batch are destroyed uncounted.

        The numbers of excluded ballots and of slips remain. Keys are destroyed after the commit.
        """
        units = of_round.tree.leaves
        boxes = {unit: self.boxes.open_box(of_round.id, unit) for unit in units}
        ballots = {unit: box.ballots if box else [] for unit, box in boxes.items()}
        plan = plan_closing(
            of_round.tree,
            {unit: len(unit_ballots) for unit, unit_ballots in ballots.items()},
            frozenset(self.tallies.sums_by_node(of_round)),
            of_round.k,
            frozenset(
                unit
                for unit, box in boxes.items()
                if box
                and box.ballot_days.at_count(is_first_of_day=is_first_of_day).days >= of_round.least_days
            ),
        )
        for node, members in plan.batches:
            self.tallies.add_batch(of_round, node, [ballot for unit in members for ballot in ballots[unit]])
        with_figures = self.tallies.sums_by_node(of_round)
        for unit, box in boxes.items():
            self.slip_sets.keep_count(of_round, unit, has_figures=unit in with_figures)
            if box:
                self.boxes.keep_excluded(box, unit)
        self.boxes.remove(of_round.id)
        self.slip_sets.remove(of_round.id)
        self.letterboxes.remove(of_round.id)
        self.rounds.close(of_round.id)
        self.writer.destroy_keys_after_commit(of_round)
