"""`make load`: guests, counts, starts and desks write to one installation concurrently, each with its own
store.

Two minutes over 500 units, every writer a process, on PostgreSQL and on SQLite: no write may fail, and no
ballot may be lost or counted twice. Writes do not wait for the disk, so that more of them are concurrent. The
tests do the same for a number of turns.
"""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

import psycopg

from kiosk.domain.envelope import COLUMN_BYTES
from kiosk.domain.rounds import Round
from kiosk.storage import Action, Store, open_store
from tests.tools.builders import MONDAY, a_round, random_ballots, tree
from tests.tools.envelopes import seal
from tests.tools.postgresql import new_database, running_server

STATEMENTS = 2


@dataclass(frozen=True)
class Installation:
    """Its location, and the number of units of its only round."""

    url: str
    folder: Path
    units: int

    @property
    def round(self) -> Round:
        return a_round(tree(*(f"u{number:03}" for number in range(self.units))))

    def open(self) -> Store:
        """Return a new store on the installation, not durable."""
        return open_store(self.folder, self.url, self.folder / "keys", durable=False)

    def set_up(self) -> None:
        """Create the tables and open the round."""
        store = self.open()
        store.migrate()
        store.open_round(self.round, MONDAY)
        store.close()


@dataclass(frozen=True)
class End:
    """The condition at which a writer stops: after a number of turns or of seconds."""

    turns: int | None = None
    seconds: float | None = None

    def numbers(self) -> Iterator[int]:
        """Yield the number of each turn, from 1, until the condition holds."""
        start = monotonic()
        for number in count(1):
            if number > (self.turns or number) or monotonic() - start > (self.seconds or float("inf")):
                return
            yield number


@dataclass(frozen=True)
class Outcome:
    """The result of one writer: its ballots cast and excluded, its number of turns, the longest of them in
    seconds, and the texts of its errors."""

    kind: str
    ballots: int
    excluded: int
    turns: int
    longest: float
    errors: tuple[str, ...]


Turn = Callable[[int], tuple[int, int]]
"""A function that does one turn, given its number, and returns (ballots cast, ballots excluded)."""


def _repeat(kind: str, turn: Turn, end: End) -> Outcome:
    done: list[tuple[int, int]] = []
    errors: list[str] = []
    longest = 0.0
    for number in end.numbers():
        start = monotonic()
        try:
            done.append(turn(number))
        except Exception as error:
            errors.append(repr(error))
        longest = max(longest, monotonic() - start)
    ballots, excluded = (sum(column) for column in zip((0, 0), *done, strict=True))
    return Outcome(kind, ballots, excluded, len(done) + len(errors), longest, tuple(errors))


def guest(installation: Installation, end: End, seed: int) -> Outcome:
    """Answer at random units: from a kiosk, with a slip, in an envelope, and too rapidly."""
    store, random, units = installation.open(), Random(seed), installation.round.tree.leaves

    def turn(number: int) -> tuple[int, int]:
        unit = random.choice(units)
        [ballot] = random_ballots(1, random)
        match number % 4:
            case 0:
                store.exclude_rapid("r", unit, MONDAY)
                return 0, 1
            case 1:
                store.cast("r", unit, ballot, MONDAY)
            case 2:
                [slip] = store.print_slips("r", unit, 1)
                store.unit_of_slip(slip)
                store.cast("r", unit, ballot, MONDAY, slip)
            case _:
                key = store.public_key("r", unit)
                letter = seal(bytes.fromhex(key), b"s1=3", room=COLUMN_BYTES * STATEMENTS)
                store.cast_envelope(key, letter, MONDAY)
        return 1, 0

    outcome = _repeat("guest", turn, end)
    store.close()
    return outcome


def counting(installation: Installation, end: End) -> Outcome:
    """Count at one tick after another."""
    store = installation.open()

    def turn(number: int) -> tuple[int, int]:
        store.count(MONDAY + timedelta(minutes=number))
        return 0, 0

    outcome = _repeat("count", turn, end)
    store.close()
    return outcome


def starting(installation: Installation, end: End) -> Outcome:
    """Repeat the writes with which a server starts."""

    def turn(_: int) -> tuple[int, int]:
        store = installation.open()
        try:
            store.check_schema()
            store.renew()
        finally:
            store.close()
        return 0, 0

    return _repeat("start", turn, end)


def desk(installation: Installation, end: End) -> Outcome:
    """Do what a desk does in the store: read the numbers of printed slips, and write the log."""
    store = installation.open()

    def turn(number: int) -> tuple[int, int]:
        store.printed_slips("r")
        store.audit_log.note(MONDAY, "anna", Action.SIGNED_IN, str(number))
        return 0, 0

    outcome = _repeat("desk", turn, end)
    store.close()
    return outcome


def load(
    installation: Installation, executor: Executor, *, guests: int, answering: End, others: End
) -> list[Outcome]:
    """Run all writers at once, and return the outcome of each. Guests write until `answering` ends; a count,
    starts and two desks write until `others` ends."""
    futures = [executor.submit(guest, installation, answering, seed) for seed in range(guests)]
    futures += [executor.submit(work, installation, others) for work in (counting, starting, desk, desk)]
    return [future.result() for future in futures]


def differences(installation: Installation, outcomes: list[Outcome]) -> list[str]:
    """Return an English sentence for each error, for each deadlock, and for each number that is not as
    expected: of ballots, excluded ones, lost boxes and keys."""
    store = installation.open()
    store.renew()
    rows = list((installation.folder / "keys").iterdir())
    keys = sum(len(list(row.iterdir())) for row in rows)
    store.count(installation.round.closes_at)
    root = store.snapshot()["rounds"][0]["nodes"][0]
    lost = store.rounds()[0].lost_boxes
    store.close()
    checks = {
        "ballots": (root["answered"], sum(outcome.ballots for outcome in outcomes)),
        "excluded": (root["excluded_rapid"], sum(outcome.excluded for outcome in outcomes)),
        "lost boxes": (lost, 0),
        "keys": (keys, 3 * installation.units),
        "deadlocks": (deadlocks(installation.url), 0),
    }
    errors = [error for outcome in outcomes for error in outcome.errors]
    return errors + [
        f"{name}: {is_}, not {wanted}" for name, (is_, wanted) in checks.items() if is_ != wanted
    ]


def deadlocks(url: str) -> int:
    """Return the number of deadlocks that PostgreSQL resolved since the database was made; 0 for SQLite,
    which has one lock."""
    if url.startswith("sqlite"):
        return 0
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0


def _report(name: str, outcomes: list[Outcome], wrong: list[str]) -> None:
    for kind in ("guest", "count", "start", "desk"):
        of_kind = [outcome for outcome in outcomes if outcome.kind == kind]
        turns, errors = sum(each.turns for each in of_kind), sum(len(each.errors) for each in of_kind)
        longest = max(each.longest for each in of_kind)
        print(
            f"{name:11} {len(of_kind)} {kind:6} {turns:6} turns {errors:4} errors  longest {longest:6.2f} s"
        )
    print(f"{name:11} {len(wrong)} differences {'; '.join(wrong[:3])}")


def main() -> None:
    """Print a table. The exit status is 1 if a write failed or a ballot is missing."""
    two_minutes = End(seconds=float(sys.argv[1]) if sys.argv[1:] else 120)
    failed = False
    with running_server() as server, TemporaryDirectory() as folder:
        urls = {"PostgreSQL": new_database(server, "load"), "SQLite": f"sqlite:///{folder}/SQLite/k.sqlite"}
        for name, url in urls.items():
            installation = Installation(url, Path(folder) / name, units=500)
            installation.set_up()
            with ProcessPoolExecutor(12, multiprocessing.get_context("spawn")) as executor:
                outcomes = load(installation, executor, guests=8, answering=two_minutes, others=two_minutes)
            wrong = differences(installation, outcomes)
            _report(name, outcomes, wrong)
            failed = failed or bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
