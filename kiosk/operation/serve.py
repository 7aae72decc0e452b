"""Puts an installation together: the guests' and the staff's applications on one store, the server, and the
threads beside it, such as the count.

In production each side has its own listener, so that the desk is unreachable at the kiosk's address. The
demonstration serves both on one address.
"""

import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask
from waitress.server import BaseWSGIServer, create_server

from kiosk.desk.app import create_desk_app
from kiosk.domain.schedule import Every, Ticks
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import Library
from kiosk.operation.clock import BelievedClock
from kiosk.operation.connections import CONNECTION_LIMIT, limited
from kiosk.operation.request_limits import bounded_channel
from kiosk.settings import Settings, SettingsError, secret_key
from kiosk.storage import Devices, Store

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

DEMONSTRATION_TICKS = Every(5)

TALKATIVE = ("waitress", "waitress.queue")
"""Loggers that are switched off, since a journal adds the time to their lines. The first logs paths of
requests after unexpected errors, the second that several guests send at once."""


def guest_and_desk(
    settings: Settings, store: Store, library: Library, ticks: Ticks, devices: Devices | None = None
) -> tuple[Flask, Flask]:
    """Return the guests' and the staff's application of an installation, in this order. The guests' one
    records signs of life of kiosks in `devices`, and the desk shows them; None makes new `devices`. `ticks`
    are the times of the counts, of which the desk shows the next."""
    allowed = None if store.is_demonstration else settings.languages
    devices, clock = devices or Devices(), BelievedClock(store)
    guest = create_guest_app(
        store,
        library,
        clock=clock,
        rate_limit=_rate_limit(settings, store),
        allowed_languages=allowed,
        devices=devices,
        leave_to=settings.leave_to,
        is_one_touch=settings.is_one_touch,
        screen=settings.screen,
        audio=settings.audio_folder,
        secret_key=secret_key(settings),
    )
    desk = create_desk_app(
        store,
        library,
        clock=clock,
        ticks=ticks,
        secret_key=secret_key(settings),
        guest_address=settings.guest_address,
        allowed_languages=allowed,
        is_https=settings.is_https,
        settings=settings,
        devices=devices,
        on_library_change=guest.extensions["guest"].show_library,
        doubtful_time=clock.doubtful_time,
    )
    return guest, desk


SECONDS_BESIDE_STATEMENTS = 6.0
"""Least seconds that a guest spends on the other screens than the statements: the guest chooses a language
and begins, and can change the last answer for 4 s (static/guest.js)."""


def _rate_limit(settings: Settings, store: Store) -> RateLimit:
    """Return the rate limit of a kiosk. One ballot is accepted in the time in which a quick reader answers
    the round's statements and passes the other screens; more in the demonstration.

    Ballots in a row with less time between them cannot come from readers. Two ballots may come at once: a
    guest's, and that of a helper.
    """
    if store.is_demonstration:
        return RateLimit(seconds=1.0, burst=20)
    beside = SECONDS_BESIDE_STATEMENTS
    return RateLimit(beside, burst=2, pause=beside, statement_seconds=settings.pace_seconds)


class Worker(Protocol):
    """A thread that works beside the server, such as the count. It is started once the server listens, and
    stopped after the server."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Listener:
    """An address, as HOST:PORT, and its application.

    `is_desk` returns whether a path belongs to the desk, which accepts files and so larger requests than the
    guests' side (`request_limits`).
    """

    address: str
    application: Wsgi
    is_desk: Callable[[str], bool]


def guest_listener(address: str, guest: Wsgi) -> Listener:
    """Return a listener with the guests' application alone."""
    return Listener(address, guest, lambda _path: False)


def desk_listener(address: str, desk: Wsgi) -> Listener:
    """Return a listener with the staff's application alone."""
    return Listener(address, desk, lambda _path: True)


def on_one_address(address: str, guest: Wsgi, desk: Wsgi) -> Listener:
    """Return a listener that serves both sides on one address: requests for paths of the desk go to `desk`,
    all others to `guest`."""

    def by_path(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_desk = _is_desk_path(environ.get("PATH_INFO", ""))
        return (desk if is_desk else guest)(environ, start_response)

    return Listener(address, by_path, _is_desk_path)


def _is_desk_path(path: str) -> bool:
    return path == "/results.json" or path == "/admin" or path.startswith("/admin/")


def serve(
    listeners: list[Listener],
    workers: Sequence[Worker],
    *,
    scheme: str = "http",
    proxy: str | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve each application on its address until SIGINT or SIGTERM, while `workers` do their work. The
    process's main thread calls it, once: it changes how the process handles SIGTERM.

    `scheme` is the scheme in browsers: https if a proxy encrypts. `proxy` is the address of a proxy whose
    X-Forwarded-For is believed; with None nobody's is. `on_ready` is called once the addresses accept
    connections. Raises SettingsError if an address cannot be used.
    """
    for name in TALKATIVE:
        logging.getLogger(name).disabled = True
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    servers = [make_server(listener, scheme, proxy) for listener in listeners]
    # Objects that exist now are permanent. Without them, each collection examines only objects of requests.
    gc.collect()
    gc.freeze()
    on_ready()
    for worker in workers:
        worker.start()
    threads = [threading.Thread(target=server.run, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        print("\nStopping.", file=sys.stderr)
    finally:
        for server in servers:
            server.task_dispatcher.shutdown()
            server.close()
        for worker in workers:
            worker.stop()


def check_is_free(address: str) -> None:
    """Raise SettingsError if nothing can listen on the address (HOST:PORT), as when it is in use."""
    host, port = _host_and_port(address)
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise _cannot_listen(address, error) from error


def make_server(listener: Listener, scheme: str = "http", proxy: str | None = None) -> Any:
    """Return waitress's server. It listens on the address of `listener`, and serves once its `run` is called.
    `scheme` is the scheme in browsers: https if a proxy encrypts. `proxy` is the address of a proxy whose
    X-Forwarded-For is believed; with None nobody's is.

    Raises SettingsError if it cannot listen on the address.
    """
    host, port = _host_and_port(listener.address)
    sockets: dict[int, Any] = {}
    try:
        server = create_server(
            listener.application,
            map=sockets,
            host=host,
            port=port,
            url_scheme=scheme,
            threads=8,
            connection_limit=CONNECTION_LIMIT,
            # select() knows no descriptor from 1,024 on.
            asyncore_use_poll=True,
            ident=None,
            expose_tracebacks=False,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=True,
            trusted_proxy=proxy,
            trusted_proxy_headers={"x-forwarded-for"} if proxy else set(),
        )
    except OSError as error:
        raise _cannot_listen(listener.address, error) from error
    for server_or_trigger in sockets.values():
        if isinstance(server_or_trigger, BaseWSGIServer):
            server_or_trigger.channel_class = limited(bounded_channel(listener.is_desk), proxy)
    return server


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _cannot_listen(address: str, error: OSError) -> SettingsError:
    return SettingsError(
        f"cannot listen on {address} ({error.strerror}); end what uses it, or set KIOSK_GUEST_LISTEN "
        "or KIOSK_DESK_LISTEN to another address"
    )
