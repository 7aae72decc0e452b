"""The spellings in which a value that identifies a guest may be on disk, and a search for them in bytes.

A value is a text, an address, a time or some bytes. A spelling is a byte string that stands for it.
"""

import base64
import re
import struct
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import numpy as np

SHORTEST = 4
"""Shortest length of a spelling in bytes: shorter ones occur everywhere."""

CHANCE = 10
"""Spellings with fewer bytes, such as four bytes and their hex, occur in ciphertext by chance."""

JULIAN_DAY_OF_EPOCH = 2_440_587.5

EPOCHS, UNITS = (0, 11_644_473_600), (1.0, 1e3, 1e6, 1e9)
"""Seconds between 1970 and the beginning of a program's time (for Chromium 1601), and units in a second in
which programs store times."""


def raw_forms(raw: bytes) -> set[bytes]:
    """Return the spellings of some bytes: as they are, in hex, and in base64 at any position of a longer
    text."""
    return {raw, raw.hex().encode(), raw.hex().upper().encode(), *_base64_forms(raw)}


def text_forms(text: str) -> set[bytes]:
    """Return the spellings of a text: as it is, in capitals and in small letters, in UTF-8 and UTF-16, each
    as bytes, hex and base64."""
    spelt = {text, text.lower(), text.upper()}
    encoded = {one.encode(encoding) for one in spelt for encoding in ("utf-8", "utf-16-le", "utf-16-be")}
    return {form for one in encoded for form in raw_forms(one)}


def address_forms(address: str) -> set[bytes]:
    """Return the spellings of an IPv4 address: its text, and its four bytes in both orders."""
    packed = ip_address(address).packed
    return text_forms(address) | raw_forms(packed) | raw_forms(packed[::-1])


def time_forms(at: datetime) -> set[bytes]:
    """Return the spellings of a time, read as local time or as UTC: as text and as the numbers that programs
    store.

    Milliseconds in decimal begin with the seconds, and a date with its time ends with the time of day, so the
    shorter text covers the longer one.
    """
    forms = {f for spelling in ("%H:%M:%S", "%Y%m%dT%H%M%S") for f in _time_text(at, spelling)}
    for seconds in {at.timestamp(), at.replace(tzinfo=UTC).timestamp()}:
        whole, days = int(seconds), seconds / 86_400 + JULIAN_DAY_OF_EPOCH
        forms |= text_forms(str(whole))
        for order in "<>":
            packed = [
                struct.pack(f"{order}I", whole),
                struct.pack(f"{order}f", seconds),
                *(struct.pack(f"{order}d", value) for value in (seconds, seconds * 1000, days)),
                *(struct.pack(f"{order}q", whole * scale) for scale in (1, 1000, 1_000_000, 1_000_000_000)),
            ]
            # SQLite stores milliseconds in six bytes, the most significant first.
            packed.append((whole * 1000).to_bytes(6, "big" if order == ">" else "little"))
            forms |= {form for one in packed for form in raw_forms(one)}
    return forms


def times_between(data: bytes, since: float, until: float) -> int:
    """Return the number of places in `data` with a time from `since` to `until`, in seconds since 1970. A
    time is a number of eight bytes or a varint of protocol buffers, in any unit, a decimal number, or a time
    of day."""
    spans = [((since + epoch) * unit, (until + epoch) * unit) for epoch in EPOCHS for unit in UNITS]
    with np.errstate(invalid="ignore"):
        numbers = sum(
            int(((low <= values) & (values <= high)).sum())
            for values in (*_eight_bytes(data), _coded(data))
            for low, high in spans
        )
    seconds = range(int(since), int(until) + 1)
    at = {datetime.fromtimestamp(second, zone) for second in seconds for zone in (UTC, None)}
    return numbers + sum(data.count(f"{one:%H:%M:%S}".encode()) for one in at)


def _eight_bytes(data: bytes) -> Iterator["np.ndarray[Any, Any]"]:
    """Yield arrays of all numbers of eight bytes in `data`, at every position: as integers and as
    floating-point numbers, in both byte orders."""
    for at in range(min(8, len(data) - 7)):
        for kind in ("<i8", ">i8", "<f8", ">f8"):
            yield np.frombuffer(data, kind, (len(data) - at) // 8, at)


@lru_cache(maxsize=1)
def _coded(data: bytes) -> "np.ndarray[Any, Any]":
    """Return the varints and decimal numbers in `data`. Kept, because each visit searches the same file."""
    return np.array([*_varints(data), *_decimals(data)], dtype="f8")


def _varints(data: bytes) -> Iterator[int]:
    """Yield the numbers of five to nine bytes in protocol buffers' encoding: seven bits per byte, lowest
    first."""
    for varint in re.findall(rb"(?=([\x80-\xff]{4,8}[\x01-\x7f]))", data):
        yield sum((byte & 127) << 7 * at for at, byte in enumerate(varint))


def _decimals(data: bytes) -> Iterator[int]:
    """Yield the first ten and the first eleven digits of each long decimal number: the length of the seconds
    since 1970 or 1601."""
    for digits in re.findall(rb"\d{10,}", data):
        yield from (int(digits[:10]), int(digits[:11]))


def _time_text(at: datetime, spelling: str) -> set[bytes]:
    return text_forms(at.strftime(spelling))


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """Yield the part of a longer base64 text that stands for `raw`, for each of the three positions that
    `raw` can have in a group of three bytes.

    Four bytes within a longer text give four or five such characters, which occur by chance among a thousand
    keys in hex. So only their complete base64 text is a spelling.
    """
    if len(raw) == SHORTEST:
        yield base64.b64encode(raw)
        yield base64.urlsafe_b64encode(raw)
        return
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw)
        coded = coded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
        yield from (coded, coded.translate(bytes.maketrans(b"+/", b"-_")))


def standing_in(data: bytes, forms: Collection[bytes]) -> set[bytes]:
    """Return the spellings among `forms` that occur in `data`. It is fast for many spellings, because their
    first four bytes exclude most of them."""
    listed = [form for form in forms if len(form) >= SHORTEST]
    if len(data) < SHORTEST:
        return set()
    shifted = [np.frombuffer(data, "<u4", (len(data) - at) // 4, at) for at in range(min(4, len(data) - 3))]
    # Most of a disk is zeros, so one zero stands for all, and they are not sorted.
    # Equal values stay: to remove them, numpy's hash table takes a hundred times as long.
    fours = np.sort(np.concatenate([np.zeros(1, "<u4"), *(four[four != 0] for four in shifted)]))
    beginnings = np.array([int.from_bytes(form[:4], "little") for form in listed], dtype="<u4")
    places = np.searchsorted(fours, beginnings).clip(max=len(fours) - 1)
    are_likely = fours[places] == beginnings
    return {form for form, is_likely in zip(listed, are_likely, strict=True) if is_likely and form in data}


def contents(*folders: Path) -> bytes:
    """Return the contents of all files under the folders and their names, as one byte string, sorted by
    name."""
    paths = sorted(path for folder in folders for path in folder.rglob("*"))
    return b"\0".join(
        str(path).encode() + b"\0" + (path.read_bytes() if path.is_file() else b"") for path in paths
    )
