"""A form carries the texts that it can show in every language, and no other: each costs a phone bytes."""

import json
import re
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from kiosk.screen.texts import OF_PRACTICE, SCREEN
from kiosk.settings import shipped_folder
from tests.tools.guest_side import Place

SCRIPTS = ("guest.js", "guest_bar.js", "guest_layout.js", "guest_listen.js")
PATHS = ("/", "/practice", "/s/poster", "/s/poster/practice")

OF_A_BALLOT = {
    "not_paired", "closed", "not_admitted", "offline", "bad", "not_found",
}  # fmt: skip
"""The refusals that a script can show after sending any ballot."""

OF_A_SLIP = {"unknown_slip", "used_slip"}
"""The refusals that it can show after sending a ballot with a slip."""

SOMETIMES = {"replied"}
"""Texts of a form with a reply to an earlier round."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, frozenset(Admission))


@pytest.fixture
def pages(place: Place) -> list[str]:
    return [place.client.get(path).text for path in PATHS]


@pytest.fixture
def slips_page(place: Place) -> str:
    return place.client.post("/q/questions", data={"slip": place.slip}).text


def shown(pages: list[str], refusals: set[str]) -> set[str]:
    """Keys of the texts in the elements of the pages and in the scripts, whose selectors have values of
    fields."""
    scripts = "".join((shipped_folder("static") / name).read_text("utf-8") for name in SCRIPTS)
    in_scripts = set(re.findall(r'(?<!value=)"([a-z_]+)"', scripts)) & SCREEN.keys()
    in_elements = {key for page in pages for key in re.findall(r'data-text="(\w+)"', page)}
    return in_elements | in_scripts | {f"refusal_{refusal}" for refusal in refusals} | SOMETIMES


def carried(page: str) -> list[set[str]]:
    """Keys of the texts that a page carries, by language."""
    [words] = re.findall(r'id="words">(.*?)</script>', page, re.DOTALL)
    document = json.loads(words)
    lengths = {len(of_language[3]) for of_language in document["languages"].values()}
    assert lengths == {len(document["keys"])}
    return [set(document["keys"])]


def of_others(path: str) -> set[str]:
    """Keys of the texts that only forms at other addresses show."""
    of_the_device = {"leave_now"} if path in {"/", "/practice"} else {"largest_text"}
    return of_the_device if path.endswith("/practice") else of_the_device | OF_PRACTICE


def test_a_form_contains_exactly_the_texts_it_can_show(pages: list[str]) -> None:
    for path, page in zip(PATHS, pages, strict=True):
        for keys in carried(page):
            assert keys == shown(pages, OF_A_BALLOT) - of_others(path)


def test_a_form_with_a_slip_also_contains_the_texts_for_slips(pages: list[str], slips_page: str) -> None:
    for keys in carried(slips_page):
        assert keys == shown([*pages, slips_page], OF_A_BALLOT | OF_A_SLIP) - of_others("/q/questions")
