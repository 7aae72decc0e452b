"""The schedule of counts: boxes are counted at fixed ticks only.

If a count followed an arrival, an observer beside the kiosk could see which guest changed the chart.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True)
class Daily:
    """A tick a day at one local time for all units, usually when they close for the day."""

    at: time

    def latest(self, now: datetime) -> datetime:
        """Return the last tick that is not after `now`."""
        today = datetime.combine(now.date(), self.at)
        return today if today <= now else today - timedelta(days=1)


@dataclass(frozen=True)
class Every:
    """A tick every `seconds`, a divisor of a day: for the demonstration only, which has no real answers."""

    seconds: int

    def latest(self, now: datetime) -> datetime:
        """Return the last tick that is not after `now`; ticks are whole multiples since midnight."""
        midnight = datetime.combine(now.date(), time())
        past = int((now - midnight).total_seconds()) // self.seconds * self.seconds
        return midnight + timedelta(seconds=past)


Ticks = Daily | Every
"""The times at which counts are due. All times here are the installation's local time."""


def due_tick(ticks: Ticks, last_counted: datetime | None, now: datetime) -> datetime | None:
    """Return the latest tick that is not after `now` if it has not been counted, else None. `last_counted` is
    the last counted tick, None before the first count. Missed ticks before the latest are never due."""
    latest = ticks.latest(now)
    return latest if last_counted is None or last_counted < latest else None


def next_tick(ticks: Ticks, now: datetime, counts_from: datetime | None = None) -> datetime:
    """Return the first tick after `now` that is not before `counts_from`; if that is None, there is no such
    limit."""
    step = timedelta(seconds=ticks.seconds) if isinstance(ticks, Every) else timedelta(days=1)
    after = ticks.latest(now) + step
    if counts_from is None or after >= counts_from:
        return after
    latest = ticks.latest(counts_from)
    return latest if latest == counts_from else latest + step
