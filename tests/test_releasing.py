"""The version changes with every change of the tables: a backup names the version that it needs."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import peewee
import pytest
from packaging.version import Version

import kiosk
from kiosk.storage.migrations import STEPS
from kiosk.storage.schema_check import describe

ROOT = Path(__file__).parent.parent

ROW = re.compile(r"^\| (\d+) \| ([0-9.]+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)
HEADING = re.compile(r"^## (\S+) \((.*)\)$", re.MULTILINE)
RELEASED = re.compile(r"\d{4}-\d{2}-\d{2}, schema (\d+)")


@dataclass(frozen=True)
class Release:
    """What docs/releasing.md, the changelog and the migrations say.

    `rows` are (schema, first version with it, digest of its tables); `released` maps a version to its
    schema; `digests` are those of the tables that the migrations make, by schema.
    """

    version: str
    rows: tuple[tuple[int, str, str], ...]
    headings: tuple[tuple[str, str], ...]
    digests: dict[int, str]

    @property
    def released(self) -> dict[str, int]:
        headings = ((version, RELEASED.fullmatch(what)) for version, what in self.headings)
        return {version: int(what.group(1)) for version, what in headings if what}


def read_release() -> Release:
    rows = ROW.findall((ROOT / "docs" / "releasing.md").read_text("utf-8"))
    return Release(
        kiosk.__version__,
        tuple((int(schema), version, digest) for schema, version, digest in rows),
        tuple(HEADING.findall((ROOT / "CHANGELOG.md").read_text("utf-8"))),
        made_tables(),
    )


def made_tables() -> dict[int, str]:
    """Schema number -> SHA-256 of the tables that the migrations up to it make, with all columns and keys."""
    database = peewee.SqliteDatabase(":memory:")
    digests = {}
    for number, step in enumerate(STEPS, start=1):
        step(database)
        tables = {name: describe(database, name) for name in sorted(database.get_tables())}
        digests[number] = hashlib.sha256(json.dumps(tables).encode()).hexdigest()
    database.close()
    return digests


def faults(release: Release) -> list[str]:
    """What does not fit together."""
    faults = []
    listed = {schema: digest for schema, _, digest in release.rows}
    versions = [Version(version) for _, version, _ in release.rows]
    if listed != release.digests:
        faults.append(
            "docs/releasing.md has other migrations than there are: change the tables by a new migration, "
            f"raise kiosk.__version__ and add a row. Digests: {release.digests}"
        )
    if versions != sorted(versions) or versions[-1] > Version(release.version):
        faults.append("a schema's first version is later than kiosk.__version__, or than a later schema's")
    for version, schema in release.released.items():
        known = [row for row, first in zip(release.rows, versions, strict=True) if first <= Version(version)]
        if [row[0] for row in known] != list(range(1, schema + 1)):
            faults.append(f"version {version} was released with schema {schema}: raise kiosk.__version__")
    newest, state = release.headings[0]
    if newest != release.version or not (state == "not released" or RELEASED.fullmatch(state)):
        faults.append(f"the changelog begins with {newest} ({state}), and not with this version")
    return faults


def test_the_version_changes_with_every_change_of_the_schema() -> None:
    assert faults(read_release()) == []


NOW = Release(
    "0.2.0",
    ((1, "0.1.0", "a"), (2, "0.1.0", "b"), (3, "0.2.0", "c")),
    (("0.2.0", "not released"), ("0.1.0", "2026-12-05, schema 2")),
    {1: "a", 2: "b", 3: "c"},
)


def test_the_check_accepts_a_consistent_release() -> None:
    assert faults(NOW) == []
    assert faults(replace(NOW, headings=(("0.2.0", "2027-01-05, schema 3"), *NOW.headings[1:]))) == []


@pytest.mark.parametrize(
    "planted",
    [
        replace(NOW, digests={**NOW.digests, 4: "d"}),
        replace(NOW, digests={**NOW.digests, 2: "changed"}),
        replace(NOW, digests={1: "a", 2: "b"}),
        replace(NOW, version="0.1.0"),
        replace(NOW, rows=(*NOW.rows[:2], (3, "0.3.0", "c"))),
        replace(NOW, rows=(*NOW.rows[:2], (3, "0.1.0", "c"))),
        replace(NOW, rows=((1, "0.2.0", "a"), *NOW.rows[1:])),
        replace(NOW, headings=NOW.headings[1:]),
        replace(NOW, headings=(("0.2.0", "2027-01-05"), *NOW.headings[1:])),
    ],
    ids=[
        "a new migration without a row",
        "a migration that changed",
        "a migration that went",
        "a new schema in a version without it",
        "a schema of a version to come",
        "a new schema put down to a released version",
        "a schema that an earlier version had",
        "no heading",
        "a release that does not say its schema",
    ],
)
def test_the_check_catches_a_planted_inconsistency(planted: Release) -> None:
    assert faults(planted)
