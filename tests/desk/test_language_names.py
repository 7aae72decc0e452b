"""Languages are named in the desk's language beside their own name."""

import re
from pathlib import Path

import pytest

from tests.tools.desk_side import Desk


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
    assert re.sub(r"<[^>]+>|\n", "", heading[1]) == "Översätt till ትግርኛ, tigrinja"
