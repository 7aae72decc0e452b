"""Builders of aggregates, as other organisations send them."""

from collections.abc import Mapping
from datetime import datetime

from kiosk.domain.aggregate import Aggregate, AggregateRound, NodeFigures, Output
from kiosk.domain.counters import Figure, Quality
from kiosk.domain.rounds import Protection, Round
from kiosk.domain.survey import Scale, Statement, Survey
from kiosk.domain.tally import StatementTally
from kiosk.domain.tree import Node, Tree

MADE = datetime(2026, 11, 29, 14)
STATEMENT = Statement(
    "listened", "Personalen lyssnar", "", Scale("listened", ("nej", "delvis", "=ja"), bipolar=False),
    None, (3,), ("Personalen lyssnade",),
)  # fmt: skip


def round_of(
    nodes: Mapping[str, tuple[int, ...]],
    *,
    is_protected: bool = False,
    k: int = 5,
    statement: Statement = STATEMENT,
) -> AggregateRound:
    """Return a closed round of one statement in an aggregate.

    `nodes` maps each node's id to the counts of its table: those of the options, the lowest first, then of
    the kinds of no answer. The first node is the root, the others are below it.
    """
    survey = Survey("fragor", "Frågor", "Staden", "CC0", False, (statement,), {})
    root = next(iter(nodes))
    tree = Tree(tuple(Node(name, name.title(), None if name == root else root) for name in nodes))
    terms = Round(
        "r1", survey, tree, k, datetime(2026, 3, 2), datetime(2026, 6, 1), frozenset(),
        protection=Protection.PROTECTED if is_protected else Protection.EXACT,
    )  # fmt: skip
    figures = {
        name: NodeFigures(
            sum(counts), int(is_protected), {statement.id: StatementTally(counts, (0, 0, 0), 0)}
        )
        for name, counts in nodes.items()
    }
    return AggregateRound(terms, "0123456789", figures)


OUTPUT = Output("advise", "Rådgivning", "Varje råd", "staden", "Staden", "", Figure(500, Quality.ESTIMATED))
AGGREGATE = Aggregate(
    "Staden",
    2026,
    MADE,
    is_demonstration=False,
    rounds=(round_of({"staden": (4, 6, 10)}),),
    outputs=(OUTPUT,),
)
