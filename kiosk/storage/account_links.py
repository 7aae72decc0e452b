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
"""Time from the creation of a link to its expiry: one sent on a Friday still opens on Monday morning."""


class AccountExistsError(StoreError):
    """The name for a new account is taken."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is an account named {name!r} already")


@dataclass(frozen=True)
class AccountLink:
    """A valid link: its reader chooses the password of the account `name`. If `role` is not None, that
    creates the account, with this role; if it is None, the account exists."""

    name: str
    role: Role | None


class AccountLinks:
    """The rows of one-time links for choosing a password. An account has at most one link: a new one replaces
    it. All times are local and naive."""

    def __init__(self, database: Database, writer: Writer, accounts: Accounts) -> None:
        self._database = database
        self._writer = writer
        self._accounts = accounts

    @one_write
    def add(self, name: str, role: Role | None, now: datetime) -> str:
        """Store a new link for the account `name`, in place of its previous one, and delete expired links of
        all accounts. Returns the link's code, of which only a digest is stored.

        With a `role` the link creates the account: raises AccountExistsError if the name is taken. With None
        it is for an account that exists: raises NoAccountError if there is none.
        """
        account, row = self._accounts.named(name), tables.AccountLink
        if role is not None and account is not None:
            raise AccountExistsError(name)
        if role is None and account is None:
            raise NoAccountError(name)
        is_obsolete = (row.name == name) | (row.expires_at <= now.isoformat())
        self._database.run(row.delete().where(is_obsolete))
        code = secrets.token_hex(16)
        expires_at = (now + LINK_LIFETIME).isoformat()
        self._database.run(
            row.insert(digest=_digest(code), name=name, role=role or "", expires_at=expires_at)
        )
        return code

    def valid(self, code: str, now: datetime) -> AccountLink | None:
        """Return the link with this code; None if the code is unknown or expired, or its link was deleted: it
        was used, replaced or withdrawn, the account changed, or a coordinator lost that role
        (`Accounts.set`)."""
        row = tables.AccountLink
        is_valid = (row.digest == _digest(code)) & (row.expires_at > now.isoformat())
        values = self._database.row(row.select(row.name, row.role).where(is_valid))
        return AccountLink(values[0], Role(values[1]) if values[1] else None) if values else None

    @one_write
    def use(self, code: str, password: str, now: datetime) -> Account | None:
        """Create the link's account with this password, given as a hash, or replace the password of the
        account that exists and end its sessions. Deletes the link.

        Returns the account, without its session epoch. If the code is not valid (`valid`), returns None and
        changes nothing.
        """
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
        """Return account name -> role, sorted by name, from the valid links that create an account. Links for
        existing accounts are left out."""
        row = tables.AccountLink
        is_waiting = (row.role != "") & (row.expires_at > now.isoformat())
        rows = self._database.rows(row.select(row.name, row.role).where(is_waiting).order_by(row.name))
        return {name: Role(role) for name, role in rows}

    def are_any(self, now: datetime) -> bool:
        """Return whether there is a valid link, for a new account or for one that exists."""
        row = tables.AccountLink
        rows = self._database.rows(row.select(row.name).where(row.expires_at > now.isoformat()).limit(1))
        return bool(list(rows))

    @one_write
    def withdraw(self, name: str) -> bool:
        """Delete the link that would create the account `name`, expired or not. Returns False if there is no
        such link. A link for an existing account is not deleted."""
        row = tables.AccountLink
        is_new = (row.name == name) & (row.role != "")
        count = self._database.row(row.select(peewee.fn.COUNT(row.digest)).where(is_new))
        self._database.run(row.delete().where(is_new))
        return bool(count and count[0])


def _digest(code: str) -> str:
    """Return the digest to store, in hex. The code is as random as a key, so a quick hash suffices."""
    return hashlib.sha256(code.encode()).hexdigest()
