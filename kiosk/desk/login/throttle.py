"""A throttle for sign-in: after a few failures, each further failure doubles the delay."""

from dataclasses import dataclass, field

FREE_FAILURES = 5
LONGEST_DELAY_SECONDS = 300.0
MOST_NAMES_KEPT = 10_000


@dataclass
class SignInThrottle:
    """Failures per name, in memory. Times are in seconds, by the caller's clock."""

    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def seconds_left(self, name: str, now: float) -> float:
        """Return the seconds until this name may be tried again."""
        count, last = self._failures.get(name, (0, now))
        if count < FREE_FAILURES:
            return 0.0
        return max(0.0, last + min(2.0 ** (count - FREE_FAILURES), LONGEST_DELAY_SECONDS) - now)

    def failed(self, name: str, now: float) -> None:
        """Record a failure."""
        if name not in self._failures and len(self._failures) >= MOST_NAMES_KEPT:
            self._failures.pop(min(self._failures, key=lambda known: self._failures[known][1]))
        self._failures[name] = (self._failures.get(name, (0, now))[0] + 1, now)

    def succeeded(self, name: str) -> None:
        """Forget a name's failures."""
        self._failures.pop(name, None)
