"""A simulation: the production store, boxes and counts on a temporary database with a simulated clock.

Its input is a list of arrivals, its output the snapshots that viewers would have seen.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random

from kiosk.domain.ballot import Ballot, BallotError, read_ballot
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.noise import EPSILON
from kiosk.domain.rounds import SHORTEST_ROUND, Admission, Protection, PublicationTime, Round, round_id
from kiosk.domain.schedule import Daily, next_tick
from kiosk.domain.snapshot import Document
from kiosk.domain.survey import Survey
from kiosk.domain.tree import Tree
from kiosk.storage import RoundClosedError, Store, open_store


class ArrivalError(Exception):
    """A file of arrivals cannot be used. The message, in English, names the file, the line if one is at
    fault, and the remedy."""


DAILY_AT_FIVE = Daily(time(17))


@dataclass(frozen=True)
class Arrival:
    """One guest: the time, local and naive, the unit's id and the ballot."""

    at: datetime
    unit: str
    ballot: Ballot


@dataclass(frozen=True)
class Plan:
    """The round to simulate. `opens_at` is a midnight, local and naive; the round is open for `days` whole
    days and counted at `ticks`. The other values are those of the `Round`."""

    survey: Survey
    tree: Tree
    k: int
    opens_at: datetime
    days: int
    ticks: Daily = DAILY_AT_FIVE
    figures: PublicationTime = PublicationTime.LIVE
    protection: Protection = Protection.EXACT
    epsilon: Fraction = EPSILON
    least_days: int = LEAST_DAYS

    @property
    def round(self) -> Round:
        return Round(
            round_id(self.survey, self.opens_at.date(), ()),
            self.survey,
            self.tree,
            self.k,
            self.opens_at,
            self.opens_at + timedelta(days=self.days),
            frozenset({Admission.KIOSK}),
            self.figures,
            self.protection,
            self.epsilon,
            least_days=self.least_days,
        )


@dataclass
class RefusedArrivals:
    """The number of ballots that a simulation refused, because they came before the round opened or after it
    closed, or for a unit that it does not have. `run` adds to it."""

    ballots: int = 0


def read_arrivals(lines: Iterable[str], name: str, survey: Survey) -> list[Arrival]:
    """Return the arrivals in lines of JSON, sorted by time. `name` is the file's, for messages. Raises
    ArrivalError for a faulty line, which the message names, and if there are no arrivals.

    A line: {"at": "2026-03-02T10:15:00", "unit": "frida", "answers": {"listened": 5}}. An answer is 1..n on
    the statement's scale, "dont_know" or "prefer_not"; a missing statement counts as skipped. Empty lines are
    left out, and units are not checked.
    """
    arrivals = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                arrivals.append(_read_arrival(line, survey))
            except (BallotError, ValueError, KeyError, TypeError, AttributeError) as error:
                problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise ArrivalError(
                    f"{name}: line {number}: {problem}; a line looks like "
                    '{"at": "2026-03-02T10:15:00", "unit": "frida", "answers": {"listened": 5}}'
                ) from error
    if not arrivals:
        raise ArrivalError(f"{name}: has no arrivals; write one JSON object per line")
    return sorted(arrivals, key=lambda arrival: arrival.at)


def _read_arrival(line: str, survey: Survey) -> Arrival:
    row = json.loads(line)
    at = datetime.fromisoformat(row["at"])
    if at.tzinfo is not None:
        raise ValueError("'at' must be local time without a zone")
    answers: Mapping[str, int | str | None] = row.get("answers", {})
    sent = {name: () if value is None else (str(value),) for name, value in answers.items()}
    return Arrival(at, str(row["unit"]), read_ballot(survey, sent))


def plan_for(arrivals: list[Arrival], survey: Survey, tree: Tree, k: int, days: int | None) -> Plan:
    """Return a plan that opens on the day of the first arrival. `arrivals`, at least one, are sorted by time.

    The round lasts `days` days, at least 1. None means until the end of the last arrival's day, and no
    less than SHORTEST_ROUND.
    """
    opens_at = datetime.combine(arrivals[0].at.date(), time())
    needed = (arrivals[-1].at - opens_at).days + 1
    return Plan(survey, tree, k, opens_at, days or max(needed, SHORTEST_ROUND.days))


def simulate(
    plan: Plan, arrivals: Iterable[Arrival], rng: Random | None = None, refused: RefusedArrivals | None = None
) -> Iterator[tuple[datetime, Document]]:
    """Yield (tick, snapshot) of each count that changed the published snapshot. The last count closes the
    round. `arrivals` are sorted by time. Those outside the round's time, and of unknown units, are refused:
    their number is added to `refused`, unless that is None. Raises RoundError if the round may not open.

    `rng` is for tests only; without it the operating system's randomness draws batches and noise.
    """
    with tempfile.TemporaryDirectory(prefix="kiosk-", dir=_memory_folder()) as folder:
        data = Path(folder)
        store = open_store(data, f"sqlite:///{data / 'kiosk.sqlite'}", data / "keys", rng=rng, durable=False)
        try:
            store.migrate()
            yield from run(store, plan, arrivals, refused)
        finally:
            store.close()


def run(
    store: Store, plan: Plan, arrivals: Iterable[Arrival], refused: RefusedArrivals | None = None
) -> Iterator[tuple[datetime, Document]]:
    """Open the round in a given store, which the caller migrated and closes; cast the ballots, and count at
    each tick. Yields what `simulate` yields. Raises RoundError if the round may not open."""
    of_round = plan.round
    store.open_round(of_round, plan.opens_at)
    tick = next_tick(plan.ticks, plan.opens_at)
    for arrival in arrivals:
        while tick <= arrival.at and tick < of_round.closes_at:
            yield from _count(store, tick)
            tick = next_tick(plan.ticks, tick)
        try:
            store.cast(of_round.id, arrival.unit, arrival.ballot, arrival.at)
        except RoundClosedError:
            if refused is not None:
                refused.ballots += 1
    while tick < of_round.closes_at:
        yield from _count(store, tick)
        tick = next_tick(plan.ticks, tick)
    yield from _count(store, tick)


def _count(store: Store, tick: datetime) -> Iterator[tuple[datetime, Document]]:
    """Count, and yield (tick, snapshot) if the snapshot changed."""
    previous = store.snapshot_text()
    store.count(tick)
    if store.snapshot_text() != previous:
        yield tick, store.snapshot()


def _memory_folder() -> str | None:
    """Return a folder in memory, since a simulation needs no disk; None if the machine has no /dev/shm."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
