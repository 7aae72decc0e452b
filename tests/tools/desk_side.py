"""An installation with a running round, and a client of the desk."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from flask.testing import FlaskClient
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
        match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get(path).text)
        assert match
        return match.group(1)

    def sign_in(self, name: str = "anna", password: str = PASSWORD) -> TestResponse:
        data = {"csrf_token": self.token("/admin/sign-in"), "name": name, "password": password}
        return self.client.post("/admin/sign-in", data=data)

    def answer(self, number: int, unit: str = "dagverksamheten") -> None:
        random = Random(number)
        options: list[Answer] = [1, 2, 3, 4, 5, NoAnswer.DONT_KNOW]
        for _ in range(number):
            answers = tuple(random.choice(options) for _ in range(4))
            self.store.cast("r", unit, Ballot(answers), self.now)
        self.now += timedelta(seconds=5)
        self.store.count(self.now)
