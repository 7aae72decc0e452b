"""Attack 5: the order of ballots, or a counted and destroyed ballot, is read from files.

A survey of twenty statements makes each ballot twenty bytes that do not occur by chance. Destroyed ballots
are searched for in the store's folders, in an earlier copy, on the raw disk, and in all written data. All
existing keys are tried on old versions of rows.

`python -m tests.attack.residue WAY FOLDER SEED` runs one round in a separate process, which another process
can trace, and prints the uncounted ballots and the destroyed keys.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from random import Random, SystemRandom
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from unittest.mock import patch

from kiosk.domain.ballot import Answer, Ballot, NoAnswer, pack, unpack_box
from kiosk.domain.envelope import COLUMN_BYTES, Letterbox
from kiosk.domain.rounds import Round
from kiosk.storage import Store
from kiosk.storage.database import Database
from kiosk.storage.keys import KeyFolder, KeyUnavailableError
from kiosk.storage.letterboxes import new_letterbox
from tests.attack.finding import Finding, Scale
from tests.attack.marks import contents, raw_forms, standing_in
from tests.attack.watched import NotPermittedError, not_possible, traced_writes, watching
from tests.tools.builders import ALL_WAYS, MONDAY, survey, tree
from tests.tools.envelopes import seal

K = 5
BALLOTS = 24
ORDERED = 12
"""Number of ballots whose order is guessed: few enough for the controls' tables to fit on one page."""

TICK = MONDAY + timedelta(hours=8)
ROUND = Round("r", survey(statements=20), tree("a", "b"), K, MONDAY, MONDAY + timedelta(days=90), ALL_WAYS)
ROW = "box.r.a"
REPOSITORY = Path(__file__).parents[2]
SYSTEM_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
"""Folders with the tools that make and mount disks."""


def made_up(seed: int, number: int) -> list[Ballot]:
    """Return `number` ballots with random answers, the same ones for the same seed."""
    random, options = Random(seed), [*range(1, 6), *NoAnswer]
    return [Ballot(tuple[Answer, ...](random.choices(options, k=20))) for _ in range(number)]


class Way(Protocol):
    """A method of storing ballots until they are counted, in the folders `data` and `keys`."""

    def cast(self, ballot: Ballot) -> None: ...

    def count(self) -> None: ...

    def waiting(self) -> set[bytes]: ...

    def close(self) -> None: ...


class KeepsLog(Database):
    """A leaky database: it does not empty SQLite's log after a write."""

    def clear_log(self) -> None:
        """Do nothing: the leak."""


class Boxes:
    """The program's method of storing ballots; `keys` and `database` may be leaky variants."""

    def __init__(
        self,
        folder: Path,
        *,
        keys: type[KeyFolder] = KeyFolder,
        database: type[Database] = Database,
        is_durable: bool = True,
    ) -> None:
        for name in ("data", "keys"):
            (folder / name).mkdir()
        self._url = f"sqlite:///{folder / 'data' / 'k.sqlite'}"
        self._keys = keys(folder / "keys", durable=is_durable)
        self._store = Store(database(self._url, durable=is_durable), self._keys)
        self._store.migrate()
        self._store.open_round(ROUND, MONDAY)

    def cast(self, ballot: Ballot) -> None:
        self._store.cast("r", "a", ballot, MONDAY)

    def take(self, public_key: bytes, envelope: bytes) -> None:
        self._store.cast_envelope(public_key.hex(), envelope, MONDAY)

    def count(self) -> None:
        self._store.count(TICK)

    def row(self) -> bytes:
        """Return the box's row, decrypted."""
        with closing(sqlite3.connect(self._url.removeprefix("sqlite:///"))) as database:
            [(key_id, sealed)] = sealed_rows(database)
        return self._keys.open(ROW, key_id, sealed)

    def letterbox_row(self) -> bytes:
        """Return the letterbox's row, decrypted."""
        with closing(sqlite3.connect(self._url.removeprefix("sqlite:///"))) as database:
            rows = database.execute("SELECT key_id, sealed FROM letterbox WHERE unit_id = 'a'").fetchall()
        [(key_id, sealed)] = rows
        return self._keys.open("letterbox.r.a", key_id, sealed)

    def waiting(self) -> set[bytes]:
        return ballots_in(self.row())

    def close(self) -> None:
        self._store.close()


LAYOUTS = {
    "rowid": "CREATE TABLE ballot (key BLOB, packed BLOB)",
    "random key": "CREATE TABLE ballot (key BLOB PRIMARY KEY, packed BLOB) WITHOUT ROWID",
}


class PlainRows:
    """The method of most tools: one row per ballot, deleted when it is counted."""

    def __init__(self, folder: Path, *, layout: str = "rowid", is_secure: bool = True) -> None:
        for name in ("data", "keys"):
            (folder / name).mkdir()
        self._database = Database(f"sqlite:///{folder / 'data' / 'k.sqlite'}")
        self._execute(f"PRAGMA secure_delete={'on' if is_secure else 'off'}")
        self._execute(LAYOUTS[layout])

    def _execute(self, sql: str, values: tuple[bytes, ...] = ()) -> Any:
        return self._database._peewee.execute_sql(sql, values)  # type: ignore[no-untyped-call]

    def cast(self, ballot: Ballot) -> None:
        self._execute("INSERT INTO ballot (key, packed) VALUES (?, ?)", (os.urandom(16), pack([ballot])))

    def count(self) -> None:
        for packed in SystemRandom().sample(sorted(self.waiting()), BALLOTS - K):
            self._execute("DELETE FROM ballot WHERE packed = ?", (packed,))

    def waiting(self) -> set[bytes]:
        return {packed for (packed,) in self._execute("SELECT packed FROM ballot").fetchall()}

    def close(self) -> None:
        self._database.close()


class KeepsKeys(KeyFolder):
    """Leaky keys: a row gets a new key, and the old key is not destroyed."""

    def destroy(self, row: str, key_id: str) -> None:
        """Do nothing: the leak."""


class OnlyUnlinks(KeyFolder):
    """Leaky keys: old ones are deleted without being overwritten."""

    def _shred(self, path: Path) -> None:
        path.unlink(missing_ok=True)


WAYS: Mapping[str, Callable[[Path], Way]] = {
    "boxes": Boxes,
    "kept keys": lambda folder: Boxes(folder, keys=KeepsKeys, database=KeepsLog),
    "unlinked keys": lambda folder: Boxes(folder, keys=OnlyUnlinks),
    "rows": PlainRows,
    "rows, not overwritten": lambda folder: PlainRows(folder, is_secure=False),
}


def ballots_in(row: bytes) -> set[bytes]:
    ballots = unpack_box(row, 20).ballots
    return {pack([ballot]) for ballot in ballots}


def sealed_rows(database: sqlite3.Connection) -> list[tuple[str, bytes]]:
    return database.execute("SELECT key_id, sealed FROM box WHERE unit_id = 'a'").fetchall()


# -- the reading of a stolen disk --------------------------------------------------------------------------


def seen(data: bytes, ballots: Iterable[bytes]) -> set[bytes]:
    """Return those of `ballots`, or keys, that occur in `data`, as they are or in hex or base64."""
    of_form = {form: ballot for ballot in ballots for form in raw_forms(ballot)}
    return {of_form[form] for form in standing_in(data, of_form)}


def read_with_keys(data: Path, keys: Path) -> set[bytes]:
    """Return the ballots in every version of the box's row that SQLite's file and write-ahead log still
    contain, decrypted with any key in the folder."""
    folder, ballots = KeyFolder(keys), set[bytes]()
    for sealed in set(_old_rows(data)):
        for path in (keys / ROW).iterdir():
            try:
                ballots |= ballots_in(folder.open(ROW, path.name, sealed))
            except KeyUnavailableError:
                continue
    return ballots


def _old_rows(data: Path) -> Iterator[bytes]:
    """Yield the box's row after each transaction in SQLite's log: the log is cut there, and the database
    opened."""
    file, log = data / "k.sqlite", data / "k.sqlite-wal"
    written = log.read_bytes() if log.exists() else b""
    for end in [0, *_commits(written)]:
        with TemporaryDirectory() as folder:
            shutil.copy(file, folder)
            (Path(folder) / log.name).write_bytes(written[:end])
            with closing(sqlite3.connect(Path(folder) / file.name)) as database:
                if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'box'").fetchone():
                    yield from (sealed for _, sealed in sealed_rows(database))


def _commits(log: bytes) -> Iterator[int]:
    """Yield the positions in the log at which transactions end: after frames whose header has the size of the
    database (sqlite.org/walformat.html)."""
    page = int.from_bytes(log[8:12], "big")
    for at in range(32, len(log), 24 + page):
        if int.from_bytes(log[at + 4 : at + 8], "big"):
            yield at + 24 + page


@dataclass
class Readable:
    """Numbers of counted ballots that could be read: while the store runs, after it was closed, and in a copy
    from before the count."""

    running: int = 0
    closed: int = 0
    copy: int = 0


def look(way: str, seed: int, readable: Readable) -> int:
    """Run a round to a count, search all its files, and add the results to `readable`. Returns the number of
    counted ballots."""
    with TemporaryDirectory() as name:
        folder, copy = Path(name), Path(name) / "copy"
        keeping = WAYS[way](folder)
        ballots = made_up(seed, BALLOTS)
        for ballot in ballots:
            keeping.cast(ballot)
        shutil.copytree(folder / "data", copy)
        keeping.count()
        counted = {pack([ballot]) for ballot in ballots} - keeping.waiting()

        def readable_in(data: Path) -> int:
            keyed = read_with_keys(data, folder / "keys") if "key" in way or way == "boxes" else set()
            return len(seen(contents(data, folder / "keys"), counted) | (keyed & counted))

        readable.running += readable_in(folder / "data")
        readable.copy += readable_in(copy)
        keeping.close()
        readable.closed += readable_in(folder / "data")
        return len(counted)


def _looking_findings(scale: Scale) -> list[Finding]:
    times = 20 if scale is Scale.FULL else 2
    boxes, rows, loose, kept = Readable(), Readable(), Readable(), Readable()
    counted = sum(look("boxes", seed, boxes) for seed in range(times))
    of_control = look("rows", times, rows)
    look("rows, not overwritten", times, loose)
    look("kept keys", times, kept)
    secure = "plain rows with secure_delete on"
    return [
        _residue(
            "residue: the running data folder, log and keys",
            (boxes.running, counted),
            f"{secure}: {rows.running} of {of_control}; keys and log kept: {kept.running} (both must be > 0)",
            min(rows.running, kept.running),
        ),
        _residue(
            "residue: the closed file",
            (boxes.closed, counted),
            f"plain rows with secure_delete off: {loose.closed} of {of_control} (must be > 0)",
            loose.closed,
        ),
        _residue(
            "residue: a copy from before the count, with the keys from after it",
            (boxes.copy, counted),
            f"{secure}: {rows.copy} of {of_control}; keys and log kept: {kept.copy} (both must be > 0)",
            min(rows.copy, kept.copy),
        ),
    ]


def _residue(attack: str, counts: tuple[int, int], control: str, control_found: int) -> Finding:
    readable, counted = counts
    figure = f"{readable} of {counted} counted ballots"
    return Finding(attack, figure, "0", readable == 0, control, control_found > 0)


# -- watched from outside -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Traced:
    """The output of a round's process: the uncounted ballots and the destroyed keys."""

    waiting: set[bytes]
    destroyed_keys: set[bytes]


def live(way: str, folder: Path, seed: int) -> Traced:
    """Run one round to a count, close the store, and return the uncounted ballots and the destroyed keys."""
    keeping, keys = WAYS[way](folder), set[bytes]()
    for ballot in made_up(seed, BALLOTS):
        keeping.cast(ballot)
        keys |= _keys_in(folder)
    keeping.count()
    traced = Traced(keeping.waiting(), keys - _keys_in(folder))
    keeping.close()
    return traced


def _keys_in(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in (folder / "keys").glob(f"{ROW}/*")}


def _living(way: str, folder: Path, seed: int) -> list[str]:
    return [sys.executable, "-m", "tests.attack.residue", way, str(folder), str(seed)]


def on_bare_disk(way: str, seed: int, options: str = "loop") -> tuple[int, int, int]:
    """Return (counted ballots, counted ballots seen, destroyed keys seen) in the raw image of an ext4 file
    system.

    The image is mounted with these `options`, in a namespace that ends with the process. Raises
    NotPermittedError if this machine does not permit that.
    """
    for tool in ("mkfs.ext4", "unshare", "mount"):
        if not shutil.which(tool, path=SYSTEM_PATH):
            raise NotPermittedError(f"{tool} is missing")
    script = (
        'mount -o "$1" "$2" "$3" || exit 77; place=$3; shift 3; '
        '"$@"; status=$?; umount "$place"; exit $status'
    )
    with TemporaryDirectory() as name:
        image, place = Path(name) / "image", Path(name) / "place"
        place.mkdir()
        with image.open("wb") as file:
            file.truncate(16 * 1024 * 1024)
        _run(["mkfs.ext4", "-q", "-F", "-b", "4096", str(image)])
        command = ["sh", "-c", script, "sh", options, str(image), str(place), *_living(way, place, seed)]
        output = _run(["unshare", "--mount", *command])
        traced = json.loads(output)
        waiting = {bytes.fromhex(one) for one in traced["waiting"]}
        keys = {bytes.fromhex(one) for one in traced["destroyed_keys"]}
        counted = {pack([ballot]) for ballot in made_up(seed, BALLOTS)} - waiting
        raw = image.read_bytes()
    return len(counted), len(seen(raw, counted)), len(seen(raw, keys))


def _run(command: Sequence[str]) -> str:
    surroundings = {**os.environ, "PATH": SYSTEM_PATH}
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env=surroundings, cwd=REPOSITORY
    )
    if ended.returncode == 77 or (ended.returncode and "not permitted" in ended.stderr):
        raise NotPermittedError(ended.stderr.strip().splitlines()[-1])
    ended.check_returncode()
    return ended.stdout


def disk_finding(scale: Scale) -> Finding:
    attack = "residue: the raw image of an ext4 disk with data and keys"
    try:
        looks = [on_bare_disk("boxes", seed) for seed in range(5 if scale is Scale.FULL else 1)]
        of_control, rows, _ = on_bare_disk("rows", 99)
        _, _, unlinked = on_bare_disk("unlinked keys", 99)
        # A file system that keeps file contents in its journal: overwriting a file does not reach them.
        _, _, journalled = on_bare_disk("boxes", 99, "loop,data=journal")
    except NotPermittedError as error:
        return not_possible(attack, error)
    counted, ballots, keys = (sum(column) for column in zip(*looks, strict=True))
    return Finding(
        attack,
        f"{ballots} of {counted} counted ballots, {keys} destroyed keys",
        "0 and 0",
        ballots == keys == 0,
        f"plain rows with secure_delete on: {rows} of {of_control}; keys removed but not overwritten: "
        f"{unlinked}; a disk mounted data=journal: {journalled} keys (all must be > 0)",
        min(rows, unlinked, journalled) > 0,
    )


def in_writes(way: str, seed: int) -> tuple[int, int]:
    """Return (ballots cast, ballots seen) in all data that a process wrote by system calls."""
    with TemporaryDirectory() as name:
        folder, log = Path(name) / "place", Path(name) / "log"
        folder.mkdir()
        _run([*watching(log), *_living(way, folder, seed), "silent"])
        written = b"\0".join(traced_writes(log.read_text()))
    ballots = {pack([ballot]) for ballot in made_up(seed, BALLOTS)}
    return len(ballots), len(seen(written, ballots))


def writes_finding(scale: Scale) -> Finding:
    attack = "residue: every traced write call"
    try:
        looks = [in_writes("boxes", seed) for seed in range(5 if scale is Scale.FULL else 1)]
        of_control, rows = in_writes("rows", 99)
    except NotPermittedError as error:
        return not_possible(attack, error)
    cast, readable = (sum(column) for column in zip(*looks, strict=True))
    return Finding(
        attack,
        f"{readable} of {cast} ballots cast",
        "0",
        readable == 0,
        f"plain rows with secure_delete on: {rows} of {of_control} (must be > 0)",
        rows > 0,
    )


# -- the order of arrival -----------------------------------------------------------------------------


def order_read(data: bytes, arrived: Sequence[bytes]) -> float | None:
    """Return Kendall's tau between the order in which ballots arrived and that of their positions in `data`;
    None if fewer than two occur there."""
    places = [place for place in map(data.find, arrived) if place >= 0]
    in_order = [1 if before < after else -1 for before, after in combinations(places, 2)]
    return mean(in_order) if in_order else None


def shuffled(orders: int) -> Iterator[list[Ballot]]:
    """Yield the same ballots in many orders. The orders are the same in each run."""
    random, ballots = Random(5), made_up(5, ORDERED)
    for _ in range(orders):
        yield random.sample(ballots, ORDERED)


@dataclass(frozen=True)
class History:
    """The traces of many orders of arrival: the box's different decrypted rows, and Kendall's tau in the
    files and in these rows."""

    rows: set[bytes]
    in_files: list[float]
    in_rows: list[float]


def history(orders: int) -> History:
    rows, in_files, in_rows = set[bytes](), list[float | None](), list[float | None]()
    for arrived in shuffled(orders):
        packed = [pack([ballot]) for ballot in arrived]
        with TemporaryDirectory() as name:
            boxes = Boxes(Path(name), is_durable=False)
            for ballot in arrived:
                boxes.cast(ballot)
            row = boxes.row()
            in_files.append(order_read(contents(Path(name)), packed))
            boxes.close()
            in_files.append(order_read(contents(Path(name)), packed))
        rows.add(row)
        in_rows.append(order_read(row, packed))
    return History(
        rows, [tau for tau in in_files if tau is not None], [tau for tau in in_rows if tau is not None]
    )


def letterboxes(orders: int) -> set[bytes]:
    """Return the different decrypted rows of a letterbox that accepted the same envelopes in many orders."""
    letterbox, random, rows = new_letterbox(), Random(6), set[bytes]()
    envelopes = [seal(letterbox.public_key, b"s1=1", room=20 * COLUMN_BYTES) for _ in range(ORDERED)]
    with patch("kiosk.storage.letterboxes.new_letterbox", lambda: letterbox):
        for _ in range(orders):
            with TemporaryDirectory() as name:
                boxes = Boxes(Path(name), is_durable=False)
                for sealed in random.sample(envelopes, ORDERED):
                    boxes.take(letterbox.public_key, sealed)
                rows.add(boxes.letterbox_row())
                boxes.close()
    return rows


def writes_in_log(database: type[Database]) -> int:
    """Return the number of transactions in SQLite's log after some ballots, while the program runs."""
    with TemporaryDirectory() as name:
        boxes = Boxes(Path(name), database=database, is_durable=False)
        for ballot in made_up(5, ORDERED):
            boxes.cast(ballot)
        writes = len(list(_commits((Path(name) / "data" / "k.sqlite-wal").read_bytes())))
        boxes.close()
    return writes


def in_order(tickets: Iterable[bytes]) -> KeysView[bytes]:
    """Return the tickets as a set that keeps their order."""
    return dict.fromkeys(tickets).keys()


def appended(letterbox: Letterbox, ticket: bytes) -> Letterbox:
    """Return a letterbox that took one more envelope, with a leak: its tickets are in the order of
    arrival."""
    taken = in_order([*letterbox.envelopes, ticket])
    return Letterbox(letterbox.private, taken)  # type: ignore[arg-type]


def unsorted(ballots: Sequence[Ballot]) -> bytes:
    """Encode ballots as bytes, with a leak: in the order of arrival."""
    return b"".join(pack([ballot]) for ballot in ballots)


def tau_of_rows(layout: str, orders: int) -> float:
    """Return the absolute value of the mean of Kendall's tau, over several orders, between the order of
    arrival and the order of rows in a table's closed file. 1 is the same order or its reverse."""
    taus = []
    for arrived in shuffled(orders):
        with TemporaryDirectory() as name:
            rows = PlainRows(Path(name), layout=layout)
            for ballot in arrived:
                rows.cast(ballot)
            rows.close()
            taus.append(order_read(contents(Path(name)), [pack([ballot]) for ballot in arrived]) or 0.0)
    return abs(mean(taus))


def _history_findings(scale: Scale) -> list[Finding]:
    orders = 100 if scale is Scale.FULL else 12
    observed = history(orders)
    with patch("kiosk.domain.ballot.pack", unsorted):
        leaky = history(6)
    envelopes = letterboxes(orders)
    with (
        patch.multiple("kiosk.domain.envelope", create=True, sorted=list, frozenset=in_order),
        patch.object(Letterbox, "with_envelope", appended),
    ):
        leaky_envelopes = letterboxes(6)
    by_rowid, by_random_key = (tau_of_rows(layout, 6) for layout in LAYOUTS)
    # Tau's variance by chance alone (Kendall 1938), for the mean of as many orders.
    variance = 2 * (2 * ORDERED + 5) / (9 * ORDERED * (ORDERED - 1))
    band = 3 * (variance / orders) ** 0.5
    tau = mean(observed.in_rows)
    written, kept = writes_in_log(Database), writes_in_log(KeepsLog)
    in_files = f"read in {len(observed.in_files)} of them" if observed.in_files else "no ballot in any file"
    return [
        Finding(
            f"history: {orders} arrival orders of the same {ORDERED} ballots",
            f"{len(observed.rows)} distinct decrypted box rows",
            "1",
            len(observed.rows) == 1,
            f"a box in order of arrival: {len(leaky.rows)} of 6 (must be > 1)",
            len(leaky.rows) > 1,
        ),
        Finding(
            f"history: {orders} orders of the same {ORDERED} envelopes from a kiosk",
            f"{len(envelopes)} distinct decrypted letterbox rows",
            "1",
            len(envelopes) == 1,
            f"a letterbox in order of arrival: {len(leaky_envelopes)} of 6 (must be > 1)",
            len(leaky_envelopes) > 1,
        ),
        Finding(
            f"order: read from the raw bytes of all files, running and closed, after {orders} orders",
            f"{in_files}; with the key, Kendall's tau {tau:+.3f}",
            f"none, and tau within {band:.2f} of 0 (chance)",
            not observed.in_files and abs(tau) <= band,
            f"rowid table: tau {by_rowid:.2f}; random key WITHOUT ROWID: {by_random_key:.2f}; box in order "
            f"of arrival: {mean(leaky.in_rows):.2f} (all must be 1)",
            min(by_rowid, by_random_key, mean(leaky.in_rows)) > 0.99,
        ),
        Finding(
            f"order: writes in SQLite's log, which show the units of {ORDERED} ballots in order",
            f"{written} writes",
            "0",
            written == 0,
            f"SQLite's log as SQLite leaves it: {kept} (must be at least {ORDERED})",
            kept >= ORDERED,
        ),
    ]


def run(scale: Scale) -> list[Finding]:
    return [
        *_history_findings(scale),
        *_looking_findings(scale),
        disk_finding(scale),
        writes_finding(scale),
    ]


def main(way: str, folder: Path, seed: int, *, is_silent: bool) -> None:
    traced = live(way, folder, seed)
    if not is_silent:
        document = {
            "waiting": [one.hex() for one in traced.waiting],
            "destroyed_keys": [one.hex() for one in traced.destroyed_keys],
        }
        print(json.dumps(document))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), is_silent="silent" in sys.argv[4:])
