"""Boxes, slip sets and letterboxes are sealed rows: what their keys go by, and the write that changes them.

Each write seals a row under a new key. The old one is destroyed once the row is committed under the new,
never before.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import peewee

from kiosk.domain.rounds import Round
from kiosk.storage.database import Database
from kiosk.storage.keys import PAD_BYTES, KeyFolder
from kiosk.storage.stderr_once import say_once


def box_row(round_id: str, unit_id: str) -> str:
    return f"box.{round_id}.{unit_id}"


def slip_row(round_id: str, unit_id: str) -> str:
    return f"slips.{round_id}.{unit_id}"


def letterbox_row(round_id: str, unit_id: str) -> str:
    return f"letterbox.{round_id}.{unit_id}"


def sealed_rows(round_id: str, unit_id: str) -> tuple[str, str, str]:
    """What the keys of all that is sealed at a unit go by."""
    return box_row(round_id, unit_id), slip_row(round_id, unit_id), letterbox_row(round_id, unit_id)


class Writer:
    """One writer at a time, one transaction a write, and the keys each write makes useless."""

    def __init__(self, database: Database, keys: KeyFolder) -> None:
        self._database = database
        self._keys = keys
        self._retired: list[tuple[str, str]] = []
        self._forgotten: list[str] = []

    @contextmanager
    def write(self) -> Iterator[None]:
        """One writer, one transaction; keys it made useless are destroyed once it is committed.

        After an error no key is destroyed: the commit may have happened, and the next write sweeps.
        """
        with self._database.writing():
            self._retired, self._forgotten = [], []
            with self._database.transaction():
                yield
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

    def reseal(self, row: str, old_key: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Seal under a new key; the old one is destroyed once the transaction is committed."""
        self._keys.sweep(row, keep=old_key)
        self._retired.append((row, old_key))
        return self._keys.seal(row, plain, step)

    def forget_keys(self, of_round: Round) -> None:
        """Have the keys of a closed round's rows destroyed once this transaction is committed."""
        for unit in of_round.tree.leaves:
            self._forgotten += sealed_rows(of_round.id, unit)
