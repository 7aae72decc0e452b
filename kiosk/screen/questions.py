"""The questions of a guest's screen in one language, as plain values for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kiosk.domain.rounding import half_up
from kiosk.domain.survey import Statement, Survey
from kiosk.library.catalogues import REFERENCE, Catalogue, Language


@dataclass(frozen=True)
class Option:
    """One answer option; `filled` is the filled part of its picture in per cent, None without a picture."""

    value: int
    label: str
    filled: int | None


@dataclass(frozen=True)
class Question:
    """A statement with its options, the highest first; numbers in ascending order."""

    id: str
    text: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Line:
    """A text in one language."""

    language: Language
    text: str


def questions(survey: Survey, code: str) -> tuple[Question, ...]:
    """Return the survey's statements in a language that it is translated into; KeyError for a missing
    text."""
    translation = {text: text for text in survey.sources} if code == REFERENCE else survey.translations[code]
    return tuple(_question(statement, translation) for statement in survey.statements)


def _question(statement: Statement, translation: Mapping[str, str]) -> Question:
    scale = statement.scale
    steps = len(scale.labels) - 1
    options = tuple(
        Option(step + 1, translation[label], half_up(100 * step / steps) if scale.has_pictures else None)
        for step, label in enumerate(scale.labels)
    )
    return Question(statement.id, translation[statement.text], options if scale.poles else options[::-1])


def in_all(message: str, catalogues: Sequence[Catalogue]) -> tuple[Line, ...]:
    """Return a text in every language that has it."""
    return tuple(Line(c.language, c.texts[message]) for c in catalogues if message in c.texts)
