"""How many guests a server answers while it makes a country's data package, beside how many without.

    python -m tests.tools.export_load

One server on SQLite, and eight guests at a poster who read the form and answer, again and again, without
an export, during one, and without one again.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, time
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from kiosk.domain.rounds import Admission
from kiosk.storage import open_store, tables
from kiosk.storage.database import Database
from kiosk.storage.publication_tag import renew_tag
from tests.tools.builders import a_round, tree
from tests.tools.desk_side import Desk
from tests.tools.look_cost import Size, fill
from tests.tools.ports import free_port

COUNTRY = Size(200, 50, 4)
GUESTS = 8
SECONDS = 15
"""Seconds of each measurement without an export."""

BAR = 0.8
"""Least part of the guests that are answered during an export."""


@dataclass
class Guests:
    """Guests who answer until `stop`, and how many were answered."""

    port: int
    path: str
    answered: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self.threads = [threading.Thread(target=self._answer) for _ in range(GUESTS)]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _answer(self) -> None:
        while not self.stopped.is_set():
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
                connection.request("GET", self.path)
                connection.getresponse().read()
                form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
                connection.request("POST", self.path, body="s1=3", headers=form)
                response = connection.getresponse()
                response.read()
                if response.status >= 400:
                    raise ValueError(f"a guest got {response.status}")
            self.answered += 1


def installation(folder: Path) -> tuple[str, str]:
    """Make an installation of a country with a running round. Returns the path of a poster's page, and a
    token."""
    fill(Desk(folder), folder, COUNTRY)
    store = open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys")
    opens_at, figures = datetime.combine(datetime.now().date(), time()), store.snapshot_text()
    store.open_round(a_round(tree("u0"), opens_at=opens_at), opens_at)
    # The figures were written without tallies, and to open a round publishes the tallies.
    database = Database(f"sqlite:///{folder / 'k.sqlite'}", durable=False)
    database.run(tables.Snapshot.update(document=figures))
    renew_tag(database)
    database.close()
    code = store.links.add(Admission.POSTER, "u0").code
    token = store.api_tokens.add("bench", opens_at)
    store.close()
    return f"/s/{code}", token


def pss_mb(process_id: int) -> float:
    """Return the proportional set size of a process, in MB."""
    lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


@dataclass(frozen=True)
class Load:
    """The guests answered in a second without an export (`alone`) and during one (`beside`); the server's PSS
    in MB before and after the export; the export's size in bytes and its seconds."""

    alone: float
    beside: float
    before_mb: float
    after_mb: float
    size: int
    seconds: float


def measure(folder: Path) -> Load:
    """Return the load of a server in `folder`, which is empty. Raises ValueError if a guest is refused."""
    path, token = installation(folder)
    ports = free_port(), free_port()
    listeners = {
        "KIOSK_DATA": str(folder),
        "KIOSK_DATABASE_URL": f"sqlite:///{folder / 'k.sqlite'}",
        "KIOSK_KEYS": str(folder / "keys"),
        "KIOSK_GUEST_LISTEN": f"127.0.0.1:{ports[0]}",
        "KIOSK_DESK_LISTEN": f"127.0.0.1:{ports[1]}",
    }
    command = [sys.executable, "-m", "kiosk.cli", "serve", "--no-count"]
    with subprocess.Popen(command, env={**os.environ, **listeners}, stdout=subprocess.PIPE) as server:
        try:
            _wait_until_served(ports[0], server)
            return _measure(ports, path, token, server.pid)
        finally:
            server.terminate()


def _wait_until_served(port: int, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
            try:
                connection.request("GET", "/health")
                connection.getresponse().read()
            except ConnectionRefusedError:
                continue
            return
    raise ValueError("the server did not start")


def _measure(ports: tuple[int, int], path: str, token: str, process_id: int) -> Load:
    guests = Guests(ports[0], path)
    guests.start()
    try:
        alone = _rate(guests, lambda: guests.stopped.wait(SECONDS))
        before = pss_mb(process_id)
        sizes = list[int]()
        start = monotonic()
        beside = _rate(guests, lambda: sizes.append(_export(ports[1], token)))
        seconds, after = monotonic() - start, pss_mb(process_id)
        alone = (alone + _rate(guests, lambda: guests.stopped.wait(SECONDS))) / 2
    finally:
        guests.stop()
    return Load(alone, beside, before, after, sizes[0], seconds)


def _rate(guests: Guests, wait: Callable[[], object]) -> float:
    """Return the guests answered a second while `wait` runs."""
    answered, start = guests.answered, monotonic()
    wait()
    return (guests.answered - answered) / (monotonic() - start)


def _export(port: int, token: str) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=600)) as connection:
        connection.request(
            "GET", "/admin/api/export/data-package.zip", headers={"Authorization": f"Bearer {token}"}
        )
        response = connection.getresponse()
        if response.status != 200:
            raise ValueError(f"the export got {response.status}")
        return len(response.read())


def main() -> None:
    """Print the load of one export."""
    with TemporaryDirectory() as folder:
        load = measure(Path(folder))
    share = load.beside / load.alone
    print(f"\nan export of {COUNTRY}: {load.size / 1e6:.0f} MB in {load.seconds:.0f} s")
    print(
        f"guests answered meanwhile: {load.beside:.1f}/s, {100 * share:.0f} % of {load.alone:.1f}/s without "
        f"(bar {100 * BAR:.0f} %){' UNDER' * (share < BAR)}"
    )
    print(f"the server's memory before and after it: {load.before_mb:.0f} MB, {load.after_mb:.0f} MB")


if __name__ == "__main__":
    main()
