"""The guest's page about what is stored says what the tables hold, or stops."""

from html import unescape

import pytest

from kiosk.library.catalogues import REFERENCE
from kiosk.screen.stored_data import DESCRIPTIONS, UndescribedTableError, descriptions
from tests.tools.guest_side import Place


def test_every_table_there_is_has_words_and_no_words_lack_a_table(place: Place) -> None:
    schema = place.store.schema()
    assert set(schema) == set(DESCRIPTIONS)
    assert len(descriptions(schema)) == 7


@pytest.mark.parametrize(
    "extra", [{"box": ("round_id", "unit_id", "key_id", "sealed", "created_at")}, {"visit": ("at",)}]
)
def test_a_table_or_column_without_words_stops_the_page(
    place: Place, extra: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(UndescribedTableError, match=next(iter(extra))):
        descriptions({**place.store.schema(), **extra})


@pytest.mark.parametrize(
    ("path", "back"), [("/stored", "/"), ("/q/stored", "/q"), ("/s/poster/stored", "/s/poster")]
)
def test_the_page_stands_in_every_language_and_leads_back(place: Place, path: str, back: str) -> None:
    page, catalogues = unescape(place.client.get(path).text), place.library.guest
    said = descriptions(place.store.schema())
    assert len(catalogues) == 12
    for code, catalogue in catalogues.items():
        assert f'lang="{code}"' in page
        for words in said:
            assert catalogue.text(words) in page
            assert catalogue.text(words) != words or code == REFERENCE
    assert f'id="back" href="{back}"' in page
    assert ("guest_away.js" in page) == (path == "/stored")


@pytest.mark.parametrize(
    ("code", "words"),
    [("sv", "ett slumptal"), ("en", "a random number"), ("ar", "رقمًا عشوائيًا"), ("fa", "عدد تصادفی")],
)
def test_the_page_tells_of_the_number_kept_for_a_kiosks_ballot(place: Place, code: str, words: str) -> None:
    [said] = [text for text in descriptions(place.store.schema()) if "slumptal" in text]
    assert words in place.library.guest[code].text(said)
