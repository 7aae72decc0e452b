"""Free ports, for programs that need a port's number before they listen on it."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import count

FIRST, PER_BLOCK, BLOCKS = 20_000, 300, 40
"""First port, number of ports in a block, and number of blocks. All are below 32,768, from which on Linux
takes ports for connections and for servers that ask for any port: such a port may be taken before the program
listens."""


@cache
def _block() -> tuple[int, socket.socket | None]:
    """Return the number of a block that no other process of this machine uses, and the socket that reserves
    it until this process ends. The socket is None if all blocks are taken."""
    for number in range(BLOCKS):
        held = socket.socket(socket.AF_UNIX)
        try:
            held.bind(f"\0test-ports-{number}")
        except OSError:
            held.close()
        else:
            return number, held
    return os.getpid() % BLOCKS, None


def _candidates() -> Iterator[int]:
    number, _ = _block()
    for turn in count(os.getpid()):
        yield FIRST + PER_BLOCK * number + turn % PER_BLOCK


_ports = _candidates()


def free_port() -> int:
    """Return a port of this machine that nothing listens on and that this process has not used lately."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the ports never end")
