"""Reads the JSON of other programs. A value of another type than the format has counts as missing."""

import json
from collections.abc import Mapping
from typing import Any

from kiosk.domain.message import Message
from kiosk.library.importing.form import ForeignFormError, Texts
from kiosk.library.importing.form_builder import Choices, FormBuilder, place_of

LARGEST_JSON = 2_000_000
"""Most characters of a JSON text. Values take up to thirty times as much memory as their text."""


def read_document(text: str) -> Mapping[str, Any]:
    """Return the survey in a JSON text; {} for an empty list, and for a value that is no object or list.
    Raises ForeignFormError for a text that is damaged, over LARGEST_JSON or nested deeper than Python's
    reader can follow, or that has several surveys."""
    if len(text) > LARGEST_JSON:
        raise ForeignFormError(Message("Filen är för stor för att vara en enkät.", {}))
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ForeignFormError(
            Message("Filen kan inte läsas som JSON: den är avkortad eller skadad. Exportera den igen.", {})
        ) from error
    return _survey_in(document)


def _survey_in(document: Any) -> Mapping[str, Any]:
    """Return the survey in a document: itself, the only one of a list, or the `data` of an answer of an API;
    {} for anything else. Raises ForeignFormError for a list of several."""
    if isinstance(document, list) and len(document) > 1:
        raise ForeignFormError(Message("Filen har flera enkäter. Exportera en i taget.", {}))
    if isinstance(document, list):
        document = document[0] if document else {}
    if isinstance(document, dict) and isinstance(document.get("data"), dict | list):
        return _survey_in(document["data"])
    return document if isinstance(document, dict) else {}


def dicts_in(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects in a list, as mappings; [] for any other value."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Return a name, code or number as text; "" for anything else."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def texts_of(value: Any) -> Texts:
    """Return a text that may be in several languages: language -> text, "" for the default one. {} for a
    value that is no text."""
    if isinstance(value, dict):
        return {
            "" if language == "default" else language: text_of(text)
            for language, text in value.items()
            if text_of(text)
        }
    return {"": text_of(value)} if text_of(value) else {}


def items_of(value: Any, label_key: str) -> Choices:
    """Return (name, labels) of each item of a list; [] for any other value.

    An item that is an object has its labels under `label_key` and its name under `id` or else `value`.
    Without these its name is its number, from 1; without labels, its name is its label. An object with none
    of these keys maps languages to labels. Any other item is both name and label.
    """
    items = value if isinstance(value, list) else []
    choices = []
    for number, item in enumerate(items, start=1):
        is_dict = isinstance(item, dict)
        if is_dict and (label_key in item or "id" in item or "value" in item):
            key = text_of(item.get("id")) or text_of(item.get("value")) or str(number)
            choices.append((key, texts_of(item.get(label_key)) or {"": key}))
        else:
            choices.append((str(number) if is_dict else text_of(item), texts_of(item)))
    return choices


def whole_number(value: Any, default: int) -> int:
    """Return a whole number from -999 to 999, or the default for any other value."""
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1000
    return int(value) if is_whole else default


def languages_of(*texts: Texts) -> list[str]:
    """Return the languages that any of the texts has, each once, in the order in which they come."""
    return list(dict.fromkeys(language for text in texts for language in text))


def add_rows(builder: FormBuilder, name: str, title: Texts, rows: Choices, columns: Choices) -> None:
    """Add each row of the matrix `name` as a question with the columns as its choices. The `title` above the
    matrix, and a matrix without rows, are listed as left out."""
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
