"""A clock that jumps: while the server runs, at a reboot without network time, and under `kiosk count`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from kiosk.operation.clock import clock_doubt
from tests.faults.fault import Outcome, Topic, command, message
from tests.tools.machine import DAY, HOUR, Server
from tests.tools.waiting import BALLOTS, installed

START = datetime(2026, 6, 1, 9, tzinfo=UTC)
SIZES = {"1 hour": HOUR, "2 days": 2 * DAY, "400 days": 400 * DAY, "12 years": 12 * 365 * DAY}
JUMPS = {
    f"{size} {way}": sign * length
    for size, length in SIZES.items()
    for way, sign in (("forward", 1), ("back", -1))
}


def with_guests(folder: Path) -> Server:
    """Return a server with a round of eight days, two days of which are counted, with guests each hour."""
    server = Server(folder, START)
    server.open_round(days=8)
    server.serve(2 * DAY, guests_an_hour=1)
    return server


def while_serving(folder: Path, *, error: timedelta) -> Outcome:
    """Let the clock jump for 26 hours while the server runs."""
    server = with_guests(folder)
    server.error = error
    return watched(server, 26 * HOUR)


def at_a_reboot(folder: Path, *, error: timedelta) -> Outcome:
    """Let the clock jump at a reboot, for four hours."""
    server = with_guests(folder)
    server.error = error
    server.reboot()
    return watched(server, 4 * HOUR)


def watched(server: Server, length: timedelta) -> Outcome:
    """Serve guests under the wrong clock and then the right one; a person confirms it if it is in doubt."""
    counts, refused = len(server.counted), server.refused
    server.serve(length, guests_an_hour=1)
    doubt = clock_doubt(server.store, server.now, server.machine())
    counted, turned_away = len(server.counted) - counts, server.refused - refused
    state = "in doubt" if doubt else "believed"
    closing = "the round stays open" if server.is_open else "**the round is closed**"
    server.error = timedelta()
    confirmed = "; the right time is confirmed by a person" if server.confirm() else ""
    server.serve(8 * DAY, guests_an_hour=1)
    return Outcome(
        f"{state}: {counted} counts in {length // HOUR} hours, {turned_away} guests turned away, "
        f"{closing}{confirmed}",
        message(doubt or "", Path("/nowhere")),
        server.accepted - server.published,
    )


def count_command(folder: Path, *, error: timedelta) -> Outcome:
    """Run `kiosk count` in a separate process under a clock that was set."""
    run = partial(command, folder)
    installation = installed(run, folder)
    before = installation.stored()
    step = f"{error.total_seconds():+.0f}s"
    faketime = [str(shutil.which("faketime")), "--exclude-monotonic", "-f", step]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    done = subprocess.run(
        [*faketime, sys.executable, "-m", "kiosk.cli", "count"],
        cwd=folder, env={**environ, "KIOSK_DATA": "data"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    changed = "nothing changes" if installation.stored() == before else "**something changes**"
    return Outcome(
        f"exit status {done.returncode}, {changed}",
        message(done.stderr or done.stdout, folder),
        BALLOTS - installation.readable(),
    )


WAYS: dict[str, Callable[..., Outcome]] = {
    "while the server runs": while_serving,
    "at a reboot without network time": at_a_reboot,
    "and `kiosk count` is run": count_command,
}

TOPIC = Topic(
    "The clock",
    "One guest answers each hour. After the jump the clock is right again, and the round goes on to its end.",
    {
        f"The clock jumps {jump}, {way}": partial(fault, error=error)
        for way, fault in WAYS.items()
        for jump, error in JUMPS.items()
    },
)
