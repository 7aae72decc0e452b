"""The work that is left on the guest languages, for the start page: texts to review, and texts to
translate."""

from collections.abc import Mapping

from kiosk.library.catalogues import REFERENCE
from kiosk.library.completeness import of_all, of_survey
from kiosk.library.library import Library


class ReviewState:
    """Counts the languages with texts to review or to translate, once for each library. Swedish is not
    counted."""

    def __init__(self) -> None:
        self._counted: tuple[Library, int, Mapping[str, int]] | None = None

    def languages_to_review(self, library: Library) -> int:
        """Return the number of guest languages that have a text which no native reader has reviewed."""
        return self._count(library)[1]

    def languages_to_translate(self, library: Library) -> Mapping[str, int]:
        """Return survey id -> number of guest languages in which the survey lacks a text; surveys that lack
        none are left out. For an instrument, only its official languages count, since it is not to be
        translated into others."""
        return self._count(library)[2]

    def _count(self, library: Library) -> tuple[Library, int, Mapping[str, int]]:
        """Return (library, languages to review, survey id -> languages to translate), counted once."""
        if self._counted is None or self._counted[0] is not library:
            surveys = library.surveys.values()
            others = {code: catalogue for code, catalogue in library.guest.items() if code != REFERENCE}
            states = [of_all(catalogue, surveys) for catalogue in others.values()]
            to_review = sum(bool(state.unreviewed) for state in states)
            lacking = {
                survey.id: sum(
                    survey.is_official_in(code) and not of_survey(catalogue, survey).is_complete
                    for code, catalogue in others.items()
                )
                for survey in surveys
            }
            to_translate = {survey_id: number for survey_id, number in lacking.items() if number}
            self._counted = library, to_review, to_translate
        return self._counted
