"""The number of guest languages that wait for a review, for the start page."""

from kiosk.library.catalogues import REFERENCE
from kiosk.library.completeness import of_all
from kiosk.library.library import Library


class ReviewState:
    """Counts the languages with texts to review, once for each library."""

    def __init__(self) -> None:
        self._counted: tuple[Library, int] | None = None

    def languages_to_review(self, library: Library) -> int:
        """Return the number of guest languages that have a text which no native reader has reviewed."""
        if self._counted is None or self._counted[0] is not library:
            surveys = library.surveys.values()
            number = sum(
                not of_all(catalogue, surveys).is_reviewed
                for code, catalogue in library.guest.items()
                if code != REFERENCE
            )
            self._counted = library, number
        return self._counted[1]
