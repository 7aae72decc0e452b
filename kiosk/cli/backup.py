"""Backups: writing and restoring them."""

from datetime import date
from pathlib import Path

import click

import kiosk
from kiosk.cli.arguments import current_settings, installed_store, owned_settings
from kiosk.cli.errors import in_english, report_errors
from kiosk.operation.backup import write_backup
from kiosk.operation.restore import restore_backup
from kiosk.settings import secret_key
from kiosk.storage import StoreError, TermsError


@click.command(name="backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@report_errors
def backup_command(file: Path) -> None:
    """Write a backup: everything except uncounted ballots, slips and keys. Safe while serving."""
    settings = current_settings()
    written = write_backup(installed_store(settings), settings, file, date.today())
    click.echo(
        f"{file}: {written.size} bytes, by version {kiosk.__version__} (schema {written.manifest.schema})."
    )
    files = ", ".join(f"{name} {number}" for name, number in sorted(written.files.items()))
    click.echo(
        f"In it: rounds {written.rounds}, with their published figures; accounts {written.accounts}; "
        f"addresses; the log; files of your own {written.files.total()}{f' ({files})' if files else ''}."
    )
    click.echo(
        "Not in it, on purpose: ballots that wait to be counted, slips, keys, the key of sessions; "
        "hidden and temporary files."
    )
    for name, reason in sorted(written.left_out.items()):
        click.echo(f"Not in it: {name!r} ({reason}); keep it elsewhere if you need it.")


@click.command(name="restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@report_errors
def restore_command(file: Path) -> None:
    """Restore a backup into an empty KIOSK_DATA."""
    settings = owned_settings()
    try:
        restored = restore_backup(settings, file)
    except TermsError as error:
        reasons = in_english(error.messages)
        raise StoreError(f"{file}: round {error.round_id}: {reasons} Nothing was restored") from error
    secret_key(settings)
    click.echo(
        f"Restored into {settings.data}: rounds {restored.rounds}, accounts {restored.accounts}, files of "
        f"your own {restored.files}."
    )
    click.echo(
        f"{restored.boxes} boxes are empty again: print new slips. Everybody signs in again. Then run: "
        "kiosk check, kiosk doctor"
    )
