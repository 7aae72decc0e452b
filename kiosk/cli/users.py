"""The accounts of staff, who sign in at the desk."""

import sys
from datetime import datetime

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.storage import (
    COMMAND_LINE,
    LINK_LIFETIME,
    SHORTEST_PASSWORD_CHARACTERS,
    Account,
    Deed,
    Role,
    StoreError,
    hash_password,
)

ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """Accounts for staff."""


@user.command(name="add")
@click.argument("name")
@click.option("--role", type=ROLES, required=True)
@report_errors
def user_add(name: str, role: str) -> None:
    """Add an account, or change its role and password, which ends its sessions. Asks for the password."""
    store = installed_store(current_settings())
    name = checked_name(name)
    password = _password()
    store.accounts.set(Account(name, Role(role), hash_password(password)))
    store.audit_log.note(datetime.now(), COMMAND_LINE, Deed.ACCOUNT_SET, f"{name}, {role}")
    click.echo(f"{name} may sign in as {role}.")


@user.command(name="list")
@report_errors
def user_list() -> None:
    """List all accounts, and those whose link is not used yet."""
    store = installed_store(current_settings())
    with_factor = store.second_factors.names()
    for account in store.accounts.all():
        factor = "password and code" if account.name in with_factor else "password"
        click.echo(f"{account.name}  {account.role}  {factor}")
    for name, role in store.account_links.waiting(datetime.now()).items():
        click.echo(f"{name}  {role}  link not used")


@user.command(name="link")
@click.argument("name")
@click.option("--role", type=ROLES, help="Of a new account; leave it out for a new password.")
@report_errors
def user_link(name: str, role: str | None) -> None:
    """Create a link with which a person chooses a password, once: for a new account, or instead of a
    forgotten one. It is stored nowhere else."""
    store, name, now = installed_store(current_settings()), checked_name(name), datetime.now()
    code = store.account_links.add(name, Role(role) if role else None, now)
    if role:
        store.audit_log.note(now, COMMAND_LINE, Deed.ACCOUNT_LINK_MADE, f"{name}, {role}")
    else:
        store.audit_log.note(now, COMMAND_LINE, Deed.RESET_LINK_MADE, name)
    click.echo(f"/admin/account-link/{code}")
    until = f"{now + LINK_LIFETIME:%Y-%m-%d %H:%M}"
    click.echo(f"kiosk: {name} opens this path at the desk's address, once, before {until}", err=True)


@user.command(name="role")
@click.argument("name")
@click.argument("role", type=ROLES)
@report_errors
def user_role(name: str, role: str) -> None:
    """Change an account's role, which ends its sessions."""
    store = installed_store(current_settings())
    store.accounts.set_role(name.strip(), Role(role))
    store.audit_log.note(datetime.now(), COMMAND_LINE, Deed.ROLE_CHANGED, f"{name.strip()}, {role}")
    click.echo(f"{name.strip()} is {role} and signed out.")


@user.command(name="reset-factor")
@click.argument("name")
@report_errors
def user_reset_factor(name: str) -> None:
    """Remove an account's second factor and recovery codes. It signs in with its password only."""
    store = installed_store(current_settings())
    if not store.second_factors.remove(name.strip()):
        raise StoreError(f"there is no account named {name.strip()!r} with a second factor")
    store.audit_log.note(datetime.now(), COMMAND_LINE, Deed.SECOND_FACTOR_REMOVED, name.strip())
    click.echo(f"{name.strip()} signs in with the password only.")


@user.command(name="remove")
@click.argument("name")
@report_errors
def user_remove(name: str) -> None:
    """Remove an account and end its sessions, or withdraw its link. Its entries in the log stay."""
    store, name = installed_store(current_settings()), name.strip()
    if store.account_links.withdraw(name):
        store.audit_log.note(datetime.now(), COMMAND_LINE, Deed.ACCOUNT_LINK_WITHDRAWN, name)
        click.echo(f"The link of {name} is withdrawn.")
        return
    if not store.accounts.remove(name):
        raise StoreError(f"there is no account named {name!r}")
    store.audit_log.note(datetime.now(), COMMAND_LINE, Deed.ACCOUNT_REMOVED, name)
    click.echo(f"{name} is removed and signed out.")


def checked_name(name: str) -> str:
    """Return a name of an account or a token without spaces around it. Raises StoreError for a bad one."""
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise StoreError("a name must be 1 to 80 printable characters")
    return name.strip()


def _password() -> str:
    """Read the password from a prompt, or from standard input if that is not a terminal."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST_PASSWORD_CHARACTERS:
        raise StoreError(f"the password must be at least {SHORTEST_PASSWORD_CHARACTERS} characters long")
    return password
