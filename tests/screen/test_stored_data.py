"""The guest's page about what is stored says what the tables hold, or stops."""

from html import unescape

import pytest

from kiosk.library.catalogues import REFERENCE
from kiosk.screen.stored_data import DESCRIPTIONS, UndescribedTableError, descriptions
from tests.tools.guest_side import Place


def test_every_table_is_described_and_every_description_has_a_table(place: Place) -> None:
    schema = place.store.schema()
    assert set(schema) == set(DESCRIPTIONS)
    assert len(descriptions(schema)) == 7


@pytest.mark.parametrize(
    "extra", [{"box": ("round_id", "unit_id", "key_id", "sealed", "created_at")}, {"visit": ("at",)}]
)
def test_an_undescribed_table_or_column_is_an_error(place: Place, extra: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(UndescribedTableError, match=next(iter(extra))):
        descriptions({**place.store.schema(), **extra})


@pytest.mark.parametrize(
    ("path", "back"), [("/stored", "/"), ("/q/stored", "/q"), ("/s/poster/stored", "/s/poster")]
)
def test_the_page_about_stored_data_is_in_every_language_and_links_back(
    place: Place, path: str, back: str
) -> None:
    page, catalogues = unescape(place.client.get(path).text), place.library.guest
    texts = descriptions(place.store.schema())
    assert len(catalogues) == 12
    for code, catalogue in catalogues.items():
        assert f'lang="{code}"' in page
        for words in texts:
            assert catalogue.text(words) in page
            assert catalogue.text(words) != words or code == REFERENCE
    assert f'id="back" href="{back}"' in page
    assert ("guest_away.js" in page) == (path == "/stored")


@pytest.mark.parametrize(
    ("code", "words"),
    [("sv", "ett slumptal"), ("en", "a random number"), ("ar", "رقمًا عشوائيًا"), ("fa", "عدد تصادفی")],
)
def test_the_page_about_stored_data_mentions_the_random_number_of_a_ballot(
    place: Place, code: str, words: str
) -> None:
    [description] = [text for text in descriptions(place.store.schema()) if "slumptal" in text]
    assert words in place.library.guest[code].text(description)
