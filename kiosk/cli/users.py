"""The accounts of staff, who sign in at the desk."""

import sys
from datetime import datetime

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.storage import COMMAND_LINE, Account, Deed, Role, StoreError, hash_password

SHORTEST_PASSWORD_CHARACTERS = 10


@click.group()
def user() -> None:
    """Accounts for staff."""


@user.command(name="add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@report_errors
def user_add(name: str, role: str) -> None:
    """Add an account, or change its role and password, which ends its sessions. Asks for the password."""
    store = installed_store(current_settings())
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise StoreError("a name must be 1 to 80 printable characters")
    password = _password()
    store.accounts.set(Account(name.strip(), Role(role), hash_password(password)))
    store.audit_log.note(datetime.now(), COMMAND_LINE, Deed.ACCOUNT_SET, f"{name.strip()}, {role}")
    click.echo(f"{name.strip()} may sign in as {role}.")


@user.command(name="remove")
@click.argument("name")
@report_errors
def user_remove(name: str) -> None:
    """Remove an account and end its sessions. What it did stays in the log."""
    store = installed_store(current_settings())
    if not store.accounts.remove(name.strip()):
        raise StoreError(f"there is no account named {name.strip()!r}")
    store.audit_log.note(datetime.now(), COMMAND_LINE, Deed.ACCOUNT_REMOVED, name.strip())
    click.echo(f"{name.strip()} is removed and signed out.")


def _password() -> str:
    """Read the password from a prompt, or from standard input if that is not a terminal."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST_PASSWORD_CHARACTERS:
        raise StoreError(f"the password must be at least {SHORTEST_PASSWORD_CHARACTERS} characters long")
    return password
