"""Searches every readable log for a marked request: files, containers' logs, and the system journal."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("var/log", "var/lib/docker/containers", "var/lib/containers")
"""Folders, relative to the root folder, to which web servers and containers write their logs."""

JOURNALS = ("var/log/journal", "run/log/journal")
"""Folders of the system journal, relative to the root folder, which journalctl reads."""

PACKED = {".gz", ".xz", ".bz2", ".zst"}
"""Endings of old logs, to which nothing is written."""

LARGEST_ADDITION_BYTES = 64 * 1024 * 1024
"""Most bytes of a log's new content that are read, from its end."""


PAUSE_SECONDS = 0.2
"""Seconds between two searches."""


@dataclass(frozen=True)
class MarkedLine:
    """A line of a log that has the mark of a request: a text that no other request has. `file` is the log's,
    None for the system journal."""

    file: Path | None
    line: str


class LogWatch:
    """Searches what is written to the logs of this machine after this object was created: those in FOLDERS,
    and the system journal.

    `root` is the machine's root folder, and `named` are further logs, which a configuration names. `journal`
    returns the system journal since a time in seconds since 1970, None if there is none.
    """

    def __init__(self, root: Path, named: Iterable[Path], journal: Callable[[float], str | None]) -> None:
        self._root = root
        self._named = [file.resolve() for file in named]
        self._journal = journal
        self._since = time.time()
        self._sizes = {file: (stat.st_ino, stat.st_size) for file, stat in self._files()}

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Yield the logs that are files, with their status: `named`, and all in FOLDERS, without packed ones
        and the system journal."""
        journals = [self._root / name for name in JOURNALS]
        log_files = [file for name in FOLDERS for file in (self._root / name).rglob("*")]
        for file in dict.fromkeys([*self._named, *log_files]):
            if file.suffix in PACKED or any(file.is_relative_to(folder) for folder in journals):
                continue
            try:
                if file.is_file():
                    yield file, file.stat()
            except OSError:
                continue

    @property
    def unreadable(self) -> list[Path]:
        """Logs of web servers, and journals, that exist and that this user may not read."""
        journals = [file for name in JOURNALS for file in (self._root / name).glob("*/system.journal")]
        servers = [self._root / "var/log" / name for name in ("nginx", "apache2", "caddy", "haproxy")]
        looked_at = [
            *self._named,
            *servers,
            *(file for folder in servers for file in _inside(folder)),
            *journals,
        ]
        return [path for path in dict.fromkeys(looked_at) if os.path.exists(path) and not _is_readable(path)]

    def wait_for(self, mark: str, seconds: float) -> list[MarkedLine]:
        """Search until a line has the mark, at least once, then PAUSE_SECONDS more for the other logs, and
        return every line with the mark; empty if there is none within `seconds`. Raises the errors of the
        function `journal`."""
        deadline = time.monotonic() + seconds
        while not self.marked(mark):
            if time.monotonic() > deadline:
                return []
            time.sleep(PAUSE_SECONDS)
        time.sleep(PAUSE_SECONDS)
        return self.marked(mark)

    def marked(self, mark: str) -> list[MarkedLine]:
        """Return every line with the mark that was written since this object was created; of each file, its
        last LARGEST_ADDITION_BYTES are searched. Raises the errors of the function `journal`."""
        lines = [
            MarkedLine(file, line)
            for file, stat in self._files()
            for line in self._new_text(file, stat).splitlines()
            if mark in line
        ]
        journal = self._journal(self._since) or ""
        return lines + [MarkedLine(None, line) for line in journal.splitlines() if mark in line]

    def _new_text(self, file: Path, stat: os.stat_result) -> str:
        """Return what was written to a log since this object was created, at most the last
        LARGEST_ADDITION_BYTES. Returns the whole log if it was rotated, "" if it cannot be read."""
        inode, size = self._sizes.get(file, (stat.st_ino, 0))
        start = size if inode == stat.st_ino and size <= stat.st_size else 0
        start = max(start, stat.st_size - LARGEST_ADDITION_BYTES)
        try:
            with file.open("rb") as log:
                log.seek(start)
                return log.read(LARGEST_ADDITION_BYTES).decode("utf-8", errors="replace")
        except OSError:
            return ""


def _is_readable(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=True)


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
