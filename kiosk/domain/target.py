"""Whether the target of a statement is reached: a share of the answers on the scale that agrees.

A target counts as reached or missed only in a closed round, and only if the whole confidence interval lies on
one side of it. The interval accounts for chance, withheld answers and noise. Until a count has closed the
round it is not judged: looking again after each count would find a target reached by chance sooner or later.
"""

from enum import StrEnum

from kiosk.domain.results import Row
from kiosk.domain.survey import Good, Statement


class TargetState(StrEnum):
    """The state of a target in a round: the whole interval is on the right side of it (REACHED) or on the
    wrong side (MISSED), or neither can be said (UNCERTAIN)."""

    REACHED = "reached"
    MISSED = "missed"
    UNCERTAIN = "uncertain"


def is_upper_limit(statement: Statement) -> bool:
    """Return whether the target is an upper limit: at most its share should agree, because a small share is
    good."""
    return statement.good_share is Good.LOW


def target_state(row: Row) -> TargetState | None:
    """Return the state of a row's target; None if the statement has none, or nobody answered on the scale.
    UNCERTAIN until a count has closed the round, and with too few answers for percentages."""
    percent, sure = row.statement.target, row.agreeing_interval
    if percent is None or not row.on_scale:
        return None
    if sure is None or not row.is_closed:
        return TargetState.UNCERTAIN
    if is_upper_limit(row.statement):
        is_reached, is_missed = sure.high <= percent / 100, sure.low > percent / 100
    else:
        is_reached, is_missed = sure.low >= percent / 100, sure.high < percent / 100
    if is_reached:
        return TargetState.REACHED
    return TargetState.MISSED if is_missed else TargetState.UNCERTAIN


def target_position(statement: Statement) -> float | None:
    """Return the position of the target on a bar whose highest option is first, in percent of the bar's
    length from its beginning.

    None without a target, or if the agreeing options are not all at one end of the scale.
    """
    agreeing, options = statement.agreeing_options, len(statement.scale.labels)
    if statement.target is None:
        return None
    if agreeing == tuple(range(options - len(agreeing) + 1, options + 1)):
        return float(statement.target)
    return 100.0 - statement.target if agreeing == tuple(range(1, len(agreeing) + 1)) else None
