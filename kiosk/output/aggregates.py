"""The aggregate of this installation: the figures of a year that other organisations may see."""

from collections.abc import Iterable
from datetime import datetime

from kiosk.domain.aggregate import Aggregate, Scope, aggregate_of, yearly_outputs
from kiosk.library.library import Library
from kiosk.storage import Store


def own_aggregate(store: Store, library: Library, scope: Scope, made_at: datetime) -> Aggregate:
    """Return the aggregate of this installation: the published figures of the closed rounds of the scope's
    year, and its outputs. `made_at` is local time."""
    outputs = yearly_outputs(library.counters.values(), store.outputs.all(), library.trees.values(), scope)
    closed = (state.round for state in store.rounds() if state.is_closed)
    return aggregate_of(scope, store.snapshot(), closed, outputs, made_at)


def years(store: Store) -> list[int]:
    """Return the years in which rounds closed or that have outputs, the latest first."""
    closed: Iterable[int] = (state.round.closes_at.year for state in store.rounds() if state.is_closed)
    return sorted({*closed, *store.outputs.all().years()}, reverse=True)
