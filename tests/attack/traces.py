"""Attack 4: data about a guest's device, address, language, slip or time remain on the server.

Every guest sends values of her own in all parts of a request, and arrives in a different second. All that the
server wrote is then searched for these values, while it runs and after it has ended.
"""

import os
import signal
import socket
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from string import ascii_lowercase
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from kiosk.domain.envelope import TICKET_BYTES
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.slips import spaced
from kiosk.library.library import read_library
from kiosk.settings import read_settings
from kiosk.storage import Store, open_store
from tests.attack.finding import Finding, Scale
from tests.attack.marked_server import ToldClock
from tests.attack.marks import (
    CHANCE,
    address_forms,
    contents,
    raw_forms,
    standing_in,
    text_forms,
    time_forms,
)
from tests.attack.watched import NotPermittedError, not_possible, traced_writes, watching
from tests.tools.envelopes import seal
from tests.tools.ports import free_port

OPENING = datetime(2033, 5, 2, 9)
BETWEEN = timedelta(seconds=41)
COUNT_EVERY = 20
UNIT, KIOSK = "frida", "a-kiosk"
REPOSITORY = Path(__file__).parents[2]
LINES = 4
"""Most lines on standard error: one for failed forms, one for failed envelopes, two at the end."""

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Guest:
    """One guest's submission and the values that identify it. `tokens` maps a part of the request, such as a
    header, the path or the body, to the random text in it."""

    number: int
    at: datetime
    address: str
    forwarded_for: str
    tokens: dict[str, str]
    slip: str
    answers: dict[str, int]
    ticket: bytes
    envelope: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-Forwarded-For": self.forwarded_for,
            "User-Agent": f"Mozilla/5.0 ({self.tokens['agent']}) Gecko/20100101",
            "Accept-Language": f"{self.tokens['language']},sv;q=0.5",
            "Referer": f"http://127.0.0.1/{self.tokens['referer']}",
            "Cookie": f"session={self.tokens['cookie']}",
        }

    def forms(self) -> dict[bytes, str]:
        """Return spelling -> kind of value, for every spelling (see `marks`) of every value that identifies
        the guest."""
        kinds = {
            "address": address_forms(self.address),
            "forwarded for": address_forms(self.forwarded_for),
            "slip": text_forms(self.slip) | text_forms(spaced(self.slip)),
            "time": time_forms(self.at),
            "ticket": raw_forms(self.ticket),
            "envelope": raw_forms(self.envelope[:TICKET_BYTES]) | raw_forms(self.envelope[-TICKET_BYTES:]),
            **{kind: text_forms(token) for kind, token in self.tokens.items()},
        }
        return {form: kind for kind, forms in kinds.items() for form in forms}


TOKENS = ("agent", "language", "referer", "cookie", "path", "query", "body", "etag")


def guests(number: int, slips: list[str], public_key: str) -> list[Guest]:
    """Return the same guests each time, except for their slips, which the store draws, and their
    envelopes."""
    random = Random(4)
    last = random.sample(range(100 * 100 * 100), 2 * number)
    addresses = [f"{100 + n // 10_000}.{100 + n // 100 % 100}.{100 + n % 100}" for n in last]
    answers = [{"listened": random.randint(1, 5), "feel_better": random.randint(1, 5)} for _ in range(number)]
    tickets = [random.randbytes(TICKET_BYTES) for _ in range(number)]
    key = bytes.fromhex(public_key)
    return [
        Guest(
            at,
            OPENING + BETWEEN * (at + 1),
            f"127.{addresses[at]}",
            f"198.{addresses[number + at]}",
            {kind: "".join(random.choices(ascii_lowercase, k=12)) for kind in TOKENS},
            slips[at],
            answers[at],
            tickets[at],
            seal(key, urlencode(answers[at]).encode(), tickets[at]),
        )
        for at in range(number)
    ]


@dataclass(frozen=True)
class Sent:
    """A request without a guest's headers. `status` is that of the response; any other means that the attack
    is broken."""

    status: int
    method: str
    path: str
    body: bytes = b""
    content_type: str = FORM
    headers: Mapping[str, str] = field(default_factory=dict)


def submission(guest: Guest) -> Sent:
    """Return the guest's submission. In each row of ten guests, three ballots are accepted, six requests are
    refused, and one fails."""
    token, answers = guest.tokens["body"], urlencode(guest.answers).encode()
    with_slip = urlencode({**guest.answers, "slip": spaced(guest.slip)}).encode()
    disposition = f'Content-Disposition: form-data; name="f"; filename="{token}"'
    file = f"--edge\r\n{disposition}\r\n\r\n{token}\r\n--edge--\r\n"
    too_large = f"listened={token * (7_000 if guest.number % 20 < 10 else 2_000)}".encode()
    path = f"/{guest.tokens['path']}?{guest.tokens['query']}={guest.tokens['query']}"
    return [
        Sent(303, "POST", "/q/answer", with_slip),
        Sent(303, "POST", "/", answers),
        Sent(303, "POST", "/s/poster", answers),
        Sent(400, "POST", "/", f"listened={token}&{token}=5".encode()),
        Sent(404, "POST", path, answers),
        Sent(405, "PUT", path.replace(guest.tokens["path"], "q"), with_slip),
        Sent(413, "POST", "/", too_large),
        Sent(415, "POST", "/", f'{{"listened": "{token}"}}'.encode(), f"application/{token}"),
        Sent(415, "POST", "/", file.encode(), "multipart/form-data; boundary=edge"),
        Sent(500, "POST", "/q/answer", with_slip),
    ][guest.number % 10]


def from_a_kiosk(guest: Guest, letterbox: str) -> list[Sent]:
    """Return the requests of a kiosk's scripts and of the page for pairing: signs of life, the worker's
    files, an envelope sent at once, and a stored one."""
    token = guest.tokens["query"]
    at_once = {"_envelope": b64encode(guest.envelope).decode(), "_letterbox": letterbox}
    waited = {**at_once, "_waited": token}
    # One envelope at a time, because of the rate limit; the other is for a letterbox that does not exist.
    good, gone = (at_once, waited) if guest.number % 2 else (waited, at_once)
    taken, refused = (500, 500) if submission(guest).status == 500 else (204, 410)
    script = {"Kiosk-Script": token, "If-None-Match": guest.tokens["etag"]}
    return [
        Sent(204, "HEAD", f"/k/{KIOSK}/alive?{token}", headers=script),
        Sent(404, "HEAD", f"/k/{guest.tokens['path']}/alive", headers=script),
        Sent(200, "GET", f"/k/{KIOSK}/worker?{token}", headers={"Service-Worker": token}),
        Sent(200, "GET", f"/k/{KIOSK}/queue?{token}", headers=script),
        Sent(taken, "POST", f"/k/{KIOSK}", urlencode(good).encode(), headers=script),
        Sent(
            refused, "POST", f"/k/{KIOSK}", urlencode({**gone, "_letterbox": token}).encode(), headers=script
        ),
        Sent(200, "GET", f"/pair?lang={token}"),
        Sent(200, "POST", "/pair", urlencode({"code": token, "press": token, "lang": token}).encode()),
    ]


def come(guest: Guest, port: int, letterbox: str) -> int:
    """Let one guest open a page, show a slip, submit a form, and send invalid HTTP. Returns the status of the
    submission."""
    line = HTTPConnection("127.0.0.1", port, source_address=(guest.address, 0), timeout=60)
    sent = submission(guest)
    slip = urlencode({"slip": spaced(guest.slip), "lang": guest.tokens["query"]})
    _answered(line, guest, Sent(200, "GET", f"/?lang={guest.tokens['query']}"))
    _answered(line, guest, Sent(200, "POST", "/q/questions", slip.encode()))
    status = _answered(line, guest, sent)
    for other in from_a_kiosk(guest, letterbox):
        _answered(line, guest, other)
    line.close()
    with socket.create_connection(("127.0.0.1", port), 60, (guest.address, 0)) as broken:
        broken.sendall(
            f"{guest.tokens['body']} {guest.slip}\r\nCookie {guest.tokens['cookie']}\r\n\r\n".encode()
        )
        broken.recv(1024)
    return status


def _answered(line: HTTPConnection, guest: Guest, sent: Sent) -> int:
    headers = {**guest.headers, **sent.headers, "Content-Type": sent.content_type}
    line.request(sent.method, sent.path, sent.body, headers)
    response = line.getresponse()
    response.read()
    if response.status != sent.status:
        raise HTTPException(f"{sent.method} {sent.path}: {response.status} instead of {sent.status}")
    return response.status


class Place:
    """The folders of an installation with a running round: all folders that a server without root's rights
    can write to."""

    def __init__(self, folder: Path, slips: int) -> None:
        self.folder = folder
        for name in ("data", "keys", "temporary", "work", "output"):
            (folder / name).mkdir()
        library = read_library(read_settings({"KIOSK_DATA": str(folder / "data")}))
        self.store: Store = open_store(
            folder / "data", f"sqlite:///{folder / 'data' / 'k.sqlite'}", folder / "keys"
        )
        self.store.migrate()
        self.round = Round(
            "r",
            library.surveys["ombudsmannaskap"],
            library.trees["vasteras"],
            5,
            OPENING,
            OPENING + timedelta(days=9),
            frozenset(Admission),
        )
        self.store.open_round(self.round, OPENING)
        self.store.links.add(Admission.KIOSK, UNIT, code="")
        self.store.links.add(Admission.KIOSK, UNIT, code=KIOSK)
        self.store.links.add(Admission.POSTER, UNIT, code="poster")
        self.letterbox = self.store.public_key("r", UNIT)
        self.slips = self.store.print_slips("r", UNIT, slips)

    @contextmanager
    def served(self, clock: Path, leak: str | None, before: Sequence[str]) -> Iterator[int]:
        """Yield the port of a server that is ready. `before` is put before its command, to trace it. Raises
        RuntimeError if it does not start."""
        port = free_port()
        ready, announce = os.pipe()
        command = [
            *(*before, sys.executable, "-m", "tests.attack.marked_server", str(self.folder)),
            *(f"127.0.0.1:{port}", str(clock), str(announce), *([leak] if leak else [])),
        ]
        surroundings = {
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": str(self.folder / "temporary"),
            "HOME": str(self.folder / "work"),
            "PATH": os.environ["PATH"],
        }
        output = self.folder / "output"
        with (output / "out").open("wb") as out, (output / "err").open("wb") as err:
            server = subprocess.Popen(
                command,
                cwd=self.folder / "work",
                env=surroundings,
                stdout=out,
                stderr=err,
                pass_fds=[announce],
            )
        os.close(announce)
        process_id = os.read(ready, 8)
        os.close(ready)
        if not process_id:
            server.wait()
            raise RuntimeError((output / "err").read_text())
        try:
            yield port
        finally:
            os.kill(int.from_bytes(process_id, "big"), signal.SIGTERM)
            server.wait()


@dataclass(frozen=True)
class Searched:
    """The result of a search: the spellings found -> kind of value; the statuses of the responses; the
    numbers of spellings and of bytes searched; and the number of lines on standard error, to which a journal
    would add the time."""

    hits: dict[bytes, str]
    statuses: Counter[int]
    forms: int
    searched_bytes: int
    lines: int


def leave_traces(number: int, leak: str | None = None, *, is_watched: bool = False) -> Searched:
    """Send the submissions of `number` guests with counts in between, and search all files and their names,
    before and after the server has ended.

    If `is_watched`, all data that the server ever wrote are searched too. Raises NotPermittedError if this
    machine does not permit tracing.
    """
    with TemporaryDirectory() as folder, TemporaryDirectory() as own:
        log = Path(own) / "log"
        before = watching(log) if is_watched else []
        place = Place(Path(folder), number)
        all_guests = guests(number, place.slips, place.letterbox)
        forms = {form: kind for guest in all_guests for form, kind in guest.forms().items()}
        clock = ToldClock.made(Path(own) / "clock")
        statuses: Counter[int] = Counter()
        with place.served(Path(own) / "clock", leak, before) as port:
            for guest in all_guests:
                clock.tell(guest.at, is_failing=submission(guest).status == 500)
                statuses[come(guest, port, place.letterbox)] += 1
                if guest.number % COUNT_EVERY == COUNT_EVERY - 1:
                    place.store.count(OPENING + timedelta(hours=1 + guest.number // COUNT_EVERY))
            running = contents(place.folder)
        place.store.count(place.round.closes_at)
        place.store.close()
        ended = contents(place.folder)
        lines = sum(path.read_bytes().count(b"\n") for path in (place.folder / "output").iterdir())
        written = b"\0".join(traced_writes(log.read_text())) if is_watched else b""
    standing = {form for data in (running, ended, written) for form in standing_in(data, forms)}
    hits = {form: forms[form] for form in standing}
    return Searched(hits, statuses, len(forms), len(running) + len(ended) + len(written), lines)


def _sure(number: int, *, is_watched: bool = False) -> tuple[Searched, str]:
    """Return the result of a search, and a text about the values that the server certainly left.

    Among 500 guests, two or three short spellings occur in ciphertext by chance. So if there are any, the
    search is run again, and a short spelling counts only if it recurs. The probability that one recurs by
    chance is less than about one percent.
    """
    first = leave_traces(number, is_watched=is_watched)
    short = {form for form in first.hits if len(form) < CHANCE}
    again = leave_traces(number, is_watched=is_watched).hits if short else {}
    kinds = Counter(kind for form, kind in first.hits.items() if form not in short or form in again)
    return first, ", ".join(f"{kinds[kind]} of {kind}" for kind in sorted(kinds)) or "0"


def files_finding(scale: Scale) -> Finding:
    number = 500 if scale is Scale.FULL else 40
    searched, leaks = _sure(number)
    leaky = leave_traces(40, "access log").hits
    taken, failed = searched.statuses[303], searched.statuses[500]
    return Finding(
        f"traces: all files of a server after {number} marked submissions, {taken} taken, {failed} failing, "
        f"the rest refused; {searched.forms} forms of marks in {searched.searched_bytes / 1e6:.0f} MB",
        f"{leaks} found; {searched.lines} lines on stderr",
        f"0; at most {LINES}, independent of the number of failures",
        leaks == "0" and searched.lines <= LINES,
        f"an access log: {len(leaky)} found of 40 guests (must be > 0)",
        {"address", "agent", "referer", "path", "time"} <= set(leaky.values()),
    )


def writes_finding(scale: Scale) -> Finding:
    number = 200 if scale is Scale.FULL else 20
    attack = f"traces: everything a server wrote, deleted files included, {number} marked submissions"
    try:
        _, leaks = _sure(number, is_watched=True)
        unseen, leaky = leave_traces(20, "spool").hits, leave_traces(20, "spool", is_watched=True).hits
    except NotPermittedError as error:
        return not_possible(attack, error)
    return Finding(
        attack,
        f"{leaks} found",
        "0",
        leaks == "0",
        f"requests in temporary files that are deleted immediately: {len(leaky)} found of 20 guests "
        "(must be > 0), "
        f"{len(unseen)} of them in files",
        # The server removes X-Forwarded-For before any application sees it, so no leak has it.
        {"address", "agent", "language", "referer", "cookie", "time"} <= set(leaky.values()),
    )


def run(scale: Scale) -> list[Finding]:
    return [files_finding(scale), writes_finding(scale)]
