"""The command that imports surveys takes those of other programs too."""

from pathlib import Path

from tests.tools.command_line import Run, printed

CASES = Path(__file__).parents[1] / "cases" / "foreign"


def test_a_survey_of_limesurvey_is_imported_and_the_rest_is_printed(run: Run) -> None:
    printed(run("init"))
    done = run("survey", "import", str(CASES / "limesurvey.lss"), "--good", "last")
    assert done.exit_code == 0, done.stderr
    assert ".toml: 6 statements." in done.stdout
    assert "Question dubbel: Questions of the type “array dual scale” cannot be included" in done.stderr
    assert run("check").exit_code == 0


def test_a_file_of_an_unknown_kind_is_refused_with_the_formats(run: Run, tmp_path: Path) -> None:
    printed(run("init"))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    refused = run("survey", "import", str(tmp_path / "picture.png"), "--good", "last")
    assert refused.exit_code == 2
    assert "XLSForm (.xlsx, .ods, .csv), LimeSurvey (.lss, .txt)" in refused.stderr
