"""A ballot whose answer was lost is sent again: it counts once, and nobody learns who has answered."""

import re
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from werkzeug.test import TestResponse

from kiosk.domain import envelope
from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.envelope import MOST_FORM_TICKETS, TICKET_BYTES, Letterbox, ticket_digest, unpack
from kiosk.domain.rounds import Admission
from kiosk.domain.slips import UsedSlipError
from kiosk.guest.tickets import new_ticket
from kiosk.storage.letterboxes import Letterboxes, new_letterbox
from tests.tools.guest_side import NOW, Place

TICKET_FIELD = re.compile(r'<input type="hidden" name="_ticket" value="([0-9a-f]{32})">')
SCRIPT = {"Kiosk-Script": "yes"}


@pytest.fixture
def everywhere(tmp_path: Path) -> Place:
    """A round that a guest enters by a kiosk, by a poster and with a slip."""
    return Place(tmp_path, frozenset(Admission))


def seen_of(response: TestResponse) -> tuple[int, bytes, str]:
    """All that a browser is told."""
    return response.status_code, response.data, str(response.headers)


def way(place: Place, name: str) -> tuple[str, dict[str, str]]:
    """The address and the fields of a guest's form."""
    path = {"kiosk": "/", "poster": "/s/poster", "slip": "/q/answer"}[name]
    return path, {"listened": "5", **({"slip": place.slip} if name == "slip" else {})}


@pytest.mark.parametrize("headers", [{}, SCRIPT], ids=["without a script", "with a script"])
@pytest.mark.parametrize("name", ["kiosk", "poster", "slip"])
def test_a_form_that_is_sent_again_gets_the_same_response_and_counts_once(
    everywhere: Place, name: str, headers: dict[str, str]
) -> None:
    path, fields = way(everywhere, name)
    sent = {**fields, "_ticket": new_ticket()}
    answers = [seen_of(everywhere.client.post(path, data=sent, headers=headers)) for _ in range(3)]
    assert answers[0][0] in (204, 303)
    assert len(set(answers)) == 1
    assert everywhere.waiting() == 1


@pytest.mark.parametrize("name", ["kiosk", "poster"])
def test_two_guests_with_equal_answers_count_twice(everywhere: Place, name: str) -> None:
    path, fields = way(everywhere, name)
    for _ in range(2):
        everywhere.client.post(path, data={**fields, "_ticket": new_ticket()})
    assert everywhere.waiting() == 2


def test_a_repeated_form_uses_no_second_slip_and_a_used_slip_admits_no_second_form(everywhere: Place) -> None:
    path, fields = way(everywhere, "slip")
    first = {**fields, "_ticket": new_ticket()}
    assert everywhere.client.post(path, data=first).status_code == 303
    other = everywhere.client.post(path, data={**fields, "_ticket": new_ticket()})
    assert (other.status_code, other.headers["Kiosk-Refusal"]) == (409, "used_slip")
    again = {**first, "slip": everywhere.other_slip}
    assert everywhere.client.post(path, data=again).status_code == 303
    assert everywhere.client.post(path, data={**again, "_ticket": new_ticket()}).status_code == 303
    assert everywhere.waiting() == 2


def test_each_view_of_a_phones_page_has_a_new_ticket_and_a_kiosks_page_has_none(
    everywhere: Place,
) -> None:
    """A browser would store a kiosk's page again, with the time, if it differed from guest to guest."""
    client, slip = everywhere.client, {"slip": everywhere.slip}
    phones = [client.get("/s/poster").text for _ in range(2)]
    phones += [client.post("/q/questions", data=slip).text for _ in range(2)]
    tickets_of_pages = [TICKET_FIELD.findall(page) for page in phones]
    assert [len(tickets) for tickets in tickets_of_pages] == [1] * 4
    assert len({ticket for tickets in tickets_of_pages for ticket in tickets}) == 4
    first, second = client.get("/"), client.get("/")
    assert first.data == second.data
    assert "_ticket" not in first.text


@pytest.mark.parametrize("tickets", ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, ["0" * 32] * 2, "0" * 9000])
@pytest.mark.parametrize("name", ["kiosk", "poster", "slip"])
def test_an_invalid_ticket_is_refused(everywhere: Place, name: str, tickets: str | list[str]) -> None:
    path, fields = way(everywhere, name)
    response = everywhere.client.post(path, data={**fields, "_ticket": tickets})
    assert (response.status_code, response.headers["Kiosk-Refusal"]) == (400, "bad")
    assert everywhere.waiting() == 0


def reveals_an_answer(folder: Path) -> bool:
    """Whether an attacker sees a difference between a guest who has answered and one who has not.

    She has seen the guest's page, so she knows its ticket, and sends a ballot of her own with it, and others
    with tickets that she draws.
    """
    seen = set()
    for has_answered in (False, True):
        place = Place(folder / str(has_answered), frozenset({Admission.POSTER}))
        ticket = "0f" * TICKET_BYTES
        if has_answered:
            place.client.post("/s/poster", data={"listened": "1", "_ticket": ticket})
        probes = [ticket, ticket, new_ticket()]
        answers = [place.client.post("/s/poster", data={"listened": "5", "_ticket": one}) for one in probes]
        seen.add(tuple(seen_of(answer) for answer in answers))
    return len(seen) > 1


def test_knowing_a_ticket_does_not_reveal_whether_its_guest_answered(tmp_path: Path) -> None:
    assert not reveals_an_answer(tmp_path)


def test_the_check_catches_a_response_that_differs_for_a_known_ticket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_form = Letterboxes.take_form

    def raises_if_used(self: Letterboxes, round_id: str, unit_id: str, ticket: bytes, rng: Random) -> bool:
        if not take_form(self, round_id, unit_id, ticket, rng):
            raise UsedSlipError
        return True

    monkeypatch.setattr(Letterboxes, "take_form", raises_if_used)
    assert reveals_an_answer(tmp_path)


def test_viewing_a_slips_questions_does_not_reveal_whether_it_was_used(everywhere: Place) -> None:
    """Otherwise whoever printed the slips could watch them being used, one by one."""

    def look() -> tuple[int, str]:
        page = everywhere.client.post("/q/questions", data={"slip": everywhere.slip})
        return page.status_code, TICKET_FIELD.sub("", page.text)

    before = look()
    path, fields = way(everywhere, "slip")
    assert everywhere.client.post(path, data=fields).status_code == 303
    assert look() == before


@pytest.mark.parametrize("forms", [0, 1, 5])
@pytest.mark.parametrize("envelopes", [0, 1, 4])
def test_a_packed_letterbox_separates_form_and_envelope_tickets_without_their_order(
    envelopes: int, forms: int
) -> None:
    letterbox, rng = new_letterbox(), Random(1)
    sealed, sent = ([secrets.token_bytes(TICKET_BYTES) for _ in range(n)] for n in (envelopes, forms))
    packed = set()
    for turn in (1, -1):
        filled = letterbox
        for ticket in sealed[::turn]:
            filled = filled.with_envelope(ticket)
        for ticket in sent[::turn]:
            filled = filled.with_form(ticket, rng)
        packed.add(filled.pack())
    [only] = packed
    digests = [frozenset(map(ticket_digest, tickets)) for tickets in (sealed, sent)]
    assert unpack(only) == Letterbox(letterbox.private, *digests)


def test_a_letterbox_keeps_a_limited_number_of_form_tickets_and_the_latest_one() -> None:
    letterbox, rng = new_letterbox(), Random(1)
    for number in range(MOST_FORM_TICKETS + 50):
        ticket = number.to_bytes(TICKET_BYTES)
        letterbox = letterbox.with_form(ticket, rng)
        assert letterbox.has_taken_form(ticket)
    assert len(letterbox.forms) == MOST_FORM_TICKETS


def test_tickets_are_sealed_at_constant_length_until_the_round_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope, "MOST_FORM_TICKETS", 3)
    place = Place(tmp_path, frozenset(Admission))
    ballot, tickets = Ballot((NoAnswer.SKIPPED,) * 4), [secrets.token_bytes(TICKET_BYTES) for _ in range(6)]

    def rows() -> list[bytes]:
        with closing(sqlite3.connect(tmp_path / "k.sqlite")) as database:
            return [row for (row,) in database.execute("SELECT sealed FROM letterbox")]

    lengths = {len(row) for row in rows()}
    for ticket in tickets:
        place.store.cast("r", "frida", ballot, NOW, ticket=ticket)
        lengths |= {len(row) for row in rows()}
    assert len(lengths) == 1
    secret = {part for ticket in tickets for part in (ticket, ticket_digest(ticket))}
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not [part for part in secret if part in on_disk or part.hex().encode() in on_disk]
    place.store.count(place.round.closes_at)
    assert rows() == []
