"""Reports: two writers are safe from each other, and a published edition never changes."""

from dataclasses import replace
from pathlib import Path

import peewee
import pytest

from kiosk.domain.report import Block, Kind, ReportDocument, Terms, document_from_json
from kiosk.storage import Store
from tests.tools.builders import a_store

TERMS = Terms("Effekt", "Staden", 2022, "a", "ombud", ("r",), ("s1", "s2"))
TABLE = Block(Kind.TABLE, "Tabell", header=("a", "b"), rows=(("1", "2"),))
DOCUMENT = ReportDocument("Effekt", "2022", "sv", "Utgåva 1", (TABLE, Block(Kind.NOTE, "n = 20")))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = a_store(tmp_path)
    made.reports.set("y2022", TERMS)
    return made


def test_terms_and_editions_are_read_as_they_were_stored(store: Store) -> None:
    changed = replace(TERMS, statements=("s2",))
    store.reports.set("y2022", changed)
    store.reports.publish("y2022", 1, DOCUMENT.as_json())
    assert store.reports.all() == {"y2022": changed}
    kept = store.reports.edition("y2022", 1)
    assert kept
    assert document_from_json(kept) == DOCUMENT
    assert store.reports.edition("y2022", 2) is None


def test_the_second_of_two_concurrent_writers_changes_nothing(store: Store) -> None:
    assert store.reports.write("y2022", "vision", "Första", 0)
    assert store.reports.write("y2022", "vision", "Andra", 1)
    assert not store.reports.write("y2022", "vision", "Tredje", 1)
    assert not store.reports.write("y2022", "vision", "Fjärde", 0)
    text = store.reports.texts("y2022")["vision"]
    assert (text.words, text.version) == ("Andra", 2)


def test_a_published_edition_cannot_be_replaced(store: Store) -> None:
    store.reports.publish("y2022", 1, DOCUMENT.as_json())
    with pytest.raises(peewee.IntegrityError):
        store.reports.publish("y2022", 1, replace(DOCUMENT, title="Annat").as_json())
    store.reports.publish("y2022", 2, DOCUMENT.as_json())
    assert store.reports.editions("y2022") == (1, 2)
