"""The installation: setting it up, upgrading, serving, counting and examining it."""

import json
import sys
from collections import Counter
from datetime import datetime
from functools import partial

import click

from kiosk.cli.arguments import current_settings, existing_store, installed_store, usable_library
from kiosk.cli.errors import report_errors
from kiosk.domain.schedule import Ticks, next_tick
from kiosk.domain.slips import spaced
from kiosk.library.changes import keep_last_good
from kiosk.operation.clock import check_clock, clock_doubt, remember_boot
from kiosk.operation.count_worker import Counting, count_if_due
from kiosk.operation.demonstration import Demonstration, build_demonstration
from kiosk.operation.doctor import Weight, examine, report_document, this_machine, worst
from kiosk.operation.serve import (
    DEMONSTRATION_TICKS,
    check_is_free,
    desk_listener,
    guest_and_desk,
    guest_listener,
    on_one_address,
    serve,
)
from kiosk.settings import secret_key
from kiosk.storage import KeyFault, Sealed, Store, StoreError, open_store

GIVE_UP = "give up"
"""Must be typed before waiting ballots are destroyed."""


@click.command()
@report_errors
def init() -> None:
    """Set up a new installation in KIOSK_DATA."""
    settings = current_settings()
    store = open_store(settings.data, settings.database_url, settings.keys)
    if store.is_installed:
        raise StoreError(f"there is an installation in {settings.data} already; to upgrade it: kiosk upgrade")
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
        click.echo(f"The tables in {settings.data} are of version {after}, as this program needs them.")
    else:
        click.echo(f"Upgraded the tables in {settings.data} from version {before} to {after}.")


@click.command(name="give-up-keys")
@report_errors
def give_up_keys() -> None:
    """Destroy the boxes whose keys are lost for good, and begin them again, empty.

    Asks to type "give up", or reads it from standard input.
    """
    settings = current_settings()
    store = installed_store(settings)
    lost = store.key_faults()
    if not lost:
        raise StoreError(f"every key is in {settings.keys} and fits; there is nothing to give up")
    click.echo(_told_of_loss(lost), err=True)
    click.echo(f'Type "{GIVE_UP}" to destroy it: ', nl=False, err=True)
    if sys.stdin.readline().strip() != GIVE_UP:
        raise StoreError(f'"{GIVE_UP}" was not typed; nothing is changed')
    store.give_up_keys(lost)
    click.echo(f"Given up: {len(lost)} keys. Print new slips for their units.")


def _told_of_loss(lost: list[KeyFault]) -> str:
    """Return what is destroyed by giving up these keys."""
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


@click.command(name="serve")
@click.option("--no-count", is_flag=True, help="A timer runs `kiosk count` instead.")
@report_errors
def serve_command(no_count: bool) -> None:
    """Serve guests and staff, each on an address of its own."""
    settings = current_settings()
    library = usable_library(settings)
    store = installed_store(settings)
    store.renew()
    if no_count:
        _look_at_the_clock(store, datetime.now())
    keep_last_good(settings, library)
    guest, desk = guest_and_desk(settings, store, library, settings.ticks)
    click.echo(f"Guests:  http://{settings.guest_listen}/")
    click.echo(f"Staff:   http://{settings.desk_listen}/admin/")
    serve(
        [guest_listener(settings.guest_listen, guest), desk_listener(settings.desk_listen, desk)],
        None if no_count else Counting(store, settings.ticks),
        scheme="https" if settings.is_https else "http",
    )


def _look_at_the_clock(store: Store, now: datetime) -> None:
    """Without a count in the server, record this boot, so that a later step of the clock is noticed."""
    remember_boot(store, now)
    doubt = clock_doubt(store, now)
    if doubt:
        click.echo(f"kiosk: {doubt}", err=True)


@click.command()
@report_errors
def demo() -> None:
    """Serve a demonstration with made-up answers; it begins again at each start."""
    settings = current_settings(data="demonstration")
    library = usable_library(settings)
    check_is_free(settings.guest_listen)
    click.echo("Filling a year of rounds with made-up answers ...", err=True)
    made = build_demonstration(settings, library, datetime.now())
    guest, desk = guest_and_desk(settings, made.store, library, DEMONSTRATION_TICKS)
    serve(
        [on_one_address(settings.guest_listen, guest, desk)],
        Counting(made.store, DEMONSTRATION_TICKS),
        on_ready=partial(_tell_of_demonstration, made, settings.guest_address),
    )


def _tell_of_demonstration(made: Demonstration, address: str) -> None:
    click.echo(f"The demonstration is running. Answers are counted every {DEMONSTRATION_TICKS.seconds} s.")
    click.echo(f"  Answer as a guest     {address}/")
    click.echo(f"  ... from a poster     {address}/s/{made.poster_code}")
    for code in made.slip_codes:
        click.echo(f"  ... with a slip       {address}/q#{spaced(code)}")
    click.echo(f"  See the results       {address}/admin/")
    click.echo(f"  Sign in as            {made.name}")
    click.echo(f"  Password              {made.password}")
    click.echo("Stop with Ctrl+C.")


@click.command()
@report_errors
def count() -> None:
    """Count the boxes if a tick has passed since the last count; a timer runs this."""
    settings = current_settings()
    store = installed_store(settings)
    now = datetime.now()
    check_clock(store, now)
    if count_if_due(store, settings.ticks, now):
        click.echo(f"Counted for {settings.ticks.latest(now):%Y-%m-%d %H:%M}.")
    else:
        click.echo(_nothing_to_do(store, settings.ticks, now))


def _nothing_to_do(store: Store, ticks: Ticks, now: datetime) -> str:
    latest, counts_from = ticks.latest(now), store.clock_record.counts_from
    if counts_from is not None and latest < counts_from:
        following = next_tick(ticks, now, counts_from)
        return (
            f"Nothing to do: since the clock was confirmed, the next count is at {following:%Y-%m-%d %H:%M}."
        )
    return f"Nothing to do: {latest:%Y-%m-%d %H:%M} has been counted."


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For monitoring programs; see docs/doctor.md.")
@click.option("--quiet", is_flag=True, help="Print nothing about what is good.")
@report_errors
def doctor(as_json: bool, quiet: bool) -> None:
    """Examine whether this installation is as anonymous as it claims, and whether it works.

    The exit status is 1 if something is bad, else 0.
    """
    all_advice = examine(current_settings(), this_machine(), datetime.now())
    shown = [advice for advice in all_advice if not (quiet and advice.weight is Weight.GOOD)]
    if as_json:
        click.echo(json.dumps(report_document(shown), indent=1, ensure_ascii=False))
    else:
        for advice in shown:
            click.echo(f"{advice.weight:4}  {advice.text}")
    if worst(all_advice) is Weight.BAD:
        sys.exit(1)
