"""The play guard cannot be aimed at others: no request changes what becomes of another sender's ballot.

An attacker knows the address of a kiosk and the key that its page names. He seals what he likes, sends as
fast as he likes, and compares the answers.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.domain.envelope import MARK_BYTES, envelope_size, ticket_digest
from kiosk.domain.rounds import Admission
from kiosk.guest.rate_limit import RateLimit
from tests.guest.sealing_kiosk import Kiosk
from tests.tools.envelopes import STATEMENTS, seal

PAUSE = 12.0
MARK = bytes(range(MARK_BYTES))


class Guarded(Kiosk):
    """A kiosk with the rate limit of an installation. Its own envelopes carry its mark."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.rate_limit.seconds, self.rate_limit.burst, self.rate_limit.pause = PAUSE, 2, PAUSE
        self.replayed = seal(self.public_key, ticket=secrets.token_bytes(16))
        assert self.answer() == 204
        assert self.send(self.replayed, waited=False).status_code == 204
        self.seconds += 1_000

    def answer(self, *, is_rapid: bool = False, after: float = 0.0) -> int:
        """The status for a guest's ballot."""
        envelope = seal(self.public_key, mark=MARK, is_rapid=is_rapid)
        return self.send(envelope, waited=False, after=after).status_code


@pytest.fixture
def kiosk(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


def junk(_kiosk: Guarded) -> bytes:
    return secrets.token_bytes(envelope_size(STATEMENTS))


def unreadable(kiosk: Guarded) -> bytes:
    return seal(kiosk.public_key, b"listened=6")


def replay(kiosk: Guarded) -> bytes:
    return kiosk.replayed


def own_ballot(kiosk: Guarded) -> bytes:
    return seal(kiosk.public_key)


def own_play(kiosk: Guarded) -> bytes:
    return seal(kiosk.public_key, is_rapid=True)


def foreign_mark(kiosk: Guarded) -> bytes:
    return seal(kiosk.public_key, mark=secrets.token_bytes(MARK_BYTES))


REQUESTS = (junk, unreadable, replay, own_ballot, own_play, foreign_mark)
Made = Callable[[Guarded], bytes]


@pytest.mark.parametrize("made", REQUESTS)
@pytest.mark.parametrize("waited", [False, True])
def test_requests_of_others_never_exclude_or_delay_a_guests_ballot(
    kiosk: Guarded, made: Made, *, waited: bool
) -> None:
    for _ in range(3):
        kiosk.send(made(kiosk), waited=waited, after=PAUSE / 3)
        kiosk.client.post("/", data={"listened": "1"})
        kiosk.client.post("/", data={"listened": "1", "_rapid": "yes"})
    before = kiosk.store.snapshot_text()
    assert [kiosk.answer(), kiosk.answer()] == [204, 204]
    assert kiosk.store.snapshot_text() == before
    kiosk.send(made(kiosk), waited=waited, after=PAUSE / 3)
    assert kiosk.answer(after=PAUSE) == 204


@pytest.mark.parametrize("made", REQUESTS)
@pytest.mark.parametrize("waited", [False, True])
def test_no_response_reveals_that_somebody_just_answered(tmp_path: Path, made: Made, *, waited: bool) -> None:
    worlds = set()
    for guests in (0, 1, 3):
        kiosk = Guarded(tmp_path / str(guests))
        for _ in range(guests):
            kiosk.answer()
        answers = [kiosk.send(made(kiosk), waited=waited, after=0) for _ in range(3)]
        answers.append(kiosk.client.post("/", data={"listened": "1"}))
        worlds.add(tuple((one.status_code, one.data, str(one.headers)) for one in answers))
    assert len(worlds) == 1


def test_junk_and_replays_are_not_rate_limited(kiosk: Guarded) -> None:
    for made, status in ((junk, 410), (unreadable, 410), (replay, 204)):
        assert {kiosk.send(made(kiosk), after=0).status_code for _ in range(9)} == {status}
    kiosk.store.count(kiosk.now.replace(hour=17))
    assert "guard_fired" not in kiosk.store.snapshot_text()


def test_a_sender_who_knows_a_kiosks_address_is_rate_limited(kiosk: Guarded) -> None:
    marks = [b"", *(secrets.token_bytes(MARK_BYTES) for _ in range(19))]
    sent = [seal(kiosk.public_key, mark=mark) for mark in marks]
    statuses = [kiosk.send(one, waited=False, after=1).status_code for one in sent]
    assert statuses.count(204) == 2 + 20 // PAUSE
    kiosk.store.count(kiosk.now.replace(hour=17))
    assert kiosk.store.snapshot()["rounds"][0]["nodes"][0]["guard_fired"]


def test_the_first_mark_belongs_to_the_kiosk_until_its_address_is_removed(kiosk: Guarded) -> None:
    kiosk.store.links.add(Admission.KIOSK, "frida", code="new")
    first, second = (secrets.token_bytes(MARK_BYTES) for _ in range(2))

    def statuses(mark: bytes) -> list[int]:
        envelopes = [seal(kiosk.public_key, mark=mark) for _ in range(2)]
        return [kiosk.send(one, "/k/new", waited=False, after=0).status_code for one in envelopes]

    assert statuses(first) == statuses(second) == [204, 204]
    assert statuses(secrets.token_bytes(MARK_BYTES)) == [429, 429]
    assert statuses(first) == [429, 429]
    kiosk.store.links.remove("new")
    kiosk.store.links.add(Admission.KIOSK, "frida", code="new")
    kiosk.seconds += 1_000
    assert statuses(second) == statuses(first) == [204, 204]


def test_stored_digests_do_not_reveal_which_kiosk_sent_an_envelope() -> None:
    digests = {ticket_digest(MARK + secrets.token_bytes(8))[:MARK_BYTES] for _ in range(50)}
    assert len(digests) == 50


def test_a_kiosks_rapid_ballots_are_excluded_at_once_or_later(kiosk: Guarded) -> None:
    assert kiosk.answer(is_rapid=True) == 204
    assert kiosk.send(seal(kiosk.public_key, mark=MARK, is_rapid=True)).status_code == 204
    kiosk.store.count(kiosk.round.closes_at)
    assert kiosk.store.snapshot()["rounds"][0]["nodes"][0]["excluded_rapid"] == 2


def test_the_rate_limit_admits_two_ballots_at_once() -> None:
    rate_limit = RateLimit(PAUSE, 2, lambda: 0.0, pause=PAUSE)
    assert [rate_limit.take_token("a") > 0 for _ in range(3)] == [False, False, True]
