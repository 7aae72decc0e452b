"""The format of a backup: a zip file with the tables, people's files, and a manifest of both.

The manifest has the version that wrote the file and a checksum of each member. Backups of older versions have
no manifest; they can be read too.
"""

import hashlib
import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

from kiosk.domain.strict_json import parse

TABLES = "tables.json"
"""Name of the member with the tables."""
MANIFEST = "manifest.json"
"""Name of the member with the manifest. All members but TABLES and MANIFEST are people's files."""

FORMAT = 1
"""Number of the format, increased when older versions cannot read new backups."""

LARGEST_TABLES_BYTES = 500_000_000
"""Largest unpacked size of the member TABLES."""
LARGEST_MEMBER_BYTES = {TABLES: LARGEST_TABLES_BYTES, MANIFEST: 20_000_000}
"""Largest unpacked size of each member that is JSON."""
LARGEST_BACKUP_BYTES = 8_000_000_000
"""Largest unpacked size of all members together. A larger file is refused as a zip bomb. Speech in twelve
languages takes about 1 GB."""

SMALL_JSON_BYTES = 20_000_000
LARGEST_RATIO = 200
"""Largest ratio of unpacked to packed bytes of JSON members above SMALL_JSON_BYTES unpacked; tables have
about 35. A parser needs ten times the length of the JSON as memory."""

MOST_MEMBERS = 100_000
CHUNK_BYTES = 1024 * 1024

VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){1,3}[a-z0-9.]{0,20}")
SHA256 = re.compile(r"[0-9a-f]{64}")

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""The errors that zipfile raises for a file that is damaged, encrypted, unreadable, or not a zip file."""


class ArchiveError(Exception):
    """The file is not a backup, or is damaged. The message is the end of an English sentence that begins with
    the file's name."""


@dataclass(frozen=True)
class Member:
    """A file in a backup: its unpacked size in bytes, and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The description in a backup: the version of the program that wrote it and the number of its database's
    schema, the date of the backup, and all members but the manifest, by name."""

    version: str
    schema: int
    made_on: date
    members: Mapping[str, Member]

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": self.version,
            "schema": self.schema,
            "made_on": self.made_on.isoformat(),
            "restore": restore_with(self.version),
            "members": {
                name: {"bytes": member.size, "sha256": member.sha256} for name, member in self.members.items()
            },
        }


def restore_with(version: str) -> str:
    """Return an English sentence with the release that can restore a backup of this version, and the commands
    that get it."""
    return (
        f"Restore it with release v{version} of the survey kiosk, or a later one (in the folder of its "
        f"source: git fetch --tags && git checkout v{version}): kiosk restore FILE"
    )


def manifest_from_json(document: Any) -> Manifest:
    """Return a manifest from its JSON: the inverse of `Manifest.as_json`. Raises ValueError if a field is
    missing or has a value of a wrong kind."""
    try:
        manifest = Manifest(
            document["version"],
            document["schema"],
            date.fromisoformat(document["made_on"]),
            {name: Member(member["bytes"], member["sha256"]) for name, member in document["members"].items()},
        )
        has_types = VERSION.fullmatch(manifest.version) and type(manifest.schema) is int
        has_sums = all(
            type(member.size) is int and SHA256.fullmatch(member.sha256)
            for member in manifest.members.values()
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the manifest lacks something") from error
    if not has_types or not has_sums:
        raise ValueError("the manifest has a value of a wrong kind")
    return manifest


class Archive:
    """An open backup. `members` maps the name of each member to its unpacked size in bytes. `file` is read
    until the last member is; the caller closes it.

    Opening one, and reading from it, raises ArchiveError for every fault of the file, and for names, sizes
    and kinds of members that no backup has. Nothing here compares checksums with the manifest.
    """

    def __init__(self, file: IO[bytes]) -> None:
        with _reading():
            self._file = zipfile.ZipFile(file)
            entries = self._file.infolist()
            _check_entries(entries)
        self.members = {entry.filename: entry.file_size for entry in entries}

    def document(self, name: str) -> Any:
        """Return a member as parsed JSON. Raises ArchiveError if it is missing or damaged."""
        if name not in self.members:
            raise ArchiveError(f"has no {name}: it is not a backup of this program")
        try:
            return parse(b"".join(self.chunks(name)).decode("utf-8"))
        except ValueError as error:
            raise ArchiveError(f"{name} cannot be read ({error}): it is damaged") from error

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield a member's unpacked bytes, at most CHUNK_BYTES at a time. Raises ArchiveError if it is
        missing or damaged."""
        with _reading(), self._file.open(name) as packed:
            while chunk := packed.read(CHUNK_BYTES):
                yield chunk


@contextmanager
def _reading() -> Iterator[None]:
    """Turn an error of BROKEN in the `with` block into an ArchiveError."""
    try:
        yield
    except BROKEN as error:
        problem = str(error) or type(error).__name__
        raise ArchiveError(f"cannot be read ({problem}): it is damaged, or no backup") from error


def member_of(chunks: Iterable[bytes], keep: Callable[[bytes], object] | None = None) -> Member:
    """Return the size and hash of these bytes, 0 bytes without chunks. Each chunk is also passed to `keep`,
    such as a function that writes it; None keeps nothing. Errors of `chunks` and `keep` pass."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if keep:
            keep(chunk)
    return Member(size, digest.hexdigest())


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's bytes in pieces of at most CHUNK_BYTES."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def is_backup(path: Path) -> bool:
    """Return whether a file is a zip archive with a member TABLES; False for a file that cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return TABLES in archive.namelist()
    except BROKEN:
        return False


def fault_of_name(name: str) -> str:
    """Return the reason, an English clause, why a backup cannot have a member with this name, whose parts are
    separated by /; "" if it can."""
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "its name leads out of its folder"
    if any(unicodedata.category(character) in {"Cc", "Cs"} or character == "\\" for character in name):
        return "its name has a character that some systems cannot store"
    return ""


def folded(name: str) -> str:
    """Return a name in the form that file systems compare if they ignore case and Unicode normalisation."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Raise ArchiveError for entries whose number, names, sizes or compression no backup has."""
    if len(entries) > MOST_MEMBERS or sum(entry.file_size for entry in entries) > LARGEST_BACKUP_BYTES:
        raise ArchiveError(
            f"holds more than {MOST_MEMBERS} files or {LARGEST_BACKUP_BYTES} bytes: it is not a backup of "
            "this program"
        )
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.filename
        if entry.flag_bits & 0x1:
            raise ArchiveError("is encrypted; decrypt it, and restore what comes out")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ArchiveError(
                f"{name!r} has a compression that backups do not use: it is not a backup of this program"
            )
        is_bomb = entry.file_size > max(SMALL_JSON_BYTES, LARGEST_RATIO * entry.compress_size)
        if name in LARGEST_MEMBER_BYTES and (entry.file_size > LARGEST_MEMBER_BYTES[name] or is_bomb):
            raise ArchiveError(f"holds {entry.file_size} bytes as {name}: it is not a backup of this program")
        if fault := fault_of_name(name):
            raise ArchiveError(f"holds {name!r}, and {fault}: it is not a backup of this program")
        if other := seen.get(folded(name)):
            raise ArchiveError(f"holds {name!r} beside {other!r}, which some systems cannot tell apart")
        seen[folded(name)] = name
