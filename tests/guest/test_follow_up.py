"""A follow-up at a screen with and without a script: it has a page for every guest, and counts for some."""

import re
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from tests.tools.envelopes import seal
from tests.tools.followed_statement import REASONS, survey
from tests.tools.guest_side import Place
from tests.tools.published import statements


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, frozenset(Admission), survey=survey(tmp_path))


def test_a_page_without_a_script_has_the_follow_up_for_every_guest(place: Place) -> None:
    page = place.client.get("/s/poster").text
    listened = place.round.survey.statements[0]
    assert f'data-follows="{listened.id}" data-when="1 2"' in page
    field = page[page.index("data-follows") :]
    words = [re.escape(words) for words in ("Bara om du svarade:", *listened.scale.labels[:2])]
    words += [re.escape(f">{label}</span>") for label in (*REASONS, "Jag svarade något annat")]
    assert re.search(".*?".join(words), field, re.DOTALL)
    assert '<input type="radio" name="why" value="0">' in field
    assert "guest_follow_up.js" in page
    assert 'type="checkbox"' not in page


def test_a_page_without_a_follow_up_loads_nothing_for_it(tmp_path: Path) -> None:
    page = Place(tmp_path, frozenset(Admission)).client.get("/s/poster").text
    assert "follow" not in page
    assert "Jag svarade något annat" not in page


def test_forms_and_envelopes_with_another_answer_count_as_not_asked(place: Place) -> None:
    listened = place.round.survey.statements[0].id
    sent = [("1", "2")] * 2 + [("2", "1")] * 2 + [("5", "0")] * 2 + [("5", "2")] + [("2", "0")]
    for answer, why in sent:
        assert place.client.post("/s/poster", data={listened: answer, "why": why}).status_code == 303
    assert place.client.post("/s/poster", data={listened: "5", "why": "3"}).status_code == 400
    letterbox = place.store.public_key(place.round.id, "frida")
    room = 64 * len(place.round.survey.columns)
    envelope = seal(bytes.fromhex(letterbox), f"{listened}=1&why=1".encode(), room=room)
    place.store.cast_envelope(letterbox, envelope, place.round.opens_at)
    place.store.count(place.round.closes_at)
    table = statements(place.store.snapshot()["rounds"][0]["nodes"][0])["why"]
    assert (table["counts"], table["no_answer"]["skipped"], table["not_asked"]) == ([3, 2], 1, 3)


def test_a_form_tells_neither_by_its_length_nor_by_the_answer_who_was_asked(place: Place) -> None:
    listened = place.round.survey.statements[0].id
    forms = [f"{listened}={answer}&why={why}" for answer, why in (("1", "2"), ("5", "0"), ("5", "2"))]
    assert len({len(form) for form in forms}) == 1
    answers = [
        place.client.post("/s/poster", data=form, content_type="application/x-www-form-urlencoded")
        for form in forms
    ]
    assert len({(one.status_code, one.data, one.headers["Location"]) for one in answers}) == 1


def test_texts_of_the_follow_up_are_in_all_languages(place: Place) -> None:
    for catalogue in place.library.guest.values():
        assert {"Bara om du svarade:", "Jag svarade något annat"} <= set(catalogue.texts)
