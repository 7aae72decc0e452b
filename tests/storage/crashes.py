"""A process that ends itself at a durable step of a write: a sync, a deleted key or a commit."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import peewee

from kiosk.storage import Store, open_store
from tests.tools.builders import MONDAY, a_round, a_store, random_ballots, tree

ROUND = a_round(tree("a", "b"))
CRASHED, FINISHED = 42, 0


@dataclass(frozen=True)
class Ready:
    """A folder with 12 ballots in box a, 4 in box b, and a slip that admits one more."""

    folder: Path
    slip: str


def make_ready(folder: Path) -> Ready:
    store = a_store(folder)
    store.open_round(ROUND, MONDAY)
    for number, unit in ((17, "a"), (4, "b")):
        for one in random_ballots(number, Random(number)):
            store.cast("r", unit, one, MONDAY)
    [slip] = store.print_slips("r", "a", 1)
    store.close()
    return Ready(folder, slip)


def reopen(folder: Path) -> Store:
    return open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys", durable=False)


def die_at(step: int) -> None:
    """Make this process end itself at its n-th durable step."""
    taken = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal taken
            for is_before in (True, False):
                taken += 1
                if taken == step:
                    os._exit(CRASHED)
                if is_before:
                    result = real(*args, **kwargs)
            return result

        return wrapped

    os.fsync = counted(os.fsync)
    os.unlink = counted(os.unlink)
    Path.unlink = counted(Path.unlink)  # type: ignore[method-assign]
    Path.rmdir = counted(Path.rmdir)  # type: ignore[method-assign]
    peewee.Database.commit = counted(peewee.Database.commit)  # type: ignore[method-assign]


def crash(folder: Path, step: int, write: Callable[[Store], object]) -> bool:
    """Run the write in a child that crashes at that step. Returns whether it crashed."""
    child = os.fork()
    if child == 0:
        try:
            die_at(step)
            write(open_store(folder, f"sqlite:///{folder / 'k.sqlite'}", folder / "keys"))
            os._exit(FINISHED)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (CRASHED, FINISHED)
    return code == CRASHED


def has_one_key_a_row(folder: Path) -> bool:
    return all(len(list(row.iterdir())) == 1 for row in (folder / "keys").iterdir())
