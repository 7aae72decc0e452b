"""Several `kiosk serve` processes on one PostgreSQL, with one folder of data and one of keys."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import Message
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from kiosk.domain.rounds import Admission, Round
from kiosk.library.library import read_library
from kiosk.settings import Settings, read_settings
from kiosk.storage import Account, Role, Store, hash_password, open_store
from tests.tools.passwords import make_hashes_cheap
from tests.tools.ports import free_port

PASSWORD = "correct horse battery"
POSTER = "poster"
PROGRAM = ("-c", "from kiosk.cli import main; main()")


class Answer(NamedTuple):
    status: int
    headers: Message
    text: str


class Process:
    """A `kiosk serve` process that makes no counts, and its two ports. When the object is made, the process
    accepts requests.

    `program` has the arguments with which Python runs the command `kiosk`.
    """

    def __init__(self, environ: Mapping[str, str], program: Sequence[str] = PROGRAM) -> None:
        self.guest_port, self.desk_port = free_port(), free_port()
        own = {
            "KIOSK_GUEST_LISTEN": f"127.0.0.1:{self.guest_port}",
            "KIOSK_DESK_LISTEN": f"127.0.0.1:{self.desk_port}",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-u", *program, "serve", "--no-count"],
            env={**os.environ, **environ, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout
        printed = self._process.stdout.readline()
        while not (_listens(self.guest_port) and _listens(self.desk_port)):
            assert self._process.poll() is None, printed
            time.sleep(0.05)

    @property
    def id(self) -> int:
        """The id of the process in the operating system."""
        return self._process.pid

    def kill(self) -> None:
        """End the process at once (SIGKILL)."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def guest(self, path: str, **fields: str) -> Answer:
        """Send a guest's request, a POST if there are fields. Raises OSError without an answer."""
        return request(self.guest_port, path, fields)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def request(port: int, path: str, fields: Mapping[str, str], cookie: str = "") -> Answer:
    """Send a request, a POST if there are fields. Raises OSError if the process ends before it answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    form = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://127.0.0.1:{port}/"}
    try:
        body = urlencode(fields) if fields else None
        headers = {**(form if fields else {}), "Cookie": cookie}
        connection.request("POST" if fields else "GET", path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())
    except HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        connection.close()


class Person:
    """A browser of staff, whose requests may go to any process."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def get(self, process: Process, path: str) -> Answer:
        return self._send(process, path, {})

    def post(self, process: Process, path: str, page: str, **fields: str) -> Answer:
        """Send the form of a page, with its token."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(process, page).text)
        assert token, page
        return self._send(process, path, {**fields, "csrf_token": token[1]})

    def sign_in(self, process: Process, password: str = PASSWORD) -> Answer:
        path = "/admin/sign-in"
        return self.post(process, path, path, name="anna", password=password)

    def _send(self, process: Process, path: str, fields: Mapping[str, str]) -> Answer:
        sent = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        answer = request(process.desk_port, path, fields, sent)
        for set_cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer


class Sites:
    """An installation on PostgreSQL with a running round, and its store in this process."""

    def __init__(self, folder: Path, url: str) -> None:
        make_hashes_cheap()
        self.environ = {"KIOSK_DATA": str(folder / "data"), "KIOSK_DATABASE_URL": url}
        self.settings: Settings = read_settings(self.environ)
        self.store: Store = open_store(self.settings.data, url, self.settings.keys)
        self.store.migrate()
        library, now = read_library(self.settings), datetime.now()
        self.round = Round(
            "r", library.surveys["ombudsmannaskap"], library.trees["vasteras"], 5,
            now - timedelta(hours=1), now + timedelta(days=9), frozenset(Admission),
        )  # fmt: skip
        self.store.open_round(self.round, now)
        self.store.accounts.set(Account("anna", Role.COORDINATOR, hash_password(PASSWORD)))
        self.store.links.add(Admission.POSTER, "frida", code=POSTER)

    @contextmanager
    def serving(self, number: int, program: Sequence[str] = PROGRAM) -> Iterator[list[Process]]:
        """Yield `number` processes that serve the installation; `program` as in `Process`. They are killed at
        the end of the block."""
        processes: list[Process] = []
        try:
            for _ in range(number):
                processes.append(Process(self.environ, program))
            yield processes
        finally:
            for process in processes:
                process.kill()
