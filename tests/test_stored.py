"""The guest's page about what is stored says what the tables hold, or stops."""

import pytest

from kiosk.guest.stored import SAID, UnsaidError, sentences
from tests.test_guest import Place, place

__all__ = ["place"]


def test_every_table_there_is_has_words_and_no_words_lack_a_table(place: Place) -> None:
    schema = place.store.schema()
    assert set(schema) == set(SAID)
    assert len(sentences(schema)) == 7


@pytest.mark.parametrize(
    "extra", [{"box": ("round_id", "unit_id", "key_id", "sealed", "created_at")}, {"visit": ("at",)}]
)
def test_a_table_or_column_without_words_stops_the_page(
    place: Place, extra: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(UnsaidError, match=next(iter(extra))):
        sentences({**place.store.schema(), **extra})


@pytest.mark.parametrize(
    ("path", "back"), [("/stored", "/"), ("/q/stored", "/q"), ("/s/poster/stored", "/s/poster")]
)
def test_the_page_stands_in_every_language_and_leads_back(place: Place, path: str, back: str) -> None:
    page = place.client.get(path).text
    for code, words in [
        ("sv", "låst låda"),
        ("en", "locked box"),
        ("ar", "صندوق مقفل"),
        ("fa", "جعبه‌ای قفل‌شده"),
    ]:
        assert f'lang="{code}"' in page
        assert words in page
    assert f'id="back" href="{back}"' in page
    assert ("guest_away.js" in page) == (path == "/stored")
