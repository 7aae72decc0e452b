"""Checks the ways in which memory, with forms and keys in it, gets to a disk: swap, hibernation, core
dumps."""

from collections.abc import Iterator
from pathlib import Path

from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.operation.doctor.machine import Machine

HIBERNATE_UNIT = "etc/systemd/system/hibernate.target"

SWAP_WAY_OUT = (
    "turn it off (sudo swapoff -a, and remove it from /etc/fstab), encrypt it with a new key at each start "
    "(crypttab(5), option swap), or keep kiosk serve out of it (MemorySwapMax=0 and LimitMEMLOCK=infinity in "
    "its unit)"
)


def check_memory_images(machine: Machine) -> Iterator[Advice]:
    """Check swap, hibernation, and the core dumps of programs and of the kernel. What the machine does not
    report gives no finding."""
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
            "run: sudo systemctl mask hibernate.target hybrid-sleep.target suspend-then-hibernate.target",
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
    """Return whether the kernel can write all memory to a disk and systemd's unit for it is not masked."""
    states = (_content(root / "sys/power/state") or "").split()
    unit = root / HIBERNATE_UNIT
    is_masked = unit.is_symlink() and str(unit.readlink()) == "/dev/null"
    return "disk" in states and not is_masked


def _content(file: Path) -> str | None:
    """Return a file's text without white space around it; None if the file cannot be read."""
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return None
