"""The server's listeners on a free port, for tests that send requests over a real connection."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from waitress import wasyncore

from kiosk.operation.serve import Listener, make_server

ANY_PORT = "127.0.0.1:0"
"""The system chooses a port that is free; a port chosen before could be taken meanwhile."""


@contextmanager
def served(listener: Listener, proxy: str | None = None) -> Iterator[tuple[str, int]]:
    server = make_server(listener, proxy=proxy)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_host, server.effective_port
    finally:
        with server.trigger.lock:
            server.trigger.thunks.append(lambda: wasyncore.close_all(server._map))
            server.trigger.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
