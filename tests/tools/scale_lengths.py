"""The shipped survey with a scale of any number of answers, in every language."""

from dataclasses import replace
from pathlib import Path

from kiosk.domain.survey import Scale, Survey
from kiosk.library.library import Library
from kiosk.settings import read_settings
from tests.tools.shipped import library_for

WORDS = ("agree5", "yes5")
ELEVENTH = "Vet inte"


def survey_of(number: int, folder: Path) -> Survey:
    """The shipped survey with a scale of that many answers, in words that every language has."""
    library = library_for(read_settings({"KIOSK_DATA": str(folder)}))
    labels = [*(label for scale in WORDS for label in library.scales[scale].labels), ELEVENTH]
    return survey_with(Scale("many", tuple(labels[:number]), bipolar=False), library)


def survey_with(scale: Scale, library: Library) -> Survey:
    """The shipped survey with another scale, in all languages."""
    survey = library.surveys["ombudsmannaskap"]
    statements = tuple(replace(statement, scale=scale) for statement in survey.statements)
    texts = {code: catalogue.texts for code, catalogue in library.guest.items() if code != "sv"}
    return replace(survey, statements=statements).translated(texts)
