"""The rows of boxes, and of the ballots each unit's kiosks sent in play.

Only who casts, counts or renews opens a box, and writes it back whole within the same write.
"""

from dataclasses import dataclass
from datetime import datetime

from kiosk.domain.ballot import Ballot, pack_box, unpack_box
from kiosk.domain.rounds import Round
from kiosk.storage.database import Database
from kiosk.storage.keys import KeyFolder
from kiosk.storage.rounds import RoundClosedError, Rounds
from kiosk.storage.sealed_rows import KeyFault, Sealed, Writer, box_row, key_faults


@dataclass(frozen=True)
class OpenBox:
    """A box while its row is locked, and how many ballots were put apart. Never leaves the store."""

    round: Round
    key_id: str
    ballots: list[Ballot]
    apart: int


class Boxes:
    """One sealed row a unit, while its round is open. All but `running_round` and `apart` are called within a
    write of the caller's."""

    def __init__(self, database: Database, keys: KeyFolder, writer: Writer, rounds: Rounds) -> None:
        self._database = database
        self._keys = keys
        self._writer = writer
        self._rounds = rounds

    def lay_out(self, round_id: str, unit_id: str) -> None:
        key_id, sealed = self._writer.seal(box_row(round_id, unit_id), pack_box([], 0))
        self._database.execute(
            "INSERT INTO box (round_id, unit_id, key_id, sealed) VALUES (?, ?, ?, ?)",
            round_id,
            unit_id,
            key_id,
            sealed,
        )

    def running_round(self, unit_id: str, now: datetime) -> Round:
        """The round that takes ballots at this unit now. Raises RoundClosedError if none does."""
        rows = self._database.all(
            "SELECT r.terms FROM round r JOIN box b ON b.round_id = r.id "
            "WHERE b.unit_id = ? AND r.closed = 0",
            unit_id,
        )
        for (terms,) in rows:
            found = self._rounds.parse(terms)
            if found.is_running(now):
                return found
        raise RoundClosedError

    def open_box(self, round_id: str, unit_id: str) -> OpenBox | None:
        """The box, its row locked; None where there is none. Raises KeysAwayError."""
        row = self._database.one(
            self._database.locking(
                "SELECT r.terms, b.key_id, b.sealed FROM box b JOIN round r ON r.id = b.round_id "
                "WHERE b.round_id = ? AND b.unit_id = ?",
                "b",
            ),
            round_id,
            unit_id,
        )
        if row is None:
            return None
        of_round = self._rounds.parse(row[0])
        plain = self._keys.open(box_row(round_id, unit_id), row[1], bytes(row[2]))
        return OpenBox(of_round, row[1], *unpack_box(plain, len(of_round.survey.statements)))

    def put(self, box: OpenBox, unit_id: str) -> None:
        """Write a box under a new key."""
        row = box_row(box.round.id, unit_id)
        key_id, sealed = self._writer.reseal(row, box.key_id, pack_box(box.ballots, box.apart))
        self._database.execute(
            "UPDATE box SET key_id = ?, sealed = ? WHERE round_id = ? AND unit_id = ?",
            key_id,
            sealed,
            box.round.id,
            unit_id,
        )

    def begin_anew(self, of_round: Round, unit_id: str, lost_key: str) -> None:
        """Empty a box whose key is lost for good, and have its round say so."""
        self._rounds.add_lost_boxes(of_round.id, 1)
        self.put(OpenBox(of_round, lost_key, [], 0), unit_id)

    def key_faults(self) -> list[KeyFault]:
        """Boxes that their keys do not open, their rows locked."""
        sql = self._database.locking("SELECT round_id, unit_id, key_id, sealed FROM box", "box")
        return key_faults(self._keys, Sealed.BOX, self._database.all(sql))

    def remove(self, round_id: str) -> None:
        """Drop a closed round's boxes."""
        self._database.execute("DELETE FROM box WHERE round_id = ?", round_id)

    def keep_apart(self, box: OpenBox, unit_id: str) -> None:
        """Keep how many ballots were put apart, now that the box's round is closed."""
        if box.apart:
            self._database.execute(
                "INSERT INTO apart (round_id, unit_id, ballots) VALUES (?, ?, ?)",
                box.round.id,
                unit_id,
                box.apart,
            )

    def apart(self, round_id: str) -> dict[str, int]:
        """Unit id -> ballots put apart in a closed round."""
        rows = self._database.all("SELECT unit_id, ballots FROM apart WHERE round_id = ?", round_id)
        return dict(rows)
