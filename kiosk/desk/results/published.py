"""The snapshot as the results pages read it: parsed once, and each change computed once, until the next one.

All viewers have the same figures, so that a page which many people open after a count costs its statistics
once.
"""

import json
import threading
from collections.abc import Sequence
from typing import cast

from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document, etag
from kiosk.domain.steps import Step, last_step
from kiosk.domain.survey import Statement
from kiosk.storage import Store

MOST_STEPS = 4096
"""Most changes that are kept: about 3 kB each."""


class Snapshot:
    """A parsed snapshot, which nobody may change, and its ETag."""

    def __init__(self, text: str) -> None:
        self.text, self.tag = text, etag(text)
        self.document = cast(Document, json.loads(text))
        self._steps: dict[tuple[str, str, str, int], Step] = {}

    def step(self, closed: Sequence[Round], of_round: Round, node_id: str, statement: Statement) -> Step:
        """Return a statement at a node with its last step (`steps.last_step`)."""
        # The rounds are read apart from the snapshot: one that closed in between changes their number.
        key = (of_round.id, node_id, statement.id, len(closed))
        step = self._steps.get(key)
        if step is None:
            step = last_step(self.document, closed, of_round, node_id, statement)
            if len(self._steps) >= MOST_STEPS:
                self._steps.clear()
            self._steps[key] = step
        return step


class Published:
    """The latest snapshot of a store."""

    def __init__(self) -> None:
        self._latest: Snapshot | None = None
        self._reading = threading.Lock()

    def read(self, store: Store) -> Snapshot:
        """Return the store's snapshot, parsed anew only if it has changed."""
        text = store.snapshot_text()
        with self._reading:
            latest = self._latest
            if latest is None or latest.text != text:
                latest = self._latest = Snapshot(text)
            return latest
