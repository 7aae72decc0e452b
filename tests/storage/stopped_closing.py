"""A closing that is stopped between two of its steps."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kiosk.domain.rounds import Protection
from kiosk.domain.tree import Node, Tree
from kiosk.storage import Store
from kiosk.storage.count_progress import UNITS_A_STEP
from kiosk.storage.count_steps import CountSteps
from tests.storage.steps import StoppedError
from tests.tools.builders import a_round

LARGE = [f"l{number}" for number in range(UNITS_A_STEP + 1)]
SMALL = [f"s{number}" for number in range(3 * UNITS_A_STEP)]

UNITS = Tree(
    (
        Node("root", "root", None),
        *(Node(unit, unit, "root") for unit in LARGE),
        Node("group", "group", "root"),
        *(Node(unit, unit, "group") for unit in SMALL),
    )
)

ROUND = replace(a_round(UNITS), protection=Protection.PROTECTED)
OF_LARGE, OF_SMALL = 2 * ROUND.k, 2
CLOSING = ROUND.closes_at


def after_each_step(patched: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    close = CountSteps._close_part

    def closed(self: CountSteps, *args: Any) -> None:
        close(self, *args)
        work()

    patched.setattr(CountSteps, "_close_part", closed)


def stopped(store: Store, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Begin to close the round, and stop after a step. Step 0 stores the plan."""
    steps = iter(range(step))

    def stop() -> None:
        if next(steps, None) is None:
            raise StoppedError

    with monkeypatch.context() as patched:
        after_each_step(patched, stop)
        with pytest.raises(StoppedError):
            store.count(CLOSING)
