"""Accounts of staff and their roles."""

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
    """A person's account; `password` is a hash."""

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
        values = self._database.row(row.select(row.name, row.role, row.password).where(row.name == name))
        return Account(values[0], Role(values[1]), values[2]) if values else None

    def are_any(self) -> bool:
        """Whether there is any account."""
        return self._database.row(tables.Account.select(tables.Account.name).limit(1)) is not None
