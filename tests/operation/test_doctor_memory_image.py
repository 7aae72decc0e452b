"""The doctor names what may copy guests' forms and keys from memory to a disk."""

import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from kiosk.operation.doctor import Severity, Topic
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


@pytest.mark.slow
def test_hibernation_to_unencrypted_swap_is_a_warning_until_it_is_masked(
    examined: ExaminedInstallation,
) -> None:
    examined.put("proc/swaps", HEAD + "/swapfile file 1 0 -2\n")
    examined.put("sys/power/state", "freeze mem disk\n")
    assert "systemctl mask hibernate.target" in str(examined.advice_texts(Severity.WARNING, Topic.MEMORY))
    unit = examined.root / "etc/systemd/system/hibernate.target"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.symlink_to("/dev/null")
    assert "hibernate" not in str(examined.advice_texts(Severity.WARNING, Topic.MEMORY))


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
