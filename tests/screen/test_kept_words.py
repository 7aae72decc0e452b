"""The texts of a form, which are made once for all guests, are those of its own kind."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from kiosk.domain.rounds import Protection
from kiosk.domain.survey import Survey
from kiosk.screen.pages import Pages
from kiosk.screen.questions import Question, questions
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


class LeakyPages(Pages):
    """Control: it makes the texts of a language when a guest first reads in it."""

    @cached_property
    def read(self) -> set[str]:
        return set()

    def form(self, survey: Survey, requested_language: str, reply: Mapping[str, str], **values: Any) -> str:
        if requested_language not in self.read:
            self._kept_words.clear()
            self.read.add(requested_language)
        return super().form(survey, requested_language, reply, **values)


def work_by_language(pages: Pages, read_before: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Language -> how often a form in it translates a survey, after a guest has read one in `read_before`."""
    survey, values = kinds(pages.library.surveys["ombudsmannaskap"])[0]
    pages.form(survey, read_before, **values)
    translated: list[str] = []

    def counted(of: Survey, code: str) -> tuple[Question, ...]:
        translated.append(code)
        return questions(of, code)

    with monkeypatch.context() as patched:
        patched.setattr("kiosk.screen.pages.questions", counted)
        work = {}
        for language in ("ar", "sv", "ti"):
            translated.clear()
            pages.form(survey, language, **values)
            work[language] = len(translated)
    return work


def test_the_work_for_a_page_does_not_tell_in_which_language_one_was_read_before(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who measures how long a page takes would learn the language of the guest before."""
    works = [work_by_language(replace(pages), before, monkeypatch) for before in ("ar", "sv", "ti")]
    assert works[0] == works[1] == works[2]


def test_texts_that_are_made_for_one_language_tell_who_read_before(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaky = LeakyPages(pages.library, None, is_demonstration=False)
    works = [work_by_language(replace(leaky), before, monkeypatch) for before in ("ar", "sv", "ti")]
    assert works[0] != works[1] != works[2]
