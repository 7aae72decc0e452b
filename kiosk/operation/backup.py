"""Backups of an installation, without uncounted ballots, slips and keys.

Boxes and slips are excluded: an old copy of a box would bring back ballots that were counted and destroyed. A
backup is one zip file that can be restored to SQLite and PostgreSQL.
"""

import fcntl
import json
import os
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import IO

import kiosk
from kiosk.operation.archive import (
    LARGEST_BACKUP_BYTES,
    LARGEST_TABLES_BYTES,
    MANIFEST,
    MOST_MEMBERS,
    TABLES,
    Manifest,
    Member,
    chunks_of,
    member_of,
)
from kiosk.operation.backup_files import BackupFiles, files_to_back_up
from kiosk.operation.durable import sync_folder
from kiosk.settings import Settings
from kiosk.storage import Store, StoreError, newest_schema

UNFINISHED = ".unfinished"
"""Ending of the name of a backup that is being written. The name also has a dot at its beginning."""

NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every member, the earliest that a zip file can have: a backup does not reveal when files
changed."""


@dataclass(frozen=True)
class BackupSummary:
    """The content of a backup, whose file has `size` bytes.

    `rounds` and `accounts` are numbers. `files` maps each folder or file that is in KIOSK_DATA itself to its
    number of files in the backup. `left_out` maps the paths of excluded files below KIOSK_DATA to the reason,
    in English (`Exclusion`).
    """

    size: int
    manifest: Manifest
    rounds: int
    accounts: int
    files: Counter[str]
    left_out: dict[str, str]


def write_backup(store: Store, settings: Settings, file: Path, today: date) -> BackupSummary:
    """Write a backup to a new file, completely or not at all. Returns a summary.

    The file has the tables (`Store.dump`) and people's files (`files_to_back_up`). `today` is the date in its
    manifest. First finishes a count that has begun to close a round: raises KeyUnavailableError if a key that
    it needs is missing or damaged. Removes the temporary files of killed backups in the folder of `file`.
    Raises StoreError, and leaves no file, if `file` exists or its folder is missing, another backup is being
    written there, a file cannot be read, the disk is full or the backup would be larger than a restore reads.
    Raises peewee's errors if the database cannot be read.
    """
    if not file.absolute().parent.is_dir():
        raise StoreError(f"{file.parent} is not a folder; create it, or choose another")
    try:
        tables, of_people = store.dump(), files_to_back_up(settings)
        packed_tables = json.dumps(tables, ensure_ascii=False).encode()
        _check_size(len(packed_tables), of_people)
        with _unfinished(file) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            members = {TABLES: _add(archive, TABLES, BytesIO(packed_tables))}
            members |= dict(_add_files(archive, of_people.paths))
            manifest = Manifest(kiosk.__version__, newest_schema(), today, members)
            described = json.dumps(manifest.as_json(), ensure_ascii=False, indent=1)
            _add(archive, MANIFEST, BytesIO(described.encode()))
    except OSError as error:
        raise StoreError(
            f"{error.filename or file}: {error.strerror or error}; no backup was written"
        ) from error
    files = Counter(name.partition("/")[0] for name in members if name != TABLES)
    left_out = {name: reason.value for name, reason in of_people.left_out.items()}
    return BackupSummary(
        file.stat().st_size, manifest, len(tables["round"]), len(tables["account"]), files, left_out
    )


def _check_size(table_bytes: int, of_people: BackupFiles) -> None:
    """Raise StoreError for a backup that a restore would refuse as too large."""
    sizes = {name: path.stat().st_size for name, path in of_people.paths.items() if path.exists()}
    if (
        table_bytes > LARGEST_TABLES_BYTES
        or sum(sizes.values()) + table_bytes > LARGEST_BACKUP_BYTES
        or len(sizes) > MOST_MEMBERS
    ):
        largest = max(sizes, key=lambda name: sizes[name], default=TABLES)
        raise StoreError(
            f"KIOSK_DATA is too large for a backup ({len(sizes)} files, {sum(sizes.values())} bytes; the "
            f"largest is {largest}); move files that are not part of the installation elsewhere"
        )


def _add_files(archive: zipfile.ZipFile, paths: Mapping[str, Path]) -> Iterator[tuple[str, Member]]:
    """Add files to a backup, and yield (name, member) of each. `paths` maps the name in the backup to the
    file's path. Files that were removed meanwhile are left out."""
    for name, path in paths.items():
        try:
            source = path.open("rb")
        except FileNotFoundError:
            # The file was removed meanwhile.
            continue
        with source:
            yield name, _add(archive, name, source)


def _add(archive: zipfile.ZipFile, name: str, source: IO[bytes]) -> Member:
    entry = zipfile.ZipInfo(name, NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    with archive.open(entry, "w", force_zip64=True) as packed:
        return member_of(chunks_of(source), packed.write)


@contextmanager
def _unfinished(file: Path) -> Iterator[IO[bytes]]:
    """Yield a temporary file that is renamed to `file` after the `with` block, and removed after an error.

    The file is locked while it is written: a killed program leaves an unlocked one, which the next backup
    removes. Raises StoreError if `file` exists or another backup is being written there.
    """
    _remove_unfinished(file.absolute().parent)
    path = file.with_name(f".{file.name}{UNFINISHED}")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise StoreError(f"{file}: another backup is being written there; wait for it") from error
    try:
        with os.fdopen(handle, "wb") as out:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if file.exists() or file.is_symlink():
                raise StoreError(f"{file} exists already; choose another name")
            yield out
            out.flush()
            os.fsync(out.fileno())
            path.rename(file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    sync_folder(file.absolute().parent)


def _remove_unfinished(folder: Path) -> None:
    """Remove the temporary files of killed backups in a folder."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError), path.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
