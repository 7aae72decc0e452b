"""An installation made by commands, with 92 ballots that wait, and its keys taken away."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

from kiosk.domain.ballot import Ballot
from kiosk.domain.box import Closing, plan_closing
from kiosk.domain.tree import Tree
from kiosk.storage import Store, open_store
from tests.tools.command_line import OPEN, Run, printed

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


def installed(run: Run, folder: Path) -> Installation:
    """Make an installation in `folder`, where `run` works, with 92 ballots and no count due."""
    made = Installation(folder, datetime.now())
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
