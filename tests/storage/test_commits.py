"""A commit that PostgreSQL acknowledges is durable, or the server is refused: the old key is destroyed after
it."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import kiosk.storage.database
from kiosk.storage import Account, Role, StoreError
from tests.tools.builders import cast_all, random_ballots
from tests.tools.command_line import Run
from tests.tools.commits import (
    BALLOTS,
    LATE,
    ROUND,
    answered,
    cast,
    is_connected,
    laid_out,
    opened,
    readable,
    set_server,
)
from tests.tools.postgresql import Server, new_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with new_server() as made:
        yield made


@pytest.fixture
def url(server: Server, tmp_path: Path) -> str:
    return server.create_database(tmp_path.name)


def waits_of(database: kiosk.storage.database.Database) -> str:
    """The value of synchronous_commit in the database's own connection."""
    return database.server_settings()["synchronous_commit"]


@pytest.mark.parametrize("setting", ["off", "local", "remote_write", "on", "remote_apply"])
def test_every_commit_is_synchronous_whatever_the_servers_setting(
    server: Server, url: str, tmp_path: Path, setting: str
) -> None:
    server.execute(f'ALTER DATABASE "{tmp_path.name}" SET synchronous_commit = {setting}')
    database = kiosk.storage.database.Database(url)
    assert waits_of(database) == setting
    with database.transaction():
        assert waits_of(database) == (setting if setting == "remote_apply" else "on")
    database.close()


def test_a_killed_server_loses_no_acknowledged_ballot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_server(LATE) as server:
        kept, control = (server.create_database(name) for name in ("kept", "control"))
        answered(kept, tmp_path / "kept")
        laid_out(control, tmp_path / "control")
        # Control: with the own setting of the server the last rows are gone, and those before have no key.
        monkeypatch.setattr(kiosk.storage.database, "KEEP_COMMIT", "SELECT 1")
        cast(control, tmp_path / "control")
        monkeypatch.undo()
        server.kill()
        server.start(LATE)
        assert readable(kept, tmp_path / "kept") == BALLOTS
        assert opened(control, tmp_path / "control").key_faults()


@pytest.mark.parametrize("name", kiosk.storage.database.SAFE_SETTINGS)
def test_a_server_that_may_lose_commits_is_read_but_never_written(
    server: Server, url: str, tmp_path: Path, run: Run, name: str
) -> None:
    answered(url, tmp_path)
    serving = opened(url, tmp_path)
    serving.print_slips("r", "a", 1)
    set_server(server, name, "off")
    try:
        with pytest.raises(StoreError, match=name):
            serving.print_slips("r", "a", 1)
        store = opened(url, tmp_path)
        risk_text = f"PostgreSQL's {name} is off"
        assert [risk for risk in store.commit_risks() if risk_text in risk]
        for write in (
            store.renew,
            store.upgrade,
            store.migrate,
            lambda: store.count(ROUND.closes_at),
            lambda: cast_all(store, "a", random_ballots(1, Random(1))),
            lambda: store.print_slips("r", "a", 1),
            lambda: store.accounts.set(Account("anna", Role.COORDINATOR, "hash")),
        ):
            with pytest.raises(StoreError, match=risk_text):
                write()
        assert store.key_faults() == []
        assert [state.round for state in store.rounds()] == [ROUND]
        assert store.dump()
        for command in ("serve", "upgrade"):
            refused = run(command, KIOSK_DATABASE_URL=url, KIOSK_DATA=str(tmp_path))
            assert (refused.exit_code, risk_text in refused.stderr) == (2, True)
        store.close()
    finally:
        set_server(server, name, None)
    assert readable(url, tmp_path) == BALLOTS


def test_a_promoted_replica_has_every_ballot_or_is_refused(tmp_path: Path) -> None:
    with new_server() as server:
        kept, control = (server.create_database(name) for name in ("kept", "control"))
        laid_out(control, tmp_path / "control")
        serving = opened(control, tmp_path / "control")
        serving.print_slips("r", "a", 1)
        with new_server(copy_of=server) as replica:
            while not is_connected(server):
                pass
            with pytest.raises(StoreError, match="synchronous_standby_names"):
                serving.print_slips("r", "a", 1)
            serving.close()
            with pytest.raises(StoreError, match="synchronous_standby_names"):
                answered(kept, tmp_path / "kept")
            set_server(server, "synchronous_standby_names", "ANY 1 (*)")
            answered(kept, tmp_path / "kept")
            # Control: nobody waits for the replica, and it is away while guests answer.
            set_server(server, "synchronous_standby_names", None)
            replica.stop()
            cast(control, tmp_path / "control")
            server.kill()
            replica.start()
            replica.do("pg_ctl", "-D", replica.data, "-w", "promote")
            assert readable(f"{replica.address}/kept", tmp_path / "kept") == BALLOTS
            assert opened(f"{replica.address}/control", tmp_path / "control").key_faults()
        server.start()
