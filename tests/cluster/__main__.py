"""`make cluster`: the leader of a PostgreSQL cluster fails ten times under load, and no accepted ballot is
lost or counted twice.

Three nodes of Patroni, etcd and PostgreSQL, two `kiosk serve`, eight screens and one in Chromium run on
loopback. The control is the same with asynchronous replicas, and without the program's own guard: it loses
ballots.
"""

import argparse
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import NamedTuple

import peewee

from kiosk.domain.rounds import Admission
from kiosk.storage import KeyUnavailableError, StoreError
from tests.cluster import serving
from tests.cluster.chromium_screen import ChromiumScreen
from tests.cluster.guests import Record, Screen
from tests.cluster.nodes import ASYNCHRONOUS, ETCD, ETCD3, STRICT, Node, Nodes, running_nodes, send, wait_for
from tests.tools.published import statements
from tests.tools.sites import Process, Sites

SCREENS = 8
PACE = 0.5
"""Seconds between two guests at a screen."""
PROCESSES = 2
SETTLE = 3.0
"""Seconds of load before each failure."""
CUT_OFF = 2.0
"""Seconds for which a leader is cut off from its replicas before it is killed."""
COUNT_EVERY = 15.0
ACCEPTED_WITHIN = 90.0
"""Seconds after a failover in which a ballot is accepted, if one is at all."""


def cut_off_and_kill(node: Node) -> None:
    """Stop the sending of the log of writes, as a lost network does, and then kill the node."""
    send(signal.SIGSTOP, node.senders())
    time.sleep(CUT_OFF)
    node.kill()


def hang(node: Node) -> None:
    node.signal(signal.SIGSTOP)


class Failure(NamedTuple):
    """What happens to the leader's node, and how it comes back once another node leads."""

    text: str
    begin: Callable[[Node], None]
    end: Callable[[Node], None]


def go_on(node: Node) -> None:
    node.signal(signal.SIGCONT)


KILLED = Failure("killed", Node.kill, Node.start)
CUT_OFF_AND_KILLED = Failure("cut off from its replicas, then killed", cut_off_and_kill, Node.start)
HUNG = Failure("hung (SIGSTOP), and went on after the failover", hang, go_on)
UNSUPERVISED = Failure("Patroni killed; PostgreSQL goes on", Node.kill_supervisor, Node.start)

FAILURES = (
    KILLED, CUT_OFF_AND_KILLED, HUNG, KILLED, UNSUPERVISED,
    CUT_OFF_AND_KILLED, KILLED, HUNG, CUT_OFF_AND_KILLED, KILLED,
)  # fmt: skip
OF_THE_CONTROL = (CUT_OFF_AND_KILLED,)


@dataclass(frozen=True)
class Site:
    """The installation, its processes and its screens."""

    sites: Sites
    processes: list[Process]
    screens: list[Screen]
    chromium: ChromiumScreen
    record: Record


@contextmanager
def open_site(nodes: Nodes, folder: Path, *, is_disarmed: bool) -> Iterator[Site]:
    """Yield an installation on the cluster with guests at its screens."""
    sites, record = Sites(folder, nodes.url), Record()
    program = ["-m", "tests.cluster.serving", *([serving.DISARMED] if is_disarmed else [])]
    # Swedish alone would have no page of languages.
    sites.environ["KIOSK_LANGUAGES"] = "en"
    units = list(sites.round.tree.leaves)
    links = [sites.store.links.add(Admission.KIOSK, units[at % len(units)]) for at in range(SCREENS)]
    with sites.serving(PROCESSES, program) as processes:
        screens = [
            Screen(
                (processes[at % PROCESSES].guest_port, link.code),
                sites.store.public_key(sites.round.id, link.unit_id),
                sites.round.survey,
                record,
                PACE,
            )
            for at, link in enumerate(links)
        ]
        own = sites.store.links.add(Admission.KIOSK, units[0])
        address = f"http://127.0.0.1:{processes[0].guest_port}/k/{own.code}"
        chromium = ChromiumScreen(address, [column.id for column in sites.round.survey.columns], record)
        for screen in (*screens, chromium):
            screen.start()
        try:
            wait_for(lambda: chromium.thanked or None, "the thanks in Chromium")
            yield Site(sites, processes, screens, chromium, record)
        finally:
            for screen in screens:
                screen.end()
            for screen in screens:
                screen.join()


def fail(nodes: Nodes, site: Site, failure: Failure, *, is_strict: bool) -> str:
    """Let the leader fail, wait until another one leads and the cluster is whole. Returns the row of it."""
    leader = nodes.wait_until_whole(is_strict=is_strict)
    time.sleep(SETTLE)
    began = time.monotonic()
    failure.begin(leader)
    ended = time.monotonic()

    def other_leader() -> Node | None:
        leading = nodes.leader()
        return leading if leading is not leader else None

    other = wait_for(other_leader, "a new leader")
    promoted = time.monotonic()

    def accepted() -> float | None:
        return next((at for at in reversed(site.record.accepted_at) if at > promoted), None)

    try:
        again = f"{wait_for(accepted, 'an accepted ballot', ACCEPTED_WITHIN) - ended:.0f}"
    except TimeoutError:
        again = "never"
    most_kept = max(screen.kept for screen in site.screens)
    failure.end(leader)
    try:
        nodes.wait_until_whole(is_strict=is_strict)
    except TimeoutError as error:
        print(error)
    during = sum(began <= at <= ended for at in site.record.accepted_at)
    whole = time.monotonic()
    cells = (
        f"{leader.name} -> {other.name}",
        failure.text,
        f"{promoted - ended:.0f}",
        again,
        most_kept,
        during,
        f"{whole - ended:.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


class Counts(Thread):
    """Counts again and again beside the guests, as `kiosk serve` does once a day."""

    def __init__(self, sites: Sites) -> None:
        super().__init__(daemon=True)
        self._sites, self._ended = sites, Event()
        self.made: Counter[str] = Counter()

    def run(self) -> None:
        while not self._ended.wait(COUNT_EVERY):
            try:
                self._sites.store.count(datetime.now())
                self.made["done"] += 1
            except (peewee.PeeweeException, StoreError, KeyUnavailableError) as error:
                self.made[type(error).__name__] += 1
        self._sites.store.close()

    def end(self) -> None:
        self._ended.set()
        self.join()


def close_round(sites: Sites) -> Counter[tuple[str, int]]:
    """Close the round. Returns the counted ballots, (statement, option) -> number."""
    sites.store.count(sites.round.closes_at)
    [published] = sites.store.snapshot()["rounds"]
    return Counter(
        {
            (name, option): number
            for name, table in statements(published["nodes"][0]).items()
            for option, number in enumerate(table["counts"], start=1)
        }
    )


def of_one_statement(ballots: Counter[tuple[str, int]]) -> int:
    """The greatest number of ballots at any statement."""
    by_statement: Counter[str] = Counter()
    for (name, _), number in ballots.items():
        by_statement[name] += number
    return max(by_statement.values(), default=0)


HEAD = """\
| leader | what happened to it | new leader after s | first ballot after s | most kept on a screen | accepted while cut off | whole after s |
|---|---|---|---|---|---|---|"""  # noqa: E501


def run(failures: tuple[Failure, ...], interface: str, *, is_control: bool) -> int:
    """Run the failures, print the log in numbers, and return the number of lost and doubled ballots."""
    is_strict = not is_control
    with (
        running_nodes(ASYNCHRONOUS if is_control else STRICT, interface) as nodes,
        TemporaryDirectory() as folder,
    ):
        nodes.wait_until_whole(is_strict=is_strict)
        if is_control:
            print(f"The guarded program refuses these servers: {refusal(nodes, Path(folder, 'guarded'))}")
            serving.disarm()
        with open_site(nodes, Path(folder, "site"), is_disarmed=is_control) as site:
            counts = Counts(site.sites)
            counts.start()
            print(HEAD, flush=True)
            for failure in failures:
                print(fail(nodes, site, failure, is_strict=is_strict), flush=True)
            drain(site)
            site.chromium.close()
            counts.end()
            if not is_control:
                commands(site.sites, Path(folder))
            faults = site.sites.store.key_faults()
            if faults:
                site.sites.store.give_up_keys(faults)
            counted = close_round(site.sites)
            accepted = site.record.accepted
            lost, doubled = of_one_statement(accepted - counted), of_one_statement(counted - accepted)
            print(f"accepted {of_one_statement(accepted)}, counted {of_one_statement(counted)}")
            print(f"lost {lost}, doubled {doubled}; boxes and other rows without their key: {len(faults)}")
            print(f"still kept on screens: {sum(screen.kept for screen in site.screens)}")
            record = site.record
            print(f"kept and sent again: {record.kept_ballots}; most on one screen: {record.most_kept}")
            seen = site.chromium
            print(f"Chromium: thanked {seen.thanked}, most kept {seen.most_kept}, still kept {seen.kept}")
            print(f"answers to screens: {dict(record.answers)}; counts: {dict(counts.made)}")
            site.sites.store.close()
            return lost + doubled


def drain(site: Site) -> None:
    """Admit no more guests, and wait until no ballot waits on a screen, or none is accepted any more."""
    for screen in site.screens:
        screen.close()
    before = -1
    while any(screen.kept for screen in site.screens) and len(site.record.accepted_at) != before:
        before = len(site.record.accepted_at)
        time.sleep(SETTLE)


def refusal(nodes: Nodes, folder: Path) -> str:
    """Return why the program, with its guard, does not write to the cluster."""
    try:
        Sites(folder, nodes.url)
    except StoreError as error:
        return str(error)
    return "**no**"


def commands(sites: Sites, folder: Path) -> None:
    """Print what the operator's commands say of the cluster."""
    for command in (["backup", str(folder / "backup.zip")], ["upgrade"], ["doctor"]):
        done = subprocess.run(
            [sys.executable, "-c", "from kiosk.cli import main; main()", *command],
            env={"PATH": "/usr/bin:/bin", **sites.environ},
            capture_output=True,
            text=True,
        )
        lines = (done.stdout + done.stderr).splitlines()
        shown = [line.strip() for line in lines if command[0] != "doctor" or "PostgreSQL" in line]
        print(f"`kiosk {command[0]}`: exit status {done.returncode}; {' / '.join(shown)[:600]}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--control", action="store_true", help="asynchronous replicas, without the guard")
    parser.add_argument("--failures", type=int, default=len(FAILURES), help="number of failures")
    parser.add_argument("--etcd3", action="store_true", help="Patroni's other interface; leaders hang only")
    arguments = parser.parse_args()
    failures = OF_THE_CONTROL if arguments.control else (HUNG,) if arguments.etcd3 else FAILURES
    interface = ETCD3 if arguments.etcd3 else ETCD
    bad = run(failures[: arguments.failures], interface, is_control=arguments.control)
    sys.exit(bool(bad) != arguments.control)


if __name__ == "__main__":
    main()
