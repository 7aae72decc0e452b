"""Boxes, slip sets and letterboxes are sealed rows: what their keys go by, and the write that changes them.

Each write seals a row under a new key. The old one is destroyed once the row is committed under the new,
never before.
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
from kiosk.storage.keys import PAD_BYTES, KeyFolder, KeysAwayError
from kiosk.storage.locks import TRIES, Lock, is_rolled_back
from kiosk.storage.stderr_once import say_once

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class Sealed(StrEnum):
    """Kinds of sealed rows. Each unit of an open round has one of each."""

    BOX = "box"
    SLIPS = "slips"
    LETTERBOX = "letterbox"


@dataclass(frozen=True)
class KeyFault:
    """A sealed row that its key does not open. `problem` is the end of a sentence that begins with `file`."""

    kind: Sealed
    round_id: str
    unit_id: str
    file: Path
    problem: str


def key_faults(keys: KeyFolder, kind: Sealed, rows: Iterable[tuple[str, str, str, bytes]]) -> list[KeyFault]:
    """The faults of one kind's rows: (round id, unit id, key id, sealed) each, locked by the caller."""
    found = []
    for round_id, unit_id, key_id, sealed in rows:
        try:
            keys.open(f"{kind}.{round_id}.{unit_id}", key_id, bytes(sealed))
        except KeysAwayError as error:
            found.append(KeyFault(kind, round_id, unit_id, error.file, error.problem))
    return found


def box_row(round_id: str, unit_id: str) -> str:
    return f"{Sealed.BOX}.{round_id}.{unit_id}"


def slip_row(round_id: str, unit_id: str) -> str:
    return f"{Sealed.SLIPS}.{round_id}.{unit_id}"


def letterbox_row(round_id: str, unit_id: str) -> str:
    return f"{Sealed.LETTERBOX}.{round_id}.{unit_id}"


def sealed_rows(round_id: str, unit_id: str) -> tuple[str, str, str]:
    """What the keys of all that is sealed at a unit go by."""
    return box_row(round_id, unit_id), slip_row(round_id, unit_id), letterbox_row(round_id, unit_id)


class Writer:
    """One writer at a time, one transaction a write, and the keys each write makes useless."""

    def __init__(self, database: Database, keys: KeyFolder) -> None:
        self._database = database
        self._keys = keys
        self._made: list[tuple[str, str]] = []
        self._retired: list[tuple[str, str]] = []
        self._forgotten: list[str] = []

    def run(self, work: Callable[[], Result], lock: Lock) -> Result:
        """Do one write, and do it anew, from its first read, where the database rolls it back for another."""
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
        """One writer, one transaction; keys it made useless are destroyed once it is committed.

        After a rollback the keys it made are destroyed. Where a commit fails it may have happened all the
        same: then no key is destroyed, and the next write sweeps. Raises StoreError where the database may
        lose a commit later: its row would be back, and its key gone.
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
                # The write is committed: to call it failed would bring the same ballot again.
                # Its kind only: its words name a key, and would make each message another.
                kind = getattr(error, "strerror", None) or type(error).__name__
                say_once(f"an old key could not be destroyed; the next write tries: {kind}")

    def _destroy_made(self) -> None:
        """Destroy the keys of rows that were rolled back; the row's next write sweeps one that stays."""
        with suppress(OSError):
            for row, key_id in self._made:
                self._keys.destroy(row, key_id)

    def seal(self, row: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Seal a new row: (key id, sealed)."""
        key_id, sealed = self._keys.seal(row, plain, step)
        self._made.append((row, key_id))
        return key_id, sealed

    def reseal(self, row: str, old_key: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Seal under a new key; the old one is destroyed once the transaction is committed."""
        self._keys.sweep(row, keep=old_key)
        self._retired.append((row, old_key))
        return self.seal(row, plain, step)

    def forget_keys(self, of_round: Round) -> None:
        """Have the keys of a closed round's rows destroyed once this transaction is committed."""
        for unit in of_round.tree.leaves:
            self._forgotten += sealed_rows(of_round.id, unit)

    def destroy_keys(self, of_round: Round) -> None:
        """Destroy the keys of a round's rows at once: the transaction that made all of them failed."""
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
    """Make a method one write of its object's writer: see `Writer.run`."""

    def decorate(method: Method[Owner, Arguments, Result]) -> Method[Owner, Arguments, Result]:
        @wraps(method)
        def write(self: Owner, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            return self._writer.run(lambda: method(self, *args, **kwargs), lock)

        return write

    return decorate
