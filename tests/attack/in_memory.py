"""The program's count without its files: boxes and tallies in memory, for simulations of many rounds.

The loop of a simulation, the count, its rules and the snapshot are the program's code. Only sealing, the
database and the keys are left out, so that it takes a fiftieth of the time. test_in_memory.py shows that it
publishes the same documents as the store if both draw the same random numbers.
"""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from random import Random
from secrets import SystemRandom
from typing import Any, cast

from kiosk.domain.ballot import Ballot, pack
from kiosk.domain.ballot_days import NO_BALLOT_DAYS, BallotDays
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document, RoundTally, as_text, make_snapshot, same_figures
from kiosk.domain.tally import Tally, add
from kiosk.operation.simulate import Arrival, Plan, run
from kiosk.storage import RoundClosedError, Store
from kiosk.storage.boxes import OpenBox
from kiosk.storage.count import Count
from kiosk.storage.tallies import Tallies

Publish = Callable[[Plan, Iterable[Arrival]], Iterable[tuple[datetime, Document]]]
"""A function that runs a round and yields (time, published document) after each count: `simulate`, with the
store, or `simulate_in_memory`."""


def simulate_in_memory(
    plan: Plan, arrivals: Iterable[Arrival], rng: Random | None = None
) -> Iterator[tuple[datetime, Document]]:
    """Yield the items that `simulate` yields: (time, published document) after each count."""
    return run(cast(Store, MemoryStore(rng)), plan, arrivals)


class MemoryStore:
    """The part of a store that a simulation uses, for one round."""

    def __init__(self, rng: Random | None = None) -> None:
        rng = rng or SystemRandom()
        self._boxes = _Boxes()
        self._tallies = _Tallies(rng)
        nothing: Any = _Nothing()
        self._count = Count(nothing, nothing, cast(Any, self._boxes), nothing, nothing, self._tallies, rng)

    def open_round(self, of_round: Round, now: datetime) -> None:
        self._round, self._is_closed = of_round, False
        self._last_tick: datetime | None = None
        self._boxes.ballots = {unit: [] for unit in of_round.tree.leaves}
        self._boxes.ballot_days = dict.fromkeys(of_round.tree.leaves, NO_BALLOT_DAYS)
        self._boxes.round = of_round
        self._document = self._published(now)
        self._text = as_text(self._document)

    def cast(self, round_id: str, unit: str, ballot: Ballot, now: datetime) -> None:
        del round_id
        if self._is_closed or not self._round.is_running(now):
            raise RoundClosedError
        insort(self._boxes.ballots[unit], ballot, key=lambda one: pack([one]))
        self._boxes.ballot_days[unit] = self._boxes.ballot_days[unit].with_ballot()

    def count(self, tick: datetime) -> bool:
        is_first_of_day = self._last_tick is None or self._last_tick.date() < tick.date()
        self._last_tick = tick
        if self._round.closes_at <= tick:
            leaves = self._round.tree.leaves
            sizes = self._count.read(self._round, leaves, is_first_of_day=is_first_of_day)
            plan = self._count.plan(self._round, sizes)
            while plan:
                plan = self._count.close_part(self._round, plan)
            self._is_closed = True
        else:
            self._count.count_boxes(self._round, self._round.tree.leaves, is_first_of_day=is_first_of_day)
        new = self._published(tick)
        if not same_figures(new, self._document):
            self._document, self._text = new, as_text(new)
        return True

    def _published(self, made_at: datetime) -> Document:
        tally = RoundTally(self._round, self._is_closed, self._tallies.sums_by_node(self._round), {})
        return make_snapshot([tally], made_at, demonstration=False)

    def snapshot_text(self) -> str:
        return self._text

    def snapshot(self) -> Document:
        return self._document


class _Boxes:
    """The boxes of one round. Their ballots have the order that sealing gives them."""

    round: Round

    def __init__(self) -> None:
        self.ballots: dict[str, list[Ballot]] = {}
        self.ballot_days: dict[str, BallotDays] = {}

    def open_box(self, round_id: str, unit: str) -> OpenBox | None:
        del round_id
        if unit not in self.ballots:
            return None
        return OpenBox(self.round, "", list(self.ballots[unit]), ballot_days=self.ballot_days[unit])

    def put(self, box: OpenBox, unit: str) -> None:
        self.ballots[unit], self.ballot_days[unit] = box.ballots, box.ballot_days

    def keep_excluded(self, box: OpenBox, unit: str) -> None:
        """Do nothing: no ballot of a simulation is excluded."""

    def remove(self, round_id: str, units: Iterable[str]) -> None:
        del round_id
        for unit in units:
            self.ballots.pop(unit, None)


class _Tallies(Tallies):
    """Running sums of one exact round in memory."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._sums: dict[str, Tally] = {}

    def add(self, of_round: Round, node_id: str, published: Tally) -> None:
        del of_round
        before = self._sums.get(node_id)
        self._sums[node_id] = add([before, published]) if before else published

    def published_ballots(self, of_round: Round, unit_id: str) -> int:
        del of_round
        return self._sums[unit_id][0].ballots if unit_id in self._sums else 0

    def sums_by_node(self, of_round: Round) -> dict[str, Tally]:
        del of_round
        return dict(self._sums)


class _Nothing:
    """Stands for slips, letterboxes, keys and the rows of rounds, which a simulation does not have."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        del name
        return _do_nothing


def _do_nothing(*_: object, **__: object) -> None:
    """Accept any arguments and do nothing."""
