"""A PostgreSQL server of its own on a free port of this machine, and empty databases in it."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg


def server_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    assert found or on_path, "PostgreSQL is missing: apt install postgresql"
    return found[-1].parent if found else Path(str(on_path)).parent


def as_nobody() -> dict[str, int]:
    """PostgreSQL refuses to run as root: take another user where the tests do."""
    return {"user": pwd.getpwnam("nobody").pw_uid} if os.geteuid() == 0 else {}


@contextmanager
def running_server() -> Iterator[str]:
    """The address of its databases. Deadlocks are noticed after 50 ms rather than a second."""
    programs = server_programs()
    with TemporaryDirectory(dir="/tmp") as folder:
        owner = as_nobody()
        if owner:
            os.chown(folder, owner["user"], -1)
        data = f"{folder}/data"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        make = [programs / "initdb", "-D", data, "-U", "kiosk", "--auth=trust", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **owner)  # type: ignore[call-overload]
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c deadlock_timeout=50ms"
        start = [programs / "pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start"]
        subprocess.run(start, check=True, capture_output=True, cwd=folder, **owner)  # type: ignore[call-overload]
        try:
            yield f"postgresql://kiosk@127.0.0.1:{port}"
        finally:
            stop = [programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, check=True, capture_output=True, cwd=folder, **owner)  # type: ignore[call-overload]


def new_database(server: str, name: str) -> str:
    """The address of an empty database."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"
