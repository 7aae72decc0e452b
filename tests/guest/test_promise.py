"""What a guest reads of the round's protection before answering: its own promise, in each language."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission, Protection
from kiosk.screen.texts import PROMISES, SCREEN
from kiosk.settings import read_settings
from tests.tools.guest_side import NOW, Place
from tests.tools.shipped import library_for


def opened(folder: Path, protection: Protection) -> Place:
    """A place whose running round has that protection."""
    place = Place(folder, clock=lambda: NOW + timedelta(days=10))
    place.store.count(place.round.closes_at)
    new = replace(
        place.round,
        id="new",
        opens_at=place.round.closes_at,
        closes_at=NOW + timedelta(days=30),
        protection=protection,
    )
    place.store.open_round(new, new.opens_at)
    return place


@pytest.mark.parametrize("protection", Protection)
@pytest.mark.parametrize("path", ["/", "/practice"])
def test_guests_read_the_promise_of_the_rounds_protection_only(
    tmp_path: Path, protection: Protection, path: str
) -> None:
    place = opened(tmp_path, protection)
    for code, catalogue in place.library.guest.items():
        page = unescape(place.client.get(f"{path}?lang={code}").text).partition('id="words"')[0]
        for kind, promise in PROMISES.items():
            assert (catalogue.text(promise) in page) == (kind is protection), (code, kind)
            assert catalogue.text(promise) != promise or code == "sv"


@pytest.mark.parametrize(("name", "languages"), [("ons_ensamhet", ["sv"]), ("ombudsmannaskap", [])])
def test_guests_read_in_each_language_if_an_instruments_words_are_not_official(
    tmp_path: Path, name: str, languages: list[str]
) -> None:
    library = library_for(read_settings({"KIOSK_DATA": str(tmp_path)}))
    place = Place(tmp_path, frozenset(Admission), survey=library.surveys[name])
    for path in ("/", "/practice", "/s/poster"):
        read = {
            code: re.findall(r'data-text="unofficial">([^<]+)<', place.client.get(f"{path}?lang={code}").text)
            for code in ("sv", "en")
        }
        text = library.guest["sv"].text(SCREEN["unofficial"])
        assert {code: set(texts) for code, texts in read.items() if texts} == {
            code: {text} for code in languages
        }
