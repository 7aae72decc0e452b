"""A ballot in an envelope: opened by its own letterbox only, taken once, and refused in plain words."""

import secrets
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.envelope import (
    STEP_BYTES,
    TICKET_BYTES,
    EnvelopeError,
    Letterbox,
    envelope_size,
    ticket_digest,
    unpack,
)
from kiosk.domain.rounds import Admission
from kiosk.screen.scripts import guest_files
from kiosk.settings import shipped_folder
from kiosk.storage import LetterboxGoneError, NotAdmittedError
from kiosk.storage.keys import PAD_BYTES
from kiosk.storage.letterboxes import new_letterbox
from tests.guest.sealing_kiosk import PAUSE, Kiosk
from tests.tools.envelopes import STATEMENTS, seal
from tests.tools.guest_side import NOW, Place

TICKET = bytes(range(TICKET_BYTES))


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path)


def test_a_letterbox_opens_an_envelope_sealed_for_it() -> None:
    letterbox = new_letterbox()
    letter = letterbox.open(seal(letterbox.public_key, b"a=5&b=&c=dont_know", TICKET), STATEMENTS)
    assert (letter.ticket, letter.is_rapid) == (TICKET, False)
    assert letter.fields == {"a": ["5"], "b": [""], "c": ["dont_know"]}
    assert letterbox.open(seal(letterbox.public_key, is_rapid=True), STATEMENTS).is_rapid


def test_a_packed_letterbox_does_not_reveal_the_order_of_envelopes() -> None:
    letterbox, tickets = new_letterbox(), [secrets.token_bytes(TICKET_BYTES) for _ in range(9)]
    ways = []
    for order in (tickets, tickets[::-1]):
        filled = letterbox
        for ticket in order:
            filled = filled.with_envelope(ticket)
        ways.append(filled.pack())
        assert unpack(filled.pack()) == Letterbox(letterbox.private, frozenset(map(ticket_digest, tickets)))
    assert ways[0] == ways[1]


def test_damaged_or_foreign_envelopes_are_refused() -> None:
    letterbox = new_letterbox()
    good = seal(letterbox.public_key)
    hostile = {
        "another's": seal(new_letterbox().public_key),
        "cut": good[:-1],
        "longer": good + b"\0",
        "empty": b"",
        "changed": good[:-1] + bytes([good[-1] ^ 1]),
        "no point": bytes(65) + good[65:],
        "not on the curve": b"\4" + bytes([1]) * 64 + good[65:],
        "compressed point": b"\2" + good[1:],
        "not text": seal(letterbox.public_key, b"listened=\xff"),
        "no form": seal(letterbox.public_key, b""),
    }
    for name, envelope in hostile.items():
        with pytest.raises(EnvelopeError) as refused:
            letterbox.open(envelope, STATEMENTS)
        assert "listened" not in str(refused.value), name


def test_an_envelope_that_is_sent_several_times_counts_once(kiosk: Kiosk) -> None:
    envelopes = [seal(kiosk.public_key) for _ in range(6)]
    answers = [
        kiosk.send(one, waited=again > 0)
        for again in range(3)
        for one in (envelopes if again else envelopes[:1])
    ]
    assert {(one.status_code, one.data, str(one.headers)) for one in answers} == {
        (204, b"", str(answers[0].headers))
    }
    assert answers[0].headers["Kiosk-Ballot"] == "taken"
    assert kiosk.waiting() == len(envelopes)


def test_envelopes_and_forms_get_the_same_response_bytes(kiosk: Kiosk) -> None:
    sealed = kiosk.send(seal(kiosk.public_key))
    open_ = kiosk.client.post("/", data={"listened": "3"}, headers={"Kiosk-Script": "yes"})
    assert (sealed.status_code, sealed.data, str(sealed.headers)) == (
        open_.status_code,
        open_.data,
        str(open_.headers),
    )


def test_an_invalid_ballot_leaves_nothing_and_its_ticket_stays_valid(kiosk: Kiosk) -> None:
    for form in (b"listened=6", b"unknown=1", b"listened=1&listened=2", b""):
        refused = kiosk.send(seal(kiosk.public_key, form, TICKET))
        assert (refused.status_code, refused.headers["Kiosk-Refusal"]) == (410, "bad")
    assert kiosk.send("no base64!").headers["Kiosk-Refusal"] == "bad"
    for fields in ({"_envelope": ["a", "b"]}, {"_envelope": "YQ=="}, {"_envelope": "YQ==", "listened": "5"}):
        assert kiosk.client.post("/", data=fields).status_code == 400
    assert kiosk.send(seal(kiosk.public_key, ticket=TICKET)).status_code == 204
    assert kiosk.waiting() == 1


def test_a_posters_address_refuses_envelopes(kiosk: Kiosk) -> None:
    assert kiosk.send(seal(kiosk.public_key), "/s/poster").status_code == 400
    assert "data-letterbox" not in kiosk.client.get("/s/poster").text
    assert kiosk.waiting() == 0


def counted_and_excluded(kiosk: Kiosk) -> tuple[int, int]:
    """(ballots counted, ballots excluded as too rapid) at the end."""
    return kiosk.waiting(), kiosk.store.snapshot()["rounds"][0]["nodes"][0]["excluded_rapid"]


def test_waiting_envelopes_marked_as_rapid_are_excluded(kiosk: Kiosk) -> None:
    for is_rapid in (False, False, False, True, False, False):
        kiosk.send(seal(kiosk.public_key, is_rapid=is_rapid))
    assert counted_and_excluded(kiosk) == (5, 1)


def test_envelopes_sent_at_once_and_marked_as_rapid_are_excluded(kiosk: Kiosk) -> None:
    for is_rapid in (False, True, True, False):
        kiosk.send(seal(kiosk.public_key, is_rapid=is_rapid), waited=False, after=0)
    assert counted_and_excluded(kiosk) == (2, 2)


@pytest.mark.parametrize("waited", [False, True])
@pytest.mark.parametrize(("after", "accepted"), [(1.0, 3), (2 * PAUSE, 20)])
def test_claiming_that_envelopes_waited_does_not_lift_the_rate_limit(
    kiosk: Kiosk, after: float, accepted: int, *, waited: bool
) -> None:
    kiosk.rate_limit.seconds, kiosk.rate_limit.burst = PAUSE, 2
    statuses = [kiosk.send(seal(kiosk.public_key), waited=waited, after=after).status_code for _ in range(20)]
    assert (statuses.count(204), statuses.count(429)) == (accepted, 20 - accepted)
    assert counted_and_excluded(kiosk) == (accepted, 0)


@pytest.mark.parametrize("delays", [(0.0, 10.0), (10.0, 0.0), (9.0, 10.0, 0.0)])
def test_a_kiosk_on_a_slow_network_is_never_rate_limited(kiosk: Kiosk, delays: tuple[float, ...]) -> None:
    """The script tries at whole rounds of the clock, and gives each try ten seconds."""
    kiosk.rate_limit.seconds, kiosk.rate_limit.burst = PAUSE, 2
    for number in range(12):
        kiosk.seconds = number * 2 * PAUSE
        assert kiosk.send(seal(kiosk.public_key), after=delays[number % len(delays)]).status_code == 204
    assert counted_and_excluded(kiosk) == (12, 0)


def test_a_form_sent_without_a_script_gets_a_redirect(kiosk: Kiosk) -> None:
    assert kiosk.client.post("/", data={"listened": "3"}).status_code == 303


def test_an_envelope_after_its_round_is_gone_and_reported_as_late(kiosk: Kiosk) -> None:
    kiosk.send(seal(kiosk.public_key))
    key, late = kiosk.public_key, seal(kiosk.public_key)
    kiosk.store.count(kiosk.round.closes_at)
    answers = [kiosk.send(late, waited=waited, sealed_for=key) for waited in (False, True)]
    assert [(one.status_code, one.headers["Kiosk-Refusal"]) for one in answers] == [(410, "closed")] * 2
    assert kiosk.devices.was_late("")
    with pytest.raises(LetterboxGoneError):
        kiosk.store.cast_envelope(key.hex(), late, NOW)


def test_only_well_formed_envelopes_are_reported_as_late(kiosk: Kiosk) -> None:
    key, late = kiosk.public_key, seal(kiosk.public_key)
    kiosk.store.count(kiosk.round.closes_at)
    for garbage in (b"", late[:-1], bytes(len(late)), late[: envelope_size(0)]):
        assert kiosk.send(garbage, sealed_for=key).status_code == 410
    assert not kiosk.devices.was_late("")
    kiosk.send(late, sealed_for=key)
    assert kiosk.devices.was_late("")


@pytest.mark.slow
@pytest.mark.parametrize(("step", "lengths"), [(STEP_BYTES, 1), (PAD_BYTES, 2)], ids=["own", "small"])
def test_the_length_of_a_letterbox_does_not_reveal_the_number_of_envelopes(
    kiosk: Kiosk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, lengths: int
) -> None:
    monkeypatch.setattr("kiosk.domain.envelope.STEP_BYTES", step)
    kiosk.store.renew()
    sizes = set()
    for taken in range(1, 261):
        kiosk.store.cast_envelope(kiosk.public_key.hex(), seal(kiosk.public_key), NOW)
        if taken % 130 == 0:
            with closing(sqlite3.connect(tmp_path / "k.sqlite")) as database:
                sizes |= set(database.execute("SELECT length(sealed) FROM letterbox"))
    assert len(sizes) == lengths


@pytest.mark.parametrize("away", [timedelta(days=-800), timedelta(days=800)])
def test_a_server_clock_that_is_wrong_for_a_while_loses_no_envelope(kiosk: Kiosk, away: timedelta) -> None:
    envelope = seal(kiosk.public_key)
    kiosk.now = NOW + away
    refused = kiosk.send(envelope)
    assert (refused.status_code, refused.headers["Kiosk-Refusal"]) == (403, "closed")
    assert not kiosk.devices.was_late("")
    kiosk.now = NOW
    assert kiosk.send(envelope).status_code == 204


def test_a_moved_kiosk_delivers_envelopes_to_the_box_they_were_sealed_for(kiosk: Kiosk) -> None:
    kiosk.store.links.add(Admission.KIOSK, "frida", code="moved")
    waiting, at_once = seal(kiosk.public_key), seal(kiosk.public_key)
    kiosk.store.links.remove("moved")
    assert kiosk.send(waiting, "/k/unknown").status_code == 404
    kiosk.store.links.add(Admission.KIOSK, "talk2me", code="moved")
    assert [kiosk.send(waiting, "/k/moved").status_code for _ in range(2)] == [204, 204]
    assert kiosk.send(at_once, "/k/moved", waited=False).status_code == 204
    nodes = answered_after_closing(kiosk)
    assert (nodes["frida"], nodes["talk2me"]) == (12, 10)


def test_the_rate_limit_of_the_delivering_address_counts_foreign_envelopes(kiosk: Kiosk) -> None:
    kiosk.store.links.add(Admission.KIOSK, "talk2me", code="carrier")
    kiosk.rate_limit.burst = 1
    ways = ["/k/carrier", "/k/carrier", "/"]
    given = [kiosk.send(seal(kiosk.public_key), way, after=0).status_code for way in ways]
    assert given == [204, 429, 204]


def test_envelopes_are_refused_if_the_round_does_not_admit_kiosks(tmp_path: Path) -> None:
    place = Place(tmp_path, frozenset({Admission.SLIP}))
    key = place.store.public_key("r", "frida")
    with pytest.raises(NotAdmittedError):
        place.store.cast_envelope(key, seal(bytes.fromhex(key)), NOW)
    assert place.waiting() == 0


def answered_after_closing(kiosk: Kiosk) -> dict[str, int]:
    """How many answered at each unit: two have ten more ballots each, so that they are shown themselves."""
    for unit in ("frida", "talk2me"):
        for _ in range(2 * kiosk.round.k):
            kiosk.store.cast("r", unit, Ballot((NoAnswer.SKIPPED,) * STATEMENTS), NOW)
    kiosk.store.count(kiosk.round.closes_at)
    return {node["id"]: node["answered"] or 0 for node in kiosk.store.snapshot()["rounds"][0]["nodes"]}


def test_waiting_envelopes_do_not_use_up_the_rate_limit_of_guests(kiosk: Kiosk) -> None:
    kiosk.rate_limit.burst = 1
    given = [kiosk.send(seal(kiosk.public_key), after=0).status_code for _ in range(2)]
    assert given == [204, 429]
    assert kiosk.send(seal(kiosk.public_key), waited=False, after=0).status_code == 204


def test_the_page_and_each_sign_of_life_contain_the_public_key(kiosk: Kiosk) -> None:
    page = kiosk.client.get("/").text
    assert f'data-letterbox="{kiosk.public_key.hex()}"' in page
    assert 'data-pause="10000"' in page
    assert kiosk.client.head("/alive").headers["Kiosk-Letterbox"] == kiosk.public_key.hex()
    kiosk.store.count(kiosk.round.closes_at)
    assert "Kiosk-Letterbox" not in kiosk.client.head("/alive").headers


def test_each_unit_has_its_own_letterbox_until_the_round_closes(kiosk: Kiosk) -> None:
    keys = {kiosk.store.public_key("r", unit) for unit in kiosk.round.tree.leaves}
    assert len(keys) == len(kiosk.round.tree.leaves)
    other = kiosk.store.public_key("r", "talk2me")
    with pytest.raises(EnvelopeError):
        kiosk.store.cast_envelope(other, seal(kiosk.public_key), NOW)
    kiosk.store.count(kiosk.round.closes_at)
    assert kiosk.store.public_key("r", "frida") == ""


def test_waiting_envelopes_are_readable_after_a_count_and_a_renewal(kiosk: Kiosk) -> None:
    waiting, taken = seal(kiosk.public_key), seal(kiosk.public_key)
    kiosk.send(taken)
    kiosk.store.count(NOW.replace(hour=17))
    kiosk.store.renew()
    assert {kiosk.send(one).status_code for one in (waiting, taken)} == {204}
    assert kiosk.waiting() == 2


def test_envelopes_are_kept_while_a_key_is_missing_and_refused_once_it_is_given_up(
    kiosk: Kiosk, tmp_path: Path
) -> None:
    before = kiosk.public_key
    [key] = (tmp_path / "keys" / "letterbox.r.frida").iterdir()
    key.unlink()
    refused = kiosk.send(seal(before), waited=False)
    assert (refused.status_code, refused.headers["Kiosk-Refusal"]) == (500, "failed")
    kiosk.store.give_up_keys(kiosk.store.key_faults())
    assert kiosk.send(seal(before), waited=False).status_code == 410
    assert kiosk.public_key != before
    assert kiosk.send(seal(kiosk.public_key)).status_code == 204
    assert kiosk.waiting() == 1


def test_a_service_worker_is_served_to_its_own_kiosk_only(kiosk: Kiosk) -> None:
    kiosk.store.links.add(Admission.KIOSK, "frida", code="a-code")
    answer = kiosk.client.get("/k/a-code/worker")
    assert answer.headers["Service-Worker-Allowed"] == "/k/a-code"
    assert answer.mimetype == "text/javascript"
    # A browser that asked for it at each page would note when.
    assert answer.headers["Cache-Control"] == "private, max-age=900"
    assert kiosk.client.get("/k/a-code/queue").mimetype == "text/javascript"
    for path in ("/k/poster/worker", "/k/unknown/worker", "/s/poster/worker", "/worker", "/s/poster/queue"):
        assert kiosk.client.get(path).status_code == 404


def test_the_service_worker_caches_a_kiosks_pages_and_scripts_and_nothing_of_the_desk(kiosk: Kiosk) -> None:
    kiosk.store.links.add(Admission.KIOSK, "frida", code="a-code")
    worker = kiosk.client.get("/k/a-code/worker").text
    version = guest_files(shipped_folder("static")).version
    for file in ("guest_on_kiosk.js", "guest_bar.js", "guest_away.js"):
        assert f'"/static/{version}/{file}"' in worker
    assert '"/static/fonts/guest-arabic-400.woff2"' in worker
    for page in ("", "/practice", "/stored", "/queue"):
        assert f'"/k/a-code{page}"' in worker
        assert kiosk.client.get(f"/k/a-code{page}").status_code == 200
    assert "desk" not in worker
