"""Serves an application on a free port for one test, and removes everything afterwards."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore
from waitress.server import create_server


@contextmanager
def served(application: Any, port: int = 0) -> Iterator[str]:
    """Yield the address at which the application is served on this machine, until the `with` block ends.

    Polled, since select() knows no descriptor from 1,024 on, and a long run of tests opens more.
    """
    server = create_server(
        application, host="127.0.0.1", port=port, threads=4, asyncore_use_poll=True, expose_tracebacks=False
    )
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # The server's thread closes its own connections. Then its loop has none left, and ends.
        # The lock is held because another event may wake the thread, which would close the trigger before it
        # is pulled.
        with server.trigger.lock:
            server.trigger.thunks.append(lambda: wasyncore.close_all(server._map))
            server.trigger.pull_trigger()
        loop.join()
        server.task_dispatcher.shutdown()
