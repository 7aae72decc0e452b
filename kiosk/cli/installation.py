"""The installation: setting it up, upgrading it and giving up lost keys."""

import sys
from collections import Counter
from datetime import datetime

import click

from kiosk.cli.arguments import current_settings, existing_store, installed_store
from kiosk.cli.errors import report_errors
from kiosk.operation.count_worker import count_if_due
from kiosk.settings import secret_key
from kiosk.storage import KeyFault, Sealed, StoreError, open_store

GIVE_UP = "give up"
"""The words that must be typed before waiting ballots are destroyed."""


@click.command()
@report_errors
def init() -> None:
    """Set up a new installation in KIOSK_DATA. Changes nothing if there is one already."""
    settings = current_settings()
    store = open_store(settings.data, settings.database_url, settings.keys)
    if store.is_installed:
        raise StoreError(f"there is an installation in {settings.data} already; to upgrade it: kiosk upgrade")
    store.check_has_no_keys()
    store.migrate()
    secret_key(settings)
    # Record the latest tick as counted, so that the first count is at the next tick.
    count_if_due(store, settings.ticks, datetime.now())
    click.echo(f"Ready in {settings.data}.")
    click.echo("Next: kiosk user add NAME --role coordinator, then kiosk serve.")


@click.command()
@report_errors
def upgrade() -> None:
    """Upgrade the tables to this version; waiting answers are kept. Changes nothing if a key is missing."""
    settings = current_settings()
    before, after = existing_store(settings).upgrade()
    if before == after:
        click.echo(f"The tables in {settings.data} already have version {after}; nothing to do.")
    else:
        click.echo(f"Upgraded the tables in {settings.data} from version {before} to {after}.")


@click.command(name="give-up-keys")
@report_errors
def give_up_keys() -> None:
    """Destroy boxes, slip sets and letterboxes whose key files are lost for good, and begin them empty.

    Asks to type "give up", or reads it from standard input.
    """
    settings = current_settings()
    store = installed_store(settings)
    lost = store.key_faults()
    if not lost:
        raise StoreError(f"every key is in {settings.keys} and fits; there is nothing to give up")
    click.echo(_loss_message(lost), err=True)
    click.echo(f'Type "{GIVE_UP}" to destroy these for good: ', nl=False, err=True)
    if sys.stdin.readline().strip() != GIVE_UP:
        raise StoreError(f'"{GIVE_UP}" was not typed; nothing is changed')
    store.give_up_keys(lost)
    click.echo(f"Given up: {len(lost)} keys. Print new slips for their units.")


def _loss_message(lost: list[KeyFault]) -> str:
    """Return the lines that say what is lost if these keys are given up."""
    number = Counter(fault.kind for fault in lost)
    rounds = sorted({fault.round_id for fault in lost})
    return (
        f"{len(lost)} key files are missing or damaged, such as {lost[0].file}, which {lost[0].problem}.\n"
        "If they are on a disk that is not mounted, stop here and mount it; then nothing is lost.\n"
        f"Giving them up destroys for good, in {len(rounds)} rounds ({', '.join(rounds)}):\n"
        f"  {number[Sealed.BOX]} boxes: the answers that wait in them\n"
        f"  {number[Sealed.SLIPS]} slip sets: printed slips no longer admit ballots\n"
        f"  {number[Sealed.LETTERBOX]} letterboxes: answers that wait on kiosks without a network"
    )
