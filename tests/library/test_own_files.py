"""A file gone bad on disk: the last good one is used, everything else goes on, and both are told."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.library.changes import keep_last_good
from kiosk.library.definition import DefinitionError
from kiosk.library.library import Library, check_languages, read_library, read_usable_library
from kiosk.library.own_files import State, TolerantReader
from kiosk.library.surveys import read_survey
from kiosk.settings import Settings, SettingsError, read_settings

CASES = Path(__file__).parents[1] / "cases" / "toml"

SURVEY = (CASES / "crlf.toml").read_bytes()
SCALE = """\
id = "own"
source = "egna"
licence = "fria"
validated = false
bipolar = false
[[options]]
label = "Nej"
[[options]]
label = "Ja"
"""
TREE = 'id = "orten"\nname = "Orten"\n[[units]]\nid = "huset"\nname = "Huset"\n'
CATALOGUE = 'msgid "Börja"\nmsgstr "Begin"\n'

GOOD_CASES = {"bom", "braces", "crlf", "triple"}
BAD_CASES = sorted(path.stem for path in CASES.glob("*.toml") if path.stem not in GOOD_CASES)


def installation(data: Path, **environ: str) -> Settings:
    return read_settings({"KIOSK_DATA": str(data), **environ})


def put(data: Path, name: str, content: str | bytes) -> Path:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def started(data: Path) -> Library:
    """What a server reads at its start, which keeps copies of all that is good."""
    settings = installation(data)
    library = read_usable_library(settings)
    keep_last_good(settings, library)
    return library


@pytest.mark.slow
@pytest.mark.parametrize("case", BAD_CASES)
def test_a_damaged_survey_is_used_in_its_last_good_version(tmp_path: Path, case: str) -> None:
    path = put(tmp_path, "questions/prov.toml", SURVEY)
    good = started(tmp_path).surveys["prov"]
    put(tmp_path, "questions/prov.toml", (CASES / f"{case}.toml").read_bytes())
    library = started(tmp_path)
    assert library.surveys["prov"] == good
    [problem] = library.problems
    assert (problem.file, problem.state) == ("questions/prov.toml", State.LAST_GOOD)
    assert problem.english.startswith(f"{path}: ")
    with pytest.raises(DefinitionError):
        read_library(installation(tmp_path))


@pytest.mark.parametrize("case", sorted(GOOD_CASES))
def test_a_valid_file_is_not_reported_as_a_problem(tmp_path: Path, case: str) -> None:
    put(tmp_path, "questions/prov.toml", (CASES / f"{case}.toml").read_bytes())
    library = started(tmp_path)
    assert "prov" in library.surveys
    assert library.problems == ()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nothing"))


def a_megabyte(path: Path) -> None:
    path.write_bytes(b"#" * 1_000_001)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


FILES: dict[str, str | bytes] = {
    "questions/prov.toml": SURVEY,
    "questions/scales/own.toml": SCALE,
    "questions/trees/orten.toml": TREE,
    "translations/en/LC_MESSAGES/guest.po": CATALOGUE,
    "translations/en/LC_MESSAGES/desk.po": 'msgid "Enkäter"\nmsgstr "Our surveys"\n',
}


def contents(library: Library) -> tuple[object, ...]:
    return (
        library.surveys["prov"], library.scales["own"], library.trees["orten"],
        library.guest["en"].text("Börja"), library.desk["en"].text("Enkäter"),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("damage", [a_folder, a_link_to_nothing, a_megabyte, zeros])
@pytest.mark.parametrize("name", FILES)
def test_the_last_good_copy_of_a_damaged_file_is_used(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    for other, content in FILES.items():
        put(tmp_path, other, content)
    before = contents(started(tmp_path))
    damage(tmp_path / name)
    after = started(tmp_path)
    assert contents(after) == before
    assert [(problem.file, problem.state) for problem in after.problems] == [(name, State.LAST_GOOD)]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["questions", "questions/scales", "questions/trees", "translations"])
def test_a_folder_replaced_by_a_file_is_read_from_its_copies(tmp_path: Path, folder: str) -> None:
    for name, content in FILES.items():
        put(tmp_path, name, content)
    before = contents(started(tmp_path))
    shutil.rmtree(tmp_path / folder)
    (tmp_path / folder).write_text("gone")
    after = started(tmp_path)
    assert contents(after) == before
    assert folder in {problem.file for problem in after.problems}
    assert contents(started(tmp_path)) == before


def test_a_bad_file_without_a_copy_is_left_out_and_others_are_read(tmp_path: Path) -> None:
    put(tmp_path, "questions/prov.toml", "id =")
    put(tmp_path, "questions/andra.toml", SURVEY.replace(b'"prov"', b'"andra"'))
    library = started(tmp_path)
    assert set(library.surveys) == {
        "andra",
        "ombudsmannaskap",
        "ombudsmannaskap_egenmakt",
        "ombudsmannaskap_latt",
        "ons_ensamhet",
        "ons_livet",
    }
    assert [(one.file, one.state) for one in library.problems] == [("questions/prov.toml", State.LEFT_OUT)]


def test_a_removed_file_does_not_come_back(tmp_path: Path) -> None:
    path = put(tmp_path, "questions/prov.toml", SURVEY)
    started(tmp_path)
    path.unlink()
    assert "prov" not in started(tmp_path).surveys
    put(tmp_path, "questions/prov.toml", "id =")
    assert "prov" not in started(tmp_path).surveys


def test_a_survey_never_uses_a_shipped_scale_instead_of_an_own_one(tmp_path: Path) -> None:
    """A later release may ship a scale under the id of one's own."""
    put(tmp_path, "questions/scales/yes5.toml", SCALE.replace('"own"', '"yes5"'))
    put(tmp_path, "questions/prov.toml", SURVEY.replace(b"agree5", b"yes5"))
    library = started(tmp_path)
    assert "prov" not in library.surveys
    assert {problem.file for problem in library.problems} == {
        "questions/scales/yes5.toml", "questions/prov.toml",
    }  # fmt: skip
    assert len(library.scales["yes5"].labels) == 5


def test_backup_and_metadata_files_are_ignored(tmp_path: Path) -> None:
    put(tmp_path, "questions/prov.toml", SURVEY)
    for name in (
        "questions/._prov.toml", "questions/.DS_Store", "questions/scales/._own.toml",
        "translations/.git/LC_MESSAGES/guest.po", "questions/prov.toml~", "questions/prov.toml.bak",
        "questions/README.txt", "translations/en/LC_MESSAGES/guest.mo",
    ):  # fmt: skip
        put(tmp_path, name, b"\x00\x05\x16\x07")
    assert started(tmp_path).problems == ()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("questions/prov.toml.txt", "Döp om den till questions/prov.toml."),
        ("questions/prov.TOML", "Döp om den till questions/prov.toml."),
        ("questions/prov.tml", "Döp om den till questions/prov.toml."),
        ("questions/scales/own.toml.txt", "Döp om den till questions/scales/own.toml."),
        ("questions/gamla/prov.toml", "Döp om den till questions/prov.toml."),
        ("prov.toml", "Döp om den till questions/prov.toml."),
        ("questions/prov.xlsx", "Hämta in den på sidan Enkäter."),
        ("questions/prov.txt", "Flytta den härifrån."),
        ("translations/en.po", "translations/SPRÅKKOD/LC_MESSAGES/guest.po"),
        ("translations/en/guest.po", "translations/SPRÅKKOD/LC_MESSAGES/guest.po"),
        ("translations/en/LC_MESSAGES/guest.po.txt", "translations/SPRÅKKOD/LC_MESSAGES/guest.po"),
        ("translations/en/LC_MESSAGES/guest-en.po", "translations/SPRÅKKOD/LC_MESSAGES/guest.po"),
        ("questions/guest.po", "translations/SPRÅKKOD/LC_MESSAGES/guest.po"),
    ],
)
def test_a_misplaced_file_is_reported_with_the_remedy(tmp_path: Path, name: str, remedy: str) -> None:
    put(tmp_path, name, SURVEY)
    [problem] = started(tmp_path).problems
    assert (problem.file, problem.state) == (name, State.NOT_READ)
    assert problem.message.render(str).startswith(f"{name} läses inte.")
    assert remedy in problem.message.render(str)
    assert problem.english.startswith(f"{tmp_path / name}: is not read; ")
    read_library(installation(tmp_path))


def test_the_advice_never_renames_a_file_over_another(tmp_path: Path) -> None:
    put(tmp_path, "questions/prov.toml", SURVEY)
    put(tmp_path, "questions/prov.toml.txt", SURVEY)
    [problem] = started(tmp_path).problems
    assert "Döp om" not in problem.message.render(str)


def test_a_damaged_shipped_file_is_not_tolerated_and_is_named(tmp_path: Path) -> None:
    shipped = put(tmp_path, "program/questions/prov.toml", "id =")
    with pytest.raises(DefinitionError, match=r"prov\.toml"):
        TolerantReader(tmp_path / "data")(shipped, lambda path: read_survey(path, {}))


def test_an_allowed_languages_catalogue_may_be_damaged_but_not_missing(tmp_path: Path) -> None:
    settings = installation(tmp_path, KIOSK_LANGUAGES="rom")
    put(tmp_path, "translations/rom/LC_MESSAGES/guest.po", b"\xff")
    check_languages(settings, read_usable_library(settings))
    shutil.rmtree(tmp_path / "translations")
    with pytest.raises(SettingsError, match="has no catalogue"):
        check_languages(settings, read_usable_library(settings))
