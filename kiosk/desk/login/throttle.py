"""A throttle for sign-in: after a few failures, each further failure doubles the delay.

Failures are counted for each pair of a name and a source or known device, so that nobody can delay somebody
else. Unknown sources also share a limit for each name, against guessing from many addresses. A source is
unknown until the account has signed in from it. Each source has a limit for all names to which it is unknown,
so that a client with ever new names does not keep the server busy.

Whoever tries codes of a second factor has the password already. For codes, all unknown sources together have
the delay of a single source, since six digits can be guessed from many addresses. Invalid one-time links and
invalid tokens are counted by source.
"""

from dataclasses import dataclass, field

from kiosk.domain.short_hash import short_hash

FREE_FAILURES = 5
"""Number of the first failure, of one source or device for one name, that causes a delay. Each later one
causes a delay too."""

LONGEST_DELAY_SECONDS = 300.0
"""Longest delay of one source or device for one name."""

STRANGERS_FREE_FAILURES = 100
"""Number of the first failure, of all unknown sources together for one name, that causes a delay."""
STRANGERS_LONGEST_DELAY_SECONDS = 10.0
"""Longest delay of all unknown sources together for one name. It is short, so that a new device at a new
address can sign in with the right password between two false sign-ins."""

SOURCE_FREE_FAILURES = 20
"""Number of the first failure, of one source for all names to which it is unknown, that causes a delay of up
to LONGEST_DELAY_SECONDS for all these names. A household or a small office seldom has as many without an hour
between two of them."""

FORGOTTEN_AFTER_SECONDS = 3600.0
"""Time after a key's last failure from which a new failure counts as the first."""

MOST_DOUBLINGS = 32
"""Most doublings of a delay of one second: far more than the longest delays have."""

MOST_KEYS_KEPT = 10_000
"""Most keys of a `Failures`, most known sources and most wrong codes in memory. A further failing key
replaces the one that failed longest ago; a further known source is not kept; all wrong codes are forgotten
before a further one."""


@dataclass
class Failures:
    """Failures by key, in memory. Failures before number `free` cause no delay, failure number `free` causes
    a delay of one second, and each further one doubles it, up to `longest_delay`. The delay and all times are
    in seconds, by the caller's clock."""

    free: int
    longest_delay: float
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def seconds_left(self, key: str, now: float) -> float:
        """Return the seconds until this key may be tried again; 0 if it may be tried now."""
        count, last = self._failures.get(key, (0, now))
        if count < self.free:
            return 0.0
        # More doublings than any delay needs would overflow.
        delay = min(2.0 ** min(count - self.free, MOST_DOUBLINGS), self.longest_delay)
        # At most the delay: the clock may have been set back since the failure.
        return min(max(0.0, last + delay - now), delay)

    def add(self, key: str, now: float) -> None:
        """Record a failure of a key. It counts as the first one if the key's last failure is longer ago than
        FORGOTTEN_AFTER_SECONDS."""
        count, last = self._failures.pop(key, (0, now))
        if now - last > FORGOTTEN_AFTER_SECONDS:
            count = 0
        if len(self._failures) >= MOST_KEYS_KEPT:
            # A dict keeps its order: the first key failed longest ago.
            self._failures.pop(next(iter(self._failures)), None)
        self._failures[key] = (count + 1, now)

    def forget(self, key: str) -> None:
        """Forget a key's failures."""
        self._failures.pop(key, None)


@dataclass(frozen=True)
class Attempt:
    """An attempt to sign in as `name` from `source`. `key` combines the name with the known device or,
    without one, with the source; `source_key` combines it with the source. `is_known` says whether the device
    or source is known."""

    name: str
    source: str
    key: str
    source_key: str
    is_known: bool


@dataclass
class SignInThrottle:
    """The delays after failed attempts. Names, sources and devices are in memory only. A source is an address
    or network, as `kiosk.domain.client_source.source_of` returns it. All times are in seconds since 1970."""

    _own: Failures = field(default_factory=lambda: Failures(FREE_FAILURES, LONGEST_DELAY_SECONDS))
    _strangers: Failures = field(
        default_factory=lambda: Failures(STRANGERS_FREE_FAILURES, STRANGERS_LONGEST_DELAY_SECONDS)
    )
    _sources: Failures = field(default_factory=lambda: Failures(SOURCE_FREE_FAILURES, LONGEST_DELAY_SECONDS))
    _codes: Failures = field(default_factory=lambda: Failures(FREE_FAILURES, LONGEST_DELAY_SECONDS))
    _links: Failures = field(default_factory=lambda: Failures(FREE_FAILURES, LONGEST_DELAY_SECONDS))
    _tokens: Failures = field(default_factory=lambda: Failures(FREE_FAILURES, LONGEST_DELAY_SECONDS))
    _wrong_codes: set[tuple[str, str]] = field(default_factory=set)
    _usual: set[str] = field(default_factory=set)

    def attempt(self, name: str, source: str, device: str | None, now: float) -> Attempt:
        """Return an attempt to sign in from `source`. `device` is the number in the cookie of the account's
        known device, None without one.

        A known device that has to wait is treated as a device without the cookie, so that a stolen cookie
        locks nobody out.
        """
        device_key, source_key = f"device {device} {name}", f"source {source} {name}"
        if device is not None and self._own.seconds_left(device_key, now) == 0:
            return Attempt(name, source, device_key, source_key, is_known=True)
        return Attempt(name, source, source_key, source_key, is_known=source_key in self._usual)

    def seconds_left(self, attempt: Attempt, now: float) -> float:
        """Return the seconds until this attempt is allowed; 0 if it is allowed now."""
        own = self._own.seconds_left(attempt.key, now)
        if attempt.is_known:
            return own
        of_name = self._strangers.seconds_left(attempt.name, now)
        return max(own, of_name, self._sources.seconds_left(attempt.source, now))

    def failed(self, attempt: Attempt, now: float) -> None:
        """Record a wrong name or password for the attempt's source or device. Unless the attempt is known, it
        also counts for all unknown sources and devices of the name together, and for its source."""
        self._own.add(attempt.key, now)
        if not attempt.is_known:
            self._strangers.add(attempt.name, now)
            self._sources.add(attempt.source, now)

    def succeeded(self, attempt: Attempt) -> None:
        """Forget the failures of the attempt's source or device, those of codes included, and treat the
        source as known for this name from now on, unless MOST_KEYS_KEPT are known. The failures of the source
        with other names stay: otherwise somebody with one account could try any number of names."""
        self._own.forget(attempt.key)
        self._codes.forget(_code_key(attempt))
        if len(self._usual) < MOST_KEYS_KEPT:
            self._usual.add(attempt.source_key)

    def seconds_left_for_code(self, attempt: Attempt, now: float) -> float:
        """Return the seconds until a code of the account's second factor may be tried; 0 if one may be tried
        now."""
        return self._codes.seconds_left(_code_key(attempt), now)

    def code_failed(self, attempt: Attempt, now: float) -> None:
        """Record a wrong code of a second factor: for the attempt's source or device or, unless the attempt
        is known, for all unknown sources and devices of the name together."""
        self._codes.add(_code_key(attempt), now)

    def seconds_left_for_link(self, source: str, now: float) -> float:
        """Return the seconds until a source may open a one-time link; 0 if it may open one now."""
        return self._links.seconds_left(source, now)

    def link_failed(self, source: str, code: str, now: float) -> None:
        """Record an invalid one-time link. Repeating the same link, such as an expired one, is no new
        guess."""
        if self._record_guess(source, code):
            self._links.add(source, now)

    def seconds_left_for_token(self, source: str, now: float) -> float:
        """Return the seconds until a source may send a token; 0 if it may send one now."""
        return self._tokens.seconds_left(source, now)

    def token_failed(self, source: str, token: str, now: float) -> None:
        """Record an invalid token. Repeating the same token, such as a removed one, is no new guess."""
        if self._record_guess(source, token):
            self._tokens.add(source, now)

    def _record_guess(self, source: str, code: str) -> bool:
        """Remember that this source sent this wrong code. Return whether it is the first time since all were
        forgotten (MOST_KEYS_KEPT)."""
        guess = source, short_hash(code, 16)
        if guess in self._wrong_codes:
            return False
        if len(self._wrong_codes) >= MOST_KEYS_KEPT:
            self._wrong_codes.clear()
        self._wrong_codes.add(guess)
        return True


def _code_key(attempt: Attempt) -> str:
    """Return the key of an attempt's wrong codes: all unknown sources and devices share one for each
    account."""
    return attempt.key if attempt.is_known else attempt.name
