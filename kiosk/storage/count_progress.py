"""The progress of a count. A count writes a few units at a time, so that no guest waits for all of them.

The row with the progress is written in the same transaction as the units: a count that was killed goes on
after them, so that no unit is counted twice at a tick, and its noise is never drawn again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from kiosk.domain.rounds import Round
from kiosk.storage import tables
from kiosk.storage.database import Database

COUNT_PROGRESS = "count"
"""Key of the row in the table `installation`. Backups leave it out, as they do the boxes that it is about."""

UNITS_A_STEP = 4
"""Units that are counted, or sealed anew, in one transaction: some milliseconds of processor time."""

UNCOUNTED = ""
"""In the place of a node, for units whose ballots are in no batch of a closing."""

ClosingGroup = tuple[str, tuple[str, ...]]
"""A node and the units whose ballots form its batch; or UNCOUNTED, and the other units."""

ClosingPlan = tuple[ClosingGroup, ...]
"""What is left to do of a closing: each unit that still has a box is in one group."""

CountPart = tuple[Round, tuple[str, ...]]
"""A round and those of its units that are counted in one transaction."""


@dataclass(frozen=True)
class CountProgress:
    """A count that is not published yet, at a tick, which is local and naive.

    `done` maps a round's id to the number of its units that are counted, which are the first ones of its
    tree. `fired` maps it to the ids of the counted units whose play guard fired since the previous count.
    `is_first_of_day` says whether the previous count was on an earlier day; it is true at the first count of
    all. `plans` maps the id of each round whose closing has begun to what is left of that closing: a plan, ()
    if nothing is left.
    """

    tick: datetime
    is_first_of_day: bool
    done: Mapping[str, int] = field(default_factory=dict)
    fired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plans: Mapping[str, ClosingPlan] = field(default_factory=dict)

    def is_closing(self, of_round: Round) -> bool:
        """Return whether this count closes an open round. A closing that has begun goes on, also if a person
        sets the count back to an earlier tick."""
        return of_round.id in self.plans or of_round.closes_at <= self.tick

    def next_part(self, open_rounds: Iterable[Round]) -> CountPart | None:
        """Return the next units to count, at most UNITS_A_STEP of one round: the rounds in the given order,
        planned ones included, the units in that of their tree. None if all units are counted except those of
        rounds that close."""
        for of_round in open_rounds:
            done = self.done.get(of_round.id, 0)
            units = of_round.tree.leaves[done : done + UNITS_A_STEP]
            if units and not self.is_closing(of_round):
                return of_round, units
        return None

    def next_closing(self, open_rounds: Iterable[Round]) -> Round | None:
        """Return the first of these rounds that this count closes (`is_closing`), and whose closing has not
        begun or has units left; None if there is none."""
        closing = (of_round for of_round in open_rounds if self.is_closing(of_round))
        return next((of_round for of_round in closing if self.plans.get(of_round.id) != ()), None)

    def with_plan(self, of_round: Round, plan: ClosingPlan) -> "CountProgress":
        """Return the progress with `plan` as what is left of a round's closing."""
        return replace(self, plans={**self.plans, of_round.id: plan})

    def with_part(self, part: CountPart, fired: Iterable[str]) -> "CountProgress":
        """Return the progress after the units of `part`. `fired` are the ids of those whose play guard
        fired."""
        of_round, units = part
        return replace(
            self,
            done={**self.done, of_round.id: self.done.get(of_round.id, 0) + len(units)},
            fired={**self.fired, of_round.id: (*self.fired.get(of_round.id, ()), *sorted(fired))},
        )


def first_part(of_round: Round, units: Sequence[str]) -> CountPart | None:
    """Return the first of these units of a round, at most UNITS_A_STEP; None without units."""
    return (of_round, tuple(units[:UNITS_A_STEP])) if units else None


def units_in_parts(of_round: Round) -> Iterable[CountPart]:
    """Return all units of a round, in the order of its tree, in parts of at most UNITS_A_STEP."""
    units = of_round.tree.leaves
    return [(of_round, units[at : at + UNITS_A_STEP]) for at in range(0, len(units), UNITS_A_STEP)]


def read_progress(database: Database) -> CountProgress | None:
    """Return the count that is not published yet; None if there is none."""
    text = database.get(COUNT_PROGRESS)
    if text is None:
        return None
    row = json.loads(text)
    fired = {round_id: tuple(units) for round_id, units in row["fired"].items()}
    plans = {
        round_id: tuple((node, tuple(units)) for node, units in plan)
        # A count that an older version began has no plans.
        for round_id, plan in row.get("plans", {}).items()
    }
    tick = datetime.fromisoformat(row["tick"])
    return CountProgress(tick, row["is_first_of_day"], row["done"], fired, plans)


def write_progress(database: Database, progress: CountProgress | None) -> None:
    """Replace the row with the progress; None deletes it. The caller holds a write."""
    if progress is None:
        database.run(tables.Installation.delete().where(tables.Installation.key == COUNT_PROGRESS))
        return
    row = {
        "tick": progress.tick.isoformat(),
        "is_first_of_day": progress.is_first_of_day,
        "done": progress.done,
        "fired": progress.fired,
        "plans": progress.plans,
    }
    database.set(COUNT_PROGRESS, json.dumps(row))
