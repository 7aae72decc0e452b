"""Reads surveys of SurveyJS: https://surveyjs.io/form-library/documentation/api-reference.

Questions with choices, ratings and matrices are read, each row of a matrix as one statement; every other
question is listed with its name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kiosk.domain.message import Message
from kiosk.library.importing.conditions import visible_if_condition
from kiosk.library.importing.form import ForeignForm, ForeignFormError
from kiosk.library.importing.form_builder import (
    CONDITION,
    FREE_TEXT,
    HINT,
    NO_QUESTION,
    OTHER,
    Choices,
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
from kiosk.library.surveys import MOST_OPTIONS

DEEPEST_PANEL = 10
"""Most panels within each other."""

REASONS = {
    **dict.fromkeys(("text", "comment", "multipletext"), FREE_TEXT),
    **dict.fromkeys(("html", "image"), NO_QUESTION),
}
"""Type of question -> the reason why it is left out."""

YES = {"sv": "Ja", "en": "Yes"}
NO = {"sv": "Nej", "en": "No"}


def read_surveyjs(survey: Mapping[str, Any], default_title: str) -> ForeignForm:
    """Return the form in a survey of SurveyJS. `default_title` is for a survey without a title. Raises
    ForeignFormError for a survey without questions of any kind, with over MOST_QUESTIONS, or with more than
    DEEPEST_PANEL panels within each other."""
    builder = FormBuilder("SurveyJS", known_code(text_of(survey.get("locale"))) or "")
    for page in [survey, *dicts_in(survey.get("pages"))]:
        for element in _elements(page, 0):
            _add(builder, element)
    return builder.form(texts_of(survey.get("title")), default_title)


def _elements(container: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """Yield the questions of a page or panel, those of its panels included. `depth` is the number of panels
    around it. Raises ForeignFormError for more than DEEPEST_PANEL of them."""
    if depth > DEEPEST_PANEL:
        raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
    for element in [*dicts_in(container.get("elements")), *dicts_in(container.get("questions"))]:
        if element.get("type") == "panel":
            of_panel = element.get("visibleIf")
            for inner in _elements(element, depth + 1):
                # A question with two conditions has none that a follow-up can have.
                both = True if of_panel and inner.get("visibleIf") else of_panel
                yield {**inner, "visibleIf": both or inner.get("visibleIf")}
        else:
            yield element


def _add(builder: FormBuilder, element: Mapping[str, Any]) -> None:
    """Add a question, and list the parts of it that are left out, or list the whole question with the reason
    why it is left out."""
    kind, name = text_of(element.get("type")), text_of(element.get("name"))
    title, place = texts_of(element.get("title")) or {"": name}, place_of(name)
    if kind not in ("radiogroup", "dropdown", "checkbox", "tagbox", "rating", "boolean", "matrix"):
        builder.leave_out(place, REASONS.get(kind, other_type(kind)))
        return
    visible_if = element.get("visibleIf")
    follows = visible_if_condition(visible_if) if isinstance(visible_if, str) else None
    if visible_if and (follows is None or kind == "matrix"):
        builder.leave_out(place, CONDITION)
    if texts_of(element.get("description")):
        builder.leave_out(place, HINT)
    if kind == "matrix":
        title = texts_of(element.get("title"))
        add_rows(
            builder,
            name,
            title,
            items_of(element.get("rows"), "text"),
            items_of(element.get("columns"), "text"),
        )
    elif kind == "boolean":
        yes, no = texts_of(element.get("labelTrue")) or YES, texts_of(element.get("labelFalse")) or NO
        builder.add(place, name, title, [("true", yes), ("false", no)], follows=follows)
    elif kind == "rating":
        builder.add(place, name, title, _rating(element, languages_of(title)), follows=follows)
    else:
        choices = _choices(builder, place, element)
        several = kind in ("checkbox", "tagbox")
        builder.add(place, name, title, choices, several=several, follows=follows)


def _choices(builder: FormBuilder, place: Message, element: Mapping[str, Any]) -> Choices:
    """Return a question's choices in the file's order, "none" last. Choices that the survey cannot have are
    listed as left out."""
    choices = list(items_of(element.get("choices"), "text"))
    if element.get("choicesByUrl") or element.get("choicesFromQuestion"):
        builder.leave_out(place, Message("Svaren hämtas någon annanstans ifrån och finns inte i filen.", {}))
    if element.get("hasOther") or element.get("showOtherItem"):
        builder.leave_out(place, OTHER)
    if element.get("hasNone") or element.get("showNoneItem"):
        choices.append(("none", texts_of(element.get("noneText")) or {"sv": "Inget", "en": "None"}))
    return choices


def _rating(element: Mapping[str, Any], languages: Sequence[str]) -> Choices:
    """Return the answers of a rating: the values that it lists, or else numbers in each of the languages,
    with words at the ends."""
    if isinstance(element.get("rateValues"), list) and element["rateValues"]:
        return items_of(element["rateValues"], "text")
    low, step = whole_number(element.get("rateMin"), 1), max(whole_number(element.get("rateStep"), 1), 1)
    high = low + (whole_number(element.get("rateCount"), 5) - 1) * step
    high = whole_number(element.get("rateMax"), high)
    numbers = range(low, high + 1, step)[: MOST_OPTIONS + 1]
    ends = texts_of(element.get("minRateDescription")), texts_of(element.get("maxRateDescription"))
    return numbered(list(numbers), languages, *ends)
