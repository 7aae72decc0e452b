"""The doubt about the machine's clock, a person's confirmation that it is right, and the time that is used
while it is in doubt. `kiosk.domain.clock` has the rules.

Where a parameter `machine` is None, it is read from this machine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kiosk.domain.clock import (
    WAIT_AFTER_CONFIRMATION,
    ClockFault,
    Machine,
    confirmed,
    find_fault,
    is_synchronised,
    last_known,
    with_boot,
)
from kiosk.domain.schedule import Ticks, next_tick
from kiosk.operation.system_clock import read_machine
from kiosk.storage import Store

REMEDY = "Set the clock right if it is wrong; if it is right, run: kiosk clock confirm"


class ClockError(Exception):
    """The clock is in doubt, so an irrevocable action was refused. The message has the reason and the way
    out."""


@dataclass(frozen=True)
class Confirmation:
    """The effect of a confirmation, in local and naive times. `undone_tick` is the last counted tick, if it
    was in the future and an earlier one replaced it; otherwise None. `next_count` is the tick of the next
    count."""

    undone_tick: datetime | None
    next_count: datetime


def clock_fault(store: Store, now: datetime, machine: Machine | None = None) -> ClockFault | None:
    """Return the fault of a clock that shows `now` (local, naive); None if the reading is plausible
    (`find_fault`). `machine` has the other readings of the machine with this clock: boot, uptime, NTP's time.
    None reads those of the machine that runs this.

    Always None in a demonstration, which has no real answers.
    """
    if store.is_demonstration:
        return None
    last = store.last_tick
    return find_fault(
        now.astimezone(UTC), machine or read_machine(), store.clock_record, last and last.astimezone(UTC)
    )


def clock_doubt(store: Store, now: datetime, machine: Machine | None = None) -> str | None:
    """Return the reason why nothing is counted, with the remedy, as one line of English; None if the clock is
    not in doubt. `now` is the clock's reading, local and naive. `machine` has the other readings of the
    machine with this clock: boot, uptime, NTP's time. None reads those of the machine that runs this."""
    fault = clock_fault(store, now, machine)
    if fault is None:
        return None
    return (
        f"the clock shows {now:%Y-%m-%d %H:%M}: {_reason(store, fault)}. Guests can answer, but nothing is "
        f"counted and no round closes. {REMEDY}"
    )


def _reason(store: Store, fault: ClockFault) -> str:
    """Return a fault in words, as an English clause."""
    last = store.last_tick
    known = last_known(store.clock_record, last and last.astimezone(UTC))
    since = f"{known.astimezone():%Y-%m-%d %H:%M}" if known else ""
    match fault:
        case ClockFault.STEPPED:
            return "it was set by hours since the machine started, and NTP does not keep it"
        case ClockFault.AHEAD:
            return f"it was last known to be right at {since}, days ago, and NTP does not keep it"
        case ClockFault.BEHIND if last is not None and known == last.astimezone(UTC):
            return f"that is before the last count, which was made for {since}"
        case ClockFault.BEHIND:
            return f"that is before {since}, when it was known to be right"


def check_clock(store: Store, now: datetime) -> None:
    """Raise ClockError while the clock of the machine that runs this is in doubt. `now` is its reading, local
    and naive."""
    doubt = clock_doubt(store, now)
    if doubt:
        raise ClockError(doubt)


def remember_boot(store: Store, now: datetime, machine: Machine | None = None) -> None:
    """Record when this boot of the machine began, by its clock, which shows `now` (local, naive). `machine`
    has the other readings of the machine with this clock: boot, uptime, NTP's time. None reads those of the
    machine that runs this.

    Writes nothing while the clock is in doubt, for a machine that does not know its boot, and if the boot is
    recorded already, unless NTP has moved the clock by more than NTP_TOLERANCE since.
    """
    machine = machine or read_machine()
    if clock_fault(store, now, machine) is None:
        record = store.clock_record
        noted = with_boot(record, now.astimezone(UTC), machine)
        if noted is not record:
            store.remember_clock(noted)


def confirm_clock(
    store: Store, ticks: Ticks, now: datetime, machine: Machine | None = None
) -> Confirmation | None:
    """Record that a person confirmed the clock, which shows `now` (local, naive). This ends the doubt.
    Returns the effect; None, with no change, if the clock is not in doubt. `ticks` are the times of the
    installation's counts. `machine` has the other readings of the machine with this clock: boot, uptime,
    NTP's time. None reads those of the machine that runs this.

    A last tick after the latest of `ticks` up to `now` was counted while the clock was ahead: that latest
    tick replaces it. Figures that were published at the replaced tick stay, and rounds that were closed then
    stay closed. The next count is at the first tick that is at least WAIT_AFTER_CONFIRMATION
    (`kiosk.domain.clock`) from now. A missed tick is never made up for, so that nobody gains a count by
    setting the clock and confirming it.
    """
    machine = machine or read_machine()
    if clock_fault(store, now, machine) is None:
        return None
    record = confirmed(now.astimezone(UTC), now, machine)
    undone = store.confirm_clock(record, ticks.latest(now))
    return Confirmation(undone, next_tick(ticks, now, now + WAIT_AFTER_CONFIRMATION))


class BelievedClock:
    """A clock for serving guests and staff. Calling the object returns the time, local and naive.

    While the machine's clock is in doubt, time continues from a known moment: from the beginning of this boot
    if it is recorded, otherwise from the latest moment at which the clock was right. So a wrong clock does
    not turn a guest away from a running round. The machine's clock is used nevertheless if NTP keeps it, if
    no moment is known, or if a round runs by it and none by the other time. Safe to use from several threads.
    `clock` returns what the machine's clock shows, local and naive, and `machine` its other readings.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime] = datetime.now,
        machine: Callable[[], Machine] = read_machine,
    ) -> None:
        self._store = store
        self._clock = clock
        self._machine = machine
        self._without_fault: tuple[datetime, timedelta] | None = None
        self._doubted: tuple[datetime, timedelta] | None = None

    def __call__(self) -> datetime:
        now, machine = self._clock(), self._machine()
        began = now.astimezone(UTC) - machine.uptime
        if self._is_unchanged(began, machine.uptime):
            return now
        if clock_fault(self._store, now, machine) is None:
            self._without_fault, self._doubted = (began, machine.uptime), None
            return now
        self._without_fault = None
        return self._believed_time(now, machine)

    def doubtful_time(self) -> datetime | None:
        """Return the time of the machine's clock, local and naive, while it is in doubt; otherwise None."""
        now, machine = self._clock(), self._machine()
        return now if clock_fault(self._store, now, machine) else None

    def _is_unchanged(self, began: datetime, uptime: timedelta) -> bool:
        """Return whether the clock had no fault within the last minute and has not been set since. `began` is
        the beginning of the boot by the clock."""
        if self._without_fault is None:
            return False
        last_began, last_uptime = self._without_fault
        return max(abs(began - last_began), abs(uptime - last_uptime)) < timedelta(minutes=1)

    def _believed_time(self, now: datetime, machine: Machine) -> datetime:
        """Return the time to use, local and naive, while the clock, which shows `now`, is in doubt."""
        record, last = self._store.clock_record, self._store.last_tick
        if is_synchronised(now.astimezone(UTC), machine):
            return now
        began = record.boots.get(machine.boot)
        known = last_known(record, last and last.astimezone(UTC))
        if began is not None:
            believed = began + machine.uptime
        elif known is not None:
            believed = known + self._time_in_doubt(known, machine.uptime)
        else:
            return now
        local = believed.astimezone().replace(tzinfo=None)
        return now if self._only_the_clock_fits(local, now) else local

    def _time_in_doubt(self, known: datetime, uptime: timedelta) -> timedelta:
        """Return the time since this process first saw the clock in doubt with `known` as the last known
        time."""
        if self._doubted is None or self._doubted[0] != known:
            self._doubted = (known, uptime)
        return uptime - self._doubted[1]

    def _only_the_clock_fits(self, believed: datetime, now: datetime) -> bool:
        """Return whether a round runs by the clock and none by the believed time. Then the last tick is
        wrong, and the clock right."""
        rounds = [state.round for state in self._store.rounds() if not state.is_closed]
        return not any(of_round.is_running(believed) for of_round in rounds) and any(
            of_round.is_running(now) for of_round in rounds
        )
