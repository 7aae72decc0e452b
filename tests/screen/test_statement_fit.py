"""The estimate whether a survey fits a kiosk's screen agrees with what Chromium shows."""

from pathlib import Path

import pytest

from kiosk.domain.screen_size import Screen
from kiosk.library.library import Library
from kiosk.screen.questions import questions
from kiosk.screen.statement_fit import LongStatement, least_width, long_statements, statement_fits
from kiosk.settings import read_settings
from tests.tools.shipped import library_for

ALL = frozenset({"sv", "en", "ar", "fa", "so", "ti", "ro", "pl", "uk", "ru", "es", "fi"})

SHOWN_WHOLE = {
    130: set[str](),
    150: {"ar", "fa", "ti"},
    170: ALL - {"so"},
    190: ALL,
    217: ALL,
}
"""Width in millimetres -> languages in which Chromium, at 1024x600 pixels and 600 mm, with speech, shows all
statements of the shipped survey without scrolling."""

MOST_IN_VAIN = 3
"""Most of the 60 cases in which the estimate warns although nothing scrolls."""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return library_for(read_settings({"KIOSK_DATA": str(tmp_path)}))


def test_the_estimate_misses_no_scrolling_screen_and_rarely_warns_without_need(library: Library) -> None:
    survey, in_vain = library.surveys["ombudsmannaskap"], 0
    for width, whole in SHOWN_WHOLE.items():
        for code in sorted(ALL):
            fits = all(statement_fits(Screen(width), one, code) for one in questions(survey, code))
            assert not fits or code in whole, (width, code)
            in_vain += not fits and code in whole
    assert in_vain <= MOST_IN_VAIN


def test_twice_the_viewing_distance_needs_twice_the_screen_width(library: Library) -> None:
    surveys, shown = [library.surveys["ombudsmannaskap"]], {"ombudsmannaskap": ["sv"]}
    near, far = (
        list(long_statements(screen, surveys, shown)) for screen in (Screen(130, 600), Screen(260, 1200))
    )
    assert near == far
    assert not list(long_statements(Screen(400, 600), surveys, shown))
    assert LongStatement("ombudsmannaskap", "contact_support", ("sv",)) in far
    least, double = (least_width(Screen(100, distance), surveys, shown) for distance in (600, 1200))
    assert least
    assert double
    assert 1.8 * least <= double <= 2.2 * least
