"""When a clock is believed: by the last moment it was right, by the uptime, by NTP."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kiosk.domain.clock import (
    NTP_TOLERANCE,
    ClockFault,
    ClockRecord,
    Machine,
    confirmed,
    find_fault,
    with_boot,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UPTIME = 10 * DAY
MACHINE = Machine("boot 1", UPTIME, None)
SAME_BOOT = ClockRecord(NOON, {"boot 1": NOON - UPTIME})
OTHER_BOOT = ClockRecord(NOON, {"boot 0": NOON - 40 * DAY})


@pytest.mark.parametrize(
    ("step", "in_the_same_boot", "after_a_reboot"),
    [
        (timedelta(), None, None),
        (HOUR, None, None),
        (-HOUR, None, None),
        (2 * DAY, ClockFault.STEPPED, None),
        (-2 * DAY, ClockFault.STEPPED, ClockFault.BEHIND),
        (400 * DAY, ClockFault.STEPPED, ClockFault.AHEAD),
        (-400 * DAY, ClockFault.STEPPED, ClockFault.BEHIND),
        (12 * 365 * DAY, ClockFault.STEPPED, ClockFault.AHEAD),
        (-12 * 365 * DAY, ClockFault.STEPPED, ClockFault.BEHIND),
    ],
)
def test_a_step_of_the_clock_puts_it_in_doubt(
    step: timedelta, in_the_same_boot: ClockFault | None, after_a_reboot: ClockFault | None
) -> None:
    assert find_fault(NOON + step, MACHINE, SAME_BOOT, None) is in_the_same_boot
    assert find_fault(NOON + step, MACHINE, OTHER_BOOT, None) is after_a_reboot


def test_passing_time_is_not_taken_for_a_step() -> None:
    later = replace(MACHINE, uptime=UPTIME + 2 * DAY)
    assert find_fault(NOON + 2 * DAY, later, SAME_BOOT, None) is None


def test_a_new_installation_trusts_its_clock() -> None:
    assert find_fault(NOON, MACHINE, ClockRecord(), None) is None


@pytest.mark.parametrize(("days", "fault"), [(4, None), (4.1, ClockFault.AHEAD), (21, ClockFault.AHEAD)])
def test_a_server_off_for_a_weekend_is_trusted_and_for_longer_is_not(
    days: float, fault: ClockFault | None
) -> None:
    assert find_fault(NOON + days * DAY, MACHINE, OTHER_BOOT, None) is fault


def test_without_other_records_the_clock_is_checked_against_the_last_count() -> None:
    assert find_fault(NOON, MACHINE, ClockRecord(), NOON - 4 * DAY) is None
    assert find_fault(NOON, MACHINE, ClockRecord(), NOON - 5 * DAY) is ClockFault.AHEAD
    assert find_fault(NOON, MACHINE, ClockRecord(), NOON + DAY) is ClockFault.BEHIND


@pytest.mark.parametrize("record", [SAME_BOOT, OTHER_BOOT])
def test_ntp_clears_a_doubt_only_if_the_clock_agrees_with_it(record: ClockRecord) -> None:
    now = NOON + 400 * DAY
    assert find_fault(now, replace(MACHINE, ntp_time=now), record, None) is None
    assert find_fault(now, replace(MACHINE, ntp_time=NOON), record, None) is not None


def test_a_last_count_in_the_future_is_a_fault_even_with_ntp() -> None:
    fault = find_fault(NOON, replace(MACHINE, ntp_time=NOON), SAME_BOOT, NOON + 12 * 365 * DAY)
    assert fault is ClockFault.BEHIND


def test_small_steps_do_not_add_up_to_a_large_one() -> None:
    record, now, faults = SAME_BOOT, NOON, []
    for _ in range(5):
        now += HOUR
        faults.append(find_fault(now, MACHINE, record, None))
        record = with_boot(record, now, MACHINE)
    assert faults == [None, None, *[ClockFault.STEPPED] * 3]


def test_a_step_made_by_ntp_replaces_the_recorded_boot_time() -> None:
    now = NOON + 5 * DAY
    by_ntp = with_boot(SAME_BOOT, now, replace(MACHINE, ntp_time=now))
    assert find_fault(now, MACHINE, by_ntp, None) is None
    assert with_boot(SAME_BOOT, now, MACHINE) is SAME_BOOT


def test_a_start_time_is_kept_until_it_differs_by_more_than_ntp_tolerates() -> None:
    for moved, is_kept in ((NTP_TOLERANCE, True), (NTP_TOLERANCE + timedelta.resolution, False)):
        for now in (NOON + moved, NOON - moved):
            read = with_boot(SAME_BOOT, now, replace(MACHINE, ntp_time=now))
            assert (read is SAME_BOOT) == is_kept


def test_only_the_last_eight_boots_are_remembered() -> None:
    record = SAME_BOOT
    for number in range(2, 12):
        record = with_boot(record, NOON, Machine(f"boot {number}", HOUR, None))
    assert list(record.boots) == [f"boot {number}" for number in range(4, 12)]
    assert with_boot(record, NOON, Machine("", HOUR, None)) is record


def test_a_confirmed_clock_is_trusted_but_counts_nothing_for_a_day() -> None:
    now = NOON + 400 * DAY
    record = confirmed(now, now.replace(tzinfo=None), MACHINE)
    assert find_fault(now, MACHINE, record, None) is None
    assert record.counts_from == now.replace(tzinfo=None) + DAY
