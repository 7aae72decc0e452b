"""Slow or many connections of a client are closed, and do not keep a guest out."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kiosk.guest.wrong_codes import HOLD
from kiosk.operation import connections
from kiosk.operation.connections import (
    BODY_BYTES_A_SECOND,
    BODY_SECONDS,
    CONNECTIONS,
    CONNECTIONS_OF_AN_ADDRESS,
    HEADER_SECONDS,
    TimedChannel,
)
from kiosk.operation.serve import guest_listener
from tests.operation.listeners import ANY_PORT, served
from tests.tools.guest_side import Place

HALF_HEADERS = b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "
HALF_BODY = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nlistened="
NEIGHBOUR, GUEST = "127.0.0.2", "127.0.0.3"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with served(guest_listener(ANY_PORT, Place(tmp_path).app)) as address:
        yield address


class Clock:
    """A clock set by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(TimedChannel, "clock", staticmethod(lambda: self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def connected(address: tuple[str, int], sent: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
    client = socket.create_connection(address, timeout=60, source_address=(source, 0))
    client.sendall(sent)
    return client


def asks(address: tuple[str, int], source: str = GUEST) -> int:
    """Ask for the first page over a connection of its own: the status."""
    connection = http.client.HTTPConnection(*address, timeout=60, source_address=(source, 0))
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


def is_closed(client: socket.socket) -> bool:
    """Wait until the server closes the connection."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def waits(client: socket.socket) -> bool:
    """Return whether the server has neither closed the connection nor sent anything."""
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return True
    finally:
        client.settimeout(60)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", HALF_HEADERS, HALF_BODY], ids=["nothing", "half headers", "half body"])
def test_a_guest_is_served_despite_more_slow_connections_than_the_limit(
    address: tuple[str, int], sent: bytes
) -> None:
    with ExitStack() as slow:
        clients = [slow.enter_context(connected(address, sent)) for _ in range(CONNECTIONS + 20)]
        assert [asks(address) for _ in range(5)] == [200] * 5
        assert is_closed(clients[0]), "the longest waiting one makes room"


@pytest.mark.slow
def test_the_address_with_most_slow_connections_loses_one(address: tuple[str, int]) -> None:
    with ExitStack() as slow:
        guest = slow.enter_context(connected(address, source=GUEST))
        clients = [slow.enter_context(connected(address, HALF_HEADERS)) for _ in range(CONNECTIONS + 20)]
        assert is_closed(clients[0])
        guest.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert guest.recv(15) == b"HTTP/1.1 200 OK"


def test_an_address_has_a_limited_number_of_connections(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_has_no_limit", lambda _address, _proxy: False)
    with ExitStack() as slow:
        guest = slow.enter_context(connected(address, HALF_HEADERS, GUEST))
        clients = [
            slow.enter_context(connected(address, HALF_HEADERS, NEIGHBOUR))
            for _ in range(CONNECTIONS_OF_AN_ADDRESS + 1)
        ]
        assert is_closed(clients[0])
        assert asks(address, NEIGHBOUR) == 200, "who shares the address gets in too"
        assert waits(guest)


@pytest.mark.parametrize(
    ("address", "proxy", "has_no_limit"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", None, False),
        ("localhost", None, False),
    ],
)
def test_a_proxys_address_has_no_connection_limit(
    address: str, proxy: str | None, *, has_no_limit: bool
) -> None:
    assert connections._has_no_limit(address, proxy) == has_no_limit


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (b"", HEADER_SECONDS),
        (HALF_HEADERS, HEADER_SECONDS),
        (HALF_BODY, BODY_SECONDS),
    ],
    ids=["nothing", "half headers", "half body"],
)
def test_a_request_has_to_arrive_within_the_time_limit(
    address: tuple[str, int], clock: Clock, sent: bytes, seconds: float
) -> None:
    with connected(address, sent) as slow, connected(address) as late:
        assert asks(address) == 200, "the server has read the slow one's bytes"
        clock.now += seconds - 0.001
        late.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert late.recv(15) == b"HTTP/1.1 200 OK", "in time"
        assert waits(slow)
        clock.now += 0.002
        assert is_closed(slow)


def test_a_body_that_keeps_arriving_gets_more_time(address: tuple[str, int], clock: Clock) -> None:
    with connected(address, HALF_BODY) as slow:
        assert asks(address) == 200
        slow.sendall(b"x" * 500)
        assert asks(address) == 200
        clock.now += BODY_SECONDS + 500 / BODY_BYTES_A_SECOND - 0.001
        assert asks(address) == 200
        assert waits(slow)
        clock.now += 0.002
        assert is_closed(slow)


def test_slowly_sent_headers_get_no_more_time(address: tuple[str, int], clock: Clock) -> None:
    with connected(address, HALF_HEADERS) as slow:
        for _ in range(3):
            assert asks(address) == 200
            clock.now += HEADER_SECONDS / 3 + 0.001
            slow.sendall(b"x")
        assert is_closed(slow)


def test_an_idle_connection_between_two_requests_stays_open(address: tuple[str, int], clock: Clock) -> None:
    request = b"HEAD /static/icon.svg HTTP/1.1\r\nHost: a\r\n\r\n"
    with connected(address, request) as client:
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK")
        clock.now += 3 * HEADER_SECONDS
        assert asks(address) == 200
        client.sendall(request)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_a_delayed_response_blocks_no_other_request(clock: Clock) -> None:
    """More answers are held than the server has threads."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/held":
            environ[HOLD](10.0)
        return [b"answer"]

    request = b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n"
    with served(guest_listener(ANY_PORT, application)) as address, ExitStack() as stack:
        held = [stack.enter_context(connected(address, request)) for _ in range(20)]
        for _ in range(20):
            assert asks(address) == 200
        assert all(waits(client) for client in held)
        clock.now += 10.0
        for client in held:
            assert client.recv(15) == b"HTTP/1.1 200 OK"
