"""Rapid submissions are excluded by the verdict of their own kiosk, and reported at the end."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from kiosk.domain.ballot import Ballot
from kiosk.domain.rounds import Admission
from kiosk.storage import RoundClosedError, Store
from tests.tools.guest_side import NOW, Place

NODES = ("frida", "vasteras", "talk2me", "dagverksamheten", "matcentralen", "second_hand")
RAPID = {"_rapid": "yes"}


class Watched(Place):
    """A kiosk whose script marks rapid submissions."""

    def send(self, *rapid: bool, answer: str = "5", path: str = "/", **more: str) -> None:
        """One ballot for each verdict of the kiosk."""
        for is_rapid in rapid:
            fields = {"listened": answer, **more, **(RAPID if is_rapid else {})}
            assert self.client.post(path, data=fields).status_code == 303

    def closed(self) -> dict[str, tuple[int | None, int]]:
        """Node -> (answered, excluded) once the round is closed."""
        self.store.count(self.round.closes_at)
        nodes = self.store.snapshot()["rounds"][0]["nodes"]
        return {node["id"]: (node["answered"], node["excluded_rapid"]) for node in nodes}


@pytest.fixture
def kiosk(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_ballot_marked_as_rapid_by_its_kiosk_is_excluded(kiosk: Watched) -> None:
    kiosk.send(*[False] * 6, True, True, True)
    assert kiosk.closed() == {**dict.fromkeys(NODES, (None, 0)), "frida": (None, 3), "vasteras": (6, 3)}


def test_excluded_ballots_are_reported_even_with_too_few_answers(kiosk: Watched) -> None:
    kiosk.send(False, True, True)
    assert kiosk.closed()["vasteras"] == (None, 2)


def test_a_count_reports_that_ballots_were_excluded_but_not_how_many_or_when(kiosk: Watched) -> None:
    texts = set()
    for number in (1, 30):
        kiosk.send(*[True] * number)
        kiosk.store.count(NOW.replace(hour=17, minute=number))
        texts.add(kiosk.store.snapshot_text())
    [published] = texts
    assert '"guard_fired":true' in published.replace(" ", "")
    assert "excluded_rapid" not in published
    kiosk.store.count(NOW.replace(hour=18))
    assert "guard_fired" not in kiosk.store.snapshot_text()


def test_excluded_ballots_are_not_reported_before_a_count(kiosk: Watched) -> None:
    before = kiosk.store.snapshot_text()
    kiosk.send(*[True] * 30)
    assert kiosk.store.snapshot_text() == before


@pytest.mark.parametrize(("path", "by_slip"), [("/s/poster", False), ("/q/answer", True)])
def test_ballots_of_slips_and_posters_cannot_be_marked_as_rapid(
    tmp_path: Path, path: str, *, by_slip: bool
) -> None:
    kiosk = Watched(tmp_path, frozenset(Admission))
    slip = {"slip": kiosk.slip} if by_slip else {}
    assert kiosk.client.post(path, data={"listened": "5", **slip, **RAPID}).status_code == 400
    kiosk.send(*[False] * 5)
    kiosk.send(False, path=path, **slip)
    assert kiosk.closed()["vasteras"] == (6, 0)


def test_excluding_a_ballot_needs_a_running_round(kiosk: Watched) -> None:
    for write in (kiosk.store.exclude_rapid, kiosk.store.note_guard):
        with pytest.raises(RoundClosedError):
            write("r", "frida", kiosk.round.closes_at)
        with pytest.raises(RoundClosedError):
            write("r", "nowhere", NOW)


def suspicious(cast: Callable[..., None]) -> Callable[..., None]:
    """A guard that takes one answer for play: the leak it must not have."""

    def guarded(
        store: Store, round_id: str, unit: str, ballot: Ballot, now: datetime, *, ticket: bytes | None = None
    ) -> None:
        if 5 in ballot.answers:
            store.exclude_rapid(round_id, unit, now, ticket=ticket)
        else:
            cast(store, round_id, unit, ballot, now, ticket=ticket)

    return guarded


def test_the_play_guard_does_not_depend_on_answers(tmp_path: Path) -> None:
    def outcome(name: str, answers: str) -> tuple[int | None, int]:
        kiosk = Watched(tmp_path / name)
        for number, answer in enumerate(answers):
            kiosk.send(number > 4, answer=answer)
        return kiosk.closed()["vasteras"]

    assert len({outcome(f"own{answers}", answers) for answers in ("5555555", "5555111")}) == 1
    with patch.object(Store, "cast", suspicious(Store.cast)):
        assert len({outcome(f"leaky{answers}", answers) for answers in ("5555555", "5555111")}) == 2


def test_the_length_of_a_box_does_not_reveal_excluded_ballots(kiosk: Watched, tmp_path: Path) -> None:
    kiosk.send(False, *[True] * 40)
    with closing(sqlite3.connect(tmp_path / "k.sqlite")) as database:
        sizes = database.execute("SELECT DISTINCT length(sealed) FROM box").fetchall()
    assert len(sizes) == 1
