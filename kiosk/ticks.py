"""The fixed moments at which boxes are counted, and at no other.

Counting at an arrival would let whoever stands beside the kiosk see which guest moved the chart.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum


@dataclass(frozen=True)
class Daily:
    """Once a day at a clock time, usually when the unit closes."""

    at: time

    def latest(self, now: datetime) -> datetime:
        """The last tick that is not after `now`."""
        today = datetime.combine(now.date(), self.at)
        return today if today <= now else today - timedelta(days=1)


@dataclass(frozen=True)
class Every:
    """Every few seconds: for the demonstration only, where nobody's answers are at stake."""

    seconds: int

    def latest(self, now: datetime) -> datetime:
        """The last tick that is not after `now`; ticks are whole multiples since midnight."""
        midnight = datetime.combine(now.date(), time())
        past = int((now - midnight).total_seconds()) // self.seconds * self.seconds
        return midnight + timedelta(seconds=past)


Ticks = Daily | Every

WEEK = timedelta(days=7)


class Rhythm(StrEnum):
    """How often a round's boxes may give up a batch: at every tick, or at one a week.

    The fewer batches, the less tells an insider's best guess from one table at the end; docs/anonymity.md
    has the figures.
    """

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True)
class Counts:
    """When a round is counted: a rhythm, from an opening to a closing time."""

    rhythm: Rhythm
    opens_at: datetime
    closes_at: datetime

    def is_due(self, last: datetime | None, tick: datetime) -> bool:
        """Whether boxes may give up a batch at `tick`, where ticks up to `last` have been counted.

        A weekly round does at the first tick of each of its weeks but the first, whichever day that is:
        a machine that was off catches up. Closing needs nobody's leave.
        """
        if self.rhythm is Rhythm.DAILY:
            return True
        return self._week(tick) > (0 if last is None else self._week(last))

    def next(self, ticks: Ticks, last: datetime | None, now: datetime) -> datetime:
        """The first tick after `now` at which figures may change."""
        if self.rhythm is Rhythm.DAILY:
            return next_tick(ticks, now)
        week = 0 if last is None else self._week(last)
        return first_tick(ticks, max(now, min(self.opens_at + (week + 1) * WEEK, self.closes_at)))

    def last(self, ticks: Ticks, last: datetime | None) -> datetime | None:
        """The tick up to `last` at which figures last may have changed."""
        if self.rhythm is Rhythm.DAILY or last is None or last >= self.closes_at:
            return last
        week = self._week(last)
        return first_tick(ticks, self.opens_at + week * WEEK) if week else None

    def _week(self, at: datetime) -> int:
        return max((at - self.opens_at) // WEEK, 0)


def due_tick(ticks: Ticks, last_counted: datetime | None, now: datetime) -> datetime | None:
    """The tick a count is due for, or None if the latest one has been counted already."""
    latest = ticks.latest(now)
    return latest if last_counted is None or last_counted < latest else None


def next_tick(ticks: Ticks, now: datetime) -> datetime:
    """The first tick after `now`."""
    step = timedelta(seconds=ticks.seconds) if isinstance(ticks, Every) else timedelta(days=1)
    return ticks.latest(now) + step


def first_tick(ticks: Ticks, at: datetime) -> datetime:
    """The first tick that is not before `at`."""
    latest = ticks.latest(at)
    return latest if latest == at else next_tick(ticks, at)
