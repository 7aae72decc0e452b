"""The fixed moments at which boxes are counted, and at no other.

Counting at an arrival would let whoever stands beside the kiosk see which guest moved the chart.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta


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


def due_tick(ticks: Ticks, last_counted: datetime | None, now: datetime) -> datetime | None:
    """The tick a count is due for, or None if the latest one has been counted already."""
    latest = ticks.latest(now)
    return latest if last_counted is None or last_counted < latest else None


def next_tick(ticks: Ticks, now: datetime, counts_from: datetime | None = None) -> datetime:
    """The first tick after `now`, and not before `counts_from`."""
    step = timedelta(seconds=ticks.seconds) if isinstance(ticks, Every) else timedelta(days=1)
    after = ticks.latest(now) + step
    if counts_from is None or after >= counts_from:
        return after
    latest = ticks.latest(counts_from)
    return latest if latest == counts_from else latest + step
