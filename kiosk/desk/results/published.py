"""The latest snapshot, as the results pages read it.

All viewers see the same figures, so the snapshot is parsed once, and each change in it is computed once for
all of them. A page parses only the rounds that it shows. The changes of the latest rounds were computed at
the count.
"""

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import cast

from kiosk.domain.change_index import ChangeIndex
from kiosk.domain.results import Row, Spread, row
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document, etag
from kiosk.domain.snapshot_parts import SnapshotParts, keep
from kiosk.domain.steps import Step, known_step, last_step, last_two
from kiosk.domain.survey import Statement
from kiosk.domain.time_change import TimeChange, key_of_time_change
from kiosk.screen.compression import gzipped
from kiosk.storage import Store

MOST_STEPS = 4096
"""Most steps that a Snapshot keeps, of about 3 kB each, and most changes over time, spreads and nodes. Before
one more is kept, those of its kind are forgotten."""


class Snapshot:
    """A snapshot: its JSON as `text`, its ETag as `tag`, and the results computed from it. Callers must not
    change its documents.

    `index` has the changes that were computed at the count. It is ignored if it belongs to another snapshot.
    Without it (None), each change is computed when a page needs it.
    """

    def __init__(self, text: str, index: ChangeIndex | None = None) -> None:
        self.text, self.tag = text, etag(text)
        self._parts = SnapshotParts(text)
        self._index = index if index is not None and index.tag == self.tag else ChangeIndex()
        self._at_node: dict[tuple[str, ...], Document] = {}
        self._steps: dict[tuple[str, str, str, int], Step] = {}
        self._time_changes: dict[str, TimeChange] = {}
        self._spreads: dict[tuple[str, str, str], tuple[Spread | None]] = {}

    @cached_property
    def document(self) -> Document:
        """The whole snapshot document, parsed."""
        return cast(Document, json.loads(self.text))

    @cached_property
    def packed(self) -> bytes:
        """The text in gzip's format, which takes seconds for the largest installations."""
        return gzipped(self.text.encode())

    def at_node(self, rounds: Iterable[Round], node_id: str) -> Document:
        """Return the snapshot document, reduced to these rounds and one node. It is parsed once for the same
        rounds in the same order. ValueError if the snapshot lacks a round, or a round the node."""
        key = (*(of_round.id for of_round in rounds), node_id)
        document = self._at_node.get(key)
        return document or keep(self._at_node, key, self._parts.node(key[:-1], node_id), MOST_STEPS)

    def of_statements(
        self, rounds: Sequence[Round], of_round: Round, node_id: str, statements: Sequence[Statement]
    ) -> Document:
        """Return the snapshot document, reduced for a page about these statements of `of_round` at a node. It
        has the tables of the statements at all nodes of `of_round`, and all tables of this node in the other
        `rounds` that have the node.

        A comparison of rounds also needs the units below the node: `time_change` has these. ValueError if the
        snapshot lacks a round.
        """
        survey = of_round.survey
        before = [statement.follows.statement for statement in statements if statement.follows]
        read = [*statements, *map(survey.statement, before)]
        columns = dict.fromkeys(column.id for statement in read for column in statement.columns)
        others = [
            candidate.id
            for candidate in rounds
            if candidate.tree.has(node_id) and candidate.id != of_round.id
        ]
        own, other = self._parts.tables(of_round.id, list(columns)), self._parts.node(others, node_id)
        return {**own, "rounds": [*own["rounds"], *other["rounds"]]}

    def time_change(
        self, history: Sequence[Row], node_id: str, compute: Callable[[Document], TimeChange]
    ) -> TimeChange:
        """Return the changes of a history, the rows of one statement at a node: those of the index, those
        that were computed before, or those that `compute` returns now and that are kept. The history has at
        least one row; its rows may lack `units`. `compute` gets a document with the node and the nodes below
        it in all rounds of the history."""
        key = key_of_time_change(history, node_id)
        changes = self._index.time_change(key) or self._time_changes.get(key)
        if changes is None:
            ids = [row.round.id for row in history]
            is_unit = all(node_id in row.round.tree.leaves for row in history)
            changes = compute(self._parts.node(ids, node_id) if is_unit else self.document)
            keep(self._time_changes, key, changes, MOST_STEPS)
        return changes

    def spread(
        self, of_round: Round, node_id: str, statement: Statement, compute: Callable[[], Spread | None]
    ) -> Spread | None:
        """Return the comparison of the units at and below a node, None if fewer than two can be compared. It
        was computed before, or `compute` returns it now and it is kept."""
        key = (of_round.id, node_id, statement.id)
        # One look: another thread may forget the comparisons between two.
        kept = self._spreads.get(key)
        if kept is None:
            kept = keep(self._spreads, key, (compute(),), MOST_STEPS)
        return kept[0]

    def step(self, closed: Sequence[Round], of_round: Round, node_id: str, statement: Statement) -> Step:
        """Return a statement's figures in `of_round` at a node, and the change between the last two closed
        rounds up to `of_round` that asked it there (`steps.last_step`). `closed` has the closed rounds, the
        latest opening first."""
        # A round that closes after the snapshot was read changes the number of closed rounds, and so the key.
        key = (of_round.id, node_id, statement.id, len(closed))
        step = self._steps.get(key)
        if step is None:
            step = keep(self._steps, key, self._step(closed, of_round, node_id, statement), MOST_STEPS)
        return step

    def _step(self, closed: Sequence[Round], of_round: Round, node_id: str, statement: Statement) -> Step:
        compared = last_two(closed, of_round, node_id, statement.id)
        if not self._index.has(closed, of_round, node_id):
            document = self._parts.rounds({needed.id for needed in (of_round, *compared)})
            return last_step(document, closed, of_round, node_id, statement)
        document = self.at_node([of_round, *compared], node_id)
        known = self._index.change(of_round, node_id, statement)
        return known_step(document, compared, row(document, of_round, node_id, statement), node_id, known)


class Published:
    """Keeps the latest snapshot of a store between requests."""

    def __init__(self) -> None:
        self._latest: tuple[str, Snapshot] | None = None
        self._reading = threading.Lock()

    def read(self, store: Store) -> Snapshot:
        """Return the store's latest snapshot. It is the same object, with the results computed from it, until
        the document changes."""
        tag = store.publication_tag()
        with self._reading:
            if self._latest is None or self._latest[0] != tag:
                # Freed before the next one is read: each may have many megabytes.
                self._latest = None
                self._latest = tag, Snapshot(store.snapshot_text(), store.change_index())
            return self._latest[1]
