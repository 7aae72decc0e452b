"""The count of one round, at a tick or at closing: draws the batches and adds them to the tallies.

At a tick, boxes are opened, counted and written back in the same write. A closing is planned from the sizes
of the boxes. Then each batch is published, and its boxes deleted, in the same write.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from kiosk.domain.ballot import Ballot
from kiosk.domain.box import draw_batch, plan_closing
from kiosk.domain.rounds import PublicationTime, Round
from kiosk.storage import count_progress
from kiosk.storage.boxes import Boxes
from kiosk.storage.count_progress import UNCOUNTED, ClosingPlan
from kiosk.storage.letterboxes import Letterboxes
from kiosk.storage.rounds import Rounds
from kiosk.storage.sealed_rows import Writer
from kiosk.storage.slip_sets import SlipSets
from kiosk.storage.tallies import Tallies


@dataclass(frozen=True)
class BoxSize:
    """The number of ballots in a box whose round closes, whether its unit had ballots on enough days, and the
    id of the box's key when it was read."""

    ballots: int
    is_steady: bool
    key_id: str


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
        says whether the previous count was on an earlier day, so that this one may add a day with ballots
        (`BallotDays.at_count`). Returns the ids of the units whose play guard fired since the previous count.
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

    def read(self, of_round: Round, units: Iterable[str], *, is_first_of_day: bool) -> dict[str, BoxSize]:
        """Return unit id -> size of its box, for the closing of a round; units without a box are left out.
        Changes nothing. `is_first_of_day` says whether the previous count was on an earlier day, so that this
        one may add a day with ballots (`BallotDays.at_count`)."""
        boxes = {unit: self.boxes.open_box(of_round.id, unit) for unit in units}
        return {
            unit: BoxSize(
                len(box.ballots),
                box.ballot_days.at_count(is_first_of_day=is_first_of_day).days >= of_round.least_days,
                box.key_id,
            )
            for unit, box in boxes.items()
            if box
        }

    def plan(self, of_round: Round, sizes: Mapping[str, BoxSize]) -> ClosingPlan:
        """Return the closing of a round, as `plan_closing` decides it, from the sizes of the boxes that it
        still has. Changes nothing.

        The plan is stored, so it tells little more than what is published: a unit without ballots is in the
        group that it would be in with a few, and the units of a group are in the order of the tree. Where one
        ballot would move a whole batch to another node, the plan can tell no ballot from one.
        """
        leaves = of_round.tree.leaves
        plan = plan_closing(
            of_round.tree,
            {unit: sizes[unit].ballots if unit in sizes else 0 for unit in leaves},
            frozenset(self.tallies.sums_by_node(of_round)),
            of_round.k,
            frozenset(unit for unit, size in sizes.items() if size.is_steady),
        )
        node_of = {unit: node for node, units in plan.batches for unit in units} | dict(plan.without_ballots)
        groups: dict[str, list[str]] = {node: [] for node, _ in plan.batches}
        for unit in leaves:
            if unit in sizes:
                groups.setdefault(node_of.get(unit, UNCOUNTED), []).append(unit)
        return tuple((node, tuple(units)) for node, units in groups.items())

    def is_current(self, of_round: Round, sizes: Mapping[str, BoxSize]) -> bool:
        """Return whether no box of the round was written or deleted since `read` returned `sizes`, those of
        all its boxes: each write changes a box's key."""
        return self.boxes.key_ids(of_round.id) == {unit: size.key_id for unit, size in sizes.items()}

    def close_part(self, of_round: Round, plan: ClosingPlan) -> ClosingPlan:
        """Do the first part of a closing, for about UNITS_A_STEP units, and return what is left of `plan`.

        A batch is published, with noise or the veil, in the transaction that deletes its boxes. A batch of
        more units than that is not published yet: ballots of some of its units are moved to the box of its
        first unit.
        """
        most = max(count_progress.UNITS_A_STEP, 2)
        room = most
        while plan and (room == most or len(plan[0][1]) <= room):
            (node, units), *rest = plan
            if len(units) <= most:
                self._close_group(of_round, node, units)
                plan = tuple(rest)
            elif node == UNCOUNTED:
                self._remove(of_round, units[:most])
                plan = ((node, units[most:]), *rest)
            else:
                self._move_ballots(of_round, units[1:most], units[0])
                plan = ((node, (units[0], *units[most:])), *rest)
            room -= len(units)
        return plan

    def _close_group(self, of_round: Round, node: str, units: Sequence[str]) -> None:
        """Publish the batch of a group, unless it has none, and delete its boxes. A batch that has fewer than
        k ballots, since boxes were lost after it was planned, is not published."""
        ballots = self._ballots(of_round, units) if node != UNCOUNTED else []
        if len(ballots) >= of_round.k:
            self.tallies.add(of_round, node, self.tallies.published(of_round, ballots))
        self._remove(of_round, units)

    def _ballots(self, of_round: Round, units: Iterable[str]) -> list[Ballot]:
        boxes = (self.boxes.open_box(of_round.id, unit) for unit in units)
        return [ballot for box in boxes if box for ballot in box.ballots]

    def _move_ballots(self, of_round: Round, units: Sequence[str], to_unit: str) -> None:
        """Move the ballots of these units, which are counted together with those of `to_unit`, to its box,
        and delete their own boxes."""
        box = self.boxes.open_box(of_round.id, to_unit)
        if box:
            moved = self._ballots(of_round, units)
            self.boxes.put(replace(box, ballots=[*box.ballots, *moved]), to_unit)
            self._remove(of_round, units)

    def _remove(self, of_round: Round, units: Sequence[str]) -> None:
        """Delete the boxes, slip sets and letterboxes of these units, with the ballots that are in them.

        The numbers of excluded ballots and of slips remain. Keys are destroyed after the commit.
        """
        for unit in units:
            _, runs = self.slip_sets.runs(of_round.id, unit) or ("", ())
            has_figures = self.tallies.published_ballots(of_round, unit) > 0
            self.slip_sets.keep_count(of_round, unit, runs, has_figures=has_figures)
            if box := self.boxes.open_box(of_round.id, unit):
                self.boxes.keep_excluded(box, unit)
        for table in (self.boxes, self.slip_sets, self.letterboxes):
            table.remove(of_round.id, units)
        self.writer.destroy_closed_keys_after_commit(of_round, units)
