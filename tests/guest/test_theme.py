"""The guest's first screen: who asks, about what, how many questions, how long, and in which look."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from kiosk.domain.theme import Logo, Theme
from tests.tools.guest_side import Place
from tests.tools.policies import directives

THEME = Theme("Stads<missionen>", Logo("logo.png", "image/png", b"\x89PNG"), "#8a1538", 6)
PATHS = ("/", "/s/poster", "/practice")


class Themed(Place):
    """A place whose organisation has a theme."""

    def __init__(self, folder: Path, theme: Theme = THEME, languages: frozenset[str] | None = None) -> None:
        super().__init__(folder, frozenset(Admission), languages=languages)
        self.app.extensions["guest"].show_library(replace(self.library, theme=theme))

    def asker(self, path: str) -> str:
        """The part of a page that says who asks."""
        match = re.search(r'<header id="asker">(.*?)</header>', self.client.get(path).text, re.DOTALL)
        assert match
        return match[1]


@pytest.mark.parametrize("path", PATHS)
def test_the_first_screen_shows_the_organisation_survey_length_and_promise(tmp_path: Path, path: str) -> None:
    place = Themed(tmp_path)
    asker = place.asker(path)
    assert '<img src="data:image/png;base64,iVBORw==" alt="Stads&lt;missionen&gt;">' in asker
    for text in (
        "Ombudsmannaskap i Dagverksamheten",
        "Antal frågor: 4. Tid: ungefär 1 min.",
        "Vi sparar inte",
    ):
        assert text in asker
    assert re.search(r'<p id="progress"[^>]*>FRIDA</p>', place.client.get(path).text)


def test_without_a_logo_the_themes_name_is_shown_or_that_of_the_organisation(tmp_path: Path) -> None:
    """A guest sees who asks on the first screen, also if nobody chose a look."""
    assert re.findall('<p class="name">(.*?)</p>', Themed(tmp_path / "a", Theme("A & B")).asker("/")) == [
        "A &amp; B"
    ]
    plain = Themed(tmp_path / "b", Theme()).asker("/")
    assert "<img" not in plain
    assert re.findall('<p class="name">(.*?)</p>', plain) == ["Västerås stadsmission"]


PHONES = ("/s/poster", "/q")
"""Addresses of phones. A kiosk's page also has the style that reports a browser that is too old."""


@pytest.mark.parametrize("path", [*PATHS, "/thanks", "/stored", "/q", "/pair", "/nothing"])
def test_a_page_has_the_themes_style_and_its_policy_allows_it(tmp_path: Path, path: str) -> None:
    answer = Themed(tmp_path).client.get(path)
    [style] = re.findall(r"<style>(:root\{--accent:.*?)</style>", answer.text)
    assert style == ":root{--accent:#8a1538;--chosen:#f1e3e7;--corner:6px;}"
    allowed = [one for one in directives(answer)["style-src"] if one.startswith("'sha256-")]
    assert len(allowed) == len(re.findall("<style>", answer.text)) == (2 if path in PHONES else 3)


def test_a_single_language_hides_the_language_picker(tmp_path: Path) -> None:
    picker = re.compile(r'<section id="picker" tabindex="-1"( hidden)?>')
    for languages, hidden in ((frozenset[str](), " hidden"), (None, None)):
        page = Themed(tmp_path / str(languages), languages=languages).client.get("/").text
        match = picker.search(page)
        assert match
        assert match[1] == hidden
