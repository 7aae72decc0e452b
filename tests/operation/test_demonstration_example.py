"""The demonstration's example: a question of each kind, in Swedish and English, with counted answers."""

from datetime import datetime
from pathlib import Path

from kiosk.domain.rounds import Admission
from kiosk.domain.survey import ColumnSubject, Pictures, Survey, cost_of, follows_one_before
from kiosk.library.surveys import MOST_STATEMENTS
from kiosk.operation.demonstration_example import GUESTS, UNIT, add_example, example_survey
from kiosk.screen.questions import questions
from kiosk.settings import read_settings
from tests.tools.builders import a_store
from tests.tools.shipped import library_for

NOW = datetime(2026, 11, 30, 12)


def example(folder: Path) -> Survey:
    return example_survey(library_for(read_settings({"KIOSK_DATA": str(folder)})))


def test_the_example_has_each_kind_of_question_and_can_be_asked(tmp_path: Path) -> None:
    survey = example(tmp_path)
    statements = survey.statements
    columns = [column for statement in statements for column in survey.columns_of(statement)]
    assert {column.subject for column in columns} == set(ColumnSubject)
    assert {statement.scale.pictures for statement in statements} == set(Pictures)
    assert any(statement.scale.poles for statement in statements)
    assert all(statement.can_be_asked for statement in statements)
    assert all(follows_one_before(statements, at) for at in range(len(statements)))
    assert cost_of(statements) <= MOST_STATEMENTS


def test_all_texts_of_the_example_are_in_english(tmp_path: Path) -> None:
    swedish, english = (
        [text for asked in questions(example(tmp_path), code) for text in (asked.text, *asked.words)]
        for code in ("sv", "en")
    )
    alike = [text for text, other in zip(swedish, english, strict=True) if text == other]
    assert [text for text in alike if not text.isdecimal()] == []


def test_the_example_is_counted_and_can_be_answered_with_its_poster(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    code = add_example(store, library_for(read_settings({"KIOSK_DATA": str(tmp_path)})), NOW)
    [shown] = store.snapshot()["rounds"]
    [unit] = [node for node in shown["nodes"] if node["id"] == UNIT]
    assert unit["answered"] == GUESTS - 5
    link = store.links.with_code(code)
    assert link
    assert (link.admission, link.unit_id) == (Admission.POSTER, UNIT)
