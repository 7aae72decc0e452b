"""Guessing codes is slow, and keeps no guest with a right code out."""

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kiosk.guest.code_throttle import (
    CHECKS_PER_DELAY,
    DELAY_SECONDS,
    FREE_WRONG_CODES,
    MOST_WRONG_CODES,
    SECONDS_PER_WRONG_CODE,
    CodeThrottle,
)
from kiosk.guest.wrong_codes import HOLD
from tests.tools.guest_side import Place

HOUSE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
SATURATING = FREE_WRONG_CODES + 2 * CHECKS_PER_DELAY
"""Guesses at one moment after which further ones change nothing: none is looked up any more."""
WRONG = "BCDFGHJKMNPQ"


class Guesses:
    """A guest side, a clock set by the test, and the delays that its answers asked for."""

    def __init__(self, folder: Path) -> None:
        self.now, self.delays = 0.0, list[float]()
        self.place = Place(folder)
        self.throttle = CodeThrottle(lambda: self.now)
        self.place.app.extensions["guest"].code_throttle = self.throttle

    def send(self, code: str, source: str = HOUSE, path: str = "/q/questions", **data: Any) -> TestResponse:
        environ = {"REMOTE_ADDR": source, HOLD: self.delays.append}
        return self.place.client.post(path, data={"slip": code, **data}, environ_overrides=environ)

    def flood(self, number: int, source: str = HOUSE) -> list[int]:
        return [self.send(WRONG, source).status_code for _ in range(number)]


@pytest.fixture
def guesses(tmp_path: Path) -> Guesses:
    return Guesses(tmp_path)


def test_a_few_mistyped_codes_cause_no_delay(guesses: Guesses) -> None:
    assert guesses.flood(FREE_WRONG_CODES - 1) == [403] * (FREE_WRONG_CODES - 1)
    assert guesses.send(guesses.place.slip).status_code == 200
    assert guesses.delays == []


@pytest.mark.slow
def test_guessing_codes_is_slowed_down(guesses: Guesses) -> None:
    """Also for who sends as fast as the server answers: 10 guesses a second instead of 1,285."""
    guesses.flood(FREE_WRONG_CODES)
    looked_up = 0
    for _ in range(100):
        guesses.now += 0.1
        looked_up += guesses.flood(20).count(403)
    assert looked_up <= (10 / DELAY_SECONDS + 1) * CHECKS_PER_DELAY
    assert set(guesses.delays) == {DELAY_SECONDS}
    assert len(guesses.delays) >= 1990, "refusals are delayed too"


def test_a_right_code_from_a_slowed_address_is_accepted_with_the_same_delay(guesses: Guesses) -> None:
    guesses.flood(FREE_WRONG_CODES)
    guesses.delays.clear()
    wrong = guesses.send(WRONG)
    assert (wrong.status_code, guesses.delays) == (403, [DELAY_SECONDS])
    assert guesses.send(guesses.place.slip).status_code == 200
    fields = {"listened": "5", "rights_knowledge": "", "feel_better": "", "contact_support": ""}
    assert guesses.send(guesses.place.slip, path="/q/answer", **fields).status_code == 303
    assert guesses.delays == [DELAY_SECONDS] * 3, "right and wrong alike"


def test_at_the_limit_right_and_wrong_codes_get_the_same_response(guesses: Guesses) -> None:
    guesses.flood(FREE_WRONG_CODES + CHECKS_PER_DELAY)
    answers = [guesses.send(code) for code in (WRONG, guesses.place.slip)]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert answers[0].data == answers[1].data
    assert answers[0].headers["Retry-After"] == "2"
    guesses.now += DELAY_SECONDS
    assert guesses.send(guesses.place.slip).status_code == 200, "the guest who sends again"


def test_another_address_is_not_slowed(guesses: Guesses) -> None:
    assert guesses.flood(SATURATING)[-1] == 429
    guesses.delays.clear()
    assert guesses.send(guesses.place.slip, ELSEWHERE).status_code == 200
    assert guesses.delays == []


def test_guessing_pairing_codes_is_slowed_down_too(guesses: Guesses) -> None:
    environ = {"REMOTE_ADDR": HOUSE, HOLD: guesses.delays.append}
    for _ in range(FREE_WRONG_CODES + 1):
        guesses.place.client.post("/pair", data={"code": "1"}, environ_overrides=environ)
    assert guesses.delays == [DELAY_SECONDS]


def test_a_source_is_forgotten_after_two_minutes(guesses: Guesses) -> None:
    assert guesses.flood(SATURATING)[-1] == 429
    guesses.now += MOST_WRONG_CODES * SECONDS_PER_WRONG_CODE
    guesses.flood(1, ELSEWHERE)
    assert HOUSE not in str(vars(guesses.throttle))
    assert MOST_WRONG_CODES * SECONDS_PER_WRONG_CODE == 120


def test_a_right_code_leaves_no_trace_of_its_source(guesses: Guesses) -> None:
    guesses.send(guesses.place.slip)
    assert HOUSE not in str(vars(guesses.throttle))
    guesses.flood(1)
    assert HOUSE in str(vars(guesses.throttle)), "the control"
