"""Attack: requests to a kiosk's address have guests' ballots excluded or refused, or reveal when guests
answer.

The attacker knows the kiosk's address and the public key of its letterbox, and sends requests over HTTP. The
controls are two rules without these protections: one row of rapid submissions for each address, recorded
before an envelope is opened; and one rate limit for the kiosk and all other senders.
"""

import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
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
"""The pause of rapid submissions and the time per ballot of the rate limit, in seconds, as `kiosk serve` sets
them for a survey of three statements."""

BEFORE_EACH = 3
"""Number of the attacker's requests before each guest's ballot."""

GUESTS, PROBES = 2, 3
"""Number of ballots after which the rate limit refuses the next one, and number of requests with which the
attacker would notice this."""

BETWEEN_GUESTS, UNTIL_PROBES = 1.0, 3.0
"""Seconds between two guests, and from the last guest to the attacker's requests."""

CODE = "a-kiosk"


class RowStore(Store):
    """A leaky rule, that of an earlier version: all requests to an address count as one row of rapid
    submissions."""

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
            # Only an envelope that opens reaches `admit`, and so counts as a ballot.
            super().cast_envelope(public_key, sealed, now, carrier=carrier, admit=lambda **_: False)
        except TooEarlyError:
            self.exclude_rapid("r", "frida", now)


class SharedStore(Store):
    """A leaky rate limit: the kiosk's own ballots have no limit apart from that of all senders."""

    def cast_envelope(
        self, public_key: str, sealed: bytes, now: datetime, *, carrier: str = "", admit: Admit = admit_all
    ) -> None:
        def shared(*, is_own: bool, statements: int) -> bool:
            del is_own
            return admit(is_own=False, statements=statements)

        super().cast_envelope(public_key, sealed, now, carrier=carrier, admit=shared)


class MarksStore(Store):
    """A leaky rate limit: a ballot with any mark counts as the kiosk's own."""

    def cast_envelope(
        self, public_key: str, sealed: bytes, now: datetime, *, carrier: str = "", admit: Admit = admit_all
    ) -> None:
        del admit
        super().cast_envelope(public_key, sealed, now, carrier=carrier)


class Site:
    """A served kiosk, its honest guests, and a clock that the test sets."""

    def __init__(self, folder: Path, variant: type[Store] = Store) -> None:
        self.seconds = 0.0
        self.place = Place(folder, rate_limit=RateLimit(PAUSE, 2, lambda: self.seconds, pause=PAUSE))
        self.place.store.links.add(Admission.KIOSK, "frida", code=CODE)
        self.key = self.place.store.public_key("r", "frida")
        self.place.store.__class__ = variant
        self.place.store.clock = lambda: self.seconds  # type: ignore[attr-defined]
        self.mark, self.address = secrets.token_bytes(MARK_BYTES), ""

    def send(self, fields: dict[str, str]) -> int:
        """Send a form's fields as a kiosk's script does. Returns the status of the response."""
        form = {"Kiosk-Script": "yes", "Content-Type": "application/x-www-form-urlencoded"}
        with closing(HTTPConnection(urlsplit(self.address).netloc)) as line:
            line.request("POST", f"/k/{CODE}", urlencode(fields), form)
            return line.getresponse().status

    def guest(self) -> int:
        """Let a guest answer at the kiosk. Returns the status of the response."""
        return self.send(_enclosed(self, seal(bytes.fromhex(self.key), mark=self.mark)))

    def excluded(self) -> int:
        """Close the round, and return the number of its ballots that were excluded as rapid."""
        self.place.store.count(self.place.round.closes_at)
        return self.place.store.snapshot()["rounds"][0]["nodes"][0]["excluded_rapid"]


@contextmanager
def site(variant: type[Store] = Store) -> Iterator[Site]:
    with TemporaryDirectory() as folder:
        one = Site(Path(folder), variant)
        with served(one.place.app) as one.address:
            # With its first ballot, the kiosk registers its mark.
            one.guest()
            one.seconds += 1_000
            yield one
        one.place.store.close()


def _enclosed(one: Site, envelope: bytes) -> dict[str, str]:
    return {"_envelope": b64encode(envelope).decode(), "_letterbox": one.key}


def _junk(one: Site) -> dict[str, str]:
    return _enclosed(one, secrets.token_bytes(envelope_size(STATEMENTS)))


def _unreadable(one: Site) -> dict[str, str]:
    return _enclosed(one, seal(bytes.fromhex(one.key), b"listened=9"))


def _ballot(one: Site) -> dict[str, str]:
    return _enclosed(one, seal(bytes.fromhex(one.key)))


def _marked(one: Site) -> dict[str, str]:
    return _enclosed(one, seal(bytes.fromhex(one.key), mark=secrets.token_bytes(MARK_BYTES)))


def _form(_site: Site) -> dict[str, str]:
    return {"listened": "5"}


def _rapid_form(_site: Site) -> dict[str, str]:
    return {"listened": "5", "_rapid": "yes"}


Make = Callable[[Site], dict[str, str]]

ENVELOPES: dict[str, Make] = {
    "junk": _junk,
    "unreadable forms": _unreadable,
    "own ballots": _ballot,
    "own ballots with a mark": _marked,
}
FORMS: dict[str, Make] = {"plain forms": _form, "plain forms marked as rapid": _rapid_form}
SENT = {**ENVELOPES, **FORMS}


def aim(guests: int, make: Make, apart: float, variant: type[Store] = Store) -> int:
    """Return the number of guests' ballots that were excluded or refused. Before each, the attacker sends the
    requests that `make` makes, `apart` seconds apart."""
    with site(variant) as one:
        refused = own_excluded = 0
        for _ in range(guests):
            for _ in range(BEFORE_EACH):
                fields = make(one)
                own_excluded += one.send(fields) == 204 and "_rapid" in fields
                one.seconds += apart
            refused += one.guest() not in (204, 303)
            one.seconds += 600.0
        return refused + one.excluded() - own_excluded


@dataclass(frozen=True)
class Plan:
    """A control: the seconds between the attacker's requests, the requests, and the leaky variant on which
    they must have guests' ballots excluded or refused."""

    apart: float
    make: Make
    leaky: type[Store]
    leak: str


PLANS = (
    Plan(11.0, _junk, RowStore, "one row for each address, before opening, and junk"),
    Plan(1.0, _ballot, SharedStore, "one bucket for the kiosk and all others, and own ballots"),
)


def _aim_finding(guests: int, plan: Plan) -> Finding:
    losses = {name: aim(guests, make, plan.apart) for name, make in SENT.items()}
    leaky = aim(guests, plan.make, plan.apart, plan.leaky)
    return Finding(
        f"play guard: {BEFORE_EACH} requests, {plan.apart:g} s apart, before each of {guests} guests' "
        f"ballots: {', '.join(SENT)}",
        f"{', '.join(map(str, losses.values()))} ballots excluded or refused",
        "0 each",
        not any(losses.values()),
        f"{plan.leak}: {leaky} of {guests} (must be > 0)",
        leaky > 0,
    )


def answers(*, somebody_answered: bool, variant: type[Store] = Store) -> list[int]:
    """Return the statuses of several requests of each kind: soon after guests' ballots, or without any
    guests."""
    waiting = [lambda one, make=make: {**make(one), "_waited": "yes"} for make in ENVELOPES.values()]
    with site(variant) as one:
        answered = []
        for make in (*SENT.values(), *waiting):
            one.seconds += 1_000
            for _ in range(GUESTS if somebody_answered else 0):
                one.guest()
                one.seconds += BETWEEN_GUESTS
            one.seconds += UNTIL_PROBES
            answered += [one.send(make(one)) for _ in range(PROBES)]
        return answered


def _oracle_finding() -> Finding:
    def differing(variant: type[Store]) -> int:
        worlds = (answers(somebody_answered=is_answered, variant=variant) for is_answered in (False, True))
        return sum(one != other for one, other in zip(*worlds, strict=True))

    own, row, shared = (differing(variant) for variant in (Store, RowStore, SharedStore))
    return Finding(
        f"play guard: {PROBES} requests, {UNTIL_PROBES:g} s after {GUESTS} guests' ballots, by kind, at once "
        "and as if they had waited",
        f"{own} of {PROBES * (len(SENT) + len(ENVELOPES))} answers differ",
        "0",
        own == 0,
        f"a rate limit before opening, one for each address: {row}; one bucket for the kiosk and all others: "
        f"{shared} (must be > 0 each)",
        min(row, shared) > 0,
    )


def flood(seconds: int, variant: type[Store] = Store) -> int:
    """Return the number of accepted ballots of a sender without the kiosk's mark, who sends one a second,
    each with a new mark."""
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
    guests = 35 if is_full else 4
    return [
        *(_aim_finding(guests, plan) for plan in PLANS),
        _oracle_finding(),
        _flood_finding(300 if is_full else 40),
    ]
