"""A coordinator comes from an empty installation to printed slips by links and buttons, with few clicks."""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.tools.desk_side import Desk

MOST_CLICKS = 20
"""Most clicks of the first hour, each link, button, choice and tick counted."""

Fields = Mapping[str, str | Sequence[str]]


class Coordinator:
    """A signed-in coordinator who sees one page at a time; `clicks` counts what she has clicked."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.path, self.clicks = desk, "/admin/", 0
        self.page = desk.client.get(self.path)

    def follow(self, words: str) -> None:
        """Click the first link with these words. Fails if the page has none."""
        links = re.findall(r'(?s)<a\b[^>]*href="([^"]+)"[^>]*>(.*?)</a>', self.page.text)
        address = next(href for href, text in links if unescape(text).strip() == words)
        self._open(unescape(address))

    def send(self, fields: Fields, choices: int = 0, path: str = "") -> None:
        """Fill in and send the page's form. `choices` is the number of clicks beside the button."""
        tokens = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', self.page.text)
        answer = self.desk.client.post(path or self.path, data={"csrf_token": tokens[0], **fields})
        self.clicks += 1 + choices
        self._show(answer, path or self.path)

    def _open(self, address: str) -> None:
        self.clicks += 1
        self._show(self.desk.client.get(address), address)

    def _show(self, answer: TestResponse, path: str) -> None:
        if answer.status_code == 303:
            path = answer.headers["Location"]
            answer = self.desk.client.get(path)
        assert answer.status_code == 200, (
            path,
            re.findall(r'(?s)<div class="problem".*?</div>', answer.text),
        )
        self.page, self.path = answer, path


@pytest.mark.slow
def test_the_first_hour_from_an_empty_installation_to_printed_slips(tmp_path: Path) -> None:
    desk = Desk(tmp_path, is_empty=True)
    desk.sign_in()
    anna = Coordinator(desk)
    assert "Följer med programmet: Västerås stadsmission. Lägg till egna" in anna.page.text
    anna.follow("Verksamheter")
    anna.follow("Lägg till en organisation")
    keys = [f"new-{number}" for number in range(1, 6)]
    names = ["Natthärbärget", "Kaféet", "", "", ""]
    none = [""] * 5
    rows_sent = {"key": keys, "unit_name": names, "parent": none, "unit_respondent": none}
    anna.send({"name": "Stadens mission", "respondent": "visitor", "seen": "", **rows_sent})
    tree_id = anna.path.rpartition("/")[2]
    anna.follow("Enkäter")
    anna.follow("Skapa en enkät")
    rows = 2
    anna.send(
        {
            "title": "Vår första enkät", "source": "Skrivet av oss själva", "licence": "Får användas fritt",
            "place": ["1", "2"], "id": [""] * rows, "text": ["Jag är trygg här", "Maten är god"],
            "outcome": ["Trygghet", "Hälsa"], "scale": ["agree5"] * rows, "good": ["high"] * rows,
            "agreeing": [""] * rows, "target": ["80", ""],
        },
        choices=rows,
    )  # fmt: skip
    survey_id = anna.path.rpartition("/")[2]
    anna.follow("Omgångar")
    anna.follow("Öppna en omgång")
    # Her own survey and organisation are chosen, not those that come with the program.
    assert {survey_id, tree_id} <= set(re.findall(r'<option selected value="([^"]+)"', anna.page.text))
    guests = dict.fromkeys(re.findall(r'name="(expected-[^"]+)"', anna.page.text), "30")
    anna.send(
        {
            "survey": survey_id, "tree": tree_id, "k": "8", "opens": "2026-03-02", "closes": "2026-05-31",
            "admission": "slip", "figures": "live", "protection": "protected", "understood": "y", **guests,
        },
        choices=2,
    )  # fmt: skip
    [state] = desk.store.rounds()
    assert (state.round.survey.title, state.round.tree.root.name) == ("Vår första enkät", "Stadens mission")
    anna.follow("Skärmar och utskrifter")
    units = re.findall(r'(?s)<select[^>]*id="unit"[^>]*>.*?<option[^>]*value="([^"]+)"', anna.page.text)
    assert set(units) <= set(state.round.tree.leaves), "the units of the open round come first"
    anna.follow("Lappar")
    unit = state.round.tree.leaves[0]
    slips = {"round": state.round.id, "unit": unit, "number": "8", "languages": "sv"}
    anna.send(slips, choices=2, path="/admin/links/slips")
    assert anna.page.mimetype == "application/pdf"
    assert anna.clicks <= MOST_CLICKS, anna.clicks
