"""A coordinator adds a guest language; guests see it when it is translated, and it can be removed again."""

import unicodedata
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from werkzeug.test import TestResponse

from kiosk.library.added_languages import FONT_SCRIPTS, lacks_font
from kiosk.library.autonyms import AUTONYMS
from kiosk.library.catalogues import language
from kiosk.library.library import Library, read_library, shown_languages
from kiosk.settings import shipped_folder
from tests.tools.desk_side import Desk

NEW = "/admin/new-language"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    return made


def post(desk: Desk, path: str, **data: object) -> TestResponse:
    return desk.client.post(path, data={"csrf_token": desk.token("/admin/walls"), **data})


def library(desk: Desk) -> Library:
    """The library as it is read from the files."""
    return read_library(desk.settings)


def shown(desk: Desk) -> tuple[str, ...]:
    """The languages that guests may choose for the running survey."""
    now = library(desk)
    return shown_languages(now.guest, now.surveys["ombudsmannaskap"], frozenset())


def translate_all(desk: Desk, code: str) -> None:
    """Take in a translator's file with every text, each unlike the Swedish one."""
    empty = desk.client.get(f"/admin/languages/{code}.po").get_data(as_text=True)
    lines, message = list[str](), ""
    for line in empty.split("\n"):
        message = line.removeprefix("msgid ")[1:-1] if line.startswith("msgid ") else message
        lines.append(f'msgstr "{message} ก"' if message and line == 'msgstr ""' else line)
    file = BytesIO("\n".join(lines).encode())
    assert post(desk, f"/admin/languages/{code}/file", file=(file, "x.po")).status_code == 303


@pytest.mark.slow
def test_a_language_is_chosen_by_its_name_in_the_desks_language(desk: Desk) -> None:
    page = desk.client.get(NEW).text
    assert '<option value="th">thailändska</option>' in page
    assert not any(f'<option value="{code}"' in page for code in AUTONYMS)
    assert post(desk, NEW, language="ckb").headers["Location"] == "/admin/languages/ckb"
    after = desk.client.get("/admin/languages/ckb").text
    assert "centralkurdiska (کوردیی ناوەندی). Det läses från höger till vänster." in after
    assert "Typsnitten som följer med" not in after
    assert library(desk).guest["ckb"].language.direction == "rtl"
    assert (
        "lade till ett språk</td><td>centralkurdiska (کوردیی ناوەندی)</td>"
        in desk.client.get("/admin/log").text
    )


@pytest.mark.slow
def test_a_language_whose_script_the_fonts_lack_has_a_warning(desk: Desk) -> None:
    post(desk, NEW, language="th")
    assert "saknar språkets skrift" in desk.client.get("/admin/languages/th").text


def test_the_scripts_of_the_fonts_are_those_of_the_shipped_files() -> None:
    drawn = set[str]()
    for path in (shipped_folder("static") / "fonts").glob("*-Regular.ttf"):
        drawn |= {unicodedata.name(chr(code), "").partition(" ")[0] for code in TTFont(path).getBestCmap()}
    assert drawn >= FONT_SCRIPTS
    assert "THAI" not in drawn, "the control"
    assert not any(lacks_font(language(code)) for code in AUTONYMS)


@pytest.mark.slow
def test_an_added_language_is_shown_when_it_is_translated_and_removed_while_unused(desk: Desk) -> None:
    post(desk, NEW, language="th")
    assert "th" not in shown(desk)
    translate_all(desk, "th")
    assert "th" in shown(desk)
    planned = replace(
        desk.round, id="next", survey=library(desk).surveys["ombudsmannaskap"],
        opens_at=desk.now + timedelta(days=100), closes_at=desk.now + timedelta(days=190),
    )  # fmt: skip
    desk.store.open_round(planned, desk.now)
    refused = post(desk, "/admin/languages/th/remove")
    assert (refused.status_code, "En omgång som inte är avslutad" in refused.text) == (400, True)
    desk.store.cancel_round("next", desk.now)
    assert "Översatta texter som försvinner" in desk.client.get("/admin/languages/th/remove").text
    assert post(desk, "/admin/languages/th/remove").status_code == 303
    assert "th" not in library(desk).guest


@pytest.mark.slow
@pytest.mark.parametrize("code", ["", "pl", "rom", "../x", "xx"])
def test_a_language_that_is_not_offered_is_refused(desk: Desk, code: str) -> None:
    before = set(library(desk).guest)
    assert post(desk, NEW, language=code).status_code == 400
    assert set(library(desk).guest) == before


def test_a_shipped_language_is_not_removed(desk: Desk) -> None:
    assert post(desk, "/admin/languages/pl/remove").status_code == 404
    texts = library(desk).guest["pl"].texts
    assert texts
