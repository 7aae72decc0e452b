"""Accounts of staff, their roles, and the epoch of their sessions.

A session holds the account's epoch. A new epoch ends every session of the account at once, on every device.
The epoch is random: it reveals no time and no number of sessions.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class Role(StrEnum):
    """Coordinators open rounds and read results, staff print slips and pair kiosks, viewers read results."""

    COORDINATOR = "coordinator"
    STAFF = "staff"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Account:
    """A person's account; `password` is a hash.

    `session_epoch` is empty from a restore or an upgrade until the next sign-in.
    """

    name: str
    role: Role
    password: str
    session_epoch: str = ""


SESSION_EPOCH = "session_epoch "
"""Prefix of an account's key in the table `installation`. No backup has these rows: a restored epoch would
revive sessions that ended after the backup."""


class Accounts:
    """The rows of accounts."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write()
    def set(self, account: Account) -> None:
        """Add an account, or replace its role and password and end its sessions."""
        row = tables.Account
        self._database.run(
            row.insert(name=account.name, role=account.role, password=account.password).on_conflict(
                conflict_target=[row.name], preserve=[row.role, row.password]
            )
        )
        self._renew_epoch(account.name)

    @one_write()
    def remove(self, name: str) -> bool:
        """Remove an account and end its sessions. Returns False if there is no such account."""
        row, values = tables.Account, tables.Installation
        if self.named(name) is None:
            return False
        self._database.run(row.delete().where(row.name == name))
        self._database.run(values.delete().where(values.key == SESSION_EPOCH + name))
        return True

    @one_write()
    def end_sessions(self, name: str) -> None:
        """End every session of an account."""
        self._renew_epoch(name)

    def _renew_epoch(self, name: str) -> None:
        self._database.set(SESSION_EPOCH + name, secrets.token_hex(16))

    def named(self, name: str) -> Account | None:
        """Return the account with this name; None if there is none."""
        row = tables.Account
        values = self._database.row(row.select(row.name, row.role, row.password).where(row.name == name))
        if values is None:
            return None
        return Account(values[0], Role(values[1]), values[2], self._database.get(SESSION_EPOCH + name) or "")

    def are_any(self) -> bool:
        """Return whether there is any account."""
        return self._database.row(tables.Account.select(tables.Account.name).limit(1)) is not None
