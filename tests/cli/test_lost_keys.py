"""Keys that are away: commands that would write stop, and 92 answers stay readable."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from kiosk.domain.ballot import Ballot
from kiosk.domain.box import Closing, plan_closing
from kiosk.domain.tree import Tree
from kiosk.storage import Store, migrations, newest_schema, open_store
from tests.tools.command_line import OPEN, Run, printed

pytestmark = pytest.mark.slow

BALLOTS = 92
UNIT = "dagverksamheten"


def without_days(
    tree: Tree, sizes: Mapping[str, int], counted: frozenset[str], k: int, steady: frozenset[str]
) -> Closing:
    """The plan of a closing, as if all units had ballots on three days: here all come at once."""
    del steady
    return plan_closing(tree, sizes, counted, k)


@dataclass
class Installation:
    """An installation with 92 ballots that wait, in the boxes of five units, set up at `now`."""

    folder: Path
    now: datetime

    @property
    def keys(self) -> Path:
        return self.folder / "data-keys"

    @property
    def round_id(self) -> str:
        [state] = self.store().rounds()
        return state.round.id

    def minutes_ago(self, minutes: int) -> str:
        """A time of day at which a count is due."""
        return (self.now - timedelta(minutes=minutes)).strftime("%H:%M")

    def take_away(self, what: str) -> Callable[[], object]:
        """Move the folder of keys, or one key, elsewhere; what moves it back."""
        kinds = {"one box": "box", "one slip set": "slips", "one letterbox": "letterbox"}
        if what == "nothing":
            return lambda: None
        [taken] = [self.keys] if what == "folder" else self.keys.glob(f"{kinds[what]}.*.{UNIT}/*")
        away = taken.rename(self.folder / "away")
        return lambda: away.rename(taken)

    def store(self) -> Store:
        return open_store(
            self.folder / "data", f"sqlite:///{self.folder / 'data' / 'kiosk.sqlite'}", self.keys
        )

    def cast(self) -> None:
        store, random = self.store(), Random(1)
        [state] = store.rounds()
        units = state.round.tree.leaves
        at = state.round.opens_at + timedelta(minutes=1)
        for n in range(BALLOTS):
            ballot = Ballot(tuple(random.randint(1, 5) for _ in state.round.survey.statements))
            store.cast(state.round.id, units[n % len(units)], ballot, at)
        store.close()

    def cast_at(self, unit: str) -> int:
        """How many of the ballots were cast at a unit: they go round."""
        units = self.store().rounds()[0].round.tree.leaves
        return len(range(units.index(unit), BALLOTS, len(units)))

    def readable(self) -> int:
        """Ballots that the round's closing counts: all that wait, if their keys open them."""
        store = self.store()
        [state] = store.rounds()
        with patch("kiosk.storage.count.plan_closing", without_days):
            store.count(state.round.closes_at)
        [published] = store.snapshot()["rounds"]
        store.close()
        return published["nodes"][0]["answered"] or 0

    def stored(self) -> list[object]:
        """All that the database holds, its tables' definitions included."""
        with closing(sqlite3.connect(self.folder / "data" / "kiosk.sqlite")) as database:
            return list(database.iterdump())


@pytest.fixture
def installation(run: Run, tmp_path: Path) -> Installation:
    made = Installation(tmp_path, datetime.now())
    printed(run("init", KIOSK_COUNT_AT=made.minutes_ago(5)))
    printed(run(*OPEN))
    made.cast()
    return made


def commands(installation: Installation) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Every command that would write to rows, or lay new ones out: its words, and its settings."""
    return {
        "upgrade": (("upgrade",), {}),
        "serve": (("serve",), {}),
        "count": (("count",), {"KIOSK_COUNT_AT": installation.minutes_ago(2)}),
        "slips": (("slips", "--round", installation.round_id, "--unit", UNIT), {}),
        "round open": ((*OPEN, "--opens", f"{installation.now.year + 1}-12-01"), {}),
    }


@pytest.mark.parametrize("name", ["upgrade", "serve", "count", "slips", "round open"])
@pytest.mark.parametrize("away", ["folder", "one box", "one slip set", "one letterbox"])
def test_with_a_key_away_a_command_is_refused_and_all_answers_stay(
    run: Run, installation: Installation, name: str, away: str
) -> None:
    put_back = installation.take_away(away)
    before = installation.stored()
    words, settings = commands(installation)[name]
    refused = run(*words, **settings)
    is_needed = name != "slips" or away in {"folder", "one slip set"}
    if is_needed:
        assert refused.exit_code == 2
        assert len(refused.stderr.splitlines()) == 1
        assert f"KIOSK_KEYS: {installation.keys}/" in refused.stderr
        assert "bring the key files back" in refused.stderr
        assert installation.stored() == before
    assert installation.keys.exists() == (away != "folder")
    put_back()
    assert installation.readable() == BALLOTS


def test_init_touches_no_installation_and_names_the_upgrade(run: Run, installation: Installation) -> None:
    for away in ("nothing", "folder"):
        put_back = installation.take_away(away)
        before = installation.stored()
        refused = run("init")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "to upgrade it: kiosk upgrade" in refused.stderr
        assert installation.stored() == before
        assert installation.keys.exists() == (away != "folder")
        put_back()
    assert installation.readable() == BALLOTS


def test_the_tables_of_an_older_version_are_upgraded_with_their_keys_only(
    run: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = newest_schema()
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, lambda _: None))
    for words in (("serve",), ("count",), ("results",), OPEN):
        refused = run(*words)
        assert (refused.exit_code, "run: kiosk upgrade" in refused.stderr) == (2, True)
    put_back = installation.take_away("folder")
    before = installation.stored()
    assert run("upgrade").exit_code == 2
    assert installation.stored() == before
    put_back()
    assert f"from version {known} to {known + 1}" in printed(run("upgrade"))
    assert installation.readable() == BALLOTS


@pytest.mark.parametrize("typed", ["", "yes\n", "y\n", "GIVE UP!\n", "\n"])
def test_nothing_is_given_up_unless_the_word_is_typed(
    run: Run, installation: Installation, typed: str
) -> None:
    put_back = installation.take_away("folder")
    before = installation.stored()
    refused = run("give-up-keys", typed=typed)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "5 boxes: the answers that wait in them" in refused.stderr
    assert f"in 1 rounds ({installation.round_id})" in refused.stderr
    assert "nothing is changed" in refused.stderr
    assert installation.stored() == before
    put_back()
    assert installation.readable() == BALLOTS


def test_keys_given_up_lose_what_waited_under_them_and_nothing_else(
    run: Run, installation: Installation
) -> None:
    installation.take_away("one box")
    given_up = run("give-up-keys", typed="give up\n")
    assert "1 boxes: the answers that wait in them" in given_up.stderr
    assert printed(given_up).startswith("Given up: 1 keys")
    again = run("give-up-keys", typed="give up\n")
    assert (again.exit_code, "nothing to give up" in again.stderr) == (2, True)
    assert installation.store().rounds()[0].lost_boxes == 1
    assert installation.readable() == BALLOTS - installation.cast_at(UNIT)
