"""Missing and unreviewed texts are counted per survey and language, in one place."""

import ast
import re
from pathlib import Path

from kiosk.library.catalogues import REFERENCE
from kiosk.library.check import check_report, check_text
from kiosk.library.completeness import of_all, of_screen, of_survey
from kiosk.library.library import Library, shown_languages
from kiosk.settings import read_settings
from tests.tools.languages import GUEST_LANGUAGES
from tests.tools.shipped import library_for
from tests.tools.syntax import nodes

ROOT = Path(__file__).parents[2]

OWN = """\
id = "own"
title = "Vår egen"
source = "Egna ord"
licence = "EUPL-1.2"
validated = false

[[statements]]
id = "coffee"
text = "Kaffet är gott"
outcome = "Trivsel"
scale = "yes5"
"""

READERS_OF_GAPS = {
    "kiosk/library/catalogues.py", "kiosk/library/completeness.py",
    # A translator's file has every text, with its flag; the page of a language lists every text.
    "kiosk/library/translators_file.py", "kiosk/desk/surveys/translations.py",
}  # fmt: skip


GAPS = re.compile(r"\.\s*(?:empty|unreviewed)\b")
"""A module without a match is not parsed: to parse every module takes seconds."""


def library(folder: Path, *translated: str) -> Library:
    """The shipped files and a survey of the installation's own, drafted in some languages."""
    (folder / "questions").mkdir()
    (folder / "questions" / "own.toml").write_text(OWN, encoding="utf-8")
    for code in translated:
        path = folder / "translations" / code / "LC_MESSAGES" / "guest.po"
        path.parent.mkdir(parents=True)
        path.write_text(f'#, fuzzy\nmsgid "Kaffet är gott"\nmsgstr "{code}"\n', encoding="utf-8")
    return library_for(read_settings({"KIOSK_DATA": str(folder)}))


def test_an_untranslated_survey_lacks_texts_and_other_surveys_do_not(
    tmp_path: Path,
) -> None:
    files = library(tmp_path)
    for code in GUEST_LANGUAGES:
        expected = () if code == REFERENCE else ("Kaffet är gott",)
        assert of_survey(files.guest[code], files.surveys["own"]).missing == expected
        assert of_survey(files.guest[code], files.surveys["ombudsmannaskap"]).missing == ()
        assert of_screen(files.guest[code]).missing == ()
        assert of_all(files.guest[code], files.surveys.values()).missing == expected


def test_an_unreviewed_survey_hides_a_language_in_its_own_rounds_only(tmp_path: Path) -> None:
    everything = library(tmp_path, "en")
    path = tmp_path / "translations" / "en" / "LC_MESSAGES" / "guest.po"
    entries = [
        f'msgid "{message}"\nmsgstr "{text}"\n'
        for message, text in everything.guest["en"].texts.items()
        if message != "Kaffet är gott"
    ]
    path.write_text("\n".join([path.read_text(encoding="utf-8"), *entries]), encoding="utf-8")
    reviewed = library_for(read_settings({"KIOSK_DATA": str(tmp_path)}))
    guest, surveys = reviewed.guest, reviewed.surveys
    assert of_survey(guest["en"], surveys["own"]).unreviewed == ("Kaffet är gott",)
    assert shown_languages(guest, surveys["ombudsmannaskap"], frozenset()) == ("sv", "en")
    assert shown_languages(guest, surveys["own"], frozenset()) == ("sv",)
    assert shown_languages(guest, surveys["own"], frozenset({"en"})) == ("sv", "en")


def test_the_report_counts_per_survey_and_language(tmp_path: Path) -> None:
    files = library(tmp_path, "en")
    report, text = check_report(files), check_text(files)
    assert report["surveys"]["own"]["languages"]["ar"]["missing"] == 1
    assert report["surveys"]["own"]["languages"]["en"]["missing"] == 0
    assert report["surveys"]["ombudsmannaskap"]["languages"]["ar"]["missing"] == 0
    assert report["screen"]["ar"]["missing"] == 0
    assert (report["languages"]["ar"]["empty"], report["languages"]["en"]["empty"]) == (1, 0)
    of_own = text[text.index("survey own:") : text.index("\nscale ")]
    assert "  ar: 1 texts missing, hidden from guests\n" in of_own
    assert "en: " not in of_own
    assert re.search("unreviewed texts: sv 5, en 6, ar 5,", of_own)


def test_a_translators_file_contains_the_texts_of_own_surveys(tmp_path: Path) -> None:
    assert "Kaffet är gott" in library(tmp_path).guest["ar"].empty


def uses_of_gaps(path: Path) -> list[int]:
    """Lines of a module that read a catalogue's gaps or flags themselves."""
    if not GAPS.search(path.read_text("utf-8")):
        return []
    return [
        node.lineno
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr in {"empty", "unreviewed"}
        and not (isinstance(node.value, ast.Name) and node.value.id in {"state", "texts"})
    ]


def test_only_these_modules_read_which_texts_are_missing_or_unreviewed() -> None:
    modules = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "kiosk").rglob("*.py")}
    counting = {name for name, path in modules.items() if uses_of_gaps(path)}
    assert counting == READERS_OF_GAPS
