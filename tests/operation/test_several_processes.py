"""Two `kiosk serve` on one PostgreSQL: guests, kiosks and staff may reach either of them at each request."""

import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from kiosk.domain.theme import Theme
from kiosk.library.theme_changes import theme_digest, write_theme
from tests.tools.guest_side import count_after_closing
from tests.tools.postgresql import new_server
from tests.tools.sites import POSTER, Answer, Person, Process, Sites

pytestmark = pytest.mark.slow

GUESTS = 48
AT_ONCE = 4
TICKET_HEX = 32


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """An installation on a server that keeps its commits: the program refuses any other."""
    with new_server() as server:
        made = Sites(tmp_path_factory.mktemp("sites"), server.create_database("sites"))
        yield made
        made.store.close()


@pytest.fixture(scope="module")
def two(sites: Sites) -> Iterator[tuple[Process, Process]]:
    with sites.serving(2) as (first, second):
        yield first, second


def statuses(processes: tuple[Process, ...], number: int) -> list[int]:
    """Send a ballot from so many guests, each to both processes in turn with the ticket of its form, as a
    browser does that sends again. Returns the statuses of the responses; a killed process has none."""

    def answer(guest: int) -> list[int]:
        ticket, given = secrets.token_hex(TICKET_HEX // 2), []
        for turn in range(len(processes)):
            process = processes[(guest + turn) % len(processes)]
            try:
                given.append(
                    process.guest(f"/s/{POSTER}", listened=str(guest % 5 + 1), _ticket=ticket).status
                )
            except OSError:
                continue
        return given

    with ThreadPoolExecutor(AT_ONCE) as guests:
        return [status for given in guests.map(answer, range(number)) for status in given]


def test_a_code_of_one_desk_pairs_a_screen_at_the_other_process_once(
    sites: Sites, two: tuple[Process, Process]
) -> None:
    first, second = two
    anna = Person()
    assert anna.sign_in(first).status == 303
    shown = anna.post(first, "/admin/links/pair", "/admin/links", unit="frida")
    match = re.search(r"<strong>(\d{4} \d{4} \d{4})</strong>", shown.text)
    assert match
    paired = second.guest("/pair", code=match[1], press="done")
    assert paired.status == 303
    assert [process.guest("/pair", code=match[1], press="done").status for process in two] == [403, 403]
    path = paired.headers["Location"].removesuffix("/paired")
    assert [process.guest(path).status for process in two] == [200, 200]
    assert {entry.name for entry in sites.store.audit_log.entries()} == {"anna"}


def test_staff_are_signed_in_and_out_at_both_desks(two: tuple[Process, Process]) -> None:
    first, second = two
    anna, elsewhere = Person(), Person()
    assert anna.sign_in(first).status == elsewhere.sign_in(second).status == 303
    assert [anna.get(process, "/admin/links").status for process in two] == [200, 200]
    anna.post(second, "/admin/sign-out", "/admin/links")
    for process in two:
        assert elsewhere.get(process, "/admin/links").status == 302


def test_a_look_that_one_process_saves_is_shown_by_every_process(
    sites: Sites, two: tuple[Process, Process]
) -> None:
    write_theme(sites.settings, Theme("Hjärtats mission", accent="#7a1f5c"), theme_digest(Theme()))
    end = time.monotonic() + 60
    for process in two:
        while "#7a1f5c" not in page(process).text:
            assert time.monotonic() < end
            time.sleep(0.2)


def page(process: Process) -> Answer:
    return process.guest(f"/s/{POSTER}")


def answer_at(process: Process, guest: int, ticket: str) -> Answer:
    return process.guest(f"/s/{POSTER}", listened=str(guest % 5 + 1), _ticket=ticket)


def test_guests_of_two_processes_are_counted_once_even_if_one_process_is_killed(
    sites: Sites, two: tuple[Process, Process]
) -> None:
    # The last test of this file, since it kills a process.
    before = statuses(two, GUESTS)
    with ThreadPoolExecutor() as beside:
        counted = beside.submit(sites.store.count, datetime.now())
        during = statuses(two, GUESTS)
        killed = beside.submit(statuses, two, GUESTS)
        assert counted.result()
        two[1].kill()
        assert set(before + during + killed.result()) == {303}
    assert len(before) == len(during) == 2 * GUESTS
    assert sites.store.key_faults() == []
    # Control: without tickets, each guest who sends again is counted twice.
    for _ in range(2):
        assert two[0].guest(f"/s/{POSTER}", listened="5").status == 303
    assert count_after_closing(sites.store, sites.round) == 3 * GUESTS + 2
    assert sites.store.rounds()[0].lost_boxes == 0
