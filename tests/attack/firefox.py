"""Drives Debian's Firefox by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), without a separate
driver.

Its settings are those of a new installation, with three exceptions: it restores the tabs of the last session,
writes them to disk every second instead of every fifteen, and connects to this machine only.
"""

import json
import shutil
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import lz4.block
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.attack.watched import NotPermittedError

PATIENCE = 60.0
"""Seconds to wait before a timeout is an error: a busy machine takes half of them to start Firefox."""

TAPS_IGNORED = 450
"""Milliseconds after a change during which a screen ignores taps."""

REMOTE = ("--remote-debugging-port", "0", "--remote-allow-system-access")

MOZLZ4 = b"mozLz40\0"
GZIP = b"\x1f\x8b"

SETTINGS: dict[str, bool | int | str] = {
    # Without the settings that automation recommends, Firefox behaves as a guest's does.
    "remote.prefs.recommended": False,
    "browser.startup.page": 3,
    "browser.sessionstore.interval": 1_000,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.firstRunURL": "",
    # On a reload, Firefox asks whether to send a form again. This answers yes.
    "dom.confirm_repost.testing.always_accept": True,
    # A proxy port where nothing listens. Firefox asks no proxy for this machine's own addresses.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
}


class FirefoxError(Exception):
    """Firefox rejected a command; the message is Firefox's."""


class Firefox:
    """A running Firefox. Commands act on one tab, initially the first."""

    def __init__(
        self, process: subprocess.Popen[bytes], socket: ClientConnection, *, has_script: bool
    ) -> None:
        self.has_script = has_script
        self._process = process
        self._socket = socket
        self._commands = 0
        self.command("session.new", capabilities={})
        self.tab = self.tabs()[0]

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return Firefox's result of a protocol command. Raises FirefoxError if Firefox rejects it."""
        self._commands += 1
        self._socket.send(json.dumps({"id": self._commands, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=PATIENCE))
            if answer.get("id") == self._commands:
                break
        if answer["type"] == "error":
            raise FirefoxError(f"{method}: {answer['error']}: {answer['message']}")
        return dict(answer["result"])

    def tabs(self) -> list[str]:
        """Return the ids of all open tabs, including restored ones."""
        return [tab["context"] for tab in self.command("browsingContext.getTree", maxDepth=0)["contexts"]]

    def url(self) -> str:
        [tab] = self.command("browsingContext.getTree", root=self.tab, maxDepth=0)["contexts"]
        return str(tab["url"])

    def go(self, url: str) -> None:
        self.command("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def traverse(self, steps: int) -> None:
        """Go back or forward by so many entries of the history. Raises FirefoxError at either end of it."""
        self.command("browsingContext.traverseHistory", context=self.tab, delta=steps)

    def reload(self) -> None:
        self.command("browsingContext.reload", context=self.tab, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page: a string, number or truth value. Works
        even if the page's own scripts are disabled. Raises FirefoxError if the expression throws an error."""
        answer = self.command(
            "script.evaluate", expression=expression, target={"context": self.tab}, awaitPromise=True
        )
        if answer["type"] == "exception":
            raise FirefoxError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def tap(self, selector: str, shows: str | None = None) -> None:
        """Touch the only element that matches `selector` once it is there. If `shows` is given, touch again
        until an element matches that selector."""

        def has_shown() -> bool:
            return bool(shows and self._nodes(shows))

        def has_done() -> bool:
            return has_shown() or (self._has_tapped(selector) and (shows is None or has_shown()))

        wait_until(has_done, selector)

    def _nodes(self, selector: str) -> list[dict[str, Any]]:
        by = {"type": "css", "value": selector}
        located = self.command("browsingContext.locateNodes", context=self.tab, locator=by)
        return list(located["nodes"])

    def _has_tapped(self, selector: str) -> bool:
        nodes = self._nodes(selector)
        if len(nodes) != 1:
            return False
        self.evaluate(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        mouse = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": nodes[0]}},
            {"type": "pause", "duration": TAPS_IGNORED},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act({"type": "pointer", "id": "mouse", "actions": mouse})
        return True

    def type(self, words: str) -> None:
        keys = [{"type": way, "value": key} for key in words for way in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": keys})

    def _act(self, actions: dict[str, Any]) -> None:
        self.command("input.performActions", context=self.tab, actions=[actions])

    def kill(self) -> None:
        """End Firefox abruptly, as a power cut does."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Quit Firefox, as a person does."""
        # Firefox may end before it has answered.
        with suppress(ConnectionClosed):
            self._evaluate_in_window("Services.startup.quit(Services.startup.eAttemptQuit)")
        self._process.wait(PATIENCE)

    def allow_scripts(self, *, is_allowed: bool) -> None:
        """Choose whether the pages that are loaded from now on may run their scripts."""
        self._evaluate_in_window(
            f"Services.prefs.setBoolPref('javascript.enabled', {json.dumps(is_allowed)})"
        )
        self.has_script = is_allowed

    def _evaluate_in_window(self, expression: str) -> None:
        """Evaluate a JavaScript expression with the rights of Firefox's own window."""
        windows = self.command("browsingContext.getTree", maxDepth=0, **{"moz:scope": "chrome"})["contexts"]
        self.command(
            "script.evaluate",
            expression=expression,
            target={"context": windows[0]["context"]},
            awaitPromise=False,
        )


@contextmanager
def firefox(profile: Path, *, has_script: bool) -> Iterator[Firefox]:
    """Yield a Firefox whose profile is a folder on disk. Raises NotPermittedError if it is not installed."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        raise NotPermittedError("Firefox is missing: apt install firefox-esr")
    settings = SETTINGS | {"javascript.enabled": has_script}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    address_file = profile / "WebDriverBiDiServer.json"
    address_file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [program, "--headless", "--no-remote", "--profile", profile, *REMOTE],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: address_file.is_file() and address_file.read_bytes().endswith(b"}"), "Firefox's start"
        )
        address = json.loads(address_file.read_bytes())
        uri = f"ws://{address['ws_host']}:{address['ws_port']}/session"
        with connect(uri, max_size=None, proxy=None) as socket:
            yield Firefox(process, socket, has_script=has_script)
    finally:
        process.kill()
        process.wait()


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Wait until `is_so` returns True. Raises FirefoxError after a timeout, with `what` as the name of the
    condition."""
    until, last = time.monotonic() + PATIENCE, ""
    while time.monotonic() < until:
        try:
            if is_so():
                return
        except FirefoxError as error:
            # A page that is being left cannot evaluate anything.
            last = f"; {error}"
        time.sleep(0.05)
    raise FirefoxError(f"waited for in vain: {what}{last}")


def unpacked(path: Path) -> bytes:
    """Return the content of a profile's file, b"" if it is missing. Session files are decompressed; a cached
    page's decompressed content is appended."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b""
    if content.startswith(MOZLZ4):
        return bytes(lz4.block.decompress(content[len(MOZLZ4) :]))
    if content.startswith(GZIP):
        return content + zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(content)
    return content
