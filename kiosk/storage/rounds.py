"""The rows of rounds: the frozen terms, whether a round is closed, and its number of lost boxes.

Nothing updates the terms.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kiosk.domain.rounds import Round, round_from_json
from kiosk.storage import tables
from kiosk.storage.database import Database, Row, StoreError
from kiosk.storage.prepared_query import PreparedQuery
from kiosk.storage.publication_tag import PUBLICATION_TAG, renew_tag

OPEN, CLOSED, CLOSING = 0, 1, 2
"""Values of `closed` in the table of rounds. While a round is CLOSING, its boxes are counted a few at a time;
for everybody who reads, it is open until all are."""


class RoundClosedError(Exception):
    """No round, or not the one that was asked for, runs at this unit now: it has not begun, has passed its
    closing time, is being closed by a count, or is of other units."""


class TooEarlyError(Exception):
    """The ballot followed another one faster than people can answer. It may be sent again later."""


class RoundBegunError(StoreError):
    """The round cannot be cancelled, since it has opened or holds ballots, or an earlier count shows that it
    had opened."""

    def __init__(self, round_id: str) -> None:
        super().__init__(f"round {round_id} has opened; it closes by itself, and nothing stops it earlier")


class NotAdmittedError(Exception):
    """The running round does not admit ballots in the way in which this one came: by a kiosk or a slip."""


@dataclass(frozen=True)
class RoundState:
    """A round, whether a count has closed it, and the number of its boxes that were lost with their ballots:
    by a lost key or a restore. A round that is not closed is called open, also before `opens_at`, when it is
    planned, and from `closes_at` until the count that closes it. `is_closing`: such a count has begun."""

    round: Round
    is_closed: bool
    lost_boxes: int
    is_closing: bool = False


@dataclass(frozen=True)
class _Known:
    """Rounds that were read with this publication tag: id -> round. Terms are frozen, but after a
    cancellation or a rolled-back opening a round with the same id may have others."""

    tag: str | None
    rounds: Mapping[str, Round]

    def is_of(self, rows: Iterable[Row]) -> bool:
        """Return whether these rows of _SELECT_STATES are of these rounds."""
        return all(row[3] == self.tag and row[0] in self.rounds for row in rows)


class Rounds:
    """The rows of rounds. Callers of `add`, `remove`, `mark_closing`, `close` and `add_lost_boxes` hold a
    write (`Writer.write`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._parsed: dict[str, Round] = {}
        self._known = _Known(None, {})
        self._select_states = database.prepared_rows(_SELECT_STATES)
        self._select_terms = database.prepared_rows(_SELECT_TERMS)

    def all(self, new: Round | None = None) -> list[RoundState]:
        """Return all stored rounds, planned, open and closed, the latest opening first. `new` is a round that
        is not stored yet and is returned too, as not closed."""
        rows = self._select_states(PUBLICATION_TAG)
        while not (known := self._known).is_of(rows):
            self._known = self._read_terms()
            rows = self._select_states(PUBLICATION_TAG)
        states = [
            RoundState(known.rounds[round_id], closed == CLOSED, lost_boxes, closed == CLOSING)
            for round_id, closed, lost_boxes, _ in rows
        ]
        states += [RoundState(new, False, 0)] if new else []
        return sorted(states, key=lambda state: (state.round.opens_at, state.round.id), reverse=True)

    def terms(self) -> list[str]:
        """Return the terms of all rounds as they are stored (`terms_of`), sorted."""
        return sorted(row[1] for row in self._select_terms(PUBLICATION_TAG))

    def _read_terms(self) -> "_Known":
        rows = self._select_terms(PUBLICATION_TAG)
        return _Known(rows[0][2] if rows else None, {row[0]: self.parse(row[1]) for row in rows})

    def with_id(self, round_id: str) -> Round | None:
        """Return the stored round with this id, closed or not; None if there is none."""
        row = self._database.row(tables.Round.select(tables.Round.terms).where(tables.Round.id == round_id))
        return self.parse(row[0]) if row else None

    def add(self, new: Round) -> None:
        """Store a new round's terms, which never change after this. The caller has checked that the rules
        allow it. Raises peewee.IntegrityError if a round has its id."""
        self._database.run(tables.Round.insert(id=new.id, terms=terms_of(new)))
        renew_tag(self._database)

    def remove(self, round_id: str) -> None:
        """Delete the row of a round. The caller has checked that the round has not opened, and deletes the
        sealed rows."""
        self._database.run(tables.Round.delete().where(tables.Round.id == round_id))
        renew_tag(self._database)

    def mark_closing(self, round_id: str) -> None:
        """Record that a round's closing has begun: its boxes accept no ballot any more."""
        self._database.run(tables.Round.update(closed=CLOSING).where(tables.Round.id == round_id))

    def close(self, round_id: str) -> None:
        """Mark a round as closed, for good. The caller has deleted its sealed rows."""
        self._database.run(tables.Round.update(closed=CLOSED).where(tables.Round.id == round_id))

    def add_lost_boxes(self, round_id: str, number: int) -> None:
        """Add `number` to a round's number of lost boxes."""
        lost = tables.Round.lost_boxes + number
        self._database.run(tables.Round.update(lost_boxes=lost).where(tables.Round.id == round_id))

    def parse(self, terms: str) -> Round:
        """Return the round with these terms, JSON as they are stored. Each text is parsed once and cached.

        The round's id is not used as the cache's key: after a rolled-back opening, a round with the same id
        may have other terms.
        """
        if terms not in self._parsed:
            self._parsed[terms] = round_from_json(json.loads(terms))
        return self._parsed[terms]


def terms_of(of_round: Round) -> str:
    """Return a round's terms as they are stored: `Round.as_json` as JSON text in one line."""
    return json.dumps(of_round.as_json(), ensure_ascii=False)


# In the same statement as the rounds, so that they are those that the tag is about.
_TAG = tables.Installation.select(tables.Installation.value).where(tables.Installation.key == PUBLICATION_TAG)
_SELECT_STATES = PreparedQuery(
    tables.Round.select(tables.Round.id, tables.Round.closed, tables.Round.lost_boxes, _TAG)
)
_SELECT_TERMS = PreparedQuery(tables.Round.select(tables.Round.id, tables.Round.terms, _TAG))
