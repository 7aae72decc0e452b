"""The fixed moments of counting, and the thread that waits for them."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from threading import Event
from unittest.mock import patch

import pytest

from kiosk.domain.clock import Machine
from kiosk.domain.schedule import Daily, Every, due_tick, next_tick
from kiosk.operation.count_worker import Counting, count_if_due
from kiosk.storage import Store
from tests.tools.builders import MONDAY, a_round, a_store, cast_all, random_ballots, tree

FIVE = Daily(time(17))
NOON = datetime(2026, 3, 2, 12)


def test_a_daily_schedule_has_one_tick_a_day() -> None:
    assert FIVE.latest(NOON) == datetime(2026, 3, 1, 17)
    assert FIVE.latest(datetime(2026, 3, 2, 17)) == datetime(2026, 3, 2, 17)
    assert next_tick(FIVE, NOON) == datetime(2026, 3, 2, 17)
    assert next_tick(FIVE, datetime(2026, 3, 2, 17)) == datetime(2026, 3, 3, 17)


def test_ticks_every_few_seconds_start_at_midnight() -> None:
    assert Every(5).latest(datetime(2026, 3, 2, 0, 0, 14)) == datetime(2026, 3, 2, 0, 0, 10)
    assert next_tick(Every(5), datetime(2026, 3, 2, 0, 0, 10)) == datetime(2026, 3, 2, 0, 0, 15)


def test_only_the_latest_uncounted_tick_is_due() -> None:
    tick = datetime(2026, 3, 1, 17)
    assert due_tick(FIVE, None, NOON) == tick
    assert due_tick(FIVE, tick - timedelta(days=9), NOON) == tick
    assert due_tick(FIVE, tick, NOON) is None


def test_a_clock_set_back_counts_nothing_twice() -> None:
    assert due_tick(FIVE, datetime(2026, 3, 2, 17), NOON) is None


def test_the_next_tick_is_never_before_counts_from() -> None:
    assert next_tick(FIVE, NOON, NOON) == datetime(2026, 3, 2, 17)
    assert next_tick(FIVE, NOON, datetime(2026, 3, 2, 17)) == datetime(2026, 3, 2, 17)
    assert next_tick(FIVE, NOON, datetime(2026, 3, 2, 17, 1)) == datetime(2026, 3, 3, 17)
    assert next_tick(FIVE, NOON, datetime(2026, 3, 4, 17)) == datetime(2026, 3, 4, 17)
    assert next_tick(FIVE, NOON, datetime(2026, 3, 4, 17, 1)) == datetime(2026, 3, 5, 17)
    assert next_tick(FIVE, NOON, datetime(2026, 2, 20, 17)) == datetime(2026, 3, 2, 17)


def test_a_count_between_two_ticks_does_nothing(tmp_path: Path) -> None:
    store, machine = a_store(tmp_path), Machine("boot", timedelta(days=1), None)
    store.open_round(a_round(tree("a")), MONDAY)

    def count_after(hours: int) -> bool:
        passed = timedelta(hours=hours)
        now = replace(machine, uptime=machine.uptime + passed)
        return count_if_due(store, FIVE, MONDAY + passed, now)

    assert count_after(0)
    cast_all(store, "a", random_ballots(20, Random(1)))
    assert not count_after(7)
    assert store.snapshot()["rounds"][0]["nodes"][0]["answered"] is None
    assert count_after(8)
    assert store.snapshot()["rounds"][0]["nodes"][0]["answered"] == 15


def start_until_counted(thread: Counting, store: Store) -> None:
    """Start a thread and return when it has counted, or when it has ended by itself."""
    counted, count = Event(), store.count

    def count_and_tell(tick: datetime) -> bool:
        is_published = count(tick)
        counted.set()
        return is_published

    with patch.object(store, "count", count_and_tell):
        thread.start()
        # To look at the store again and again takes a processor for the second until the next tick.
        while thread.is_alive() and not counted.wait(0.1):
            pass


def test_the_thread_counts_and_stops(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    thread = Counting(store, Every(1))
    start_until_counted(thread, store)
    thread.stop()
    assert not thread.is_alive()
    assert store.last_tick is not None


@pytest.mark.parametrize("error", [OSError("disk full"), ValueError("one nobody foresaw")])
def test_a_failed_count_is_reported_and_retried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], error: Exception
) -> None:
    store, failures = a_store(tmp_path), [error]
    honest = store.count

    def count(tick: datetime) -> bool:
        if failures:
            raise failures.pop()
        return honest(tick)

    monkeypatch.setattr(store, "count", count)
    thread = Counting(store, Every(1))
    start_until_counted(thread, store)
    thread.stop()
    assert f"will be tried again: {type(error).__name__}: {error} at " in capfd.readouterr().err
