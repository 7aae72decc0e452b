"""`kiosk aggregate`: made and signed here, trusted and imported there."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.domain.counters import Figure, Quality, year_of
from kiosk.settings import read_settings
from kiosk.storage import open_store


def environ_of(folder: Path) -> dict[str, str]:
    """An installation with an estimated output of 2024."""
    environ = {"KIOSK_DATA": str(folder / "data"), "KIOSK_KEYS": str(folder / "keys")}
    settings = read_settings(environ)
    store = open_store(settings.data, settings.database_url, settings.keys, durable=False)
    store.migrate()
    store.outputs.set("frida", year_of(2024), "advise", Figure(500, Quality.ESTIMATED))
    store.close()
    return environ


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    return environ_of(tmp_path / "here")


def ran(environ: dict[str, str], *words: object) -> Result:
    return CliRunner().invoke(main, ["aggregate", *map(str, words)], env=environ)


def test_two_installations_exchange_their_figures(here: dict[str, str], tmp_path: Path) -> None:
    there, file = environ_of(tmp_path / "there"), tmp_path / "figures.zip"
    done = ran(here, "make", file, "--year", 2024, "--organisation", "Staden")
    assert done.exit_code == 0, done.output
    fingerprint = done.output.partition("Fingerprint of the key: ")[2].strip()
    assert fingerprint.replace(" ", "") in ran(here, "list").output.replace(" ", "")

    refused = ran(there, "import", file)
    assert refused.exit_code == 2
    assert f"{file}: The file says that it is from Staden, but the key is not trusted" in refused.output
    assert ran(there, "trust", fingerprint, "Staden").exit_code == 0
    assert "Trusted as Staden." in ran(there, "show", file).output
    assert "Staden, 2024: 0 closed rounds, 1 outputs" in ran(there, "import", file).output
    assert "figures: Staden, 2024" in ran(there, "list").output

    assert ran(there, "distrust", fingerprint).exit_code == 0
    assert "left out: " in ran(there, "list").output
    assert "The key is not trusted here." in ran(there, "show", file).output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("make", "new.zip", "--year", "2024"), "--organisation"),
        (("make", "there.zip", "--year", "2024", "--organisation", "Staden"), "exists already"),
        (("make", "new.zip", "--year", "2001", "--organisation", "Staden"), "neither closed rounds"),
        (("show", "there.zip"), "there.zip: The file is truncated"),
        (("import", "there.zip"), "there.zip: The file is truncated"),
        (("trust", "abc", "Staden"), "64 characters"),
    ],
)
def test_a_refusal_names_the_reason_and_writes_nothing(
    words: tuple[str, ...],
    problem: str,
    here: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.zip").write_text("mine")
    done = ran(here, *words)
    assert (done.exit_code, problem in done.output) == (2, True), done.output
    assert (tmp_path / "there.zip").read_text() == "mine"
    assert not (tmp_path / "new.zip").exists()
    assert not (tmp_path / "here" / "data" / "aggregates").exists()


def test_a_damaged_key_is_named_in_one_line(here: dict[str, str], tmp_path: Path) -> None:
    file, key = tmp_path / "figures.zip", Path(here["KIOSK_KEYS"]) / "aggregate_signing_key"
    key.write_text("damaged")
    done = ran(here, "make", file, "--year", 2024, "--organisation", "Staden")
    assert (done.exit_code, done.output.startswith(f"kiosk: {key} is damaged")) == (2, True), done.output
    assert not file.exists()
