"""Second factors of accounts: sealed secrets, the last time step that signed in, and recovery codes.

A time step (RFC 6238) is the number of a period of 30 seconds since 1970. A recovery code has 80 random bits,
and its digest is stored. The caller encrypts the secret, so that neither the database nor a backup reveals
it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


@dataclass(frozen=True)
class SecondFactor:
    """An account's second factor (RFC 6238). `sealed_secret` is its secret, encrypted by the desk.
    `last_step` is the time step of the last code that was used, the number of a period of 30 seconds since
    1970; no code of it or of an earlier one is accepted again."""

    sealed_secret: str
    last_step: int


class SecondFactors:
    """The rows of second factors and recovery codes."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def of(self, name: str) -> SecondFactor | None:
        """Return an account's second factor; None if it has none."""
        row = tables.SecondFactor
        values = self._database.row(row.select(row.sealed_secret, row.last_step).where(row.name == name))
        return SecondFactor(*values) if values else None

    def names(self) -> frozenset[str]:
        """Return the names of the accounts with a second factor."""
        row = tables.SecondFactor
        return frozenset(name for (name,) in self._database.rows(row.select(row.name)))

    @one_write
    def set(self, name: str, factor: SecondFactor, recovery_codes: Iterable[str]) -> None:
        """Add or replace an account's second factor, whose secret is encrypted already, and all its recovery
        codes. The codes, all different, are given as the person reads them; their digests are stored."""
        self._delete(name)
        row = tables.SecondFactor
        self._database.run(
            row.insert(name=name, sealed_secret=factor.sealed_secret, last_step=factor.last_step)
        )
        self._add_codes(name, recovery_codes)

    @one_write
    def remove(self, name: str) -> bool:
        """Remove an account's second factor and recovery codes. Returns False if it has none."""
        has_one = self.of(name) is not None
        self._delete(name)
        return has_one

    @one_write
    def set_recovery_codes(self, name: str, recovery_codes: Iterable[str]) -> None:
        """Replace all recovery codes of an account. The codes, all different, are given as the person reads
        them; their digests are stored. The caller has checked that the account has a second factor."""
        self._database.run(tables.RecoveryCode.delete().where(tables.RecoveryCode.name == name))
        self._add_codes(name, recovery_codes)

    @one_write
    def use_step(self, name: str, step: int) -> bool:
        """Record that a code of this time step was used (`SecondFactor.last_step`). Returns False, and
        changes nothing, if a code of this step or a later one was used before, or the account has no second
        factor."""
        factor, row = self.of(name), tables.SecondFactor
        if factor is None or step <= factor.last_step:
            return False
        self._database.run(row.update(last_step=step).where(row.name == name))
        return True

    @one_write
    def use_recovery_code(self, name: str, code: str) -> bool:
        """Delete a recovery code, given exactly as it was shown to its person. Returns False if the account
        has no such code, or used it."""
        row = tables.RecoveryCode
        is_code = (row.name == name) & (row.digest == _digest(name, code))
        if self._database.row(row.select(row.digest).where(is_code)) is None:
            return False
        self._database.run(row.delete().where(is_code))
        return True

    def unused_recovery_codes(self, name: str) -> int:
        """Return the number of an account's unused recovery codes."""
        row = tables.RecoveryCode
        return len(self._database.rows(row.select(row.digest).where(row.name == name)))

    def _delete(self, name: str) -> None:
        for row in (tables.SecondFactor, tables.RecoveryCode):
            self._database.run(row.delete().where(row.name == name))

    def _add_codes(self, name: str, recovery_codes: Iterable[str]) -> None:
        row = tables.RecoveryCode
        for code in recovery_codes:
            self._database.run(row.insert(name=name, digest=_digest(name, code)))


def _digest(name: str, code: str) -> str:
    """Return the digest to store, in hex, of an account's name and a code. The code is as random as a key, so
    a quick hash suffices."""
    return hashlib.sha256(f"{name}\0{code}".encode()).hexdigest()
