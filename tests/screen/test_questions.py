"""The pictures of answers: as many as there are answers, or none."""

from pathlib import Path

import pytest

from kiosk.domain.survey import MOST_PICTURES
from kiosk.screen.questions import questions
from tests.tools.scale_lengths import survey_of


@pytest.mark.parametrize("number", range(2, 12))
def test_all_options_have_different_pictures_or_none_has_one(number: int, tmp_path: Path) -> None:
    options = questions(survey_of(number, tmp_path), "sv")[0].options
    pictures = [option.filled for option in options]
    if number > MOST_PICTURES:
        assert pictures == [None] * number
    else:
        assert len(set(pictures)) == number
        assert (pictures[0], pictures[-1]) == (100, 0)
