"""The staff's words: the catalogue of the language chosen for this sign-in, and dates in it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import current_app, session

from kiosk.domain.message import Message
from kiosk.domain.rounds import Round
from kiosk.domain.survey import Survey
from kiosk.library.catalogues import REFERENCE, Catalogue
from kiosk.library.library import Library


def language() -> str:
    """The language this browser chose, or the reference."""
    chosen = session.get("language", REFERENCE)
    return chosen if chosen in _library().desk else REFERENCE


def catalogue() -> Catalogue:
    return _library().desk[language()]


def _library() -> Library:
    library: Library = current_app.extensions["desk"].library
    return library


def say(message: str, **values: Any) -> str:
    """A text of the staff's catalogue, its {placeholders} filled in."""
    text = catalogue().text(message)
    return text.format(**values) if values else text


def say_message(message: Message) -> str:
    """Why a round may not be opened, in the language chosen, with numbers as people write them."""
    values = {
        name: number(value) if isinstance(value, float) else value for name, value in message.values.items()
    }
    return replace(message, values=values).render(catalogue().text)


def number(value: float | Decimal) -> str:
    """A number as people write it, in the language chosen."""
    return format_decimal(value, locale=language())


def day(when: date | datetime) -> str:
    """A date as people write it, in the language chosen."""
    return format_date(when, "d MMM y", locale=language())


def month(when: date) -> str:
    """A month as people write it, in the language chosen."""
    return format_date(when, "MMMM y", locale=language())


def period(of_round: Round) -> str:
    """First and last day on which a round takes answers."""
    last_moment = of_round.closes_at - timedelta(microseconds=1)
    return f"{day(of_round.opens_at)} – {day(last_moment)}"


def asked(survey: Survey, message: str) -> str:
    """A statement or label as the survey froze it, in the language chosen where it has one."""
    return survey.texts.get(language(), {}).get(message, message)
