"""The rows of boxes, and the numbers of ballots that were excluded as rapid submissions.

A box is opened to cast, exclude or refuse a ballot, to count, to cancel its round, to seal it under a new key
at a start or an upgrade, and to look for lost keys. Each change writes the whole box back within the same
write.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.domain.ballot import Ballot, BoxContent, pack_box, unpack_box
from kiosk.domain.ballot_days import NO_BALLOT_DAYS, BallotDays
from kiosk.domain.rounds import Round
from kiosk.storage import tables
from kiosk.storage.database import Database
from kiosk.storage.keys import KeyFolder
from kiosk.storage.prepared_query import PreparedQuery
from kiosk.storage.rounds import OPEN, RoundClosedError, Rounds
from kiosk.storage.sealed_rows import KeyFault, Sealed, Writer, box_row, key_faults


@dataclass(frozen=True)
class OpenBox:
    """A decrypted box, valid while its row is locked. Other packages never get one.

    `key_id` names the key under which the row is sealed. `excluded_rapid` is the number of the unit's ballots
    that were excluded as rapid submissions in the round so far, or since the box was lost. `guard_fired` says
    whether a ballot was excluded, or refused as too early, since the last count. `ballot_days` are the unit's
    days with ballots in the round. `is_closing` says that a count has begun to close the round: the box
    accepts no ballot any more.
    """

    round: Round
    key_id: str
    ballots: list[Ballot]
    excluded_rapid: int = 0
    guard_fired: bool = False
    ballot_days: BallotDays = NO_BALLOT_DAYS
    is_closing: bool = False

    def with_ballot(self, ballot: Ballot) -> "OpenBox":
        """Return the box with one more ballot. The first count of the next day then counts a day with
        ballots."""
        return replace(self, ballots=[*self.ballots, ballot], ballot_days=self.ballot_days.with_ballot())


class Boxes:
    """The rows of boxes, one sealed row per unit while its round is open: stored, or being opened, and not
    closed by a count.

    Callers hold a write (`Writer.write`). `Writer.look` suffices for `open_box` and faults of keys;
    `running_round`, `rounds_from`, `key_ids` and `excluded_rapid` need neither. All times are local and
    naive.
    """

    def __init__(self, database: Database, keys: KeyFolder, writer: Writer, rounds: Rounds) -> None:
        self._database = database
        self._keys = keys
        self._writer = writer
        self._rounds = rounds
        self._select = database.prepared_row(_SELECT)
        self._select_all = database.prepared_rows(_SELECT_ALL)
        self._select_of_unit = database.prepared_rows(_SELECT_OF_UNIT)
        self._select_terms = database.prepared_rows(_SELECT_TERMS)
        self._lock = database.prepared_row(_LOCK)
        self._select_keys = database.prepared_rows(_SELECT_KEYS)
        self._insert = database.prepared_write(_INSERT)
        self._update = database.prepared_write(_UPDATE)
        self._delete = database.prepared_write(_DELETE)

    def insert_empty(self, round_id: str, unit_id: str) -> None:
        """Insert an empty box for a unit of a new round."""
        key_id, sealed = self._writer.seal(box_row(round_id, unit_id), pack_box(BoxContent([])))
        self._insert(round_id, unit_id, key_id, sealed)

    def running_round(self, unit_id: str, now: datetime) -> Round:
        """Return the round that accepts ballots at this unit now (`Round.is_running`), and has not been
        closed by a count. Raises RoundClosedError if there is none."""
        for (terms,) in self._select_terms(unit_id, OPEN):
            candidate = self._rounds.parse(terms)
            if candidate.is_running(now):
                return candidate
        raise RoundClosedError

    def rounds_from(self, unit_id: str, now: datetime) -> list[Round]:
        """Return the rounds at this unit that close after `now` and have not been closed by a count, planned
        ones included; the earliest opening first."""
        rounds = [self._rounds.parse(terms) for (terms,) in self._select_terms(unit_id, OPEN)]
        return sorted(
            (of_round for of_round in rounds if of_round.closes_at > now),
            key=lambda of_round: of_round.opens_at,
        )

    def lock(self, round_id: str, unit_id: str) -> None:
        """Lock a unit's box, if it has one, until the write ends. Writes that open no box call it first, so
        that all writes of a unit lock its rows in one order."""
        self._lock(round_id, unit_id)

    def open_box(self, round_id: str, unit_id: str) -> OpenBox | None:
        """Return a unit's box, locked and decrypted; None if there is none. Raises KeyUnavailableError if its
        key is missing or damaged."""
        row = self._select(round_id, unit_id)
        if row is None:
            return None
        of_round = self._rounds.parse(row[0])
        plain = self._keys.open(box_row(round_id, unit_id), row[1], bytes(row[2]))
        content = unpack_box(plain, len(of_round.survey.columns))
        return OpenBox(
            of_round,
            row[1],
            list(content.ballots),
            content.excluded_rapid,
            content.guard_fired,
            content.ballot_days,
            row[3] != OPEN,
        )

    def put(self, box: OpenBox, unit_id: str) -> None:
        """Write a unit's box under a new key. Its previous key is destroyed after the commit."""
        row = box_row(box.round.id, unit_id)
        plain = pack_box(BoxContent(box.ballots, box.excluded_rapid, box.guard_fired, box.ballot_days))
        key_id, sealed = self._writer.reseal(row, box.key_id, plain)
        self._update(key_id, sealed, box.round.id, unit_id)

    def replace_lost(self, of_round: Round, unit_id: str, lost_key: str) -> None:
        """Replace a box whose key is lost permanently by an empty one, and add 1 to its round's lost boxes.
        Its numbers of excluded ballots and of days with ballots are lost too. `lost_key` is that key's id."""
        self._rounds.add_lost_boxes(of_round.id, 1)
        self.put(OpenBox(of_round, lost_key, []), unit_id)

    def key_faults(self) -> list[KeyFault]:
        """Return the faults of boxes that cannot be decrypted, those of a round that is being opened
        included. Locks all boxes."""
        return key_faults(self._keys, Sealed.BOX, self._select_all())

    def unit_key_faults(self, round_id: str, unit_id: str) -> list[KeyFault]:
        """Return the fault of one unit's box; empty if it can be decrypted or there is none. Locks the
        row."""
        return key_faults(self._keys, Sealed.BOX, self._select_of_unit(round_id, unit_id))

    def key_ids(self, round_id: str) -> dict[str, str]:
        """Return unit id -> id of the key under which its box in this round is sealed. Empty for a closed or
        unknown round."""
        return dict(self._select_keys(round_id))

    def remove(self, round_id: str, units: Iterable[str]) -> None:
        """Delete the boxes of these units; the files of their keys remain."""
        for unit in units:
            self._delete(round_id, unit)

    def keep_excluded(self, box: OpenBox, unit_id: str) -> None:
        """Store the number of excluded ballots of a box whose round closes, unless it is 0."""
        if box.excluded_rapid:
            self._database.run(
                tables.ExcludedRapid.insert(
                    round_id=box.round.id, unit_id=unit_id, ballots=box.excluded_rapid
                )
            )

    def excluded_rapid(self, round_id: str) -> dict[str, int]:
        """Return unit id -> number of a closed round's ballots that were excluded as rapid submissions. Units
        without any are left out. Empty until a count begins to close the round; then, until it is closed,
        other units may be missing too."""
        excluded = tables.ExcludedRapid
        query = excluded.select(excluded.unit_id, excluded.ballots).where(excluded.round_id == round_id)
        return dict(self._database.rows(query))


_BOX_AND_ROUND = tables.Box.select(
    tables.Round.terms, tables.Box.key_id, tables.Box.sealed, tables.Round.closed
).join(tables.Round, on=(tables.Round.id == tables.Box.round_id))

_OF_UNIT = tables.Box.round_id == "", tables.Box.unit_id == ""
_SELECT = PreparedQuery(_BOX_AND_ROUND.where(*_OF_UNIT), locks=tables.Box)
_SELECT_KEYS = PreparedQuery(
    tables.Box.select(tables.Box.unit_id, tables.Box.key_id).where(tables.Box.round_id == "")
)
_LOCK = PreparedQuery(tables.Box.select(tables.Box.key_id).where(*_OF_UNIT), locks=tables.Box)
_SEALED = tables.Box.select(tables.Box.round_id, tables.Box.unit_id, tables.Box.key_id, tables.Box.sealed)
_SELECT_ALL = PreparedQuery(_SEALED, locks=tables.Box)
_SELECT_OF_UNIT = PreparedQuery(_SEALED.where(*_OF_UNIT), locks=tables.Box)
_SELECT_TERMS = PreparedQuery(
    _BOX_AND_ROUND.where(tables.Box.unit_id == "", tables.Round.closed == OPEN).select(tables.Round.terms)
)
_INSERT = PreparedQuery(tables.Box.insert(round_id="", unit_id="", key_id="", sealed=b""))
_UPDATE = PreparedQuery(tables.Box.update(key_id="", sealed=b"").where(*_OF_UNIT))
_DELETE = PreparedQuery(tables.Box.delete().where(*_OF_UNIT))
