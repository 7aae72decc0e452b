"""The change of a statement's answers at a node between two consecutive closed rounds.

The test is that of `results.change`. A round that no count has closed yet is shown but not compared: beside
its figures stands the change between the last two closed rounds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from kiosk.domain.results import (
    Change,
    Row,
    change,
    over_time,
    over_time_as_one,
    row,
    with_direction_of,
)
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.domain.statistics import Trend
from kiosk.domain.survey import Good, Statement


@dataclass(frozen=True)
class Step:
    """A statement's row in the shown round, and its last change between two closed rounds.

    `now` has the figures that are shown. `pair` has the rows of the two closed rounds that are compared, the
    earlier first; it is shorter if there are not two. `change` is None if they cannot be compared.
    """

    now: Row
    pair: tuple[Row, ...]
    change: Change | None

    @property
    def trend(self) -> Trend | None:
        """The trend of the change; None if nothing was tested."""
        return self.change.trend if self.change else None

    @property
    def can_show_shares(self) -> bool:
        """Whether the shares over all answers in the two rounds show the same change as the test."""
        return self.change is not None and self.change.trend is not None and not self.change.has_mix_moved

    @property
    def difference(self) -> float | None:
        """The change of the share that agrees, -1 to 1; None if it must not be shown (`can_show_shares`)."""
        if not self.can_show_shares:
            return None
        before, after = self.pair
        return after.agreeing / after.on_scale - before.agreeing / before.on_scale

    @property
    def improvement(self) -> int | None:
        """1 if the change is significant and goes to the good end, -1 if it goes to the other. 0 if it may be
        chance, or the statement has no good end. None if nothing was tested."""
        if self.trend is None:
            return None
        return {True: 1, False: -1, None: 0}[to_good_end(self.trend, self.now.statement)]


def to_good_end(trend: Trend, statement: Statement) -> bool | None:
    """Return whether a change of the share that agrees goes to the good end of a statement; None if it may be
    chance, or if the statement says that neither share is good, or does not say."""
    good = statement.good_share
    if trend is Trend.CHANCE or good in (None, Good.NEITHER):
        return None
    return (trend is Trend.UP) == (good is Good.HIGH)


def last_step(
    document: Document, closed: Sequence[Round], of_round: Round, node_id: str, statement: Statement
) -> Step:
    """Return the step of a statement at a node: its row in `of_round`, and the change between the last two
    closed rounds up to `of_round` that asked it there.

    `closed` are the closed rounds, the latest opening first. KeyError if the document lacks one of the rounds
    that are used, or the node in it.
    """
    compared = last_two(closed, of_round, node_id, statement.id)
    pair = with_direction_of(over_time(document, compared, node_id, statement.id), statement)
    return Step(row(document, of_round, node_id, statement), pair, change(pair))


def known_step(
    document: Document, compared: Iterable[Round], now: Row, node_id: str, known: Change | None
) -> Step:
    """Return the step with the row `now`, the rounds `compared` (see `last_two`), and their change `known`,
    which is not computed again. KeyError if the document lacks one of these rounds, or the node in it."""
    pair = over_time_as_one(document, compared, node_id, now.statement.id)
    return Step(now, with_direction_of(pair, now.statement), known)


def last_two(closed: Sequence[Round], of_round: Round, node_id: str, statement_id: str) -> tuple[Round, ...]:
    """Return the last two closed rounds, up to `of_round` in the order of opening, that asked a statement at
    a node, the latest first; fewer if there are not two. `of_round` is among them only if it is in `closed`,
    which has the latest opening first."""
    return tuple(islice(_asking(closed, of_round, node_id, statement_id), 2))


def _asking(closed: Sequence[Round], of_round: Round, node_id: str, statement_id: str) -> Iterator[Round]:
    """Yield the rounds up to `of_round` that asked a statement at a node, the latest first."""
    last = (of_round.opens_at, of_round.id)
    for other in closed:
        is_later = (other.opens_at, other.id) > last
        if not is_later and other.tree.has(node_id) and other.survey.asks(statement_id):
            yield other
