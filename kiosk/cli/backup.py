"""Backups: writing one, and bringing it back."""

from pathlib import Path

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import mendable
from kiosk.operation.backup import restore_backup, write_backup
from kiosk.settings import secret_key
from kiosk.storage import open_store


@click.command(name="backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@mendable
def backup_command(file: Path) -> None:
    """Write a backup: all but uncounted ballots, slips and keys. Safe while serving."""
    settings = current_settings()
    size = write_backup(installed_store(settings), settings, file)
    click.echo(f"{file}: {size} bytes. Ballots that wait, slips and keys are not in it, on purpose.")


@click.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@mendable
def restore_command(file: Path) -> None:
    """Bring a backup back, into an empty KIOSK_DATA."""
    settings = current_settings()
    store = open_store(settings.data, settings.database_url, settings.keys)
    store.migrate()
    boxes = restore_backup(store, settings, file)
    secret_key(settings)
    click.echo(f"Restored into {settings.data}; {boxes} boxes begin anew, empty. Print new slips.")
