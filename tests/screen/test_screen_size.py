"""Each kiosk is measured for itself: its pages have its own style, and their policy allows no other."""

import re
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from kiosk.domain.screen_size import Screen
from kiosk.screen.headers import digest
from tests.tools.guest_side import Place

TABLET, WALL, USUAL = Screen(217), Screen(708, 1200), Screen(476)
SCREENS = {"tablet": TABLET, "wall": WALL, "unmeasured": None}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path, frozenset(Admission), screen=USUAL)
    for code, screen in SCREENS.items():
        place.store.links.add(Admission.KIOSK, "frida", code=code, screen=screen)
    return place


def styles(page: str) -> list[str]:
    return re.findall("<style>(.*?)</style>", page, re.DOTALL)


def width_mm(page: str) -> int:
    match = re.search(r"--mm:calc\(100vw / (\d+)\)", page)
    assert match
    return int(match.group(1))


PAGES = ["", "/practice", "/practice/thanks", "/thanks", "/stored"]
OF_KIOSKS = [f"/k/{code}{path}" for code in SCREENS for path in PAGES]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("code", SCREENS)
def test_a_kiosks_page_has_its_own_measures_or_those_of_the_installation(
    place: Place, code: str, path: str
) -> None:
    answer = place.client.get(f"/k/{code}{path}")
    assert answer.status_code == 200
    assert width_mm(answer.text) == (SCREENS[code] or USUAL).width_mm


@pytest.mark.parametrize("path", ["/", "/k/unknown", "/pair", "/nothing"])
def test_pages_of_unmeasured_kiosks_use_the_installations_measures(place: Place, path: str) -> None:
    assert width_mm(place.client.get(path).text) == USUAL.width_mm


@pytest.mark.parametrize("path", [*OF_KIOSKS, "/k/unknown", "/pair", "/s/poster", "/q"])
def test_a_pages_policy_differs_only_by_its_own_style_hashes(place: Place, path: str) -> None:
    answer = place.client.get(path)
    policy, usual = (one.headers["Content-Security-Policy"] for one in (answer, place.client.get("/")))
    [allowed] = re.findall("style-src ([^;]*);", policy)
    assert allowed.split() == ["'self'", *map(digest, styles(answer.text))]
    assert re.sub("'sha256-[^']*' ?", "", policy) == re.sub("'sha256-[^']*' ?", "", usual)


def test_a_refusal_page_uses_the_kiosks_own_measures(place: Place) -> None:
    refused = place.client.post("/k/wall", data={"listened": "6"})
    assert (refused.status_code, width_mm(refused.text)) == (400, WALL.width_mm)
    assert digest(styles(refused.text)[1]) in refused.headers["Content-Security-Policy"]


def test_new_measures_of_a_kiosk_apply_from_the_next_page_on(place: Place) -> None:
    place.store.links.set_screen("tablet", WALL)
    assert width_mm(place.client.get("/k/tablet").text) == WALL.width_mm
    place.store.links.set_screen("tablet", None)
    assert width_mm(place.client.get("/k/tablet").text) == USUAL.width_mm


def test_pages_for_phones_use_no_screen_measures(place: Place) -> None:
    for path in ("/s/poster", "/q"):
        assert len(styles(place.client.get(path).text)) == 1


@pytest.mark.parametrize(("width", "is_small"), [(217, True), (299, True), (300, False), (476, False)])
def test_a_screen_under_about_15_inches_is_small(width: int, *, is_small: bool) -> None:
    assert Screen(width).is_small == is_small
