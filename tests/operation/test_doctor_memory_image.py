"""The doctor names what may copy guests' forms and keys from memory to a disk."""

import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.operation.doctor import Machine, Severity, Topic
from kiosk.operation.doctor.memory_image import HIBERNATING_UNITS, check_memory_images
from tests.tools.examined import ExaminedInstallation

HEAD = "Filename\tType\tSize\tUsed\tPriority\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "files", "weight"),
    [
        ("", {}, Severity.GOOD),
        ("/dev/zram0 partition 1 0 100\n", {}, Severity.GOOD),
        ("/dev/zram0 partition 1 0 100\n", {"sys/block/zram0/backing_dev": "/dev/sda3\n"}, Severity.WARNING),
        ("/dev/dm-1 partition 1 0 -2\n", {"sys/block/dm-1/dm/uuid": "CRYPT-PLAIN-swap\n"}, Severity.GOOD),
        ("/dev/dm-1 partition 1 0 -2\n", {"sys/block/dm-1/dm/uuid": "LVM-swap\n"}, Severity.WARNING),
        ("/swapfile file 1 0 -2\n", {}, Severity.WARNING),
    ],
)
def test_swap_on_an_unencrypted_disk_is_a_warning(
    examined: ExaminedInstallation, line: str, files: dict[str, str], weight: Severity
) -> None:
    examined.put("proc/swaps", HEAD + line)
    for path, text in files.items():
        examined.put(path, text)
    [texts] = [text for text in examined.advice_texts(weight, Topic.MEMORY) if "swap" in text]
    assert ("swapoff" in texts and "MemorySwapMax=0" in texts) == (weight is Severity.WARNING)


@pytest.fixture
def hibernating(tmp_path: Path) -> Machine:
    """A machine that can hibernate to unencrypted swap."""
    for name, text in (("proc/swaps", HEAD + "/swapfile file 1 0 -2\n"), ("sys/power/state", "mem disk\n")):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return Machine(tmp_path)


def may_hibernate(machine: Machine) -> bool:
    return any("may hibernate" in advice.text for advice in check_memory_images(machine))


def mask(machine: Machine, folder: str, unit: str) -> None:
    file = machine.root / folder / "systemd/system" / unit
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to("/dev/null")


@pytest.mark.parametrize("folder", ["etc", "run"])
def test_hibernation_to_unencrypted_swap_is_a_warning_until_all_its_units_are_masked(
    hibernating: Machine, folder: str
) -> None:
    for unit in ("hibernate.target", "hybrid-sleep.target", "suspend-then-hibernate.target"):
        [text] = [advice.text for advice in check_memory_images(hibernating) if "hibernate" in advice.text]
        assert unit in text.partition("systemctl mask")[2]
        mask(hibernating, folder, unit)
    assert not may_hibernate(hibernating)


def test_a_unit_in_etc_overrides_its_mask_in_run(hibernating: Machine) -> None:
    for unit in HIBERNATING_UNITS:
        mask(hibernating, "run", unit)
    file = hibernating.root / "etc/systemd/system" / HIBERNATING_UNITS[0]
    file.parent.mkdir(parents=True)
    file.write_text("[Unit]\n")
    assert may_hibernate(hibernating)
    file.write_text("")
    assert not may_hibernate(hibernating)


@pytest.mark.slow
@pytest.mark.parametrize(("refuses", "weight"), [(True, Severity.GOOD), (False, Severity.BAD)])
def test_allowed_core_dumps_are_bad(
    examined: ExaminedInstallation, *, refuses: bool, weight: Severity
) -> None:
    examined.put("proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n")
    examined.machine = replace(examined.machine, refuses_core_dumps=lambda: refuses)
    [texts] = [text for text in examined.advice_texts(weight, Topic.MEMORY) if "core dump" in text]
    assert ("LimitCORE=0" in texts) == (weight is Severity.BAD)


def test_a_kernel_crash_dump_is_a_warning(examined: ExaminedInstallation) -> None:
    examined.put("proc/sys/kernel/core_pattern", "core\n")
    examined.put("sys/kernel/kexec_crash_loaded", "1\n")
    assert "kdump" in str(examined.advice_texts(Severity.WARNING, Topic.MEMORY))


STATE = """
import os, resource, sys
sys.argv = ["kiosk", *sys.argv[1:]]
import click, kiosk.cli
from kiosk.operation.memory import ALLOCATOR, are_core_dumps_refused
def told(*_, **__):
    print(are_core_dumps_refused(), all(os.environ.get(name) == value for name, value in ALLOCATOR.items()))
kiosk.cli.Commands.get_command = lambda _group, _context, name: click.Command(name, callback=told)
kiosk.cli.run()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("command", "expected"), [("init", "True False"), ("count", "True True")])
def test_every_command_disables_core_dumps_and_commands_with_ballots_overwrite_freed_memory(
    command: str, expected: str
) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    ran = subprocess.run(
        [sys.executable, "-c", STATE, command],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (most, most)),
    )
    assert ran.stdout.strip() == expected
