"""Aggregates: published figures of one organisation and one year, for comparison with other organisations.

They have closed rounds and yearly outputs, with no more detail than the snapshot. A node's figures are those
of at least k ballots. If the figures of the nodes below it are subtracted, none or at least k ballots remain.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.domain.box import K_FLOOR
from kiosk.domain.counters import LARGEST_NUMBER, Counter, Figure, Outputs, year_of
from kiosk.domain.message import Code, Message
from kiosk.domain.results import Row
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.domain.survey import Statement
from kiosk.domain.tally import (
    StatementTally,
    can_be_protected,
    can_be_published,
    statement_tally_from_json,
)
from kiosk.domain.tree import Node, Tree

MOST_ROUNDS = 60
"""Most rounds of an aggregate. `faults` reports more as a fault, and so for the other limits below."""
MOST_NODES = 200
"""Most nodes in the tree of one round."""
MOST_OUTPUTS = 2_000
"""Most outputs of an aggregate."""

MOST_BALLOTS = 10_000_000
"""Most ballots of one node in one round."""


@dataclass(frozen=True)
class NodeFigures:
    """The published figures of one node: `answered` is the number of its ballots, `tables` is statement id ->
    table, and `batches` is the number of batches in each table, every one with noise of its own; 0 in an
    exact round."""

    answered: int
    batches: int
    tables: Mapping[str, StatementTally]


@dataclass(frozen=True)
class AggregateRound:
    """A closed round of an aggregate. Its tree has only nodes with figures, the root first; `nodes` maps the
    id of each of them to its figures. Its survey has neither questions with several options nor follow-ups,
    and no translations. `version` is that of the organisation's whole survey, translations included."""

    round: Round
    version: str
    nodes: Mapping[str, NodeFigures]

    def row(self, statement: Statement) -> Row:
        """Return the row of one of the round's statements at the root, without breaks, and compared as one
        unit. KeyError for a statement that the round does not ask."""
        figures = self.nodes[self.round.tree.root.id]
        return Row(self.round, statement, figures.tables[statement.id], None, batches=figures.batches)


@dataclass(frozen=True)
class Output:
    """A counter's figure of the aggregate's year at one node. `counter`, `node` and `parent` are ids;
    `parent` is that of the node above it, "" at the root. `name` and `definition` are the counter's."""

    counter: str
    name: str
    definition: str
    node: str
    node_name: str
    parent: str
    figure: Figure


@dataclass(frozen=True)
class Aggregate:
    """The published figures of one organisation and year. `made_at` is the time of its making, local at the
    organisation; a later aggregate of the same organisation and year replaces an earlier one.
    `is_demonstration` says whether the answers are invented."""

    organisation: str
    year: int
    made_at: datetime
    is_demonstration: bool
    rounds: tuple[AggregateRound, ...]
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class Scope:
    """The choices for an aggregate: the organisation's name and the year. With `has_units` the aggregate has
    also the published figures of every unit and, of rounds, of every group of units, else only those of the
    whole organisation."""

    organisation: str
    year: int
    has_units: bool = False


def aggregate_of(
    scope: Scope,
    document: Document,
    closed_rounds: Iterable[Round],
    outputs: Iterable[Output],
    made_at: datetime,
) -> Aggregate:
    """Return the aggregate of an installation. It has the rounds among `closed_rounds` whose `closes_at` is
    in the scope's year, in the given order. Rounds that are not closed in the snapshot, have no figures of
    the root, or have only questions with several options, are left out.

    `document` is the snapshot; ValueError if it lacks a round of that year. `outputs` come from
    `yearly_outputs`, and `made_at` is the local time now.
    """
    of_year = [of_round for of_round in closed_rounds if of_round.closes_at.year == scope.year]
    rounds = (_round(document, of_round, has_units=scope.has_units) for of_round in of_year)
    return Aggregate(
        scope.organisation,
        scope.year,
        made_at,
        document["demonstration"],
        tuple(of_round for of_round in rounds if of_round),
        tuple(outputs),
    )


def _round(document: Document, of_round: Round, *, has_units: bool) -> AggregateRound | None:
    """Return a round's published figures; None if the snapshot does not have it as closed, if no figures of
    the root are published, or if no statement is left. Questions of which several options may be chosen and
    follow-ups are left out: nothing compares their shares. ValueError if the snapshot lacks the round.

    A statement with a follow-up has a smaller epsilon than others. An aggregate has one epsilon for a whole
    round, and that is the smallest: intervals are a little too wide instead of too narrow.
    """
    statements = of_round.survey.with_one_answer
    names = {statement.id for statement in statements}
    [published] = (in_document for in_document in document["rounds"] if in_document["id"] == of_round.id)
    root = of_round.tree.root.id
    nodes = {
        node["id"]: NodeFigures(
            node["answered"],
            node.get("batches", 0),
            {
                name: statement_tally_from_json(table)
                for name, table in node["statements"].items()
                if name in names
            },
        )
        for node in published["nodes"]
        if node["answered"] is not None and (has_units or node["id"] == root)
    }
    if published["state"] != "closed" or root not in nodes or not statements:
        return None
    tree = Tree(
        tuple(_nearest(of_round.tree, node, nodes) for node in of_round.tree.nodes if node.id in nodes)
    )
    survey = replace(of_round.survey, statements=statements, translations={})
    epsilon = min(of_round.epsilon_of(of_round.survey.columns_of(statement)[0]) for statement in statements)
    terms = replace(of_round, survey=survey, tree=tree, epsilon=epsilon)
    return AggregateRound(terms, of_round.survey.version, nodes)


def _nearest(tree: Tree, node: Node, shown: Mapping[str, NodeFigures]) -> Node:
    """Return a copy of the node. Its parent is the nearest node above it that is a key of `shown`, or
    None."""
    above = (name for name in tree.upwards(node.id)[1:] if name in shown)
    return replace(node, parent=next(above, None))


def yearly_outputs(
    counters: Iterable[Counter], outputs: Outputs, trees: Iterable[Tree], scope: Scope
) -> Iterator[Output]:
    """Yield the figures of the scope's year, tree by tree: those of the root, then, if the scope has units,
    those of each unit. A counter without a figure at a node is left out there; a figure that says "not
    counted" is one."""
    chosen = list(counters)
    for tree in trees:
        nodes = [tree.root, *(tree.node(unit) for unit in tree.leaves if scope.has_units)]
        for node in dict.fromkeys(nodes):
            units = tree.units_below(node.id)
            for counter in chosen:
                figure = outputs.at_node(counter, node.id, units, year_of(scope.year))
                if figure:
                    yield Output(
                        counter.id, counter.name, counter.definition, node.id, node.name, node.parent or "",
                        figure,
                    )  # fmt: skip


class AggregateFault(Code):
    """The reason why no installation can have made an aggregate."""

    TOO_MANY_ENTRIES = "aggregate.too_many_entries"
    NUMBER_UNREADABLE = "aggregate.number_unreadable"
    ROUND_NOT_CLOSED_IN_YEAR = "aggregate.round_not_closed_in_year"
    GROUPS_BELOW_FLOOR = "aggregate.groups_below_floor"
    TOO_MANY_NODES = "aggregate.too_many_nodes"
    FIGURES_BELOW_K = "aggregate.figures_below_k"
    IMPOSSIBLE_FIGURES = "aggregate.impossible_figures"


def faults(aggregate: Aggregate) -> Iterator[Message]:
    """Yield a message for each reason why no installation of this program can have made this aggregate;
    nothing if there is none. An invented aggregate can be without faults. Each node of a round's tree must
    have figures, with a table of each statement: the reader of the file checks that."""
    if len(aggregate.rounds) > MOST_ROUNDS or len(aggregate.outputs) > MOST_OUTPUTS:
        yield Message(AggregateFault.TOO_MANY_ENTRIES, {})
    for of_round in aggregate.rounds:
        yield from _faults_of_round(of_round, aggregate)
    for output in aggregate.outputs:
        if not 0 <= output.figure.number <= MOST_BALLOTS * LARGEST_NUMBER:
            yield Message(AggregateFault.NUMBER_UNREADABLE, {"name": output.name})


def _faults_of_round(of_round: AggregateRound, aggregate: Aggregate) -> Iterator[Message]:
    """Yield the faults of a round's terms, then those of its nodes, at most one for each. With a k below
    K_FLOOR only faults of the terms: the rules of figures divide by k - 1."""
    terms = of_round.round
    if not terms.opens_at < terms.closes_at <= aggregate.made_at or terms.closes_at.year != aggregate.year:
        yield Message(AggregateFault.ROUND_NOT_CLOSED_IN_YEAR, {"round": terms.id})
    if terms.k < K_FLOOR:
        yield Message(AggregateFault.GROUPS_BELOW_FLOOR, {"round": terms.id, "floor": K_FLOOR})
    if len(terms.tree.nodes) > MOST_NODES:
        yield Message(AggregateFault.TOO_MANY_NODES, {"round": terms.id})
    for node in terms.tree.nodes if terms.k >= K_FLOOR else ():
        figures = of_round.nodes[node.id]
        rest = _rest(of_round, node.id)
        if figures.answered < terms.k or 0 < rest[0] < terms.k or rest[0] < 0:
            yield Message(
                AggregateFault.FIGURES_BELOW_K, {"round": terms.id, "place": node.name, "k": terms.k}
            )
        elif not _is_possible(terms, figures) or min(rest[1], default=0) < 0:
            yield Message(AggregateFault.IMPOSSIBLE_FIGURES, {"round": terms.id, "place": node.name})


def _rest(of_round: AggregateRound, node_id: str) -> tuple[int, list[int]]:
    """Return (ballots, cells of all tables): a node's figures minus those of the nodes directly below it."""
    figures = of_round.nodes[node_id]
    below = [of_round.nodes[child] for child in of_round.round.tree.children(node_id)]
    rest = figures.answered - sum(child.answered for child in below)
    cells = [
        cell - sum(_cells(child.tables[name])[at] for child in below)
        for name, table in figures.tables.items()
        for at, cell in enumerate(_cells(table))
    ]
    return rest, cells


def _cells(table: StatementTally) -> Sequence[int]:
    """Return the counts of a table: those of its options, its kinds of no answer and its withheld answers."""
    return (*table.counts, *table.no_answer, table.withheld)


def _is_possible(terms: Round, figures: NodeFigures) -> bool:
    """Return whether a count can produce these figures."""
    tables = figures.tables.values()
    rule = can_be_protected if terms.is_protected else can_be_published
    least_batches = 1 if terms.is_protected else 0
    return (
        figures.answered <= MOST_BALLOTS
        and least_batches <= figures.batches
        and figures.batches * terms.k <= figures.answered * least_batches
        and all(rule(table, terms.k) and table.ballots == figures.answered for table in tables)
    )
