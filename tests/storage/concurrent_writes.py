"""Writes that wait for each other."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from kiosk.storage import Store


def together(store: Store, works: Sequence[Callable[[], None]]) -> list[Future[None]]:
    """Run all works at once: each waits until all have asked for the writer."""
    with ThreadPoolExecutor(len(works)) as threads:
        with store._database.writing():
            futures = [threads.submit(work) for work in works]
            while len(store._writer._waiting) < len(works):
                pass
        return futures
