"""A form carries the texts that it can show in every language, and no other: each costs a phone bytes."""

import json
import re
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from kiosk.screen.texts import SCREEN
from kiosk.settings import shipped_folder
from tests.tools.guest_side import Place

SCRIPTS = ("guest.js", "guest_bar.js", "guest_listen.js")
PATHS = ("/", "/practice", "/s/poster", "/s/poster/practice")

OF_A_BALLOT = {
    "not_paired", "closed", "not_admitted", "unknown_slip", "used_slip", "offline", "wait", "bad", "failed",
    "not_found",
}  # fmt: skip
"""The refusals that a script can show after sending a ballot."""

SOMETIMES = {"replied", "demonstration"}
"""Texts of a form with a reply to an earlier round, and of the demonstration's."""


@pytest.fixture
def pages(tmp_path: Path) -> list[str]:
    place = Place(tmp_path, frozenset(Admission))
    return [place.client.get(path).text for path in PATHS]


def shown(pages: list[str]) -> set[str]:
    """Keys of the texts in the elements of the pages and in the scripts."""
    scripts = "".join((shipped_folder("static") / name).read_text("utf-8") for name in SCRIPTS)
    in_scripts = set(re.findall(r'"([a-z_]+)"', scripts)) & SCREEN.keys()
    in_elements = {key for page in pages for key in re.findall(r'data-text="(\w+)"', page)}
    return in_elements | in_scripts | {f"refusal_{refusal}" for refusal in OF_A_BALLOT} | SOMETIMES


def carried(page: str) -> list[set[str]]:
    """Keys of the texts that a page carries, by language."""
    [words] = re.findall(r'id="words">(.*?)</script>', page, re.DOTALL)
    return [set(of_language["screen"]) for of_language in json.loads(words).values()]


def test_a_form_carries_the_texts_that_it_can_show_and_no_other(pages: list[str]) -> None:
    for page in pages:
        for keys in carried(page):
            assert keys == shown(pages)
