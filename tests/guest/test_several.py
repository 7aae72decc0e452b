"""A question of which a guest may choose several options, at a screen with and without a script."""

from pathlib import Path

import pytest

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.rounds import Admission
from tests.tools.envelopes import seal
from tests.tools.guest_side import Place
from tests.tools.published import statements
from tests.tools.several_options import OPTIONS, counted, survey


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))


def test_a_page_without_a_script_offers_checkboxes_and_none_of_these(place: Place) -> None:
    page = place.client.get("/s/poster").text
    assert page.count('<input type="checkbox" name="needs"') == len(OPTIONS) + 1
    assert 'name="needs" value="none"' in page
    assert 'class="several" aria-describedby="hint-needs"' in page
    assert '<p class="option hint" id="hint-needs">Du kan välja flera.</p>' in page
    labels = [page.index(f">{label}</span>") for label in (*OPTIONS, "Inget av detta")]
    assert labels == sorted(labels), "in the order of the file, none of these last"
    assert "guest_several.js" in page
    assert "guest_several.css" in page


def test_a_page_without_such_a_question_loads_nothing_for_it(tmp_path: Path) -> None:
    page = Place(tmp_path, frozenset(Admission)).client.get("/s/poster").text
    assert "several" not in page
    assert "Inget av detta" not in page


def test_forms_and_envelopes_are_counted_option_by_option(place: Place) -> None:
    listened = place.round.survey.statements[0].id
    sent = [{"needs": ["3", "1", ""]}] * 3 + [{"needs": ["2"]}] * 2 + [{"needs": ["none", ""]}] * 2
    for fields in sent:
        assert place.client.post("/s/poster", data={listened: "5", **fields}).status_code == 303
    assert place.client.post("/s/poster", data={listened: "5", "needs": ["4"]}).status_code == 400
    letterbox = place.store.public_key(place.round.id, "frida")
    room = 64 * len(place.round.survey.columns)
    form = f"{listened}=5&needs=3&needs=2&needs=1".encode()
    envelope = seal(bytes.fromhex(letterbox), form, room=room)
    place.store.cast_envelope(letterbox, envelope, place.round.opens_at)
    tables = counted(place)
    assert tables["needs"] == [2, 6]
    assert [tables[f"needs/{option}"] for option in (3, 2, 1)] == [[4, 4], [5, 3], [4, 4]]
    assert tables[listened] == [0, 0, 0, 0, 7], "all agree, so one answer is withheld"


def test_a_guest_who_skips_the_question_is_not_one_who_needs_nothing(place: Place) -> None:
    for value in [""] * 3 + ["none"] * 3 + ["dont_know"] * 2:
        place.client.post("/s/poster", data={"needs": value})
    place.store.count(place.round.closes_at)
    table = statements(place.store.snapshot()["rounds"][0]["nodes"][0])["needs"]
    assert table["counts"] == [3, 0]
    assert table["no_answer"][NoAnswer.SKIPPED] == 3
    assert table["no_answer"][NoAnswer.DONT_KNOW] == 2


def test_texts_of_the_question_are_in_all_languages(place: Place) -> None:
    for catalogue in place.library.guest.values():
        assert {"Du kan välja flera.", "Inget av detta"} <= set(catalogue.texts)
