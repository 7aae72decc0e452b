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
from flask import Flask, current_app, g, has_app_context, session

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
    """Translate to Swedish, the reference language, in the `with` block, such as for a report, whatever the
    session's language is. Needs a request or an application context; such blocks cannot be nested."""
    g.pop(_CATALOGUE, None)
    g.language = REFERENCE
    try:
        yield
    finally:
        g.pop("language")
        g.pop(_CATALOGUE, None)


@contextmanager
def in_language(catalogue: Catalogue) -> Iterator[None]:
    """Translate with this catalogue in the `with` block, such as for a mail. It needs no request, and has an
    application context of its own: `desk()` raises KeyError in it."""
    with Flask(__name__, static_folder=None).app_context():
        setattr(g, _CATALOGUE, catalogue)
        yield


def choose(code: str) -> None:
    """Store the code of a language in the session as the reader's choice, also for the rest of this request.
    A code that the desk lacks is not refused, and stands for Swedish."""
    session["language"] = code
    g.pop(_CATALOGUE, None)


def language() -> str:
    """Return the code of the language of this request's page: that of an enclosing `in_language` or
    `in_reference_language`, else the reader's choice, else Swedish."""
    return catalogue().language.code


def language_name(named: Language) -> str:
    """Return the name of a guest language in the reader's language; "" if the name equals the autonym, or is
    unknown."""
    name = _name_for_reader(named)
    return "" if name.casefold() == named.autonym.casefold() else name


def _name_for_reader(named: Language) -> str:
    """Return the name of a guest language in the reader's language, as it stands in a sentence; "" if it is
    unknown."""
    try:
        reader = Locale.parse(language())
        own = Locale.parse(named.code).get_display_name(reader) if named.code not in reader.languages else ""
    except (UnknownLocaleError, ValueError):
        return ""
    return reader.languages.get(named.code) or own or ""


def language_in_text(named: Language) -> str:
    """Return the names of a language for use in a sentence: its name in the reader's language, with the
    autonym in brackets. If both are equal except for capitals, the name alone; if the name is unknown, the
    autonym alone."""
    name = language_name(named)
    return f"{name} ({named.autonym})" if name else _name_for_reader(named) or named.autonym


def catalogue() -> Catalogue:
    """Return the catalogue of the reader's language. It is looked up once a request, since a page has
    hundreds of texts."""
    kept: Catalogue | None = g.get(_CATALOGUE)
    if kept is None:
        chosen, by_language = g.get("language") or session.get("language", REFERENCE), _library().desk
        kept = by_language[chosen if chosen in by_language else REFERENCE]
        setattr(g, _CATALOGUE, kept)
    return kept


def forget_catalogue() -> None:
    """Make the request look its catalogue up again, after a change of the library. Does nothing outside of a
    request."""
    if has_app_context():
        g.pop(_CATALOGUE, None)


def _library() -> Library:
    library: Library = current_app.extensions["desk"].library
    return library


def translate(message: str, **values: Any) -> str:
    """Return a text of the desk in the reader's language, with its {placeholders} filled in; the Swedish
    `message` itself if it has no translation. The space before a percent sign becomes a no-break space.
    Without `values`, braces are not placeholders."""
    text = catalogue().text(message)
    return (text.format(**values) if values else text).replace(" %", f"{NO_BREAK}%")


def translate_message(message: Message) -> str:
    """Return a message in the reader's language, with its decimal numbers in the notation of that language.
    Whole numbers stay as they are."""
    values = {
        name: number(value) if isinstance(value, float) else value for name, value in message.values.items()
    }
    return replace(message, values=values).render(catalogue().text)


def in_percent(whole: int) -> str:
    """Return a percentage, such as 35, as text, with a no-break space before the sign."""
    return f"{whole}{NO_BREAK}%"


def number(value: float | Decimal) -> str:
    """Return a number in the notation of the reader's language, rounded to at most 3 decimals."""
    return format_decimal(value, locale=language())


def in_a_row(names: Iterable[str], *, is_choice: bool = False) -> str:
    """Return names as one text such as "a, b och c" in the reader's language, or "a, b eller c" for a
    choice; "" for none."""
    return format_list(list(names), style="or" if is_choice else "standard", locale=language())


def day(when: date | datetime) -> str:
    """Return a date in the reader's language, such as "3 mars 2026", with no-break spaces. A time zone is
    ignored."""
    return _day(when.year, when.month, when.day, language())


@lru_cache(maxsize=4096)
def _day(year: int, of_year: int, of_month: int, language: str) -> str:
    return _unbroken(format_date(date(year, of_year, of_month), "d MMM y", locale=language))


def month(when: date) -> str:
    """Return a date's month and year in the reader's language, such as "mars 2026", with a no-break space."""
    return _unbroken(format_date(when, "MMMM y", locale=language()))


def _unbroken(text: str) -> str:
    return text.replace(" ", NO_BREAK)


def period(of_round: Round) -> str:
    """Return the first and last day of a round in the reader's language, such as "3 mars 2026 – 31 maj 2026":
    the days of its opening and of the last moment before its closing."""
    last_moment = of_round.closes_at - timedelta(microseconds=1)
    return f"{day(of_round.opens_at)} – {day(last_moment)}"


def named_period(of_round: Round) -> str:
    """Return a round's name and `period`, such as "Våren 2027, 3 mars 2027 – 31 maj 2027"; the period alone
    of a round without a name."""
    return f"{of_round.name}, {period(of_round)}" if of_round.name else period(of_round)


def asked(survey: Survey, message: str) -> str:
    """Return a text of a survey, such as a statement or a label, in the reader's language; the Swedish
    `message` itself if the survey has no translation of it. The translations are those stored in the survey:
    for a round, the frozen ones."""
    return survey.translations.get(language(), {}).get(message, message)
