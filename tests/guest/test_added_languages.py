"""A language is added by a catalogue alone: Romani, which CLDR does not know, and Bulgarian."""

from pathlib import Path

import pytest
from babel import Locale, UnknownLocaleError

from kiosk.library.autonyms import AUTONYMS
from tests.tools.guest_side import Place

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def add(folder: Path, code: str) -> None:
    """A catalogue with every text, each marked with the language's code."""
    messages = Place(folder / "shipped").library.guest["sv"].texts
    path = folder / "own" / "translations" / code / "LC_MESSAGES" / "guest.po"
    path.parent.mkdir(parents=True)
    entries = (f'msgid "{message}"\nmsgstr "{code}: {message}"\n' for message in messages)
    path.write_text(HEADER + "\n".join(entries), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("code", ["rom", "bg"])
def test_a_reviewed_catalogue_in_the_data_folder_adds_a_language(code: str, tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    add(tmp_path, code)
    client = Place(tmp_path / "own", languages=frozenset()).client
    page = client.get(f"/?lang={code}").text
    assert f'<html lang="{code}" dir="ltr">' in page
    assert f"{code}: Jag känner att personalen lyssnar på mig</legend>" in page
    assert f">{AUTONYMS[code]}</a>" in page
    for path in ("/thanks", "/stored", "/q?lang=" + code, "/nothing"):
        assert f"{code}: " in client.get(path).text
    others = client.get("/").text
    assert 'data-language="so"' not in others
    assert 'data-language="ti"' not in others


def test_romani_has_no_babel_locale() -> None:
    with pytest.raises(UnknownLocaleError):
        Locale.parse("rom")
