"""Restores a backup into an empty installation, completely or not at all.

The whole file is read and checked first. People's files are unpacked to a temporary folder and renamed, and
the rows are committed last. An error removes the files and the rows.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import kiosk
from kiosk.operation.archive import (
    FORMAT,
    MANIFEST,
    TABLES,
    VERSION,
    Archive,
    ArchiveError,
    Manifest,
    Member,
    chunks_of,
    manifest_from_json,
    member_of,
    restore_with,
)
from kiosk.operation.backup_files import (
    Exclusion,
    files_to_back_up,
    may_be_kept,
)
from kiosk.operation.durable import sync_folder
from kiosk.settings import Settings
from kiosk.storage import (
    Dump,
    StoreError,
    TermsError,
    newest_schema,
    open_store,
    read_dump,
    sqlite_file,
    sqlite_files,
)

UNPACKING = ".restoring-"
"""Beginning of the name of the temporary folder in KIOSK_DATA."""

SPARE_BYTES = 50_000_000
"""Space that is left free on the disk, for the database and other programs."""


@dataclass(frozen=True)
class RestoreSummary:
    """The restored content, in numbers: rounds, accounts, people's files, and boxes of open rounds, which are
    empty. `version` is that of the program that wrote the backup, "" for a backup without a manifest."""

    version: str
    rounds: int
    accounts: int
    files: int
    boxes: int


@dataclass(frozen=True)
class Backup:
    """A checked backup: the version that wrote it ("" for a backup without a manifest), its rows, and
    people's files by path below KIOSK_DATA. The content of the files is read from `archive`, which is still
    open."""

    archive: Archive
    version: str
    dump: Dump
    files: dict[str, Member]


def restore_backup(settings: Settings, file: Path) -> RestoreSummary:
    """Restore a backup into an installation that is empty or does not exist yet.

    Raises StoreError, which names the file and the fault; TermsError, a StoreError, with messages to be
    translated, for a round that the rules do not allow; OSError if the file or a disk cannot be read or
    written; and peewee's errors. After an error, nothing was changed.
    """
    with file.open("rb") as source:
        try:
            archive = Archive(source)
            _check_space(settings, archive)
            backup = _checked(archive, settings)
        except TermsError:
            # The caller translates its messages into the reader's language.
            raise
        except (ArchiveError, StoreError) as error:
            raise StoreError(f"{file}: {error}; nothing was restored") from error
        boxes = _create_installation(backup, settings)
    tables = backup.dump.tables
    return RestoreSummary(
        backup.version, len(tables["round"]), len(tables["account"]), len(backup.files), boxes
    )


def _checked(archive: Archive, settings: Settings) -> Backup:
    """Read and check the whole file, and return its content. Raises ArchiveError, or StoreError for a fault
    of its tables."""
    manifest = _manifest(archive)
    members = {name: member_of(archive.chunks(name)) for name in archive.members if name != MANIFEST}
    if manifest:
        _check_sums(members, manifest)
    dump = read_dump(archive.document(TABLES))
    files = {name: member for name, member in members.items() if name != TABLES}
    for name in files:
        if not may_be_kept(PurePosixPath(name), settings):
            raise ArchiveError(f"holds {name!r}, which is not part of a backup of this program")
    return Backup(archive, manifest.version if manifest else "", dump, files)


def _manifest(archive: Archive) -> Manifest | None:
    """Return the backup's manifest; None for a backup of a version without manifests. Raises ArchiveError."""
    if MANIFEST not in archive.members:
        return None
    document = archive.document(MANIFEST)
    _check_is_not_newer(document)
    try:
        return manifest_from_json(document)
    except ValueError as error:
        raise ArchiveError(f"{error}: it is damaged") from error


def _check_is_not_newer(document: Any) -> None:
    """Raise ArchiveError, with the release to use, for a backup of a newer format or schema. Reads only the
    fields that every version's manifest has; raises ArchiveError if one is missing."""
    try:
        layout, schema, version = document["format"], document["schema"], document["version"]
        is_newer = layout > FORMAT or schema > newest_schema()
        is_version = VERSION.fullmatch(version)
    except (KeyError, TypeError) as error:
        raise ArchiveError("the manifest does not say which version wrote it: it is damaged") from error
    if is_newer and is_version:
        raise ArchiveError(
            f"was written by version {version} (schema {schema}), and this is version {kiosk.__version__} "
            f"(schema {newest_schema()}). {restore_with(version)}"
        )


def _check_sums(members: dict[str, Member], manifest: Manifest) -> None:
    """Raise ArchiveError unless the members are those of the manifest, with the same sizes and hashes."""
    for name in sorted(members.keys() ^ manifest.members.keys()):
        raise ArchiveError(f"{name!r} is in the manifest or in the file, but not in both: it was changed")
    for name, member in members.items():
        if member != manifest.members[name]:
            raise ArchiveError(f"{name!r} does not have its checksum: it is damaged. Use another backup")


def _check_space(settings: Settings, archive: Archive) -> None:
    """Raise ArchiveError unless the disk of KIOSK_DATA has room for the members and SPARE_BYTES."""
    needed = sum(archive.members.values()) + SPARE_BYTES
    existing = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise ArchiveError(f"needs {needed} bytes, and {existing} has {free} free")


def _create_installation(backup: Backup, settings: Settings) -> int:
    """Create the folders, tables and files. Returns the number of empty boxes. An error removes everything
    that was created."""
    with ExitStack() as undo:
        for folder in (settings.data, settings.keys):
            _make_folder(folder, undo)
        for path in _new_database_files(settings):
            undo.callback(path.unlink, missing_ok=True)
        store = open_store(settings.data, settings.database_url, settings.keys)
        undo.callback(store.close)
        boxes = store.load(backup.dump, lambda: _put_files(backup, settings, undo))
        undo.pop_all()
        store.close()
    return boxes


def _new_database_files(settings: Settings) -> list[Path]:
    """Return the files of a SQLite database that does not exist yet."""
    file = sqlite_file(settings.database_url)
    return [] if file is None or file.exists() else sqlite_files(settings.database_url)


def _put_files(backup: Backup, settings: Settings, undo: ExitStack) -> None:
    """Unpack people's files into a temporary folder, then move them into KIOSK_DATA. Functions that remove
    them are added to `undo`. First removes what killed restores unpacked. Raises StoreError if KIOSK_DATA has
    other files of people or a link."""
    _check_is_empty(settings, backup.files)
    for left in settings.data.glob(f"{UNPACKING}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=UNPACKING, dir=settings.data) as beside:
        unpacked = {name: Path(beside) / str(number) for number, name in enumerate(backup.files)}
        for name, path in unpacked.items():
            _unpack(backup, name, path)
        for name, path in unpacked.items():
            restored = settings.data / name
            _make_folder(restored.parent, undo)
            if not restored.exists():
                undo.callback(restored.unlink, missing_ok=True)
            path.rename(restored)
        for folder in {(settings.data / name).parent for name in unpacked}:
            sync_folder(folder)


def _check_is_empty(settings: Settings, files: dict[str, Member]) -> None:
    """Raise StoreError if KIOSK_DATA has a link, or a person's file that is not identical to the backup's.
    Identical ones are of a killed restore."""
    present = files_to_back_up(settings)
    strange = [name for name, reason in present.left_out.items() if reason is Exclusion.LINK]
    for name, path in present.paths.items():
        with path.open("rb") as file:
            is_same = name in files and member_of(chunks_of(file)) == files[name]
        if not is_same:
            strange.append(name)
    if strange:
        raise StoreError(f"{settings.data / strange[0]} exists already; restore into an empty KIOSK_DATA")


def _unpack(backup: Backup, name: str, path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        if member_of(backup.archive.chunks(name), out.write) != backup.files[name]:
            raise StoreError(f"{name!r} changed while it was read; nothing was restored")
        out.flush()
        os.fsync(out.fileno())


def _make_folder(folder: Path, undo: ExitStack) -> None:
    """Create a folder and its missing parents, readable by their owner only. Functions that remove them are
    added to `undo`."""
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir(mode=0o700)
            undo.callback(_remove_folder, path)


def _remove_folder(folder: Path) -> None:
    """Remove a folder if it is empty; otherwise do nothing."""
    with suppress(OSError):
        folder.rmdir()
