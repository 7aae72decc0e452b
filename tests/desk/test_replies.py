"""You said, we did: written once a round is closed, told to guests at its units in the languages it has."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission, Round
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.settings import read_settings
from tests.tools.desk_side import Desk
from tests.tools.shipped import library_for


class Closed:
    """A desk whose first round is closed while a second one runs, and guests at both of two units."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.desk.answer(30)
        first = self.desk.round
        self.desk.now = first.closes_at
        self.desk.store.count(self.desk.now)
        second = Round(
            "second", first.survey, first.tree, 5, first.closes_at, first.closes_at + timedelta(days=90),
            frozenset(Admission),
        )  # fmt: skip
        self.desk.store.open_round(second, self.desk.now)
        self.desk.store.links.add(Admission.KIOSK, "frida", code="")
        library = library_for(read_settings({"KIOSK_DATA": str(folder)}))
        app = create_guest_app(
            self.desk.store,
            library,
            clock=lambda: self.desk.now,
            rate_limit=RateLimit(0.0, 1),
            allowed_languages=None,
        )
        self.guest: FlaskClient = app.test_client()
        self.desk.sign_in()

    def write(self, round_id: str = "r", **words: str) -> TestResponse:
        path = f"/admin/reply/{round_id}"
        data = {f"words-{code}": text for code, text in words.items()}
        token = self.desk.token("/admin/walls")
        return self.desk.client.post(path, data={"csrf_token": token, **data})

    def shown_reply(self, language: str) -> str:
        """What the guest's first page says in a language, or ""."""
        page = self.guest.get(f"/?lang={language}").text
        words = re.search(r'id="words">(.*?)</script>', page, re.DOTALL)
        assert words
        reply: str = json.loads(words.group(1))["languages"][language][2]
        shown = re.search(
            r'<div id="reply" class="reply"( hidden)?><p[^>]*>[^<]*</p><p>([^<]*)</p></div>', page
        )
        assert bool(reply) == bool(shown and not shown.group(1))
        return reply


@pytest.fixture
def closed(tmp_path: Path) -> Closed:
    return Closed(tmp_path)


@pytest.mark.slow
def test_a_reply_is_shown_only_in_the_languages_it_has(closed: Closed) -> None:
    assert closed.shown_reply("sv") == ""
    assert closed.write(sv="Vi har  satt upp\nen lista.").status_code == 303
    assert closed.shown_reply("sv") == "Vi har satt upp en lista."
    assert closed.shown_reply("en") == ""


@pytest.mark.slow
def test_a_reply_can_be_changed_and_removed(closed: Closed) -> None:
    closed.write(sv="En lista.")
    closed.write(sv="Två listor.")
    assert closed.shown_reply("sv") == "Två listor."
    assert 'maxlength="240">Två listor.</textarea>' in (closed.desk.client.get("/admin/reply/r").text)
    closed.write(sv="")
    assert closed.shown_reply("sv") == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [({"sv": "x" * 241}, "högst 240"), ({"sv": "a\u202eb"}, "osynliga tecknet U+202E")],
)
def test_an_unprintable_reply_is_refused(closed: Closed, words: dict[str, str], message: str) -> None:
    refused = closed.write(**words)
    assert (refused.status_code, message in refused.text) == (400, True)
    assert closed.shown_reply("sv") == ""


@pytest.mark.slow
def test_markup_in_a_reply_is_escaped(closed: Closed) -> None:
    closed.write(sv="<script>alert(1)</script>")
    assert "<script>alert" not in closed.guest.get("/").text


def test_a_running_round_cannot_have_a_reply(closed: Closed) -> None:
    assert closed.write("second", sv="x").status_code == 404
    assert closed.write("no_such", sv="x").status_code == 404


def test_staff_cannot_write_replies(closed: Closed) -> None:
    closed.desk.client.post("/admin/sign-out", data={"csrf_token": closed.desk.token("/admin/rounds")})
    closed.desk.sign_in("bo")
    assert closed.desk.client.get("/admin/reply/r").status_code == 403
