"""Ballots that wait for each other are committed together. Each is durable when its guest is thanked, and a
refused one changes nothing."""

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import peewee
import pytest

from kiosk.domain.envelope import COLUMN_BYTES
from kiosk.domain.slips import UnknownSlipError
from kiosk.storage import Store, StoreError
from kiosk.storage.database import Database, QueueLock
from kiosk.storage.keys import KeyFolder
from tests.storage.concurrent_writes import together
from tests.storage.crashes import ROUND, crash, has_one_key_a_row, make_ready, reopen
from tests.tools.builders import MEMORY, MONDAY, a_store, ballot, closed, random_ballots
from tests.tools.envelopes import seal

GUESTS = 6
BEFORE = 21
"""Ballots in the boxes of `make_ready`."""


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY) as name:
        yield make_ready(Path(name) / "ready").folder


def cast(store: Store, unit: str, slip: str | None = None) -> Callable[[], None]:
    return lambda: store.cast("r", unit, ballot(5, 5), MONDAY, slip)


def of_guests(store: Store) -> list[Callable[[], None]]:
    return [cast(store, "ab"[number % 2]) for number in range(GUESTS)]


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Each commit so far."""
    done: list[object] = []
    commit = peewee.Database.commit

    def counted(self: peewee.Database) -> Any:
        done.append(self)
        return commit(self)

    monkeypatch.setattr(peewee.Database, "commit", counted)
    return done


def test_waiting_ballots_share_a_commit_and_leave_one_key_a_row(folder: Path, commits: list[object]) -> None:
    store = reopen(folder)
    for future in together(store, of_guests(store)):
        future.result()
    assert len(commits) == 1
    assert has_one_key_a_row(folder)
    assert closed(store, ROUND)["root"] == BEFORE + GUESTS


def test_a_refused_ballot_is_no_part_of_the_commit_and_refuses_no_other(folder: Path) -> None:
    store = reopen(folder)
    futures = together(store, [*of_guests(store), cast(store, "a", "no such slip"), cast(store, "b")])
    refused = futures.pop(GUESTS)
    assert isinstance(refused.exception(), UnknownSlipError)
    assert [future.exception() for future in futures] == [None] * (GUESTS + 1)
    assert has_one_key_a_row(folder)
    assert closed(store, ROUND)["root"] == BEFORE + GUESTS + 1


def test_ballots_that_the_database_refuses_together_are_stored_one_by_one(
    folder: Path, commits: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = reopen(folder)

    def refused(_: Database) -> Any:
        raise peewee.OperationalError("refused")

    monkeypatch.setattr(Database, "part", refused)
    for future in together(store, of_guests(store)):
        future.result()
    assert len(commits) == GUESTS
    assert has_one_key_a_row(folder)
    assert closed(store, ROUND)["root"] == BEFORE + GUESTS


def test_a_commit_that_may_have_taken_effect_is_not_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, commit = reopen(folder), peewee.Database.commit

    def lost(self: peewee.Database) -> Any:
        commit(self)
        raise peewee.OperationalError("the connection was lost")

    monkeypatch.setattr(peewee.Database, "commit", lost)
    futures = together(store, of_guests(store))
    monkeypatch.setattr(peewee.Database, "commit", commit)
    assert {type(future.exception()) for future in futures} == {StoreError}
    assert len({id(future.exception()) for future in futures}) == GUESTS
    assert closed(store, ROUND)["root"] == BEFORE + GUESTS


def test_a_commit_that_was_interrupted_is_not_repeated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, commit = reopen(folder), peewee.Database.commit

    def interrupted(self: peewee.Database) -> Any:
        commit(self)
        monkeypatch.setattr(peewee.Database, "commit", commit)
        raise KeyboardInterrupt

    monkeypatch.setattr(peewee.Database, "commit", interrupted)
    futures = together(store, of_guests(store))
    assert sorted(type(future.exception()).__name__ for future in futures) == [
        "KeyboardInterrupt",
        *["StoreError"] * (GUESTS - 1),
    ]
    assert not store._writer._waiting
    assert closed(store, ROUND)["root"] == BEFORE + GUESTS


def test_an_interrupted_write_refuses_no_other_that_waits(folder: Path) -> None:
    store = reopen(folder)

    def interrupt() -> None:
        raise KeyboardInterrupt

    works: list[Callable[[], None]] = [*of_guests(store)]
    works.append(partial(store._writer.run_for_unit, ("r", "a"), interrupt))
    futures = together(store, works)
    # The thread that commits is interrupted in the midst of the writes, and so is the write's own.
    assert sum(future.exception() is None for future in futures) >= GUESTS - 1
    assert not store._writer._waiting
    stored = sum(future.exception() is None for future in futures)
    assert closed(store, ROUND)["root"] == BEFORE + stored


def test_an_error_is_raised_in_the_thread_of_its_own_guest(folder: Path) -> None:
    """An error holds the frames of its thread, and so the form of a guest whose thread commits others."""
    store, raised = reopen(folder), list[int]()

    def refuse() -> None:
        raised.append(threading.get_ident())
        raise UnknownSlipError

    own: list[int] = []

    def work() -> None:
        own.append(threading.get_ident())
        store._writer.run_for_unit(("r", "a"), refuse)

    refused = together(store, [*of_guests(store), work])[-1].exception()
    assert isinstance(refused, UnknownSlipError)
    assert [raised[-1]] == own
    assert frames_of_threads(refused) == 1
    # Control: the error of the thread that committed the others is passed on.
    assert raised[0] != own[0]


def frames_of_threads(error: BaseException) -> int:
    """Return in how many threads' writes the frames of an error lie."""
    frames, writes = [], set[int]()
    trace = error.__traceback__
    while trace:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    for frame in frames:
        caller: FrameType | None = frame
        while caller:
            if caller.f_code.co_name == "run_for_unit":
                writes.add(id(caller))
            caller = caller.f_back
    return len(writes)


def test_a_full_disk_of_keys_refuses_ballots_and_leaves_no_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys_left(folder, monkeypatch) == 0
    # Control: keys that were not committed are forgotten, and not destroyed.
    monkeypatch.setattr(KeyFolder, "destroy", lambda *_: None)
    assert keys_left(folder, monkeypatch) > 0


def keys_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many keys are on disk after ballots for which the disk had no room."""
    store, before = reopen(folder), set((folder / "keys").rglob("*"))

    def is_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(KeyFolder, "_sync_folder", is_full)
        futures = together(store, of_guests(store))
        assert {type(future.exception()) for future in futures} == {OSError}
    store.close()
    return len(set((folder / "keys").rglob("*")) - before)


def test_the_rate_limit_takes_one_token_of_a_ballot_that_is_written_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, asked = reopen(folder), list[int]()

    def admit(*, is_own: bool, statements: int) -> bool:
        asked.append(statements)
        return not is_own

    key = store.public_key("r", "a")
    letter = seal(bytes.fromhex(key), b"s1=3", room=COLUMN_BYTES * 2)
    real, tries = KeyFolder.save, iter([OSError(errno.EIO, "Input/output error")])

    def fails_once(self: KeyFolder, keys: Iterable[tuple[str, str]]) -> None:
        for error in tries:
            raise error
        real(self, keys)

    monkeypatch.setattr(KeyFolder, "save", fails_once)
    envelope = partial(store.cast_envelope, key, letter, MONDAY, admit=admit)
    for future in together(store, [envelope, *of_guests(store)]):
        future.result()
    assert len(asked) == 1
    assert closed(store, ROUND)["root"] == BEFORE + GUESTS + 1


def thanked(folder: Path, step: int, *, is_hasty: bool) -> tuple[int, bool]:
    """Let guests answer together in a process that ends itself at a durable step. Returns the number of those
    who were thanked before, and whether the process ended so. `is_hasty` thanks before the ballot."""
    read, write = os.pipe()

    def answer(store: Store) -> None:
        def thank(work: Callable[[], None]) -> None:
            if is_hasty:
                os.write(write, b"x")
            work()
            if not is_hasty:
                os.write(write, b"x")

        together(store, [partial(thank, work) for work in of_guests(store)])

    did_crash = crash(folder, step, answer)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        return len(pipe.read()), did_crash


def thanked_and_stored(folder: Path, *, is_hasty: bool = False) -> Iterator[tuple[int, int]]:
    """Yield the numbers (guests thanked, ballots stored) of a crash at each durable step."""
    step, did_crash = 0, True
    while did_crash:
        step += 1
        copy = folder.with_name(f"copy-{is_hasty}-{step}")
        shutil.copytree(folder, copy)
        were_thanked, did_crash = thanked(copy, step, is_hasty=is_hasty)
        store = reopen(copy)
        store.renew()
        assert has_one_key_a_row(copy)
        yield were_thanked, (closed(store, ROUND)["root"] or 0) - BEFORE
        assert store.rounds()[0].lost_boxes == 0
        store.close()
        shutil.rmtree(copy)


@pytest.mark.slow
def test_after_a_crash_all_ballots_of_thanked_guests_are_stored(folder: Path) -> None:
    seen = set(thanked_and_stored(folder))
    assert {stored for _, stored in seen} == {0, GUESTS}
    assert all(were_thanked <= stored for were_thanked, stored in seen)
    assert (GUESTS, GUESTS) in seen
    # Control: guests who are thanked before their ballots are committed.
    assert any(were_thanked > stored for were_thanked, stored in thanked_and_stored(folder, is_hasty=True))


def test_the_key_of_every_row_is_on_disk_at_every_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unsaved_keys_at_commits(tmp_path / "kept", monkeypatch) == 0
    # Control: keys stay in memory.
    for writes in ("save", "drop_unsaved"):
        monkeypatch.setattr(KeyFolder, writes, lambda *_: None)
    assert unsaved_keys_at_commits(tmp_path / "control", monkeypatch) > 0


def unsaved_keys_at_commits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many keys of rows were not flushed to disk when ballots were committed."""
    flushed: set[str] = set()
    missing: list[str] = []
    fsync, commit = os.fsync, peewee.Database.commit

    def recorded(handle: int) -> None:
        fsync(handle)
        flushed.add(Path(f"/proc/self/fd/{handle}").readlink().name.removesuffix(".next"))

    def checked(database: peewee.Database) -> Any:
        rows = database.execute_sql("SELECT key_id FROM box").fetchall()  # type: ignore[no-untyped-call]
        missing.extend(key_id for (key_id,) in rows if key_id not in flushed)
        return commit(database)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", recorded)
        store = a_store(folder, durable=True)
        store.open_round(ROUND, MONDAY)
        patched.setattr(peewee.Database, "commit", checked)
        for one in random_ballots(2, Random(1)):
            store.cast("r", "a", one, MONDAY)
        together(store, of_guests(store))
        store.close()
    return len(missing)


def test_threads_get_the_lock_in_the_order_in_which_they_asked() -> None:
    lock, order = QueueLock(), list[int]()

    def take(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
        for number, thread in enumerate(threads):
            thread.start()
            while len(lock._queue) <= number:
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(5))
