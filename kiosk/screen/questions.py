"""The questions of a guest's screen in one language, as plain values for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kiosk.domain.ballot import NONE, NOT_CONCERNED_VALUE
from kiosk.domain.rounding import half_up
from kiosk.domain.survey import (
    FOLLOW_UP_HINT,
    NONE_OF_THESE,
    NOT_CONCERNED,
    SEVERAL_HINT,
    FollowUp,
    Pictures,
    Scale,
    Statement,
    Survey,
)
from kiosk.library.catalogues import REFERENCE, Catalogue, Language

FACES = (
    "M8 12l5-2m6 0 5 2M12 14v2m8-2v2M9 25q7-10 14 0",
    "M11 11v3m10-3v3M10 23q6-5 12 0",
    "M11 11v3m10-3v3M10 21h12",
    "M11 11v3m10-3v3M10 20q6 5 12 0",
    "M11 10v3m10-3v3M8 18h16q-1 9-8 9t-8-9z",
)
"""SVG paths of the eyes and the mouth of each face, the lowest option's first, in a circle of radius 14
around (16, 16). The mouths differ in shape, so no face needs a colour."""


@dataclass(frozen=True)
class Option:
    """One answer option: the `value` that the form sends for it, its label, and at most one picture: a circle
    of which `filled` per cent are filled, or the path of a `face` (FACES). Without a circle `filled` is None,
    without a face `face` is ""."""

    value: int | str
    label: str
    filled: int | None = None
    face: str = ""


@dataclass(frozen=True)
class Question:
    """A statement with its options, the highest first; the lowest first on a scale of numbers.

    If `several` options may be chosen, `hints` has the text that says so, and the last of `options` is "none
    of these". A follow-up `follows` some answers to another statement: `hints` has a text and these answers,
    and the last of `options` is for guests who gave another.
    """

    id: str
    text: str
    options: tuple[Option, ...]
    hints: tuple[str, ...] = ()
    several: bool = False
    follows: FollowUp | None = None

    @property
    def kind(self) -> str:
        """The type of its input elements: "checkbox" if several may be ticked, else "radio"."""
        return "checkbox" if self.several else "radio"

    @property
    def words(self) -> tuple[str, ...]:
        """The texts below the statement, in the order of the page."""
        return (*self.hints, *(option.label for option in self.options))


@dataclass(frozen=True)
class Line:
    """A text in one language."""

    language: Language
    text: str


def questions(survey: Survey, code: str) -> tuple[Question, ...]:
    """Return the survey's statements in the language with this code, in the survey's order. KeyError for a
    language that it is not translated into, and for a missing text."""
    translation = {text: text for text in survey.sources} if code == REFERENCE else survey.translations[code]
    return tuple(_question(survey, statement, translation) for statement in survey.statements)


def _question(survey: Survey, statement: Statement, translation: Mapping[str, str]) -> Question:
    """Return a statement in a language; `translation` is reference text -> text."""
    scale = statement.scale
    options = tuple(_option(scale, step, translation[label]) for step, label in enumerate(scale.labels))
    text = translation[statement.text]
    if statement.several:
        none = Option(NONE, translation[NONE_OF_THESE])
        return Question(
            statement.id, text, (*options[::-1], none), (translation[SEVERAL_HINT],), several=True
        )
    if follows := statement.follows:
        labels = survey.statement(follows.statement).scale.labels
        hints = (FOLLOW_UP_HINT, *(labels[option - 1] for option in follows.when))
        other = Option(NOT_CONCERNED_VALUE, translation[NOT_CONCERNED])
        shown = tuple(translation[hint] for hint in hints)
        return Question(statement.id, text, (*options[::-1], other), shown, follows=follows)
    return Question(statement.id, text, options if scale.poles else options[::-1])


def _option(scale: Scale, step: int, label: str) -> Option:
    """Return the option with the index `step` of a scale's labels."""
    if not scale.has_pictures:
        return Option(step + 1, label)
    if scale.pictures is Pictures.FACES:
        return Option(step + 1, label, face=FACES[step])
    return Option(step + 1, label, half_up(100 * step / (len(scale.labels) - 1)))


def in_all(message: str, catalogues: Sequence[Catalogue]) -> tuple[Line, ...]:
    """Return a text in every language that has it, in the order of the catalogues."""
    return tuple(Line(c.language, c.texts[message]) for c in catalogues if message in c.texts)
