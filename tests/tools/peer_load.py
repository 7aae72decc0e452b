"""Guests answered in a second, beside the same survey in a peer such as LimeSurvey, in turn, in the same run:

    BENCH_PEER="http://127.0.0.1:8461/index.php?..." python -m tests.tools.peer_load

BENCH_PEER_PROCESSES="12 34" names the ids of the peer's main processes, database included, for the processor
time of a guest: on a machine with other work this says more than the guests in a second.

Each guest opens a connection, reads the form, compressed, and posts the answers. Ours come through posters'
links at a random unit of 100; the peer's guests send the hidden fields and the cookies of the form that they
read, as its own page does. Client, servers and databases share the machine. Without BENCH_PEER only ours are
measured.
"""

import os
import re
import secrets
import socket
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, process_time
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from kiosk.domain.rounds import Admission, Round
from kiosk.library.library import read_library
from kiosk.settings import read_settings
from kiosk.storage import open_store
from tests.tools.builders import tree
from tests.tools.postgresql import Server, new_server
from tests.tools.process_load import SECONDS, TURNS, UNITS, processor_time
from tests.tools.sites import Process

GUESTS = (8, 32)
"""Numbers of guests at a time."""

PEER = "the peer"

BAR = 20
"""Least factor between the guests that we and the peer answer in a second."""

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
COOKIE = re.compile(rb"\r\nset-cookie: ([^;\r]+)", re.IGNORECASE)
ACTION = re.compile(r"<form\b[^>]*\baction=[\"']([^\"']+)")
INPUT = re.compile(r"<(?:input|button)\b[^>]*>")
RADIO = re.compile(r"<input\b[^>]*\btype=[\"']radio")
ATTRIBUTE = re.compile(r"([\w-]+)=[\"']([^\"']*)")


class Connection:
    """A guest's connection. Raises ValueError if a request is refused or its response is cut off."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def get(self, path: str) -> tuple[bytes, bytes]:
        """Return the head and the body of the response, the body as it was sent."""
        return self._exchange(f"GET {path}", "Accept-Encoding: gzip\r\n", "")

    def post(self, path: str, form: str, headers: str) -> tuple[bytes, bytes]:
        """Send a form. Returns the head and the body of the response, the body as it was sent."""
        of_form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
        return self._exchange(f"POST {path}", f"Accept-Encoding: gzip\r\n{of_form}{headers}", form)

    def _exchange(self, request: str, headers: str, body: str) -> tuple[bytes, bytes]:
        text = f"{request} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{headers}\r\n{body}"
        self._socket.sendall(text.encode())
        head, content = b"", b""
        while not head:
            content += self._receive(request)
            if b"\r\n\r\n" in content:
                head, _, content = content.partition(b"\r\n\r\n")
        if head[9:12] == b"204":
            return head, b""
        if head[9:12] != b"200":
            raise ValueError(f"{request}: {head[9:12].decode()}")
        length = LENGTH.search(head)
        while len(content) < int(length[1]) if length else not content.endswith(b"\r\n0\r\n\r\n"):
            content += self._receive(request)
        return head, content if length else _joined(content)

    def _receive(self, request: str) -> bytes:
        received = self._socket.recv(1 << 18)
        if not received:
            raise ValueError(f"{request}: the response was cut off")
        return received


def _joined(chunks: bytes) -> bytes:
    """Return the body of a response that was sent in chunks."""
    body = b""
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        body, chunks = body + chunks[: int(size, 16)], chunks[int(size, 16) + 2 :]
    return body


def filled(page: str) -> dict[str, str]:
    """Return the fields of a page's form, answered: those with hidden values, of each group of radio buttons
    the middle one, and the last button that sends the form."""
    fields: dict[str, str] = {}
    options: dict[str, list[str]] = {}
    for tag in INPUT.findall(page):
        attributes = dict(ATTRIBUTE.findall(tag))
        name, kind = attributes.get("name"), attributes.get("type")
        if name and kind == "radio":
            options.setdefault(name, []).append(attributes.get("value", ""))
        elif name and kind in ("hidden", "submit") and "disabled" not in attributes:
            fields[name] = attributes.get("value", "")
    return fields | {name: values[len(values) // 2] for name, values in options.items()}


class Site(Protocol):
    """A server with a form."""

    def answer(self, random: Random, /) -> None:
        """Read a form and answer it. Raises ValueError if the answers are refused."""

    def spent(self) -> float:
        """Return the seconds of processor time that the server and its database have used."""


@dataclass(frozen=True)
class Peer:
    """The survey of another program at this address, and the ids of its main processes; with none of them its
    processor time is 0.0. Its page after the last answer has no radio buttons."""

    address: str
    process_ids: Sequence[int]

    def answer(self, _: Random) -> None:
        parts = urlsplit(self.address)
        with Connection(parts.port or 80) as connection:
            head, packed = connection.get(f"{parts.path}?{parts.query}")
            page = _unpacked(packed)
            action = ACTION.search(page)
            if not action:
                raise ValueError(f"{self.address}: a page without a form")
            cookies = b"; ".join(COOKIE.findall(head)).decode()
            to = urlsplit(unescape(action[1]))
            path = f"{to.path}?{to.query}"
            thanks = connection.post(path, urlencode(filled(page)), f"Cookie: {cookies}\r\n")[1]
        if RADIO.search(_unpacked(thanks)):
            raise ValueError(f"{self.address}: the answers were not accepted")

    def spent(self) -> float:
        return processor_time(self.process_ids)


def _unpacked(body: bytes) -> str:
    return zlib.decompress(body, zlib.MAX_WBITS | 32).decode()


@dataclass(frozen=True)
class Ours:
    """Processes of one installation, the id of its database server if it has one, and the codes of its
    posters. The page's script sends the answers, so that no page follows them."""

    processes: Sequence[Process]
    database_ids: Sequence[int]
    codes: Sequence[str]
    statements: Sequence[str]

    def answer(self, random: Random) -> None:
        path = f"/s/{random.choice(self.codes)}"
        ticket = {"_ticket": secrets.token_hex(16)}
        form = urlencode({name: random.randint(1, 5) for name in self.statements} | ticket)
        with Connection(random.choice(self.processes).guest_port) as connection:
            connection.get(path)
            head, _ = connection.post(path, form, "Sec-Fetch-Site: same-origin\r\nKiosk-Script: yes\r\n")
        if b"\r\nKiosk-Ballot: taken" not in head:
            raise ValueError(f"{path}: the ballot was not taken")

    def spent(self) -> float:
        return processor_time([*self.database_ids, *(process.id for process in self.processes)])


@dataclass(frozen=True)
class Rate:
    """Guests answered in a second, and milliseconds of processor time for each of them: of the server with
    its database, and of the client."""

    a_second: float
    server_ms: float
    client_ms: float


def run(site: Site, guests: int, seconds: float) -> Rate:
    """Answer with this many guests at a time. Raises ValueError if one is refused."""
    stopped, errors = threading.Event(), list[ValueError]()
    answered = [0] * guests

    def guest(number: int) -> None:
        random = Random(number)
        try:
            while not stopped.is_set():
                site.answer(random)
                answered[number] += 1
        except ValueError as error:
            errors.append(error)
            stopped.set()

    threads = [threading.Thread(target=guest, args=(number,)) for number in range(guests)]
    start, spent, by_client = monotonic(), site.spent(), process_time()
    for thread in threads:
        thread.start()
    stopped.wait(seconds)
    stopped.set()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error
    total, took = sum(answered), monotonic() - start
    each = 1000 / max(total, 1)
    return Rate(total / took, (site.spent() - spent) * each, (process_time() - by_client) * each)


@contextmanager
def serving(folder: Path, server: Server | None, languages: str) -> Iterator[Ours]:
    """Yield an installation with a running round of the shipped survey, served until the `with` block ends:
    by two processes on a database of its own on `server`, or by one on SQLite. `folder` is made; `languages`
    is KIOSK_LANGUAGES."""
    folder.mkdir(parents=True)
    url = server.create_database(languages or "all") if server else f"sqlite:///{folder / 'kiosk.sqlite'}"
    environ = {"KIOSK_DATA": str(folder), "KIOSK_DATABASE_URL": url, "KIOSK_LANGUAGES": languages}
    settings, now = read_settings(environ), datetime.now()
    survey = read_library(settings).surveys["ombudsmannaskap"]
    store = open_store(settings.data, url, settings.keys)
    store.migrate()
    closes_at = now + timedelta(days=90)
    store.open_round(Round("r", survey, tree(*UNITS), 5, now, closes_at, frozenset({Admission.POSTER})), now)
    codes = [store.links.add(Admission.POSTER, unit).code for unit in UNITS]
    store.close()
    with ExitStack() as stack:
        processes: list[Process] = []
        for _ in range(2 if server else 1):
            processes.append(Process(environ))
            stack.callback(processes[-1].kill)
        database_ids = [server.process_id] if server else []
        yield Ours(processes, database_ids, codes, [statement.id for statement in survey.statements])


def measure(sites: Mapping[str, Site], guests: int) -> dict[str, Rate]:
    """Return the medians of several turns, in each of which every site is measured once."""
    rates: dict[str, list[Rate]] = {name: [] for name in sites}
    for _ in range(TURNS):
        for name, site in sites.items():
            rates[name].append(run(site, guests, SECONDS))
    return {
        name: Rate(
            median(rate.a_second for rate in of_site),
            median(rate.server_ms for rate in of_site),
            median(rate.client_ms for rate in of_site),
        )
        for name, of_site in rates.items()
    }


def print_table(rates: Mapping[str, Rate], guests: int, peer: Rate | None) -> None:
    """Print a line for each site, with the ratios to the peer if there is one."""
    print(f"\n{guests} guests at a time, load average {os.getloadavg()[0]:.1f}")
    for name, rate in rates.items():
        line = (
            f"   {name:42} {rate.a_second:6.1f}/s   processor time of each: {rate.server_ms:5.1f} ms of the "
            f"server and {rate.client_ms:3.1f} of the client"
        )
        if peer and rate is not peer:
            ratio = rate.a_second / peer.a_second
            line += f"   {ratio:.1f} x the peer (bar {BAR}{', UNDER' * (ratio < BAR)})"
            if peer.server_ms:
                line += f", server's processor time 1/{peer.server_ms / rate.server_ms:.1f}"
        print(line)


def main() -> None:
    """Print the guests in a second of each installation, beside the peer's."""
    address = os.environ.get("BENCH_PEER", "")
    process_ids = [int(process) for process in os.environ.get("BENCH_PEER_PROCESSES", "").split()]
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory()))
        postgresql = stack.enter_context(new_server())
        sites: dict[str, Site] = {PEER: Peer(address, process_ids)} if address else {}
        for what, languages in (("all languages", ""), ("two languages", "sv,en")):
            for database, server in (("SQLite", None), ("two processes on PostgreSQL", postgresql)):
                folder = home / f"{database} {what}" / "data"
                sites[f"{database}, {what}"] = stack.enter_context(serving(folder, server, languages))
        for site in sites.values():
            run(site, GUESTS[0], 1)  # Fills the caches.
        for guests in GUESTS:
            rates = measure(sites, guests)
            print_table(rates, guests, rates.get(PEER))


if __name__ == "__main__":
    main()
