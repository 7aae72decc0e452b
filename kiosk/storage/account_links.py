"""One-time links with which people choose a password: for a new account, or for one that exists.

A link has 128 random bits. The database stores its digest only. Backups leave the rows out: a restored link
would be valid again. Opening a link changes nothing; choosing the password deletes it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from kiosk.storage import tables
from kiosk.storage.accounts import Account, Accounts, NoAccountError, Role
from kiosk.storage.database import Database, StoreError
from kiosk.storage.sealed_rows import Writer, one_write

LINK_LIFETIME = timedelta(days=3)
"""Time from the creation of a link to its expiry: enough to send it on a Friday."""


class AccountExistsError(StoreError):
    """The name for a new account is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is an account named {name!r} already")


@dataclass(frozen=True)
class AccountLink:
    """A valid link: its reader chooses the password of the account `name`, which is created if `role` is not
    None."""

    name: str
    role: Role | None


class AccountLinks:
    """The rows of links. An account has at most one link: a new one replaces it."""

    def __init__(self, database: Database, writer: Writer, accounts: Accounts) -> None:
        self._database = database
        self._writer = writer
        self._accounts = accounts

    @one_write()
    def add(self, name: str, role: Role | None, now: datetime) -> str:
        """Return the code of a new link, which is stored nowhere, and delete expired links.

        With a role the account is new: raises AccountExistsError if the name is taken. Without one it exists:
        raises NoAccountError.
        """
        account, row = self._accounts.named(name), tables.AccountLink
        if role is not None and account is not None:
            raise AccountExistsError(name)
        if role is None and account is None:
            raise NoAccountError(name)
        is_replaced = (row.name == name) | (row.expires_at <= now.isoformat())
        self._database.run(row.delete().where(is_replaced))
        code = secrets.token_hex(16)
        expires_at = (now + LINK_LIFETIME).isoformat()
        self._database.run(
            row.insert(digest=_digest(code), name=name, role=role or "", expires_at=expires_at)
        )
        return code

    def valid(self, code: str, now: datetime) -> AccountLink | None:
        """Return the link with this code; None if the code is unknown, used or expired."""
        row = tables.AccountLink
        is_valid = (row.digest == _digest(code)) & (row.expires_at > now.isoformat())
        values = self._database.row(row.select(row.name, row.role).where(is_valid))
        return AccountLink(values[0], Role(values[1]) if values[1] else None) if values else None

    @one_write()
    def use(self, code: str, password: str, now: datetime) -> Account | None:
        """Set the password, given as a hash, and delete the link. Returns the account, or None if the code is
        unknown, used or expired."""
        link = self.valid(code, now)
        if link is None:
            return None
        existing = self._accounts.named(link.name)
        role = link.role or (existing.role if existing else None)
        if role is None:
            return None
        account = Account(link.name, role, password)
        self._accounts.put(account)
        return account

    def waiting(self, now: datetime) -> dict[str, Role]:
        """Return name -> role of the new accounts whose links are not used and not expired, by name."""
        row = tables.AccountLink
        is_waiting = (row.role != "") & (row.expires_at > now.isoformat())
        rows = self._database.rows(row.select(row.name, row.role).where(is_waiting).order_by(row.name))
        return {name: Role(role) for name, role in rows}

    @one_write()
    def withdraw(self, name: str) -> bool:
        """Delete the link for a new account. Returns False if there is none."""
        row = tables.AccountLink
        is_new = (row.name == name) & (row.role != "")
        count = self._database.row(row.select(peewee.fn.COUNT(row.digest)).where(is_new))
        self._database.run(row.delete().where(is_new))
        return bool(count and count[0])


def _digest(code: str) -> str:
    """Return the digest to store. The code is as random as a key, so a quick hash suffices."""
    return hashlib.sha256(code.encode()).hexdigest()
