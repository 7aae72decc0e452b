"""Days with ballots: the number that a unit had in a round, without a time beside any ballot.

A unit whose ballots all came on one or two days may have been filled by one person around one guest. So it
gets figures of its own, and counts towards those of other units, only after LEAST_DAYS days with ballots.
The number moves at the first count of a day and never at a ballot. A ballot sets one mark, which is set
already from the day's second ballot on; both are in the sealed box. They show that ballots came since the
last count, and on how many days, up to three. They are the same whichever ballot came on which day.
"""

from dataclasses import dataclass, replace

LEAST_DAYS = 3
"""Days with ballots that a unit needs, in rounds that open now. The number is not counted beyond this."""


@dataclass(frozen=True)
class Traffic:
    """A unit's number of days with ballots, up to LEAST_DAYS, and whether a ballot came since the first count
    of the day of the last count."""

    days: int = 0
    has_new: bool = False

    def with_ballot(self) -> "Traffic":
        """Return the traffic after one more ballot."""
        return replace(self, has_new=True)

    def at_count(self, *, is_first_of_day: bool) -> "Traffic":
        """Return the traffic after a count. Only the first count of a day ends a day with ballots."""
        if not is_first_of_day:
            return self
        return Traffic(min(self.days + self.has_new, LEAST_DAYS))


NO_TRAFFIC = Traffic()
"""The traffic of an empty box."""
