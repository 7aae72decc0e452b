"""Three nodes of a PostgreSQL cluster on loopback, run by the programs of Debian's packages.

Each node stands for a machine: an etcd, a Patroni and its PostgreSQL, which are killed, stopped and started
together.
"""

import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import psycopg

from tests.tools.ports import free_port

Value = TypeVar("Value")

NAMES = ("pg1", "pg2", "pg3")
PROGRAMS = ("patroni", "etcd")
LIMIT_SECONDS = 300.0
USER = "postgres"
KEEP_LOGS = "KEEP_LOGS"
"""The environment variable with a folder to which the logs are copied at the end."""

SETTINGS: dict[str, Any] = {
    # The least that Patroni accepts: a leader is replaced 20 seconds after its last sign of life.
    "ttl": 20,
    "loop_wait": 3,
    "retry_timeout": 8,
    "maximum_lag_on_failover": 1048576,
    "postgresql": {
        "use_pg_rewind": True,
        "remove_data_directory_on_rewind_failure": True,
        "remove_data_directory_on_diverged_timelines": True,
        "use_slots": False,
        "parameters": {
            "wal_keep_size": "16MB",
            "log_checkpoints": "off",
            "log_lock_waits": "off",
            "password_encryption": "scram-sha-256",
        },
    },
}
"""Patroni's settings of the whole cluster, as docs/en/cluster.md has them, but for the first three."""

STRICT = {"synchronous_mode": True, "synchronous_mode_strict": True, "synchronous_node_count": 1}
ASYNCHRONOUS = {"synchronous_mode": False}

ETCD, ETCD3 = "etcd", "etcd3"
"""Patroni's interfaces to etcd. With etcd3, Patroni 3.0.2 of Debian 12 lets a leader that hung take the lock
back from its successor: its _update_leader does not compare, as that of 4.1 does. Ballots that the successor
accepted are lost."""


class Node:
    """One machine of the cluster, in a folder of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.folder = name, folder / name
        self.port, self.rest, self.client, self.peer = (free_port() for _ in range(4))
        self._etcd: subprocess.Popen[bytes] | None = None
        self._patroni: subprocess.Popen[bytes] | None = None

    def prepare(self, nodes: "list[Node]", settings: dict[str, Any], interface: str) -> None:
        """Write the configuration. `interface` is that of etcd, "etcd" (version 2) or "etcd3"."""
        self.folder.mkdir(mode=0o700)
        self._peers = ",".join(f"{node.name}=http://127.0.0.1:{node.peer}" for node in nodes)
        local = [f"host {database} all 127.0.0.1/32 trust" for database in ("all", "replication")]
        document = {
            "scope": "kiosk",
            "name": self.name,
            "restapi": _at(self.rest),
            interface: {"hosts": [f"127.0.0.1:{node.client}" for node in nodes]},
            "bootstrap": {
                "dcs": settings,
                "initdb": [{"encoding": "UTF8"}, "data-checksums"],
                "pg_hba": local,
            },
            "postgresql": {
                **_at(self.port),
                "data_dir": f"{self.folder}/data",
                "bin_dir": str(_postgresql()),
                "pgpass": f"{self.folder}/pgpass",
                "pg_hba": local,
                "authentication": {
                    "superuser": {"username": "kiosk"},
                    "replication": {"username": "replicator"},
                },
                "parameters": {"unix_socket_directories": str(self.folder), "logging_collector": "off"},
            },
        }
        # JSON is YAML.
        (self.folder / "patroni.yml").write_text(json.dumps(document, indent=1))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", USER, self.folder], check=True)

    def start(self) -> None:
        """Start what does not run."""
        if self._etcd is None:
            client, peer = f"http://127.0.0.1:{self.client}", f"http://127.0.0.1:{self.peer}"
            self._etcd = self._run(
                *("etcd", "--name", self.name, "--data-dir", f"{self.folder}/etcd", "--log-level", "error"),
                *("--listen-client-urls", client, "--advertise-client-urls", client),
                *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
                *(
                    "--initial-cluster",
                    self._peers,
                    "--heartbeat-interval",
                    "300",
                    "--election-timeout",
                    "3000",
                ),
                "--enable-v2",
            )
        if self._patroni is None:
            self._patroni = self._run("patroni", f"{self.folder}/patroni.yml")

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        user: dict[str, Any] = {"user": USER} if os.geteuid() == 0 else {}
        log = (self.folder / f"{command[0]}.log").open("ab")
        environ = {**os.environ, "HOME": str(self.folder), "PYTHONPATH": ""}
        return subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self.folder, env=environ, start_new_session=True, **user
        )

    def _server(self) -> list[int]:
        """The processes of PostgreSQL, the one that starts the others first; empty if it does not run."""
        with suppress(OSError, ValueError, IndexError):
            first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            others = Path(f"/proc/{first}/task/{first}/children").read_text().split()
            return [first, *map(int, others)]
        return []

    def senders(self) -> list[int]:
        """The processes that send the log of writes to the replicas."""
        return [number for number in self._server() if b"walsender" in _command_line(number)]

    def kill(self) -> None:
        """Kill every process of the node at once, as a power cut does."""
        server = [handle for handle in map(_handle, self._server()) if handle is not None]
        for process in (self._patroni, self._etcd):
            if process:
                process.kill()
        for handle in server:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        for handle in server:
            select.select([handle], [], [])
            os.close(handle)
        for process in (self._patroni, self._etcd):
            if process:
                process.wait()
        self._patroni = self._etcd = None

    def kill_supervisor(self) -> None:
        """Kill Patroni alone: PostgreSQL goes on, and nobody tells it that another node leads."""
        if self._patroni:
            self._patroni.kill()
            self._patroni.wait()
            self._patroni = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the node: SIGSTOP to hang it, SIGCONT to go on."""
        own = [process.pid for process in (self._patroni, self._etcd) if process]
        send(number, [*own, *self._server()])

    def stop(self) -> None:
        """End the node at the end of a run."""
        self.signal(signal.SIGCONT)
        self.kill()


class Nodes:
    """A cluster with a running leader."""

    def __init__(self, folder: Path, settings: dict[str, Any], interface: str) -> None:
        self.nodes = [Node(folder, name) for name in NAMES]
        for node in self.nodes:
            node.prepare(self.nodes, {**SETTINGS, **settings}, interface)

    @property
    def url(self) -> str:
        """The address of the database postgres, which names all nodes."""
        servers = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://kiosk@{servers}/postgres"

    def members(self) -> dict[str, dict[str, Any]]:
        """What a Patroni that answers says of each node, name -> role, state and others; empty if none
        does."""
        for node in self.nodes:
            address = f"http://127.0.0.1:{node.rest}/cluster"
            with suppress(URLError, OSError, ValueError), urlopen(address, timeout=2) as answer:
                return {member["name"]: member for member in json.load(answer)["members"]}
        return {}

    def leader(self) -> Node | None:
        """The node that leads by Patroni's word."""
        members = self.members()
        return next((node for node in self.nodes if members.get(node.name, {}).get("role") == "leader"), None)

    def wait_until_whole(self, *, is_strict: bool) -> Node:
        """Wait for a leader, two replicas that stream from it, and one that commits wait for if `is_strict`.
        Returns the leader."""
        query = (
            "SELECT count(*), count(*) FILTER (WHERE sync_state = 'sync') FROM pg_stat_replication "
            "WHERE state = 'streaming'"
        )

        def leader() -> Node | None:
            members, leading = self.members(), self.leader()
            if len(members) < len(NAMES) or leading is None:
                return None
            if is_strict and not any(one["role"] == "sync_standby" for one in members.values()):
                return None
            with suppress(psycopg.Error), psycopg.connect(self._url_of(leading), connect_timeout=2) as one:
                streaming, waited_for = one.execute(query).fetchone() or (0, 0)
                if streaming == len(NAMES) - 1 and waited_for >= is_strict:
                    return leading
            return None

        return wait_for(leader, "a whole cluster")

    def _url_of(self, node: Node) -> str:
        return f"postgresql://kiosk@127.0.0.1:{node.port}/postgres"


@contextmanager
def running_nodes(settings: dict[str, Any], interface: str) -> Iterator[Nodes]:
    """Yield a running cluster; `interface` is Patroni's to etcd. At the end its processes end, and its files
    are deleted."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise SystemExit(
            f"{', '.join(missing)}: not installed; apt install --no-install-recommends patroni python3-etcd "
            "etcd-server postgresql, and do not start their services"
        )
    with TemporaryDirectory(dir="/tmp", prefix="cluster-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
        nodes = Nodes(folder, settings, interface)
        try:
            for node in nodes.nodes:
                node.start()
            yield nodes
        finally:
            for node in nodes.nodes:
                node.stop()
            if keep := os.environ.get(KEEP_LOGS):
                for log in folder.glob("*/*.log"):
                    shutil.copy(log, Path(keep, f"{log.parent.name}-{log.name}"))


def send(number: signal.Signals, processes: list[int]) -> None:
    """Send a signal to processes, those that ended left out."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def wait_for(look: Callable[[], Value | None], what: str, limit: float = LIMIT_SECONDS) -> Value:
    """Return the first value that is not None. Raises TimeoutError after `limit` seconds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if (value := look()) is not None:
            return value
        time.sleep(0.2)
    raise TimeoutError(f"no sign of {what} for {limit:.0f} s")


def _at(port: int) -> dict[str, str]:
    return {"listen": f"127.0.0.1:{port}", "connect_address": f"127.0.0.1:{port}"}


def _postgresql() -> Path:
    """The folder of the programs of the newest PostgreSQL."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1].parent


def _handle(process: int) -> int | None:
    with suppress(ProcessLookupError):
        return os.pidfd_open(process)
    return None


def _command_line(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""
