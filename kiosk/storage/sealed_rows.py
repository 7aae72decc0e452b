"""Sealed rows (boxes, slip sets, letterboxes): the names of their keys, and the writes that change them.

Each write seals a row under a new key. The old key is destroyed after the commit, never before.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec, Protocol, TypeAlias, TypeVar, cast

import peewee

from kiosk.domain.rounds import Round
from kiosk.storage.database import Database, StoreError
from kiosk.storage.keys import PAD_BYTES, KeyFolder, KeyUnavailableError
from kiosk.storage.locks import TRIES, Lock, is_rolled_back
from kiosk.storage.stderr_once import print_once

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class Sealed(StrEnum):
    """Kinds of sealed rows, in the order in which faults are listed. Each unit of an open round has one row
    of each kind."""

    BOX = "box"
    SLIPS = "slips"
    LETTERBOX = "letterbox"


@dataclass(frozen=True)
class KeyFault:
    """A sealed row that cannot be decrypted. `file` is the absolute path of its key in KIOSK_KEYS, and
    `problem` the end of an English sentence that begins with `file`."""

    kind: Sealed
    round_id: str
    unit_id: str
    file: Path
    problem: str


def key_faults(keys: KeyFolder, kind: Sealed, rows: Iterable[tuple[str, str, str, bytes]]) -> list[KeyFault]:
    """Return the faults of those rows of one kind that cannot be decrypted. Each row is (round id, unit id,
    key id, sealed), locked by the caller."""
    faults = []
    for round_id, unit_id, key_id, sealed in rows:
        try:
            keys.open(f"{kind}.{round_id}.{unit_id}", key_id, bytes(sealed))
        except KeyUnavailableError as error:
            faults.append(KeyFault(kind, round_id, unit_id, error.file, error.problem))
    return faults


def check_faults(faults: Sequence[KeyFault]) -> None:
    """Raise KeyUnavailableError with the first fault and the number of the others; nothing without faults."""
    if faults:
        raise KeyUnavailableError(faults[0].file, faults[0].problem, len(faults) - 1)


def box_row(round_id: str, unit_id: str) -> str:
    """Return the name of a unit's box: that of its folder of keys."""
    return f"{Sealed.BOX}.{round_id}.{unit_id}"


def slip_row(round_id: str, unit_id: str) -> str:
    """Return the name of a unit's slip set: that of its folder of keys."""
    return f"{Sealed.SLIPS}.{round_id}.{unit_id}"


def letterbox_row(round_id: str, unit_id: str) -> str:
    """Return the name of a unit's letterbox: that of its folder of keys."""
    return f"{Sealed.LETTERBOX}.{round_id}.{unit_id}"


def sealed_rows(round_id: str, unit_id: str) -> tuple[str, str, str]:
    """Return the names of a unit's box, slip set and letterbox: those of their folders of keys."""
    return box_row(round_id, unit_id), slip_row(round_id, unit_id), letterbox_row(round_id, unit_id)


Unit = tuple[str, str]
"""The round id and the unit id of a unit's sealed rows."""

MOST_TOGETHER = 16
"""Most writes of single units that are committed together."""


@dataclass(eq=False)
class _Waiting:
    """A write of one unit's rows that waits for its commit, in the context of the request that asked for it.

    `unit` is (round id, unit id). `outcome` is None until the write was committed together with others; then
    it returns the result of `work`. If that commit may have failed, `outcome` raises StoreError. It stays
    None if the write was refused or rolled back: then the write's own thread runs it again, and raises its
    error. An error must stay in its thread: it holds the frames of the thread that raised it, and with them a
    guest's form.
    """

    unit: Unit
    work: Callable[[], Any]
    context: Context = field(default_factory=copy_context)
    outcome: Callable[[], Any] | None = None


def _place_in_order(write: _Waiting) -> Unit:
    """Return the unit of a write, by which writes that are committed together are sorted."""
    return write.unit


def _fail(error: str) -> NoReturn:
    """Raise StoreError for a commit that may have taken effect. `error` is the class name of the commit's
    error."""
    raise StoreError(f"the database did not confirm a write, which may have taken effect: {error}")


class Writer:
    """Runs writes, one at a time, and destroys the keys that they replace. One per process and database.

    Writes of single units that wait for each other are committed together: the disk is waited for once. A
    write or look that begins within another one waits for ever.
    """

    def __init__(self, database: Database, keys: KeyFolder) -> None:
        self._database = database
        self._keys = keys
        self._waiting: deque[_Waiting] = deque()
        self._made: list[tuple[str, str]] = []
        self._retired: list[tuple[str, str]] = []
        self._forgotten: list[str] = []
        self._of_closed: list[str] = []
        self._may_be_committed = False

    def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, run as one write: one transaction, after which replaced keys are
        destroyed (`write`).

        `work` may run several times: all of it runs again if the database rolls it back in favour of another
        write, `locks.TRIES` times at most. Raises StoreError, before `work`, if the database may lose a
        commit; the errors of `work`; OSError if new keys cannot be written; and peewee's errors.
        """
        return self._retry(lambda: self._run_alone(work))

    def run_step(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, run as one of several writes with guests' writes between them. It
        differs from `run`: the next write does not wait until replaced keys are destroyed, SQLite's log is
        not emptied, and `work` must not call `destroy_keys_after_commit`."""
        return self._retry(lambda: self._run_alone(work, is_step=True))

    def look(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, which only reads, to decide on a write. No row gets a new key
        meanwhile. `work` runs again if the database rolls it back, as in `run`. Raises StoreError if the
        database may lose a commit."""
        return self._retry(lambda: self._look(work))

    def _look(self, work: Callable[[], Result]) -> Result:
        with self._database.writing():
            self._database.check_keeps_commits()
            with self._database.look():
                return work()

    def _run_alone(self, work: Callable[[], Result], *, is_step: bool = False) -> Result:
        with self.write(is_step=is_step):
            return work()

    def _retry(self, write: Callable[[], Result]) -> Result:
        for _ in range(TRIES - 1):
            try:
                return write()
            except peewee.OperationalError as error:
                if not is_rolled_back(error):
                    raise
        return write()

    def run_for_unit(self, unit: Unit, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, run as one write of one unit's rows, which locks the unit's box first.

        `work` may run in another thread, and is committed together with the writes of single units that wait
        at the same time. If it is refused, or all of them are rolled back, it runs again by itself, as in
        `run`. Raises StoreError if the database may lose a commit, or if a commit failed that may have taken
        effect; the errors of `work`; OSError if new keys cannot be written; and peewee's errors.
        """
        write = _Waiting(unit, work)
        self._waiting.append(write)
        try:
            with self._database.writing():
                if write in self._waiting:
                    self._write_waiting(write)
                if write.outcome is None:
                    return self._retry(lambda: self._run_held(work))
        finally:
            with suppress(ValueError):
                self._waiting.remove(write)
        return cast(Result, write.outcome())

    def _run_held(self, work: Callable[[], Result]) -> Result:
        """Return the result of `work`, run as one transaction. The caller holds the database's writer
        (`Database.writing`)."""
        with self._transaction(Lock.SHARED):
            result = work()
        self._clean_up()
        return result

    def _write_waiting(self, asking: _Waiting) -> None:
        """Commit a write together with those that have waited longest, MOST_TOGETHER in all, and set their
        outcomes. Does nothing if no other write waits. The caller holds the database's writer."""
        self._waiting.remove(asking)
        together = [asking]
        with suppress(IndexError):
            while len(together) < MOST_TOGETHER:
                together.append(self._waiting.popleft())
        if len(together) == 1:
            return
        # Another process locks the rows of its own writes in the same order.
        together.sort(key=_place_in_order)
        try:
            with self._transaction(Lock.SHARED):
                outcomes = [self._run_part(write) for write in together]
        except BaseException as error:
            if self._may_be_committed:
                # To repeat a ballot could double it.
                for write in together:
                    write.outcome = partial(_fail, type(error).__name__)
            if not isinstance(error, Exception):
                raise
        else:
            for write, outcome in zip(together, outcomes, strict=True):
                write.outcome = outcome
            self._clean_up()

    def _run_part(self, write: _Waiting) -> Callable[[], Any] | None:
        """Run a write as a part of a transaction, and return its outcome. If its work raises an error,
        returns None and destroys the keys that it made. Raises peewee's errors, after which the transaction
        must be rolled back."""
        number_before, retired = len(self._made), len(self._retired)
        try:
            with self._database.part():
                result = write.context.run(write.work)
        except peewee.PeeweeException:
            raise
        except Exception:
            self._destroy(self._made[number_before:])
            del self._made[number_before:], self._retired[retired:]
            return None
        return lambda: result

    @contextmanager
    def write(self, *, is_step: bool = False) -> Iterator[None]:
        """Run the `with` block as one transaction. Keys that the block replaced are destroyed after the
        commit and before the next write; for those of closed rounds, which may be thousands, the next write
        does not wait.

        Raises StoreError before the transaction if the database may lose a commit: the old row would return
        without its key. Otherwise an error of the block, OSError or one of peewee's means that nothing was
        written, unless the commit itself failed. A rollback destroys the keys that the block made. A failed
        commit may have taken effect, so it destroys no key: the row's next write destroys the unused ones.
        With `is_step`, the next write does not wait until replaced keys are destroyed, and SQLite's log is
        not emptied.
        """
        with self._database.writing():
            with self._transaction(Lock.ALONE):
                yield
            retired, of_closed = self._retired, self._of_closed
            if not is_step:
                self._clean_up()
        if is_step:
            self._destroy(retired)
        self._forget(of_closed)

    @contextmanager
    def _transaction(self, lock: Lock) -> Iterator[None]:
        """Run the `with` block as one transaction, and save the keys that the block made before the commit.
        The caller holds the database's writer, and calls `_clean_up` afterwards."""
        self._made, self._retired, self._forgotten, self._of_closed = [], [], [], []
        self._may_be_committed = False
        try:
            self._database.check_keeps_commits()
            with self._database.transaction(lock):
                yield
                replaced = set(self._retired)
                self._keys.save(key for key in self._made if key not in replaced)
                self._may_be_committed = True
        except BaseException as error:
            if isinstance(error, peewee.PeeweeException) and is_rolled_back(error):
                self._may_be_committed = False
            if not self._may_be_committed:
                self._destroy(self._made)
            raise
        finally:
            self._keys.drop_unsaved()

    def clear_log(self) -> None:
        """Empty SQLite's log after the last of several steps. If that fails, the next write does it."""
        with self._database.writing(), _printed():
            self._database.clear_log()

    def _clean_up(self) -> None:
        """Destroy the keys of rows that the commit has replaced or deleted, and empty SQLite's log."""
        self._destroy(self._retired)
        self._forget(self._forgotten)
        with _printed():
            self._database.clear_log()

    def _forget(self, rows: Iterable[str]) -> None:
        """Destroy all keys of rows that a commit has deleted. If that fails, the next count destroys those of
        a closed round."""
        self._keys.together([partial(_or_print, self._keys.forget, row) for row in rows])

    def _destroy(self, keys: Iterable[tuple[str, str]]) -> None:
        """Destroy keys of replaced rows, or of a rolled-back write. If that fails, the row's next write
        destroys them."""
        self._keys.together([partial(_or_print, self._keys.destroy, *key) for key in keys])

    def seal(self, row: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Return (key id, sealed) of a new row: `plain`, padded to a multiple of `step` bytes, under a new
        key. The caller holds a write and stores both."""
        key_id, sealed = self._keys.seal(row, plain, step)
        self._made.append((row, key_id))
        return key_id, sealed

    def reseal(self, row: str, old_key: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Return (key id, sealed) of a changed row, as `seal` does. `old_key` is the id of the row's previous
        key: that key, and unused keys of the row, are destroyed after the commit."""
        if (row, old_key) not in self._made:
            # Otherwise the row on disk is still sealed under the key before it.
            self._retired += [(row, name) for name in self._keys.unused(row, keep=old_key)]
        self._retired.append((row, old_key))
        return self.seal(row, plain, step)

    def destroy_all_keys_after_commit(self, row: str) -> None:
        """Destroy all keys of a row, which this transaction deletes or inserts, after its commit: those that
        are there now, and none that is made later. The caller holds a write."""
        self._retired += [(row, name) for name in self._keys.unused(row, keep=None)]

    def rows_with_keys(self) -> frozenset[str]:
        """Return the names of the rows that have keys, for `destroy_leftover_keys_after_commit`."""
        return self._keys.rows()

    def destroy_leftover_keys_after_commit(
        self, rows: Iterable[str], open_rounds: Iterable[Round], closed: Iterable[Round]
    ) -> None:
        """Destroy, after this transaction's commit, keys of closed rounds that a crash after the commit of
        their closing left behind. `rows` are the names that `rows_with_keys` returned: a row that is not
        among them keeps its keys. `closed` are the closed rounds, and `open_rounds` all others, whose keys
        stay."""
        left = set(rows)
        for of_round in open_rounds:
            for unit in of_round.tree.leaves:
                left -= set(sealed_rows(of_round.id, unit))
        for of_round in closed if left else ():
            for unit in of_round.tree.leaves:
                self._of_closed += left.intersection(sealed_rows(of_round.id, unit))

    def destroy_keys_after_commit(self, of_round: Round) -> None:
        """Destroy the keys of a round's boxes, slip sets and letterboxes after this transaction's commit, and
        before the next write, which may open a round with the same id. The caller holds a write that is no
        step (`run_step`)."""
        for unit in of_round.tree.leaves:
            self._forgotten += sealed_rows(of_round.id, unit)

    def destroy_closed_keys_after_commit(self, of_round: Round, units: Iterable[str]) -> None:
        """Destroy all keys of these units' boxes, slip sets and letterboxes after this transaction's commit.
        The next write does not wait for that: the round closes, and its id never returns. The caller holds a
        write."""
        for unit in units:
            self._of_closed += sealed_rows(of_round.id, unit)

    def destroy_keys_now(self, of_round: Round) -> None:
        """Destroy every key of a round's boxes, slip sets and letterboxes at once, for a round whose rows
        were not committed. Bytes sealed under these keys can never be read again. A key that is missing is no
        error. Raises OSError if one cannot be destroyed: those after it remain."""
        for unit in of_round.tree.leaves:
            for row in sealed_rows(of_round.id, unit):
                self._keys.forget(row)


@contextmanager
def _printed() -> Iterator[None]:
    """Catch OSError and peewee's errors of the `with` block, and print, once, that an old key or log remains.
    The write is committed: an error would make the guest send the ballot again.

    The text of the error names a key file, so each message would differ: only its kind is printed.
    """
    try:
        yield
    except (OSError, peewee.PeeweeException) as error:
        kind = getattr(error, "strerror", None) or type(error).__name__
        print_once(f"an old key could not be destroyed; the next write tries: {kind}")


def _or_print(destroy: Callable[Arguments, None], *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
    """Call a function that destroys keys. If it fails, print that instead of raising (`_printed`)."""
    with _printed():
        destroy(*args, **kwargs)


class _HasWriter(Protocol):
    _writer: Writer


Owner = TypeVar("Owner", bound=_HasWriter)
Method: TypeAlias = Callable[Concatenate[Owner, Arguments], Result]


def one_write(method: Method[Owner, Arguments, Result]) -> Method[Owner, Arguments, Result]:
    """Make a method one write of its object's `_writer` (see `Writer.run`): it may run several times. The
    method must not be called within a write."""

    @wraps(method)
    def write(self: Owner, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return self._writer.run(lambda: method(self, *args, **kwargs))

    return write


def one_unit_write(
    method: Callable[Concatenate[Owner, str, str, Arguments], Result],
) -> Callable[Concatenate[Owner, str, str, Arguments], Result]:
    """Make a method one write of one unit (see `Writer.run_for_unit`). Its first arguments are the ids of a
    round and of the only unit whose rows it locks, the box first."""

    @wraps(method)
    def write(
        self: Owner, round_id: str, unit_id: str, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        unit = round_id, unit_id
        return self._writer.run_for_unit(unit, lambda: method(self, round_id, unit_id, *args, **kwargs))

    return write
