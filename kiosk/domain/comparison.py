"""Comparison of organisations: rows that can be compared stand together, all others apart.

Rows are compared only if their statements have the same meaning, scale and agreeing options, and their
figures the same kind of protection. Each organisation has one row for a statement and tree of units: its
latest closed round of the year.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.aggregate import Aggregate, Output
from kiosk.domain.results import Row, Spread, spread
from kiosk.domain.tree import Node


class Difference(StrEnum):
    """The reasons why rows about the same topic are not compared: another text, another scale, other agreeing
    options of the same scale, or another protection."""

    WORDING = "wording"
    SCALE = "scale"
    AGREEING = "agreeing"
    PROTECTION = "protection"


@dataclass(frozen=True)
class Party:
    """An organisation with its aggregate of one year. `id` is unique among the organisations that are
    compared; `is_own` marks the one that this installation belongs to."""

    id: str
    aggregate: Aggregate
    is_own: bool = False

    @property
    def has_several_trees(self) -> bool:
        """Whether the rounds of its aggregate have more than one tree of units."""
        return len({of_round.round.tree.root.id for of_round in self.aggregate.rounds}) > 1


@dataclass(frozen=True)
class Line:
    """The figures of one statement at the root of one tree of one organisation, in its latest round of the
    year that asked the statement there. `party` is that organisation, all its trees included; one with
    several trees has a line for each of them."""

    party: Party
    row: Row

    @property
    def name(self) -> str:
        """The name of the organisation, or of the root of the tree if the organisation has several trees."""
        tree = self.row.round.tree
        return tree.root.name if self.party.has_several_trees else self.party.aggregate.organisation

    @property
    def id(self) -> str:
        """The party's id and that of the tree's root: unique among the lines whose statements have one id."""
        return f"{self.party.id}/{self.row.round.tree.root.id}"


@dataclass(frozen=True)
class Group:
    """Lines whose figures can be compared. `differences` has the reasons why they are not compared with the
    topic's first group; none for the first group itself."""

    lines: tuple[Line, ...]
    differences: tuple[Difference, ...] = ()

    @property
    def first(self) -> Row:
        """The row of the first line, which stands for the group's statement."""
        return self.lines[0].row

    @property
    def spread(self) -> Spread | None:
        """The lines with the largest and the smallest share that agrees, each line as a place; None with
        fewer than two lines that have enough answers for a percentage."""
        return spread((Node(line.id, line.name, None), line.row) for line in self.lines)


@dataclass(frozen=True)
class Topic:
    """The lines of all organisations about one statement, in groups: about statements with the same id or the
    same meaning (`Statement.means`). The groups have the order of their first lines."""

    groups: tuple[Group, ...]


def compare(parties: Iterable[Party]) -> tuple[Topic, ...]:
    """Return the topics of all parties, in the order of each topic's first line. A line joins the first topic
    that has its statement's id or meaning. Statements whose options have no order are in none."""
    topics: list[list[Line]] = []
    for line in (line for party in parties for line in _lines(party)):
        of_topic = next(
            (lines for lines in topics if any(_is_about(earlier.row, line.row) for earlier in lines)), None
        )
        if of_topic is None:
            topics.append([line])
        else:
            of_topic.append(line)
    return tuple(Topic(_groups(lines)) for lines in topics)


def _lines(party: Party) -> Iterable[Line]:
    """Return a party's lines: one for each statement and tree, from the latest round that asked the statement
    there. A statement whose options have no order has no line: no share of it is compared."""
    rounds = sorted(
        party.aggregate.rounds, key=lambda of_round: (of_round.round.closes_at, of_round.round.id)
    )
    latest = {
        (of_round.round.tree.root.id, statement.id): Line(party, of_round.row(statement))
        for of_round in rounds
        for statement in of_round.round.survey.statements
        if statement.scale.is_ordered
    }
    return latest.values()


def _is_about(row: Row, other: Row) -> bool:
    """Return whether two rows' statements have the same id or the same meaning, and so belong to one
    topic."""
    return row.statement.id == other.statement.id or row.statement.means(other.statement)


def _groups(lines: Sequence[Line]) -> tuple[Group, ...]:
    """Return the groups of a topic's lines, in the order of their first lines. A line joins the first group
    with which it can be compared."""
    groups: list[list[Line]] = []
    for line in lines:
        of_group = next((group for group in groups if not differences(group[0].row, line.row)), None)
        if of_group is None:
            groups.append([line])
        else:
            of_group.append(line)
    return tuple(Group(tuple(group), differences(groups[0][0].row, group[0].row)) for group in groups)


def differences(row: Row, other: Row) -> tuple[Difference, ...]:
    """Return the reasons why two rows about one topic cannot be compared; () if they can."""
    has_other_scale = row.statement.scale.labels != other.statement.scale.labels
    has_other_options = row.statement.agreeing_options != other.statement.agreeing_options
    apart = {
        Difference.WORDING: not row.statement.means(other.statement),
        Difference.SCALE: has_other_scale,
        Difference.AGREEING: has_other_options and not has_other_scale,
        Difference.PROTECTION: row.round.protection is not other.round.protection,
    }
    return tuple(difference for difference, is_so in apart.items() if is_so)


@dataclass(frozen=True)
class OutputComparison:
    """The figures of one output at all organisations that have it with the same definition. `name` is its
    name at the first of these organisations; `figures` is party id -> the output at the root of each of the
    party's trees."""

    name: str
    definition: str
    figures: dict[str, list[Output]]


def compare_outputs(parties: Iterable[Party]) -> tuple[OutputComparison, ...]:
    """Return the comparison of each output, with the figures of whole organisations, in the order of each
    output's first figure. A counter with the same id and another definition has a comparison of its own."""
    columns: dict[tuple[str, str], OutputComparison] = {}
    for party in parties:
        for output in (output for output in party.aggregate.outputs if not output.parent):
            column = columns.setdefault(
                (output.counter, output.definition), OutputComparison(output.name, output.definition, {})
            )
            column.figures.setdefault(party.id, []).append(output)
    return tuple(columns.values())
