"""A corrected text keeps the translations of the text before it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.survey import Statement
from kiosk.library.catalogues import REFERENCE
from kiosk.library.completeness import of_survey
from kiosk.library.drafts import (
    Draft,
    Translation,
    draft_of,
    write_survey,
    write_translations,
)
from kiosk.library.library import Library, shown_languages
from kiosk.library.translators_file import as_po, read_translations
from kiosk.settings import Settings, read_settings, shipped_folder
from tests.tools.languages import GUEST_LANGUAGES
from tests.tools.shipped import library_for, read_surveys

SEED = read_surveys([shipped_folder("questions")])["ombudsmannaskap"]
WITH_TYPO = SEED.statements[1]
CORRECT = WITH_TYPO.text.replace("tex.", "t.ex.")
SPELT = replace(WITH_TYPO, text=CORRECT, earlier_spellings=(WITH_TYPO.text,))
REWORDED = replace(WITH_TYPO, text=CORRECT, earlier_wordings=(WITH_TYPO.text,))
ANEW = replace(WITH_TYPO, text=CORRECT)
DAY = date(2026, 3, 2)
TRANSLATED = len(GUEST_LANGUAGES) - 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"KIOSK_DATA": str(tmp_path)})


def with_own(settings: Settings, statement: Statement) -> Library:
    """The library with a survey of the installation's own that has one statement."""
    draft: Draft = replace(draft_of(SEED, "own"), title="Own", statements=(statement,))
    (settings.data / "questions" / "own.toml").unlink(missing_ok=True)
    return write_survey(settings, draft)


def review(settings: Settings, library: Library, code: str) -> None:
    """A native reader reviews all texts of a language."""
    texts = library.guest[code].texts
    reviewed = [Translation(message, text, True) for message, text in texts.items()]
    write_translations(settings, code, reviewed, "anna", DAY)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "languages", "reviewed"),
    [(SPELT, TRANSLATED, True), (REWORDED, TRANSLATED, False), (ANEW, 0, False)],
)
def test_a_spelling_correction_keeps_reviewed_languages_and_a_rewording_hides_them(
    statement: Statement, languages: int, *, reviewed: bool, settings: Settings
) -> None:
    review(settings, library_for(settings), "fi")
    library = with_own(settings, statement)
    own = library.surveys["own"]
    states = {code: of_survey(library.guest[code], own) for code in GUEST_LANGUAGES if code != REFERENCE}
    assert sum(CORRECT not in state.missing for state in states.values()) == languages
    assert (states["fi"].unreviewed == ()) == (reviewed or statement is ANEW)
    assert shown_languages(library.guest, own, frozenset()) == (("sv", "fi") if reviewed else ("sv",))
    seed = library.surveys["ombudsmannaskap"]
    assert shown_languages(library.guest, seed, frozenset()) == ("sv", "fi"), "reviews of other texts stay"


def test_a_correction_never_makes_a_draft_count_as_reviewed(settings: Settings) -> None:
    library = with_own(settings, SPELT)
    assert CORRECT in library.guest["fi"].unreviewed


def test_a_translation_of_the_current_text_takes_precedence(settings: Settings) -> None:
    with_own(settings, REWORDED)
    library = write_translations(settings, "fi", [Translation(CORRECT, "Uusi", True)], "anna", DAY)
    assert library.surveys["own"].translations["fi"][CORRECT] == "Uusi"
    assert library.guest["fi"].carried == {}


@pytest.mark.slow
def test_a_running_round_keeps_its_languages_when_its_survey_is_corrected(settings: Settings) -> None:
    review(settings, library_for(settings), "fi")
    frozen = with_own(settings, WITH_TYPO).surveys["own"]
    library = with_own(settings, REWORDED)
    assert shown_languages(library.guest, frozen, frozenset()) == ("sv", "fi")


@pytest.mark.slow
def test_a_review_of_the_reworded_text_shows_the_language_again(settings: Settings) -> None:
    review(settings, library_for(settings), "fi")
    library = with_own(settings, REWORDED)
    frozen = library.surveys["own"]
    review(settings, library, "fi")
    library = library_for(settings)
    assert shown_languages(library.guest, library.surveys["own"], frozenset()) == ("sv", "fi")
    assert shown_languages(library.guest, frozen, frozenset()) == ("sv", "fi"), "the words are the same"


def test_a_translators_file_names_the_earlier_text(settings: Settings) -> None:
    file = as_po(with_own(settings, REWORDED).guest["fi"]).decode()
    before, _, _ = file.partition(f'#, fuzzy\nmsgid "{CORRECT}"\n')
    comment = " ".join(before[before.rindex("\n\n") :].replace("#. ", "").split())
    assert comment == f"Translation of the former text: {WITH_TYPO.text}"
    assert "former text" not in as_po(with_own(settings, ANEW).guest["fi"]).decode()


def test_a_translators_file_made_before_a_correction_is_accepted(settings: Settings) -> None:
    first = replace(WITH_TYPO, text="Kaffet är got")
    file = as_po(with_own(settings, first).guest["fi"]).decode()
    translated = file.replace('msgid "Kaffet är got"\nmsgstr ""', 'msgid "Kaffet är got"\nmsgstr "Hyvää"')
    corrected = replace(first, text="Kaffet är gott", earlier_spellings=("Kaffet är got",))
    library = with_own(settings, corrected)
    sent = read_translations(translated.encode(), library.guest["fi"]).changed
    assert sent == (Translation("Kaffet är got", "Hyvää", True),)
    library = write_translations(settings, "fi", sent, "anna", DAY)
    assert library.surveys["own"].translations["fi"]["Kaffet är gott"] == "Hyvää"


def test_a_translation_that_does_not_fit_the_current_text_is_not_carried_over(settings: Settings) -> None:
    first = replace(WITH_TYPO, text="Kaffet är gott")
    write_translations(settings, "fi", [Translation(first.text, "Hyvää", True)], "anna", DAY)
    library = with_own(settings, replace(first, text="Kaffet {n}", earlier_spellings=(first.text,)))
    assert library.guest["fi"].carried == {}
