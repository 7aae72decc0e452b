"""Rapid submissions from one screen are excluded, and reported at the end."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.guest.rate_limit import ROW_OF_GUESTS, Pace
from kiosk.storage import RoundClosedError
from tests.tools.guest_side import NOW, Place

PAUSE = 16.0


class Watched(Place):
    """A kiosk with a guard, and a clock that is set by hand."""

    def __init__(self, folder: Path) -> None:
        self.seconds = 0.0
        super().__init__(folder, pace=Pace(1.0, 1000, lambda: self.seconds, pause=PAUSE))

    def send(self, *after: float, answer: str = "5", path: str = "/", **more: str) -> None:
        """One ballot after each of these pauses, in seconds."""
        for pause in after:
            self.seconds += pause
            fields = {"listened": answer, **more}
            assert self.client.post(path, data=fields).status_code == 303

    def closed(self) -> dict[str, tuple[int | None, int]]:
        """Node -> (answered, excluded) once the round is closed."""
        self.store.count(self.round.closes_at)
        nodes = self.store.snapshot()["rounds"][0]["nodes"]
        return {node["id"]: (node["answered"], node["excluded_rapid"]) for node in nodes}


@pytest.fixture
def kiosk(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_a_row_without_a_pause_goes_apart_from_the_third_on(kiosk: Watched) -> None:
    kiosk.send(60, 60, 60, 60, 9, 9, 9, 9, 60)
    assert kiosk.closed() == {
        "frida": (None, 3),
        "vasteras": (6, 3),
        **dict.fromkeys(("talk2me", "dagverksamheten", "matcentralen", "second_hand"), (None, 0)),
    }


def test_what_went_apart_is_told_where_too_few_answered(kiosk: Watched) -> None:
    kiosk.send(60, 9, 9, 9)
    assert kiosk.closed()["vasteras"] == (None, 2)


def test_nothing_is_told_before_the_round_is_closed(kiosk: Watched) -> None:
    before = kiosk.store.snapshot_text()
    kiosk.send(*[9] * 30)
    kiosk.store.count(NOW.replace(hour=17))
    assert kiosk.store.snapshot_text() == before


def test_slips_and_posters_are_never_play(kiosk: Watched) -> None:
    kiosk.send(60, 9)
    kiosk.send(1, path="/q/answer", slip=kiosk.slip)
    kiosk.send(1, path="/q/answer", slip=kiosk.other_slip)
    kiosk.send(60, 60, 60)
    assert kiosk.closed()["vasteras"] == (7, 0)


def test_a_kiosk_whose_round_is_over_refuses_play_too(kiosk: Watched) -> None:
    with pytest.raises(RoundClosedError):
        kiosk.store.exclude_rapid("r", "frida", kiosk.round.closes_at)
    with pytest.raises(RoundClosedError):
        kiosk.store.exclude_rapid("r", "nowhere", NOW)


@given(st.lists(st.floats(0, 40), max_size=30))
def test_nobody_who_comes_after_a_pause_goes_apart_and_every_ballot_is_somewhere(gaps: list[float]) -> None:
    times = [0.0]
    pace = Pace(1.0, 1, lambda: times[0], pause=PAUSE)
    row = 0
    for gap in gaps:
        times[0] += gap
        is_rapid = pace.record_and_classify("a")
        row = row + 1 if row and gap < PAUSE else 1
        assert is_rapid == (row > ROW_OF_GUESTS)


class Suspicious(Pace):
    """A guard that takes one answer for play: the leak it must not have."""

    answer = ""

    def record_and_classify(self, kiosk: str) -> bool:
        return super().record_and_classify(kiosk) and self.answer == "5"


def test_the_guard_reads_no_answer(tmp_path: Path) -> None:
    def outcome(name: str, answers: str, pace: type[Pace]) -> tuple[int | None, int]:
        kiosk = Watched(tmp_path / name)
        guard = pace(1.0, 1000, lambda: kiosk.seconds, pause=PAUSE)
        place = Place(tmp_path / f"{name}-guarded", pace=guard)
        for answer in answers:
            kiosk.seconds += 9
            if isinstance(guard, Suspicious):
                guard.answer = answer
            assert place.client.post("/", data={"listened": answer}).status_code == 303
        place.store.count(place.round.closes_at)
        node = place.store.snapshot()["rounds"][0]["nodes"][0]
        return node["answered"], node["excluded_rapid"]

    for name, pace, worlds in (("own", Pace, 1), ("leaky", Suspicious, 2)):
        outcomes = {outcome(f"{name}{answers}", answers, pace) for answers in ("5555555", "5555111")}
        assert len(outcomes) == worlds


def test_the_box_does_not_tell_that_something_went_apart(kiosk: Watched, tmp_path: Path) -> None:
    kiosk.send(60, *[9] * 40)
    with closing(sqlite3.connect(tmp_path / "k.sqlite")) as database:
        sizes = database.execute("SELECT DISTINCT length(sealed) FROM box").fetchall()
    assert len(sizes) == 1
