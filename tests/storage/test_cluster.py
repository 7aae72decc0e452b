"""A PostgreSQL cluster whose leader fails: no ballot is accepted that a failover undoes, and guests go on."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random

import peewee
import pytest

from kiosk.storage import Store, leader_watch
from kiosk.storage.database import Database
from kiosk.storage.postgresql import Postgresql
from tests.tools.builders import MONDAY, ballot, cast_all, closed, random_ballots
from tests.tools.commits import ROUND, is_connected, laid_out, opened, set_server
from tests.tools.postgresql import SUPERUSER, Server, new_server

pytestmark = pytest.mark.slow

ABSENT = "nobody"
"""The name of a replica that never connects."""
TICKET = b"t" * 16
WAITS = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type = 'client backend'"
"""Sessions of guests that wait for a replica. PostgreSQL's own workers may wait as well."""
OTHERS = 5
"""Ballots of other guests: fewer would not be published."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with new_server() as made:
        yield made


@pytest.fixture
def store(server: Server, tmp_path: Path) -> Iterator[Store]:
    url = server.create_database(tmp_path.name)
    laid_out(url, tmp_path)
    made = opened(url, tmp_path)
    cast_all(made, "a", random_ballots(OTHERS, Random(1)))
    yield made
    made.close()


def send(store: Store) -> None:
    """Send the same form, as a browser does that got no answer."""
    try:
        store.cast("r", "a", ballot(1, 1), MONDAY, ticket=TICKET)
    finally:
        store.close()


def send_without_replica(
    server: Server, store: Store, during: Callable[[Future[None]], None]
) -> BaseException | None:
    """Send the form while commits wait for a replica that is away. Calls `during`, then ends the waiting.
    Returns the error, None if the form was accepted."""
    set_server(server, "synchronous_standby_names", ABSENT)
    with ThreadPoolExecutor(1) as guest:
        try:
            sent = guest.submit(send, store)
            during(sent)
        finally:
            set_server(server, "synchronous_standby_names", None)
    return sent.exception()


def waiting_ended_by(server: Server, function: str) -> Callable[[Future[None]], None]:
    """Return a function that calls a function of PostgreSQL with the session that waits for a replica."""

    def end(sent: Future[None]) -> None:
        while (True,) not in server.execute(f"SELECT {function}(pid) {WAITS}"):
            assert not sent.done()

    return end


def test_a_commit_that_no_replica_confirmed_is_not_accepted(
    server: Server, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody cancels the wait for a replica: PostgreSQL reports a success, with a warning."""
    cancel = waiting_ended_by(server, "pg_cancel_backend")
    keys_of_box = tmp_path / "keys" / "box.r.a"
    assert isinstance(send_without_replica(server, store, cancel), peewee.OperationalError)
    # Whichever of the two rows a failover leaves has its key.
    assert len(list(keys_of_box.iterdir())) == 2
    send(store)
    # Control: the warning is not heard. The form is accepted, and the replica's row has lost its key.
    cast_all(store, "a", random_ballots(1, Random(2)))
    before = set(keys_of_box.iterdir())
    monkeypatch.setattr(Postgresql, "_hear", lambda *_: None)
    control = opened(f"{server.address}/{tmp_path.name}", tmp_path)
    monkeypatch.setattr("tests.storage.test_cluster.TICKET", b"u" * 16)
    assert send_without_replica(server, control, cancel) is None
    assert not before & set(keys_of_box.iterdir())
    assert closed(store, ROUND)["root"] == OTHERS + 3


def test_a_form_that_is_sent_again_waits_for_the_replica_as_well(server: Server, store: Store) -> None:
    """The first commit is visible here, but a failover would undo it: the second answer may not come yet."""
    terminate = waiting_ended_by(server, "pg_terminate_backend")
    assert isinstance(send_without_replica(server, store, terminate), peewee.OperationalError)

    def wait(sent: Future[None]) -> None:
        while server.execute(f"SELECT 1 {WAITS}") == []:
            assert not sent.done()

    assert send_without_replica(server, store, wait) is None
    assert closed(store, ROUND)["root"] == OTHERS + 1


def test_a_form_that_a_former_leader_keeps_waiting_is_accepted_by_the_new_one(
    server: Server, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A former leader whose supervisor died accepts writes, and its commits wait for a replica that left."""
    monkeypatch.setattr(leader_watch, "INTERVAL", 0.05)
    monkeypatch.setattr(leader_watch, "PATIENCE", 0.2)
    store.close()
    with new_server(copy_of=server) as replica:
        while not is_connected(server):
            pass
        set_server(server, "synchronous_standby_names", ABSENT)
        replica.do("pg_ctl", "-D", replica.data, "-w", "promote")
        url = "postgresql://{}@127.0.0.1:{},127.0.0.1:{}/{}"
        guest = opened(url.format(SUPERUSER, server.port, replica.port, tmp_path.name), tmp_path)
        # An error, unless the connection ended before the transaction began.
        with suppress(peewee.OperationalError):
            send(guest)
        send(guest)
        # The former leader answers at once, and is not taken for the leader of a slow statement.
        slow = Database(url.format(SUPERUSER, replica.port, server.port, tmp_path.name))
        with slow.transaction():
            slow._sql("SELECT pg_sleep(0.6)")
        slow.close()
        new = opened(f"{replica.address}/{tmp_path.name}", tmp_path)
        assert closed(new, ROUND)["root"] == OTHERS + 1
        new.close()
        set_server(server, "synchronous_standby_names", None)
