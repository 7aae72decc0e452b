"""Encryption of the rows that hold uncounted ballots, slips and letterboxes. Each write uses a new key.

Keys are in a folder outside the database and its backups. A row is rewritten in three steps: the new key is
written to disk, the row is committed under it, and the old key is destroyed. A key that is replaced before
the commit never reaches the disk, unless it was prepared. Copies of old rows that a database leaves behind
(free pages, journals, backups, disk snapshots) cannot be decrypted without the destroyed key.

Several processes, also on several machines, may share the folder. The database's lock on a row decides who
writes it, but a process that stalls may lose that lock without noticing it: its session was ended, or another
database server took over. So nothing of another process is destroyed before a commit has proved that the lock
was held, and then only files that were there while it was held (`unused`). Names of keys never return.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.storage import disks

PAD_BYTES = 4096
"""The length of a box or a slip set is padded to a multiple of this many bytes, so that it hides how much the
row holds. Letterboxes have a step of their own."""

_NONCE = bytes(12)
# Each key encrypts one message only, so the nonce can be constant.

_KEY_BYTES = 32

MOST_AT_ONCE = 8
"""Most threads that write to the disk of the keys at the same time."""

MOST_OPEN = 64
"""Most key files that are open at the same time: a round of 500 units has 1,500 of them."""

_PREPARED = ".next"
"""Ending of the name of a prepared key's file. The process that prepared it renames the file to use the key;
another one renames it to destroy it: the first rename decides. A power cut may undo the rename of a key in
use, whose file then has this ending again."""

_DOOMED = ".gone"
"""Ending of the file of a prepared key that is being destroyed."""


class KeyUnavailableError(Exception):
    """A sealed row's key file is missing, unreadable, damaged, or belongs to another version of the row.

    The row is not changed, because the key file may be restored. `problem` is the end of a sentence that
    begins with `file`, the absolute path of the key file in KIOSK_KEYS; `others` is the number of further key
    files with a fault.
    """

    def __init__(self, file: Path, problem: str, others: int = 0) -> None:
        more = f" (and {others} more key files have such a fault)" if others else ""
        super().__init__(
            f"KIOSK_KEYS: {file} {problem}{more}; bring the key files back (is their disk mounted?). Only if "
            "they are lost for good, run: kiosk give-up-keys (it destroys what waits under them)"
        )
        self.file = file
        self.problem = problem


class KeyFolder:
    """Keys as files in the folder of all keys, KIOSK_KEYS, with one folder per sealed row:
    <folder>/<row>/<key id>. Rows are named by `sealed_rows.sealed_rows`. Methods that write raise OSError for
    a full or read-only disk.

    `durable=False` is not safe in a power cut; it is for simulations only.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self._sync = os.fsync if durable else _no_sync
        self._waiters = ThreadPoolExecutor(MOST_AT_ONCE, "keys") if durable else None
        self._prepared_lock = Lock()
        self._unsaved: dict[tuple[str, str], bytes] = {}
        self._prepared: dict[str, tuple[str, bytes]] = {}

    def together(self, works: Sequence[Callable[[], object]]) -> None:
        """Run functions that each wait for the disk, MOST_AT_ONCE at a time, so that the waits overlap. When
        this returns or raises, none runs any more. Raises the error of the first function in `works` that
        failed. If not `durable`, runs one after the other, and none after one that failed."""
        if self._waiters is None or len(works) <= 1:
            for work in works:
                work()
            return
        futures = [self._waiters.submit(work) for work in works]
        wait(futures)
        for future in futures:
            future.result()

    def seal(self, row: str, plain: bytes, step: int = PAD_BYTES) -> tuple[str, bytes]:
        """Return (key id, sealed): `plain`, padded to a multiple of `step` bytes and encrypted under a new
        key. `row` is the row's name, without which the bytes cannot be decrypted: they fit no other row.

        The key is in memory only until `save` writes it, unless `prepare` has written it.
        """
        with self._prepared_lock:
            key_id, key = self._prepared.pop(row, ("", b""))
        if not (key_id and self._rename(row, f"{key_id}{_PREPARED}", key_id)):
            key_id, key = _new_key()
            self._unsaved[row, key_id] = key
        padded = len(plain).to_bytes(4, "big") + plain
        padded += bytes(-len(padded) % step)
        return key_id, AESGCM(key).encrypt(_NONCE, padded, row.encode())

    def open(self, row: str, key_id: str, sealed: bytes) -> bytes:
        """Return the plain bytes of a sealed row, without padding. Raises KeyUnavailableError if its key is
        missing, unreadable, damaged or does not fit."""
        file = self.folder / row / key_id
        key = self._unsaved.get((row, key_id)) or _read_key(file)
        if len(key) != _KEY_BYTES:
            raise KeyUnavailableError(file, f"is damaged ({len(key)} bytes, not {_KEY_BYTES})")
        try:
            padded = AESGCM(key).decrypt(_NONCE, sealed, row.encode())
        except (InvalidTag, ValueError) as error:
            problem = "does not fit its row in the database: one of the two is damaged or an older copy"
            raise KeyUnavailableError(file, problem) from error
        length = int.from_bytes(padded[:4], "big")
        return padded[4 : 4 + length]

    def save(self, keys: Iterable[tuple[str, str]]) -> None:
        """Write those of the given keys, each (row, key id), that are in memory only. When this returns, they
        and the names of their files are on disk. After an OSError, some of their files may be there."""
        unsaved = {of_row: self._unsaved[of_row] for of_row in keys if of_row in self._unsaved}
        self._write(unsaved)
        for of_row in unsaved:
            del self._unsaved[of_row]

    def drop_unsaved(self) -> None:
        """Forget the keys that are in memory only. Call it after a transaction: no row on disk has them."""
        self._unsaved.clear()

    def prepare(self, rows: Iterable[str], *, are_new: bool = False) -> None:
        """Write the keys under which these rows are sealed next, so that no write has to wait until they are
        on disk. Each is used once, or destroyed by `drop_prepared` or by the next call for its row. Rows
        without a folder of keys are left out, unless all rows are new (`are_new`). Raises OSError, and leaves
        no prepared key, if one cannot be written."""
        new = {row: _new_key() for row in rows if are_new or (self.folder / row).is_dir()}
        self.drop_prepared(new)
        try:
            self._write({(row, f"{key_id}{_PREPARED}"): key for row, (key_id, key) in new.items()})
        except OSError:
            for row, (key_id, _) in new.items():
                self.destroy(row, key_id)
            raise
        with self._prepared_lock:
            self._prepared |= new

    def drop_prepared(self, rows: Iterable[str]) -> None:
        """Destroy the keys that this process prepared for these rows and did not use."""
        for row in rows:
            with self._prepared_lock:
                key_id, _ = self._prepared.pop(row, ("", b""))
            if key_id:
                self.destroy(row, key_id)

    def make(self) -> None:
        """Create the folder of all keys, readable by its owner only. A folder that exists is not changed."""
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sync_folder(self.folder.parent)

    def is_empty(self) -> bool:
        """Return whether no folder in the folder of all keys holds a file; True if it does not exist or
        cannot be read. Raises OSError if a folder above it cannot be entered."""
        return not any(self.folder.glob("*/*"))

    def rows(self) -> frozenset[str]:
        """Return the names of the rows that have a folder of keys, and of whatever else is in the folder of
        all keys. Raises OSError if a folder above it cannot be entered."""
        return frozenset(folder.name for folder in self.folder.glob("*"))

    def are_there(self, rows: Iterable[str]) -> bool:
        """Return whether the folder of all keys exists, and has a folder for each of these rows. False also
        if permissions hide one of them."""
        try:
            return self.folder.is_dir() and all((self.folder / row).is_dir() for row in rows)
        except OSError:
            return False

    def is_full(self) -> bool:
        """Return whether the disk of the folder has less than `disks.LEAST_FREE_BYTES` free, or no inode.
        Raises OSError if the folder is missing, or a folder above it cannot be entered."""
        return disks.is_full(self.folder)

    def destroy(self, row: str, name: str) -> None:
        """Overwrite and delete one key, given as its id or as a name that `unused` returned; no error if it
        does not exist. A key that another process prepared is kept if that process has begun to use it."""
        folder = self.folder / row
        if not name.endswith(_PREPARED):
            self._shred(folder / name)
        key_id = name.removesuffix(_PREPARED)
        if self._rename(row, f"{key_id}{_PREPARED}", f"{key_id}{_DOOMED}"):
            self._shred(folder / f"{key_id}{_DOOMED}")

    def unused(self, row: str, keep: str | None) -> list[str]:
        """Return the names of a row's key files that are neither of the key `keep` (an id; None keeps none)
        nor of this process's prepared key. A crash left them, or other processes prepared them.

        They may be destroyed once a commit has proved that the row was locked when this was called. Empty if
        the row has no folder. Raises OSError if the folder cannot be read.
        """
        with self._prepared_lock:
            prepared, _ = self._prepared.get(row, ("", b""))
        kept = {keep, f"{keep}{_PREPARED}", f"{prepared}{_PREPARED}"}
        folder = self.folder / row
        paths = folder.iterdir() if folder.is_dir() else ()
        return [path.name for path in paths if path.name not in kept and not path.is_dir()]

    def forget(self, row: str) -> None:
        """Destroy all keys of a row that no longer exists, and the row's folder; no error if there is
        none. Raises OSError, and leaves the folder, if something else is in it."""
        self.drop_prepared([row])
        for name in self.unused(row, keep=None):
            self.destroy(row, name)
        if (self.folder / row).is_dir():
            (self.folder / row).rmdir()

    def drop_empty_folders(self, rows: Iterable[str]) -> None:
        """Delete the folders of rows that no longer exist, unless they hold keys. A folder that cannot be
        deleted stays, without an error."""
        for row in rows:
            with suppress(OSError):
                (self.folder / row).rmdir()

    def _rename(self, row: str, old: str, new: str) -> bool:
        """Rename a key file. Returns False, and changes nothing, if there is no file `old`: another process
        has renamed it."""
        try:
            (self.folder / row / old).rename(self.folder / row / new)
        except FileNotFoundError:
            return False
        return True

    def _write(self, keys: Mapping[tuple[str, str], bytes]) -> None:
        """Write new key files, (row, file name) -> key, and wait until they and their names are on disk."""
        left = iter(keys.items())
        while some := dict(islice(left, MOST_OPEN)):
            self._write_some(some)

    def _write_some(self, keys: Mapping[tuple[str, str], bytes]) -> None:
        """Write key files as `_write` does, all of them open at once."""
        with ExitStack() as opened:
            waits: list[Callable[[], None]] = []
            self.make()
            folders = dict.fromkeys(self.folder / row for row, _ in keys)
            if new := [folder for folder in folders if not folder.is_dir()]:
                for folder in new:
                    folder.mkdir(mode=0o700, exist_ok=True)
                waits.append(partial(self._sync_folder, self.folder))
            for (row, name), key in keys.items():
                folder = self.folder / row
                handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                file = opened.enter_context(os.fdopen(handle, "wb"))
                file.write(key)
                file.flush()
                waits.append(partial(self._sync, handle))
            # The names are in the folders by now, so these need not wait for the files.
            self.together([*waits, *(partial(self._sync_folder, folder) for folder in folders)])

    def _shred(self, path: Path) -> None:
        """Overwrite and delete a file; no error if it does not exist."""
        try:
            with path.open("r+b") as file:
                file.write(bytes(_KEY_BYTES))
                file.flush()
                self._sync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return

    def _sync_folder(self, folder: Path) -> None:
        """Flush the folder, so that a new file name in it survives a power cut."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            self._sync(handle)
        finally:
            os.close(handle)


def _new_key() -> tuple[str, bytes]:
    """Return (key id, key), both random."""
    return secrets.token_hex(16), secrets.token_bytes(_KEY_BYTES)


def _read_key(file: Path) -> bytes:
    """Return the content of a key's file; of its prepared file, if only that is there (see _PREPARED). Raises
    KeyUnavailableError."""
    try:
        with suppress(FileNotFoundError):
            return file.read_bytes()
        return file.with_name(f"{file.name}{_PREPARED}").read_bytes()
    except FileNotFoundError as error:
        raise KeyUnavailableError(file, "is missing") from error
    except OSError as error:
        raise KeyUnavailableError(file, f"cannot be read ({error.strerror})") from error


def _no_sync(handle: int) -> None:
    """Do nothing: the operating system decides when to write."""
