"""The aggregates of other organisations, in KIOSK_DATA/aggregates, and the keys that this one trusts.

A file is read and checked again each time: one that was changed on the disk, or whose key is no longer
trusted, is left out and reported.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.domain.message import Message
from kiosk.domain.name_order import name_key
from kiosk.domain.strict_json import parse
from kiosk.library.aggregate_file import LONGEST_NAME, SignedAggregate, read_aggregate
from kiosk.library.archive_members import LARGEST_ARCHIVE_BYTES
from kiosk.library.changes import Changes, RefusedError, exclusively, replace_all
from kiosk.library.signing import existing_key, in_groups
from kiosk.library.text_rules import find_fault
from kiosk.settings import Settings

FOLDER = Path("aggregates")
TRUSTED = FOLDER / "trusted.json"

MOST_AGGREGATES = 200
"""Largest number of files, and of trusted keys."""


@dataclass(frozen=True)
class FaultyFile:
    """A stored aggregate that is left out, and the reason. `file` is its name in the folder `aggregates`."""

    file: str
    message: Message


@dataclass(frozen=True)
class ReceivedAggregates:
    """The aggregates of other organisations, sorted by organisation and year, and the files that are left
    out."""

    aggregates: tuple[SignedAggregate, ...]
    faulty: tuple[FaultyFile, ...]


def trusted_keys(settings: Settings) -> dict[str, str]:
    """Return fingerprint -> name of the organisation; {} if there is no file of keys. Raises RefusedError if
    that file is damaged."""
    path = settings.data / TRUSTED
    if not path.exists():
        return {}
    try:
        keys = parse(path.read_text("utf-8"))
        if not isinstance(keys, dict) or not all(isinstance(name, str) for name in keys.values()):
            raise ValueError("it is no table of names")
    except ValueError as error:
        raise RefusedError(
            Message("{file} är skadad. Rätta den, eller ta bort den och lita på nycklarna igen.",
                    {"file": str(path)})
        ) from error  # fmt: skip
    return dict(keys)


def trust(settings: Settings, fingerprint: str, organisation: str) -> None:
    """Add a key to the trusted ones, so that files that it signed can be imported. `fingerprint` has the form
    that `read_fingerprint` returns. A key that is trusted already gets the new name.

    Raises RefusedError for a name that no screen can show or that another key has, for over MOST_AGGREGATES
    keys, and if the file of keys is damaged or cannot be written.
    """
    name = organisation.strip()
    if fault := find_fault(name, LONGEST_NAME):
        raise RefusedError(Message("Organisationens namn: {problem}", {"problem": fault.message}))
    with exclusively(settings):
        keys = trusted_keys(settings)
        if name.casefold() in {
            known_name.casefold() for key, known_name in keys.items() if key != fingerprint
        }:
            raise RefusedError(
                Message(
                    "Ni litar redan på en nyckel från en organisation som heter {name}. Välj ett namn som "
                    "skiljer dem åt, eller ta bort den gamla nyckeln först.",
                    {"name": name},
                )
            )
        keys[fingerprint] = name
        if len(keys) > MOST_AGGREGATES:
            raise RefusedError(Message("Högst {most} nycklar.", {"most": MOST_AGGREGATES}))
        _write_keys(settings, keys)


def distrust(settings: Settings, fingerprint: str) -> None:
    """Remove the key with a fingerprint from the trusted ones, so that files that it signed are left out. An
    unknown key is no error. Raises RefusedError if the file of keys is damaged or cannot be written."""
    with exclusively(settings):
        keys = trusted_keys(settings)
        if keys.pop(fingerprint, None) is not None:
            _write_keys(settings, keys)


def _write_keys(settings: Settings, keys: Mapping[str, str]) -> None:
    text = json.dumps(dict(sorted(keys.items())), ensure_ascii=False, indent=1) + "\n"
    _change(settings, {TRUSTED: text.encode()})


def import_aggregate(settings: Settings, content: bytes) -> SignedAggregate:
    """Store the aggregate of another organisation, and return it. `content` has the bytes of its file, which
    replaces an earlier file of the same key and year.

    Raises RefusedError, and changes nothing, if the file cannot be read, is this organisation's own, is
    signed with a key that is not trusted, is older than the stored one, or cannot be written; if it replaces
    no file and MOST_AGGREGATES are stored; and if this organisation's key or the file of trusted keys is
    damaged. Raises OSError if this organisation's key cannot be opened.
    """
    signed = read_aggregate(content)
    if signed.key == existing_key(settings):
        raise RefusedError(Message("Filen är er egen. Era siffror är redan med i jämförelsen.", {}))
    with exclusively(settings):
        if signed.key.fingerprint not in trusted_keys(settings):
            raise RefusedError(_untrusted(signed))
        path = _path(signed.key.fingerprint, signed.aggregate.year)
        stored = _stored(settings.data / path)
        if stored and stored.aggregate.made_at > signed.aggregate.made_at:
            raise RefusedError(
                Message("Här finns redan en nyare fil från {organisation} för {year}.", _values(signed))
            )
        if stored is None and len(_files(settings)) >= MOST_AGGREGATES:
            raise RefusedError(Message("Högst {most} filer från andra.", {"most": MOST_AGGREGATES}))
        _change(settings, {path: content})
    return signed


def remove_aggregate(settings: Settings, fingerprint: str, year: int) -> None:
    """Remove the aggregate of another organisation that is signed with the key of this fingerprint, for one
    year. A missing file is no error. Raises RefusedError if the file cannot be removed."""
    with exclusively(settings):
        _change(settings, {_path(fingerprint, year): None})


def received(settings: Settings) -> ReceivedAggregates:
    """Return the aggregates of other organisations that are stored and trusted, and the stored files that are
    left out. Raises RefusedError if the file of trusted keys is damaged, and OSError if a file may not be
    opened."""
    aggregates: list[SignedAggregate] = []
    faulty: list[FaultyFile] = []
    keys = trusted_keys(settings)
    for path in _files(settings):
        try:
            signed = _read(path)
            if signed.key.fingerprint not in keys:
                raise RefusedError(_untrusted(signed))
        except RefusedError as error:
            faulty += [FaultyFile(path.name, message) for message in error.messages[:1]]
        else:
            aggregates.append(signed)
    aggregates.sort(
        key=lambda received_file: (
            name_key(received_file.aggregate.organisation),
            received_file.aggregate.year,
            received_file.key.fingerprint,
        )
    )
    return ReceivedAggregates(tuple(aggregates), tuple(faulty))


def _untrusted(signed: SignedAggregate) -> Message:
    """Return the refusal of a file whose key nobody here trusts, with the way out."""
    return Message(
        "Filen säger att den är från {organisation}, men nyckeln är inte betrodd. Ring dem, läs upp nyckelns "
        "fingeravtryck och lita på det om det är lika: {fingerprint}",
        {**_values(signed), "fingerprint": in_groups(signed.key.fingerprint)},
    )


def _values(signed: SignedAggregate) -> dict[str, Any]:
    return {"organisation": signed.aggregate.organisation, "year": signed.aggregate.year}


def _path(fingerprint: str, year: int) -> Path:
    """Return the path, relative to KIOSK_DATA, of the aggregate of a key and a year."""
    return FOLDER / f"{fingerprint}-{year}.zip"


def _files(settings: Settings) -> list[Path]:
    """Return the absolute paths of all stored aggregates, sorted; [] without the folder."""
    folder = settings.data / FOLDER
    return sorted(path for path in folder.glob("[!.]*.zip") if path.is_file()) if folder.is_dir() else []


def _read(path: Path) -> SignedAggregate:
    with path.open("rb") as file:
        return read_aggregate(file.read(LARGEST_ARCHIVE_BYTES + 1))


def _stored(path: Path) -> SignedAggregate | None:
    """Return the aggregate that is stored in the file; None if there is no file or it cannot be read."""
    try:
        return _read(path)
    except (FileNotFoundError, RefusedError):
        return None


def _change(settings: Settings, changes: Changes) -> None:
    """Replace or remove files in KIOSK_DATA. Raises RefusedError, and changes nothing, if one cannot be
    written."""
    try:
        replace_all(settings.data, changes)
    except OSError as error:
        raise RefusedError(
            Message("Filerna kan inte skrivas: {problem}. Ingenting ändrades.", {"problem": error.strerror})
        ) from error
