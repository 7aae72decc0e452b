"""`make bench`: times of the hot paths, each as a ratio to a reference measured in the same run.

Machines are shared and noisy, so a ratio says more than a time, and the best of several runs more than their
mean. Nothing is asserted.
"""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random
from secrets import token_bytes
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from unittest.mock import patch

from flask import Flask

from kiosk.domain.ballot import Ballot
from kiosk.domain.rounds import Protection
from kiosk.guest.rate_limit import RateLimit
from kiosk.storage import Store, open_store
from kiosk.storage.database import QueueLock
from tests.tools import export_load, look_cost, paint, peer_load, process_load, wait_load
from tests.tools.builders import MONDAY, a_round, a_store, random_ballots, tree
from tests.tools.guest_side import Place

RUNS = 5


def best(work: Callable[[], object], times: int) -> float:
    """Return the seconds per call of `work`, in the fastest of several runs of `times` calls."""
    timings = []
    for _ in range(RUNS):
        start = perf_counter()
        for _ in range(times):
            work()
        timings.append((perf_counter() - start) / times)
    return min(timings)


def longest_hold(work: Callable[[], object]) -> float:
    """Return the longest time in seconds for which `work` keeps other writes of this process waiting."""
    held: list[float] = []
    enter, leave = QueueLock.__enter__, QueueLock.__exit__

    def entered(lock: QueueLock) -> None:
        enter(lock)
        held.append(perf_counter())

    def left(lock: QueueLock, *error: object) -> None:
        held[-1] = perf_counter() - held[-1]
        leave(lock, *error)

    with patch.object(QueueLock, "__enter__", entered), patch.object(QueueLock, "__exit__", left):
        work()
    return max(held)


def eight_at_once(store: Store, ballot: Ballot) -> float:
    """Return the seconds per ballot of eight guests who answer at one unit, each form with a ticket."""

    def answer(_: int) -> None:
        for _ in range(5):
            store.cast("r", "a", ballot, MONDAY, ticket=token_bytes(16))

    with ThreadPoolExecutor(8) as guests:
        return best(lambda: list(guests.map(answer, range(8))), 1) / 40


def large_closing(folder: Path, protection: Protection) -> tuple[float, float]:
    """Return (the longest hold, the processor time), in seconds, of the closing of a round of 500 units, each
    with a batch of its own."""
    of_round = replace(a_round(tree(*(f"u{number}" for number in range(500)))), protection=protection)
    fast, random = a_store(folder), Random(3)
    fast.open_round(of_round, MONDAY)
    for unit in of_round.tree.leaves:
        for ballot in random_ballots(2 * of_round.k, random):
            fast.cast("r", unit, ballot, MONDAY)
    fast.close()
    store = open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys")
    start = process_time()
    hold = longest_hold(lambda: store.count(of_round.closes_at))
    return hold, process_time() - start


def line(what: str, took: float, reference: str, reference_took: float) -> None:
    """Print a row of the table: the times in seconds of `what` and of its reference, and their ratio."""
    ratio = took / reference_took
    print(f"{what:46} {1000 * took:9.3f} ms   {ratio:8.1f} x   {reference} ({1000 * reference_took:.3f} ms)")


def main() -> None:
    """Print the table of times and ratios."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        plain = sqlite3.connect(home / "plain.sqlite", isolation_level=None)
        plain.executescript(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full; CREATE TABLE t (a INTEGER);"
        )
        insert = best(lambda: plain.execute("INSERT INTO t VALUES (1)"), 100)

        store = a_store(home / "store", durable=True)
        store.open_round(a_round(tree("a", "b")), MONDAY)
        [one] = random_ballots(1, Random(1))
        empty = best(lambda: store.cast("r", "a", one, MONDAY), 40)
        line("a ballot into its box, durably", empty, "one durable row in plain SQLite", insert)
        for ballot in random_ballots(2_000, Random(2)):
            store.cast("r", "b", ballot, MONDAY)
        full = best(lambda: store.cast("r", "b", one, MONDAY), 40)
        line("the same with 2,000 ballots waiting", full, "one durable row in plain SQLite", insert)

        together = eight_at_once(store, one)
        line("a phone's ballot, eight at once", together, "one durable row in plain SQLite", insert)

        hold, exact = large_closing(home / "closing", Protection.EXACT)
        noisy_hold, noisy = large_closing(home / "protected", Protection.PROTECTED)
        line("longest wait for the closing of 500 units", hold, "a ballot into its box", empty)
        line("the same in a protected round", noisy_hold, "a ballot into its box", empty)
        line("processor time to close 500 protected units", noisy, "the same, exact figures", exact)

        null = Flask("null")
        null.add_url_rule("/", view_func=lambda: "nothing")
        nothing = best(lambda: null.test_client().get("/"), 100)
        place = Place(home / "place", rate_limit=RateLimit(0.0, 1))
        page = best(lambda: place.client.get("/"), 40)
        line("the guest's page in all languages", page, "an empty page", nothing)
        packed = best(lambda: place.client.get("/", headers={"Accept-Encoding": "gzip"}), 40)
        line("the same, packed", packed, "an empty page", nothing)
        post = best(lambda: place.client.post("/", data={"listened": "5"}), 40)
        line("a guest's POST, durably", post, "an empty page", nothing)
        for size in look_cost.LARGE:
            name = f"{size.units}-{size.statements}-{size.rounds}"
            look = look_cost.first_look(home / name, size)
            line(f"the results after a count, {size}", look / 1000, "an empty page", nothing)
            one_statement = look_cost.statement_path(size)
            look = look_cost.first_look(home / f"{name}-statement", size, one_statement)
            line(f"one statement after a count, {size}", look / 1000, "an empty page", nothing)
    wait_load.main()
    look_cost.main()
    export_load.main()
    process_load.main()
    peer_load.main()
    paint.main()


if __name__ == "__main__":
    main()
