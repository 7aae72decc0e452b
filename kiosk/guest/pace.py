"""A kiosk admits ballots no faster than people can answer, so that nobody can fill a box at it."""

from dataclasses import dataclass, field


@dataclass
class Pace:
    """A token bucket for each kiosk, in memory only: `burst` ballots at once, then one each `seconds`."""

    seconds: float
    burst: int
    _full_at: dict[str, float] = field(default_factory=dict)

    def wait(self, kiosk: str, now: float) -> float:
        """Seconds until a ballot may be sent from this kiosk; 0 admits one and counts it."""
        full_at = max(self._full_at.get(kiosk, now), now)
        too_early = full_at + self.seconds - now - self.seconds * self.burst
        if too_early > 0:
            return too_early
        self._full_at[kiosk] = full_at + self.seconds
        return 0.0
