"""The scripts of a kiosk machine: a hung browser, a monitor that was off, a turned picture, and updates.

The real scripts run with substitutes for the programs that change the machine.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk.operation.lockdown import files, read_address
from kiosk.operation.machine_files import write

pytestmark = pytest.mark.slow

ADDRESS = "https://svara.example/k/aB3dE6gH9jK2mN5p"
SENT = "SENT"
"""Name of the file with the bytes that the browser has sent, as systemd prints them for service and user."""


class Machine:
    """A machine with the files of a kiosk. Its programs write what they are told to a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write(folder / "kiosk", files(read_address(ADDRESS)))
        self.root = folder / "kiosk" / "root"
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.done = folder / "done"
        self.program(
            "systemctl",
            f"""case "$*" in
            is-active*) test ! -e {folder}/stopped ;;
            show*) cat {folder}/{SENT} ;;
            *) echo "systemctl $*" >>{self.done} ;;
        esac""",
        )
        self.program("ip", f"cat {folder}/route 2>/dev/null || true")
        self.program("id", "echo 990")
        self.program("logger", f'echo "$*" >>{folder}/journal')
        self.is_connected()

    def program(self, name: str, script: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.programs / name).chmod(0o755)

    def is_connected(self, route: str = "default via 192.0.2.1 dev eth0") -> None:
        (self.folder / "route").write_text(f"{route}\n")

    def run(self, script: str, *arguments: str, **environment: str) -> str:
        """Run a script of the machine. Returns its output."""
        done = subprocess.run(
            ["sh", str(self.root / "usr/local" / script), *arguments],
            env={
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "RUNTIME_DIRECTORY": str(self.folder),
                **environment,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def look(self, sent: str) -> None:
        """Look whether the browser hangs, which has sent so many bytes."""
        (self.folder / SENT).write_text(sent)
        self.run("sbin/kiosk-screen-watch")

    @property
    def restarts(self) -> list[str]:
        return self.done.read_text().splitlines() if self.done.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_browser_that_sends_nothing_for_fifteen_minutes_is_restarted(machine: Machine) -> None:
    for _ in range(3):
        machine.look("0\n\n4096\n")
    assert machine.restarts == []
    machine.look("0\n\n4096\n")
    assert machine.restarts == ["systemctl restart kiosk-screen.service"]
    assert "sent nothing for fifteen minutes" in (machine.folder / "journal").read_text()
    machine.look("0\n\n4096\n")
    assert len(machine.restarts) == 1


def test_a_browser_that_sends_signs_of_life_is_left_alone(machine: Machine) -> None:
    for sent in range(20):
        machine.look(f"[not set]\n\n{4096 + 100 * (sent // 3)}\n")
    assert machine.restarts == []


@pytest.mark.parametrize("route", ["", "default via 192.0.2.1 dev eth0 linkdown"])
def test_a_browser_without_a_network_is_left_alone(machine: Machine, route: str) -> None:
    for _ in range(3):
        machine.look("0\n\n4096\n")
    machine.is_connected(route)
    for _ in range(9):
        machine.look("0\n\n4096\n")
    assert machine.restarts == []


def test_a_browser_that_was_stopped_is_not_restarted(machine: Machine) -> None:
    (machine.folder / "stopped").touch()
    for _ in range(9):
        machine.look("0\n\n4096\n")
    assert machine.restarts == []


@pytest.mark.parametrize("sent", ["[not set]\n\n[not set]\n", "18446744073709551615\n\n"])
def test_a_machine_that_does_not_count_bytes_reports_it_and_restarts_nothing(
    machine: Machine, sent: str
) -> None:
    for _ in range(9):
        machine.look(sent)
    assert machine.restarts == []
    assert "cannot tell whether the browser hangs" in (machine.folder / "journal").read_text()


def change_monitors(machine: Machine, *states: str) -> None:
    """Run what udev starts when a connector changes, with these states of the connectors."""
    for number, state in enumerate(states):
        connector = machine.folder / "drm" / f"card1-HDMI-A-{number}"
        connector.mkdir(parents=True, exist_ok=True)
        (connector / "status").write_text(f"{state}\n")
    machine.run("sbin/kiosk-screen-monitor", str(machine.folder / "drm"), "0")


def test_the_screen_starts_again_when_its_monitor_is_back(machine: Machine) -> None:
    change_monitors(machine, "disconnected", "disconnected")
    assert machine.restarts == []
    change_monitors(machine, "disconnected", "connected")
    assert machine.restarts == ["systemctl try-restart kiosk-screen.service"]


def test_a_change_of_a_monitor_that_stays_connected_restarts_nothing(machine: Machine) -> None:
    for _ in range(3):
        change_monitors(machine, "connected")
    change_monitors(machine, "connected", "disconnected")
    assert machine.restarts == []


OLD_CAGE = "Usage: cage [OPTIONS] [--] APPLICATION\n -d\t Do not draw\n -r\t Rotate the output 90 degrees"
NEW_CAGE = "Usage: cage [OPTIONS] [--] APPLICATION\n -d\t Do not draw\n -s\t Allow VT switching"


def started_cage(machine: Machine, help_text: str, **environment: str) -> list[str]:
    """The options of cage, and the turn that is left to the browser's script."""
    machine.program(
        "cage",
        f"""if [ "$1" = -h ]; then printf '%s\\n' '{help_text}' >&2; exit; fi
        echo "$@"; echo "left: ${{KIOSK_TURN:-}}" """,
    )
    return machine.run("bin/kiosk-cage", **environment).splitlines()


BROWSER = "-- /usr/local/bin/kiosk-screen --ozone-platform=wayland"


@pytest.mark.parametrize(("turn", "options"), [("0", "-d"), ("90", "-d -r"), ("270", "-d -r -r -r")])
def test_an_older_cage_turns_the_picture(machine: Machine, turn: str, options: str) -> None:
    assert started_cage(machine, OLD_CAGE, ROTATE=turn) == [f"{options} {BROWSER}", "left: "]


def test_in_a_newer_cage_the_browsers_script_turns_the_picture(machine: Machine) -> None:
    assert started_cage(machine, NEW_CAGE, ROTATE="180") == [f"-d {BROWSER}", "left: 180"]
    machine.program(
        "wlr-randr",
        f"""if [ $# = 0 ]; then printf 'HDMI-A-1 "Maker"\\n  Enabled: yes\\n'
        else echo "wlr-randr $*" >>{machine.done}; fi""",
    )
    machine.program("chromium", "true")
    script = machine.root / "usr/local/bin/kiosk-screen"
    script.write_text(script.read_text().replace("/etc/chromium", str(machine.root / "etc/chromium")))
    machine.run("bin/kiosk-screen", KIOSK_TURN="180", STATE_DIRECTORY=str(machine.folder / "state"))
    assert machine.restarts == ["wlr-randr --output HDMI-A-1 --transform 180"]


def test_an_unknown_turn_is_reported_and_the_screen_starts(machine: Machine) -> None:
    assert started_cage(machine, OLD_CAGE, ROTATE="45") == [f"-d {BROWSER}", "left: "]
    assert "ROTATE=45" in (machine.folder / "journal").read_text()


def test_cage_runs_without_switching_to_other_terminals(machine: Machine) -> None:
    assert " -s" not in started_cage(machine, OLD_CAGE)[0]


def test_the_browser_of_raspberry_pi_is_updated(machine: Machine) -> None:
    if not shutil.which("apt-config"):
        pytest.skip("no apt-config here")
    shown = subprocess.run(
        ["apt-config", "dump"],
        env={"APT_CONFIG": str(machine.root / "etc/apt/apt.conf.d/52kiosk-screen"), **os.environ},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    origins = re.findall(r'^Unattended-Upgrade::Origins-Pattern:: "(.*)";', shown, re.MULTILINE)
    assert "origin=Raspberry Pi Foundation,codename=${distro_codename}" in origins
    assert 'APT::Periodic::Unattended-Upgrade "1";' in shown


def test_a_monitor_that_is_switched_on_starts_its_script(machine: Machine) -> None:
    rules = (machine.root / "etc/udev/rules.d/90-kiosk.rules").read_text()
    [rule] = [line for line in rules.splitlines() if 'SUBSYSTEM=="drm"' in line]
    [unit] = re.findall(r"start (\S+\.service)", rule)
    assert (machine.root / "etc/systemd/system" / unit).exists()


def test_the_picture_is_dark_at_night_without_a_change_of_the_monitor_under_cage(machine: Machine) -> None:
    units = machine.root / "etc/systemd/system"
    off, on = ((units / f"kiosk-screen-{name}.service").read_text() for name in ("off", "on"))
    assert off.index("stop kiosk-screen.service") < off.index("echo 4")
    assert on.index("echo 0") < on.index("start kiosk-screen.service")
    checklist = (machine.folder / "kiosk/CHECKLIST.md").read_text("utf-8")
    assert checklist.count("enable --now kiosk-screen-off.timer kiosk-screen-on.timer") == 2
