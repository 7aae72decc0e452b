"""A backup: everything but what nobody may read again.

Boxes and slips are left out on purpose: an old copy of a box would bring back ballots that were counted and
destroyed. What is kept is one zip file that restores to SQLite and PostgreSQL alike.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kiosk.settings import Settings
from kiosk.storage import Store, StoreError

TABLES = "tables.json"
FOLDERS = ("questions", "translations")

LARGEST = 100 * 1024 * 1024
"""Bytes of one file in a backup; a larger one is no backup of ours."""


def write_backup(store: Store, settings: Settings, file: Path) -> int:
    """Write a backup, whole or not at all; the number of bytes. Never replaces a file."""
    if file.exists():
        raise StoreError(f"{file} exists already; choose another name")
    if not file.parent.is_dir():
        raise StoreError(f"{file.parent} is no folder; make it, or choose another")
    unfinished = file.with_name(f".{file.name}.unfinished")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(TABLES, json.dumps(store.dump(), ensure_ascii=False))
            for path, name in _own_files(settings):
                archive.write(path, name)
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(file)
    return file.stat().st_size


def _own_files(settings: Settings) -> Iterator[tuple[Path, str]]:
    """The installation's own surveys and catalogues, with their names in the archive."""
    for folder in FOLDERS:
        for path in sorted((settings.data / folder).rglob("*")):
            if path.is_file():
                yield path, path.relative_to(settings.data).as_posix()


def restore_backup(store: Store, settings: Settings, file: Path) -> int:
    """Bring a backup into an empty installation; how many boxes begin anew, without their ballots."""
    tables, files = _read(file)
    for name in files:
        if (settings.data / name).exists():
            raise StoreError(f"{settings.data / name} exists already; restore into an empty KIOSK_DATA")
    boxes = store.load(tables)
    for name, content in files.items():
        path = settings.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return boxes


def _read(file: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(tables, name -> content of the installation's own files)."""
    try:
        with zipfile.ZipFile(file) as archive:
            if any(entry.file_size > LARGEST for entry in archive.infolist()):
                raise StoreError(
                    f"{file} holds a file of over {LARGEST} bytes; it is no backup of this program"
                )
            tables = json.loads(archive.read(TABLES))
            files = {name: archive.read(name) for name in archive.namelist() if name != TABLES}
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise StoreError(f"{file} cannot be read as a backup of this program ({error})") from error
    for name in files:
        parts = Path(name).parts
        if not parts or parts[0] not in FOLDERS or ".." in parts or Path(name).is_absolute():
            raise StoreError(f"{file} holds {name!r}, which is no part of a backup of this program")
    return tables, files
