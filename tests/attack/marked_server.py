"""The guest's application as `kiosk serve` serves it, in a separate process whose clock another process sets.

python -m tests.attack.marked_server FOLDER ADDRESS CLOCK READY [LEAK]: FOLDER holds data and keys. CLOCK is a
file with the time, and whether casting fails now. READY is a pipe to which the process id is written once the
server accepts requests. LEAK, for controls, is a key of LEAKS.
"""

import mmap
import os
import struct
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from kiosk.domain.ballot import Ballot
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import read_library
from kiosk.operation.serve import Wsgi, guest_listener, serve
from kiosk.settings import read_settings
from kiosk.storage import Store
from kiosk.storage.database import Database
from kiosk.storage.keys import KeyFolder
from kiosk.storage.store import Admit, admit_all

SECONDS_A_GUEST = 8.0


class ToldClock:
    """The time, and whether casting fails, as another process last wrote them to a shared file."""

    LAYOUT = struct.Struct("<d?")

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), self.LAYOUT.size)

    @classmethod
    def made(cls, path: Path) -> "ToldClock":
        path.write_bytes(bytes(cls.LAYOUT.size))
        return cls(path)

    def tell(self, at: datetime, *, is_failing: bool) -> None:
        self.LAYOUT.pack_into(self._memory, 0, at.timestamp(), is_failing)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.LAYOUT.unpack_from(self._memory)[0])

    @property
    def is_failing(self) -> bool:
        return bool(self.LAYOUT.unpack_from(self._memory)[1])


class FailingStore(Store):
    """A store that fails while the clock's file demands it, with an error that contains all arguments of the
    call."""

    def __init__(self, folder: Path, clock: ToldClock) -> None:
        url = f"sqlite:///{folder / 'data' / 'k.sqlite'}"
        super().__init__(Database(url), KeyFolder(folder / "keys"))
        self._clock = clock

    def cast(
        self,
        round_id: str,
        unit_id: str,
        ballot: Ballot,
        now: datetime,
        slip: str | None = None,
        *,
        ticket: bytes | None = None,
    ) -> None:
        if self._clock.is_failing:
            raise OSError(f"disk full: {unit_id} {ballot} {now} {slip} {ticket!r}")
        super().cast(round_id, unit_id, ballot, now, slip, ticket=ticket)

    def cast_envelope(
        self, public_key: str, sealed: bytes, now: datetime, *, carrier: str = "", admit: Admit = admit_all
    ) -> None:
        if self._clock.is_failing:
            raise OSError(f"disk full: {public_key} {sealed.hex()} {now}")
        super().cast_envelope(public_key, sealed, now, carrier=carrier, admit=admit)


class Announced:
    """A worker in place of the counting thread, since the attack counts from another process. Its start
    announces that the server is ready."""

    def __init__(self, ready: int) -> None:
        self._ready = ready

    def start(self) -> None:
        os.write(self._ready, os.getpid().to_bytes(8, "big"))

    def stop(self) -> None:
        os.close(self._ready)


def with_access_log(application: Wsgi, path: Path, clock: ToldClock) -> Wsgi:
    """Return the application with the leak of most web servers: one line for each request, in the combined
    format."""

    def logged(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with path.open("a", encoding="utf-8") as file:
            file.write(
                f"{environ['REMOTE_ADDR']} - - [{clock.now():%d/%b/%Y:%H:%M:%S} +0000] "
                f'"{environ["REQUEST_METHOD"]} {environ["PATH_INFO"]} HTTP/1.1" 200 0 '
                f'"{environ.get("HTTP_REFERER", "-")}" "{environ.get("HTTP_USER_AGENT", "-")}"\n'
            )
        return application(environ, start_response)

    return logged


def with_spool(application: Wsgi, path: Path, clock: ToldClock) -> Wsgi:
    """Return the application with a leak that leaves no file: each request is written to a temporary file
    that is deleted at once."""

    def spooled(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = [f"{name}: {value}" for name, value in environ.items() if name.startswith("HTTP_")]
        with TemporaryFile(dir=path.parent) as file:
            file.write("\n".join([environ["REMOTE_ADDR"], clock.now().isoformat(), *headers]).encode())
        return application(environ, start_response)

    return spooled


LEAKS = {"access log": with_access_log, "spool": with_spool}


def main(folder: Path, address: str, clock: ToldClock, ready: int, leak: str | None) -> None:
    library = read_library(read_settings({"KIOSK_DATA": str(folder / "data")}))
    store = FailingStore(folder, clock)
    rate_limit = RateLimit(SECONDS_A_GUEST, 1, lambda: clock.now().timestamp())
    guest: Wsgi = create_guest_app(
        store, library, clock=clock.now, rate_limit=rate_limit, allowed_languages=None
    )
    if leak:
        guest = LEAKS[leak](guest, folder / "data" / "leak", clock)
    serve([guest_listener(address, guest)], [Announced(ready)])


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        sys.argv[2],
        ToldClock(Path(sys.argv[3])),
        int(sys.argv[4]),
        sys.argv[5] if len(sys.argv) > 5 else None,
    )
