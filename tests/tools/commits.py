"""Ballots that PostgreSQL has acknowledged, and the settings of a server that may lose them."""

from pathlib import Path
from random import Random

from kiosk.storage import Store, open_store
from tests.tools.builders import MONDAY, a_round, cast_all, closed, random_ballots, tree
from tests.tools.postgresql import Server

ROUND = a_round(tree("a", "b"))
BALLOTS = 24

LATE = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
"""Settings with which PostgreSQL acknowledges commits up to seconds before they are on disk."""


def opened(url: str, folder: Path) -> Store:
    return open_store(folder, url, folder / "keys")


def laid_out(url: str, folder: Path) -> None:
    """Make an installation with a running round, on the database `url`, with its keys in the folder."""
    store = opened(url, folder)
    store.migrate()
    store.open_round(ROUND, MONDAY)
    store.close()


def cast(url: str, folder: Path) -> None:
    """Cast 24 ballots, all acknowledged."""
    store = opened(url, folder)
    for unit in ("a", "b"):
        cast_all(store, unit, random_ballots(BALLOTS // 2, Random(1)))
    store.close()


def answered(url: str, folder: Path) -> None:
    """Make an installation with 24 uncounted ballots."""
    laid_out(url, folder)
    cast(url, folder)


def readable(url: str, folder: Path) -> int:
    """Close the round, and return the number of its ballots that are then counted. Raises KeyUnavailableError
    if some ballots cannot be decrypted."""
    store = opened(url, folder)
    ballots = closed(store, ROUND)["root"] or 0
    store.close()
    return ballots


def set_server(server: Server, name: str, value: str | None) -> None:
    """Set a setting of the server, or reset it if `value` is None, and wait until new sessions have it."""
    [(before,)] = server.execute(f"SHOW {name}")
    server.execute(
        f"ALTER SYSTEM SET {name} = '{value}'" if value is not None else f"ALTER SYSTEM RESET {name}"
    )
    server.execute("SELECT pg_reload_conf()")
    while server.execute(f"SHOW {name}") == [(before,)]:
        pass


def is_connected(server: Server) -> bool:
    return server.execute("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'") != []
