"""The desk's texts, dates and numbers, in the language of the session."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal
from flask import current_app, g, has_app_context, session

from kiosk.domain.message import Message
from kiosk.domain.rounds import Round
from kiosk.domain.survey import Survey
from kiosk.library.catalogues import REFERENCE, Catalogue, Language
from kiosk.library.library import Library

NO_BREAK = "\N{NO-BREAK SPACE}"

_CATALOGUE = "desk_catalogue"
"""Name in `flask.g` of the catalogue that this request reads."""


@contextmanager
def in_reference_language() -> Iterator[None]:
    """Say everything in the `with` block in the reference language, such as in a report that others read."""
    g.pop(_CATALOGUE, None)
    g.language = REFERENCE
    try:
        yield
    finally:
        g.pop("language")
        g.pop(_CATALOGUE, None)


def choose(code: str) -> None:
    """Store the language that this browser chose in its session."""
    session["language"] = code
    g.pop(_CATALOGUE, None)


def language() -> str:
    """Return the language that this browser chose, or the reference."""
    return catalogue().language.code


def language_name(named: Language) -> str:
    """Return the name of a guest language in the desk's language; "" if that is its own name, or unknown."""
    try:
        reader = Locale.parse(language())
        own = Locale.parse(named.code).get_display_name(reader) if named.code not in reader.languages else ""
    except (UnknownLocaleError, ValueError):
        return ""
    name = reader.languages.get(named.code) or own or ""
    return "" if name.casefold() == named.autonym.casefold() else name


def catalogue() -> Catalogue:
    """Return the catalogue of the desk's language, looked up once a request: a page has hundreds of texts."""
    kept: Catalogue | None = g.get(_CATALOGUE)
    if kept is None:
        chosen, by_language = g.get("language") or session.get("language", REFERENCE), _library().desk
        kept = by_language[chosen if chosen in by_language else REFERENCE]
        setattr(g, _CATALOGUE, kept)
    return kept


def forget_catalogue() -> None:
    """Look the catalogue up again: the library has changed."""
    if has_app_context():
        g.pop(_CATALOGUE, None)


def _library() -> Library:
    library: Library = current_app.extensions["desk"].library
    return library


def translate(message: str, **values: Any) -> str:
    """Return a text of the desk's catalogue, with its {placeholders} filled in. No line ends before a percent
    sign."""
    text = catalogue().text(message)
    return (text.format(**values) if values else text).replace(" %", f"{NO_BREAK}%")


def translate_message(message: Message) -> str:
    """Return a message of the rules in the reader's language, with localised numbers."""
    values = {
        name: number(value) if isinstance(value, float) else value for name, value in message.values.items()
    }
    return replace(message, values=values).render(catalogue().text)


def in_percent(whole: int) -> str:
    """Return a whole percentage with its sign, which stay on one line."""
    return f"{whole}{NO_BREAK}%"


def number(value: float | Decimal) -> str:
    """Format a number in the reader's language."""
    return format_decimal(value, locale=language())


def in_a_row(names: Iterable[str], *, is_choice: bool = False) -> str:
    """Join names to a list such as "a, b och c" in the reader's language, or "a, b eller c" for a choice."""
    return format_list(list(names), style="or" if is_choice else "standard", locale=language())


def day(when: date | datetime) -> str:
    """Format a date in the reader's language."""
    return _day(when.year, when.month, when.day, language())


@lru_cache(maxsize=4096)
def _day(year: int, of_year: int, of_month: int, language: str) -> str:
    return format_date(date(year, of_year, of_month), "d MMM y", locale=language)


def month(when: date) -> str:
    """Format a month in the reader's language."""
    return format_date(when, "MMMM y", locale=language())


def period(of_round: Round) -> str:
    """Return the first and last day of a round."""
    last_moment = of_round.closes_at - timedelta(microseconds=1)
    return f"{day(of_round.opens_at)} – {day(last_moment)}"


def asked(survey: Survey, message: str) -> str:
    """Return a statement or label as the survey froze it, in the reader's language if it has one."""
    return survey.translations.get(language(), {}).get(message, message)
