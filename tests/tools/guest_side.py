"""A running round at one kiosk, and a client at its address."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient

from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.rounds import Admission, Protection, Round
from kiosk.domain.screen_size import Screen
from kiosk.domain.survey import Survey
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.settings import read_settings
from kiosk.storage import Store
from kiosk.storage.devices import Devices
from tests.tools.builders import a_prepared_store, a_store
from tests.tools.shipped import is_shipped, library_for, share_templates

NOW = datetime(2026, 3, 2, 12)


class Place:
    """A running round at one kiosk, and a client at its address."""

    def __init__(
        self,
        folder: Path,
        ways: frozenset[Admission] = frozenset({Admission.KIOSK, Admission.SLIP}),
        rate_limit: RateLimit | None = None,
        clock: Callable[[], datetime] = lambda: NOW,
        devices: Devices | None = None,
        languages: frozenset[str] | None = None,
        leave_to: str = "https://www.smhi.se",
        screen: Screen | None = None,
        audio: Path | None = None,
        protection: Protection = Protection.EXACT,
        survey: Survey | None = None,
    ) -> None:
        self.library = library = library_for(read_settings({"KIOSK_DATA": str(folder)}))
        name = ("guest", ways, protection) if survey is None and is_shipped(library) else None
        survey, tree = survey or library.surveys["ombudsmannaskap"], library.trees["vasteras"]
        self.round = Round("r", survey, tree, 5, NOW, NOW + timedelta(days=9), ways, protection=protection)

        def prepare(store: Store) -> None:
            store.open_round(self.round, NOW)
            store.links.add(Admission.KIOSK, "frida", code="")
            store.links.add(Admission.POSTER, "frida", code="poster")

        if name:
            self.store = a_prepared_store(folder, name, prepare)
        else:
            prepare(store := a_store(folder))
            self.store = store
        [self.slip, self.other_slip] = self.store.print_slips("r", "frida", 2)
        self.app = create_guest_app(
            self.store,
            library,
            clock=clock,
            rate_limit=rate_limit or RateLimit(1.0, 1000),
            devices=devices,
            allowed_languages=languages,
            leave_to=leave_to,
            screen=screen,
            audio=audio,
            secret_key="s" * 32,
        )
        share_templates(self.app)
        self.client: FlaskClient = self.app.test_client(use_cookies=False)

    def waiting(self) -> int:
        """Return the number of uncounted ballots. Closes the round."""
        return count_after_closing(self.store, self.round)


def count_after_closing(store: Store, of_round: Round) -> int:
    """Close the round, and return the number of ballots that its boxes held, which nothing else shows.

    k ballots are added first and subtracted from the result: fewer than k in total would be destroyed
    uncounted.
    """
    for _ in range(of_round.k):
        store.cast(of_round.id, "frida", Ballot((NoAnswer.SKIPPED,) * 4), of_round.opens_at)
    store.count(of_round.closes_at)
    return (store.snapshot()["rounds"][0]["nodes"][0]["answered"] or 0) - of_round.k
