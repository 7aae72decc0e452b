"""What the machine knows beside its wall clock: the id of its boot, the uptime, and whether NTP keeps the
clock.

Linux: `/proc/sys/kernel/random/boot_id` (random(4)), CLOCK_BOOTTIME (clock_gettime(2)) and adjtimex(2).
"""

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from kiosk.domain.clock import Machine

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

LARGEST_NTP_ERROR = 16_000_000
"""Microseconds. If the clock's maximum error is as large or larger, the clock is not synchronised (systemd's
ntp_synced in src/basic/time-util.c). The kernel sets this error when somebody sets the clock by hand."""

Adjtimex = Callable[["Timex"], int]
"""The C library's adjtimex: fills its argument, and returns a negative number if it cannot."""


class _Timeval(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class Timex(ctypes.Structure):
    """The fields of adjtimex(2)'s argument that are read here, and bytes in place of the others."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("rest", ctypes.c_byte * 256),
    )


def read_machine() -> Machine:
    """Return the id of this machine's present boot ("" if unknown), its uptime, and its time in UTC if NTP
    keeps the clock, otherwise None."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Machine(_boot(), timedelta(seconds=time.clock_gettime(clock)), ntp_time(_adjtimex))


@cache
def _boot() -> str:
    return BOOT_ID.read_text("ascii").strip() if BOOT_ID.exists() else ""


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _adjtimex(timex: Timex) -> int:
    try:
        return int(_libc().adjtimex(ctypes.byref(timex)))
    except AttributeError:
        return -1


def ntp_time(adjtimex: Adjtimex) -> datetime | None:
    """Return the kernel's time (aware, in UTC, whole seconds) if NTP keeps it; None if not, or if it cannot
    be read."""
    timex = Timex(modes=0)
    if adjtimex(timex) < 0 or timex.maxerror >= LARGEST_NTP_ERROR:
        return None
    return datetime.fromtimestamp(timex.time.seconds, UTC)
