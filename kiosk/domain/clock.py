"""Checks whether the machine's clock can be right, by what the installation knows about earlier times.

A count is irrevocable: it publishes figures and closes rounds. While the clock is in doubt nothing is
counted, until NTP or a person confirms the clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_GAP = timedelta(days=4)
"""For this long after it was last known to be right, a clock is trusted without NTP. A server that is
switched off over a weekend counts again on Monday, even if it missed Friday's count."""

LARGEST_STEP = timedelta(hours=2)
"""Largest step of the clock that raises no doubt: a count two hours early or late reveals nothing about
guests, and a step never makes a tick count twice."""

NTP_TOLERANCE = timedelta(minutes=1)
"""Largest difference between the wall clock and the kernel's NTP time at which the wall clock is
synchronised."""

WAIT_AFTER_CONFIRMATION = timedelta(days=1)
"""Shortest time between a person's confirmation and the next count. Otherwise an attacker who sets the clock
and confirms it could count right after a guest's ballot, again and again."""

BOOTS_KEPT = 8
"""Number of boots to remember. Servers that share a database each have a boot of their own."""


class ClockFault(StrEnum):
    """The reason why the clock is in doubt: without NTP it reads more than LONGEST_GAP after the last known
    time (AHEAD), it reads more than LARGEST_STEP before that time (BEHIND), or it was set by more than
    LARGEST_STEP since the machine started (STEPPED)."""

    AHEAD = "ahead"
    BEHIND = "behind"
    STEPPED = "stepped"


@dataclass(frozen=True)
class Machine:
    """Readings of the machine beside its wall clock.

    `boot` identifies this run of the kernel, "" if unknown; `uptime` is the time since then, sleep included.
    `ntp_time` is the kernel's time (UTC) if the kernel reports that NTP keeps it, else None.
    """

    boot: str
    uptime: timedelta
    ntp_time: datetime | None


@dataclass(frozen=True)
class ClockRecord:
    """The clock history that an installation stores.

    `known_at` (UTC) is the latest moment at which the clock was right: a start of the server, the opening of
    a round or a confirmation, never a guest's request. `boots` maps a boot to the wall time (UTC) at which it
    began. No count begins at a tick before `counts_from` (local time).
    """

    known_at: datetime | None = None
    boots: Mapping[str, datetime] = field(default_factory=dict)
    counts_from: datetime | None = None


def is_synchronised(utc: datetime, machine: Machine) -> bool:
    """Return whether the kernel reports NTP time and the wall clock's reading `utc` differs from that by at
    most NTP_TOLERANCE."""
    return machine.ntp_time is not None and abs(utc - machine.ntp_time) <= NTP_TOLERANCE


def last_known(record: ClockRecord, last_tick: datetime | None) -> datetime | None:
    """Return the latest moment (UTC) at which the clock was right: `record.known_at` or `last_tick`, the last
    counted tick (UTC; None before the first count). None for a new installation."""
    return max((time for time in (record.known_at, last_tick) if time is not None), default=None)


def find_fault(
    utc: datetime, machine: Machine, record: ClockRecord, last_tick: datetime | None
) -> ClockFault | None:
    """Return the fault of a wall clock that reads `utc`; None if the reading is plausible, and in a new
    installation, which knows no earlier time. If the clock `is_synchronised`, only a reading more than
    LARGEST_STEP before `last_tick` is a fault.

    `last_tick` is the last counted tick, in UTC; None before the first count.
    """
    if last_tick is not None and last_tick - utc > LARGEST_STEP:
        return ClockFault.BEHIND
    if is_synchronised(utc, machine):
        return None
    began = record.boots.get(machine.boot)
    if began is not None and abs(utc - machine.uptime - began) > LARGEST_STEP:
        return ClockFault.STEPPED
    known = last_known(record, last_tick)
    if known is not None and known - utc > LARGEST_STEP:
        return ClockFault.BEHIND
    if known is not None and utc - known > LONGEST_GAP:
        return ClockFault.AHEAD
    return None


def with_boot(record: ClockRecord, utc: datetime, machine: Machine) -> ClockRecord:
    """Return the record after a reading without a fault. If it adds or moves the start time of this boot,
    `known_at` becomes `utc`; otherwise the same object is returned.

    A new boot's start time is added. If the clock `is_synchronised`, a start time that moved by more than
    NTP_TOLERANCE replaces the recorded one. Otherwise a boot's first reading stays, so that many small steps
    cannot add up to a large one. The latest BOOTS_KEPT boots are kept. A boot "" is never recorded.
    """
    began, began_by_now = record.boots.get(machine.boot), utc - machine.uptime
    is_moved = began is None or abs(began_by_now - began) > NTP_TOLERANCE
    if not machine.boot or not (began is None or (is_moved and is_synchronised(utc, machine))):
        return record
    others = [(boot, time) for boot, time in record.boots.items() if boot != machine.boot]
    return replace(record, known_at=utc, boots=dict([*others, (machine.boot, began_by_now)][-BOOTS_KEPT:]))


def confirmed(utc: datetime, local: datetime, machine: Machine) -> ClockRecord:
    """Return the record after a person confirmed the clock, which reads `utc` and `local`: nothing is counted
    for WAIT_AFTER_CONFIRMATION. Earlier entries are dropped: they may be wrong."""
    boots = {machine.boot: utc - machine.uptime} if machine.boot else {}
    return ClockRecord(utc, boots, local + WAIT_AFTER_CONFIRMATION)
