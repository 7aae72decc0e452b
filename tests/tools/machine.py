"""An installation on a machine whose clock, power and network time are set by the test."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random

from kiosk.domain.clock import Machine
from kiosk.domain.rounds import Round
from kiosk.domain.schedule import Daily
from kiosk.operation.clock import BelievedClock, confirm_clock
from kiosk.operation.count_worker import Counting, count_if_due
from kiosk.storage import RoundClosedError
from tests.tools.builders import a_round, a_store, random_ballots, tree

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TICKS = Daily(time(17))


def local(utc: datetime) -> datetime:
    return utc.astimezone().replace(tzinfo=None)


class Server:
    """An installation on a machine. `true` (UTC) is the real time, and `error` is added to it to give the
    machine's clock."""

    def __init__(self, folder: Path, start: datetime) -> None:
        self.true, self.error = start.astimezone(UTC), timedelta()
        self.boots, self.booted, self.has_ntp = 1, self.true - DAY, False
        self.store = a_store(folder)
        self.accepted = self.refused = 0
        self.counted: list[datetime] = []
        self._random = Random(1)
        self._start_process()

    def _start_process(self) -> None:
        """Start the program: what it kept in memory is lost."""
        self.clock = BelievedClock(self.store, lambda: self.now, self.machine)
        self.worker = Counting(self.store, TICKS, lambda: self.now, self.machine)

    @property
    def now(self) -> datetime:
        """Return the local time that the machine's clock shows."""
        return local(self.true + self.error)

    def machine(self) -> Machine:
        uptime = self.true - self.booted
        return Machine(f"boot {self.boots}", uptime, self.true if self.has_ntp else None)

    def open_round(self, days: int) -> Round:
        """Open a round at the unit `a` from the midnight before the machine's time, and return it."""
        of_round = a_round(tree("a"), days=days, opens_at=datetime.combine(self.now.date(), time()))
        self.store.open_round(of_round, self.now)
        return of_round

    def reboot(self, off: timedelta = timedelta(minutes=1)) -> None:
        """Turn the machine off for a time, and start it and the program. Its clock's error stays."""
        self.true += off
        self.boots, self.booted = self.boots + 1, self.true
        self._start_process()

    def guest(self) -> bool:
        """Let one guest answer. Returns whether the ballot was accepted."""
        [ballot] = random_ballots(1, self._random)
        try:
            of_round = self.store.running_round("a", self.clock())
            self.store.cast(of_round.id, "a", ballot, self.clock())
        except RoundClosedError:
            self.refused += 1
            return False
        self.accepted += 1
        return True

    def serve(self, length: timedelta, guests_an_hour: int = 0) -> None:
        """Let time pass while the server runs and counts."""
        self._pass(length, guests_an_hour, self.worker.look)

    def run_timer(self, length: timedelta, guests_an_hour: int = 0) -> None:
        """Let time pass while `kiosk count` runs each hour in a separate process."""
        self._pass(length, guests_an_hour, lambda: self.count())

    def count(self) -> bool:
        """Run `kiosk count` once. Returns whether it counted."""
        before = self.store.last_tick
        is_counted = count_if_due(self.store, TICKS, self.now, self.machine())
        assert is_counted == (self.store.last_tick != before)
        self._note(before)
        return is_counted

    def confirm(self) -> bool:
        """Run `kiosk clock confirm`. Returns whether there was something to confirm."""
        return confirm_clock(self.store, TICKS, self.now, self.machine()) is not None

    def _pass(self, length: timedelta, guests_an_hour: int, look: object) -> None:
        """Let time pass by hours: in each, guests answer and then `look` may count."""
        assert callable(look)
        end = self.true + length
        while self.true < end:
            self.true += HOUR
            for _ in range(guests_an_hour):
                self.guest()
            before = self.store.last_tick
            look()
            self._note(before)

    def _note(self, before: datetime | None) -> None:
        """Add the real time to `counted` if the last tick is another one than `before`."""
        if self.store.last_tick != before and self.true not in self.counted:
            self.counted.append(self.true)

    @property
    def is_open(self) -> bool:
        [state] = self.store.rounds()
        return not state.is_closed

    @property
    def published(self) -> int:
        """The number of published ballots of the only round."""
        return int(self.store.snapshot()["rounds"][0]["nodes"][0]["answered"] or 0)
