"""The row of the snapshot, which is the published document, and the row of the index of its changes. A count,
an opening, the cancelling of a round and a restore replace the snapshot if anything but its time changed."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import cast

from kiosk.domain.change_index import ChangeIndex
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import (
    Document,
    RoundTally,
    as_text,
    make_snapshot,
    nodes_with_guard_fired,
    same_figures,
)
from kiosk.storage import tables
from kiosk.storage.boxes import Boxes
from kiosk.storage.database import Database
from kiosk.storage.prepared_query import PreparedQuery
from kiosk.storage.publication_tag import renew_tag
from kiosk.storage.rounds import Rounds
from kiosk.storage.tallies import Tallies

_ONLY_ROW = 1
_SELECT_INDEX = PreparedQuery(tables.ChangeIndex.select(tables.ChangeIndex.document))
_SELECT = PreparedQuery(tables.Snapshot.select(tables.Snapshot.document))
_REPLACE = PreparedQuery(
    tables.Snapshot.insert(id=_ONLY_ROW, document="").on_conflict(
        conflict_target=[tables.Snapshot.id], preserve=[tables.Snapshot.document]
    )
)


class Snapshots:
    """Reads, makes and replaces the snapshot and the index of its changes."""

    def __init__(self, database: Database, rounds: Rounds, boxes: Boxes, tallies: Tallies) -> None:
        self._database = database
        self._rounds = rounds
        self._boxes = boxes
        self._tallies = tallies
        self._select = database.prepared_row(_SELECT)
        self._replace = database.prepared_write(_REPLACE)
        self._select_index = database.prepared_row(_SELECT_INDEX)

    def text(self) -> str:
        """Return the published document as JSON text, the same for every reader. Before the first publication
        it has no rounds, and `made_at` is null."""
        row = self._select()
        if row:
            return cast(str, row[0])
        empty = make_snapshot([], datetime.min, demonstration=is_demonstration(self._database))
        return as_text({**empty, "made_at": None})

    def document(self) -> Document:
        """Return the published document, parsed."""
        return cast(Document, json.loads(self.text()))

    def publish(self, made_at: datetime) -> None:
        """Make the snapshot anew, for a write that is no count, and store it if anything but its time
        changed. `made_at` becomes the time in the document, local and naive. The caller holds a write."""
        self.put(self.make(made_at))

    def put(self, text: str | None) -> None:
        """Replace the snapshot by a text that `make` returned; None changes nothing. The caller holds a
        write."""
        if text is not None:
            self._replace(_ONLY_ROW, text)
            renew_tag(self._database)

    def make(
        self,
        made_at: datetime,
        fired: Mapping[str, Collection[str]] | None = None,
        closing: Collection[str] = (),
        opened: Round | None = None,
    ) -> str | None:
        """Return the snapshot of the present tallies as JSON text, as if the rounds with the ids `closing`
        were closed and the round `opened` were stored; None if the stored snapshot differs from it in
        `made_at` only (`same_figures`).

        `made_at` is the time of the count, local and naive. `fired` maps the id of each open round to the ids
        of the units whose play guard fired since the last count; none for a missing round. Outside a count it
        is None: the units in the stored snapshot stay.
        """
        if fired is None:
            fired = nodes_with_guard_fired(self.document())
        states = [
            (state.round, state.is_closed or state.round.id in closing) for state in self._rounds.all(opened)
        ]
        tallies = [
            RoundTally(
                of_round,
                is_closed,
                self._tallies.sums_by_node(of_round),
                self._boxes.excluded_rapid(of_round.id) if is_closed else {},
                frozenset(() if is_closed else fired.get(of_round.id, ())),
                self._tallies.batches(of_round),
            )
            for of_round, is_closed in states
        ]
        new = make_snapshot(tallies, made_at, demonstration=is_demonstration(self._database))
        return None if same_figures(new, self.document()) else as_text(new)

    def change_index(self) -> ChangeIndex:
        """Return the stored index of changes, or an empty one if none is stored. It may be of an earlier
        snapshot: compare its `tag` with the snapshot's ETag (`kiosk.domain.snapshot.etag`)."""
        row = self._select_index()
        return ChangeIndex(json.loads(row[0])) if row else ChangeIndex()

    def put_change_index(self, index: ChangeIndex) -> None:
        """Replace the index of changes. The caller holds a write."""
        self._database.run(tables.ChangeIndex.delete())
        document = json.dumps(index.document, separators=(",", ":"))
        self._database.run(tables.ChangeIndex.insert(id=_ONLY_ROW, document=document))
        renew_tag(self._database)


def is_demonstration(database: Database) -> bool:
    """Return whether the installation is a demonstration, whose answers are made up."""
    return database.get("demonstration") == "yes"
