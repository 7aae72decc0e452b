"""A theory of change: which resources and activities lead to which outputs, results and effects.

The five layers are those of Riksföreningen Sveriges stadsmissioner. Each output, result and effect says how
it is measured, or that it is not measured, so that a reader sees the gaps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """The layers of a theory of change, in order. The values are names of sections in the file."""

    RESOURCES = "resources"
    ACTIVITIES = "activities"
    OUTPUTS = "outputs"
    RESULTS = "results"
    EFFECTS = "effects"


@dataclass(frozen=True)
class Measure:
    """The measure of a theory box: a counter's id ("" for none) or statements' ids. Without either, the box
    is not measured."""

    counter: str = ""
    statements: tuple[str, ...] = ()

    @property
    def is_gap(self) -> bool:
        """Whether nothing measures the box."""
        return not self.counter and not self.statements


@dataclass(frozen=True)
class TheoryBox:
    """A theory box.

    `goals` are numbers of the organisation's goals, from 1. `leads_to` has ids of other boxes. `measure` is
    None for resources and activities, which nothing measures.
    """

    id: str
    layer: Layer
    text: str
    leads_to: tuple[str, ...] = ()
    goals: tuple[int, ...] = ()
    measure: Measure | None = None


@dataclass(frozen=True)
class Goal:
    """A goal of the organisation; the statements with the ids `statements` measure it directly."""

    number: int
    text: str
    statements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Theory:
    """A theory of change. `source` says where it comes from, and `licence` on what terms it may be used.
    `definition` describes its subject, and `target_group` the people that it is for. `place` is the id of its
    node in a tree, "" if it has none. `results_label` is the heading of the results, since reports say
    "Resultat" or "Utfall" for the same thing."""

    id: str
    title: str
    source: str
    licence: str
    definition: str
    target_group: str
    place: str
    results_label: str
    goals: tuple[Goal, ...]
    boxes: tuple[TheoryBox, ...]

    def boxes_in(self, layer: Layer) -> tuple[TheoryBox, ...]:
        """Return the boxes of one layer, in order."""
        return tuple(box for box in self.boxes if box.layer is layer)

    @property
    def gaps(self) -> tuple[TheoryBox, ...]:
        """The outputs, results and effects that are not measured."""
        return tuple(box for box in self.boxes if box.measure and box.measure.is_gap)

    @property
    def uncounted_activities(self) -> tuple[TheoryBox, ...]:
        """The activities that lead directly to no output with a counter."""
        counted = {box.id for box in self._counted_outputs}
        return tuple(box for box in self.boxes_in(Layer.ACTIVITIES) if not counted & set(box.leads_to))

    @property
    def counted_without_activity(self) -> tuple[TheoryBox, ...]:
        """The outputs with a counter to which no activity leads directly."""
        named = {name for box in self.boxes_in(Layer.ACTIVITIES) for name in box.leads_to}
        return tuple(box for box in self._counted_outputs if box.id not in named)

    @property
    def _counted_outputs(self) -> tuple[TheoryBox, ...]:
        return tuple(box for box in self.boxes_in(Layer.OUTPUTS) if box.measure and box.measure.counter)

    @property
    def statements(self) -> tuple[str, ...]:
        """The ids of all statements that measure a box or a goal, in their order, each once."""
        of_boxes = (name for box in self.boxes if box.measure for name in box.measure.statements)
        of_goals = (name for goal in self.goals for name in goal.statements)
        return tuple(dict.fromkeys((*of_boxes, *of_goals)))


def find_loop(leads_to: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return one loop in a theory of change, as ids with the first one repeated at the end; () if there is
    none.

    `leads_to` maps the id of a theory box to the ids that it leads to. An id that is no key is skipped.
    """
    done: set[str] = set()
    for start in leads_to:
        if loop := next(_loops(leads_to, start, (), done), ()):
            return loop
    return ()


def _loops(
    leads_to: Mapping[str, tuple[str, ...]], box: str, path: tuple[str, ...], done: set[str]
) -> Iterator[tuple[str, ...]]:
    """Yield the loops that a search from `box`, reached by `path`, finds. `done` has the boxes whose search
    is complete; the search adds to it."""
    if box in path:
        yield (*path[path.index(box) :], box)
        return
    if box in done:
        return
    for following in leads_to.get(box, ()):
        yield from _loops(leads_to, following, (*path, box), done)
    done.add(box)
