"""Free ports, for programs that need a port's number before they listen on it."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

FIRST, PER_WORKER, WORKERS = 20_000, 1_500, 8
"""First port, number of ports for each worker, and number of workers. Linux takes ports from 32,768 on for
connections and for servers that ask for any port: one of those may be taken before the program listens. Each
worker of a test run has ports of its own."""


def _candidates() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    for number in count(os.getpid()):
        yield FIRST + PER_WORKER * worker + number % PER_WORKER


_ports = _candidates()


def free_port() -> int:
    """Return a port of this machine that nothing listens on and that this worker has not used lately."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the ports never end")
