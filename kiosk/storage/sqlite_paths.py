"""The files of a SQLite database, by the address in KIOSK_DATABASE_URL."""

from pathlib import Path

_PREFIX = "sqlite:///"

SQLITE_ENDINGS = ("", "-wal", "-shm", "-journal")
"""Endings of the files of a SQLite database; "" is the database itself."""


def sqlite_file(url: str) -> Path | None:
    """Return the path of the database's own file, absolute or relative to the working directory, as it stands
    in the address; the file need not exist. None for an address that does not begin with sqlite:///."""
    return Path(url.removeprefix(_PREFIX)) if url.startswith(_PREFIX) else None


def sqlite_files(url: str) -> list[Path]:
    """Return the paths of the database's own file (`sqlite_file`), then those that SQLite may keep beside it,
    whether they exist or not; [] for an address that does not begin with sqlite:///. Raises ValueError if it
    names no file."""
    file = sqlite_file(url)
    return [file.with_name(f"{file.name}{ending}") for ending in SQLITE_ENDINGS] if file else []
