"""Checks the ways in which memory, with forms and keys in it, gets to a disk: swap, hibernation, core
dumps."""

import os
from collections.abc import Iterator
from pathlib import Path

from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.operation.doctor.machine import Machine

HIBERNATING_UNITS = ("hibernate.target", "hybrid-sleep.target", "suspend-then-hibernate.target")
"""Units of systemd that write all memory to a disk. Each is started by itself."""

UNIT_FOLDERS = ("etc/systemd/system", "run/systemd/system")
"""Folders in which units are masked, the one that takes precedence first. A mask in /run lasts until the
next start."""

SWAP_WAY_OUT = (
    "turn it off (sudo swapoff -a, and remove it from /etc/fstab), encrypt it with a new key at each start "
    "(crypttab(5), option swap), or keep kiosk serve out of it (MemorySwapMax=0 and LimitMEMLOCK=infinity in "
    "its unit)"
)


def check_memory_images(machine: Machine) -> Iterator[Advice]:
    """Check swap, hibernation to unencrypted swap, and the core dumps of this process and of the kernel. What
    the machine does not report gives no finding."""
    swaps = _unencrypted_swaps(machine.root)
    if swaps:
        text = f"memory may be written unencrypted to swap ({', '.join(swaps)}): {SWAP_WAY_OUT}"
        yield Advice(Topic.MEMORY, Severity.WARNING, text)
    elif swaps is not None:
        yield Advice(Topic.MEMORY, Severity.GOOD, "no memory is written unencrypted to swap")
    if swaps and _may_hibernate(machine.root):
        yield Advice(
            Topic.MEMORY,
            Severity.WARNING,
            "this machine may hibernate, which writes all memory, locked memory too, to unencrypted swap; "
            f"run: sudo systemctl mask {' '.join(HIBERNATING_UNITS)}",
        )
    yield from _check_core_dumps(machine)


def _check_core_dumps(machine: Machine) -> Iterator[Advice]:
    pattern = _content(machine.root / "proc/sys/kernel/core_pattern")
    if pattern is None:
        return
    if machine.refuses_core_dumps():
        yield Advice(Topic.MEMORY, Severity.GOOD, "kiosk's processes leave no core dump")
    else:
        yield Advice(
            Topic.MEMORY,
            Severity.BAD,
            f"a kiosk process that crashes leaves its memory as a core dump ({pattern}); set LimitCORE=0 in "
            "the unit of kiosk serve, and run: sudo sysctl kernel.core_pattern='|/bin/false'",
        )
    if _content(machine.root / "sys/kernel/kexec_crash_loaded") == "1":
        yield Advice(
            Topic.MEMORY,
            Severity.WARNING,
            "a crash of the kernel writes all memory to disk (kdump); run: sudo systemctl disable --now "
            "kdump-tools.service (on other systems kdump.service), or keep its files on an encrypted disk",
        )


def _unencrypted_swaps(root: Path) -> list[str] | None:
    """Return the paths of the swap areas that are on a disk and not encrypted; None if /proc/swaps cannot be
    read."""
    table = _content(root / "proc/swaps")
    if table is None:
        return None
    names = [line.split()[0] for line in table.splitlines()[1:] if line.strip()]
    return [name for name in names if not _is_in_memory(root, name) and not _is_encrypted(root, name)]


def _is_in_memory(root: Path, swap: str) -> bool:
    """Return whether a swap area is compressed memory (zram) without a disk behind it."""
    device = Path(swap).name
    backing = _content(root / "sys/block" / device / "backing_dev")
    return device.startswith("zram") and backing in (None, "none")


def _is_encrypted(root: Path, swap: str) -> bool:
    """Return whether a swap area is a device of dm-crypt. A file on an encrypted disk is not recognised."""
    device = (root / swap.lstrip("/")).resolve().name
    return (_content(root / "sys/block" / device / "dm/uuid") or "").startswith("CRYPT-")


def _may_hibernate(root: Path) -> bool:
    """Return whether the kernel can write all memory to a disk and one of HIBERNATING_UNITS is not masked.
    systemd-sleep.conf(5), which can also forbid hibernation, is not read."""
    states = (_content(root / "sys/power/state") or "").split()
    return "disk" in states and not all(_is_masked(root, unit) for unit in HIBERNATING_UNITS)


def _is_masked(root: Path, unit: str) -> bool:
    """Return whether a unit of systemd is a link to /dev/null, or empty, in the first of UNIT_FOLDERS that
    has it."""
    files = [root / folder / unit for folder in UNIT_FOLDERS]
    file = next((file for file in files if os.path.lexists(file)), None)
    if file is None:
        return False
    return os.readlink(file) == os.devnull if file.is_symlink() else _content(file) == ""


def _content(file: Path) -> str | None:
    """Return a file's text without white space around it; None if the file cannot be read."""
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return None
