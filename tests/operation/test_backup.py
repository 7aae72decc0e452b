"""Backups: what comes back, what must not, and what is refused."""

import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from kiosk.operation.backup import restore_backup, write_backup
from kiosk.settings import Settings, read_settings
from kiosk.storage import Account, Store, open_store
from kiosk.storage.database import StoreError
from tests.tools.builders import MONDAY, a_round, ballot, cast_all, random_ballots, tree

OLD = replace(a_round(tree("a", "b"), days=10), id="old")
RUNNING = replace(
    a_round(tree("a", "b")), opens_at=OLD.closes_at, closes_at=OLD.closes_at + timedelta(days=90)
)


def installation(folder: Path) -> tuple[Settings, Store]:
    settings = read_settings(
        {"KIOSK_DATA": str(folder), "KIOSK_KEYS": str(folder.with_name(folder.name + "-keys"))}
    )
    store = open_store(settings.data, settings.database_url, settings.keys)
    store.migrate()
    return settings, store


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Store]:
    """A backup of a closed round and a running one with 12 counted and 5 waiting ballots."""
    settings, store = installation(tmp_path / "first")
    store.accounts.set(Account("anna", "coordinator", "hash"))
    store.open_round(OLD, MONDAY)
    for one in random_ballots(20, Random(1)):
        store.cast("old", "a", one, MONDAY)
    store.count(OLD.closes_at)
    store.open_round(RUNNING, RUNNING.opens_at)
    cast_all(store, "a", random_ballots(17, Random(2)), RUNNING.opens_at)
    store.print_slips("r", "a", 3)
    store.count(RUNNING.opens_at + timedelta(hours=8))
    (settings.data / "questions").mkdir()
    (settings.data / "questions" / "own.toml").write_text("id = 'own'")
    write_backup(store, settings, tmp_path / "backup.zip")
    return tmp_path / "backup.zip", store


def test_all_that_is_published_comes_back_and_the_round_goes_on(
    saved: tuple[Path, Store], tmp_path: Path
) -> None:
    file, first = saved
    settings, second = installation(tmp_path / "second")
    assert restore_backup(second, settings, file) == 2
    assert second.snapshot_text() == first.snapshot_text()
    assert second.accounts.named("anna") == Account("anna", "coordinator", "hash")
    assert [(state.round, state.lost_boxes) for state in second.rounds()] == [(RUNNING, 2), (OLD, 0)]
    assert (settings.data / "questions" / "own.toml").read_text() == "id = 'own'"
    cast_all(second, "a", random_ballots(5, Random(3)), RUNNING.opens_at + timedelta(days=1))
    second.count(RUNNING.closes_at)
    assert second.snapshot()["rounds"][0]["nodes"][0]["answered"] == 12 + 5


def test_no_waiting_ballot_slip_or_key_is_in_a_backup(saved: tuple[Path, Store], tmp_path: Path) -> None:
    file, _ = saved
    with zipfile.ZipFile(file) as archive:
        assert set(archive.namelist()) == {"tables.json", "questions/own.toml"}
        tables = json.loads(archive.read("tables.json"))
    assert set(tables) == {
        "account", "activity", "apart", "imported", "installation", "link", "log", "reply", "round",
        "slip_count", "snapshot", "tally", "wall",
    }  # fmt: skip
    content = file.read_bytes() + json.dumps(tables).encode()
    for key in (path for path in (tmp_path / "first-keys").rglob("*") if path.is_file()):
        assert key.name.encode() not in content
        assert key.read_bytes() not in content
    assert file.stat().st_mode & 0o077 == 0


def test_a_backup_replaces_nothing(saved: tuple[Path, Store], tmp_path: Path) -> None:
    file, first = saved
    before = file.read_bytes()
    settings, _ = installation(tmp_path / "first")
    with pytest.raises(StoreError, match="exists already"):
        write_backup(first, settings, file)
    with pytest.raises(StoreError, match="no folder"):
        write_backup(first, settings, tmp_path / "nowhere" / "backup.zip")
    with pytest.raises(StoreError, match=r"exists already|installation here already"):
        restore_backup(first, settings, file)
    assert file.read_bytes() == before


def damaged(file: Path, change: str) -> None:
    with zipfile.ZipFile(file) as archive:
        tables = json.loads(archive.read("tables.json"))
    match change:
        case "no zip":
            file.write_bytes(b"not a backup")
            return
        case "a table is missing":
            del tables["tally"]
        case "a strange table":
            tables["box"] = []
        case "another version":
            tables["installation"] = [{"key": "schema", "value": "99"}]
        case "a strange column":
            tables["tally"][-1]["at"] = 1
    with zipfile.ZipFile(file, "w") as archive:
        if change != "no tables":
            archive.writestr("tables.json", json.dumps(tables) if change != "no JSON" else "{")
        if change == "a path outside":
            archive.writestr("questions/../../evil", "x")
        if change == "a strange file":
            archive.writestr("keys/box.r.a/1", "x")


@pytest.mark.parametrize(
    "change",
    ["no zip", "no tables", "no JSON", "a table is missing", "a strange table", "another version",
     "a strange column", "a path outside", "a strange file"],
)  # fmt: skip
def test_a_damaged_backup_is_refused_and_changes_nothing(
    saved: tuple[Path, Store], tmp_path: Path, change: str
) -> None:
    file, _ = saved
    damaged(file, change)
    settings, second = installation(tmp_path / "second")
    before = second.dump()
    with pytest.raises(StoreError, match="backup"):
        restore_backup(second, settings, file)
    assert second.dump() == before
    assert not (tmp_path / "evil").exists()
    assert second.rounds() == []


def test_a_restored_box_never_holds_an_old_ballot(saved: tuple[Path, Store], tmp_path: Path) -> None:
    file, _ = saved
    settings, second = installation(tmp_path / "second")
    restore_backup(second, settings, file)
    cast_all(second, "b", [ballot(1, 1)] * 4, RUNNING.opens_at)
    second.count(RUNNING.closes_at)
    root = second.snapshot()["rounds"][0]["nodes"][0]
    assert root["answered"] == 12
