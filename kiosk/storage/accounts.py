"""Accounts of staff, their roles, and the epoch of their sessions.

A session holds the account's epoch. A new epoch ends every session of the account at once, on every device.
The epoch is random: it reveals no time and no number of sessions.
"""

import secrets
from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.storage import tables
from kiosk.storage.database import Database, StoreError
from kiosk.storage.sealed_rows import Writer, one_write


class Role(StrEnum):
    """Coordinators open rounds and read all results; staff print slips, pair kiosks and read the results of
    closed rounds; viewers read all results."""

    COORDINATOR = "coordinator"
    STAFF = "staff"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Account:
    """A person's account; `password` is an argon2 hash.

    Each session of an account holds its `session_epoch`, a random text: a new one ends them all. It is ""
    after a restore or an upgrade from a version without epochs, until the next sign-in. It is also "" in the
    accounts that `Accounts.all` returns, whatever is stored. Storing an account ignores this field and draws
    a new epoch.
    """

    name: str
    role: Role
    password: str
    session_epoch: str = ""


SESSION_EPOCH = "session_epoch "
"""Prefix of keys of the table `installation`: with an account's name after it, the key of that account's
epoch. No backup has these rows: a restored epoch would revive sessions that ended after the backup."""


class LastCoordinatorError(StoreError):
    """The change would leave the installation without a coordinator. After it, only a command in a shell
    could add one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the only coordinator; add another one first")


class NoAccountError(StoreError):
    """The account to change does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no account named {name!r}")


class Accounts:
    """The rows of accounts. Each change is one transaction, which never takes the last coordinator away. The
    first account may have any role."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    @one_write
    def set(self, account: Account) -> None:
        """Add an account, or replace its role and password; its second factor and mail stay. Ends its
        sessions and deletes its one-time link; if it loses the role of coordinator, the links of all
        accounts.

        Raises LastCoordinatorError if the only coordinator would get another role.
        """
        self.put(account)

    def put(self, account: Account) -> None:
        """Do what `set` does, within a caller's write: add an account, or replace its role and password.
        Raises LastCoordinatorError if the only coordinator would get another role."""
        row = tables.Account
        if account.role is not Role.COORDINATOR:
            self._check_other_coordinator(account.name)
            self._withdraw_links_of_coordinators(account.name)
        self._database.run(
            row.insert(name=account.name, role=account.role, password=account.password).on_conflict(
                conflict_target=[row.name], preserve=[row.role, row.password]
            )
        )
        self._withdraw_links(account.name)
        self._renew_epoch(account.name)

    @one_write
    def set_role(self, name: str, role: Role) -> None:
        """Replace an account's role, end its sessions and delete its one-time link, also if the role is the
        same; if it loses the role of coordinator, delete the links of all accounts. Raises NoAccountError if
        there is no such account, LastCoordinatorError if the only coordinator would get another role."""
        self.put(replace(self._existing(name), role=role))

    @one_write
    def set_password(self, name: str, password: str) -> None:
        """Replace an account's password, given as a hash, end its sessions and delete its one-time link.
        Raises NoAccountError if there is no such account."""
        self.put(replace(self._existing(name), password=password))

    @one_write
    def remove(self, name: str) -> bool:
        """Remove an account with its second factor, one-time link, e-mail address and queued mail, and end
        its sessions. If it was a coordinator's, the one-time links of all accounts are deleted, since she may
        have made any. Returns False if there is no such account. Raises LastCoordinatorError for the only
        coordinator."""
        if self.named(name) is None:
            return False
        self._check_other_coordinator(name)
        self._withdraw_links_of_coordinators(name)
        for row in (
            tables.Account,
            tables.SecondFactor,
            tables.RecoveryCode,
            tables.MailChoice,
            tables.OutgoingMail,
        ):
            self._database.run(row.delete().where(row.name == name))
        self._withdraw_links(name)
        values = tables.Installation
        self._database.run(values.delete().where(values.key == SESSION_EPOCH + name))
        return True

    def _check_other_coordinator(self, name: str) -> None:
        """Raise LastCoordinatorError if this account is the only coordinator."""
        if [account.name for account in self.all() if account.role is Role.COORDINATOR] == [name]:
            raise LastCoordinatorError(name)

    def _existing(self, name: str) -> Account:
        account = self.named(name)
        if account is None:
            raise NoAccountError(name)
        return account

    def _withdraw_links(self, name: str) -> None:
        self._database.run(tables.AccountLink.delete().where(tables.AccountLink.name == name))

    def _withdraw_links_of_coordinators(self, name: str) -> None:
        """Delete the one-time links of all accounts if this account is a coordinator, who is about to lose
        that role, and may have kept links as a way back."""
        account = self.named(name)
        if account is not None and account.role is Role.COORDINATOR:
            self._database.run(tables.AccountLink.delete())

    @one_write
    def end_sessions(self, name: str) -> None:
        """End every session of an account, which exists: the caller has checked that."""
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

    def all(self) -> list[Account]:
        """Return all accounts, sorted by name, without the epochs of their sessions."""
        row = tables.Account
        rows = self._database.rows(row.select(row.name, row.role, row.password).order_by(row.name))
        return [Account(name, Role(role), password) for name, role, password in rows]

    def are_any(self) -> bool:
        """Return whether there is any account."""
        return self._database.row(tables.Account.select(tables.Account.name).limit(1)) is not None
