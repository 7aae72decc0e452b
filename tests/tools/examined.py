"""A served installation without faults on a machine without faults, for tests of `kiosk doctor`."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from kiosk.domain.rounds import Admission, PublicationTime, Round
from kiosk.domain.schedule import Every
from kiosk.operation.doctor import Advice, Machine, Severity, Topic, examine
from kiosk.operation.serve import guest_and_desk
from kiosk.settings import Settings, read_settings, secret_key
from kiosk.storage import Store, open_store
from tests.tools.builders import MONDAY, a_round, cast_all, empty_database, random_ballots, tree
from tests.tools.ports import free_port
from tests.tools.serving import served
from tests.tools.shipped import library_for, share_templates

PUBLIC = "https://svara.example"

SOUND_NGINX = """
events {{}}
http {{
    access_log {root}/var/log/nginx/access.log;
    server {{
        listen 443 ssl;
        server_name svara.example;
        access_log off;
        error_log /dev/null emerg;
        location / {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header Host $host; }}
    }}
}}
"""


class Straight(HTTPConnection):
    """A connection to a port of this machine that sends the name of another host, whose address it does not
    look up."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(name, timeout=10)
        self._port = port

    def connect(self) -> None:
        self.sock = socket.create_connection(("127.0.0.1", self._port), 10)


class ExaminedInstallation:
    """An installation with counted answers, and its machine, which `kiosk doctor` examines. `front` is the
    port at which its public address is served: the guests' own port if there is no web server in front."""

    def __init__(self, folder: Path, *, url: str = "") -> None:
        os.umask(0o077)
        self.guest_port, self.desk_port = free_port(), free_port()
        environ = {
            "KIOSK_DATA": str(folder / "data"),
            "KIOSK_KEYS": str(folder / "keys"),
            "KIOSK_GUEST_ADDRESS": PUBLIC,
            "KIOSK_HTTPS": "yes",
            "KIOSK_PROXY": "127.0.0.1",
            "KIOSK_GUEST_LISTEN": f"127.0.0.1:{self.guest_port}",
            "KIOSK_DESK_LISTEN": f"127.0.0.1:{self.desk_port}",
        }
        self.settings: Settings = read_settings(environ)
        if url:
            self.settings = replace(self.settings, database_url=url)
        else:
            self.settings.data.mkdir(mode=0o700, parents=True)
            Path(self.settings.database_url.removeprefix("sqlite:///")).write_bytes(empty_database())
        self.store: Store = open_store(
            self.settings.data, self.settings.database_url, self.settings.keys, durable=False
        )
        self.store.migrate()
        secret_key(self.settings)
        self.now = MONDAY + timedelta(days=2)
        self.front = self.guest_port
        self.root = folder / "root"
        self.machine = Machine(
            root=self.root,
            zone=ZoneInfo("Europe/Stockholm"),
            connect=self.connection,
            journal=lambda _: None,
            ntp_time=lambda: self.now,
            answer_seconds=0.02,
            settle_seconds=0,
        )
        self.put("etc/nginx/nginx.conf", SOUND_NGINX.format(port=self.guest_port, root=self.root))
        self.put("proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 2000000 kB\n")
        self.put("var/log/syslog", "")
        (self.root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Stockholm")

    def put(self, name: str, text: str) -> Path:
        """Write a file of the machine; `name` is its path without the first slash. Returns its path below
        `root`."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def connection(self, address: str) -> HTTPConnection:
        """Return a connection: to `front` for the public address, otherwise to the port in the address, or to
        a port where nothing listens if it names none."""
        host, _, port = address.partition("//")[2].partition(":")
        if address == PUBLIC:
            return Straight(host, self.front)
        return Straight(host, int(port) if port else free_port())

    def open(self, *readable: Admission, figures: PublicationTime = PublicationTime.LIVE) -> Round:
        """Open a round at the unit `a`, for slips unless other ways are given, and return it."""
        admission = frozenset(readable or {Admission.SLIP})
        of_round = replace(a_round(tree("a")), admission=admission, figures=figures)
        self.store.open_round(of_round, MONDAY)
        return of_round

    def count(self) -> None:
        """Count at the latest tick."""
        self.store.count(self.settings.ticks.latest(self.now))

    def examine(self) -> list[Advice]:
        """Return what `kiosk doctor` finds now."""
        return examine(self.settings, self.machine, self.now)

    def advice_texts(self, weight: Severity, topic: Topic | None = None) -> list[str]:
        """Return the texts of what `kiosk doctor` finds now, of one severity; of one topic if it is given."""
        return [
            advice.text
            for advice in self.examine()
            if advice.severity is weight and topic in (None, advice.topic)
        ]

    @contextmanager
    def served(self) -> Iterator[None]:
        """Serve both sides at their addresses, configured as behind an encrypting web server."""
        guest, desk = guest_and_desk(self.settings, self.store, library_for(self.settings), Every(3600))
        for application in (guest, desk):
            assert isinstance(application, Flask)
            share_templates(application)
        with served(_as_https(guest), self.guest_port), served(_as_https(desk), self.desk_port):
            yield


@contextmanager
def passable(*folders: Path) -> Iterator[None]:
    """Let other users, during the `with` block, read the folders and pass through their parents."""
    readable = {
        path for folder in folders for path in (folder, *folder.parents) if path.stat().st_uid == os.geteuid()
    }
    modes = {path: path.stat().st_mode & 0o7777 for path in readable}
    for path, mode in modes.items():
        path.chmod(mode | (0o055 if path in folders else 0o011))
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def _as_https(application: Any) -> Any:
    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        return application({**environ, "wsgi.url_scheme": "https"}, start_response)

    return answer


@contextmanager
def healthy_installation(folder: Path, *, url: str = "") -> Iterator[ExaminedInstallation]:
    """Yield an installation without faults."""
    made = ExaminedInstallation(folder, url=url)
    made.open()
    cast_all(made.store, "a", random_ballots(18, Random(1)))
    made.count()
    with made.served():
        yield made
    made.store.close()
