"""A wrong clock counts nothing, closes nothing and turns no guest away; a person's confirmation
resolves it."""

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from werkzeug.test import Client

from kiosk.domain.clock import Machine
from kiosk.domain.rounds import RoundError
from kiosk.domain.schedule import next_tick
from kiosk.operation import clock
from kiosk.operation.clock import BelievedClock, clock_doubt, remember_boot
from kiosk.operation.serve import guest_and_desk
from kiosk.operation.system_clock import Timex, ntp_time, read_machine
from kiosk.settings import read_settings
from kiosk.storage import Store
from tests.tools.builders import a_round, tree
from tests.tools.command_line import OPEN, Run, printed
from tests.tools.guest_side import NOW, Place
from tests.tools.machine import DAY, HOUR, TICKS, Server

pytestmark = pytest.mark.slow

YEAR = 365 * DAY
START = datetime(2026, 6, 1, 9, tzinfo=UTC)
JUMPS = {
    "1 h": HOUR,
    "2 days": 2 * DAY,
    "400 days": 400 * DAY,
    "12 years": 12 * YEAR,
}


@pytest.fixture(autouse=True)
def _swedish_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A round of eight days, two days of which are counted, with guests each hour."""
    made = Server(tmp_path, START)
    made.open_round(days=8)
    made.serve(2 * DAY, guests_an_hour=1)
    assert made.refused == 0
    return made


@pytest.mark.parametrize("way", ["serve", "timer"])
@pytest.mark.parametrize("sign", [1, -1], ids=["forward", "back"])
@pytest.mark.parametrize("jump", JUMPS)
def test_after_a_clock_jump_nothing_is_lost_and_counting_resumes(
    server: Server, jump: str, sign: int, way: str
) -> None:
    run = server.serve if way == "serve" else server.run_timer
    counts, small = len(server.counted), JUMPS[jump] == HOUR
    server.error = sign * JUMPS[jump]
    run(26 * HOUR, guests_an_hour=1)
    assert server.is_open
    assert len(server.counted) - counts == small
    assert server.refused == 0
    server.error = timedelta()
    run(8 * DAY, guests_an_hour=1)
    assert not server.is_open
    assert server.published == server.accepted


@pytest.mark.parametrize("sign", [1, -1], ids=["forward", "back"])
@pytest.mark.parametrize("jump", JUMPS)
def test_a_wrong_clock_after_a_reboot_loses_no_ballot(server: Server, jump: str, sign: int) -> None:
    """Two days ahead look like two days switched off: a tick is counted early, and the right time is doubted
    later."""
    is_believed = sign * JUMPS[jump] in (HOUR, -HOUR, 2 * DAY)
    counts = len(server.counted)
    server.error = sign * JUMPS[jump]
    server.reboot()
    server.serve(4 * HOUR, guests_an_hour=1)
    assert server.is_open
    assert is_believed or len(server.counted) == counts
    assert server.refused == 0
    server.error = timedelta()
    assert server.confirm() == (sign * JUMPS[jump] == 2 * DAY)
    server.serve(8 * DAY, guests_an_hour=1)
    assert not server.is_open
    assert server.published == server.accepted


def test_a_clock_one_hour_ahead_closes_a_round_at_most_one_hour_early(server: Server) -> None:
    server.error = HOUR
    [state] = server.store.rounds()
    while server.is_open:
        server.serve(HOUR)
    assert timedelta() <= server.true - state.round.closes_at.astimezone(UTC) + HOUR


def test_a_raspberry_pi_that_boots_in_the_past_counts_once_it_has_network_time(server: Server) -> None:
    server.reboot()
    server.error = datetime(2024, 1, 1, tzinfo=UTC) - server.true
    counts = len(server.counted)
    server.serve(30 * HOUR, guests_an_hour=1)
    assert (len(server.counted), server.refused) == (counts, 0)
    server.error, server.has_ntp = timedelta(), True
    server.serve(HOUR)
    assert len(server.counted) == counts + 1


def test_after_three_weeks_off_counting_waits_for_a_confirmation(server: Server) -> None:
    counts = len(server.counted)
    server.reboot(off=21 * DAY)
    server.serve(2 * HOUR, guests_an_hour=1)
    assert (len(server.counted), server.refused) == (counts, 0)
    assert server.confirm()
    server.serve(20 * HOUR)
    assert len(server.counted) == counts
    server.serve(30 * HOUR)
    assert len(server.counted) == counts + 1


def test_after_three_weeks_off_counting_resumes_with_ntp(server: Server) -> None:
    counts, server.has_ntp = len(server.counted), True
    server.reboot(off=21 * DAY)
    server.serve(HOUR)
    assert len(server.counted) == counts + 1


def test_after_a_weekend_off_counting_resumes_by_itself(server: Server) -> None:
    counts = len(server.counted)
    server.reboot(off=2.5 * DAY)
    server.serve(HOUR)
    assert len(server.counted) == counts + 1


def test_a_round_opened_today_accepts_ballots_after_a_reboot_into_the_past(tmp_path: Path) -> None:
    server = Server(tmp_path, START)
    server.serve(DAY)
    server.open_round(days=10)
    server.reboot()
    server.error = -400 * DAY
    assert server.guest()


def test_with_a_wrong_clock_a_round_ends_on_time_by_the_uptime(server: Server) -> None:
    """No ballot is accepted after that, because a round's closing time is frozen."""
    server.error = -400 * DAY
    server.serve(5 * DAY)
    assert server.guest()
    server.serve(2 * DAY)
    assert not server.guest()


@pytest.mark.parametrize(
    ("start", "days"),
    [
        (datetime(2026, 3, 25, 9, tzinfo=UTC), 10),
        (datetime(2026, 10, 20, 9, tzinfo=UTC), 10),
        (datetime(2028, 2, 25, 9, tzinfo=UTC), 10),
        (datetime(2026, 12, 28, 9, tzinfo=UTC), 10),
    ],
    ids=["to summer time", "to winter time", "leap day", "new year"],
)
def test_leap_days_new_year_and_daylight_saving_stop_no_count(
    tmp_path: Path, start: datetime, days: int
) -> None:
    server = Server(tmp_path, start)
    server.open_round(days=30)
    server.serve(days * DAY, guests_an_hour=1)
    assert len(server.counted) == days + 1
    assert server.refused == 0


def spoilt(server: Server) -> datetime:
    """An installation after a count in 2038, made by a version that did not check the clock."""
    tick = datetime(2038, 1, 1, 17)
    assert server.store.count(tick)
    assert not server.is_open
    return tick


def test_a_count_in_2038_is_undone_by_a_confirmation_and_nothing_is_published_twice(server: Server) -> None:
    spoilt(server)
    published = server.store.snapshot_text()
    assert server.published == server.accepted
    server.serve(3 * DAY)
    assert server.store.last_tick == datetime(2038, 1, 1, 17)
    assert server.confirm()
    assert server.store.last_tick == TICKS.latest(server.now)
    assert server.store.snapshot_text() == published
    counts = len(server.counted)
    server.serve(3 * DAY)
    assert len(server.counted) > counts
    assert server.store.snapshot_text() == published


def test_a_new_round_can_open_after_a_wrong_clock_closed_the_previous_one(server: Server) -> None:
    spoilt(server)
    server.confirm()
    new = a_round(tree("a"), days=30, opens_at=server.now + DAY)
    server.store.open_round(replace(new, id="r2"), server.now)
    assert {state.round.id: state.is_closed for state in server.store.rounds()} == {"r": True, "r2": False}
    with pytest.raises(RoundError):
        server.store.check_opening(replace(new, id="r3"), server.now)


def test_ballots_are_accepted_although_the_last_count_has_a_wrong_time(server: Server) -> None:
    spoilt(server)
    server.store.open_round(replace(a_round(tree("a"), opens_at=server.now), id="r2"), server.now)
    server.reboot()
    assert server.guest()


def test_a_confirmation_does_not_count_past_ticks(server: Server) -> None:
    counts = len(server.counted)
    server.reboot(off=21 * DAY)
    confirmed_at = server.now
    assert server.confirm()
    assert not server.count()
    while len(server.counted) == counts:
        server.serve(HOUR)
    assert server.store.last_tick == next_tick(TICKS, confirmed_at + DAY)


def test_a_clock_without_doubt_cannot_be_confirmed(server: Server) -> None:
    """Otherwise a confirmation could delay the next count."""
    before = server.store.clock_record
    assert not server.confirm()
    assert server.store.clock_record == before


def test_a_wrong_confirmation_can_be_corrected_by_another(server: Server) -> None:
    server.error = 12 * YEAR
    assert server.confirm()
    server.error = timedelta()
    server.serve(2 * DAY)
    assert server.is_open
    assert server.confirm()
    counts = len(server.counted)
    server.serve(3 * DAY, guests_an_hour=1)
    assert len(server.counted) > counts
    assert server.is_open


DAYS_STEERED = 5
ERRORS = [timedelta(), HOUR, -HOUR, DAY, -DAY, 2 * DAY, 20 * DAY, -400 * DAY, 12 * YEAR]


def counts_by_steering(server: Server, confirming: float) -> list[timedelta]:
    """An operator tries to count right after each guest: for each count, the time since a confirmation.

    Each hour, after a guest has answered, the operator sets the clock six times, confirms it with that
    probability, and runs `kiosk count`.
    """
    random, confirmed_at, waits = Random(2), server.true - YEAR, []
    for _ in range(DAYS_STEERED * 24):
        server.true += HOUR
        server.guest()
        for _ in range(6):
            server.error = random.choice(ERRORS) + timedelta(minutes=random.randrange(-90, 90))
            if random.random() < confirming and server.confirm():
                confirmed_at = server.true
            if server.count():
                waits.append(server.true - confirmed_at)
    return waits


def test_the_earliest_count_after_a_confirmation_is_22_hours_later(server: Server) -> None:
    """Confirmed a minute before a tick, with the clock set ahead as far as raises no doubt."""
    before_the_tick = next_tick(TICKS, server.now + 30 * DAY) - timedelta(minutes=1)
    server.error = before_the_tick - server.now
    assert server.confirm()
    confirmed_at, server.error = server.true, server.error + timedelta(hours=1, minutes=59)
    while not server.count():
        server.true += timedelta(minutes=1)
    assert server.true - confirmed_at == timedelta(hours=22, minutes=2)


@pytest.mark.parametrize("confirming", [0.8, 0.1, 0.004])
def test_setting_and_confirming_the_clock_gains_no_extra_count(server: Server, confirming: float) -> None:
    waits = counts_by_steering(server, confirming)
    assert len(waits) <= DAYS_STEERED + 1
    assert all(wait >= 22 * HOUR for wait in waits)


def test_without_the_wait_after_confirmation_setting_the_clock_counts_after_each_guest(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr("kiosk.domain.clock.WAIT_AFTER_CONFIRMATION", -DAY)
    assert len(counts_by_steering(server, 0.8)) > 5 * DAYS_STEERED


def test_each_doubt_about_the_clock_is_reported_once(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        server.error = 12 * YEAR
        server.serve(5 * HOUR)
        server.error = timedelta()
        server.serve(HOUR)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("the clock shows 2038-05-")
    assert lines[0].endswith(clock.REMEDY)


@pytest.mark.parametrize(
    ("error", "off", "words"),
    [
        (12 * YEAR, timedelta(), "set by hours since the machine started"),
        (12 * YEAR, HOUR, "it was last known to be right at 2026-06-02 17:00"),
        (-12 * YEAR, HOUR, "before the last count, which was made for 2026-06-02 17:00"),
    ],
)
def test_the_reported_doubt_gives_the_reason(
    server: Server, error: timedelta, off: timedelta, words: str
) -> None:
    if off:
        server.reboot(off)
    server.error = error
    doubt = clock_doubt(server.store, server.now, server.machine())
    assert doubt
    assert words in doubt


def test_the_clock_of_a_demonstration_is_never_in_doubt(server: Server) -> None:
    server.store.mark_demonstration()
    server.error = 12 * YEAR
    assert clock_doubt(server.store, server.now, server.machine()) is None


def test_the_clock_record_is_not_written_while_nothing_changes(server: Server) -> None:
    before = server.store.clock_record
    for _ in range(3):
        server.true += HOUR
        remember_boot(server.store, server.now, server.machine())
    assert server.store.clock_record == before


def test_a_guests_request_never_changes_the_clock_record(server: Server) -> None:
    before = server.store.clock_record
    for error in (timedelta(), 12 * YEAR, -12 * YEAR):
        server.error = error
        server.guest()
    assert server.store.clock_record == before


def test_guests_can_answer_while_the_clock_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    now, machine = [NOW], Machine("boot", DAY, None)

    def believed(store: Store) -> BelievedClock:
        return BelievedClock(store, lambda: now[0], lambda: machine)

    remember_boot(place.store, NOW, machine)
    monkeypatch.setattr("kiosk.operation.serve.BelievedClock", believed)
    settings = read_settings({"KIOSK_DATA": str(tmp_path), "KIOSK_SECRET_KEY": "s" * 32})
    guest, _ = guest_and_desk(settings, place.store, place.library, TICKS)
    client = Client(guest)
    for error, slip in ((12 * YEAR, place.slip), (-12 * YEAR, place.other_slip)):
        now[0], machine = NOW + error, replace(machine, uptime=machine.uptime + HOUR)
        assert client.get("/").status_code == 200
        assert client.post("/q/answer", data={"slip": slip, "listened": "5"}).status_code == 303
    assert place.waiting() == 2


# -- this machine ----------------------------------------------------------------------------------


def test_the_boot_id_and_uptime_of_this_machine_are_read() -> None:
    first, second = read_machine(), read_machine()
    assert first.boot == second.boot != ""
    assert timedelta() < first.uptime <= second.uptime


@pytest.mark.parametrize(
    ("answer", "max_error", "is_kept"),
    [(0, 500_000, True), (5, 15_999_999, True), (5, 16_000_000, False), (-1, 0, False)],
)
def test_ntp_time_is_used_only_with_a_small_maximum_error(answer: int, max_error: int, is_kept: bool) -> None:
    def adjtimex(timex: Timex) -> int:
        assert timex.modes == 0
        timex.maxerror, timex.time.seconds = max_error, int(START.timestamp())
        return answer

    assert ntp_time(adjtimex) == (START if is_kept else None)


def test_the_kernels_time_structure_is_read_correctly() -> None:
    """Checks the layout of the structure against the kernel."""
    timex = Timex(modes=0)
    assert ctypes.CDLL(None).adjtimex(ctypes.byref(timex)) >= 0
    assert abs(timex.time.seconds - time.time()) < 60
    assert timex.tolerance > 0


FAKETIME = shutil.which("faketime")


@pytest.mark.skipif(FAKETIME is None, reason="needs faketime")
def test_commands_neither_count_nor_open_rounds_after_the_clock_was_set(tmp_path: Path, run: Run) -> None:
    def later(step: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a separate process, as a timer does, with the clock set and the real uptime."""
        command = [
            str(FAKETIME),
            "--exclude-monotonic",
            "-f",
            step,
            sys.executable,
            "-m",
            "kiosk.cli",
            *words,
        ]
        environ = {**os.environ, "KIOSK_DATA": "data"}
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    printed(run("init"))
    printed(run(*OPEN))
    listed = printed(run("round", "list"))
    for step, words in (("+2d", ("count",)), ("+12y", ("count",)), ("+12y", OPEN)):
        done = later(step, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith(f"{clock.REMEDY}\n")
    assert printed(run("round", "list")) == listed
    assert printed(run("count")).startswith("Nothing to do")
