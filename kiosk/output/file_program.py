"""Programs that write one file each, and the files that they wrote.

The server never writes a large file itself: Python runs one thread at a time, so that guests' requests would
wait, and the typesetter and the writers of documents keep their memory. A program has a limit of memory and
of time and less priority than the server. One runs at a time, and only a few requests wait for their turn. A
file is kept on disk under the hash of what it was made from, so that it is made once for each snapshot.
"""

import io
import os
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from kiosk.output.paper import LogoError, NoGlyphError, PaperError

INTERPRETER = (sys.executable, "-P", "-m")
"""The start of the command of a program."""

PROGRAM = "kiosk.output.file_writer"
"""Module that is run for each file."""

MEMORY_LIMIT_MB = 1024
"""Largest address space of a program, in MiB. A report of ten units and eight rounds needs less than 400; one
with a million characters and 75 charts needs more than 512."""

TIME_LIMIT_SECONDS = 300
"""Longest time for one file."""

MOST_WAITING = 2
"""Most files that wait for the one that is being written. A further request is refused."""

MOST_KEPT, MOST_KEPT_BYTES = 64, 200_000_000
"""Most files that are kept, and their size together. The latest file is kept in any case."""

NOT_INHERITED = ("KIOSK_", "PYTHONMALLOC", "GLIBC_TUNABLES")
"""Prefixes of environment variables that a program does not inherit: it needs no setting and no secret, and
has no guest's form in memory that it would have to overwrite."""

ONE_PROCESSOR = {"MALLOC_ARENA_MAX": "1", "RAYON_NUM_THREADS": "1"}
"""Environment variables of a program. The typesetter has a thread for each processor, and the allocator
reserves up to 128 MiB of addresses for each thread: on 16 processors, 1,100 MiB for one page. One thread
needs 110 and leaves the other processors to guests."""

REFUSED = 3
"""Exit code of a program if the file cannot be printed; the reason is on standard error."""

NO_GLYPH = REFUSED + 1
"""Exit code of a program if the fonts lack a sign of the file, which is on standard error."""

NO_LOGO = REFUSED + 2
"""Exit code of a program if the theme's logo cannot be drawn."""

WITHOUT_SIGN = "remove it from the report's texts"
"""The remedy for a sign that the fonts lack."""


class UnfinishedError(PaperError):
    """The program did not finish a file of this `kind` in its time and memory, was killed, or ended with an
    error that `write_by_program` does not know."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(
            f"the report could not be written as {kind} with {MEMORY_LIMIT_MB} MB of memory in "
            f"{TIME_LIMIT_SECONDS} s ({reason}); shorten its texts, or choose fewer rounds and statements"
        )
        self.kind = kind


class BusyError(Exception):
    """A file is being written, and as many others wait as may. A later try can succeed."""


class Queue:
    """Lets one file at a time be written, and `most_waiting` further requests wait."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._places = threading.BoundedSemaphore(1 + most_waiting)
        self._turn = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the turn in the `with` block, after waiting for it without a limit of time. Raises BusyError
        if `most_waiting` requests wait already. A thread that holds the turn must not ask for it again."""
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            with self._turn:
                yield
        finally:
            self._places.release()


QUEUE = Queue()
"""The queue of this process."""


def write_by_program(kind: str, given: bytes, file: IO[bytes]) -> None:
    """Let a program make a file of this kind, a key of `file_writer.WRITERS`, from its input `given`, and
    write it to `file`.

    Raises PaperError if it cannot be printed: NoGlyphError, LogoError, or UnfinishedError if the program ends
    before the file is complete; `file` may then have a part. Raises OSError if no program can be started. The
    caller has the turn of a `Queue`.
    """
    command = [*INTERPRETER, PROGRAM, kind, str(MEMORY_LIMIT_MB)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    try:
        done = subprocess.run(  # noqa: S603
            command, input=given, stdout=file, stderr=subprocess.PIPE, check=False,
            timeout=TIME_LIMIT_SECONDS, env=environment | ONE_PROCESSOR,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UnfinishedError(kind, "it took too long") from error
    if done.returncode == 0:
        return
    stderr = done.stderr.decode(errors="replace")
    if done.returncode == REFUSED:
        raise PaperError(stderr)
    if done.returncode == NO_GLYPH:
        raise NoGlyphError(stderr, WITHOUT_SIGN)
    if done.returncode == NO_LOGO:
        raise LogoError
    raise UnfinishedError(kind, (stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])


def _written_in_memory(kind: str, given: bytes) -> bytes:
    with os.fdopen(os.memfd_create(kind), "w+b") as file:
        write_by_program(kind, given, file)
        file.seek(0)
        return file.read()


@dataclass(frozen=True, eq=False)
class WrittenFile:
    """A complete file without a name on disk, which exists as long as somebody reads or keeps it."""

    file: IO[bytes]
    size: int

    def open(self) -> io.RawIOBase:
        """Return a new reader of the file, at its beginning. Several readers do not disturb each other."""
        return _Reader(self)

    def read(self) -> bytes:
        """Return the whole content."""
        return self.open().read() or b""


class _Reader(io.RawIOBase):
    def __init__(self, written: WrittenFile) -> None:
        self._written = written
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._written.size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        content = os.pread(self._written.file.fileno(), len(view), self._at)
        view[: len(content)] = content
        self._at += len(content)
        return len(content)


class WrittenFiles:
    """The files that programs wrote, those used last of them kept (MOST_KEPT, MOST_KEPT_BYTES) in `folder`,
    which must exist; if that is None, in the machine's folder for temporary files."""

    def __init__(self, folder: Path | None = None, queue: Queue = QUEUE) -> None:
        self._folder = folder
        self._queue = queue
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, bytes], WrittenFile] = OrderedDict()

    def write(self, kind: str, given: bytes) -> WrittenFile:
        """Return the file of this kind that a program makes from its input `given`: a kept one at once, or a
        new one after waiting for the turn. Raises BusyError if too many requests wait already, PaperError if
        the content cannot be printed, and OSError if no program can be started; then nothing is kept."""
        key = (kind, sha256(given).digest())
        written = self._find(key)
        if written is None:
            with self._queue.turn():
                # The request before may have asked for the same file.
                written = self._find(key) or self._add(key, self._new(kind, given))
        return written

    @contextmanager
    def turn(self) -> Iterator[Callable[[str, bytes], bytes]]:
        """Hold the turn in the `with` block, and yield a function: it takes a kind and a program's input, and
        returns the content of the file. The file is never on disk and is not kept, as a file with secrets
        needs it.

        Waits for the turn without a limit of time, and raises BusyError before the block if too many requests
        wait already. The function raises PaperError if the content cannot be printed, and OSError if no
        program can be started (`write_by_program`).
        """
        with self._queue.turn():
            yield _written_in_memory

    def _find(self, key: tuple[str, bytes]) -> WrittenFile | None:
        with self._lock:
            written = self._kept.get(key)
            if written is not None:
                self._kept.move_to_end(key)
            return written

    def _new(self, kind: str, given: bytes) -> WrittenFile:
        file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - it is open as long as it is kept
        try:
            write_by_program(kind, given, file)
        except BaseException:
            file.close()
            raise
        return WrittenFile(file, os.fstat(file.fileno()).st_size)

    def _add(self, key: tuple[str, bytes], written: WrittenFile) -> WrittenFile:
        with self._lock:
            self._kept[key] = written
            while len(self._kept) > 1 and (
                len(self._kept) > MOST_KEPT
                or sum(kept.size for kept in self._kept.values()) > MOST_KEPT_BYTES
            ):
                self._kept.popitem(last=False)
        return written
