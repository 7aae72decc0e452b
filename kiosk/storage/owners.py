"""Checks that one user owns an installation: that user cannot read files made by another one.

Root counts as another user: it can read and write everything, but the key files it makes belong to root.
"""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from kiosk.storage.database import StoreError
from kiosk.storage.sealed_rows import Sealed
from kiosk.storage.sqlite_paths import sqlite_files


def check_owner(data: Path, keys: Path, url: str) -> None:
    """Raise StoreError, with the command to run, unless the current user owns all that a write changes: both
    folders, the session key, the database's files and the keys. Missing ones are not checked. `url` is
    KIOSK_DATABASE_URL. Raises OSError if a folder above them cannot be entered."""
    owners = {folder: owner for folder in (data, keys) if (owner := _owner(folder)) is not None}
    if len(set(owners.values())) > 1:
        names = [_name(owners[folder]) for folder in (data, keys)]
        raise StoreError(
            f"{data} belongs to {names[0]}, but {keys} to {names[1]}, and one user runs everything. Are "
            f"the disks of both mounted? If so, run: sudo chown -R {names[0]}: {keys}"
        )
    for folder, owner in owners.items():
        if owner != os.geteuid():
            raise StoreError(_another_user(folder, _name(owner), f"{data} {keys}"))
    others = [path for path in _files(data, keys, url) if _owner(path) not in (None, os.geteuid())]
    if others:
        me = _name(os.geteuid())
        raise StoreError(
            f"{len(others)} files in {data} and {keys} belong to another user than {me}, such as "
            f"{others[0]}; run: sudo chown -R {me}: {data} {keys}"
        )


def _another_user(folder: Path, owner: str, folders: str) -> str:
    """Return the message for a folder that another user owns: `owner`, as `_name` returns it. `folders` are
    the paths to change, separated by spaces, for a shell command in the message."""
    me = _name(os.geteuid())
    message = (
        f"{folder} belongs to {owner}, and this is {me}, whose files would shut {owner} out; run it as "
        f"{owner}: sudo -u {owner} kiosk ... (sudo drops KIOSK_ settings: give them again)"
    )
    return message if os.geteuid() == 0 else f"{message}. If {me} is to run it: sudo chown -R {me}: {folders}"


def _files(data: Path, keys: Path, url: str) -> Iterator[Path]:
    """Yield the session key, the database with the files that SQLite keeps beside it, and the keys of all
    rows.

    Other files are not checked: a survey file copied there by hand or a disk's lost+found does not prevent
    writes.
    """
    yield data / "secret_key"
    yield from sqlite_files(url)
    for kind in Sealed:
        for row in keys.glob(f"{kind}.*"):
            yield from (row, *row.glob("*"))


def _owner(path: Path) -> int | None:
    """Return the user id of a file's owner; None if the file does not exist or was just deleted."""
    try:
        return path.stat().st_uid
    except FileNotFoundError:
        return None


def _name(user: int) -> str:
    """Return a user's name, or `#` and the user id, quoted for sudo in a shell."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"'#{user}'"
