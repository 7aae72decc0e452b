"""Reads the files in a ZIP archive that another installation made. The archive has a few small files, or is
refused.

It may be truncated, damaged, or made to fill the memory: sizes are limited before anything is unpacked.
"""

import lzma
import struct
import zipfile
import zlib
from io import BytesIO

from kiosk.domain.message import Message
from kiosk.library.changes import RefusedError

LARGEST_ARCHIVE_BYTES = 512 * 1024
"""Largest size of a packed archive."""

LARGEST_CONTENT_BYTES = 4 * 1024 * 1024
"""Largest size of all unpacked files together."""

MOST_MEMBERS = 100
"""Most files of an archive."""

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)
"""Errors that Python's reader raises for bytes that are no complete ZIP archive."""


def read_members(content: bytes) -> dict[str, bytes]:
    """Return name -> content of every file in a ZIP archive, given as its bytes.

    Raises RefusedError for an archive that is damaged, that is over LARGEST_ARCHIVE_BYTES,
    LARGEST_CONTENT_BYTES or MOST_MEMBERS, or that has two files with the same name.
    """
    if len(content) > LARGEST_ARCHIVE_BYTES:
        raise RefusedError(Message("Filen är större än {most} kB.", {"most": LARGEST_ARCHIVE_BYTES // 1024}))
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_sizes(entries)
            return {entry.filename: archive.read(entry) for entry in entries}
    except RefusedError:
        raise
    except UNREADABLE as error:
        raise RefusedError(
            Message("Filen är avkortad, skadad eller av ett annat slag. Be om den igen.", {})
        ) from error


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    """Raise RefusedError for more than MOST_MEMBERS files, more than LARGEST_CONTENT_BYTES in all, or two
    files with the same name."""
    if len({entry.filename for entry in entries}) != len(entries) or len(entries) > MOST_MEMBERS:
        raise RefusedError(Message("Filen har för många delar, eller samma del två gånger.", {}))
    if sum(entry.file_size for entry in entries) > LARGEST_CONTENT_BYTES:
        megabytes = LARGEST_CONTENT_BYTES // 1024 // 1024
        raise RefusedError(Message("Filens innehåll är större än {most} MB.", {"most": megabytes}))
