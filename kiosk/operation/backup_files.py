"""People's files in KIOSK_DATA: all except those that the program creates or that no backup may contain.

They are defined by this rule and not by a list of folders, so that backups include new kinds of files too.
"""

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from kiosk.operation.archive import MANIFEST, TABLES, fault_of_name, folded, is_backup
from kiosk.settings import Settings
from kiosk.storage import SQLITE_ENDINGS, sqlite_files

SECRET_KEY = "secret_key"  # noqa: S105 - the file's name
"""File with the key that signs sessions, in no backup. If it is missing, a new one is made, and everybody
signs in again."""

KEY_FOLDER = re.compile(r"(box|slips|letterbox)\..+\..+")
"""Pattern of the names of key folders; a copy of KIOSK_KEYS may be anywhere."""

TEMPORARY = re.compile(r"(?!\.last-good$)\..*|tmp[a-z0-9_]{8}|.*~|.*\.(tmp|unfinished)|lost\+found")
"""Pattern of the names of temporary, edited or hidden files and folders; the second is Python's tempfile.
Last good copies are included: a file that became unreadable has no other copy."""

SQLITE = b"SQLite format 3\0"
"""The first bytes of a SQLite database."""


class Exclusion(StrEnum):
    """The reason for excluding a file of people from a backup."""

    LINK = "a link"
    SPECIAL = "neither file nor folder"
    DATABASE = "a database"
    BACKUP = "a backup"
    NAME = "a name that some systems cannot store, or that a backup needs itself"
    SAME_NAME = "another file's name, but for small and large letters"


@dataclass(frozen=True)
class BackupFiles:
    """Files by their path below KIOSK_DATA, with /, and the paths left out, with the reason for each."""

    paths: dict[str, Path]
    left_out: dict[str, Exclusion]


def files_to_back_up(settings: Settings) -> BackupFiles:
    """Return the files for a backup, sorted by path. Links are not followed: they may lead to keys, or in
    circles. Names for which `may_be_kept` is False are neither among the files nor among those left out.

    Raises OSError for a folder or file that cannot be read.
    """
    files = BackupFiles({}, {})
    seen: set[str] = set()
    for path in _entries(settings.data, settings):
        name = path.relative_to(settings.data).as_posix()
        try:
            exclusion = Exclusion.SAME_NAME if folded(name) in seen else _exclusion_of(path, name)
        except FileNotFoundError:
            # The file was removed meanwhile.
            continue
        if exclusion:
            files.left_out[name] = exclusion
        else:
            seen.add(folded(name))
            files.paths[name] = path
    return files


def may_be_kept(name: PurePosixPath, settings: Settings) -> bool:
    """Return whether a file or folder with this path below KIOSK_DATA may be a person's, which belongs in a
    backup: not a hidden or temporary one, nor keys, the session key or the database."""
    path = settings.data / name
    return not (
        any(TEMPORARY.fullmatch(part) or KEY_FOLDER.fullmatch(part) for part in name.parts[:-1])
        or TEMPORARY.fullmatch(name.name)
        or name == PurePosixPath(SECRET_KEY)
        or path in sqlite_files(settings.database_url)
        or path.is_relative_to(settings.keys)
    )


def _entries(folder: Path, settings: Settings) -> Iterator[Path]:
    """Yield the paths in a folder and its subfolders whose names may be kept; no folders."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not may_be_kept(PurePosixPath(path.relative_to(settings.data)), settings):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from () if KEY_FOLDER.fullmatch(path.name) else _entries(path, settings)
        else:
            yield path


def _exclusion_of(path: Path, name: str) -> Exclusion | None:
    """Return why a file is left out of backups; None if it is not. `name` is its path below KIOSK_DATA."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return Exclusion.LINK
    if not stat.S_ISREG(mode):
        return Exclusion.SPECIAL
    if fault_of_name(name) or name in {TABLES, MANIFEST}:
        return Exclusion.NAME
    if _is_database(path):
        return Exclusion.DATABASE
    return Exclusion.BACKUP if is_backup(path) else None


def _is_database(path: Path) -> bool:
    """Return whether a file is a SQLite database, or a part of one beside it."""
    beside = (path.name.removesuffix(ending) for ending in SQLITE_ENDINGS if path.name.endswith(ending))
    candidates = [path.with_name(name) for name in beside if name]
    return any(_begins(candidate, SQLITE) for candidate in candidates if candidate.is_file())


def _begins(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(beginning)) == beginning
