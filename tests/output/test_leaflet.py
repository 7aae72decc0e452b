"""The guests' leaflet has the screen's sentences in every language, and marks unreviewed ones."""

from dataclasses import replace

import pypdfium2
import pytest

from kiosk.domain.rounds import Round
from kiosk.domain.theme import Theme
from kiosk.library.catalogues import Catalogue, read_catalogues
from kiosk.output.leaflet import leaflet, leaflet_texts
from kiosk.screen.stored_data import CONSEQUENCE, DESCRIPTIONS, descriptions
from kiosk.screen.texts import PROMISES, SCREEN
from kiosk.settings import shipped_folder
from tests.tools.builders import a_round, tree
from tests.tools.languages import GUEST_LANGUAGES

SCHEMA = {table: columns for table, (columns, _) in DESCRIPTIONS.items()}
MARK = "Utkast: ingen har granskat."


@pytest.fixture(scope="module")
def guest() -> dict[str, Catalogue]:
    return read_catalogues([shipped_folder("translations")], "guest")


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page of a PDF, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def printed_pages(guest: dict[str, Catalogue], of_round: Round) -> dict[str, str]:
    texts = leaflet_texts(guest, of_round, SCHEMA)
    in_order = pages(leaflet(texts, of_round, Theme(name="Stadsmissionen"), MARK))
    return dict(zip(guest, in_order, strict=True))


@pytest.mark.slow
def test_each_language_has_a_page_with_the_sentences_of_the_screen(guest: dict[str, Catalogue]) -> None:
    of_round = a_round(tree("frida"))
    by_language = printed_pages(guest, of_round)
    assert set(by_language) == set(GUEST_LANGUAGES)
    promise = PROMISES[of_round.protection]
    sentences = [SCREEN["voluntary"], SCREEN["anonymous"], promise, *descriptions(SCHEMA), CONSEQUENCE]
    for code in ("sv", "en", "pl", "fi"):
        missing = [text for text in sentences if guest[code].text(text) not in by_language[code]]
        assert missing == [], code
        assert "Stadsmissionen" in by_language[code]
        assert all(statement.text in by_language[code] for statement in of_round.survey.statements)


def test_only_languages_that_nobody_reviewed_are_marked_as_drafts(guest: dict[str, Catalogue]) -> None:
    of_round = a_round(tree("frida"))
    messages = {statement.text for statement in of_round.survey.statements}
    english = guest["en"]
    reviewed = replace(
        english, unreviewed=(), texts={**english.texts, **{text: text.upper() for text in messages}}
    )
    unread_sentence = replace(reviewed, unreviewed=(SCREEN["voluntary"],))
    for catalogue, is_marked in ((english, True), (reviewed, False), (unread_sentence, True)):
        by_language = printed_pages({"sv": guest["sv"], "en": catalogue}, of_round)
        assert (MARK in by_language["sv"], MARK in by_language["en"]) == (False, is_marked)


def test_a_frozen_translation_other_than_the_reviewed_one_is_a_draft(guest: dict[str, Catalogue]) -> None:
    of_round = a_round(tree("frida"))
    [first, *others] = [statement.text for statement in of_round.survey.statements]
    texts = {text: f"In English: {text}" for text in (first, *others)}
    english = replace(guest["en"], unreviewed=(), texts={**guest["en"].texts, **texts})
    for frozen, is_marked in ((texts, False), ({**texts, first: "An old translation"}, True)):
        survey = replace(of_round.survey, translations={"en": frozen})
        page = printed_pages({"en": english}, replace(of_round, survey=survey))["en"]
        assert frozen[first] in page
        assert (MARK in page) == is_marked
