"""A virtual display with Debian's Chromium, started with the kiosk's command line.

Keys and mouse events are sent through the X server, so that they reach the browser's shortcuts. The browser
is also observed from outside: windows, tabs, processes, files, screenshots.

The policy is in /etc/chromium in a mount namespace of this browser: no file of the machine is changed, and
other browsers keep their policies.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from signal import SIGKILL
from urllib.parse import quote
from urllib.request import Request, urlopen

from kiosk.operation.lockdown import KioskAddress, files

SIZE = (1280, 800)

PROGRAMS = {"chromium": "chromium", "Xvfb": "xvfb", "xdotool": "xdotool", "unshare": "util-linux"}
"""Program -> Debian package."""

POLICY = "root/etc/chromium/policies/managed/kiosk.json"
SCRIPT = "root/usr/local/bin/kiosk-screen"

WATCHED = {
    "--no-sandbox": "Chromium refuses to run as root without",
    "--remote-debugging-port=0": "lists tabs and windows",
    "--ozone-platform=x11": "an X server stands in for the kiosk's own",
    f"--window-size={SIZE[0] + 1},{SIZE[1] + 1}": "no window manager makes it as large as the screen",
    "--window-position=0,0": "the same",
}
"""Additions to the kiosk's command line, with reasons."""

QUIET = 0.9
"""Seconds without a change after which the state is final."""

LONGEST_WAIT_SECONDS = 15.0
"""Seconds to wait for a browser or a page."""

WORKERS = ("service_worker", "worker")
"""Scripts of the page that start with a sign of life: a guest can neither see nor touch them."""

OWN_PAGES = ("chrome://omnibox-popup.top-chrome/", "chrome://webui-")
"""Parts of the browser that are listed as pages and show nothing."""

OWN_PROCESSES = frozenset({"chromium", "chrome_crashpad", "cat", "sh", "kiosk-screen", "unshare", "basename"})


class NotPossibleHereError(Exception):
    """This machine cannot run the attempts; the message says what is missing."""


def check_possible() -> None:
    """Raise NotPossibleHereError, with a remedy, if a program or permission is missing."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        raise NotPossibleHereError(f"missing: apt install {' '.join(missing)}")
    done = subprocess.run(
        [*_namespace(), "mount", "--bind", "/etc/chromium", "/etc/chromium"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotPossibleHereError(
            f"no policy can be put in place ({done.stderr.strip()}); run as root, or allow user namespaces"
        )


def _namespace() -> list[str]:
    """A command prefix for a separate mount namespace; a user other than root becomes root inside."""
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


@dataclass(frozen=True)
class Page:
    """One entry of the browser's list of pages."""

    id: str
    kind: str
    address: str
    title: str


@dataclass(frozen=True)
class Seen:
    """The state of the browser, observed from outside."""

    is_running: bool
    pages: frozenset[Page]
    windows: frozenset[str]
    processes: frozenset[str]
    files: frozenset[str]
    picture: bytes = field(repr=False)


class Kiosk:
    """A browser on a display, started by `command`, with all its files in `folder`."""

    def __init__(self, folder: Path, shown_on: str, command: list[str]) -> None:
        self.folder = folder
        self.environ = {
            **os.environ,
            "DISPLAY": shown_on,
            "RUNTIME_DIRECTORY": str(folder),
            "STATE_DIRECTORY": str(folder / "kept"),
            "HOME": str(folder),
        }
        self.command = command
        self.start()

    def start(self) -> None:
        """Start the browser, and wait until it lists its pages."""
        port_file = self.folder / "profile" / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            self.command,
            env=self.environ,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends = time.monotonic() + LONGEST_WAIT_SECONDS
        while not (port_file.exists() and port_file.read_text()):
            status = self.process.poll()
            assert status is None, f"Chromium ended with status {status}"
            assert time.monotonic() < ends, f"Chromium did not start within {LONGEST_WAIT_SECONDS} s"
            time.sleep(0.05)
        self.port = int(port_file.read_text().split()[0])

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()

    def crash(self) -> None:
        """Kill the browser, as a failure does."""
        self.process.kill()
        self.process.wait()

    def has_noted_a_crash(self) -> bool:
        """Whether the profile records that the browser did not exit normally."""
        noted = self.folder / "profile" / "Default" / "Preferences"
        return noted.exists() and '"exit_type":"Crashed"' in noted.read_text()

    def crash_page(self) -> None:
        """Kill the renderer processes, as a failure does."""
        parents = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                status = (process / "stat").read_text().rpartition(") ")[2]
                parents[int(process.name)] = int(status.split()[1])
        own = {self.process.pid}
        while more := {child for child, parent in parents.items() if parent in own} - own:
            own |= more
        for pid in own:
            if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, SIGKILL)

    def press(self, *words: str) -> None:
        """Run xdotool: `key ctrl+n`, `mousemove 10 10 click 3`."""
        subprocess.run(["xdotool", *words], env=self.environ, check=True)

    def pages(self) -> frozenset[Page]:
        """The browser's list of pages; empty while it is exiting."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/json/list", timeout=5) as answer:
                targets = json.load(answer)
        except OSError:
            return frozenset()
        return frozenset(
            Page(page["id"], page["type"], page["url"], unescape(page["title"]))
            for page in targets
            if not page["url"].startswith(OWN_PAGES) and page["type"] not in WORKERS
        )

    def open(self, address: str) -> None:
        """Open an address in a new tab, as if typed in an address bar."""
        asked = Request(f"http://127.0.0.1:{self.port}/json/new?{quote(address, safe='')}", method="PUT")
        with urlopen(asked, timeout=5):  # noqa: S310
            pass

    def see(self) -> Seen:
        is_running = self.process.poll() is None
        return Seen(
            is_running,
            self.pages() if is_running else frozenset(),
            self._windows(),
            self._processes(),
            self._files(),
            self.picture(),
        )

    def picture(self) -> bytes:
        return (self.folder / "Xvfb_screen0").read_bytes()

    def settle(self, is_done: Callable[[], bool] = lambda: True) -> Seen:
        """The state once `is_done` and nothing has changed for a while, or after a timeout."""
        ends = time.monotonic() + LONGEST_WAIT_SECONDS
        seen, since = self.see(), time.monotonic()
        while time.monotonic() < ends:
            now = self.see()
            if now != seen:
                seen, since = now, time.monotonic()
            elif is_done() and time.monotonic() - since > QUIET:
                break
            time.sleep(0.05)
        return seen

    def _windows(self) -> frozenset[str]:
        listed = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--maxdepth", "1", "--name", ""],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return frozenset(listed.stdout.split())

    def _processes(self) -> frozenset[str]:
        """Names of programs that this browser started, except its own."""
        programs = set()
        for process in self._marked():
            with suppress(OSError):
                programs.add((process / "comm").read_text().strip())
        return frozenset(programs - OWN_PROCESSES)

    def _marked(self) -> list[Path]:
        """Processes, as folders in /proc, whose environment names this browser's folder."""
        mark, processes = f"RUNTIME_DIRECTORY={self.folder}".encode(), []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    processes.append(process)
        return processes

    def _files(self) -> frozenset[str]:
        """Files outside the browser's own folders."""
        own = {"profile", "kept", "etc", "Xvfb_screen0"}
        tops = [
            path for path in self.folder.iterdir() if not path.name.startswith(".") and path.name not in own
        ]
        files = [path for top in tops for path in (top, *top.rglob("*")) if path.is_file()]
        return frozenset(str(path.relative_to(self.folder)) for path in files)


@contextmanager
def display(folder: Path) -> Iterator[str]:
    """Start an X server and return its name. Its framebuffer is a file in `folder`."""
    read, write = os.pipe()
    width, height = SIZE
    server = subprocess.Popen(
        [
            "Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp",
            "-fbdir", str(folder),
        ],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    try:
        yield ":" + os.read(read, 10).decode().strip()
    finally:
        os.close(read)
        server.terminate()
        server.wait()


@contextmanager
def kiosk(folder: Path, address: KioskAddress, *, is_locked: bool, is_read: bool = False) -> Iterator[Kiosk]:
    """A browser on a display, locked by the files of `kiosk lockdown`, or not locked as the control.

    One line of the policy is removed: the one that forbids listing pages. `is_read` changes another one, so
    that the text of a page can be read; only for tries in which the developer tools are no way out.
    """
    made = files(address)
    (folder / "etc").mkdir()
    (folder / "etc" / "page.html").write_text("<title>reached</title>")
    policies = folder / "etc" / "policies" / "managed"
    policies.mkdir(parents=True)
    if is_locked:
        rules = json.loads(made[POLICY])
        del rules["RemoteDebuggingAllowed"]
        if is_read:
            rules["DeveloperToolsAvailability"] = 1
        (policies / "kiosk.json").write_text(json.dumps(rules))
    script = folder / "etc" / "kiosk-screen"
    script.write_bytes(made[SCRIPT])
    command = (
        ["sh", str(script), *WATCHED]
        if is_locked
        else ["chromium", f"--user-data-dir={folder}/profile", "--no-first-run", *WATCHED, address.url]
    )
    bound = [*_namespace(), "sh", "-c", 'mount --bind "$0" /etc/chromium && exec "$@"', f"{folder}/etc"]
    with display(folder) as shown_on:
        running = Kiosk(folder, shown_on, [*bound, *command])
        try:
            yield running
        finally:
            running.end()
