"""A Host header that nobody can read is refused with a page, its headers and no traceback."""

import http.client
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.operation.serve import Listener, desk_listener, guest_listener
from tests.operation.listeners import ANY_PORT, served
from tests.tools.desk_side import Desk
from tests.tools.guest_side import Place

pytestmark = pytest.mark.slow

APPLICATIONS: dict[str, Callable[[Path], Listener]] = {
    "guest": lambda folder: guest_listener(ANY_PORT, Place(folder).app),
    "desk": lambda folder: desk_listener(ANY_PORT, Desk(folder).app),
}
PATHS = (
    "/", "/pair", "/q", "/k/unknown", "/static/guest.js", "/health", "/nothing", "/admin/sign-in",
    "/admin/links", "/admin/static/desk.css", "/results.json",
)  # fmt: skip
UNREADABLE = (
    f"{'a' * 64}.example", "a" * 300, "å.example", "a..b", "..", f"xn--{'a' * 70}", "[::1", "a b", "a/b",
    "a@b", "a:x", "a:999999", f"{'a.' * 130}example", "\x80",
)  # fmt: skip
READABLE = (
    "svara.example",
    f"{'a' * 63}.example:8000",
    "127.0.0.1:80",
    "[::1]:8000",
    "svara.example.",
    "a_b",
    "",
)


def asked(address: tuple[str, int], method: str, path: str, host: str) -> tuple[int, bool]:
    """Return the status, and whether the answer has the headers of every page."""
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host.encode())
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    names = ("Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "Permissions-Policy")
    return answer.status, all(name in answer.headers for name in names)


@pytest.mark.parametrize("application", APPLICATIONS)
def test_an_unreadable_host_name_is_refused_without_a_traceback(
    tmp_path: Path, application: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with served(APPLICATIONS[application](tmp_path)) as address, caplog.at_level(logging.DEBUG, "waitress"):
        for host in UNREADABLE:
            for method, path in [*(("GET", path) for path in PATHS), ("POST", "/"), ("POST", "/admin/links")]:
                assert asked(address, method, path, host) == (400, True), (host, method, path)
        # Before the server stops: a thread that still wakes it would fail loudly.
        written, logged = capfd.readouterr(), caplog.text
    assert "Traceback" not in written.out + written.err + logged
    assert "failed" not in written.err


@pytest.mark.parametrize("application", APPLICATIONS)
def test_a_valid_host_name_is_served(tmp_path: Path, application: str) -> None:
    path = "/q" if application == "guest" else "/admin/sign-in"
    with served(APPLICATIONS[application](tmp_path)) as address:
        for host in READABLE:
            assert asked(address, "GET", path, host) == (200, True), host
