"""Keys that are away: commands that would write stop, and 92 answers stay readable."""

from pathlib import Path

import pytest

from kiosk.storage import migrations, newest_schema
from tests.tools.command_line import OPEN, Run, printed
from tests.tools.waiting import BALLOTS, UNIT, Installation, commands, installed

pytestmark = pytest.mark.slow


@pytest.fixture
def installation(run: Run, tmp_path: Path) -> Installation:
    return installed(run, tmp_path)


@pytest.mark.parametrize("name", ["upgrade", "serve", "count", "slips", "round open"])
@pytest.mark.parametrize("away", ["folder", "one box", "one slip set", "one letterbox"])
def test_with_a_missing_key_a_command_is_refused_and_all_ballots_are_kept(
    run: Run, installation: Installation, name: str, away: str
) -> None:
    put_back = installation.take_away(away)
    before = installation.stored()
    words, settings = commands(installation)[name]
    refused = run(*words, **settings)
    is_needed = name != "slips" or away in {"folder", "one slip set"}
    if is_needed:
        assert refused.exit_code == 2
        assert len(refused.stderr.splitlines()) == 1
        assert f"KIOSK_KEYS: {installation.keys}/" in refused.stderr
        assert "bring the key files back" in refused.stderr
        assert installation.stored() == before
    assert installation.keys.exists() == (away != "folder")
    put_back()
    assert installation.readable() == BALLOTS


def test_init_changes_no_existing_installation_and_names_the_upgrade(
    run: Run, installation: Installation
) -> None:
    for away in ("nothing", "folder"):
        put_back = installation.take_away(away)
        before = installation.stored()
        refused = run("init")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "to upgrade it: kiosk upgrade" in refused.stderr
        assert installation.stored() == before
        assert installation.keys.exists() == (away != "folder")
        put_back()
    assert installation.readable() == BALLOTS


def test_tables_of_an_older_version_are_upgraded_only_if_all_keys_are_there(
    run: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = newest_schema()
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, lambda _: None))
    for words in (("serve",), ("count",), ("results",), OPEN):
        refused = run(*words)
        assert (refused.exit_code, "run: kiosk upgrade" in refused.stderr) == (2, True)
    put_back = installation.take_away("folder")
    before = installation.stored()
    assert run("upgrade").exit_code == 2
    assert installation.stored() == before
    put_back()
    assert f"from version {known} to {known + 1}" in printed(run("upgrade"))
    assert installation.readable() == BALLOTS


@pytest.mark.parametrize("typed", ["", "yes\n", "y\n", "GIVE UP!\n", "\n"])
def test_keys_are_given_up_only_after_the_typed_confirmation(
    run: Run, installation: Installation, typed: str
) -> None:
    put_back = installation.take_away("folder")
    before = installation.stored()
    refused = run("give-up-keys", typed=typed)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "5 boxes: the answers that wait in them" in refused.stderr
    assert f"in 1 rounds ({installation.round_id})" in refused.stderr
    assert "nothing is changed" in refused.stderr
    assert installation.stored() == before
    put_back()
    assert installation.readable() == BALLOTS


def test_giving_up_keys_loses_only_the_ballots_under_them(run: Run, installation: Installation) -> None:
    installation.take_away("one box")
    given_up = run("give-up-keys", typed="give up\n")
    assert "1 boxes: the answers that wait in them" in given_up.stderr
    assert printed(given_up).startswith("Given up: 1 keys")
    again = run("give-up-keys", typed="give up\n")
    assert (again.exit_code, "nothing to give up" in again.stderr) == (2, True)
    assert installation.store().rounds()[0].lost_boxes == 1
    assert installation.readable() == BALLOTS - installation.cast_at(UNIT)


@pytest.mark.parametrize("is_folder_left", [True, False], ids=["an empty mount point", "no folder"])
def test_without_the_disk_of_the_data_no_command_begins_a_second_installation(
    run: Run, installation: Installation, tmp_path: Path, is_folder_left: bool
) -> None:
    every = {"init": (("init",), {}), **commands(installation)}
    away = (tmp_path / "data").rename(tmp_path / "data-away")
    if is_folder_left:
        (tmp_path / "data").mkdir()
    before = installation.key_files()
    for name, (words, settings) in every.items():
        refused = run(*words, **settings)
        assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1), name
        assert "KIOSK_KEYS" in refused.stderr
        assert "the disk of KIOSK_DATA" in refused.stderr
        assert "kiosk init" not in refused.stderr
    for left in (tmp_path / "data").glob("*"):
        left.unlink()
    if (tmp_path / "data").exists():
        (tmp_path / "data").rmdir()
    away.rename(tmp_path / "data")
    assert installation.key_files() == before
    assert installation.readable() == BALLOTS
