"""Serving guests and staff: an installation, or a demonstration."""

from datetime import datetime
from functools import partial

import click

from kiosk.cli.arguments import current_settings, installed_store, usable_library
from kiosk.cli.errors import report_errors
from kiosk.domain.slips import spaced
from kiosk.library.changes import keep_last_good
from kiosk.library.library import read_usable_library
from kiosk.operation.clock import clock_doubt, remember_boot
from kiosk.operation.count_worker import Counting
from kiosk.operation.demonstration import Demonstration, build_demonstration
from kiosk.operation.library_watch import LibraryWatch
from kiosk.operation.mail.contact_watch import ContactWatch
from kiosk.operation.mail.sending import Mailing, Sender
from kiosk.operation.memory import lock_memory
from kiosk.operation.serve import (
    DEMONSTRATION_TICKS,
    Worker,
    check_is_free,
    desk_listener,
    guest_and_desk,
    guest_listener,
    on_one_address,
    serve,
)
from kiosk.storage import Devices, Store


@click.command(name="serve")
@click.option("--no-count", is_flag=True, help="Timers run `kiosk count` and `kiosk mail send` instead.")
@report_errors
def serve_command(no_count: bool) -> None:
    """Serve guests and staff, each on an address of its own."""
    settings = current_settings()
    library = usable_library(settings)
    store = installed_store(settings)
    store.renew()
    if no_count:
        _check_clock_without_count(store, datetime.now())
    keep_last_good(settings, library)
    devices = Devices()
    guest, desk = guest_and_desk(settings, store, library, settings.ticks, devices)
    lock_memory()
    click.echo(f"Guests:  http://{settings.guest_listen}/")
    click.echo(f"Staff:   http://{settings.desk_listen}/admin/")
    library_watch = LibraryWatch(desk.extensions["desk"].reread_if_changed)
    workers: list[Worker] = [ContactWatch(store, devices), library_watch]
    if not no_count:
        workers.append(Counting(store, settings.ticks))
        if settings.mail is not None:
            library_now = partial(read_usable_library, settings)
            workers.append(Mailing(Sender(store, settings.mail, library_now)))
    serve(
        [guest_listener(settings.guest_listen, guest), desk_listener(settings.desk_listen, desk)],
        workers,
        scheme="https" if settings.is_https else "http",
        proxy=settings.proxy,
    )


def _check_clock_without_count(store: Store, now: datetime) -> None:
    """Record this boot, as a server that counts does, so that a later step of the clock is noticed. Warns if
    the clock is in doubt."""
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
    demonstration = build_demonstration(settings, library, datetime.now())
    guest, desk = guest_and_desk(settings, demonstration.store, library, DEMONSTRATION_TICKS)
    serve(
        [on_one_address(settings.guest_listen, guest, desk)],
        [Counting(demonstration.store, DEMONSTRATION_TICKS)],
        on_ready=partial(_print_addresses, demonstration, settings.guest_address),
    )


def _print_addresses(demonstration: Demonstration, address: str) -> None:
    click.echo(f"The demonstration is running. Answers are counted every {DEMONSTRATION_TICKS.seconds} s.")
    click.echo(f"  Answer as a guest     {address}/")
    click.echo(f"  ... from a poster     {address}/s/{demonstration.poster_code}")
    for code in demonstration.slip_codes:
        click.echo(f"  ... with a slip       {address}/q#{spaced(code)}")
    click.echo(f"  All kinds of questions {address}/s/{demonstration.example_code}")
    click.echo(f"  See the results       {address}/admin/")
    click.echo(f"  Sign in as            {demonstration.name}")
    click.echo(f"  Password              {demonstration.password}")
    click.echo("Stop with Ctrl+C.")
