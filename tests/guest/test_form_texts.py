"""A form carries the texts that it can show in every language, and no other: each costs a phone bytes."""

import json
import re
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from kiosk.screen.texts import SCREEN
from kiosk.settings import shipped_folder
from kiosk.storage import Store
from tests.tools.guest_side import Place
from tests.tools.speech import unheard_speech

SCRIPTS = ("guest.js", "guest_bar.js", "guest_layout.js")

IN_SCRIPTS = re.compile(r'(?<!value=)"([a-z_]+)"')
"""A text in a script that may be a key, not the value of a field in a selector."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, frozenset(Admission))


def shown(page: str, *, is_heard: bool) -> set[str]:
    """Keys of the texts that a form can show: those in its elements, and in the scripts of its device."""
    is_kiosk = "data-idle" in page
    names = [*SCRIPTS, *(["guest_listen.js"] if is_heard else [])]
    scripts = "".join((shipped_folder("static") / name).read_text("utf-8") for name in names)
    in_scripts = set(IN_SCRIPTS.findall(scripts)) & SCREEN.keys()
    in_scripts -= set() if "data-home" in page else {"try_ended"}
    in_scripts -= set() if is_kiosk else {"largest_text", "volume"}
    in_elements = set(re.findall(r'data-text="(\w+)"', page))
    return in_elements | in_scripts | {"refusal_offline"} | ({"refusal_closed"} if is_kiosk else set())


def carried(page: str) -> set[str]:
    """Keys of the texts that a form carries, in each language."""
    [words] = re.findall(r'id="words">(.*?)</script>', page, re.DOTALL)
    document = json.loads(words)
    lengths = {len(of_language[3]) for of_language in document["languages"].values()}
    assert lengths == {len(document["keys"])}
    return set(document["keys"])


@pytest.mark.parametrize("path", ["/", "/practice", "/s/poster", "/s/poster/practice"])
def test_a_form_contains_exactly_the_texts_it_can_show(path: str, place: Place) -> None:
    page = place.client.get(path).text
    assert carried(page) == shown(page, is_heard=False)


def test_a_form_with_a_slip_also_contains_the_text_that_asks_for_another(place: Place) -> None:
    page = place.client.post("/q/questions", data={"slip": place.slip}).text
    assert carried(page) == shown(page, is_heard=False)
    assert "slip" in carried(page)


@pytest.mark.parametrize("path", ["/", "/s/poster"])
def test_a_form_with_speech_also_contains_the_texts_of_its_buttons(path: str, tmp_path: Path) -> None:
    page = Place(tmp_path, frozenset(Admission), audio=unheard_speech()).client.get(path).text
    assert carried(page) == shown(page, is_heard=True)
    assert "listen" in carried(page)


def test_a_form_after_a_reply_also_contains_its_heading(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "reply", lambda _store, _unit: {"sv": "Kaffe varje dag."})
    page = place.client.get("/").text
    assert carried(page) == shown(page, is_heard=False)
    assert "replied" in carried(page)
