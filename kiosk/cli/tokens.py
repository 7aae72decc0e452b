"""Tokens with which programs read the published figures."""

from datetime import datetime

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.cli.users import checked_name
from kiosk.storage import COMMAND_LINE, Action, StoreError


@click.group()
def token() -> None:
    """Tokens for programs that read the published figures."""


@token.command(name="add")
@click.argument("name")
@report_errors
def token_add(name: str) -> None:
    """Create a token and print it. It is stored nowhere else, and reads the snapshot and the exports only."""
    store, name, now = installed_store(current_settings()), checked_name(name), datetime.now()
    code = store.api_tokens.add(name, now)
    store.audit_log.note(now, COMMAND_LINE, Action.TOKEN_MADE, name)
    click.echo(code)
    click.echo("kiosk: send it as Authorization: Bearer TOKEN to /admin/api/results.json", err=True)


@token.command(name="list")
@report_errors
def token_list() -> None:
    """List all tokens, with the day on which each was made."""
    for known in installed_store(current_settings()).api_tokens.all():
        click.echo(f"{known.name}  {known.made_at:%Y-%m-%d}")


@token.command(name="remove")
@click.argument("name")
@report_errors
def token_remove(name: str) -> None:
    """Remove a token. It is refused from now on."""
    store, name = installed_store(current_settings()), name.strip()
    if not store.api_tokens.remove(name):
        raise StoreError(f"there is no token named {name!r}; see kiosk token list")
    store.audit_log.note(datetime.now(), COMMAND_LINE, Action.TOKEN_REMOVED, name)
    click.echo(f"{name} is removed.")
