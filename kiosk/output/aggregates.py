"""The aggregate of this installation: what others may see of a year."""

from collections.abc import Iterable
from datetime import datetime

from kiosk.domain.aggregate import Aggregate, Scope, aggregate_of, yearly_outputs
from kiosk.library.library import Library
from kiosk.storage import Store


def own_aggregate(store: Store, library: Library, scope: Scope, made_at: datetime) -> Aggregate:
    """Return the published figures of the year's closed rounds, and the year's outputs."""
    outputs = yearly_outputs(library.counters.values(), store.outputs.all(), library.trees.values(), scope)
    closed = (state.round for state in store.rounds() if state.is_closed)
    return aggregate_of(scope, store.snapshot(), closed, outputs, made_at)


def years(store: Store) -> list[int]:
    """Return the years that have closed rounds or outputs, the latest first."""
    closed: Iterable[int] = (state.round.closes_at.year for state in store.rounds() if state.is_closed)
    return sorted({*closed, *store.outputs.all().years()}, reverse=True)
