"""The machine's clock: whether it is in doubt, and its confirmation."""

from datetime import datetime

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.domain.schedule import next_tick
from kiosk.operation.clock import clock_doubt, confirm_clock
from kiosk.storage import COMMAND_LINE, Action


@click.group(name="clock")
def clock_group() -> None:
    """The machine's clock. While it is in doubt nothing is counted and no round closes."""


@clock_group.command(name="show")
@report_errors
def clock_show() -> None:
    """Show the clock, the last count and the next one, and whether the clock is in doubt."""
    settings = current_settings()
    store, now = installed_store(settings), datetime.now()
    doubt = clock_doubt(store, now)
    last = store.last_tick
    click.echo(f"The clock shows {now:%Y-%m-%d %H:%M:%S}.")
    click.echo(f"The last count was made for {last:%Y-%m-%d %H:%M}." if last else "Nothing was counted yet.")
    if doubt:
        click.echo(f"In doubt: {doubt}")
    else:
        following = next_tick(settings.ticks, now, store.clock_record.counts_from)
        click.echo(f"The next count is due at {following:%Y-%m-%d %H:%M}.")


@clock_group.command(name="confirm")
@click.option("--yes", is_flag=True, help="Do not ask whether the clock is right.")
@report_errors
def clock_confirm(yes: bool) -> None:
    """Confirm that the clock is right, so that boxes are counted again.

    A count that was made for a time in the future is undone: the next count does not wait for that time. What
    it published stays published, and rounds it closed stay closed. The next count is at the first regular
    time a day from now.
    """
    settings = current_settings()
    store, now = installed_store(settings), datetime.now()
    if clock_doubt(store, now) is None:
        click.echo(f"Nothing to confirm: the clock ({now:%Y-%m-%d %H:%M}) is not in doubt.")
        return
    if not yes:
        click.confirm(f"The clock shows {now:%Y-%m-%d %H:%M}. Is that the right time?", abort=True)
    change = confirm_clock(store, settings.ticks, now)
    if change is None:
        click.echo("Nothing to confirm any more.")
        return
    store.audit_log.note(now, COMMAND_LINE, Action.CLOCK_CONFIRMED, "")
    if change.undone_tick:
        click.echo(
            f"The count made for {change.undone_tick:%Y-%m-%d %H:%M} is taken back. What it published and "
            "closed stays as it is."
        )
    click.echo(f"Confirmed. The next count is due at {change.next_count:%Y-%m-%d %H:%M}.")
