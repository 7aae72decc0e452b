"""Follow-ups in survey files and spreadsheets: what is read, what is refused, and what comes back."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.domain.survey import FollowUp, Good, Pictures, Scale, Statement, Survey
from kiosk.library.definition import DefinitionError
from kiosk.library.drafts import Draft, DraftError, as_toml, check_draft, draft_of, linked
from kiosk.library.importing import AnswerOrder, Decisions, preview_of, read_file
from kiosk.library.importing.conditions import xpath_condition
from kiosk.library.surveys import read_survey
from kiosk.library.xlsform_export import write_xlsform
from tests.library.guest_catalogues import NO_ANSWER_TEXTS
from tests.tools.form_import import NO_LIBRARY, decided
from tests.tools.xlsforms import Row, sheet

AGREE = Scale("agree", ("Nej", "Delvis", "Ja"), bipolar=False)
REASONS = Scale("why", ("Ljud", "Andra gäster"), False, Pictures.NONE, is_ordered=False)
SCALES = {"agree": AGREE, "why": REASONS}
SAFE = Statement("safe", "Jag är trygg", "Trygghet", AGREE, Good.HIGH)
WHY = Statement("why", "Varför inte?", "Trygghet", REASONS, follows=FollowUp("safe", (1, 2)))
SURVEY = Survey("own", "Egen", "Egna ord", "CC0", False, (SAFE, WHY), {})
HEARD = replace(SAFE, id="heard", text="Jag blir hörd")
NEEDS = replace(WHY, id="needs", text="Vad behöver du?", several=True, follows=None)


def with_statements(*statements: Statement) -> Draft:
    return replace(draft_of(SURVEY, "own"), statements=statements)


def read(folder: Path, draft: Draft) -> Survey:
    path = folder / "own.toml"
    path.write_text(as_toml(draft), encoding="utf-8")
    return read_survey(path, SCALES)


def test_a_follow_up_is_read_as_it_is_written(tmp_path: Path) -> None:
    assert read(tmp_path, draft_of(SURVEY, "own")).statements == SURVEY.statements


def following(statement: str, *when: int) -> Statement:
    return replace(WHY, follows=FollowUp(statement, when))


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ((SAFE, following("why", 1)), "a statement cannot follow itself"),
        ((SAFE, following("sfae", 1)), "no statement 'sfae' stands above this one"),
        ((WHY, SAFE), "no statement 'safe' stands above this one"),
        ((SAFE, HEARD, WHY), "must stand right below 'safe'; it stands below 'heard'"),
        ((SAFE, WHY, replace(following("why", 1), id="more", text="Mer?")), "'why' is a follow-up itself"),
        ((NEEDS, following("needs", 1)), "several answers to 'needs', so it cannot have a follow-up"),
        ((SAFE, following("safe", 4)), "must be the numbers of the answers to 'safe'"),
        ((SAFE, following("safe", 1, 2, 3)), "but not all of them"),
        ((SAFE, following("safe")), "when (line 20): must be a list of numbers"),
        ((SAFE, replace(WHY, several=True)), "a follow-up has one answer; remove several"),
        ((SAFE, replace(WHY, scale=AGREE)), "the options of the scale 'agree' have an order"),
    ],
)
def test_a_file_with_a_wrong_follow_up_is_refused(
    tmp_path: Path, statements: tuple[Statement, ...], words: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        read(tmp_path, with_statements(*statements))
    assert words in str(refused.value)


def test_the_key_when_without_follows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    text = as_toml(draft_of(SURVEY, "own")).replace('follows = "safe"\n', "")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match="needs the statement"):
        read_survey(path, SCALES)


@pytest.mark.parametrize(
    ("statements", "anchor", "words"),
    [
        ((WHY, SAFE), "when-1", "Påstående 1: en följdfråga står direkt efter"),
        ((SAFE, WHY, replace(WHY, id="more", text="Mer?")), "when-3", "inte självt är en följdfråga"),
        ((SAFE, following("safe", 0)), "when-2", "från 1, det lägsta, till 3, men inte alla"),
        ((SAFE, replace(WHY, scale=AGREE)), "when-2", "på en skala utan ordning"),
    ],
)
def test_the_desk_names_the_field_of_a_wrong_follow_up(
    statements: tuple[Statement, ...], anchor: str, words: str
) -> None:
    with pytest.raises(DraftError, match=words) as refused:
        check_draft(with_statements(*statements))
    assert [fault.anchor for fault in refused.value.faults] == [anchor]


def test_a_follow_up_follows_the_statement_that_it_was_moved_after() -> None:
    moved = linked((SAFE, HEARD, WHY))
    assert moved[2].follows == FollowUp("heard", (1, 2))
    check_draft(with_statements(*moved))


def test_a_follow_up_survives_export_and_import() -> None:
    preview = decided(read_file(write_xlsform(SURVEY, NO_ANSWER_TEXTS), ""), None)
    assert preview.form
    assert preview.form.draft.statements == SURVEY.statements
    assert preview.left_out == ()


def test_other_tools_read_the_condition_of_a_follow_up() -> None:
    from pyxform.xls2xform import convert

    converted = convert(io.BytesIO(write_xlsform(SURVEY, NO_ANSWER_TEXTS)), validate=False, file_type=".xlsx")
    assert converted.warnings == []
    assert "relevant=\" /data/safe  = '1' or  /data/safe  = '2'\"" in converted.xform


@pytest.mark.parametrize(
    ("relevant", "condition"),
    [
        ("${safe} = 'no'", ("safe", ("no",))),
        ("${safe}='no'", ("safe", ("no",))),
        ('selected(${safe}, "no")', ("safe", ("no",))),
        ("selected( ${safe} , 'no' ) or ${safe} = 'maybe'", ("safe", ("no", "maybe"))),
        ("${safe} = 'no' and ${age} = '1'", None),
        ("${safe} = 'no' or ${age} = '1'", None),
        ("${safe} != 'no'", None),
        ("not(selected(${safe}, 'no'))", None),
        ("selected(${safe}, 'no'", None),
        ("${safe} = 1", None),
        ("", None),
    ],
)
def test_plain_conditions_of_an_xlsform_are_read(relevant: str, condition: object) -> None:
    assert xpath_condition(relevant) == condition


HEADINGS: Row = ["type", "name", "label::Svenska (sv)", "relevant"]
CHOICES: list[Row] = [
    ["list_name", "name", "label::Svenska (sv)"],
    *([["yes", "no", "Nej"], ["yes", "maybe", "Kanske"], ["yes", "yes", "Ja"]]),
    *([["why", "noise", "Ljud"], ["why", "guests", "Andra gäster"]]),
]
SAFE_ROW: Row = ["select_one yes", "safe", "Är du trygg?", ""]
OTHER_ROW: Row = ["select_one yes", "heard", "Blir du hörd?", ""]


@pytest.mark.parametrize(
    ("order", "when"), [(AnswerOrder.BEST_LAST, (1, 2)), (AnswerOrder.BEST_FIRST, (2, 3))]
)
def test_a_condition_of_another_program_becomes_a_follow_up(
    order: AnswerOrder, when: tuple[int, ...]
) -> None:
    why: Row = ["select_one why", "why", "Varför inte?", "selected(${safe}, 'no') or ${safe} = 'maybe'"]
    form = read_file(sheet([HEADINGS, SAFE_ROW, why], CHOICES), "")
    preview = preview_of(form, Decisions("sv", {0: order}), NO_LIBRARY, "from here")
    assert preview.form
    [safe, follow_up] = preview.form.draft.statements
    assert follow_up.follows == FollowUp("safe", when)
    assert {safe.scale.labels[option - 1] for option in when} == {"Nej", "Kanske"}
    assert not follow_up.scale.is_ordered
    assert preview.left_out == ()


def test_a_condition_that_is_no_follow_up_here_is_listed() -> None:
    why: Row = ["select_one why", "why", "Varför inte?", "${safe} = 'no'"]
    form = read_file(sheet([HEADINGS, SAFE_ROW, OTHER_ROW, why], CHOICES), "")
    preview = preview_of(form, Decisions("sv", {0: AnswerOrder.BEST_LAST}), NO_LIBRARY, "from here")
    assert preview.form
    assert [one.follows for one in preview.form.draft.statements] == [None] * 3
    [left_out] = preview.left_out
    assert "Villkoret följer inte med: frågan visas för alla" in left_out.reason.render(str)
