"""Attack: requests to a kiosk's address have guests' ballots excluded or refused, or tell when guests answer.

The attacker knows the kiosk's address and the public key of its letterbox. Everything goes over HTTP. The
control is the earlier rule: one row of requests for each address, recorded before an envelope is opened.
"""

import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

from kiosk.domain.envelope import MARK_BYTES, envelope_size
from kiosk.domain.rounds import Admission
from kiosk.guest.rate_limit import RateLimit
from kiosk.storage import Store, TooEarlyError
from kiosk.storage.store import Admit, admit_all
from tests.attack.finding import Finding, Scale
from tests.tools.envelopes import STATEMENTS, seal
from tests.tools.guest_side import Place
from tests.tools.serving import served

PAUSE = 12.0
"""Seconds, as `kiosk serve` has them for a survey of three statements."""

BEFORE_EACH, APART = 3, 11.0
"""The attacker's requests before each guest's ballot, and the seconds between them."""

CODE = "a-kiosk"


class RowStore(Store):
    """The earlier rule, over the present store: all requests to an address form one row."""

    clock: Callable[[], float]

    def cast_envelope(
        self, public_key: str, sealed: bytes, now: datetime, *, carrier: str = "", admit: Admit = admit_all
    ) -> None:
        del admit
        last, length = getattr(self, "_row", (self.clock() - PAUSE, 0))
        if self.clock() - last < PAUSE / 2:
            raise TooEarlyError
        length = length + 1 if self.clock() - last < PAUSE else 1
        self._row = self.clock(), length
        if length <= 2:
            super().cast_envelope(public_key, sealed, now, carrier=carrier)
            return
        try:
            # Refused only if it opens: then it is a ballot.
            super().cast_envelope(public_key, sealed, now, carrier=carrier, admit=lambda **_: False)
        except TooEarlyError:
            self.exclude_rapid("r", "frida", now)


class MarksStore(Store):
    """A leaky rate limit: every mark is a kiosk's."""

    def cast_envelope(
        self, public_key: str, sealed: bytes, now: datetime, *, carrier: str = "", admit: Admit = admit_all
    ) -> None:
        del admit
        super().cast_envelope(public_key, sealed, now, carrier=carrier)


class Site:
    """A served kiosk, its honest guests, and a clock that is set by hand."""

    def __init__(self, folder: Path, variant: type[Store] = Store) -> None:
        self.seconds = 0.0
        self.place = Place(folder, rate_limit=RateLimit(PAUSE, 2, lambda: self.seconds, pause=PAUSE))
        self.place.store.links.add(Admission.KIOSK, "frida", code=CODE)
        self.key = self.place.store.public_key("r", "frida")
        self.place.store.__class__ = variant
        self.place.store.clock = lambda: self.seconds  # type: ignore[attr-defined]
        self.mark, self.address = secrets.token_bytes(MARK_BYTES), ""

    def send(self, envelope: bytes, *, waited: bool = False) -> int:
        """Send an envelope; the status of the answer."""
        fields = {"_envelope": b64encode(envelope).decode(), "_letterbox": self.key}
        body = urlencode({**fields, **({"_waited": "yes"} if waited else {})})
        form = {"Kiosk-Script": "yes", "Content-Type": "application/x-www-form-urlencoded"}
        with closing(HTTPConnection(urlsplit(self.address).netloc)) as line:
            line.request("POST", f"/k/{CODE}", body, form)
            return line.getresponse().status

    def guest(self) -> int:
        """A guest answers at the kiosk; the status of the answer."""
        return self.send(seal(bytes.fromhex(self.key), mark=self.mark))

    def excluded(self) -> int:
        """Ballots that were excluded, known once the round is closed."""
        self.place.store.count(self.place.round.closes_at)
        return self.place.store.snapshot()["rounds"][0]["nodes"][0]["excluded_rapid"]


@contextmanager
def site(variant: type[Store] = Store) -> Iterator[Site]:
    with TemporaryDirectory() as folder:
        one = Site(Path(folder), variant)
        with served(one.place.app) as one.address:
            # The kiosk's first ballot brings its mark.
            one.guest()
            one.seconds += 1_000
            yield one
        one.place.store.close()


def _junk(_site: Site) -> bytes:
    return secrets.token_bytes(envelope_size(STATEMENTS))


def _unreadable(one: Site) -> bytes:
    return seal(bytes.fromhex(one.key), b"listened=9")


def _ballot(one: Site) -> bytes:
    return seal(bytes.fromhex(one.key))


def _marked(one: Site) -> bytes:
    return seal(bytes.fromhex(one.key), mark=secrets.token_bytes(MARK_BYTES))


SENT: dict[str, Callable[[Site], bytes]] = {
    "junk": _junk,
    "unreadable forms": _unreadable,
    "own ballots": _ballot,
    "own ballots with a mark": _marked,
}


def aim(guests: int, make: Callable[[Site], bytes], variant: type[Store] = Store) -> int:
    """Number of guests' ballots that were excluded or refused."""
    with site(variant) as one:
        refused = 0
        for _ in range(guests):
            for _ in range(BEFORE_EACH):
                one.send(make(one))
                one.seconds += APART
            refused += one.guest() not in (204, 303)
            one.seconds += 600.0
        # What is excluded beside guests' ballots is the attacker's own, which no envelope here claims to be.
        return refused + one.excluded()


def _aim_finding(guests: int) -> Finding:
    losses = {name: aim(guests, make) for name, make in SENT.items()}
    leaky = aim(guests, _junk, RowStore)
    return Finding(
        f"play guard: {BEFORE_EACH} requests, {APART:g} s apart, before each of {guests} guests' ballots: "
        f"{', '.join(SENT)}",
        f"{', '.join(map(str, losses.values()))} ballots excluded or refused",
        "0 each",
        not any(losses.values()),
        f"one row for each address, before opening, and junk: {leaky} of {guests} (must be > 0)",
        leaky > 0,
    )


def answers(*, somebody_answered: bool, variant: type[Store] = Store) -> list[int]:
    """Statuses of one request of each kind and lane, three seconds after a guest's ballot or without one."""
    with site(variant) as one:
        told = []
        for waited in (False, True):
            for make in SENT.values():
                one.seconds += 1_000
                if somebody_answered:
                    one.guest()
                one.seconds += 3
                told.append(one.send(make(one), waited=waited))
        return told


def _oracle_finding() -> Finding:
    def differing(variant: type[Store]) -> int:
        worlds = (answers(somebody_answered=told, variant=variant) for told in (False, True))
        return sum(one != other for one, other in zip(*worlds, strict=True))

    own, leaky = differing(Store), differing(RowStore)
    return Finding(
        "play guard: requests 3 s after a guest's ballot, by kind, at once and as if they had waited",
        f"{own} of {2 * len(SENT)} answers differ",
        "0",
        own == 0,
        f"a rate limit before opening, one for each address: {leaky} (must be > 0)",
        leaky > 0,
    )


def flood(seconds: int, variant: type[Store] = Store) -> int:
    """Ballots accepted from a sender without the kiosk's mark: one a second, each with a new mark."""
    with site(variant) as one:
        accepted = 0
        for _ in range(seconds):
            one.seconds += 1
            accepted += one.send(_marked(one)) == 204
        return accepted


def _flood_finding(seconds: int) -> Finding:
    most = 2 + int(seconds // PAUSE)
    own, leaky = flood(seconds), flood(seconds, MarksStore)
    return Finding(
        f"play guard: {seconds} ballots to a kiosk's address, one a second, each with a new mark",
        f"{own} accepted",
        f"{most}: two at once, then one for each pause",
        own <= most,
        f"a rate limit for each mark: {leaky} (must be > {most})",
        leaky > most,
    )


def run(scale: Scale) -> list[Finding]:
    is_full = scale is Scale.FULL
    return [_aim_finding(35 if is_full else 4), _oracle_finding(), _flood_finding(300 if is_full else 40)]
