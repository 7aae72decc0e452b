"""Limits on connections, so that a client with slow or many connections does not keep others out.

A request must arrive within a time that grows with its size, as in Apache's mod_reqtimeout
(https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html). A client's address has a limited number of
connections. When a listener is full, the connection that has waited longest for its request is closed.
"""

import time
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from kiosk.domain.client_source import source_of
from kiosk.guest.wrong_codes import HOLD

HEADER_SECONDS = 20.0
"""Longest time from the connection to a request's first byte, and from there to the end of its headers."""
BODY_SECONDS, BODY_BYTES_A_SECOND = 20.0, 500
"""Longest time from the headers' end to the body's end: these seconds, and one more for each 500 bytes
received."""

CONNECTIONS_OF_AN_ADDRESS = 48
"""Most connections of one client address. A browser opens six, and the guests of a house often share an
address. A proxy's address has no limit."""
CONNECTIONS = 256
CONNECTION_LIMIT = 320
"""Numbers of a listener's connections. From CONNECTIONS on, a new connection replaces one that waits for its
request. At CONNECTION_LIMIT, when all have requests in progress, new ones wait until a connection closes."""


class _Task(WSGITask):  # type: ignore[misc]
    channel: "TimedChannel"

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ.setdefault(HOLD, self.channel.hold)
        return environ


class TimedChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that closes if a request does not arrive in time (HEADER_SECONDS, BODY_SECONDS), and that
    can delay a response.

    Between two requests it may be idle for waitress's `channel_timeout`. `clock` returns seconds and must be
    monotonic.
    """

    task_class = _Task
    clock = staticmethod(time.monotonic)
    requests: list[Any]
    request: Any
    will_close: bool
    _held_until = 0.0
    _has_headers = False
    _received_bytes = 0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._since: float = self.clock()
        self._is_between_requests = False
        super().__init__(*arguments, **named)

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self._begin(has_headers=False)
        self._received_bytes += len(data)
        accepted: bool = super().received(data)
        if self.request is None:
            self._is_between_requests = True
        elif self.request.headers_finished and not self._has_headers:
            self._begin(has_headers=True)
        return accepted

    def _begin(self, *, has_headers: bool) -> None:
        self._since, self._received_bytes, self._has_headers = self.clock(), 0, has_headers
        self._is_between_requests = False

    def service(self) -> None:
        super().service()
        self._since = self.clock()

    @property
    def waiting_since(self) -> float | None:
        """The time, by `clock`, since which the connection waits for a request or for the next part of one.
        None while the application responds to a request, and when the connection closes."""
        return None if self.requests or self.will_close else self._since

    def readable(self) -> bool:
        """Return whether waitress may read now, after closing the connection if its request is late. waitress
        calls this at least once a second."""
        if self.waiting_since is not None and not self._is_between_requests and self._seconds_left() < 0:
            self.will_close = True
        return bool(super().readable())

    def _seconds_left(self) -> float:
        """Return the seconds until the request is late; negative if it is."""
        waited = self.clock() - self._since
        if not self._has_headers:
            return HEADER_SECONDS - waited
        return BODY_SECONDS + self._received_bytes / BODY_BYTES_A_SECOND - waited

    def hold(self, seconds: float) -> None:
        """Delay the response to the request in progress by this many seconds."""
        self._held_until = self.clock() + seconds

    @property
    def _is_held(self) -> bool:
        return self.clock() < self._held_until

    def writable(self) -> bool:
        """Return whether waitress may send now: not while the response is held, unless the connection
        closes."""
        return bool(self.will_close or (super().writable() and not self._is_held))

    def _flush_some(self, do_close: bool = True) -> bool:
        return not self._is_held and bool(super()._flush_some(do_close=do_close))


def limited(channel_class: type[TimedChannel], proxy: str | None) -> Callable[..., TimedChannel | None]:
    """Return a function that waitress calls for each new connection. It keeps the limits
    CONNECTIONS_OF_AN_ADDRESS and CONNECTIONS, and returns the connection's channel, of `channel_class`, or
    None for a refused connection.

    At an address's limit it closes the connection of that address that waited longest for a request, or
    refuses the new one if none waits. From CONNECTIONS on, it takes the address with the most waiting
    connections and closes the one that waited longest, if any waits.

    Addresses of one IPv6 subscriber count as one (`source_of`). `proxy`, the address of a proxy or None, and
    loopback addresses, from which a proxy of this machine connects, have no limit per address.
    """

    def connect(server: Any, connection: Any, address: Any, *rest: Any, **named: Any) -> TimedChannel | None:
        channels: list[TimedChannel] = list(server.active_channels.values())
        source = source_of(address[0])
        of_source = [channel for channel in channels if source_of(channel.addr[0]) == source]
        if len(of_source) >= CONNECTIONS_OF_AN_ADDRESS and not _has_no_limit(address[0], proxy):
            if not _close_longest_waiting(of_source):
                connection.close()
                return None
        elif len(channels) >= CONNECTIONS:
            _close_longest_waiting(_of_most_connected(channels))
        return channel_class(server, connection, address, *rest, **named)

    return connect


def _has_no_limit(address: str, proxy: str | None) -> bool:
    try:
        return address == proxy or ip_address(address).is_loopback
    except ValueError:
        return False


def _of_most_connected(channels: list[TimedChannel]) -> list[TimedChannel]:
    """Return the waiting connections of the address that has the most of them; empty if none waits."""
    waiting = [channel for channel in channels if channel.waiting_since is not None]
    sources = Counter(source_of(channel.addr[0]) for channel in waiting)
    most = sources.most_common(1)
    return [channel for channel in waiting if source_of(channel.addr[0]) == most[0][0]] if most else []


def _close_longest_waiting(channels: list[TimedChannel]) -> bool:
    """Close the connection that has waited longest for a request. Returns False if none waits.

    waitress's loop closes it in the next turn. If it closed in this turn, a new connection could get its
    descriptor while the loop still uses it.
    """
    waiting = [(since, channel) for channel in channels if (since := channel.waiting_since) is not None]
    if not waiting:
        return False
    min(waiting, key=lambda pair: pair[0])[1].will_close = True
    return True
