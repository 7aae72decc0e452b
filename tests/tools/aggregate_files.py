"""Signed files of aggregates that are changed after they were signed."""

import zipfile
from io import BytesIO


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return written.getvalue()


def without(members: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {other: member for other, member in members.items() if other != name}


def with_change(members: dict[str, bytes], name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in members[name]
    return {**members, name: members[name].replace(old, new)}
