"""The processor time and the bytes of one results page, for installations of many sizes.

    python -m tests.tools.look_cost

The rounds and their snapshot are written directly to the database: to open hundreds of rounds with hundreds
of boxes would take minutes, and the page reads nothing else.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time

from flask.testing import FlaskClient

from kiosk.domain.rounds import Protection, Round
from kiosk.domain.snapshot import RoundTally, as_text, make_snapshot
from kiosk.domain.tally import StatementTally
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.publication_tag import renew_tag
from tests.tools.builders import MONDAY, a_round, survey, tree
from tests.tools.desk_side import Desk

RUNS = 5

BAR_MS, BAR_BYTES = 100, 300_000
"""Limits of the first results page: milliseconds of processor time, and compressed bytes."""


@dataclass(frozen=True)
class Size:
    """The size of an installation."""

    rounds: int
    units: int
    statements: int
    ballots: int = 0
    """The ballots of all rounds, about; 0 for 170 of each unit in each round."""

    def __str__(self) -> str:
        size = f"{self.rounds} rounds, {self.units} units, {self.statements} statements"
        return f"{size}, {self.ballots / 1e6:.0f} million ballots" if self.ballots else size

    @property
    def times(self) -> int:
        """Factor of each count."""
        return max(round(self.ballots / (170 * self.rounds * self.units)), 1)


SIZES = (Size(5, 5, 4), Size(200, 5, 4), Size(2, 500, 4), Size(5, 5, 30), Size(200, 50, 4), Size(2, 500, 30),
         Size(200, 500, 4), Size(5, 5, 4, 10_000_000))  # fmt: skip
"""An ordinary installation; three that are large in one respect; three that are large in two; one with many
answers."""

LARGE = (*SIZES[1:4], SIZES[5])


def fill(desk: Desk, folder: Path, size: Size, seed: int = 1) -> None:
    """Replace a desk's rounds by closed, protected ones of this size, with random figures and with the rows
    that a count writes."""
    random, names = Random(seed), [f"u{number}" for number in range(size.units)]
    asked, units = survey(size.statements), tree(*names)
    rounds = [
        replace(
            a_round(units, opens_at=MONDAY - timedelta(days=92 * (size.rounds - number))),
            id=f"r{number}", survey=asked, protection=Protection.PROTECTED,
        )
        for number in range(size.rounds)
    ]  # fmt: skip
    replace_rounds(desk, folder, [_tally(of_round, names, random, size.times) for of_round in rounds])


def replace_rounds(desk: Desk, folder: Path, tallies: Sequence[RoundTally]) -> None:
    """Replace a desk's rounds by those of these tallies, with the rows that a count writes."""
    database = Database(f"sqlite:///{folder / 'k.sqlite'}", durable=False)
    for kept in (tables.Round, tables.Snapshot):
        database.run(kept.delete())
    for tally in tallies:
        terms = json.dumps(tally.round.as_json(), ensure_ascii=False)
        database.run(tables.Round.insert(id=tally.round.id, terms=terms, closed=int(tally.is_closed)))
    document = make_snapshot(tallies, MONDAY, demonstration=desk.store.is_demonstration)
    database.run(tables.Snapshot.insert(id=1, document=as_text(document)))
    renew_tag(database)
    database.close()
    desk.store.store_change_index()


def _tally(of_round: Round, units: Sequence[str], random: Random, times: int) -> RoundTally:
    own = {
        unit: tuple(
            StatementTally(
                tuple(times * random.randint(5, 60) for _ in range(5)),
                (times * random.randint(0, 9), 1, 2),
                0,
            )
            for _ in of_round.survey.statements
        )
        for unit in units
    }
    return RoundTally(of_round, True, own, {}, batches=dict.fromkeys(units, 4))


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time of the first request after a new snapshot, the fewest milliseconds of
    later requests, and the bytes of the page before and after compression."""

    first_ms: float
    later_ms: float
    unpacked: int
    packed: int


def cost(client: FlaskClient, path: str) -> Cost:
    """Return the cost of a page. The process has answered a request before, so its templates are compiled.
    Raises ValueError for a response with another status than 200."""
    taken = []
    for _ in range(1 + RUNS):
        start = process_time()
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        taken.append(1000 * (process_time() - start))
        if answer.status_code != 200:
            raise ValueError(f"{path}: {answer.status}")
    return Cost(taken[0], min(taken[1:]), len(gzip.decompress(answer.data)), len(answer.data))


def first_look(folder: Path, size: Size, path: str = "/admin/") -> float:
    """Return the milliseconds of processor time of the first page after a count, in an installation of this
    size. `folder` is empty."""
    desk = Desk(folder)
    fill(desk, folder, size)
    _warm(desk)
    fill(desk, folder, size, seed=2)
    return cost(desk.client, path).first_ms


def statement_path(size: Size) -> str:
    """Return the address of one statement of the latest round, at the root."""
    return f"/admin/results/r{size.rounds - 1}/root/s1"


def _warm(desk: Desk) -> None:
    """Sign in, and compile the page's templates."""
    desk.sign_in()
    desk.client.get("/admin/overview/r0/u1")
    desk.client.get("/admin/results/r0/u1")


def main() -> None:
    """Print a line for each size: the costs of the overview, of one statement's page, of the page of all
    statements and of a wall screen, each at the root after a count, of the list of rounds and of the snapshot
    document."""
    print(f"\nthe first results page after a count, and later (bar: {BAR_MS} ms, {BAR_BYTES / 1000:.0f} kB)")
    for size in SIZES:
        with TemporaryDirectory() as folder:
            desk = Desk(Path(folder))
            fill(desk, Path(folder), size)
            _warm(desk)
            costs = []
            last = f"/admin/results/r{size.rounds - 1}/root"
            wall = f"/admin/wall/{desk.store.walls.add('root').code}"
            paths = ("/admin/", statement_path(size), last, wall, "/admin/rounds", "/results.json")
            for seed, path in enumerate(paths, start=2):
                fill(desk, Path(folder), size, seed)
                costs.append(cost(desk.client, path))
        overview, statement, every, wall_screen, rounds, document = costs
        slowest = max(max(one.first_ms, one.later_ms) for one in costs)
        is_over = slowest > BAR_MS or overview.packed > BAR_BYTES
        print(
            f"{size!s:38} {overview.first_ms:6.0f} ms, then {overview.later_ms:4.0f} ms, "
            f"{overview.packed / 1000:5.1f} kB ({overview.unpacked / 1000:.0f} unpacked){' OVER' * is_over}; "
            f"a statement in full "
            f"{statement.first_ms:.0f} ms, then {statement.later_ms:.0f} ms, all {every.first_ms:.0f} ms, "
            f"a wall screen {wall_screen.first_ms:.0f} ms, then {wall_screen.later_ms:.0f} ms, the rounds "
            f"{rounds.first_ms:.0f} ms, then {rounds.later_ms:.0f} ms, the document {document.first_ms:.0f} "
            f"ms, then {document.later_ms:.0f} ms"
        )


if __name__ == "__main__":
    main()
