"""Checks the machine: its memory, disks and time zone."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from http.client import HTTPConnection
from pathlib import Path

from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.operation.doctor.probe import connection_to
from kiosk.operation.memory import are_core_dumps_refused
from kiosk.operation.system_clock import read_machine
from kiosk.settings import Settings

MIB = 1024 * 1024


def read_journal(since: float) -> str | None:
    """Return the system journal since a time in seconds since 1970, as far as this user may read it; None
    without journalctl. Raises subprocess.TimeoutExpired after 30 seconds."""
    program = shutil.which("journalctl")
    if program is None:
        return None
    command = [program, "--quiet", "--no-pager", "--output=short", f"--since=@{int(since)}"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=30)  # noqa: S603
    return done.stdout


def _ntp_time() -> datetime | None:
    return read_machine().ntp_time


@dataclass(frozen=True)
class Machine:
    """The machine under examination. Tests replace its root folder, time zone and network.

    `zone` is the process's time zone, None for the system's. `environment_zone` is the value of TZ, "" if it
    is not set. `connect` returns an unopened connection to an address's host. `journal` returns the system
    journal since a time in seconds since 1970, None if there is none. `ntp_time` returns the kernel's time,
    aware and in UTC, if NTP keeps it, otherwise None. `refuses_core_dumps` returns whether this process
    leaves no core dump. A web server has `answer_seconds` to respond to an invalid request, and
    `settle_seconds` to write its logs.
    """

    root: Path = Path("/")
    zone: tzinfo | None = None
    environment_zone: str = ""
    connect: Callable[[str], HTTPConnection] = connection_to
    journal: Callable[[float], str | None] = read_journal
    ntp_time: Callable[[], datetime | None] = _ntp_time
    refuses_core_dumps: Callable[[], bool] = are_core_dumps_refused
    answer_seconds: float = 1.0
    settle_seconds: float = 2.0

    def offset_hours(self, moment: datetime) -> float:
        """Return the offset of local time from UTC, in hours, at a local time."""
        offset = (moment.replace(tzinfo=self.zone) if self.zone else moment.astimezone()).utcoffset()
        return offset.total_seconds() / 3600 if offset else 0.0


def this_machine() -> Machine:
    """Return the machine on which this process runs."""
    return Machine(environment_zone=os.environ.get("TZ", "").removeprefix(":"))


@dataclass(frozen=True)
class Threshold:
    """Limits of a folder's disk. With fewer free bytes than `look_bytes` the finding is a warning. With fewer
    than `bad_bytes`, or fewer free inodes than `bad_inodes`, it is bad."""

    look_bytes: int
    bad_bytes: int
    bad_inodes: int


THRESHOLDS = {
    # Tables, SQLite's log, and an upgrade that rewrites every table.
    "KIOSK_DATA": Threshold(1024 * MIB, 100 * MIB, 1000),
    # A key file takes a block of 4 KiB and an inode; a write needs one more key file.
    "KIOSK_KEYS": Threshold(4 * MIB, 1 * MIB, 100),
}
"""Setting of a folder -> the limits of its disk."""

LOOK_MEMORY, BAD_MEMORY = 256 * MIB, 96 * MIB
"""Available bytes below which the finding is a warning, or bad. A sign-in takes 64 MiB to hash its password;
the kernel ends programs if none are left."""


def check_space(settings: Settings) -> Iterator[Advice]:
    """Check the free space and inodes of the disks to which data and keys are written: one finding for each
    folder that exists, by the limits in THRESHOLDS."""
    for name, folder in (("KIOSK_DATA", settings.data), ("KIOSK_KEYS", settings.keys)):
        if not folder.is_dir():
            continue
        disk, threshold = os.statvfs(folder), THRESHOLDS[name]
        free, inodes = disk.f_bavail * disk.f_frsize, disk.f_favail
        has_few_inodes = disk.f_files > 0 and inodes < threshold.bad_inodes
        room = f"the disk of {name} ({folder}) has {free // MIB} MiB and {inodes} inodes free"
        remedy = "make room, or move the folder to a larger disk; answers are refused when it is full"
        if free < threshold.bad_bytes or has_few_inodes:
            yield Advice(Topic.SPACE, Severity.BAD, f"{room}; {remedy}")
        elif free < threshold.look_bytes:
            yield Advice(Topic.SPACE, Severity.WARNING, f"{room}; {remedy}")
        else:
            # No figures: exact ones change with each sealed row and reveal the number of waiting ballots.
            text = f"the disk of {name} ({folder}) has enough space and inodes free"
            yield Advice(Topic.SPACE, Severity.GOOD, text)


def check_memory(machine: Machine) -> Iterator[Advice]:
    """Check the memory that programs may still use (proc(5), MemAvailable). Yields one finding, by the limits
    LOOK_MEMORY and BAD_MEMORY, or nothing if the system does not report it."""
    try:
        lines = (machine.root / "proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return
    free = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
    if free is None:
        return
    room = f"this machine has {free // MIB} MiB of memory available"
    remedy = "end what else runs here, or give it more memory; the kernel ends kiosk serve when none is left"
    if free < LOOK_MEMORY:
        yield Advice(
            Topic.MEMORY, Severity.BAD if free < BAD_MEMORY else Severity.WARNING, f"{room}; {remedy}"
        )
    else:
        yield Advice(Topic.MEMORY, Severity.GOOD, "this machine has enough memory available")


def check_time_zone(machine: Machine, now: datetime) -> Iterator[Advice]:
    """Check the time zone: rounds and counts use local time, so with UTC they are one or two hours late in
    Sweden. Warns of UTC, and of a TZ that differs from the machine's zone; without a warning, yields a good
    finding."""
    offsets = {machine.offset_hours(datetime(now.year, month, 1, 12)) for month in (1, 7)}
    system = _system_zone(machine)
    is_ambiguous = bool(machine.environment_zone and system and machine.environment_zone != system)
    if is_ambiguous:
        yield Advice(
            Topic.TIME_ZONE,
            Severity.WARNING,
            f"TZ is {machine.environment_zone} here and the machine's time zone is {system}: kiosk serve "
            "may count by the other one; unset TZ, and run: sudo timedatectl set-timezone Europe/Stockholm",
        )
    if offsets == {0.0}:
        yield Advice(
            Topic.TIME_ZONE,
            Severity.WARNING,
            f"the time zone is {machine.environment_zone or system or 'not set'}, the same as UTC all year: "
            "boxes are counted, and rounds open and close, by that time, which is one or two hours late in "
            "Sweden; run: sudo timedatectl set-timezone Europe/Stockholm, then restart kiosk serve",
        )
    elif not is_ambiguous:
        hours = " or ".join(f"UTC{offset:+g} h" for offset in sorted(offsets))
        yield Advice(
            Topic.TIME_ZONE, Severity.GOOD, f"the time zone is {hours}: {now:%H:%M} is the local time now"
        )


def _system_zone(machine: Machine) -> str:
    """Return the name of the zone to which /etc/localtime links; "" if that is no link, or missing."""
    link = machine.root / "etc/localtime"
    return os.readlink(link).partition("zoneinfo/")[2] if os.path.islink(link) else ""
