"""Separate PostgreSQL servers for a test, on free ports: started, killed, restarted and copied."""

import os
import pwd
import select
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import psycopg

from tests.tools.ports import free_port

SUPERUSER = "kiosk"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


def _programs() -> Path:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    assert programs or on_path, "PostgreSQL is missing: apt install postgresql"
    return programs[-1].parent if programs else Path(str(on_path)).parent


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server in `folder`/data. Its settings are given when it starts."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """The database URL without the database's name, to which the name is appended."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}"

    def start(self, settings: Mapping[str, str] = NO_SETTINGS) -> None:
        """Start or restart the server; `settings` maps names of PostgreSQL settings to values."""
        where = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        options = " ".join(f"-c {name}='{value}'" for name, value in {**where, **settings}.items())
        self.do("pg_ctl", "-D", self.data, "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self) -> None:
        self.do("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """Kill every process of the server at once, and return when they have ended."""
        file = self.folder / "data" / "postmaster.pid"
        first = str(self.process_id)
        others = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        handles = []
        for process in (first, *others):
            with suppress(ProcessLookupError):  # a worker that ended by itself
                handles.append(os.pidfd_open(int(process)))
        for handle in handles:
            with suppress(ProcessLookupError):  # it ended when the one before was killed
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        for handle in handles:
            select.select([handle], [], [])
            os.close(handle)
        # Without this file, pg_ctl does not take the killed process, for which nobody has waited, for a
        # running server.
        file.unlink()

    def create_database(self, name: str) -> str:
        """Create an empty database. Returns its URL."""
        self.execute(f'CREATE DATABASE "{name}"')
        return f"{self.address}/{name}"

    def execute(self, sql: str) -> list[tuple[object, ...]]:
        """Run an SQL statement as the superuser. Returns its rows."""
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def process_id(self) -> int:
        """The id of the running server's main process. Raises FileNotFoundError if it does not run."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    @property
    def data(self) -> str:
        return f"{self.folder}/data"

    def do(self, program: str, *words: str) -> None:
        """Run a PostgreSQL program with these arguments. If root runs the tests, the program runs as the user
        nobody, because PostgreSQL refuses to run as root."""
        user = {"user": "nobody"} if os.geteuid() == 0 else {}
        command = [_programs() / program, *words]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **user)  # type: ignore[call-overload]


@contextmanager
def new_server(
    settings: Mapping[str, str] = NO_SETTINGS, *, copy_of: Server | None = None
) -> Iterator[Server]:
    """Yield a running server, empty or a replica of `copy_of`. It is stopped and deleted at the end."""
    with TemporaryDirectory(dir="/tmp") as folder:
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
        server = Server(Path(folder), free_port())
        if copy_of is None:
            server.do("initdb", "-D", server.data, "-U", SUPERUSER, "--auth=trust", "--no-sync")
        else:
            server.do(
                "pg_basebackup", "-d", f"{copy_of.address}/postgres", "-D", server.data, "-R", "-c", "fast"
            )
        server.start(settings)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_server() -> Iterator[str]:
    """Yield the database URL of a running server, without a database's name. It detects deadlocks after 50 ms
    instead of a second."""
    with new_server({"fsync": "off", "deadlock_timeout": "50ms"}) as server:
        yield server.address


def new_database(server: str, name: str) -> str:
    """Create an empty database on a server, given by its URL, and return the database's URL."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"
