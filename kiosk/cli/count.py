"""The count of the boxes."""

from datetime import datetime

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.domain.schedule import Ticks, next_tick
from kiosk.operation.clock import check_clock
from kiosk.operation.count_worker import count_if_due
from kiosk.storage import Store


@click.command()
@report_errors
def count() -> None:
    """Count the boxes if a tick has passed since the last count.

    For a timer, with `kiosk serve --no-count`. Nothing is counted while the clock is in doubt.
    """
    settings = current_settings()
    store = installed_store(settings)
    now = datetime.now()
    check_clock(store, now)
    if count_if_due(store, settings.ticks, now):
        click.echo(f"Counted for {settings.ticks.latest(now):%Y-%m-%d %H:%M}.")
    else:
        click.echo(_reason_for_no_count(store, settings.ticks, now))


def _reason_for_no_count(store: Store, ticks: Ticks, now: datetime) -> str:
    """Return a sentence about why no count was due while the clock is not in doubt."""
    latest, counts_from = ticks.latest(now), store.clock_record.counts_from
    if counts_from is not None and latest < counts_from:
        following = next_tick(ticks, now, counts_from)
        return (
            f"Nothing to do: since the clock was confirmed, the next count is at {following:%Y-%m-%d %H:%M}."
        )
    return f"Nothing to do: {latest:%Y-%m-%d %H:%M} has been counted."
