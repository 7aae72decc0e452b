"""Whether the machine's clock can be right, judged by what the installation already knows.

A count cannot be undone: it publishes figures, and it closes rounds for good. While the clock is in doubt
nothing is counted, until NTP or a person says that the clock is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_GAP = timedelta(days=4)
"""Longest time since the clock was last known to be right for which it is believed without further proof. A
server that is switched off over a weekend counts again on Monday, also where Friday's count was missed."""

LARGEST_STEP = timedelta(hours=2)
"""Largest step of the clock that raises no doubt: a count two hours early or late tells nothing about guests,
and a step never makes a tick count twice."""

NTP_TOLERANCE = timedelta(minutes=1)

WAIT_AFTER_CONFIRMATION = timedelta(days=1)
"""No count follows a person's confirmation sooner. Otherwise whoever sets the clock and confirms it could
count right after a guest's ballot, again and again."""

BOOTS_KEPT = 8
"""Servers that share a database each have a boot of their own."""


class ClockFault(StrEnum):
    """Why the clock is in doubt."""

    AHEAD = "ahead"
    BEHIND = "behind"
    STEPPED = "stepped"


@dataclass(frozen=True)
class Machine:
    """What the machine tells beside its wall clock.

    `boot` names this run of the kernel, "" where unknown; `uptime` is the time since then, sleep included.
    `ntp_time` is the kernel's time (UTC) if the kernel says that NTP keeps it, else None.
    """

    boot: str
    uptime: timedelta
    ntp_time: datetime | None


@dataclass(frozen=True)
class ClockRecord:
    """What an installation remembers of its clock.

    `known_at` (UTC) is the latest moment at which the clock was right: a start of the server, the opening of
    a round, a confirmation, never a guest's request. `boots` maps a boot to the wall time (UTC) at which it
    began. Ticks before `counts_from` (local time) are never counted.
    """

    known_at: datetime | None = None
    boots: Mapping[str, datetime] = field(default_factory=dict)
    counts_from: datetime | None = None


def is_synchronised(utc: datetime, machine: Machine) -> bool:
    """Whether NTP keeps this very clock."""
    return machine.ntp_time is not None and abs(utc - machine.ntp_time) <= NTP_TOLERANCE


def last_known(record: ClockRecord, last_tick: datetime | None) -> datetime | None:
    """The latest moment (UTC) at which the clock was right; None for a new installation."""
    return max((time for time in (record.known_at, last_tick) if time is not None), default=None)


def find_fault(
    utc: datetime, machine: Machine, record: ClockRecord, last_tick: datetime | None
) -> ClockFault | None:
    """Why the clock that shows `utc` is in doubt, or None. `last_tick` (UTC) is the tick counted last."""
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
    """The record once a clock without a fault was read: the same one, unless it shows something new.

    A clock that NTP keeps replaces the boot's time after a step; any other is measured against the first
    reading, so that many small steps do not add up to a large one.
    """
    began, began_by_now = record.boots.get(machine.boot), utc - machine.uptime
    is_moved = began is None or abs(began_by_now - began) > NTP_TOLERANCE
    if not machine.boot or not (began is None or (is_moved and is_synchronised(utc, machine))):
        return record
    others = [(boot, time) for boot, time in record.boots.items() if boot != machine.boot]
    return replace(record, known_at=utc, boots=dict([*others, (machine.boot, began_by_now)][-BOOTS_KEPT:]))


def confirmed(utc: datetime, local: datetime, machine: Machine) -> ClockRecord:
    """The record once a person has said that the clock is right. What was known before may be wrong."""
    boots = {machine.boot: utc - machine.uptime} if machine.boot else {}
    return ClockRecord(utc, boots, local + WAIT_AFTER_CONFIRMATION)
