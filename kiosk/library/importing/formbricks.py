"""Reads surveys of Formbricks: https://formbricks.com/docs/api-reference.

Questions with choices, ratings and matrices are read, each row of a matrix as one statement; every other
question is listed with its name.
"""

from collections.abc import Mapping
from typing import Any

from kiosk.domain.message import Message
from kiosk.library.importing.form import ForeignForm
from kiosk.library.importing.form_builder import (
    CONDITION,
    FREE_TEXT,
    HINT,
    NO_QUESTION,
    OTHER,
    FormBuilder,
    known_code,
    numbered,
    other_type,
    place_of,
)
from kiosk.library.importing.json_values import (
    add_rows,
    dicts_in,
    items_of,
    languages_of,
    text_of,
    texts_of,
    whole_number,
)

NPS = range(11)
"""The answers of a question of the type nps, the net promoter score."""

REASONS = {
    **dict.fromkeys(("openText", "contactInfo", "address"), FREE_TEXT),
    **dict.fromkeys(("cta",), NO_QUESTION),
}
"""Type of question -> the reason why it is left out."""


def is_formbricks(survey: Mapping[str, Any]) -> bool:
    """Return whether a JSON document is a survey of Formbricks: one of its questions has a headline."""
    return any("headline" in element for element in elements_of(survey))


def elements_of(survey: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the questions of a survey; newer versions of Formbricks have them in blocks."""
    return [*dicts_in(survey.get("questions")), *_elements_of_blocks(survey)]


def read_formbricks(survey: Mapping[str, Any], default_title: str) -> ForeignForm:
    """Return the form in a survey of Formbricks. `default_title` is for a survey without a title. Raises
    ForeignFormError for a survey without questions of any kind, or with over MOST_QUESTIONS."""
    builder = FormBuilder("Formbricks", _language(survey))
    for element in elements_of(survey):
        _add(builder, element)
    if survey.get("welcomeCard", {}) and _is_on(survey["welcomeCard"]):
        builder.leave_out(Message("Välkomstsidan", {}), NO_QUESTION)
    return builder.form(texts_of(survey.get("name")), default_title)


def _is_on(card: Any) -> bool:
    """Return whether a card of the survey is shown."""
    return isinstance(card, dict) and card.get("enabled") is True


def _elements_of_blocks(survey: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the questions of newer versions of Formbricks, which stand in blocks."""
    return [
        {**element, "logic": element.get("logic") or block.get("logic")}
        for block in dicts_in(survey.get("blocks"))
        for element in dicts_in(block.get("elements"))
    ]


def _language(survey: Mapping[str, Any]) -> str:
    """Return the code of the language of texts under the key "default"; "" if the survey does not say."""
    for entry in dicts_in(survey.get("languages")):
        language = entry.get("language")
        if entry.get("default") is True and isinstance(language, dict):
            return known_code(text_of(language.get("code"))) or ""
    return ""


def _add(builder: FormBuilder, element: Mapping[str, Any]) -> None:
    """Add a question, and list the parts of it that are left out, or list the whole question with the reason
    why it is left out."""
    kind, name, title = (
        text_of(element.get("type")),
        text_of(element.get("id")),
        texts_of(element.get("headline")),
    )
    place = place_of(name)
    if kind not in ("multipleChoiceSingle", "multipleChoiceMulti", "rating", "nps", "matrix"):
        builder.leave_out(place, REASONS.get(kind, other_type(kind)))
        return
    if element.get("logic"):
        builder.leave_out(place, CONDITION)
    if texts_of(element.get("subheader")):
        builder.leave_out(place, HINT)
    if kind == "matrix":
        rows, columns = items_of(element.get("rows"), "label"), items_of(element.get("columns"), "label")
        add_rows(builder, name, title, rows, columns)
        return
    if kind in ("multipleChoiceSingle", "multipleChoiceMulti"):
        choices = items_of(element.get("choices"), "label")
        if any(choice == "other" for choice, _ in choices):
            builder.leave_out(place, OTHER)
        choices = [(choice, labels) for choice, labels in choices if choice != "other"]
    else:
        numbers = NPS if kind == "nps" else range(1, whole_number(element.get("range"), 5) + 1)
        low, high = texts_of(element.get("lowerLabel")), texts_of(element.get("upperLabel"))
        choices = numbered(list(numbers), languages_of(title), low, high)
    builder.add(place, name, title, choices, several=kind == "multipleChoiceMulti")
