"""Reads surveys of Formbricks and SurveyJS, which both export JSON.

Formats: https://formbricks.com/docs/api-reference and https://surveyjs.io/form-library/documentation/api-reference.
Questions with one choice, ratings and matrices are read, each row of a matrix as one statement; every other
question is listed with its name. Values of another type than the format has count as missing.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kiosk.domain.message import Message
from kiosk.library.foreign_builder import (
    CONDITION,
    FREE_TEXT,
    HINT,
    NO_QUESTION,
    OTHER,
    SEVERAL,
    Choices,
    FormBuilder,
    known_code,
    numbered,
    other_type,
    place_of,
)
from kiosk.library.foreign_form import ForeignForm, ForeignFormError, Texts
from kiosk.library.surveys import MOST_OPTIONS

LARGEST_JSON = 2_000_000
"""Characters. Values take up to thirty times as much memory as their text."""

DEEPEST_PANEL = 10
"""Panels within panels of SurveyJS."""

NPS = range(11)

FORMBRICKS_REASONS = {
    **dict.fromkeys(("openText", "contactInfo", "address"), FREE_TEXT),
    **dict.fromkeys(("multipleChoiceMulti",), SEVERAL),
    **dict.fromkeys(("cta",), NO_QUESTION),
}
SURVEYJS_REASONS = {
    **dict.fromkeys(("text", "comment", "multipletext"), FREE_TEXT),
    **dict.fromkeys(("checkbox", "tagbox"), SEVERAL),
    **dict.fromkeys(("html", "image"), NO_QUESTION),
}
"""Type of question -> the reason why it is left out."""

YES = {"sv": "Ja", "en": "Yes"}
NO = {"sv": "Nej", "en": "No"}


def read_json(text: str, default_title: str) -> ForeignForm:
    """Read a survey of Formbricks or SurveyJS. `default_title` is for a survey without a title. Raises
    ForeignFormError for a file that is damaged, nested too deeply, or of another kind."""
    if len(text) > LARGEST_JSON:
        raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ForeignFormError(
            Message("Filen kan inte läsas som JSON: den är avkortad eller skadad. Exportera den igen.", {})
        ) from error
    document = _survey_in(document)
    if _dicts(document.get("pages")) or _dicts(document.get("elements")):
        return _surveyjs(document, default_title)
    if _dicts(document.get("questions")) or _dicts(document.get("blocks")):
        elements = [*_dicts(document.get("questions")), *_elements_of_blocks(document)]
        is_formbricks = any("headline" in element for element in elements)
        return (_formbricks if is_formbricks else _surveyjs)(document, default_title)
    raise ForeignFormError(Message("Filen är JSON, men ingen enkät från Formbricks eller SurveyJS.", {}))


def _survey_in(document: Any) -> Mapping[str, Any]:
    """Return the survey in a document: itself, the only one of a list, or the `data` of an answer of an
    API."""
    if isinstance(document, list) and len(document) > 1:
        raise ForeignFormError(Message("Filen har flera enkäter. Exportera en i taget.", {}))
    if isinstance(document, list):
        document = document[0] if document else {}
    if isinstance(document, dict) and isinstance(document.get("data"), dict | list):
        return _survey_in(document["data"])
    return document if isinstance(document, dict) else {}


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return a name, code or number as text; "" for anything else."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _texts(value: Any) -> Texts:
    """Return a text that may be in several languages: language -> text, "" for the default one."""
    if isinstance(value, dict):
        return {
            "" if language == "default" else language: _text(text)
            for language, text in value.items()
            if _text(text)
        }
    return {"": _text(value)} if _text(value) else {}


def _items(value: Any, name: str) -> Choices:
    """Return the items of a list: each is a text or has one under the key `name`; and its name in the
    file."""
    items = value if isinstance(value, list) else []
    choices = []
    for number, item in enumerate(items, start=1):
        is_dict = isinstance(item, dict)
        if is_dict and (name in item or "id" in item or "value" in item):
            key = _text(item.get("id")) or _text(item.get("value")) or str(number)
            choices.append((key, _texts(item.get(name)) or {"": key}))
        else:
            choices.append((str(number) if is_dict else _text(item), _texts(item)))
    return choices


def _whole(value: Any, default: int) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1000
    return int(value) if is_whole else default


def _languages(*texts: Texts) -> list[str]:
    return list(dict.fromkeys(language for text in texts for language in text))


def _add_rows(builder: FormBuilder, name: str, title: Texts, rows: Choices, columns: Choices) -> None:
    """Add each row of a matrix as a question; the text above the matrix is listed."""
    place = place_of(name)
    if text := next(iter(title.values()), ""):
        builder.leave_out(
            place,
            Message("Inledningen ”{text}” visas inte: varje rad blir ett påstående.", {"text": text[:80]}),
        )
    if not rows:
        builder.leave_out(place, Message("Frågan har inga rader.", {}))
    for row, texts in rows:
        builder.add(place_of(name, row), f"{name}_{row}", texts, columns, name)


def _formbricks(survey: Mapping[str, Any], default_title: str) -> ForeignForm:
    builder = FormBuilder("Formbricks", _formbricks_language(survey))
    for element in [*_dicts(survey.get("questions")), *_elements_of_blocks(survey)]:
        _add_formbricks(builder, element)
    if survey.get("welcomeCard", {}) and _is_on(survey["welcomeCard"]):
        builder.leave_out(Message("Välkomstsidan", {}), NO_QUESTION)
    return builder.form(_texts(survey.get("name")), default_title)


def _is_on(card: Any) -> bool:
    return isinstance(card, dict) and card.get("enabled") is True


def _elements_of_blocks(survey: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the questions of newer versions of Formbricks, which stand in blocks."""
    return [
        {**element, "logic": element.get("logic") or block.get("logic")}
        for block in _dicts(survey.get("blocks"))
        for element in _dicts(block.get("elements"))
    ]


def _formbricks_language(survey: Mapping[str, Any]) -> str:
    """Return the code of the language in which texts called "default" are, "" if the survey does not say."""
    for entry in _dicts(survey.get("languages")):
        language = entry.get("language")
        if entry.get("default") is True and isinstance(language, dict):
            return known_code(_text(language.get("code"))) or ""
    return ""


def _add_formbricks(builder: FormBuilder, element: Mapping[str, Any]) -> None:
    kind, name, title = _text(element.get("type")), _text(element.get("id")), _texts(element.get("headline"))
    place = place_of(name)
    if kind not in ("multipleChoiceSingle", "rating", "nps", "matrix"):
        builder.leave_out(place, FORMBRICKS_REASONS.get(kind, other_type(kind)))
        return
    if element.get("logic"):
        builder.leave_out(place, CONDITION)
    if _texts(element.get("subheader")):
        builder.leave_out(place, HINT)
    if kind == "matrix":
        rows, columns = _items(element.get("rows"), "label"), _items(element.get("columns"), "label")
        _add_rows(builder, name, title, rows, columns)
        return
    if kind == "multipleChoiceSingle":
        choices = _items(element.get("choices"), "label")
        if any(choice == "other" for choice, _ in choices):
            builder.leave_out(place, OTHER)
        choices = [(choice, labels) for choice, labels in choices if choice != "other"]
    else:
        numbers = NPS if kind == "nps" else range(1, _whole(element.get("range"), 5) + 1)
        low, high = _texts(element.get("lowerLabel")), _texts(element.get("upperLabel"))
        choices = numbered(list(numbers), _languages(title), low, high)
    builder.add(place, name, title, choices)


def _surveyjs(survey: Mapping[str, Any], default_title: str) -> ForeignForm:
    builder = FormBuilder("SurveyJS", known_code(_text(survey.get("locale"))) or "")
    for page in [survey, *_dicts(survey.get("pages"))]:
        for element in _surveyjs_elements(page, 0):
            _add_surveyjs(builder, element)
    return builder.form(_texts(survey.get("title")), default_title)


def _surveyjs_elements(container: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """Yield the questions of a page or panel, those of its panels included. Raises ForeignFormError for
    panels that are nested too deeply."""
    if depth > DEEPEST_PANEL:
        raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
    for element in [*_dicts(container.get("elements")), *_dicts(container.get("questions"))]:
        if element.get("type") == "panel":
            condition = {"visibleIf": element["visibleIf"]} if element.get("visibleIf") else {}
            for inner in _surveyjs_elements(element, depth + 1):
                yield {**inner, **condition}
        else:
            yield element


def _add_surveyjs(builder: FormBuilder, element: Mapping[str, Any]) -> None:
    kind, name = _text(element.get("type")), _text(element.get("name"))
    title, place = _texts(element.get("title")) or {"": name}, place_of(name)
    if kind not in ("radiogroup", "dropdown", "rating", "boolean", "matrix"):
        builder.leave_out(place, SURVEYJS_REASONS.get(kind, other_type(kind)))
        return
    if element.get("visibleIf"):
        builder.leave_out(place, CONDITION)
    if _texts(element.get("description")):
        builder.leave_out(place, HINT)
    if kind == "matrix":
        title = _texts(element.get("title"))
        _add_rows(
            builder, name, title, _items(element.get("rows"), "text"), _items(element.get("columns"), "text")
        )
    elif kind == "boolean":
        yes, no = _texts(element.get("labelTrue")) or YES, _texts(element.get("labelFalse")) or NO
        builder.add(place, name, title, [("true", yes), ("false", no)])
    elif kind == "rating":
        builder.add(place, name, title, _surveyjs_rating(element, _languages(title)))
    else:
        builder.add(place, name, title, _surveyjs_choices(builder, place, element))


def _surveyjs_choices(builder: FormBuilder, place: Message, element: Mapping[str, Any]) -> Choices:
    choices = list(_items(element.get("choices"), "text"))
    if element.get("choicesByUrl") or element.get("choicesFromQuestion"):
        builder.leave_out(place, Message("Svaren hämtas någon annanstans ifrån och finns inte i filen.", {}))
    if element.get("hasOther") or element.get("showOtherItem"):
        builder.leave_out(place, OTHER)
    if element.get("hasNone") or element.get("showNoneItem"):
        choices.append(("none", _texts(element.get("noneText")) or {"sv": "Inget", "en": "None"}))
    return choices


def _surveyjs_rating(element: Mapping[str, Any], languages: Sequence[str]) -> Choices:
    if isinstance(element.get("rateValues"), list) and element["rateValues"]:
        return _items(element["rateValues"], "text")
    low, step = _whole(element.get("rateMin"), 1), max(_whole(element.get("rateStep"), 1), 1)
    high = low + (_whole(element.get("rateCount"), 5) - 1) * step
    high = _whole(element.get("rateMax"), high)
    numbers = range(low, high + 1, step)[: MOST_OPTIONS + 1]
    ends = _texts(element.get("minRateDescription")), _texts(element.get("maxRateDescription"))
    return numbered(list(numbers), languages, *ends)
