"""A display of its own, and on it Debian's Chromium as the kiosk's own command line starts it.

Keys and mouse come from outside, through the X server, so that they reach the browser's own shortcuts. What
the browser does is seen from outside too: windows, tabs, processes, files, pictures.

The policy lies in /etc/chromium in a mount namespace of this browser alone: no file of the machine is
changed, and other browsers on it keep their own.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from kiosk.lockdown import KioskAddress, files

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
"""What is added to the kiosk's command line, and why."""

QUIET = 1.2
"""Seconds without a change after which nothing is coming any more."""

LONGEST = 15.0
"""Seconds to wait for a browser or a page."""

OWN_PAGES = ("chrome://omnibox-popup.top-chrome/", "chrome://webui-")
"""Parts of the browser that list themselves as pages and show nothing by themselves."""

OWN_PROCESSES = frozenset({"chromium", "chrome_crashpad", "cat", "sh", "kiosk-screen", "unshare", "basename"})


class NotPossibleHereError(Exception):
    """This machine cannot try what a kiosk would do; the message says what is missing."""


def check_possible() -> None:
    """Raise NotPossibleHereError, with the way out, unless everything is there."""
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
    """Mounts of its own; a user that is not root becomes one inside."""
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


@dataclass(frozen=True)
class Seen:
    """What the browser shows and does, from outside. Pages are (kind, address) pairs."""

    is_running: bool
    pages: tuple[tuple[str, str], ...]
    windows: frozenset[str]
    processes: frozenset[str]
    files: frozenset[str]
    picture: bytes = field(repr=False)


@dataclass
class Kiosk:
    """A running browser on a display. `port` is where it lists its pages."""

    folder: Path
    display: str
    process: subprocess.Popen[bytes]
    port: int

    def press(self, *words: str) -> None:
        """Let xdotool do something: `key ctrl+n`, `mousemove 10 10 click 3`."""
        subprocess.run(["xdotool", *words], env={**os.environ, "DISPLAY": self.display}, check=True)

    def pages(self) -> tuple[tuple[str, str], ...]:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/json/list", timeout=5) as answer:  # noqa: S310
                found = json.load(answer)
        except (URLError, OSError):
            return ()
        return tuple(
            sorted((page["type"], page["url"]) for page in found if not page["url"].startswith(OWN_PAGES))
        )

    def see(self) -> Seen:
        is_running = self.process.poll() is None
        return Seen(
            is_running,
            self.pages() if is_running else (),
            self._windows(),
            self._processes(),
            self._files(),
            self.picture(),
        )

    def picture(self) -> bytes:
        return (self.folder / "Xvfb_screen0").read_bytes()

    def settle(self, is_done: Callable[[], bool] = lambda: True) -> Seen:
        """What is seen once `is_done` and nothing has changed for a while, or when that takes too long."""
        ends = time.monotonic() + LONGEST
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
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            check=False,
        )
        return frozenset(listed.stdout.split())

    def _processes(self) -> frozenset[str]:
        """Names of programs that run with this browser's folder in their environment, besides its own."""
        mark = f"RUNTIME_DIRECTORY={self.folder}".encode()
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.add((process / "comm").read_text().strip())
            except OSError:
                continue
        return frozenset(found - OWN_PROCESSES)

    def _files(self) -> frozenset[str]:
        """Files outside the browser's own folders."""
        own = {"profile", "etc", "Xvfb_screen0"}
        tops = [path for path in self.folder.iterdir() if not path.name.startswith(".") and path.name not in own]
        files = [path for top in tops for path in (top, *top.rglob("*")) if path.is_file()]
        return frozenset(str(path.relative_to(self.folder)) for path in files)


@contextmanager
def display(folder: Path) -> Iterator[str]:
    """An X server's name. It draws into a file in `folder`."""
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
    """A browser on a display, locked by the very files of `kiosk lockdown`, or not at all: the control.

    Of the policy one line is left out, that which forbids to list pages. `is_read` changes one more, so that
    the text of a page can be read: only for tries where the developer tools are no way out.
    """
    made = files(address)
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
    with display(folder) as shown:
        process = subprocess.Popen(
            [*_namespace(), "sh", "-c", 'mount --bind "$0" /etc/chromium && exec "$@"', str(folder / "etc"), *command],
            env={**os.environ, "DISPLAY": shown, "RUNTIME_DIRECTORY": str(folder), "HOME": str(folder)},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Kiosk(folder, shown, process, _port(folder, process))
        finally:
            process.terminate()
            process.wait()


def _port(folder: Path, process: subprocess.Popen[bytes]) -> int:
    """Where the browser lists its pages, once it has said so."""
    told = folder / "profile" / "DevToolsActivePort"
    ends = time.monotonic() + LONGEST
    while time.monotonic() < ends and process.poll() is None:
        if told.exists() and told.read_text():
            return int(told.read_text().split()[0])
        time.sleep(0.05)
    raise AssertionError(f"Chromium did not start (status {process.poll()})")
