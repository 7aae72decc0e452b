"""Commands and a file gone bad: check ends with status 2, the doctor names it, all others go on."""

from pathlib import Path

import pytest

from tests.tools.command_line import OPEN, Run, printed

CASES = Path(__file__).parents[1] / "cases"

SURVEY = (CASES / "toml" / "crlf.toml").read_bytes()


@pytest.fixture
def prov(run: Run, tmp_path: Path) -> Path:
    """A survey of the installation's own."""
    printed(run("init"))
    path = tmp_path / "data" / "questions" / "prov.toml"
    path.parent.mkdir()
    path.write_bytes(SURVEY)
    return path


def test_check_reports_every_bad_file_and_every_unread_file(run: Run, prov: Path) -> None:
    assert run("check").exit_code == 0
    prov.write_text("id =")
    prov.with_name("annan.toml").write_text('id = "annan"\n')
    prov.with_name("tredje.toml.txt").write_bytes(SURVEY)
    done = run("check")
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert [line.partition(": ")[2].partition(": ")[0] for line in lines] == [
        str(prov.with_name(name)) for name in ("annan.toml", "prov.toml", "tredje.toml.txt")
    ]
    prov.write_bytes(SURVEY)
    prov.with_name("annan.toml").unlink()
    result = run("check")
    assert result.exit_code == 0
    assert f"{prov.with_name('tredje.toml.txt')}: is not read; move it to" in result.stderr


def test_doctor_reports_a_bad_file_and_examines_the_rest(run: Run, prov: Path) -> None:
    prov.write_text("id =")
    prov.with_name("tredje.tml").write_bytes(SURVEY)
    result = run("doctor", KIOSK_GUEST_ADDRESS="https://svara.example")
    assert result.exit_code == 1
    assert f"bad   {prov}: not valid TOML" in result.stdout
    assert "it is left out" in result.stdout
    assert f"look  {prov.with_name('tredje.tml')}: is not read" in result.stdout


def test_with_a_bad_survey_file_rounds_open_and_links_are_made(run: Run, prov: Path) -> None:
    prov.write_text("id =")
    opened = run(*OPEN)
    assert opened.exit_code == 0
    assert opened.stderr.startswith(f"kiosk: {prov}: not valid TOML")
    assert run("link", "--unit", "frida").exit_code == 0


def files(folder: Path) -> dict[Path, bytes]:
    """All files; SQLite's beside the database go when the first command's connection does."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in paths if not path.name.endswith(("-wal", "-shm"))}


REFUSED = {
    "b01_code_en_simple": "Sheet survey, row 1, column label::Easy English (en_simple): en_simple is no",
    "a22_twice_same_label": "Sheet choices, row 3: “Stämmer inte” occurs twice",
    "a25_default_language_english": "Sheet survey, row 2: the Swedish text is missing",
    "a37_twelve_choices": "has 12 answers. At most 11 can be shown",
    "b03_long_outcome": "Sheet survey, row 2: column outcome: at most 500 characters, not 559",
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_spreadsheet_changes_nothing(run: Run, tmp_path: Path, case: str) -> None:
    printed(run("init"))
    before = files(tmp_path)
    refused = run("survey", "import", str(CASES / "xlsform" / f"{case}.xlsx"), "--good", "last")
    assert refused.exit_code == 2
    assert REFUSED[case] in refused.stderr
    assert files(tmp_path) == before
    assert run("check").exit_code == 0


def test_a_scale_is_imported_only_when_its_good_end_is_known(run: Run, tmp_path: Path) -> None:
    printed(run("init"))
    form = str(CASES / "xlsform" / "a20_reversed_scale.xlsx")
    refused = run("survey", "import", form)
    assert (refused.exit_code, "choose which answer is best" in refused.stderr) == (2, True)
    assert not list(tmp_path.rglob("enig.toml"))
    unknown = run("survey", "import", form, "--good", "betyg=last")
    assert "the lists are: enig" in unknown.stderr
    printed(run("survey", "import", form, "--good", "enig=first"))
    scale = next(tmp_path.rglob("enig.toml")).read_text("utf-8")
    labels = ("Stämmer helt", "Stämmer delvis", "Stämmer inte")
    assert sorted(labels, key=scale.index) == list(labels)


@pytest.mark.slow
def test_everything_left_out_of_a_spreadsheet_is_printed(run: Run) -> None:
    printed(run("init"))
    done = run("survey", "import", str(CASES / "xlsform" / "a59_text_question_too.xlsx"), "--good", "last")
    assert done.exit_code == 0
    assert "Sheet survey, row 4: Questions of the type “text” cannot be included" in done.stderr


def test_a_survey_file_over_8_mb_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "large.xlsx").write_bytes(bytes(8 * 1024 * 1024 + 1))
    refused = run("survey", "import", "large.xlsx")
    assert (refused.exit_code, "larger than 8 MB" in refused.stderr) == (2, True)
