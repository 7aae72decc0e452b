"""A form of another program as JSON, so that a page can carry it from its preview to the answer."""

from collections.abc import Mapping
from typing import Any

from kiosk.domain.message import Message
from kiosk.domain.survey import Good
from kiosk.library.importing.form import ForeignChoice, ForeignForm, ForeignQuestion, LeftOut


def as_json(form: ForeignForm) -> dict[str, Any]:
    """Return a JSON-ready copy of a form, with its places and reasons as untranslated messages."""
    return {
        "title": dict(form.title),
        "default_language": form.default_language,
        "columns": dict(form.columns),
        "questions": [_question_as_json(question) for question in form.questions],
        "left_out": [
            [_message_as_json(left_out.place), _message_as_json(left_out.reason)]
            for left_out in form.left_out
        ],
        "form_id": form.form_id,
        "program": form.program,
    }


def form_from_json(row: Mapping[str, Any]) -> ForeignForm:
    """Return the form that `as_json` made `row` of. A row of another shape raises KeyError, TypeError,
    ValueError or AttributeError, or none: the caller vouches that the page carried it unchanged."""
    return ForeignForm(
        row["title"],
        row["default_language"],
        row["columns"],
        tuple(map(_question, row["questions"])),
        tuple(LeftOut(_message(place), _message(reason)) for place, reason in row["left_out"]),
        row["form_id"],
        row["program"],
    )


def _question_as_json(question: ForeignQuestion) -> dict[str, Any]:
    return {
        "place": _message_as_json(question.place),
        "name": question.name,
        "texts": dict(question.texts),
        "choice_list": question.choice_list,
        "choices": [[choice.name, dict(choice.labels)] for choice in question.choices],
        "outcome": question.outcome,
        "good": question.good,
        "agreeing": list(question.agreeing),
        "is_numbered": question.is_numbered,
        "is_ordered": question.is_ordered,
        "several": question.several,
        "follows": question.follows,
    }


def _question(row: Mapping[str, Any]) -> ForeignQuestion:
    return ForeignQuestion(
        _message(row["place"]),
        row["name"],
        row["texts"],
        row["choice_list"],
        tuple(ForeignChoice(name, labels) for name, labels in row["choices"]),
        row["outcome"],
        Good(row["good"]) if row["good"] else None,
        tuple(row["agreeing"]),
        row["is_numbered"],
        row["is_ordered"],
        row.get("several", False),
        _condition(row.get("follows")),
    )


def _condition(row: list[Any] | None) -> tuple[str, tuple[str, ...]] | None:
    return (row[0], tuple(row[1])) if row else None


def _message_as_json(message: Message) -> list[Any]:
    values = {
        name: _message_as_json(value) if isinstance(value, Message) else value
        for name, value in message.values.items()
    }
    return [message.msgid, values]


def _message(row: list[Any]) -> Message:
    msgid, values = row
    return Message(
        msgid,
        {name: _message(value) if isinstance(value, list) else value for name, value in values.items()},
    )
