"""`kiosk bundle`: made here, shown and imported there."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.settings import read_settings
from kiosk.storage import open_store


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    environ = {"KIOSK_DATA": str(tmp_path / "data"), "KIOSK_KEYS": str(tmp_path / "keys")}
    settings = read_settings(environ)
    store = open_store(settings.data, settings.database_url, settings.keys, durable=False)
    store.migrate()
    store.close()
    return environ


def ran(environ: dict[str, str], *words: object) -> Result:
    return CliRunner().invoke(main, ["bundle", *map(str, words)], env=environ)


def test_a_bundle_is_made_shown_and_imported(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "together.zip"
    assert ran(environ, "make", file, "--theory", "ombudsmannaskap").exit_code == 0
    shown = ran(environ, "show", file).output
    assert "same     survey ombudsmannaskap: " in shown
    assert "same     theory ombudsmannaskap: " in shown
    assert "nothing is changed" in ran(environ, "import", file).output


def test_a_refused_bundle_command_names_the_reason_and_writes_nothing(
    environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("mine")
    for words, problem in (
        (("make", file, "--survey", "ombudsmannaskap"), "exists already"),
        (("make", tmp_path / "b.zip", "--survey", "x"), "there is no survey 'x'"),
        (("make", tmp_path / "b.zip", "--theory", "x"), "there is no theory of change 'x'"),
        (("make", tmp_path / "b.zip"), "Name a survey"),
        (("show", file), f"{file}: The file is truncated, damaged or of another kind"),
        (("import", file), f"{file}: The file is truncated, damaged or of another kind"),
    ):
        done = ran(environ, *words)
        assert (done.exit_code, problem in done.output) == (2, True), done.output
    assert file.read_text() == "mine"
    assert not (tmp_path / "b.zip").exists()
