"""Languages are named in the desk's language beside their own name."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from tests.tools.desk_side import Desk

BOTH_NAMES = {
    "/admin/links/slips": "Suomi</span> (finska)",
    "/admin/links/poster": "Suomi</span> (finska)",
    "/admin/": "finska (Suomi)",
    "/admin/log": "finska (Suomi)",
    "/admin/languages/fi": "<title>finska (Suomi) –",
    "/admin/languages/fi/review": 'finska, <span lang="fi"',
    "/admin/languages/fi/recordings": "<title>Läs in: finska (Suomi) –",
}
"""Page -> the names of a language there, apart from the list of languages."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("sv", {"sv": "", "fi": "finska", "ti": "tigrinja", "fa": "persiska", "en": "engelska"}),
        ("en", {"sv": "Swedish", "fi": "Finnish", "ti": "Tigrinya", "fa": "Persian", "en": ""}),
    ],
)
def test_languages_are_also_named_in_the_desks_language(
    tmp_path: Path, language: str, names: dict[str, str]
) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    data = {"csrf_token": desk.token("/admin/walls"), "language": language, "next": "/admin/languages"}
    desk.client.post("/admin/language", data=data)
    page = desk.client.get("/admin/languages").text
    rows = re.findall(r'<span\s+lang="(\w+)"[^>]*>[^<]*</span>\s*<span class="fine">([^<]*)</span>', page)
    shown = dict(rows)
    assert {code: shown[code] for code in names} == names


def test_the_translation_page_names_its_language_in_both_languages(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    heading = re.search(r"<h1>(.*?)</h1>", desk.client.get("/admin/languages/ti").text, re.DOTALL)
    assert heading
    assert re.sub(r"<[^>]+>|\n", "", heading[1]) == "Översätt till tigrinja, ትግርኛ"


@pytest.mark.slow
def test_every_page_that_names_a_language_names_it_in_both_languages(tmp_path: Path) -> None:
    desk = Desk(tmp_path, admission=frozenset(Admission), languages=frozenset({"fi"}))
    desk.sign_in()
    desk.store.links.add(Admission.POSTER, "frida", code="")
    file = BytesIO(desk.client.get("/admin/languages/fi.po").data.replace(b"#, fuzzy\n", b"", 2))
    sheet = {"csrf_token": desk.token("/admin/walls"), "file": (file, "guest-fi.po")}
    assert desk.client.post("/admin/languages/fi/file", data=sheet).status_code == 303
    empty = Desk(tmp_path / "empty", languages=frozenset({"fi"}), is_empty=True)
    empty.sign_in()
    pages = {path: (empty if path == "/admin/" else desk).client.get(path).text for path in BOTH_NAMES}
    assert {path: BOTH_NAMES[path] in page for path, page in pages.items()} == dict.fromkeys(pages, True)
    desk.now += timedelta(days=91)
    desk.store.count(desk.now)
    desk.sign_in()
    assert "Suomi</span> (finska)" in desk.client.get("/admin/reply/r").text


def test_a_language_to_add_is_chosen_by_its_name_without_a_code(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sign_in()
    page = desk.client.get("/admin/new-language").text
    names = re.findall(r'<option value="\w+">([^<]+)</option>', page)
    assert "indonesiska" in names
    assert [name for name in names if "(" in name and re.search(r"\(\w{2,3}\)", name)] == []
