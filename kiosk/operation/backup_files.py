"""People's files in KIOSK_DATA: all except those that the program creates or that no backup may contain.

There is no list of people's folders, so that backups include new kinds of files too.
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
"""Name of the file with the key that signs sessions, which no backup holds. If it is missing, a new one is
made, and everybody signs in again."""

KEY_FOLDER = re.compile(r"(box|slips|letterbox)\..+\..+")
"""Pattern of the names of key folders, which are left out wherever they are: KIOSK_DATA may have a copy of
KIOSK_KEYS."""

TEMPORARY = re.compile(r"(?!\.last-good$)\..*|tmp[a-z0-9_]{8}|.*~|.*\.(tmp|unfinished)|lost\+found")
"""Pattern of the names of files and folders that are hidden, temporary, or left by an editor or a file
system. Its second alternative matches those of Python's tempfile. Last good copies (.last-good) are not
matched: a file that became unreadable has no other copy."""

SQLITE = b"SQLite format 3\0"
"""The first bytes of a SQLite database."""


class Exclusion(StrEnum):
    """The reason, in English, for excluding a person's file from a backup."""

    LINK = "a link"
    SPECIAL = "neither file nor folder"
    DATABASE = "a database"
    BACKUP = "a backup"
    NAME = "a name that some systems cannot store, or that a backup needs itself"
    SAME_NAME = "another file's name, but for small and large letters"


@dataclass(frozen=True)
class BackupFiles:
    """The files for a backup: path below KIOSK_DATA, written with /, -> absolute path. `left_out` maps the
    paths of excluded files, also below KIOSK_DATA, to the reason."""

    paths: dict[str, Path]
    left_out: dict[str, Exclusion]


def files_to_back_up(settings: Settings) -> BackupFiles:
    """Return the files for a backup, sorted by path. Links are left out: they may lead to keys, or in
    circles. Names for which `may_be_kept` is False are neither in `paths` nor in `left_out`.

    Both are empty if KIOSK_DATA does not exist. Raises OSError for a folder or file that cannot be read.
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
    backup: not a temporary or hidden one (the hidden .last-good may be kept), nor keys, the session key or
    the database."""
    path = settings.data / name
    return not (
        any(TEMPORARY.fullmatch(part) or KEY_FOLDER.fullmatch(part) for part in name.parts[:-1])
        or TEMPORARY.fullmatch(name.name)
        or name == PurePosixPath(SECRET_KEY)
        or path in sqlite_files(settings.database_url)
        or path.is_relative_to(settings.keys)
    )


def _entries(folder: Path, settings: Settings) -> Iterator[Path]:
    """Yield the files, links and other entries in a folder and its subfolders whose names may be kept, but no
    folders."""
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
    """Return whether a file is a SQLite database, or one of the files that SQLite keeps beside it."""
    beside = (path.name.removesuffix(ending) for ending in SQLITE_ENDINGS if path.name.endswith(ending))
    candidates = [path.with_name(name) for name in beside if name]
    return any(_begins(candidate, SQLITE) for candidate in candidates if candidate.is_file())


def _begins(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(beginning)) == beginning
