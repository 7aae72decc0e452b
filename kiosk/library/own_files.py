"""An installation's own files: a file that cannot be read is replaced by its last good copy, or left out.

KIOSK_DATA/.last-good holds a copy of each file from the last time it could be read. Files that look like
definitions but are not read, such as prov.toml.txt, are reported.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from kiosk.domain.message import Message
from kiosk.library.definition import DefinitionError, is_there
from kiosk.library.theme import THEME, theme_files

QUESTIONS, TRANSLATIONS, LAST_GOOD = "questions", "translations", ".last-good"

OWN_FOLDERS = (QUESTIONS, TRANSLATIONS)
"""Names of the folders in KIOSK_DATA that people write files in."""

CATALOGUE_NAMES = frozenset({"guest.po", "desk.po"})
"""Names of the catalogues that are read."""

NOT_MEANT = ("~", ".bak", ".orig", ".mo", ".pot")
"""Endings of files that editors and gettext's programs leave behind. They are not reported."""

SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv")
"""Endings of files that the desk imports."""

T = TypeVar("T")


class State(StrEnum):
    """The state of a file with a problem: it cannot be read, and its last good copy is used (LAST_GOOD) or
    nothing is (LEFT_OUT); or no reader reads it, because of its name (NOT_READ)."""

    LAST_GOOD = "last_good"
    LEFT_OUT = "left_out"
    NOT_READ = "not_read"


@dataclass(frozen=True)
class FileProblem:
    """A file that is not used, or only in its last good copy. `file` is its path, relative to KIOSK_DATA.

    `english` names the absolute path, the fault and the remedy; `message` is the same for the desk.
    """

    file: str
    state: State
    english: str
    message: Message

    @property
    def outcome(self) -> str:
        """The problem and its consequence in English, for commands."""
        instead = {State.LAST_GOOD: "; its last good copy is used", State.LEFT_OUT: "; it is left out"}
        return self.english + instead.get(self.state, "")

    @property
    def is_bad(self) -> bool:
        """Whether the file should be read but cannot be."""
        return self.state is not State.NOT_READ


@dataclass
class TolerantReader:
    """A `Read` that tolerates faults in the installation's own files, but not in shipped files.

    `data` is KIOSK_DATA. `problems` collects faulty own files and folders; `good` collects the paths,
    relative to KIOSK_DATA, of the definitions and catalogues that could be read.
    """

    data: Path
    problems: list[FileProblem] = field(default_factory=list)
    good: list[Path] = field(default_factory=list)

    def __call__(self, path: Path, reader: Callable[[Path], T]) -> T | None:
        """Return `reader(path)`. If an own file is faulty, add it to `problems` and return the value that
        `reader` reads from its last good copy; None if there is no good copy. Raises DefinitionError for a
        faulty shipped file."""
        name = path.relative_to(self.data) if path.is_relative_to(self.data) else Path()
        if not {*name.parts[:1]} & {*OWN_FOLDERS, LAST_GOOD, THEME}:
            return reader(path)
        try:
            value = reader(path)
        except DefinitionError as error:
            return self._last_good(name, reader, error)
        if name.suffix in {".toml", ".po"} and name.parts[0] != LAST_GOOD:
            self.good.append(name)
        return value

    def _last_good(self, name: Path, reader: Callable[[Path], T], error: DefinitionError) -> T | None:
        """Return the value that `reader` reads from a faulty file's last good copy, None if no copy can be
        read, and add the file to `problems`. `name` is the file's path, relative to KIOSK_DATA."""
        copy = self.data / LAST_GOOD / name
        try:
            value = reader(copy) if is_there(copy) else None
        except DefinitionError:
            value = None
        problem = error.message or str(error).removeprefix(f"{self.data / name}: ")
        values = {"file": str(name), "problem": problem}
        if value is None:
            state = State.LEFT_OUT
            message = Message("{file} kan inte läsas och används inte: {problem}", values)
        else:
            state = State.LAST_GOOD
            message = Message(
                "{file} kan inte läsas. Den senaste som gick att läsa används: {problem}", values
            )
        self.problems.append(FileProblem(str(name), state, str(error), message))
        return value


def fingerprint(data: Path) -> str:
    """Return a digest of the own files and those of the theme, 64 hex digits, which differs once one was
    added, written, replaced or removed. It covers paths, sizes, modification times and inodes; no file is
    read."""
    digest = hashlib.sha256()
    for path in (*_files(data), *theme_files(data)):
        with suppress(OSError):
            seen = path.stat()
            digest.update(f"{path}\n{seen.st_size} {seen.st_mtime_ns} {seen.st_ino}\n".encode())
    return digest.hexdigest()


def unread_files(data: Path) -> Iterator[FileProblem]:
    """Yield the files of KIOSK_DATA that look like definitions or translations but are not read.

    Hidden files, README files and files that editors leave behind are skipped.
    """
    for path in _files(data):
        name = path.relative_to(data)
        if not _is_read(name) and not _is_skipped(name):
            yield _unread(data, name)


def _files(data: Path) -> Iterator[Path]:
    """Yield the absolute paths of all files that may be intended as definitions: the .toml and .po files
    directly in KIOSK_DATA, and all files in OWN_FOLDERS and their subfolders, but not in hidden ones."""
    loose = [path for path in _listed(data) if path.is_file() and {".toml", ".po"} & set(path.suffixes)]
    yield from loose
    for name in OWN_FOLDERS:
        for folder, folders, files in os.walk(data / name):
            # A folder with a definition file's name is read as a file, and its reader reports it.
            folders[:] = sorted(
                subfolder
                for subfolder in folders
                if not subfolder.startswith(".")
                and not _is_read((Path(folder) / subfolder).relative_to(data))
            )
            yield from (Path(folder) / file for file in sorted(files))


def _listed(folder: Path) -> list[Path]:
    """Return the paths in a folder, sorted; none if it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_read(name: Path) -> bool:
    """Return whether a reader of this program reads the file with the path `name`, relative to KIOSK_DATA."""
    match name.parts:
        case (file,):
            return file == THEME
        case ("questions", file) | ("questions", "scales" | "trees" | "counters" | "theories", file):
            return file.endswith(".toml")
        case ("questions", "counting", file):
            return file == "units.toml"
        case ("translations", _, "LC_MESSAGES", file):
            return file in CATALOGUE_NAMES
    return False


def _is_skipped(name: Path) -> bool:
    """Return whether a file that no reader reads is not worth a report."""
    file = name.name
    return file.startswith(".") or file.upper().startswith("README") or file.endswith(NOT_MEANT)


def _unread(data: Path, name: Path) -> FileProblem:
    """Return the problem, with the remedy, of a file that is not read. `name` is the file's path, relative to
    KIOSK_DATA, which is `data`."""
    parts = name.name.lower().split(".")
    right = name.with_name(f"{name.name.partition('.')[0]}.toml")
    right = right if _is_read(right) else Path(QUESTIONS) / right.name
    values = {"file": str(name), "name": str(right)}
    if {"toml", "tml"} & set(parts) and not is_there(data / right):
        english = f"is not read; move it to {data / right}"
        message = Message("{file} läses inte. Döp om den till {name}.", values)
    elif "po" in parts:
        english = "is not read; translations are named translations/CODE/LC_MESSAGES/guest.po"
        message = Message(
            "{file} läses inte. Översättningar heter translations/SPRÅKKOD/LC_MESSAGES/guest.po.", values
        )
    elif name.name.lower().endswith(SPREADSHEETS):
        english = "is not read; take it in at /admin/surveys or with: kiosk survey import FILE"
        message = Message("{file} läses inte. Hämta in den på sidan Enkäter.", values)
    else:
        english = "is not read; move it away"
        message = Message("{file} läses inte. Flytta den härifrån.", values)
    return FileProblem(str(name), State.NOT_READ, f"{data / name}: {english}", message)
