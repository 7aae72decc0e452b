"""How long a guest waits while a round of 500 units is opened, counted and closed, beside without any of it.

    python -m tests.tools.wait_load
    strace -f --seccomp-bpf -qq -o /dev/null -e inject=fsync,fdatasync:delay_exit=10ms \
        python -m tests.tools.wait_load

The second command adds 10 ms to each wait for the disk. One guest answers at a unit of another round, with a
form's ticket, again and again, in a thread of its own.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from secrets import token_bytes
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from kiosk.storage import Store, open_store
from tests.tools.builders import MONDAY, a_round, a_store, random_ballots, tree

UNITS = 500

BAR_MS = 50
"""Longest wait at the 99th percentile, in milliseconds."""

LARGE = replace(a_round(tree(*(f"u{number}" for number in range(UNITS)))), id="large")
OTHER = replace(a_round(tree("elsewhere"), days=180), id="other")
NEXT = replace(LARGE, id="next", opens_at=LARGE.closes_at, closes_at=LARGE.closes_at + timedelta(days=90))


@dataclass
class Guest:
    """A guest who answers until `stopped`, and the milliseconds of each answer."""

    store: Store
    waits: list[float] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> None:
        [ballot] = random_ballots(1, Random(1))
        while not self.stopped.is_set():
            start = perf_counter()
            self.store.cast("other", "elsewhere", ballot, MONDAY, ticket=token_bytes(16))
            self.waits.append(1000 * (perf_counter() - start))


def waits(store: Store, work: Callable[[], object]) -> list[float]:
    """Return the sorted milliseconds of each answer of a guest while `work` runs."""
    guest = Guest(store)
    thread = threading.Thread(target=guest.answer)
    thread.start()
    try:
        work()
    finally:
        guest.stopped.set()
        thread.join()
    return sorted(guest.waits)


def installation(folder: Path) -> Store:
    """Return a store with a round of UNITS units, each with a batch in its box, and with another round."""
    fast, random = a_store(folder), Random(3)
    for of_round in (LARGE, OTHER):
        fast.open_round(of_round, MONDAY)
    for unit in LARGE.tree.leaves:
        for ballot in random_ballots(2 * LARGE.k, random):
            fast.cast("large", unit, ballot, MONDAY)
    fast.close()
    return open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys")


def main() -> None:
    """Print a line for each work."""
    with TemporaryDirectory() as folder:
        store = installation(Path(folder))
        works: dict[str, Callable[[], object]] = {
            "nothing else": lambda: threading.Event().wait(5),
            "a count": lambda: store.count(MONDAY + timedelta(hours=8)),
            "an opening": lambda: store.open_round(NEXT, MONDAY),
            "a closing": lambda: store.count(LARGE.closes_at),
            "a start": store.renew,
        }
        print(f"\na guest's wait while {UNITS} units are written (bar {BAR_MS} ms at the 99th percentile)")
        for name, work in works.items():
            before = process_time()
            taken = waits(store, work)
            spent = process_time() - before
            p99 = taken[int(0.99 * len(taken))]
            print(
                f"{name:14} {len(taken):5} answers, median {taken[len(taken) // 2]:6.1f} ms, 99th percentile "
                f"{p99:6.1f} ms, longest {taken[-1]:6.1f} ms; {spent:5.2f} s of processor time"
                f"{' OVER' * (p99 > BAR_MS)}"
            )


if __name__ == "__main__":
    main()
