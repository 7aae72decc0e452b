"""The machine: disk space, memory, the clock and its time zone."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.operation.doctor import Severity, Topic
from kiosk.operation.doctor.machine import MIB, THRESHOLDS, this_machine
from tests.tools.examined import ExaminedInstallation


@pytest.mark.slow
@pytest.mark.parametrize(
    ("megabytes", "weight"), [(2000, Severity.GOOD), (255, Severity.WARNING), (95, Severity.BAD)]
)
def test_little_memory_is_reported(examined: ExaminedInstallation, megabytes: int, weight: Severity) -> None:
    examined.put("proc/meminfo", f"MemFree: 1 kB\nMemAvailable: {megabytes * 1024} kB\n")
    [texts] = examined.advice_texts(weight, Topic.MEMORY)
    assert ("enough memory" if weight is Severity.GOOD else f"{megabytes} MiB") in texts


def full(free_bytes: int, free_inodes: int) -> os.statvfs_result:
    """A disk with blocks of 1 byte, as statvfs(3) reports it."""
    return os.statvfs_result((1, 1, 10**12, free_bytes, free_bytes, 10**6, free_inodes, free_inodes, 0, 255))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["KIOSK_DATA", "KIOSK_KEYS"])
def test_low_disk_space_is_reported_before_it_runs_out(
    examined: ExaminedInstallation, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Tests the thresholds; another test fills a real disk."""
    folder, limit, real = getattr(examined.settings, name[6:].lower()), THRESHOLDS[name], os.statvfs
    for free, inodes, weight in (
        (limit.look_bytes, limit.bad_inodes, Severity.GOOD),
        (limit.look_bytes - 1, 10**6, Severity.WARNING),
        (limit.bad_bytes - 1, 10**6, Severity.BAD),
        (10**12, limit.bad_inodes - 1, Severity.BAD),
    ):
        disk = full(free, inodes)
        with monkeypatch.context() as planted:
            planted.setattr(os, "statvfs", lambda path, disk=disk: disk if path == folder else real(path))
            texts = examined.advice_texts(weight, Topic.SPACE)
        figure = "enough space" if weight is Severity.GOOD else f"{free // MIB} MiB"
        assert [line for line in texts if line.startswith(f"the disk of {name} ({folder}) has {figure}")]


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["UTC", "Africa/Abidjan", "Atlantic/Reykjavik"])
def test_a_machine_on_utc_is_a_warning(examined: ExaminedInstallation, zone: str) -> None:
    (examined.root / "etc/localtime").unlink()
    (examined.root / "etc/localtime").symlink_to(f"/usr/share/zoneinfo/{zone}")
    examined.machine = replace(examined.machine, zone=ZoneInfo(zone))
    [texts] = examined.advice_texts(Severity.WARNING)
    assert f"the time zone is {zone}, the same as UTC all year" in texts
    assert "timedatectl set-timezone Europe/Stockholm" in texts


def test_a_time_zone_that_equals_utc_only_in_winter_is_no_warning(examined: ExaminedInstallation) -> None:
    examined.machine = replace(examined.machine, zone=ZoneInfo("Europe/London"))
    assert examined.advice_texts(Severity.WARNING) == []


def test_a_time_zone_set_only_in_the_shell_is_a_warning(examined: ExaminedInstallation) -> None:
    examined.machine = replace(examined.machine, environment_zone="Europe/Helsinki")
    [texts] = examined.advice_texts(Severity.WARNING)
    assert "TZ is Europe/Helsinki here and the machine's time zone is Europe/Stockholm" in texts
    assert examined.advice_texts(Severity.GOOD, Topic.TIME_ZONE) == []
    examined.machine = replace(examined.machine, environment_zone="Europe/Stockholm")
    assert examined.advice_texts(Severity.WARNING) == []


def test_a_clock_without_ntp_is_a_warning(examined: ExaminedInstallation) -> None:
    examined.machine = replace(examined.machine, ntp_time=lambda: None)
    [texts] = examined.advice_texts(Severity.WARNING)
    assert "timedatectl set-ntp true" in texts


def test_this_machine_has_the_time_zone_of_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Stockholm")
    assert this_machine().environment_zone == "Europe/Stockholm"
    assert this_machine().root == Path("/")


@pytest.mark.parametrize(
    ("days", "words"), [(1.5, "kiosk serve running"), (-3, "before the last count"), (0.3, None)]
)
def test_a_missed_count_and_a_wrong_clock_are_bad(
    examined: ExaminedInstallation, days: float, words: str | None
) -> None:
    examined.now += timedelta(days=days)
    texts = examined.advice_texts(Severity.BAD)
    assert (words is None and texts == []) or (words and words in texts[0])
