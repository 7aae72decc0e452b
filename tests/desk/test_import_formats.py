"""A coordinator brings a survey of another program, of any format: from the upload to the survey."""

import re
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.survey import Survey, cost_of
from kiosk.library.surveys import MOST_STATEMENTS
from tests.tools.desk_side import Desk
from tests.tools.form_import import keep, send_file
from tests.tools.spreadsheets import ods
from tests.tools.xlsforms import Row, sheet

CASES = Path(__file__).parents[1] / "cases" / "foreign"
FILES = sorted(path.name for path in CASES.iterdir())

STATEMENT = "Jag känner mig trygg här"
LISTED = {
    "formbricks.json": "Svaret ”annat” med egna ord följer inte med. Fråga trygg",
    "limesurvey.lss": "Frågor av typen ”array dual scale” kan inte tas med. Bara frågor med val. "
    "Fråga dubbel",
    "limesurvey.txt": "En fråga med svar i egna ord kan inte tas med. Bara frågor med val. Fråga beratta",
    "surveyjs.json": "Frågor av typen ”signaturepad” kan inte tas med. Bara frågor med val. "
    "Fråga namnteckning",
    "xlsform.csv": "Frågor av typen ”text” kan inte tas med. Bara frågor med val. Blad survey, rad 3",
}
"""Name of a file -> something that its preview lists as left out, with its place."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One installation for all tests: each import is a survey of its own."""
    made = Desk(tmp_path_factory.mktemp("desk"))
    made.sign_in()
    return made


def words(page: TestResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page.text)).split())


def kept_survey(desk: Desk, page: TestResponse) -> Survey:
    """Keep a previewed form and return the survey."""
    surveys = desk.app.extensions["desk"].library.surveys
    before = set(surveys)
    answer = keep(desk, page)
    assert answer.status_code == 303, words(answer)
    surveys = desk.app.extensions["desk"].library.surveys
    (new,) = set(surveys) - before
    survey: Survey = surveys[new]
    return survey


def paste(desk: Desk, lines: str) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/walls"), "lines": lines}
    return desk.client.post("/admin/surveys/import", data=data)


def files(desk: Desk) -> set[Path]:
    folders = (desk.settings.data / name for name in ("questions", "translations"))
    return {path for folder in folders for path in folder.rglob("*")}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_survey_of_another_program_gets_a_preview_and_can_be_kept(desk: Desk, name: str) -> None:
    before = files(desk)
    page = send_file(desk, (CASES / name).read_bytes(), name)
    assert page.status_code == 200, words(page)
    assert LISTED.get(name, "") in words(page)
    assert files(desk) == before
    survey = kept_survey(desk, page)
    assert survey.statements[0].text == STATEMENT
    assert Path(name).name in survey.source
    if name != "lines.txt":
        assert survey.translations["en"][STATEMENT] == "I feel safe here"


def test_an_opendocument_spreadsheet_gets_a_preview_and_can_be_kept(desk: Desk) -> None:
    content = ods(
        {
            "survey": [
                ["type", "name", "label::Svenska (sv)"],
                ["select_one enig", "soup", "Soppan är varm"],
            ],
            "choices": [
                ["list_name", "name", "label::Svenska (sv)"],
                ["enig", "1", "Nej"],
                ["enig", "2", "Ja"],
            ],
        }
    )
    survey = kept_survey(desk, send_file(desk, content, "Mat.ods"))
    assert (survey.title, survey.statements[0].text) == ("Mat", "Soppan är varm")


def test_pasted_lines_become_a_survey_with_the_answers_below_them(desk: Desk) -> None:
    page = paste(desk, "Kaffet är gott\nKaffet är varmt\nSvar:\nAldrig\nAlltid")
    survey = kept_survey(desk, page)
    assert [statement.text for statement in survey.statements] == ["Kaffet är gott", "Kaffet är varmt"]
    assert {statement.scale.labels for statement in survey.statements} == {("Aldrig", "Alltid")}


def test_pasted_lines_without_answers_get_the_shipped_scale(desk: Desk) -> None:
    survey = kept_survey(desk, paste(desk, "1. Teet är gott\n2. Teet är varmt\n"))
    assert {statement.scale.id for statement in survey.statements} == {"agree5"}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (" \n", "Välj en fil, eller klistra in påståenden."),
        ("Svar:\nJa\nNej", "Svaren har inget påstående ovanför sig. Rad 2"),
        ("Hej\n" * 5_000, "Texten är längre än en enkät: högst 2000 rader."),
    ],
)
def test_pasted_text_that_is_no_survey_is_refused_with_the_reason(
    desk: Desk, lines: str, reason: str
) -> None:
    before = files(desk)
    refused = paste(desk, lines)
    assert refused.status_code == 400
    assert reason in words(refused)
    assert files(desk) == before


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999), "form.xls", "spara den som .xlsx utan lösenord"),
        (
            b"\x89PNG\r\n\x1a\n" + bytes(99),
            "form.xlsx",
            "Hit kan du ta XLSForm (.xlsx, .ods, .csv), LimeSurvey",
        ),
        (b"[" * 99_999, "form.json", "Filen kan inte läsas som JSON"),
        (
            b'<!DOCTYPE x [<!ENTITY a "b">]><x>LimeSurveyDocType&a;</x>',
            "x.lss",
            "den är avkortad eller skadad",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_way_out(
    desk: Desk, content: bytes, name: str, reason: str
) -> None:
    before = files(desk)
    refused = send_file(desk, content, name)
    assert refused.status_code == 400
    assert reason in words(refused)
    assert files(desk) == before


def test_texts_without_a_language_are_shown_and_not_asked_for_until_it_is_chosen(desk: Desk) -> None:
    survey: list[Row] = [["type", "name", "label"], ["select_one yes", "safe", "Jag är trygg"]]
    choices: list[Row] = [["list_name", "name", "label"], ["yes", 1, "Nej"], ["yes", 2, "Ja"]]
    page = send_file(desk, sheet(survey, choices))
    assert "svensk text saknas" not in page.text
    assert "Jag är trygg</span>" in page.text
    assert "Sista är bäst: Ja" in page.text
    in_english = keep(desk, page, language="en")
    assert "svensk text saknas" in in_english.text
    assert keep(desk, send_file(desk, sheet(survey, choices)), language="sv").status_code == 303


def test_the_questions_that_a_preview_proposes_can_be_kept_where_many_have_several_choices(
    desk: Desk,
) -> None:
    """30 questions, every third of which counts as two and a half: 20 of them would tell too much."""
    survey: list[Row] = [["type", "name", "label::Svenska (sv)"]]
    survey += [
        [f"select_{'multiple needs' if number % 3 == 0 else 'one yes'}", f"q{number}", f"Fråga {number}"]
        for number in range(30)
    ]
    choices: list[Row] = [["list_name", "name", "label::Svenska (sv)"], ["yes", 1, "Nej"], ["yes", 2, "Ja"]]
    choices += [["needs", name, name] for name in ("Mat", "Vila", "Samtal")]
    statements = kept_survey(desk, send_file(desk, sheet(survey, choices))).statements
    assert 19 < cost_of(statements) <= MOST_STATEMENTS
