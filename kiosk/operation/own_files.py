"""What people made in KIOSK_DATA: all of it but what the program makes anew or no backup may hold.

A rule, not a list of folders, so that a kind of file that comes later is in a backup from the first day.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from kiosk.operation.archive import MANIFEST, TABLES, fault_of_name, folded, is_backup
from kiosk.settings import Settings

SECRET_KEY = "secret_key"  # noqa: S105 - the file's name
"""Signs sessions. A new one is made where it is missing: everybody signs in again, and nobody else can."""

KEY_FOLDER = re.compile(r"(box|slips|letterbox)\..+\..+")
"""Folders of keys are named so; a copy of KIOSK_KEYS may lie anywhere."""

TEMPORARY = re.compile(r"(?!\.last-good$)\..*|tmp[a-z0-9_]{8}|.*~|.*\.(tmp|unfinished)|lost\+found")
"""Names of files and folders that are written, edited or hidden; the second is Python's tempfile. Last good
copies are kept: of a file gone bad, there is no other."""

SQLITE = b"SQLite format 3\0"
DATABASE_ENDINGS = ("", "-wal", "-shm", "-journal")


class Reason(StrEnum):
    """Why a backup does not hold something that people may have put there."""

    LINK = "a link"
    SPECIAL = "neither file nor folder"
    DATABASE = "a database"
    BACKUP = "a backup"
    NAME = "a name that some systems cannot store, or that a backup needs itself"
    SAME_NAME = "another file's name, but for small and large letters"


@dataclass(frozen=True)
class OwnFiles:
    """Files by their name below KIOSK_DATA, with /, and what else lies there and is in no backup."""

    paths: dict[str, Path]
    left_out: dict[str, Reason]


def own_files(settings: Settings) -> OwnFiles:
    """The files that a backup holds, sorted. Links are not followed: they may lead to keys, or in circles.

    Raises OSError for a folder or file that cannot be read.
    """
    own = OwnFiles({}, {})
    seen: set[str] = set()
    for path in _entries(settings.data, settings):
        name = path.relative_to(settings.data).as_posix()
        try:
            reason = Reason.SAME_NAME if folded(name) in seen else _reason_to_leave_out(path, name)
        except FileNotFoundError:
            # The file was removed meanwhile.
            continue
        if reason:
            own.left_out[name] = reason
        else:
            seen.add(folded(name))
            own.paths[name] = path
    return own


def may_be_kept(name: PurePosixPath, settings: Settings) -> bool:
    """Whether a file or folder of this name, below KIOSK_DATA, can be one that people made."""
    path = settings.data / name
    return not (
        any(TEMPORARY.fullmatch(part) or KEY_FOLDER.fullmatch(part) for part in name.parts[:-1])
        or TEMPORARY.fullmatch(name.name)
        or name == PurePosixPath(SECRET_KEY)
        or path in _database_files(settings)
        or path.is_relative_to(settings.keys)
    )


def database_file(settings: Settings) -> Path | None:
    """The file of a SQLite database; None where the database is a server's."""
    url = settings.database_url
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _database_files(settings: Settings) -> set[Path]:
    file = database_file(settings)
    return {file.with_name(f"{file.name}{ending}") for ending in DATABASE_ENDINGS} if file else set()


def _entries(folder: Path, settings: Settings) -> Iterator[Path]:
    """What lies in a folder and the folders in it, by names that may be kept, but for the folders."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not may_be_kept(PurePosixPath(path.relative_to(settings.data)), settings):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from () if KEY_FOLDER.fullmatch(path.name) else _entries(path, settings)
        else:
            yield path


def _reason_to_leave_out(path: Path, name: str) -> Reason | None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return Reason.LINK
    if not stat.S_ISREG(mode):
        return Reason.SPECIAL
    if fault_of_name(name) or name in {TABLES, MANIFEST}:
        return Reason.NAME
    if _is_database(path):
        return Reason.DATABASE
    return Reason.BACKUP if is_backup(path) else None


def _is_database(path: Path) -> bool:
    """Whether a file is a SQLite database, or lies beside one and is part of it."""
    beside = (path.name.removesuffix(ending) for ending in DATABASE_ENDINGS if path.name.endswith(ending))
    candidates = [path.with_name(name) for name in beside if name]
    return any(_begins(candidate, SQLITE) for candidate in candidates if candidate.is_file())


def _begins(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(beginning)) == beginning
