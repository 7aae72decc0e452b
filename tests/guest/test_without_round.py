"""Where no round runs, a guest reads what holds: the questions are closed, open on a day, or do not exist."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn
from unittest.mock import patch

import pytest

from kiosk.domain.ballot import Ballot
from kiosk.domain.rounds import Admission, Round
from kiosk.guest import entry_points
from kiosk.guest.context import guest_side
from kiosk.guest.refusals import refuse
from kiosk.screen.texts import Refusal
from kiosk.storage import RoundState
from tests.tools.builders import a_round, tree
from tests.tools.guest_side import NOW, Place

ADDRESSES = ("/", "/s/poster", "/practice", "/s/poster/practice", "/practice/thanks")
CLOSED = "De här frågorna är avslutade. Det går inte längre att svara."
NONE = "Det finns inga frågor att svara på just nu."
DAY = timedelta(days=1)


class AtTime:
    """A place with a clock that a test sets."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.place = Place(folder, clock=lambda: self.now)

    def plan(self, opens_at: datetime) -> Round:
        """Open a round that is planned for a day."""
        planned = replace(self.place.round, id="next", opens_at=opens_at, closes_at=opens_at + 9 * DAY)
        self.place.store.open_round(planned, self.now)
        return planned

    def pages(self) -> set[tuple[int, str]]:
        """(status, text) of the page at each address of the unit."""
        answers = [self.place.client.get(path) for path in ADDRESSES]
        assert len({answer.headers["Kiosk-Refusal"] for answer in answers}) == 1
        return {(answer.status_code, answer.text.replace("/s/poster", "/")) for answer in answers}

    def page(self) -> str:
        """The text of every page of the unit."""
        pages = self.pages()
        assert {status for status, _ in pages} == {403}
        return "\n".join(text for _, text in pages)

    def slip(self, code: str) -> str:
        """The refusal of a slip, where the questions are opened."""
        answer = self.place.client.post("/q/questions", data={"slip": code})
        return f"{answer.headers['Kiosk-Refusal']}: {answer.text}"


@pytest.fixture
def at_time(tmp_path: Path) -> AtTime:
    return AtTime(tmp_path)


@pytest.mark.parametrize("is_counted", [False, True])
def test_a_closed_round_is_called_closed_at_every_address(at_time: AtTime, is_counted: bool) -> None:
    at_time.now = at_time.place.round.closes_at
    if is_counted:
        at_time.place.store.count(at_time.now)
    assert CLOSED in at_time.page()
    assert NONE not in at_time.page()
    assert "These questions are closed." in at_time.page()
    slip = at_time.slip(at_time.place.slip)
    # The codes of slips are deleted at the closing count.
    assert slip.startswith("unknown_slip" if is_counted else "closed")
    assert ("Koden är fel eller för gammal." if is_counted else CLOSED) in slip


def test_a_planned_round_says_when_it_opens_in_each_language(at_time: AtTime) -> None:
    at_time.now = at_time.place.round.closes_at
    at_time.plan(at_time.now + 5 * DAY)
    page = at_time.page()
    assert "Frågorna öppnar 16 mars 2026." in page
    assert "Kysymykset avautuvat 16. maaliskuuta 2026." in page
    assert "۱۶ مارس ۲۰۲۶" in page
    [code] = at_time.place.store.print_slips("next", "frida", 1)
    assert "Frågorna öppnar 16 mars 2026." in at_time.slip(code)
    assert at_time.slip(at_time.place.slip).startswith("closed")
    at_time.now += 5 * DAY
    assert at_time.place.client.get("/").status_code == 200


def test_a_late_form_is_told_that_its_round_is_closed_even_if_another_is_planned(at_time: AtTime) -> None:
    at_time.now = at_time.place.round.closes_at
    at_time.plan(at_time.now + 5 * DAY)
    for path in ("/", "/practice"):
        assert CLOSED in at_time.place.client.post(path, data={"listened": "5"}).text


def test_a_slip_of_a_planned_round_opens_on_its_day_beside_a_running_round(at_time: AtTime) -> None:
    at_time.plan(at_time.place.round.closes_at)
    [code] = at_time.place.store.print_slips("next", "frida", 1)
    assert at_time.slip(code).startswith("not_open")


def test_without_a_round_there_are_no_questions(at_time: AtTime) -> None:
    """At a unit that no round has, beside a running one, and after the only one was cancelled."""
    store = at_time.place.store
    store.links.add(Admission.POSTER, "elsewhere", code="elsewhere")
    assert NONE in at_time.place.client.get("/s/elsewhere").text
    planned = replace(a_round(tree("elsewhere"), opens_at=NOW + DAY), id="elsewhere")
    store.open_round(planned, NOW)
    [code] = store.print_slips("elsewhere", "elsewhere", 1)
    assert "Frågorna öppnar 3 mars 2026." in at_time.place.client.get("/s/elsewhere").text
    # A ballot is refused as closed, whether or not there was a round.
    assert CLOSED in at_time.place.client.post("/s/elsewhere", data={"listened": "5"}).text
    store.cancel_round("elsewhere", NOW)
    assert CLOSED in at_time.place.client.post("/s/elsewhere", data={"listened": "5"}).text
    assert NONE in at_time.place.client.get("/s/elsewhere").text
    assert at_time.slip(code).startswith("unknown_slip")


def pages_after(folder: Path, ballots: int) -> set[tuple[int, str]]:
    """The pages of a closed round in which `ballots` guests answered."""
    at_time = AtTime(folder)
    for _ in range(ballots):
        at_time.place.store.cast("r", "frida", Ballot((5, 5, 5, 5)), NOW)
    at_time.now = at_time.place.round.closes_at
    at_time.place.store.count(at_time.now)
    return at_time.pages()


def test_the_page_of_a_closed_round_says_nothing_about_its_ballots(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        folder.mkdir()
    assert pages_after(folders[0], 0) == pages_after(folders[1], 12)

    def leaky(states: Sequence[RoundState]) -> NoReturn:
        """The control: whether anybody answered changes the page."""
        del states
        nodes = guest_side().store.snapshot()["rounds"][0]["nodes"]
        has_figures = any(node["answered"] for node in nodes)
        refuse(403, Refusal.CLOSED if has_figures else Refusal.NO_ROUND)

    with patch.object(entry_points, "_refuse_without_running_round", leaky):
        assert pages_after(folders[2], 0) != pages_after(folders[3], 12)
