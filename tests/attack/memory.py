"""Attack: guests' forms and slip codes are read from the server's memory after their ballots were counted.

A server in a process of its own accepts ballots with slips, whose forms the attack knows, and counts them.
Its memory is then read through /proc, with the content that a memory image or a core dump would have.

python -m tests.attack.memory FOLDER [unprotected] [readable]: the server of FOLDER, which holds data and
keys; it prints its port. With `unprotected`, freed memory is not overwritten; with `readable`, the process
prevents neither core dumps nor other processes from reading its memory.
"""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from kiosk.domain.rounds import Admission, Round
from kiosk.domain.schedule import Every
from kiosk.domain.slips import spaced
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import Library, read_library
from kiosk.operation.count_worker import Counting
from kiosk.operation.memory import refuse_core_dumps, restart_with_overwriting
from kiosk.operation.serve import guest_listener, make_server, serve
from kiosk.settings import read_settings
from kiosk.storage import Store, open_store
from tests.attack.finding import Finding, Scale
from tests.attack.watched import NotPermittedError, not_possible

GUESTS = 16
"""Number of guests. With k = 5, the first batch needs 15 ballots."""

FORM = "application/x-www-form-urlencoded"
REPOSITORY = Path(__file__).parents[2]


def _library(folder: Path) -> Library:
    return read_library(read_settings({"KIOSK_DATA": str(folder / "data")}))


def _store(folder: Path) -> Store:
    return open_store(folder / "data", f"sqlite:///{folder / 'data' / 'k.sqlite'}", folder / "keys")


@dataclass(frozen=True)
class Guest:
    """A guest's slip code, and the body of the request with the guest's form."""

    slip: str
    body: bytes


def open_round(folder: Path) -> list[Guest]:
    """Open a round at one kiosk, and return its guests."""
    library, store, now, random = _library(folder), _store(folder), datetime.now(), Random(12)
    store.migrate()
    survey, tree = library.surveys["ombudsmannaskap"], library.trees["vasteras"]
    ends = now + timedelta(days=9)
    store.open_round(Round("r", survey, tree, 5, now, ends, frozenset(Admission)), now)
    guests = []
    for slip in store.print_slips("r", "frida", GUESTS):
        answers = {statement.id: random.randint(1, 5) for statement in survey.statements}
        guests.append(Guest(slip, urlencode({**answers, "slip": spaced(slip)}).encode()))
    store.close()
    return guests


@dataclass(frozen=True)
class Found:
    """The number of guests whose whole form is in a memory, and the number whose slip's code is, in any
    spelling."""

    forms: int
    codes: int


def search(memory: bytes, guests: list[Guest]) -> Found:
    spellings = [
        {one.encode() for slip in (guest.slip, spaced(guest.slip)) for one in (slip, slip.replace(" ", "+"))}
        for guest in guests
    ]
    return Found(
        sum(guest.body in memory for guest in guests),
        sum(any(one in memory for one in every) for every in spellings),
    )


def read_memory(process: int) -> bytes:
    """Return all memory that a process can write to, as a core dump has it. Raises NotPermittedError if it
    cannot be read."""
    parts = []
    try:
        with (Path("/proc") / str(process) / "mem").open("rb", 0) as memory:
            for line in (Path("/proc") / str(process) / "maps").read_text().splitlines():
                addresses, permissions = line.split()[:2]
                begin, end = (int(one, 16) for one in addresses.split("-"))
                if permissions.startswith("rw"):
                    memory.seek(begin)
                    parts.append(memory.read(end - begin))
    except PermissionError as error:
        raise NotPermittedError(f"the memory of a process of one's own cannot be read: {error}") from error
    return b"\0".join(parts)


@contextmanager
def served(folder: Path, *variant: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Yield a server's process and its port. The process may write core dumps of any size, in the folder.
    Raises RuntimeError if it does not start."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    command = [sys.executable, "-m", "tests.attack.memory", str(folder), *variant]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_CORE, (most, most)),
    ) as server:
        assert server.stdout
        port = server.stdout.readline()
        if not port:
            raise RuntimeError("the server did not start")
        try:
            yield server, int(port)
        finally:
            if server.poll() is None:
                server.terminate()


def answer(port: int, guests: list[Guest]) -> None:
    """Let every guest show a slip and answer, each on a connection of her own, and send the form twice more,
    which the server must refuse. All guests do so at once, so that one guest's thread commits, and refuses,
    the ballots of others. Raises RuntimeError for an unexpected response."""
    with ThreadPoolExecutor(len(guests)) as threads:
        for done in [threads.submit(answer_once, port, guest) for guest in guests]:
            done.result()


def answer_once(port: int, guest: Guest) -> None:
    with closing(HTTPConnection("127.0.0.1", port)) as line:
        shown = urlencode({"slip": spaced(guest.slip)}).encode()
        for path, body, status in (
            ("/q/questions", shown, 200),
            ("/q/answer", guest.body, 303),
            ("/q/answer", guest.body, 409),
            ("/q/answer", guest.body + b"&unknown=1", 400),
        ):
            line.request("POST", path, body, {"Content-Type": FORM})
            response = line.getresponse()
            response.read()
            if response.status != status:
                raise RuntimeError(f"{path}: {response.status} instead of {status}")


def after_a_count(store: Store, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server has made two more counts: the second one began after this call. Raises
    RuntimeError if the server ends before."""
    for _ in range(2):
        last = store.last_tick
        while store.last_tick == last:
            if server.poll() is not None:
                raise RuntimeError(f"the server ended with status {server.returncode}")
            Event().wait(0.05)


def look(*variant: str) -> Found:
    """Return the numbers of forms and codes in the server's memory after its guests' ballots were counted.
    Raises RuntimeError if none was counted."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        guests = open_round(folder)
        with served(folder, *variant) as (server, port), closing(_store(folder)) as store:
            answer(port, guests)
            after_a_count(store, server)
            if not any(node["answered"] for node in store.snapshot()["rounds"][0]["nodes"]):
                raise RuntimeError("nothing was counted")
            return search(read_memory(server.pid), guests)


def memory_finding() -> Finding:
    attack = f"memory: {GUESTS} guests' forms and slip codes in the server's memory after a count"
    try:
        protected, unprotected = look("readable"), look("readable", "unprotected")
    except NotPermittedError as error:
        return not_possible(attack, error)
    return Finding(
        attack,
        f"{protected.forms} forms, {protected.codes} codes",
        "0 and 0",
        protected == Found(0, 0),
        f"an allocator that does not overwrite what it frees: {unprotected.forms} forms, "
        f"{unprotected.codes} codes (both must be > 0)",
        min(unprotected.forms, unprotected.codes) > 0,
    )


def leaves_core_dump(*variant: str) -> bool:
    """Return whether a server of this variant leaves a core dump when it is aborted."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        open_round(folder)
        with served(folder, *variant) as (server, _port):
            os.kill(server.pid, signal.SIGABRT)
            _, status = os.waitpid(server.pid, 0)
            server.returncode = -signal.SIGABRT
            return os.WCOREDUMP(status)


def can_dump_core() -> bool:
    """Return whether this machine writes a core dump of a process that is aborted."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", "import os; os.abort()"],
            cwd=folder,
            stderr=subprocess.DEVNULL,
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_CORE, (most, most)),
        ) as child,
    ):
        _, status = os.waitpid(child.pid, 0)
        child.returncode = -signal.SIGABRT
        return os.WCOREDUMP(status)


def dump_finding() -> Finding:
    attack = "memory: a core dump of the aborted server"
    if not can_dump_core():
        return not_possible(attack, NotPermittedError("this machine makes no core dumps"))
    is_dumped, leaky = leaves_core_dump(), leaves_core_dump("readable")
    return Finding(
        attack,
        "made" if is_dumped else "refused",
        "refused",
        not is_dumped,
        f"the same server without the refusal: {'made' if leaky else 'refused'} (must be made)",
        leaky,
    )


def run(scale: Scale) -> list[Finding]:
    del scale
    return [memory_finding(), dump_finding()]


def main(folder: Path, variant: list[str]) -> None:
    """Serve and count as `kiosk serve` does, except for the protections that `variant` removes."""
    if "unprotected" not in variant:
        restart_with_overwriting()
    if "readable" not in variant:
        refuse_core_dumps()
    library, store = _library(folder), _store(folder)
    guest = create_guest_app(
        store, library, clock=datetime.now, rate_limit=RateLimit(0.0, 1), allowed_languages=None
    )
    listener = guest_listener("127.0.0.1:0", guest)
    servers = []

    def noted(*given: Any) -> Any:
        servers.append(make_server(*given))
        return servers[-1]

    with patch("kiosk.operation.serve.make_server", noted):
        serve(
            [listener],
            [Counting(store, Every(1))],
            on_ready=lambda: print(servers[0].effective_port, flush=True),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
