"""The aggregate of this installation: the figures of a year that other organisations may see."""

from collections.abc import Iterable
from datetime import datetime

from kiosk.domain.aggregate import Aggregate, Scope, aggregate_of, yearly_outputs
from kiosk.library.library import Library
from kiosk.storage import Store


def own_aggregate(store: Store, library: Library, scope: Scope, made_at: datetime) -> Aggregate:
    """Return the aggregate of this installation: the published figures of the rounds that a count has closed
    and whose `closes_at` is in the scope's year, and the year's outputs (`aggregate_of`). `made_at` is the
    local time now."""
    outputs = yearly_outputs(library.counters.values(), store.outputs.all(), library.trees.values(), scope)
    closed = (state.round for state in store.rounds() if state.is_closed)
    return aggregate_of(scope, store.snapshot(), closed, outputs, made_at)


def years(store: Store) -> list[int]:
    """Return the years that have outputs, or the `closes_at` of a round that a count has closed, the latest
    first."""
    closed: Iterable[int] = (state.round.closes_at.year for state in store.rounds() if state.is_closed)
    return sorted({*closed, *store.outputs.all().years()}, reverse=True)
