"""How many guests one and two `kiosk serve` answer on one PostgreSQL, in turn, in the same run.

    python -m tests.tools.process_load

The guests read a poster's form and answer, again and again, each time at a random unit of 100. Client,
servers and database share the machine: on two cores, two processes cannot answer twice as many guests.
"""

import os
import secrets
import socket
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic

from kiosk.domain.rounds import Admission
from kiosk.storage import open_store
from tests.tools.builders import a_round, tree
from tests.tools.postgresql import new_server
from tests.tools.sites import Process

UNITS = tuple(f"u{number}" for number in range(100))
GUESTS = 16
SECONDS = 6
"""Seconds of each measurement."""

TURNS = 3
"""Measurements of each number of processes."""

BAR = 1.6
"""Least factor by which the second process increases the number of answered guests."""


@dataclass
class Guests:
    """Guests who answer at these ports and at the posters with these codes, until `stop`."""

    ports: Sequence[int]
    codes: Sequence[str]
    answered: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, seconds: float) -> float:
        """Answer for this many seconds. Returns the number of guests answered in a second. Raises ValueError
        if a request is refused."""
        errors: list[ValueError] = []
        threads = [threading.Thread(target=self._answer, args=(seed, errors)) for seed in range(GUESTS)]
        start = monotonic()
        for thread in threads:
            thread.start()
        self.stopped.wait(seconds)
        self.stopped.set()
        for thread in threads:
            thread.join()
        for error in errors:
            raise error
        return self.answered / (monotonic() - start)

    def _answer(self, seed: int, errors: list[ValueError]) -> None:
        random = Random(seed)
        port = self.ports[seed % len(self.ports)]
        while not self.stopped.is_set():
            path = f"/s/{random.choice(self.codes)}"
            form = f"s1={random.randint(1, 5)}&s2=3&_ticket={secrets.token_hex(16)}"
            try:
                _exchange(port, f"GET {path}", "Accept-Encoding: gzip\r\n")
                _exchange(port, f"POST {path}", FORM_HEADERS.format(len(form)), form)
            except ValueError as error:
                errors.append(error)
                return
            self.answered += 1


FORM_HEADERS = (
    "Content-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\nContent-Length: {}\r\n"
)


def _exchange(port: int, request: str, headers: str, body: str = "") -> None:
    """Send a request on a new connection, and read the response. The client takes as little processor time as
    it can, since it shares the machine with the servers. Raises ValueError if the request is refused."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}\r\n{body}"
        connection.sendall(head.encode())
        received = connection.recv(1 << 18)
        status = received[9:12]
        while received:
            received = connection.recv(1 << 18)
    if status not in (b"200", b"303"):
        raise ValueError(f"{request}: {status.decode()}")


@dataclass(frozen=True)
class Scale:
    """Guests answered in a second, and milliseconds of processor time of the servers for each guest, with one
    process and with two."""

    one: float
    two: float
    one_ms: float
    two_ms: float


def processor_time(process_ids: Iterable[int]) -> float:
    """Return the seconds of processor time that these processes and their children have used, also the
    children that have ended."""
    ticks, left = 0, list(process_ids)
    while left:
        process = Path(f"/proc/{left.pop()}")
        with suppress(FileNotFoundError):  # a child that has just ended
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
            for thread in process.glob("task/*/children"):
                left += map(int, thread.read_text().split())
    return ticks / os.sysconf("SC_CLK_TCK")


def installation(folder: Path, url: str) -> tuple[dict[str, str], list[str]]:
    """Make an installation with a running round. Returns its settings, and the code of a poster at each
    unit."""
    environ = {"KIOSK_DATA": str(folder), "KIOSK_DATABASE_URL": url, "KIOSK_KEYS": str(folder / "keys")}
    store = open_store(folder, url, folder / "keys")
    store.migrate()
    opens_at = datetime.combine(datetime.now().date(), time())
    store.open_round(a_round(tree(*UNITS), opens_at=opens_at), opens_at)
    codes = [store.links.add(Admission.POSTER, unit).code for unit in UNITS]
    store.close()
    return environ, codes


def measure(folder: Path, url: str) -> Scale:
    """Return how an installation on this empty database scales. `folder` is empty."""
    environ, codes = installation(folder, url)
    processes: list[Process] = []
    rates: dict[int, list[float]] = {1: [], 2: []}
    costs: dict[int, list[float]] = {1: [], 2: []}
    try:
        for _ in range(2):
            processes.append(Process(environ))
        for turn in range(1 + 2 * TURNS):
            used = processes[: 1 + turn % 2]
            guests = Guests([process.guest_port for process in used], codes)
            before = processor_time([process.id for process in used])
            rate = guests.run(SECONDS)
            spent = processor_time([process.id for process in used]) - before
            if turn:  # The first one fills the caches of the first process only.
                rates[len(used)].append(rate)
                costs[len(used)].append(1000 * spent / guests.answered)
    finally:
        for process in processes:
            process.kill()
    return Scale(median(rates[1]), median(rates[2]), median(costs[1]), median(costs[2]))


def main() -> None:
    """Print how much the second process adds."""
    with new_server() as server, TemporaryDirectory() as folder:
        scale = measure(Path(folder), server.create_database("load"))
    ratio = scale.two / scale.one
    print(
        f"\n{GUESTS} guests, {len(UNITS)} units, one PostgreSQL: one process {scale.one:.0f}/s "
        f"({scale.one_ms:.1f} ms of processor time each), two {scale.two:.0f}/s ({scale.two_ms:.1f} ms): "
        f"{ratio:.2f} x (bar {BAR}){' UNDER' * (ratio < BAR)}"
    )


if __name__ == "__main__":
    main()
