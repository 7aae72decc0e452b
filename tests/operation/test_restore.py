"""Restoring a backup: what is restored, from which versions, and that a restore is complete or undone."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import peewee
import pytest
from click.testing import CliRunner

import kiosk
from kiosk.cli import main
from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.operation import restore
from kiosk.operation.backup import write_backup
from kiosk.operation.restore import RestoreSummary, restore_backup
from kiosk.storage import Account, Role, RoundClosedError, Store, StoreError, newest_schema
from kiosk.storage.database import Database
from kiosk.storage.dump import kept_rows
from kiosk.storage.dump_check import CHECKS
from kiosk.storage.keys import KeyFolder
from tests.tools.backups import (
    HASH,
    OLD,
    OWN_FILES,
    RUNNING,
    TODAY,
    Saved,
    installation,
    listing,
    members_of,
    opened,
    settings_of,
    with_tables,
    write_members,
)
from tests.tools.builders import ballot, cast_all, random_ballots
from tests.tools.command_line import Run, printed

BACKUPS = Path(__file__).parent / "backups"
"""Backups of a demonstration, written by old versions."""


def restored(file: Path, folder: Path) -> Store:
    restore_backup(settings_of(folder), file)
    return opened(settings_of(folder))


def figures(document: Any) -> list[Any]:
    """A snapshot's figures under current names; `excluded_rapid` is 0 if it was not published yet."""
    return [
        [
            one["id"],
            one["state"],
            [
                {"excluded_rapid": node.get("apart", 0)} | {key: node[key] for key in node if key != "apart"}
                for node in one["nodes"]
            ],
        ]
        for one in document["rounds"]
    ]


# -- what comes back -----------------------------------------------------------------------------


def test_a_restore_brings_back_published_figures_and_open_rounds_go_on(saved: Saved, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "second")
    assert restore_backup(settings, saved.file) == RestoreSummary(kiosk.__version__, 2, 1, len(OWN_FILES), 2)
    second = opened(settings)
    assert second.snapshot_text() == saved.store.snapshot_text()
    assert [(state.round, state.lost_boxes) for state in second.rounds()] == [(RUNNING, 2), (OLD, 0)]
    cast_all(second, "a", random_ballots(5, Random(3)), RUNNING.opens_at + timedelta(days=1))
    second.count(RUNNING.closes_at)
    assert second.snapshot()["rounds"][0]["nodes"][0]["answered"] == 12 + 5


def test_a_restore_brings_back_every_row_and_file(saved: Saved, tmp_path: Path) -> None:
    second = restored(saved.file, tmp_path / "second")
    before, after = saved.store.dump(), second.dump()
    for row in before["round"]:
        row["lost_boxes"] += 2 * (1 - row["closed"])
    assert after == before
    assert second.accounts.named("anna") == Account("anna", Role.COORDINATOR, HASH)
    listed = listing(tmp_path / "second")
    assert {name: listed[name] for name in OWN_FILES} == OWN_FILES
    assert {(tmp_path / "second" / name).stat().st_mode & 0o777 for name in OWN_FILES} == {0o600}


def test_every_table_of_a_backup_has_a_check(saved: Saved) -> None:
    assert set(saved.store.dump()) == set(CHECKS)


def test_a_restored_box_has_no_old_ballot(saved: Saved, tmp_path: Path) -> None:
    second = restored(saved.file, tmp_path / "second")
    cast_all(second, "b", [ballot(1, 1)] * 4, RUNNING.opens_at)
    second.count(RUNNING.closes_at)
    assert second.snapshot()["rounds"][0]["nodes"][0]["answered"] == 12


def test_the_restored_snapshot_is_computed_from_the_tallies(saved: Saved, tmp_path: Path) -> None:
    def edit(tables: dict[str, Any]) -> None:
        document = json.loads(tables["snapshot"][0]["document"])
        document["rounds"][0]["nodes"][0]["answered"] = 99
        tables["snapshot"][0]["document"] = json.dumps(document)

    edited = with_tables(saved.file, tmp_path / "edited.zip", edit)
    assert restored(edited, tmp_path / "second").snapshot_text() == saved.store.snapshot_text()


def test_an_address_of_a_unit_outside_all_trees_is_restored(saved: Saved, tmp_path: Path) -> None:
    """A renamed tree leaves such addresses; they are no reason to refuse the backup."""
    saved.store.links.add(Admission.POSTER, "gone", code="stale")
    write_backup(saved.store, saved.settings, tmp_path / "stale.zip", TODAY)
    second = restored(tmp_path / "stale.zip", tmp_path / "second")
    assert second.links.with_code("stale") == saved.store.links.with_code("stale")
    with pytest.raises(RoundClosedError):
        second.running_round("gone", RUNNING.opens_at)


def test_a_backup_can_be_restored_after_kiosk_init(saved: Saved, run: Run) -> None:
    printed(run("init"))
    output = printed(run("restore", str(saved.file)))
    assert f"rounds 2, accounts 1, files of your own {len(OWN_FILES)}." in output
    assert "2 boxes are empty again" in output
    assert json.loads(printed(run("results", "--json"))) == saved.store.snapshot()


# -- older and newer versions --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("schema", [1, 2, 3])
def test_a_backup_of_an_old_version_can_be_restored(tmp_path: Path, schema: int) -> None:
    """Made with old versions over the demonstration's year of rounds, before there were manifests."""
    file = BACKUPS / f"schema-{schema}.zip"
    tables = json.loads(members_of(file)["tables.json"])
    assert {"key": "schema", "value": str(schema)} in tables["installation"]
    second = restored(file, tmp_path / "second")
    second.check_schema()
    shown = json.loads(tables["snapshot"][0]["document"])
    assert second.snapshot()["made_at"] == shown["made_at"]
    assert figures(second.snapshot()) == figures(shown)
    assert len(second.rounds()) == 5
    assert [link.admission for link in second.links.all()] == [Admission.KIOSK, Admission.POSTER]
    assert "questions/egna.toml" in listing(tmp_path / "second")


def old_dump(saved: Saved, schema: int) -> dict[str, Any]:
    """The rows of a complete installation of that schema, in tables made by its migrations."""
    rows = saved.store.dump()
    rows["installation"] = [row for row in rows["installation"] if row["key"] != "schema"]
    for row in rows["round"] if schema < 5 else []:
        terms = json.loads(row["terms"])
        row["terms"] = json.dumps({key: terms[key] for key in terms.keys() - {"protection", "epsilon"}})
    database = Database("sqlite:///:memory:")
    with database.transaction():
        database.migrate(schema)
        for table, columns in database.schema().items():
            for row in rows.get({"apart": "excluded_rapid"}.get(table, table), []):
                values = {column: row[column] for column in columns}
                database.run(peewee.Table(table, columns).insert(values))
        return kept_rows(database)


@pytest.mark.slow
@pytest.mark.parametrize("schema", range(1, newest_schema() + 1))
def test_rows_of_every_earlier_schema_are_migrated(saved: Saved, tmp_path: Path, schema: int) -> None:
    edited = tmp_path / "old.zip"
    write_members(edited, {"tables.json": json.dumps(old_dump(saved, schema)).encode()})
    second = restored(edited, tmp_path / "second")
    assert second.snapshot()["made_at"] == saved.store.snapshot()["made_at"]
    assert [node["answered"] for node in second.snapshot()["rounds"][0]["nodes"]] == [12, 12, None]
    screens = {link.code: link.screen for link in second.links.all()}
    assert screens == {"kiosk": Screen(476, 700, 900) if schema > 2 else None, "poster": None}
    assert second.slip_counts("old") == ({"b": ((10, 10),)} if schema > 1 else {})
    excluded = second.snapshot()["rounds"][1]["nodes"][0]["excluded_rapid"]
    assert excluded == (1 if schema > 1 else 0)


@pytest.mark.slow
@pytest.mark.parametrize("document", ["", "[]", "{}", '{"rounds": [1]}', '{"rounds": [{"nodes": 7}]}'])
def test_an_older_backup_with_a_damaged_snapshot_is_refused(
    saved: Saved, tmp_path: Path, document: str
) -> None:
    rows = old_dump(saved, 3)
    rows["snapshot"][0]["document"] = document
    write_members(tmp_path / "old.zip", {"tables.json": json.dumps(rows).encode()})
    with pytest.raises(StoreError, match="the tables cannot be migrated"):
        restored(tmp_path / "old.zip", tmp_path / "second")


@pytest.mark.parametrize("change", [{"schema": 99}, {"format": 2}, {"format": 2, "more": "than this"}])
def test_a_newer_backup_is_refused_with_the_version_it_needs(
    saved: Saved, tmp_path: Path, change: dict[str, Any]
) -> None:
    members = members_of(saved.file)
    manifest = {**json.loads(members["manifest.json"]), "version": "2.3.0", **change}
    write_members(tmp_path / "new.zip", {**members, "manifest.json": json.dumps(manifest).encode()})
    message = rf"was written by version 2\.3\.0 .* this is version {kiosk.__version__} .* release v2\.3\.0"
    with pytest.raises(StoreError, match=message):
        restore_backup(settings_of(tmp_path / "second"), tmp_path / "new.zip")
    assert not (tmp_path / "second").exists()


# -- into an empty installation only -------------------------------------------------------------


def test_a_restore_overwrites_no_installation(saved: Saved) -> None:
    data = saved.settings.data
    before = without_database(listing(data)), saved.store.dump()
    with pytest.raises(StoreError, match=r"KIOSK_KEYS: .* holds keys already"):
        restore_backup(saved.settings, saved.file)
    shutil.rmtree(saved.settings.keys)
    with pytest.raises(StoreError, match="an installation is here already"):
        restore_backup(saved.settings, saved.file)
    assert (without_database(listing(data)), saved.store.dump()) == before


def test_an_installation_with_any_row_counts_as_not_empty(saved: Saved, tmp_path: Path) -> None:
    settings, store = installation(tmp_path / "second")
    store.links.add(Admission.POSTER, "a")
    before = store.dump()
    with pytest.raises(StoreError, match="an installation is here already"):
        restore_backup(settings, saved.file)
    assert store.dump() == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["questions/own.toml", "questions/another.toml", "logo.png", "new/kind"])
def test_a_foreign_file_stops_a_restore_and_is_named(saved: Saved, tmp_path: Path, name: str) -> None:
    settings = settings_of(tmp_path / "second")
    (settings.data / name).parent.mkdir(parents=True)
    (settings.data / name).write_text("mine")
    before = listing(tmp_path)
    with pytest.raises(StoreError, match=f"{name} exists already; restore into an empty KIOSK_DATA"):
        restore_backup(settings, saved.file)
    assert listing(tmp_path) == before


def test_a_restore_writes_nothing_through_a_symbolic_link(saved: Saved, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "second")
    settings.data.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (settings.data / "audio").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="second/audio exists already"):
        restore_backup(settings, saved.file)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_restore_leaves_keys_of_another_installation_unchanged(saved: Saved, tmp_path: Path) -> None:
    """A trial restore with KIOSK_KEYS unchanged: its first count would destroy the keys of
    uncounted ballots."""
    keys = saved.settings.keys
    before = listing(keys)
    settings = settings_of(tmp_path / "trial", KIOSK_KEYS=str(keys))
    with pytest.raises(StoreError, match=r"KIOSK_KEYS: .* holds keys already"):
        restore_backup(settings, saved.file)
    assert listing(keys) == before
    assert not settings.data.exists()


# -- all or nothing ------------------------------------------------------------------------------


def test_a_backup_larger_than_the_disk_is_refused_before_anything_is_written(
    saved: Saved, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a disk; the limited files below show the same without")
    try:
        settings = settings_of(disk / "data", KIOSK_KEYS=str(tmp_path / "keys"))
        with pytest.raises(StoreError, match=f"needs [0-9]+ bytes, and {disk} has [0-9]+ free"):
            restore_backup(settings, saved.file)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def run_limited(words: list[str], environ: dict[str, str], limit: int) -> tuple[int, str]:
    """(exit code, standard error) of the command in a child process with that file size limit."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        done = CliRunner().invoke(main, words, env=environ)
        os.write(write, (done.stderr or repr(done.exception)).encode())
        os._exit(done.exit_code)
    os.close(write)
    _, status = os.waitpid(child, 0)
    with os.fdopen(read) as output:
        return os.waitstatus_to_exitcode(status), output.read()


@pytest.mark.slow
@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("limit", [0, 10, 10_000, 50_000, 100_000])
def test_a_restore_that_cannot_write_leaves_nothing_and_gives_one_line(
    saved: Saved, tmp_path: Path, limit: int, is_there: bool
) -> None:
    """Keys, people's files and the database cannot be written, one after the other."""
    settings = settings_of(tmp_path / "second")
    if is_there:
        installation(settings.data)[1].close()
    before = without_database(listing(tmp_path)) if is_there else listing(tmp_path)
    environ = {"KIOSK_DATA": str(settings.data), "KIOSK_KEYS": str(settings.keys)}
    code, output = run_limited(["restore", str(saved.file)], environ, limit)
    assert (code, len(output.splitlines())) == (2, 1), output
    assert output.startswith("kiosk: ")
    assert (without_database(listing(tmp_path)) if is_there else listing(tmp_path)) == before
    store = opened(settings)
    assert not store.is_installed or not store.rounds()
    store.close()


def without_database(listed: dict[str, bytes]) -> dict[str, bytes]:
    """A listing without databases, whose bytes change when they are read."""
    return {name: content for name, content in listed.items() if "kiosk.sqlite" not in name}


FAILED, DIED, FINISHED = 41, 42, 0


def steps_of_a_restore(saved: Saved, folder: Path, at: Callable[[int], None]) -> int:
    """Restore in a child process that calls `at` before each step that changes a disk. Returns its
    exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        taken = 0

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                nonlocal taken
                taken += 1
                at(taken)
                return real(*args, **kwargs)

            return wrapped

        KeyFolder.seal = counted(KeyFolder.seal)  # type: ignore[method-assign]
        restore._unpack = counted(restore._unpack)
        Path.mkdir = counted(Path.mkdir)  # type: ignore[method-assign]
        Path.rename = counted(Path.rename)  # type: ignore[method-assign]
        peewee.Database.commit = counted(peewee.Database.commit)  # type: ignore[method-assign]
        restore_backup(settings_of(folder), saved.file)
        os._exit(FINISHED)
    except OSError:
        os._exit(FAILED)
    finally:
        os._exit(1)


@pytest.mark.slow
def test_a_restore_that_fails_at_any_step_leaves_nothing(saved: Saved, tmp_path: Path) -> None:
    folder, step = tmp_path / "trial", 0
    before = listing(tmp_path)
    code = FAILED
    while code == FAILED:
        step += 1

        def fail(taken: int, step: int = step) -> None:
            if taken == step:
                raise OSError(28, "No space left on device")

        code = steps_of_a_restore(saved, folder, fail)
        if code == FAILED:
            assert listing(tmp_path) == before, f"step {step}"
    assert code == FINISHED
    assert step > 20
    assert opened(settings_of(folder)).snapshot() == saved.store.snapshot()


@pytest.mark.slow
def test_a_killed_restore_is_complete_or_can_be_repeated(saved: Saved, tmp_path: Path) -> None:
    """Files that it leaves are the backup's; keys that it leaves are reported and belong to no row."""
    code, step, seen = DIED, 0, set()
    while code == DIED:
        step += 1

        def die(taken: int, step: int = step) -> None:
            if taken == step:
                os._exit(DIED)

        folder = tmp_path / str(step)
        code = steps_of_a_restore(saved, folder, die)
        settings = settings_of(folder)
        if any(path.is_file() for path in settings.keys.rglob("*")):
            with pytest.raises(StoreError, match="holds keys already"):
                restore_backup(settings, saved.file)
            shutil.rmtree(settings.keys)
        try:
            restore_backup(settings, saved.file)
            seen.add("again")
        except StoreError as error:
            assert "an installation is here already" in str(error)  # noqa: PT017
            seen.add("done")
        store = opened(settings)
        assert store.snapshot() == saved.store.snapshot(), f"step {step}"
        store.close()
        listed = listing(folder)
        assert {name: listed[name] for name in OWN_FILES} == OWN_FILES
        assert not any(name.startswith(".restoring") for name in listed)
    assert code == FINISHED
    assert seen == {"again", "done"}
