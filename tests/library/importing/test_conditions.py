"""Conditions of LimeSurvey and SurveyJS: which become follow-ups, and which are listed."""

import json
from typing import Any

import pytest

from kiosk.domain.survey import FollowUp
from kiosk.library.importing import AnswerOrder, Decisions, Preview, preview_of, read_file
from kiosk.library.importing.conditions import expression_condition, visible_if_condition
from tests.tools.form_import import NO_LIBRARY

NO = ("safe", ("A1",))
EITHER = ("safe", ("A1", "A2"))


@pytest.mark.parametrize(
    ("relevance", "condition"),
    [
        ("((safe.NAOK == 'A1'))", NO),
        ('safe=="A1"', NO),
        ('((safe.NAOK == "A1" or safe.NAOK == "A2"))', EITHER),
        ("((safe.NAOK == 'A1') or (safe.NAOK == 'A2'))", EITHER),
        ("safe.code == 'A1' || safe.code == 'A2'", EITHER),
        ("safe.NAOK == 3", ("safe", ("3",))),
        ("((safe_SQ001.NAOK == 'A1'))", ("safe_SQ001", ("A1",))),
        ("safe.NAOK == 'A1' and age.NAOK == 'A1'", None),
        ("safe.NAOK == 'A1' or age.NAOK == 'A1'", None),
        ("(safe.NAOK == 'A1' or safe.NAOK == 'A2') and (age.NAOK == 'A1')", None),
        ("safe.NAOK != 'A1'", None),
        ("!is_empty(safe.NAOK)", None),
        ("safe.NAOK >= 3", None),
        ("1", None),
        ("(" * 2000, None),
    ],
)
def test_plain_conditions_of_limesurvey_are_read(relevance: str, condition: object) -> None:
    assert expression_condition(relevance) == condition


@pytest.mark.parametrize(
    ("visible_if", "condition"),
    [
        ("{safe} = 'A1'", NO),
        ("{safe} == 'A1' or {safe} = \"A2\"", EITHER),
        ("{safe} anyof ['A1', 'A2']", EITHER),
        ("({safe} = A1) || ({safe} = A2)", EITHER),
        ("{safe} = 3", ("safe", ("3",))),
        ("{matrix.row 1} = 'A1'", ("matrix_row 1", ("A1",))),
        ("{safe} contains 'A1'", NO),
        ("{safe} anyof []", None),
        ("{safe} anyof ['A1', {age}]", None),
        ("{safe} <> 'A1'", None),
        ("{safe} notempty", None),
        ("{safe} = 'A1' and {age} = 3", None),
        ("{safe} = 'A1' or {age} = 3", None),
        ("", None),
    ],
)
def test_plain_conditions_of_surveyjs_are_read(visible_if: str, condition: object) -> None:
    assert visible_if_condition(visible_if) == condition


def surveyjs(condition: Any, *, between: bool = False, panel: Any = None) -> bytes:
    """Return a survey with a question why after another one, in a panel if that has a condition."""
    safe = {"type": "radiogroup", "name": "safe", "title": "Trygg?", "choices": ["Nej", "Delvis", "Ja"]}
    why = {"type": "radiogroup", "name": "why", "title": "Varför?", "choices": ["Ljud", "Andra gäster"]}
    why["visibleIf"] = condition
    last = {"type": "panel", "elements": [why], "visibleIf": panel} if panel else why
    heard = {**safe, "name": "heard", "title": "Hörd?"}
    return json.dumps({"locale": "sv", "elements": [safe, *([heard] if between else []), last]}).encode()


def limesurvey(relevance: str) -> bytes:
    rows = [
        ["class", "type/scale", "name", "relevance", "text", "language"],
        ["S", "", "language", "", "sv", ""],
        ["Q", "L", "safe", "1", "Trygg?", "sv"],
        *(["A", "0", name, "", name, "sv"] for name in ("Nej", "Delvis", "Ja")),
        ["Q", "L", "why", relevance, "Varför?", "sv"],
        *(["A", "0", name, "", name, "sv"] for name in ("Ljud", "Andra gäster")),
    ]
    return "\n".join("\t".join(row) for row in rows).encode()


def lss(relevance: str) -> bytes:
    def rows(table: str, *rows: dict[str, str]) -> str:
        filled = ("".join(f"<{name}>{text}</{name}>" for name, text in row.items()) for row in rows)
        return f"<{table}><rows>{''.join(f'<row>{row}</row>' for row in filled)}</rows></{table}>"

    def question(number: str, code: str, text: str, relevance: str) -> dict[str, str]:
        return {
            "qid": number, "parent_qid": "0", "gid": "7", "type": "L", "title": code, "question": text,
            "question_order": number, "language": "sv", "relevance": relevance,
        }  # fmt: skip

    answers = [
        {"qid": number, "code": text, "answer": text, "language": "sv"}
        for number, texts in (("1", ("Nej", "Delvis", "Ja")), ("2", ("Ljud", "Andra gäster")))
        for text in texts
    ]
    document = (
        "<LimeSurveyDocType>Survey</LimeSurveyDocType>"
        + rows("questions", question("1", "safe", "Trygg?", "1"), question("2", "why", "Varför?", relevance))
        + rows("answers", *answers)
        + rows("surveys", {"language": "sv"})
    )
    return f'<?xml version="1.0"?><document>{document}</document>'.encode()


def preview(content: bytes) -> Preview:
    orders = {0: AnswerOrder.BEST_LAST, 1: AnswerOrder.UNORDERED}
    return preview_of(read_file(content, ""), Decisions("sv", orders), NO_LIBRARY, "from here")


@pytest.mark.parametrize(
    "content",
    [
        surveyjs("{safe} anyof ['Nej', 'Delvis']"),
        surveyjs(None, panel="{safe} = 'Nej' or {safe} = 'Delvis'"),
        limesurvey("((safe.NAOK == 'Nej' or safe.NAOK == 'Delvis'))"),
        lss("((safe.NAOK == 'Nej' or safe.NAOK == 'Delvis'))"),
        lss("((5X7X1.NAOK == 'Nej') or (5X7X1.NAOK == 'Delvis'))"),
    ],
    ids=["surveyjs", "surveyjs panel", "limesurvey table", "lss", "lss with ids"],
)
def test_a_question_that_is_shown_after_some_answers_becomes_a_follow_up(content: bytes) -> None:
    shown = preview(content)
    assert shown.form
    [_, why] = shown.form.draft.statements
    assert why.follows == FollowUp("safe", (1, 2))
    assert shown.left_out == ()


@pytest.mark.parametrize(
    "content",
    [
        surveyjs("{safe} notempty"),
        surveyjs(["{safe} = 'Nej'"]),
        surveyjs("{safe} = 'Nej'", between=True),
        surveyjs("{safe} = 'Nej'", panel="{heard} = 'Nej'"),
        limesurvey("!is_empty(safe.NAOK)"),
        limesurvey("safe.NAOK == 'Kanske'"),
        lss("((5X7X9.NAOK == 'Nej'))"),
    ],
    ids=["unlike", "no text", "not just before", "two", "limesurvey", "no such answer", "unknown id"],
)
def test_a_condition_that_no_follow_up_can_have_is_listed_once(content: bytes) -> None:
    shown = preview(content)
    assert shown.form
    assert {statement.follows for statement in shown.form.draft.statements} == {None}
    [left_out] = shown.left_out
    assert "Villkoret följer inte med: frågan visas för alla" in left_out.reason.render(str)
