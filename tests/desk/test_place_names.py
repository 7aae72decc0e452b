"""A unit that no organisation has any more keeps its name on the desk's pages: nobody reads an id."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.desk.place_names import place_name
from kiosk.domain.rounds import Admission
from kiosk.domain.tree import Node, Tree
from kiosk.storage import Action
from tests.tools.desk_side import Desk

PATHS = ("/admin/", "/admin/links", "/admin/links/poster", "/admin/walls", "/admin/log", "/admin/rounds")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose library lost the organisation of its round."""
    desk = Desk(tmp_path, admission=frozenset({Admission.KIOSK, Admission.POSTER}))
    desk.sign_in()
    for admission in (Admission.KIOSK, Admission.POSTER):
        desk.store.links.add(admission, "second_hand")
    desk.store.walls.add("second_hand")
    desk.store.audit_log.note(desk.now, "anna", Action.POSTER_PRINTED, "second_hand, abcd")
    parts = desk.app.extensions["desk"]
    parts.library = replace(parts.library, trees={"other": Tree((Node("other", "Other", None),))})
    return desk


def visible(page: str) -> str:
    """The texts of a page, with those that are read out."""
    return re.sub(r"<(?!/)[^>]*?(?:aria-label|alt)=\"([^\"]*)\"[^>]*>|<[^>]*>", r" \1 ", page)


def test_a_unit_without_an_organisation_is_shown_by_the_name_that_its_round_has(desk: Desk) -> None:
    pages = {path: visible(desk.client.get(path).text) for path in PATHS}
    assert [path for path, text in pages.items() if "second_hand" in text] == []
    named = {path for path, text in pages.items() if "Second hand" in text}
    assert named >= {"/admin/links", "/admin/links/poster", "/admin/walls", "/admin/log"}


def test_a_unit_that_no_round_has_is_shown_by_its_id(desk: Desk) -> None:
    parts = desk.app.extensions["desk"]
    assert place_name("nowhere", parts.library, desk.store) == "nowhere"
