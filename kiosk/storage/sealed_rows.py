"""Sealed rows (boxes, slip sets, letterboxes): the names of their keys, and the writes that change them.

Each write seals a row under a new key. The old key is destroyed after the commit, never before.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

import peewee

from kiosk.domain.rounds import Round
from kiosk.storage.database import Database
from kiosk.storage.keys import PAD_BYTES, KeyFolder, KeyUnavailableError
from kiosk.storage.locks import TRIES, Lock, is_rolled_back
from kiosk.storage.stderr_once import print_once

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class Sealed(StrEnum):
    """Kinds of sealed rows. Each unit of an open round has one row of each kind."""

    BOX = "box"
    SLIPS = "slips"
    LETTERBOX = "letterbox"


@dataclass(frozen=True)
class KeyFault:
    """A sealed row that cannot be decrypted. `problem` is the end of a sentence that begins with `file`."""

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


def box_row(round_id: str, unit_id: str) -> str:
    """Return the name of a unit's box in the key folder."""
    return f"{Sealed.BOX}.{round_id}.{unit_id}"


def slip_row(round_id: str, unit_id: str) -> str:
    """Return the name of a unit's slip set in the key folder."""
    return f"{Sealed.SLIPS}.{round_id}.{unit_id}"


def letterbox_row(round_id: str, unit_id: str) -> str:
    """Return the name of a unit's letterbox in the key folder."""
    return f"{Sealed.LETTERBOX}.{round_id}.{unit_id}"


def sealed_rows(round_id: str, unit_id: str) -> tuple[str, str, str]:
    """Return the names of a unit's three sealed rows in the key folder."""
    return box_row(round_id, unit_id), slip_row(round_id, unit_id), letterbox_row(round_id, unit_id)


class Writer:
    """Runs writes, one at a time and one transaction each, and destroys the keys that they replace."""

    def __init__(self, database: Database, keys: KeyFolder) -> None:
        self._database = database
        self._keys = keys
        self._made: list[tuple[str, str]] = []
        self._retired: list[tuple[str, str]] = []
        self._forgotten: list[str] = []

    def run(self, work: Callable[[], Result], lock: Lock) -> Result:
        """Return the result of `work`, run as one write. If the database rolls it back in favour of another
        write, all of `work` runs again, at most `locks.TRIES` times."""
        for _ in range(TRIES - 1):
            try:
                with self.write(lock):
                    return work()
            except peewee.OperationalError as error:
                if not is_rolled_back(error):
                    raise
        with self.write(lock):
            return work()

    @contextmanager
    def write(self, lock: Lock = Lock.ALONE) -> Iterator[None]:
        """Run the `with` block as one transaction. Keys that it replaced are destroyed after the commit.

        After a rollback, the keys that it made are destroyed. A failed commit may have taken effect
        nevertheless, so no key is destroyed then; the row's next write destroys the unused ones. Raises
        StoreError, before the transaction, if the database may lose a commit: the old row would return
        without its key.
        """
        with self._database.writing():
            self._database.check_keeps_commits()
            self._made, self._retired, self._forgotten = [], [], []
            is_committing = False
            try:
                with self._database.transaction(lock):
                    yield
                    is_committing = True
            except BaseException as error:
                if not is_committing or (isinstance(error, peewee.PeeweeException) and is_rolled_back(error)):
                    self._destroy_made()
                raise
            try:
                for row, key_id in self._retired:
                    self._keys.destroy(row, key_id)
                for row in self._forgotten:
                    self._keys.forget(row)
                self._database.clear_log()
            except (OSError, peewee.PeeweeException) as error:
                # Do not raise: the write is committed, and an error would make the guest send the ballot
                # again. Print the kind of error only: its text names a key file, so each message would
                # differ.
                kind = getattr(error, "strerror", None) or type(error).__name__
                print_once(f"an old key could not be destroyed; the next write tries: {kind}")

    def _destroy_made(self) -> None:
        """Destroy the keys of a rolled-back write. If that fails, the row's next write destroys them."""
        with suppress(OSError):
            for row, key_id in self._made:
                self._keys.destroy(row, key_id)

    def seal(self, row: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Return (key id, sealed) of a new row: `plain`, padded to a multiple of `step` bytes, under a new
        key."""
        key_id, sealed = self._keys.seal(row, plain, step)
        self._made.append((row, key_id))
        return key_id, sealed

    def reseal(self, row: str, old_key: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Return (key id, sealed) of a changed row, under a new key. The old key is destroyed after the
        commit."""
        self._keys.sweep(row, keep=old_key)
        self._retired.append((row, old_key))
        return self.seal(row, plain, step)

    def destroy_keys_after_commit(self, of_round: Round) -> None:
        """Destroy the keys of a closed round's rows after this transaction's commit."""
        for unit in of_round.tree.leaves:
            self._forgotten += sealed_rows(of_round.id, unit)

    def destroy_keys_now(self, of_round: Round) -> None:
        """Destroy every key of a round's boxes, slip sets and letterboxes at once.

        For a round whose rows were not committed: bytes sealed under these keys can never be read again. A
        key that is missing is no error.
        """
        for unit in of_round.tree.leaves:
            for row in sealed_rows(of_round.id, unit):
                self._keys.forget(row)


class _HasWriter(Protocol):
    _writer: Writer


Owner = TypeVar("Owner", bound=_HasWriter)
Method: TypeAlias = Callable[Concatenate[Owner, Arguments], Result]


def one_write(
    lock: Lock = Lock.ALONE,
) -> Callable[[Method[Owner, Arguments, Result]], Method[Owner, Arguments, Result]]:
    """Return a decorator that runs a method as one write of its object's writer (see `Writer.run`)."""

    def decorate(method: Method[Owner, Arguments, Result]) -> Method[Owner, Arguments, Result]:
        @wraps(method)
        def write(self: Owner, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            return self._writer.run(lambda: method(self, *args, **kwargs), lock)

        return write

    return decorate
