"""An installation with a running round, and a client of the desk."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from kiosk.desk.app import create_desk_app
from kiosk.domain.ballot import Answer, Ballot, NoAnswer
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.schedule import Every
from kiosk.settings import read_settings
from kiosk.storage import Account, Role, Store, hash_password
from kiosk.storage.devices import Devices
from tests.tools.builders import a_prepared_store, a_store
from tests.tools.passwords import make_hashes_cheap
from tests.tools.shipped import is_shipped, library_for, share_templates

START = datetime(2026, 3, 2, 12)


PASSWORD = "a long password"

make_hashes_cheap()

HASH = hash_password(PASSWORD)

_NEW_TOKEN = secrets.token_hex(20)
"""The token of a client's first session."""

_PAGES_WITH_TOKEN = set[str]()
"""Paths of pages whose forms were seen to have a token."""


class Desk:
    """An installation with a running round, unless it `is_empty`, a clock set by the test, and a client."""

    def __init__(
        self,
        folder: Path,
        seconds: int = 5,
        admission: frozenset[Admission] = frozenset({Admission.KIOSK}),
        languages: frozenset[str] = frozenset(),
        devices: Devices | None = None,
        expected: Mapping[str, int] | None = None,
        rng: Random | None = None,
        *,
        is_empty: bool = False,
    ) -> None:
        self.now = START
        self.settings = settings = read_settings({"KIOSK_DATA": str(folder)})
        library = library_for(settings)
        self.round = Round(
            "r", library.surveys["ombudsmannaskap"], library.trees["vasteras"], 5, START,
            START + timedelta(days=90), admission, expected=expected or {},
        )  # fmt: skip

        def prepare(store: Store) -> None:
            store.accounts.set(Account("anna", Role.COORDINATOR, HASH))
            store.accounts.set(Account("bo", Role.STAFF, HASH))
            if not is_empty:
                store.open_round(self.round, START)

        if rng is None and is_shipped(library):
            name = ("desk", admission, frozenset((expected or {}).items()), is_empty)
            self.store = a_prepared_store(folder, name, prepare)
        else:
            prepare(store := a_store(folder, rng=rng))
            self.store = store
        self.app = create_desk_app(
            self.store, library, clock=lambda: self.now, ticks=Every(seconds), secret_key="s" * 32,
            guest_address="http://guest.example", allowed_languages=languages, settings=settings,
            devices=devices,
        )  # fmt: skip
        share_templates(self.app)
        self.client: FlaskClient = self.app.test_client()

    def token(self, path: str) -> str:
        """Return a token for the forms of a page. The page is rendered for the first test that asks only."""
        if path not in _PAGES_WITH_TOKEN:
            assert 'name="csrf_token"' in self.client.get(path).text
            _PAGES_WITH_TOKEN.add(path)
        return form_token(self.app, self.client)

    def sign_in(self, name: str = "anna", password: str = PASSWORD) -> TestResponse:
        """Sign in: anna is a coordinator, bo is staff. Returns the response."""
        data = {"csrf_token": self.token("/admin/sign-in"), "name": name, "password": password}
        return self.client.post("/admin/sign-in", data=data)

    def answer(self, number: int, unit: str = "dagverksamheten") -> None:
        """Cast `number` random ballots at a unit, let five seconds pass, and count."""
        random = Random(number)
        options: list[Answer] = [1, 2, 3, 4, 5, NoAnswer.DONT_KNOW]
        for _ in range(number):
            answers = tuple(random.choice(options) for _ in range(4))
            self.store.cast("r", unit, Ballot(answers), self.now)
        self.now += timedelta(seconds=5)
        self.store.count(self.now)


def expecting(desk: Desk, guests: int = 400) -> dict[str, str]:
    """Return the fields of the expected guests in the form that opens a round, the same for every unit."""
    return {f"expected-{unit}": str(guests) for unit in desk.app.extensions["desk"].library.units}


def form_token(app: Flask, client: FlaskClient) -> str:
    """Return a token that every form of this client's session may carry, as Flask-WTF makes it.

    To render a page for its token takes longer than most tests, and so does Flask's own transaction of a
    session, which is left for a session without a token.
    """
    cookie, signer = client.get_cookie("desk"), SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer, "the application has a secret key"
    value = _NEW_TOKEN
    if cookie is None:
        client.set_cookie("desk", str(signer.dumps({"csrf_token": value})))
    elif not (value := signer.loads(cookie.value).get("csrf_token", "")):
        with client.session_transaction(path="/admin/") as session:
            value = session["csrf_token"] = secrets.token_hex(20)
    return str(URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(value))
