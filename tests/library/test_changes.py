"""Changes of own files: all files of one or none, one at a time, and never a library that cannot be read."""

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.library.changes import CANDIDATE, RefusedError, change_files, exclusively
from kiosk.library.library import Library, read_library, read_usable_library
from kiosk.library.own_files import LAST_GOOD
from kiosk.settings import Settings, read_settings

CASES = Path(__file__).parents[1] / "cases"

SURVEY = (CASES / "toml" / "crlf.toml").read_bytes()
PROV = Path("questions/prov.toml")
CATALOGUE = Path("translations/en/LC_MESSAGES/guest.po")


def files(data: Path) -> dict[str, bytes]:
    """Path -> content of everything in the folder, hidden or not, last good copies left out."""
    paths = (path for path in data.rglob("*") if path.is_file() and LAST_GOOD not in path.parts)
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in paths}


def changed(settings: Settings, changes: dict[Path, bytes | None]) -> Library:
    with exclusively(settings):
        return change_files(settings, changes)


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    settings = read_settings({"KIOSK_DATA": str(tmp_path)})
    changed(settings, {PROV: SURVEY, CATALOGUE: 'msgid "Börja"\nmsgstr "Begin"\n'.encode()})
    return settings


def test_a_change_is_stored_and_read_back(own: Settings) -> None:
    library = changed(own, {PROV: SURVEY.replace(b"Provfr", b"Nya fr"), CATALOGUE: None})
    assert library.surveys["prov"].title == "Nya frågor"
    assert read_library(own).surveys == library.surveys
    assert list(files(own.data)) == [str(PROV)]


BAD: dict[str, dict[Path, bytes | None]] = {
    "a survey": {PROV: b"id ="},
    "a catalogue": {CATALOGUE: 'msgid "Börja"\nmsgstr "Begin }"\n'.encode()},
    "the second of two": {CATALOGUE: b"", PROV: b"id ="},
    "a survey that loses its scale": {PROV: SURVEY.replace(b"agree5", b"agree9")},
    "a folder that is no language": {Path("translations/en_simple/LC_MESSAGES/guest.po"): b""},
    "a file of over a megabyte": {CATALOGUE: b"#" * 1_000_001},
}


@pytest.mark.parametrize("case", BAD)
def test_a_change_that_would_be_unreadable_is_refused_and_changes_nothing(own: Settings, case: str) -> None:
    before = files(own.data)
    with pytest.raises(RefusedError, match="skulle inte gå att läsa: ") as refused:
        changed(own, BAD[case])
    assert CANDIDATE not in str(refused.value)
    assert files(own.data) == before
    assert not list(own.data.glob(f"{CANDIDATE}*"))


def test_a_scale_that_a_survey_uses_cannot_be_removed(own: Settings) -> None:
    scale = Path("questions/scales/own.toml")
    text = b'id="own"\nsource="e"\nlicence="f"\nvalidated=false\nbipolar=false\n[[options]]\nlabel="a"\n'
    changed(own, {scale: text + b'[[options]]\nlabel="b"\n', PROV: SURVEY.replace(b"agree5", b"own")})
    before = files(own.data)
    with pytest.raises(RefusedError, match=r"questions/prov\.toml skulle inte"):
        changed(own, {scale: None})
    assert files(own.data) == before


def test_if_one_file_cannot_be_written_the_others_are_restored(own: Settings) -> None:
    """A folder stands where the last file belongs, hidden from the reader by its name."""
    new, taken = Path("questions/scales/a/b.txt"), Path("questions/.taken")
    (own.data / taken / "within").mkdir(parents=True)
    before = files(own.data)
    with pytest.raises(RefusedError, match=r"kan inte skrivas: .*Ingenting ändrades"):
        changed(own, {PROV: SURVEY + b"\n", CATALOGUE: None, new: b"new", taken: b"never"})
    assert files(own.data) == before
    assert not (own.data / "questions" / "scales").exists()


def test_an_existing_bad_file_does_not_block_other_changes(own: Settings) -> None:
    (own.data / "questions" / "trasig.toml").write_text("id =")
    (own.data / "translations" / "so").write_text("no folder")
    library = changed(own, {PROV: SURVEY.replace(b"Provfr", b"Nya fr")})
    assert library.surveys["prov"].title == "Nya frågor"
    assert {problem.file for problem in library.problems if problem.is_bad} == {"questions/trasig.toml"}


def test_files_left_by_a_crash_are_ignored_and_removed(own: Settings) -> None:
    (own.data / f"{CANDIDATE}crash" / "questions").mkdir(parents=True)
    (own.data / "questions" / ".prov.toml.new").write_text("id =")
    assert read_usable_library(own).problems == ()
    changed(own, {PROV: SURVEY})
    assert set(files(own.data)) == {str(PROV), str(CATALOGUE)}


@pytest.mark.slow
def test_concurrent_imports_of_surveys_all_succeed(tmp_path: Path) -> None:
    form = CASES / "xlsform" / "a00_plain.xlsx"
    command = [sys.executable, "-m", "kiosk.cli", "survey", "import", str(form), "--good", "last"]
    running = [
        subprocess.Popen(command, env={"KIOSK_DATA": str(tmp_path), "PATH": ""}, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    outputs = {program.communicate()[0].decode() for program in running}
    assert [program.returncode for program in running] == [0] * 4
    assert len(outputs) == 4
    surveys = read_library(read_settings({"KIOSK_DATA": str(tmp_path)})).surveys
    assert {"prov", "prov_2", "prov_3", "prov_4"} <= set(surveys)
    assert len({surveys[name].title for name in surveys}) == len(surveys)
    assert [path.name for path in (tmp_path / "questions" / "scales").iterdir()] == ["enig.toml"]
