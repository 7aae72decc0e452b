"""The rows of slip sets, and the numbers of printed and used slips of closed rounds."""

import secrets
from collections.abc import Container, Iterable
from secrets import SystemRandom

from kiosk.domain import slips
from kiosk.domain.rounds import Admission, Round
from kiosk.domain.slips import PrintRun, SlipSet
from kiosk.storage import tables
from kiosk.storage.database import Database, StoreError
from kiosk.storage.keys import KeyFolder
from kiosk.storage.prepared_query import PreparedQuery
from kiosk.storage.rounds import NotAdmittedError
from kiosk.storage.sealed_rows import KeyFault, Sealed, Writer, key_faults, slip_row

_RANDOM = SystemRandom()
# Codes need the operating system's randomness, because anybody who guesses a code can cast a ballot.


class SlipBudgetError(StoreError):
    """The unit may not get the slips that were asked for: `printed` exist, and its budget in the round is
    `budget`."""

    def __init__(self, unit_id: str, printed: int, budget: int) -> None:
        super().__init__(
            f"{unit_id}: the round's expected guests need {budget} slips, and {printed} are printed; print "
            "fewer, or add --reason TEXT, which all staff read in the log"
        )
        self.printed = printed
        self.budget = budget


class SlipSets:
    """The rows of slip sets, one sealed row per unit while its round is open: stored, or being opened, and
    not closed by a count.

    Callers hold a write (`Writer.write`). `Writer.look` suffices for `runs` and faults of keys; `unit_of`,
    `counts` and `unpublished_use` need neither. Codes that are given are normalised (`slips.normalise`).
    """

    def __init__(self, database: Database, keys: KeyFolder, writer: Writer) -> None:
        self._database = database
        self._keys = keys
        self._writer = writer
        self._select = database.prepared_row(_SELECT)
        self._select_all = database.prepared_rows(_SELECT_ALL)
        self._select_of_unit = database.prepared_rows(_SELECT_OF_UNIT)
        self._select_keys = database.prepared_rows(_SELECT_KEYS)
        self._select_tag = database.prepared_row(_SELECT_TAG)
        self._insert = database.prepared_write(_INSERT)
        self._update = database.prepared_write(_UPDATE)
        self._delete = database.prepared_write(_DELETE)
        self._insert_count = database.prepared_write(_INSERT_COUNT)

    def insert_empty(self, round_id: str, unit_id: str) -> None:
        """Insert an empty slip set for a unit of a new round. The tag with which its codes begin is random
        and of no other slip set."""
        key_id, sealed = self._writer.seal(slip_row(round_id, unit_id), _new_set().pack())
        self._insert(round_id, unit_id, self._free_tag(), key_id, sealed)

    def print(self, round_id: str, unit_id: str, number: int, budget: int | None) -> list[str]:
        """Add a print run of `number` new slips, at least 1, to a unit's set. Returns their codes, which are
        not stored.

        Raises StoreError if the unit has no slip set in this round, as in a closed one; SlipBudgetError if
        the unit would have more than `budget` slips, used ones included (None: any number);
        KeyUnavailableError if the set's key is missing or damaged.
        """
        row = self._open(round_id, unit_id)
        if row is None:
            raise StoreError(f"round {round_id} takes no slips at {unit_id}: it is closed")
        tag, key_id, slip_set = row
        printed = sum(run.printed for run in slip_set.runs)
        if budget is not None and printed + number > budget:
            raise SlipBudgetError(unit_id, printed, budget)
        codes = [slips.new_code(tag, _RANDOM) for _ in range(number)]
        self._put(round_id, unit_id, key_id, slip_set.with_new(codes))
        return codes

    def use(self, of_round: Round, unit_id: str, code: str) -> None:
        """Mark a slip as used. Raises NotAdmittedError if the round admits no slips, UnknownSlipError if the
        unit has no such slip, UsedSlipError if it was used before, or KeyUnavailableError if the set's key is
        missing or damaged."""
        if Admission.SLIP not in of_round.admission:
            raise NotAdmittedError
        row = self._open(of_round.id, unit_id)
        if row is None:
            raise slips.UnknownSlipError
        _, key_id, slip_set = row
        self._put(of_round.id, unit_id, key_id, slip_set.use(code))

    def renew(self, of_round: Round, unit_id: str) -> None:
        """Seal a unit's slips under a new key, unchanged; nothing happens if there is no slip set. Raises
        KeyUnavailableError if its key is missing or damaged."""
        row = self._open(of_round.id, unit_id)
        if row:
            self._put(of_round.id, unit_id, row[1], row[2])

    def printed(self, round_id: str) -> dict[str, tuple[int, ...]]:
        """Return unit id -> number of slips of each print run of an open round, the earliest run first. Units
        without slips are left out; empty for another round. Raises KeyUnavailableError if a key is missing or
        damaged.

        The number of used slips is left out, because its growth would reveal when somebody answered.
        """
        printed = {}
        units = tables.SlipSet.select(tables.SlipSet.unit_id).where(tables.SlipSet.round_id == round_id)
        for (unit,) in self._database.rows(units):
            row = self._open(round_id, unit)
            if row and row[2].runs:
                printed[unit] = tuple(run.printed for run in row[2].runs)
        return printed

    def unit_of(self, code: str) -> tuple[str, str] | None:
        """Return (round id, unit id) of the slip set whose tag the code begins with; None if there is none.
        `has` tells whether the code is one of its slips."""
        query = tables.SlipSet.select(tables.SlipSet.round_id, tables.SlipSet.unit_id)
        row = self._database.row(query.where(tables.SlipSet.tag == slips.tag_of(code)))
        return (row[0], row[1]) if row else None

    def has(self, round_id: str, unit_id: str, code: str) -> bool:
        """Return whether a unit has this slip in the round, used or unused. Raises KeyUnavailableError if the
        set's key is missing or damaged."""
        row = self._open(round_id, unit_id)
        return row is not None and row[2].has(code)

    def runs(self, round_id: str, unit_id: str) -> tuple[str, tuple[PrintRun, ...]] | None:
        """Return (key id, print runs) of a unit's slip set; None if there is none. Raises KeyUnavailableError
        if its key is missing or damaged."""
        row = self._open(round_id, unit_id)
        return (row[1], row[2].runs) if row else None

    def key_ids(self, round_id: str) -> dict[str, str]:
        """Return unit id -> id of the key under which its slip set in this round is sealed. Empty for a
        closed or unknown round."""
        return dict(self._select_keys(round_id))

    def keep_count(
        self, of_round: Round, unit_id: str, runs: Iterable[PrintRun], *, has_figures: bool
    ) -> None:
        """Store the numbers of printed and used slips of each of a unit's print runs, in a round that closes.

        The number of used slips is stored as 0 if no page shows it: for a run that is too small
        (`can_publish_used`), and for a unit without figures of its own (not `has_figures`).
        """
        for number, run in enumerate(runs, start=1):
            is_published = has_figures and slips.can_publish_used(run.printed, of_round.k)
            used = len(run.used) if is_published else 0
            self._insert_count(of_round.id, unit_id, number, run.printed, used)

    def unpublished_use(self, of_round: Round, with_figures: Container[str]) -> list[tuple[str, int]]:
        """Return (unit id, number of the print run, from 1) of a closed round's print runs whose stored
        number of used slips no page shows (see `keep_count`). An older version stored such numbers, and a
        backup may hold them.

        `with_figures` are the ids of the units with figures of their own.
        """
        return [
            (unit_id, number)
            for unit_id, runs in self.counts(of_round.id).items()
            for number, (printed, used) in enumerate(runs, start=1)
            if used and not (unit_id in with_figures and slips.can_publish_used(printed, of_round.k))
        ]

    def clear_unpublished_use(self, of_round: Round, with_figures: Container[str]) -> None:
        """Set the stored numbers of used slips of the print runs of `unpublished_use` to 0."""
        count = tables.SlipCount
        for unit_id, number in self.unpublished_use(of_round, with_figures):
            is_run = count.round_id == of_round.id, count.unit_id == unit_id, count.run == number
            self._database.run(count.update(used=0).where(*is_run))

    def counts(self, round_id: str) -> dict[str, tuple[tuple[int, int], ...]]:
        """Return unit id -> (slips printed, slips used) of each print run of a closed round, the earliest run
        first. Empty until a count begins to close the round; then, until it is closed, some units are
        missing. The number of used slips is 0 where no page shows it (`keep_count`)."""
        count = tables.SlipCount
        query = count.select(count.unit_id, count.printed, count.used).where(count.round_id == round_id)
        runs: dict[str, tuple[tuple[int, int], ...]] = {}
        for unit, printed, used in self._database.rows(query.order_by(count.unit_id, count.run)):
            runs[unit] = (*runs.get(unit, ()), (printed, used))
        return runs

    def replace_lost(self, of_round: Round, unit_id: str, lost_key: str) -> None:
        """Replace a slip set whose key is lost permanently by an empty one. `lost_key` is that key's id.
        Printed slips become invalid."""
        self._put(of_round.id, unit_id, lost_key, _new_set())

    def key_faults(self) -> list[KeyFault]:
        """Return the faults of slip sets that cannot be decrypted, those of a round that is being opened
        included. Locks all slip sets."""
        return key_faults(self._keys, Sealed.SLIPS, self._select_all())

    def unit_key_faults(self, round_id: str, unit_id: str) -> list[KeyFault]:
        """Return the fault of one unit's slip set; empty if it can be decrypted or there is none. Locks the
        row."""
        return key_faults(self._keys, Sealed.SLIPS, self._select_of_unit(round_id, unit_id))

    def remove(self, round_id: str, units: Iterable[str]) -> None:
        """Delete the slip sets of these units; the files of their keys remain."""
        for unit in units:
            self._delete(round_id, unit)

    def _free_tag(self) -> str:
        while True:
            tag = slips.new_tag(_RANDOM)
            if not self._select_tag(tag):
                return tag

    def _open(self, round_id: str, unit_id: str) -> tuple[str, str, SlipSet] | None:
        """Return (tag, key id, slips) of a unit, locked and decrypted; None if there is none. Raises
        KeyUnavailableError if its key is missing or damaged."""
        row = self._select(round_id, unit_id)
        if row is None:
            return None
        tag, key_id, sealed = row
        plain = self._keys.open(slip_row(round_id, unit_id), key_id, bytes(sealed))
        return tag, key_id, slips.unpack(plain)

    def _put(self, round_id: str, unit_id: str, old_key: str, slip_set: SlipSet) -> None:
        """Write a unit's slips under a new key. `old_key` is the id of the previous key, which is destroyed
        after the commit."""
        key_id, sealed = self._writer.reseal(slip_row(round_id, unit_id), old_key, slip_set.pack())
        self._update(key_id, sealed, round_id, unit_id)


def _new_set() -> SlipSet:
    return slips.empty_set(secrets.token_bytes(slips.SALT_BYTES))


_SLIPS = tables.SlipSet
_OF_UNIT = _SLIPS.round_id == "", _SLIPS.unit_id == ""
_SELECT = PreparedQuery(
    _SLIPS.select(_SLIPS.tag, _SLIPS.key_id, _SLIPS.sealed).where(*_OF_UNIT), locks=_SLIPS
)
_SELECT_ALL = PreparedQuery(
    _SLIPS.select(_SLIPS.round_id, _SLIPS.unit_id, _SLIPS.key_id, _SLIPS.sealed), locks=_SLIPS
)
_SELECT_OF_UNIT = PreparedQuery(
    _SLIPS.select(_SLIPS.round_id, _SLIPS.unit_id, _SLIPS.key_id, _SLIPS.sealed).where(*_OF_UNIT),
    locks=_SLIPS,
)
_SELECT_KEYS = PreparedQuery(_SLIPS.select(_SLIPS.unit_id, _SLIPS.key_id).where(_SLIPS.round_id == ""))
_SELECT_TAG = PreparedQuery(_SLIPS.select(_SLIPS.tag).where(_SLIPS.tag == ""))
_INSERT = PreparedQuery(_SLIPS.insert(round_id="", unit_id="", tag="", key_id="", sealed=b""))
_UPDATE = PreparedQuery(_SLIPS.update(key_id="", sealed=b"").where(*_OF_UNIT))
_DELETE = PreparedQuery(_SLIPS.delete().where(*_OF_UNIT))
_INSERT_COUNT = PreparedQuery(tables.SlipCount.insert(round_id="", unit_id="", run=0, printed=0, used=0))
