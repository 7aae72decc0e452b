"""A coordinator reviews all texts of a language on one page, with exceptions."""

import re
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.library.catalogues import Catalogue
from kiosk.library.completeness import of_all
from kiosk.library.drafts import reviews
from kiosk.library.library import read_library
from tests.tools.desk_side import Desk

PAGE = "/admin/languages/pl/review"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    return made


def polish(desk: Desk) -> Catalogue:
    return read_library(desk.settings).guest["pl"]


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(seen-\w+)" value="(\w+)"', page))


def key(page: str, message: str) -> str:
    """The name of the row of a reference text."""
    rows: list[tuple[str, str]] = re.findall(r'id="message-(\w+)">([^<]*)</th>', page)
    return next(name for name, text in rows if unescape(text) == message)


def send(desk: Desk, sent: dict[str, str], path: str = PAGE, **more: str) -> TestResponse:
    return desk.client.post(path, data={"csrf_token": desk.token("/admin/walls"), **sent, **more})


def test_one_tick_reviews_every_text_of_a_language_except_the_wrong_ones(desk: Desk) -> None:
    page = desk.client.get(PAGE).text
    surveys = read_library(desk.settings).surveys
    assert len(fields(page)) >= len(of_all(polish(desk), surveys.values()).unreviewed)
    texts = polish(desk).texts
    saved = send(desk, fields(page), read="y", **{f"wrong-{key(page, 'Nästa')}": "y"})
    assert saved.status_code == 303
    after = polish(desk)
    assert (after.texts, of_all(after, surveys.values()).unreviewed) == (texts, ("Nästa",))
    assert reviews(desk.settings, "pl")["Börja"] == "anna, 2026-03-02"
    left = desk.client.get(PAGE).text
    assert len(fields(left)) == 1
    assert f"Granskade texter: {len(fields(page)) - 1}. Texter att rätta: 1." in left


@pytest.mark.slow
def test_swedish_and_translation_stand_side_by_side_with_their_state(desk: Desk) -> None:
    page = desk.client.get(PAGE).text
    row = page.partition(f'id="message-{key(page, "Börja")}"')[2].partition("</tr>")[0]
    assert f'<span lang="pl"\n  dir="ltr">{polish(desk).texts["Börja"]}</span>' in row
    assert "Inte granskad" in row
    send(desk, fields(page), read="y")
    every_text = desk.client.get(f"{PAGE}?all=y").text
    assert len(fields(every_text)) == len(fields(page))
    assert "anna, 2026-03-02" in every_text
    assert "Alla texter är granskade." in desk.client.get(PAGE).text


@pytest.mark.slow
def test_a_reviewed_text_that_is_marked_wrong_is_unreviewed_again(desk: Desk) -> None:
    send(desk, fields(desk.client.get(PAGE).text), read="y")
    page = desk.client.get(f"{PAGE}?all=y").text
    send(desk, fields(page), f"{PAGE}?all=y", read="y", **{f"wrong-{key(page, 'Börja')}": "y"})
    assert not polish(desk).is_reviewed("Börja")
    assert polish(desk).is_reviewed("Nästa")


def test_nothing_is_reviewed_without_the_declaration(desk: Desk) -> None:
    before = polish(desk).unreviewed
    page = desk.client.get(PAGE).text
    wrong = f"wrong-{key(page, 'Börja')}"
    refused = send(desk, fields(page), **{wrong: "y"})
    assert (refused.status_code, '<a href="#read">' in refused.text) == (400, True)
    assert re.findall(r'name="(wrong-\w+)" value="y" checked', refused.text) == [wrong]
    assert polish(desk).unreviewed == before


def test_a_text_that_changed_meanwhile_is_not_reviewed_unread(desk: Desk) -> None:
    page = desk.client.get(PAGE).text
    name = key(page, "Börja")
    one = {f"seen-{name}": fields(page)[f"seen-{name}"], f"text-{name}": "Zacznij teraz"}
    assert send(desk, one, "/admin/languages/pl").status_code == 303
    refused = send(desk, fields(page), read="y")
    assert (refused.status_code, "Läs den igen: ”Zacznij teraz”" in refused.text) == (400, True)
    assert f'<a href="#message-{name}">' in refused.text
    assert not polish(desk).is_reviewed("Nästa")


def test_an_untranslated_text_is_counted_and_not_reviewed(desk: Desk) -> None:
    data = {"csrf_token": desk.token("/admin/walls"), "survey": "ombudsmannaskap"}
    desk.client.post("/admin/surveys/copy", data=data)
    page = desk.client.get(PAGE).text
    assert "Texter som inte är översatta: 1." in page
    assert "Ombudsmannaskap i Dagverksamheten (kopia)</th>" not in page
