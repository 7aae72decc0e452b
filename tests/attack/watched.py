"""Traces the system calls of a process from outside. If the machine does not permit that, the finding says
so."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.attack.finding import Finding

WRITING = "write,pwrite64,writev,pwritev,pwritev2"
"""System calls that write to files. Data for a guest's socket use other calls."""


class NotPermittedError(Exception):
    """This machine lacks a tool or a permission, which the message names."""


@dataclass(frozen=True)
class NotPossibleHere(Finding):
    """The finding of an attack that this machine does not permit. Its bound counts neither as kept nor as
    broken, and a test that has it is skipped unless another finding fails."""


def not_possible(attack: str, why: NotPermittedError) -> NotPossibleHere:
    """Return the finding of an attack that could not be tried."""
    return NotPossibleHere(attack, f"not possible here: {why}", "0", False, "not run", False)


def watching(log: Path) -> list[str]:
    """Return the command to put before another command, so that all data that its process writes are logged
    in `log`.

    Raises NotPermittedError if processes may not be traced.
    """
    if not shutil.which("strace"):
        raise NotPermittedError("strace is missing")
    strace = ["strace", "-f", "--seccomp-bpf", "-xx", "-s", "10000000", "-e", f"trace={WRITING}"]
    tried = subprocess.run([*strace, "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise NotPermittedError(tried.stderr.strip() or "strace fails")
    return [*strace, "-o", str(log)]


def traced_writes(log: str) -> list[bytes]:
    """Return the data of each system call in the content of such a log, its pieces joined."""
    return [
        bytes.fromhex("".join(re.findall(r'"([^"]*)"', line)).replace("\\x", "")) for line in log.splitlines()
    ]
