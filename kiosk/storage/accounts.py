"""Who may sign in, and what for."""

from dataclasses import dataclass
from enum import StrEnum

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
    role: str
    password: str


class Accounts:
    """The rows of accounts."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write()
    def set(self, account: Account) -> None:
        """Add an account, or replace its role and password."""
        self._database.execute(
            "INSERT INTO account (name, role, password) VALUES (?, ?, ?) ON CONFLICT (name) "
            "DO UPDATE SET role = excluded.role, password = excluded.password",
            account.name,
            account.role,
            account.password,
        )

    def named(self, name: str) -> Account | None:
        row = self._database.one("SELECT name, role, password FROM account WHERE name = ?", name)
        return Account(*row) if row else None

    def are_any(self) -> bool:
        """Whether anybody may sign in."""
        return self._database.one("SELECT 1 FROM account") is not None
