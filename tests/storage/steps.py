"""Counts, openings and closings that are stopped between two of their steps."""

from collections.abc import Callable, Iterable

import pytest

from kiosk.storage.keys import KeyFolder


class StoppedError(Exception):
    """The process was killed, for a test."""


def before_each_step(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    prepare = KeyFolder.prepare

    def prepared(self: KeyFolder, rows: Iterable[str], *, are_new: bool = False) -> None:
        work()
        prepare(self, rows, are_new=are_new)

    monkeypatch.setattr(KeyFolder, "prepare", prepared)


def stop_at_step(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    steps = iter(range(1, number))

    def step() -> None:
        if next(steps, None) is None:
            raise StoppedError

    before_each_step(monkeypatch, step)
