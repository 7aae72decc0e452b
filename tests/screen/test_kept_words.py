"""The texts of a form, which are made once for all guests, are those of its own kind."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.rounds import Protection
from kiosk.domain.survey import Survey
from kiosk.screen.pages import Pages
from tests.tools.guest_side import Place


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    place = Place(tmp_path)
    with place.app.test_request_context("/"):
        yield Pages(place.library, None, is_demonstration=False)


def kinds(survey: Survey) -> list[tuple[Survey, dict[str, Any]]]:
    """Return forms of which any two differ in one respect from each other or from the first."""
    usual = {"reply": {}, "protection": Protection.EXACT, "unit": "Frida", "action": "/s", "is_kiosk": False}
    changes: list[dict[str, Any]] = [
        {},
        {"protection": Protection.PROTECTED},
        {"reply": {"sv": "Vi hör er."}},
        {"reply": {"sv": "Vi har hört er."}},
        {"reply": {"en": "We hear you."}},
        {"is_kiosk": True},
        {"slip": "ABCD"},
        {"home": "/practice/done"},
    ]
    forms = [(survey, usual | change) for change in changes]
    one = replace(survey, statements=survey.statements[:1])
    others = (one, replace(survey, title="En annan rubrik"), replace(survey, official=("en",)))
    return [*forms, *((other, usual) for other in others), (one, usual | {"is_kiosk": True})]


def test_a_form_has_the_texts_of_its_own_kind_whatever_was_shown_before(pages: Pages) -> None:
    survey = pages.library.surveys["ombudsmannaskap"]
    fresh = [replace(pages).form(of, "sv", **values) for of, values in kinds(survey)]
    assert len(set(fresh)) == len(fresh)
    for (first, of_first), (second, of_second) in permutations(kinds(survey), 2):
        shared = replace(pages)
        shared.form(first, "en", **of_first)
        expected = replace(pages).form(second, "sv", **of_second)
        assert shared.form(second, "sv", **of_second) == expected
