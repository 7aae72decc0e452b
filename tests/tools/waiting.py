"""An installation made by commands, with 92 uncounted ballots, and its keys moved away."""

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
    """Return the plan of a closing in which every unit counts as steady: here all ballots come on one day."""
    del steady
    return plan_closing(tree, sizes, counted, k)


@dataclass
class Installation:
    """An installation with 92 uncounted ballots, in the boxes of five units. It was made at `now`."""

    folder: Path
    now: datetime

    @property
    def keys(self) -> Path:
        return self.folder / "data-keys"

    @property
    def round_id(self) -> str:
        [state] = self.store().rounds()
        return state.round.id

    def key_files(self) -> dict[Path, bytes]:
        """Return path -> content of every key file."""
        return {path: path.read_bytes() for path in self.keys.glob("*/*")}

    def minutes_ago(self, minutes: int) -> str:
        """Return the time of day, HH:MM, that was so many minutes before `now`."""
        return (self.now - timedelta(minutes=minutes)).strftime("%H:%M")

    def take_away(self, what: str) -> Callable[[], object]:
        """Move the folder of keys ("folder"), or one key ("one box", "one slip set", "one letterbox"), to
        another place. With "nothing" no file is moved. Returns a function that moves it back."""
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
        """Cast the 92 ballots, one at each unit in turn, a minute after the round opened."""
        store, random = self.store(), Random(1)
        [state] = store.rounds()
        units = state.round.tree.leaves
        at = state.round.opens_at + timedelta(minutes=1)
        for n in range(BALLOTS):
            ballot = Ballot(tuple(random.randint(1, 5) for _ in state.round.survey.statements))
            store.cast(state.round.id, units[n % len(units)], ballot, at)
        store.close()

    def cast_at(self, unit: str) -> int:
        """Return the number of the ballots that were cast at a unit: each unit gets one in turn."""
        units = self.store().rounds()[0].round.tree.leaves
        return len(range(units.index(unit), BALLOTS, len(units)))

    def readable(self) -> int:
        """Close the round, and return the number of counted ballots: 92 if their keys open the boxes."""
        store = self.store()
        [state] = store.rounds()
        with patch("kiosk.storage.count.plan_closing", without_days):
            store.count(state.round.closes_at)
        [published] = store.snapshot()["rounds"]
        store.close()
        return published["nodes"][0]["answered"] or 0

    def stored(self) -> list[object]:
        """Return the lines of SQL that make the whole database, definitions of tables included."""
        with closing(sqlite3.connect(self.folder / "data" / "kiosk.sqlite")) as database:
            return list(database.iterdump())


def installed(run: Run, folder: Path) -> Installation:
    """Make an installation in `folder` with 92 uncounted ballots and no count due. `run` runs a command of
    the installation."""
    made = Installation(folder, datetime.now())
    printed(run("init", KIOSK_COUNT_AT=made.minutes_ago(5)))
    printed(run(*OPEN))
    made.cast()
    return made


def commands(installation: Installation) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Return name -> (arguments, settings) of every command that writes rows or creates tables."""
    return {
        "upgrade": (("upgrade",), {}),
        "serve": (("serve",), {}),
        "count": (("count",), {"KIOSK_COUNT_AT": installation.minutes_ago(2)}),
        "slips": (("slips", "--round", installation.round_id, "--unit", UNIT), {}),
        "round open": ((*OPEN, "--opens", f"{installation.now.year + 1}-12-01"), {}),
    }
