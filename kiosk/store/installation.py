"""An installation's data, and all that may be done with it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from random import Random
from secrets import SystemRandom, token_urlsafe
from typing import Any, cast

import peewee

from kiosk import envelope, slips
from kiosk.ballot import Ballot, NoAnswer, pack_box, read_ballot, unpack_box
from kiosk.box import draw_batch, plan_closing
from kiosk.database import Database, Row, StoreError
from kiosk.envelope import Letterbox
from kiosk.office import Office
from kiosk.rounds import Admission, Figures, Round, check_opening, round_from_json
from kiosk.saying import say_once
from kiosk.seal import PAD_BYTES, KeyFolder, KeyLostError
from kiosk.sizes import Screen
from kiosk.slips import SlipSet
from kiosk.snapshot import Document, RoundTally, as_text, make_snapshot, same_figures
from kiosk.tally import StatementTally, Tally, tally_batch

NEVER_KEPT = frozenset({"box", "letterbox", "slip_set"})
"""Tables no backup holds: an old box would bring back ballots that were counted and destroyed."""


class RoundClosedError(Exception):
    """No round admits this ballot at this unit now."""


class LetterboxGoneError(Exception):
    """An envelope's letterbox is no more, and will not come back: nobody can open the envelope."""


class NotAdmittedError(Exception):
    """The round runs, but does not admit ballots that come this way."""


@dataclass(frozen=True)
class RoundState:
    """A round and what has become of it. `lost_boxes` counts boxes whose key was lost."""

    round: Round
    is_closed: bool
    lost_boxes: int


@dataclass(frozen=True)
class Link:
    """An address that leads to a unit: a paired kiosk's or a poster's. `screen` is what the kiosk measures,
    None where nobody measured it."""

    code: str
    admission: Admission
    unit_id: str
    screen: Screen | None = None


class Role(StrEnum):
    """What an account is for: opening rounds and reading results; printing, pairing; reading results."""

    COORDINATOR = "coordinator"
    STAFF = "staff"
    VIEWER = "viewer"


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in; `password` is a hash."""

    name: str
    role: str
    password: str


class Store:
    """An installation's data. One per process; safe to use from several threads."""

    def __init__(self, database: Database, keys: KeyFolder, rng: Random | None = None) -> None:
        self._database = database
        self._keys = keys
        self._rng = rng or SystemRandom()
        self._retired: list[tuple[str, str]] = []
        self._forgotten: list[str] = []
        self._rounds: dict[str, Round] = {}
        self.office = Office(database)

    # -- tables ----------------------------------------------------------------------------------

    def migrate(self) -> None:
        """Create or upgrade the tables to this version, in one transaction."""
        with self._write():
            self._database.migrate()

    def check_schema(self) -> None:
        """Raise StoreError unless the tables are this version's and the keys are theirs."""
        self._database.check_version()
        self._check_keys()

    def schema(self) -> dict[str, tuple[str, ...]]:
        """Every table there is, with its columns in order."""
        return self._database.schema()

    def server_settings(self) -> dict[str, str]:
        """What a database server may write down of writes, by its setting's name; nothing for SQLite."""
        return self._database.server_settings()

    def _check_keys(self) -> None:
        """Refuse a key folder with no key of any box: it is the wrong one, and going on would empty them."""
        boxes, missing = self.boxes_without_key()
        if boxes and missing == boxes:
            raise StoreError(
                f"KIOSK_KEYS: no key of any box is in {self._keys.folder}; name the right folder. If they "
                "are lost for good, run: kiosk init (ballots that wait cannot be read by anybody then)"
            )

    def boxes_without_key(self) -> tuple[int, int]:
        """(boxes there are, boxes whose key is not in the folder).

        Holds the writer's place, since keys change under a reader's hands.
        """
        with self._write():
            rows = self._database.all(self._database.locking("SELECT round_id, unit_id, key_id FROM box"))
            return len(rows), sum(not self._keys.has(_box_row(row[0], row[1]), row[2]) for row in rows)

    def renew(self, *, giving_up_lost: bool = False) -> None:
        """Seal every box, slip set and letterbox anew: old keys a kill or a power cut left are destroyed.

        Rows whose keys are lost begin empty, and their rounds say so; those whose folder of keys is not
        there at all only when `giving_up_lost`, else KeysAwayError is raised.
        """
        with self._write():
            for state in self.rounds():
                round_id = state.round.id
                for unit in () if state.is_closed else state.round.tree.leaves:
                    if giving_up_lost:
                        self._keys.begin_anew(_box_row(round_id, unit))
                        self._keys.begin_anew(_slip_row(round_id, unit))
                        self._keys.begin_anew(_letterbox_row(round_id, unit))
                    box = self._box_for_update(round_id, unit)
                    if box:
                        self._put_box(box, unit)
                    self._renew_slips(state.round, unit)
                    self._renew_letterbox(state.round, unit)
                if state.is_closed:
                    self._forget_keys(state.round)

    @property
    def is_installed(self) -> bool:
        """Whether there are tables at all."""
        return self._database.version > 0

    # -- the installation ------------------------------------------------------------------------

    @property
    def is_demonstration(self) -> bool:
        return self._database.get("demonstration") == "yes"

    def mark_demonstration(self) -> None:
        """Mark the installation as one where nobody's answers are at stake, for good."""
        with self._write():
            self._database.set("demonstration", "yes")

    @property
    def last_tick(self) -> datetime | None:
        """The tick that was counted last."""
        text = self._database.get("last_tick")
        return datetime.fromisoformat(text) if text else None

    def set_account(self, account: Account) -> None:
        """Add an account, or replace its role and password."""
        with self._write():
            self._database.execute(
                "INSERT INTO account (name, role, password) VALUES (?, ?, ?) ON CONFLICT (name) "
                "DO UPDATE SET role = excluded.role, password = excluded.password",
                account.name,
                account.role,
                account.password,
            )

    def account(self, name: str) -> Account | None:
        row = self._database.one("SELECT name, role, password FROM account WHERE name = ?", name)
        return Account(*row) if row else None

    # -- rounds ----------------------------------------------------------------------------------

    def rounds(self) -> list[RoundState]:
        """All rounds, the latest opening first."""
        rows = self._database.all("SELECT id, terms, closed, lost_boxes FROM round")
        states = [RoundState(self._round(row[0], row[1]), bool(row[2]), row[3]) for row in rows]
        return sorted(states, key=lambda state: (state.round.opens_at, state.round.id), reverse=True)

    def open_round(self, new: Round, now: datetime) -> None:
        """Freeze a round's terms and lay out an empty box, slip set and letterbox for each unit.

        Raises RoundError, with every reason, if the rules do not allow it.
        """
        with self._write():
            self.check_opening(new, now)
            self._database.execute(
                "INSERT INTO round (id, terms) VALUES (?, ?)",
                new.id,
                json.dumps(new.as_json(), ensure_ascii=False),
            )
            for unit in new.tree.leaves:
                self._lay_out(new.id, unit)
            self._publish(self.last_tick or now)

    def check_opening(self, new: Round, now: datetime) -> None:
        """Raise RoundError, with every reason, if the rules do not allow this round."""
        check_opening(new, [state.round for state in self.rounds()], now)

    def _lay_out(self, round_id: str, unit: str) -> None:
        key_id, sealed = self._keys.seal(_box_row(round_id, unit), pack_box([], 0))
        self._database.execute(
            "INSERT INTO box (round_id, unit_id, key_id, sealed) VALUES (?, ?, ?, ?)",
            round_id,
            unit,
            key_id,
            sealed,
        )
        key_id, sealed = self._keys.seal(_slip_row(round_id, unit), slips.empty_set().pack())
        self._database.execute(
            "INSERT INTO slip_set (round_id, unit_id, tag, key_id, sealed) VALUES (?, ?, ?, ?, ?)",
            round_id,
            unit,
            self._free_tag(),
            key_id,
            sealed,
        )
        self._add_letterbox(round_id, unit)

    def _add_letterbox(self, round_id: str, unit: str) -> None:
        letterbox = envelope.new_letterbox()
        row = _letterbox_row(round_id, unit)
        key_id, sealed = self._keys.seal(row, letterbox.pack(), envelope.STEP_BYTES)
        self._database.execute(
            "INSERT INTO letterbox (round_id, unit_id, public_key, key_id, sealed) VALUES (?, ?, ?, ?, ?)",
            round_id,
            unit,
            letterbox.public_key.hex(),
            key_id,
            sealed,
        )

    def _free_tag(self) -> str:
        while True:
            tag = slips.new_tag()
            if not self._database.one("SELECT 1 FROM slip_set WHERE tag = ?", tag):
                return tag

    def running_round(self, unit_id: str, now: datetime) -> Round:
        """The round that takes ballots at this unit now. Raises RoundClosedError if none does."""
        rows = self._database.all(
            "SELECT r.id, r.terms FROM round r JOIN box b ON b.round_id = r.id "
            "WHERE b.unit_id = ? AND r.closed = 0",
            unit_id,
        )
        for round_id, terms in rows:
            found = self._round(round_id, terms)
            if found.is_running(now):
                return found
        raise RoundClosedError

    def reply(self, unit_id: str) -> dict[str, str]:
        """Language -> what guests at this unit are told came of a round: the latest that has a reply."""
        for state in self.rounds():
            if state.is_closed and unit_id in state.round.tree.leaves:
                words = self.office.reply(state.round.id)
                if words:
                    return words
        return {}

    def _round(self, round_id: str, terms: str) -> Round:
        """Parse a round's terms once: they never change."""
        if round_id not in self._rounds:
            self._rounds[round_id] = round_from_json(json.loads(terms))
        return self._rounds[round_id]

    # -- ways in: links and slips ----------------------------------------------------------------

    def add_link(
        self, admission: Admission, unit_id: str, code: str | None = None, screen: Screen | None = None
    ) -> Link:
        """Make an address for a unit: `code` is drawn at random unless given (demonstration only)."""
        link = Link(token_urlsafe(12) if code is None else code, admission, unit_id, screen)
        with self._write():
            self._database.execute(
                "INSERT INTO link (code, admission, unit_id, width_mm, distance_mm, lower_edge_mm) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                link.code,
                link.admission.value,
                link.unit_id,
                *_measures(screen),
            )
        return link

    def link(self, code: str) -> Link | None:
        row = self._database.one(f"{_LINKS} WHERE code = ?", code)
        return _link(row) if row else None

    def links(self) -> list[Link]:
        """All addresses, sorted by unit."""
        return [_link(row) for row in self._database.all(f"{_LINKS} ORDER BY unit_id, code")]

    def set_screen(self, code: str, screen: Screen | None) -> None:
        """Keep what a kiosk's screen measures; None forgets it."""
        with self._write():
            self._database.execute(
                "UPDATE link SET width_mm = ?, distance_mm = ?, lower_edge_mm = ? WHERE code = ?",
                *_measures(screen),
                code,
            )

    def move_link(self, code: str, unit_id: str) -> None:
        """Have an address lead to another unit from now on."""
        with self._write():
            self._database.execute("UPDATE link SET unit_id = ? WHERE code = ?", unit_id, code)

    def remove_link(self, code: str) -> None:
        """Close an address: who opens it is told that it leads nowhere."""
        with self._write():
            self._database.execute("DELETE FROM link WHERE code = ?", code)

    def print_slips(self, round_id: str, unit_id: str, number: int) -> list[str]:
        """Add `number` new slips to a unit's set and return their codes, which are kept nowhere."""
        with self._write():
            row = self._slip_row_for_update(round_id, unit_id)
            if row is None:
                raise StoreError(f"round {round_id} takes no slips at {unit_id}: it is closed")
            tag, key_id, slip_set = row
            codes = [slips.new_code(tag) for _ in range(number)]
            self._put_slips(round_id, unit_id, key_id, slip_set.with_new(codes))
        return codes

    def printed_slips(self, round_id: str) -> dict[str, tuple[int, ...]]:
        """Unit id -> how many slips each print run had, while the round is open. Never how many are used:
        that would tell when somebody answered."""
        found = {}
        with self._write():
            for unit, *_ in self._database.all("SELECT unit_id FROM slip_set WHERE round_id = ?", round_id):
                row = self._slip_row_for_update(round_id, unit)
                if row and row[2].runs:
                    found[unit] = tuple(run.printed for run in row[2].runs)
        return found

    def slip_counts(self, round_id: str) -> dict[str, tuple[tuple[int, int], ...]]:
        """Unit id -> (slips printed, slips used) of each print run of a closed round."""
        rows = self._database.all(
            "SELECT unit_id, printed, used FROM slip_count WHERE round_id = ? ORDER BY unit_id, run", round_id
        )
        found: dict[str, tuple[tuple[int, int], ...]] = {}
        for unit, printed, used in rows:
            found[unit] = (*found.get(unit, ()), (printed, used))
        return found

    def unit_of_slip(self, code: str) -> tuple[str, str] | None:
        """(round id, unit id) a slip was printed for, used or not; None if it never was.

        Holds the writer's place, since the row's key changes under a reader's hands.
        """
        with self._write():
            row = self._database.one(
                "SELECT round_id, unit_id FROM slip_set WHERE tag = ?", slips.tag_of(code)
            )
            if row is None:
                return None
            found = self._slip_row_for_update(row[0], row[1])
            return (row[0], row[1]) if found and found[2].has(code) else None

    def _slip_row_for_update(self, round_id: str, unit_id: str) -> tuple[str, str, SlipSet] | None:
        row = self._database.one(
            self._database.locking(
                "SELECT tag, key_id, sealed FROM slip_set WHERE round_id = ? AND unit_id = ?"
            ),
            round_id,
            unit_id,
        )
        if row is None:
            return None
        tag, key_id, sealed = row
        try:
            plain = self._keys.open(_slip_row(round_id, unit_id), key_id, bytes(sealed))
        except KeyLostError:
            say_once(f"the slips of {unit_id} in {round_id} are lost with their key; print new ones")
            lost = slips.empty_set()
            return tag, self._put_slips(round_id, unit_id, key_id, lost), lost
        return tag, key_id, slips.unpack(plain)

    def _keep_slip_count(self, of_round: Round, unit_id: str) -> None:
        row = self._slip_row_for_update(of_round.id, unit_id)
        for number, run in enumerate(row[2].runs if row else (), start=1):
            self._database.execute(
                "INSERT INTO slip_count (round_id, unit_id, run, printed, used) VALUES (?, ?, ?, ?, ?)",
                of_round.id,
                unit_id,
                number,
                run.printed,
                len(run.used),
            )

    def _renew_slips(self, of_round: Round, unit_id: str) -> None:
        row = self._slip_row_for_update(of_round.id, unit_id)
        if row:
            self._put_slips(of_round.id, unit_id, row[1], row[2])

    def _put_slips(self, round_id: str, unit_id: str, old_key: str, slip_set: SlipSet) -> str:
        """Write a unit's slips under a new key, whose id is returned."""
        key_id, sealed = self._reseal(_slip_row(round_id, unit_id), old_key, slip_set.pack())
        self._database.execute(
            "UPDATE slip_set SET key_id = ?, sealed = ? WHERE round_id = ? AND unit_id = ?",
            key_id,
            sealed,
            round_id,
            unit_id,
        )
        return key_id

    # -- a ballot's way in -----------------------------------------------------------------------

    def cast(
        self, round_id: str, unit_id: str, ballot: Ballot, now: datetime, slip: str | None = None
    ) -> None:
        """Drop one ballot into a unit's box and, where it came by one, use up its slip.

        Raises RoundClosedError, NotAdmittedError or SlipError; then nothing was written.
        """
        with self._write():
            box = self._box_for_update(round_id, unit_id)
            if box is None or not box.round.is_running(now):
                raise RoundClosedError
            if slip is not None:
                self._use_slip(box.round, unit_id, slip)
            self._put_box(replace(box, ballots=[*box.ballots, ballot]), unit_id)

    def put_apart(self, round_id: str, unit_id: str, now: datetime) -> None:
        """Count a ballot that was sent in play: that there was one more, not what it said.

        The number lies in the box until the round closes, so nothing tells when it grew. Raises
        RoundClosedError; then nothing was written.
        """
        with self._write():
            box = self._box_for_update(round_id, unit_id)
            if box is None or not box.round.is_running(now):
                raise RoundClosedError
            self._put_box(replace(box, apart=box.apart + 1), unit_id)

    def cast_envelope(
        self,
        public_key: str,
        sealed: bytes,
        now: datetime,
        *,
        in_play: bool,
        has_waited: bool = False,
    ) -> None:
        """Drop the ballot of an envelope for the letterbox with this key, in hex, into its unit's box, or put
        it apart where `in_play` says so, or the kiosk of one that `has_waited`; an envelope that was taken
        before changes nothing.

        The key alone says which box it is for: the kiosk that carries it may have become another unit's
        since. Raises LetterboxGoneError; EnvelopeError or BallotError for what is no ballot and never will
        be; RoundClosedError where the round does not run now, and NotAdmittedError. Then no ballot was
        written.
        """
        row = self._database.one("SELECT round_id, unit_id FROM letterbox WHERE public_key = ?", public_key)
        if row is None:
            raise LetterboxGoneError
        round_id, unit_id = row
        with self._write():
            is_there = self._put_through(
                round_id, public_key, unit_id, sealed, now, in_play=in_play, has_waited=has_waited
            )
        if not is_there:
            raise LetterboxGoneError

    def _put_through(
        self,
        round_id: str,
        public_key: str,
        unit_id: str,
        sealed: bytes,
        now: datetime,
        *,
        in_play: bool,
        has_waited: bool,
    ) -> bool:
        """False where the letterbox has another key now: its own was lost, and the new one must be kept."""
        box = self._box_for_update(round_id, unit_id)
        found = self._letterbox_for_update(round_id, unit_id)
        if box is None or found is None or not box.round.is_running(now):
            raise RoundClosedError
        if Admission.KIOSK not in box.round.admission:
            raise NotAdmittedError
        key_id, letterbox = found
        if letterbox.public_key.hex() != public_key:
            return False
        survey = box.round.survey
        letter = letterbox.open(sealed, len(survey.statements))
        ballot = read_ballot(survey, letter.fields)
        if letter.ticket not in letterbox.taken:
            self._put_letterbox(round_id, unit_id, key_id, letterbox.with_taken(letter.ticket))
            if in_play or (has_waited and letter.in_play):
                self._put_box(replace(box, apart=box.apart + 1), unit_id)
            else:
                self._put_box(replace(box, ballots=[*box.ballots, ballot]), unit_id)
        return True

    def public_key(self, round_id: str, unit_id: str) -> str:
        """What a kiosk seals its ballots for, in hex; "" where it cannot."""
        row = self._database.one(
            "SELECT public_key FROM letterbox WHERE round_id = ? AND unit_id = ?", round_id, unit_id
        )
        return str(row[0]) if row else ""

    def _letterbox_for_update(self, round_id: str, unit_id: str) -> tuple[str, Letterbox] | None:
        row = self._database.one(
            self._database.locking("SELECT key_id, sealed FROM letterbox WHERE round_id = ? AND unit_id = ?"),
            round_id,
            unit_id,
        )
        if row is None:
            return None
        try:
            plain = self._keys.open(_letterbox_row(round_id, unit_id), row[0], bytes(row[1]))
        except KeyLostError:
            # Envelopes that wait on a kiosk cannot be read by anybody now; those to come can.
            anew = envelope.new_letterbox()
            return self._put_letterbox(round_id, unit_id, row[0], anew), anew
        return row[0], envelope.unpack(plain)

    def _renew_letterbox(self, of_round: Round, unit_id: str) -> None:
        found = self._letterbox_for_update(of_round.id, unit_id)
        if found:
            self._put_letterbox(of_round.id, unit_id, *found)
        else:
            # The round was opened before there were any.
            self._add_letterbox(of_round.id, unit_id)

    def _put_letterbox(self, round_id: str, unit_id: str, old_key: str, letterbox: Letterbox) -> str:
        """Write a unit's letterbox under a new key, whose id is returned."""
        row = _letterbox_row(round_id, unit_id)
        key_id, sealed = self._reseal(row, old_key, letterbox.pack(), envelope.STEP_BYTES)
        self._database.execute(
            "UPDATE letterbox SET public_key = ?, key_id = ?, sealed = ? WHERE round_id = ? AND unit_id = ?",
            letterbox.public_key.hex(),
            key_id,
            sealed,
            round_id,
            unit_id,
        )
        return key_id

    def _use_slip(self, of_round: Round, unit_id: str, code: str) -> None:
        if Admission.SLIP not in of_round.admission:
            raise NotAdmittedError
        row = self._slip_row_for_update(of_round.id, unit_id)
        if row is None:
            raise slips.UnknownSlipError
        _, key_id, slip_set = row
        self._put_slips(of_round.id, unit_id, key_id, slip_set.use(code))

    def _box_for_update(self, round_id: str, unit_id: str) -> "_OpenBox | None":
        row = self._database.one(
            self._database.locking(
                "SELECT r.terms, b.key_id, b.sealed FROM box b JOIN round r ON r.id = b.round_id "
                "WHERE b.round_id = ? AND b.unit_id = ?"
            ),
            round_id,
            unit_id,
        )
        if row is None:
            return None
        of_round = self._round(round_id, row[0])
        try:
            plain = self._keys.open(_box_row(round_id, unit_id), row[1], bytes(row[2]))
        except KeyLostError:
            # Ballots under a lost key are gone for everybody: say so once, and go on with an empty box.
            self._database.execute("UPDATE round SET lost_boxes = lost_boxes + 1 WHERE id = ?", round_id)
            empty = _OpenBox(of_round, row[1], [], 0)
            return replace(empty, key_id=self._put_box(empty, unit_id))
        return _OpenBox(of_round, row[1], *unpack_box(plain, len(of_round.survey.statements)))

    def _put_box(self, box: "_OpenBox", unit_id: str) -> str:
        """Write a box under a new key, whose id is returned."""
        row = _box_row(box.round.id, unit_id)
        key_id, sealed = self._reseal(row, box.key_id, pack_box(box.ballots, box.apart))
        self._database.execute(
            "UPDATE box SET key_id = ?, sealed = ? WHERE round_id = ? AND unit_id = ?",
            key_id,
            sealed,
            box.round.id,
            unit_id,
        )
        return key_id

    def _reseal(self, row: str, old_key: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Seal under a new key; the old one is destroyed once the transaction is committed."""
        self._keys.sweep(row, keep=old_key)
        self._retired.append((row, old_key))
        return self._keys.seal(row, plain, step)

    # -- the count -------------------------------------------------------------------------------

    def count(self, tick: datetime) -> bool:
        """Count every box that is due at this tick, close what has ended, publish: all or nothing.

        Returns False, and does nothing, if this tick or a later one was counted before.
        """
        with self._write():
            if self.last_tick is not None and self.last_tick >= tick:
                return False
            for state in self.rounds():
                if state.is_closed:
                    # A crash may have come between closing and this.
                    self._forget_keys(state.round)
                elif state.round.closes_at <= tick:
                    self._close(state.round)
                else:
                    self._count_boxes(state.round)
            self._database.set("last_tick", tick.isoformat())
            self._publish(tick)
            return True

    def _count_boxes(self, of_round: Round) -> None:
        published = self._own_tallies(of_round)
        for unit in of_round.tree.leaves:
            box = self._box_for_update(of_round.id, unit)
            if box is None:
                continue
            rest = box.ballots
            if of_round.figures is Figures.LIVE:
                counted = published[unit][0].answered if unit in published else 0
                batch, rest = draw_batch(box.ballots, counted, of_round.k, self._rng)
                if batch:
                    self._add_batch(of_round, unit, batch)
            # Every row, so that files do not tell where a batch was drawn, and no old key outlives a tick.
            self._put_box(replace(box, ballots=rest), unit)
            self._renew_slips(of_round, unit)
            self._renew_letterbox(of_round, unit)

    def _close(self, of_round: Round) -> None:
        units = of_round.tree.leaves
        boxes = {unit: self._box_for_update(of_round.id, unit) for unit in units}
        ballots = {unit: box.ballots if box else [] for unit, box in boxes.items()}
        plan = plan_closing(
            of_round.tree,
            {unit: len(found) for unit, found in ballots.items()},
            frozenset(self._own_tallies(of_round)),
            of_round.k,
        )
        for node, members in plan.batches:
            self._add_batch(of_round, node, [one for unit in members for one in ballots[unit]])
        for unit, box in boxes.items():
            self._keep_slip_count(of_round, unit)
            if box and box.apart:
                self._database.execute(
                    "INSERT INTO apart (round_id, unit_id, ballots) VALUES (?, ?, ?)",
                    of_round.id,
                    unit,
                    box.apart,
                )
        self._database.execute("DELETE FROM box WHERE round_id = ?", of_round.id)
        self._database.execute("DELETE FROM slip_set WHERE round_id = ?", of_round.id)
        self._database.execute("DELETE FROM letterbox WHERE round_id = ?", of_round.id)
        self._database.execute("UPDATE round SET closed = 1 WHERE id = ?", of_round.id)
        self._forget_keys(of_round)

    def forget_all_keys(self) -> None:
        """Destroy the keys of every box, slip set and letterbox: this installation is given up."""
        with self._write():
            for state in self.rounds():
                self._forget_keys(state.round)

    def _forget_keys(self, of_round: Round) -> None:
        """Have the keys of a closed round's rows destroyed once this transaction is committed."""
        for unit in of_round.tree.leaves:
            rows = (_box_row, _slip_row, _letterbox_row)
            self._forgotten += [row(of_round.id, unit) for row in rows]

    def _add_batch(self, of_round: Round, node_id: str, batch: Sequence[Ballot]) -> None:
        tables = zip(of_round.survey.statements, tally_batch(batch, of_round.options), strict=True)
        for statement, table in tables:
            for option, answers in _options(table).items():
                self._database.execute(
                    "INSERT INTO tally (round_id, node_id, statement_id, option, answers) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (round_id, node_id, statement_id, option) "
                    "DO UPDATE SET answers = tally.answers + excluded.answers",
                    of_round.id,
                    node_id,
                    statement.id,
                    option,
                    answers,
                )

    # -- the snapshot ----------------------------------------------------------------------------

    def snapshot_text(self) -> str:
        """The published document, as the bytes everybody is served."""
        row = self._database.one("SELECT document FROM snapshot")
        if row:
            return cast(str, row[0])
        empty = make_snapshot([], datetime.min, demonstration=self.is_demonstration)
        return as_text({**empty, "made_at": None})

    def snapshot(self) -> Document:
        return cast(Document, json.loads(self.snapshot_text()))

    def _publish(self, made_at: datetime) -> None:
        """Replace the snapshot if its figures changed."""
        tallies = [
            RoundTally(
                state.round,
                state.is_closed,
                self._own_tallies(state.round),
                self._apart(state.round) if state.is_closed else {},
            )
            for state in self.rounds()
        ]
        new = make_snapshot(tallies, made_at, demonstration=self.is_demonstration)
        if not same_figures(new, self.snapshot()):
            self._database.execute(
                "INSERT INTO snapshot (id, document) VALUES (1, ?) "
                "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                as_text(new),
            )

    def _own_tallies(self, of_round: Round) -> dict[str, Tally]:
        """Running sums of the batches published for each node itself."""
        cells: dict[str, dict[tuple[str, str], int]] = {}
        for node, statement, option, answers in self._database.all(
            "SELECT node_id, statement_id, option, answers FROM tally WHERE round_id = ?",
            of_round.id,
        ):
            cells.setdefault(node, {})[statement, option] = answers
        return {
            node: tuple(
                _statement_tally({opt: n for (name, opt), n in found.items() if name == statement.id})
                for statement in of_round.survey.statements
            )
            for node, found in cells.items()
        }

    def _apart(self, of_round: Round) -> dict[str, int]:
        """Unit id -> ballots put apart in a closed round."""
        rows = self._database.all("SELECT unit_id, ballots FROM apart WHERE round_id = ?", of_round.id)
        return dict(rows)

    # -- backups ---------------------------------------------------------------------------------

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Every row that may be kept, by table: neither boxes nor slips."""
        # Names of tables and columns come from the database's own schema, here and in `load`.
        with self._write():
            return {
                table: [
                    dict(zip(columns, row, strict=True))
                    for row in self._database.all(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1")  # noqa: S608
                ]
                for table, columns in self.schema().items()
                if table not in NEVER_KEPT
            }

    def load(self, tables: dict[str, list[dict[str, Any]]]) -> int:
        """Fill empty tables from a dump, with an empty box for each unit of a round that is not closed.

        Returns the number of such boxes; each round says that their ballots were lost. Raises StoreError,
        and changes nothing, if there is anything here already or the dump does not fit.
        """
        with self._write():
            if self.rounds() or self._database.one("SELECT 1 FROM account"):
                raise StoreError("there is an installation here already; restore into an empty one")
            schema, boxes = self.schema(), 0
            dumped = {row.get("key"): row.get("value") for row in tables.get("installation", [])}
            if set(tables) != set(schema) - NEVER_KEPT or dumped.get("schema") != self._database.get(
                "schema"
            ):
                raise StoreError("the backup is of another version of this program; restore it with that one")
            for table, rows in tables.items():
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608
                columns = schema[table]
                for row in rows:
                    if set(row) != set(columns):
                        raise StoreError(f"the backup's table {table} does not fit; the file is damaged")
                    places = ", ".join("?" for _ in columns)
                    self._database.execute(
                        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608
                        *(row[column] for column in columns),
                    )
            for state in self.rounds():
                units = () if state.is_closed else state.round.tree.leaves
                for unit in units:
                    self._lay_out(state.round.id, unit)
                    boxes += 1
                self._database.execute(
                    "UPDATE round SET lost_boxes = lost_boxes + ? WHERE id = ?", len(units), state.round.id
                )
            return boxes

    # -- the database ----------------------------------------------------------------------------

    @contextmanager
    def _write(self) -> Iterator[None]:
        """One writer, one transaction; keys it made useless are destroyed once it is committed.

        After an error no key is destroyed: the commit may have happened, and the next write sweeps.
        """
        with self._database.writing():
            self._retired, self._forgotten = [], []
            with self._database.transaction():
                yield
            try:
                for row, key_id in self._retired:
                    self._keys.destroy(row, key_id)
                for row in self._forgotten:
                    self._keys.forget(row)
                self._database.clear_log()
            except (OSError, peewee.PeeweeException) as error:
                # The write is committed: to call it failed would bring the same ballot again.
                # Its kind only: its words name a key, and would make each message another.
                kind = getattr(error, "strerror", None) or type(error).__name__
                say_once(f"an old key could not be destroyed; the next write tries: {kind}")

    def close(self) -> None:
        self._database.close()


@dataclass(frozen=True)
class _OpenBox:
    """A box while its row is locked, and how many ballots were put apart. Never leaves this module."""

    round: Round
    key_id: str
    ballots: list[Ballot]
    apart: int


_LINKS = "SELECT code, admission, unit_id, width_mm, distance_mm, lower_edge_mm FROM link"


def _link(row: Row) -> Link:
    code, admission, unit_id, width_mm, distance_mm, lower_edge_mm = row
    screen = None if width_mm is None else Screen(width_mm, distance_mm, lower_edge_mm)
    return Link(code, Admission(admission), unit_id, screen)


def _measures(screen: Screen | None) -> tuple[int | None, int | None, int | None]:
    """A screen as the columns of its link."""
    return (screen.width_mm, screen.distance_mm, screen.lower_edge_mm) if screen else (None, None, None)


def _box_row(round_id: str, unit_id: str) -> str:
    return f"box.{round_id}.{unit_id}"


def _slip_row(round_id: str, unit_id: str) -> str:
    return f"slips.{round_id}.{unit_id}"


def _letterbox_row(round_id: str, unit_id: str) -> str:
    return f"letterbox.{round_id}.{unit_id}"


def _options(table: StatementTally) -> dict[str, int]:
    """A statement's table as rows: option -> answers."""
    counts = {str(option): n for option, n in enumerate(table.counts, start=1)}
    return {
        **counts,
        **dict(zip(NoAnswer, table.no_answer, strict=True)),
        "withheld": table.withheld,
    }


def _statement_tally(rows: dict[str, int]) -> StatementTally:
    """The inverse of `_options`."""
    options = sorted(int(option) for option in rows if option.isdigit())
    return StatementTally(
        tuple(rows[str(option)] for option in options),
        tuple(rows[kind] for kind in NoAnswer),
        rows["withheld"],
    )


def open_store(data: Path, url: str, keys: Path, *, rng: Random | None = None, durable: bool = True) -> Store:
    """The store of an installation, its folders made (readable by their owner only)."""
    for folder in (data, keys):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Store(Database(url, durable=durable), KeyFolder(keys, durable=durable), rng)
