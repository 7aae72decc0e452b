"""Checks the clock: the last count, and whether NTP keeps the clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kiosk.operation.clock import clock_doubt
from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.operation.doctor.machine import Machine
from kiosk.settings import Settings
from kiosk.storage import Store

LARGEST_DELAY = timedelta(hours=1)
"""Time after a tick for which its count may be late. After it, the count is reported as missing."""


def check_counts(settings: Settings, store: Store, now: datetime) -> Iterator[Advice]:
    """Check that the clock, which shows `now` (local, naive), is not in doubt, and that the last due count
    was made, at most LARGEST_DELAY late. Yields one finding, a warning if nothing was ever counted."""
    last, due, doubt = store.last_tick, settings.ticks.latest(now), clock_doubt(store, now)
    if doubt:
        yield Advice(Topic.CLOCK, Severity.BAD, doubt)
    elif last is None:
        text = "nothing was ever counted; run: kiosk serve, or kiosk count by a timer"
        yield Advice(Topic.CLOCK, Severity.WARNING, text)
    elif last < due and now - due > LARGEST_DELAY and not _was_left_out(store, due):
        yield Advice(
            Topic.CLOCK,
            Severity.BAD,
            f"the last count was made for {last:%Y-%m-%d %H:%M}, one was due at {due:%Y-%m-%d %H:%M}; is "
            "kiosk serve running, or the timer for kiosk count?",
        )
    else:
        text = f"the last count was made for {last:%Y-%m-%d %H:%M}, as due"
        yield Advice(Topic.CLOCK, Severity.GOOD, text)


def _was_left_out(store: Store, tick: datetime) -> bool:
    """Return whether no count is made at this tick: it is before `ClockRecord.counts_from`, which `kiosk
    clock confirm` sets."""
    counts_from = store.clock_record.counts_from
    return counts_from is not None and tick < counts_from


def check_synchronisation(machine: Machine) -> Iterator[Advice]:
    """Check whether the kernel reports that NTP keeps the clock. Yields one finding."""
    if machine.ntp_time() is not None:
        yield Advice(Topic.CLOCK, Severity.GOOD, "the clock is kept right over the network (NTP)")
    else:
        yield Advice(
            Topic.CLOCK,
            Severity.WARNING,
            "nothing keeps the clock right over the network (NTP): a wrong clock stops the count, or counts "
            "at the wrong time; run: sudo apt install systemd-timesyncd && sudo timedatectl set-ntp true",
        )
