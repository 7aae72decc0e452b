"""The state of a language: the texts that are missing or unreviewed, per survey and for the guest's screen.

Every page and command that shows or uses the state of a language gets it from this module. Surveys and the
screen are counted separately: a survey that nobody has translated hides a language in its own rounds only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kiosk.domain.survey import Survey
from kiosk.library.catalogues import REFERENCE, Catalogue


@dataclass(frozen=True)
class Completeness:
    """The reference texts of a screen or survey, in order, and which of them are missing or unreviewed in a
    language."""

    texts: tuple[str, ...]
    missing: tuple[str, ...]
    unreviewed: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether no text is missing."""
        return not self.missing

    @property
    def is_reviewed(self) -> bool:
        """Whether no text is missing, and a native reader has reviewed each."""
        return not self.missing and not self.unreviewed

    def can_be_shown(self, code: str, allowed: frozenset[str] | None) -> bool:
        """Return whether guests may see the texts in the language `code`: all are there, and it is the
        reference, or reviewed, or in `allowed` (None allows all, for the demonstration)."""
        return self.is_complete and (
            code == REFERENCE or self.is_reviewed or allowed is None or code in allowed
        )


def of_screen(catalogue: Catalogue) -> Completeness:
    """Return the state of the guest's screen in the catalogue's language, without the texts of surveys."""
    return _state(catalogue, catalogue.screen, catalogue.texts)


def of_survey(catalogue: Catalogue, survey: Survey) -> Completeness:
    """Return the state of a survey in the catalogue's language, with the translations that the survey has.

    A round has frozen its survey's translations, and a review is of the translation on file. So a frozen
    translation counts as reviewed only if it is identical to that on file.
    """
    code = catalogue.language.code
    if code == REFERENCE:
        return _state(catalogue, survey.messages, {text: text for text in survey.messages})
    return _state(catalogue, survey.messages, survey.translations.get(code, {}))


def of_all(catalogue: Catalogue, surveys: Iterable[Survey]) -> Completeness:
    """Return the state of the guest's screen and all these surveys together, in the catalogue's language,
    each text counted once.

    An instrument counts in its official languages only: nobody should feel asked to translate it.
    """
    code = catalogue.language.code
    counted = (survey for survey in surveys if code == REFERENCE or survey.is_official_in(code))
    states = (of_screen(catalogue), *(of_survey(catalogue, survey) for survey in counted))
    return Completeness(
        _unique(text for state in states for text in state.texts),
        _unique(text for state in states for text in state.missing),
        _unique(text for state in states for text in state.unreviewed),
    )


def _state(catalogue: Catalogue, messages: tuple[str, ...], texts: Mapping[str, str]) -> Completeness:
    """Return the state of `messages` whose translations are `texts`: a translation that differs from the
    catalogue's counts as unreviewed."""
    unreviewed, is_reference = set(catalogue.unreviewed), catalogue.language.code == REFERENCE
    missing, to_review = [], []
    for message in messages:
        text = texts.get(message)
        if not text:
            missing.append(message)
        elif message in unreviewed or text != catalogue.texts.get(message, text if is_reference else None):
            to_review.append(message)
    return Completeness(messages, tuple(missing), tuple(to_review))


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
