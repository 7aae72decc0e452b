"""Keeps guests' forms and keys out of memory images: freed memory is overwritten, and nothing is dumped or
swapped.

Python frees a form's text without overwriting it, and offers no way to overwrite it. glibc's allocator
overwrites what is freed if it is told so when a process starts
(https://sourceware.org/glibc/manual/latest/html_node/ Memory-Allocation-Tunables.html); its cache for each
thread is left out of that and is switched off, and so is Python's own allocator.
"""

import ctypes
import os
import resource
import sys
from pathlib import Path

ALLOCATOR = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
}
"""The environment variables of a process that overwrites the memory it frees."""

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_CAP_IPC_LOCK = 14


def restart_with_overwriting() -> None:
    """Replace this process by one with the same arguments that overwrites the memory it frees; then this does
    not return. Does nothing if the process does so already, or without glibc."""
    wanted = {**ALLOCATOR, "GLIBC_TUNABLES": _tunables(os.environ.get("GLIBC_TUNABLES", ""))}
    if has_glibc() and any(os.environ.get(name) != value for name, value in wanted.items()):
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(command[0], command, {**os.environ, **wanted})  # noqa: S606


def _tunables(others: str) -> str:
    """Return the value of GLIBC_TUNABLES: `others`, which the operator set, then those of ALLOCATOR, each
    once."""
    of_allocator = ALLOCATOR["GLIBC_TUNABLES"]
    kept = [tunable for tunable in others.split(":") if tunable and tunable not in of_allocator.split(":")]
    return ":".join([*kept, of_allocator])


def has_glibc() -> bool:
    """Return whether the C library is glibc, whose allocator can overwrite freed memory."""
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (ValueError, OSError):
        return False


def refuse_core_dumps() -> None:
    """Prevent the kernel from writing this process's memory to a core dump, and other processes from reading
    it.

    A limit of 0 prevents files. Programs that receive core dumps ignore the limit, but get none from a
    process that is not dumpable (core(5), prctl(2)).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def are_core_dumps_refused() -> bool:
    """Return whether this process leaves no core dump, neither to a file nor to a program; False on other
    systems than Linux."""
    is_dumpable = sys.platform != "linux" or _libc().prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) != 0
    return resource.getrlimit(resource.RLIMIT_CORE)[0] == 0 and not is_dumpable


def lock_memory() -> bool:
    """Keep this process's memory, also what it gets later, out of swap, if the system lets it lock any
    amount. Returns whether it is locked; False on other systems than Linux.

    Under a limit nothing is locked: an allocation above the limit would fail later, while a guest answers.
    """
    if sys.platform != "linux" or not (_may_lock() or _lift_limit()):
        return False
    return bool(_libc().mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)


def _may_lock() -> bool:
    """Return whether this process has the capability CAP_IPC_LOCK, to lock memory without a limit."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_IPC_LOCK & 1)
    return False


def _lift_limit() -> bool:
    """Remove this process's limit on locked memory. Returns False, and changes nothing, if the hard limit is
    finite."""
    _, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard != resource.RLIM_INFINITY:
        return False
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
    return True


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
