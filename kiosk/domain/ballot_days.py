"""The number of days on which a unit got ballots in a round. No time is stored with any ballot.

A unit whose ballots all came on one or two days may have been filled by one person around one guest. So it
gets figures of its own, and counts towards those of other units, only after LEAST_DAYS days with ballots. A
ballot sets the flag `has_new`; the number of days changes at the first count of a day. Both are stored in the
sealed box. They reveal that ballots came since the last count, and the number of days up to LEAST_DAYS, but
not which ballot came on which day.
"""

from dataclasses import dataclass, replace

LEAST_DAYS = 3
"""Number of days with ballots that a unit needs for figures of its own, in rounds that open now. Days beyond
it are not counted."""


@dataclass(frozen=True)
class BallotDays:
    """The state of a unit's days with ballots. `days` is the number of those that a count has ended, at most
    LEAST_DAYS. `has_new` says whether a ballot came since the last count that was the first of its day: on
    a day that is not in `days` yet."""

    days: int = 0
    has_new: bool = False

    def with_ballot(self) -> "BallotDays":
        """Return the state after one more ballot: `days` changes only at the first count of the next day."""
        return replace(self, has_new=True)

    def at_count(self, *, is_first_of_day: bool) -> "BallotDays":
        """Return the state after a count. The first count of a calendar day, in local time, adds `has_new` to
        `days` and clears it; after any other count the state is the same."""
        if not is_first_of_day:
            return self
        return BallotDays(min(self.days + self.has_new, LEAST_DAYS))


NO_BALLOT_DAYS = BallotDays()
"""The state of a box that never had a ballot."""
