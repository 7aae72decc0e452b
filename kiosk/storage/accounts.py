"""Who may sign in, and what for."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.sealed_rows import Writer, one_write


class Role(StrEnum):
    """What an account is for: opening rounds and reading results; printing, pairing; reading results."""

    COORDINATOR = "coordinator"
    STAFF = "staff"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in; `password` is a hash."""

    name: str
    role: Role
    password: str


class Accounts:
    """The rows of accounts."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write()
    def set(self, account: Account) -> None:
        """Add an account, or replace its role and password."""
        row = tables.Account
        self._database.run(
            row.insert(name=account.name, role=account.role, password=account.password).on_conflict(
                conflict_target=[row.name], preserve=[row.role, row.password]
            )
        )

    def named(self, name: str) -> Account | None:
        row = tables.Account
        found = self._database.row(row.select(row.name, row.role, row.password).where(row.name == name))
        return Account(found[0], Role(found[1]), found[2]) if found else None

    def are_any(self) -> bool:
        """Whether anybody may sign in."""
        return self._database.row(tables.Account.select(tables.Account.name).limit(1)) is not None
