"""The snapshot says for each node how many batches with noise its figures have."""

from dataclasses import replace

from kiosk.domain.rounds import Protection
from kiosk.domain.snapshot import RoundTally, make_snapshot
from tests.tools.builders import MONDAY, a_round, tree


def test_a_node_has_the_batches_of_its_own_and_of_all_nodes_below_it() -> None:
    of_round = replace(a_round(tree("a", "b", "c")), protection=Protection.PROTECTED)
    counted = RoundTally(of_round, True, {}, {}, batches={"a": 3, "b": 2, "root": 1})
    [document] = make_snapshot([counted], MONDAY, demonstration=False)["rounds"]
    assert {node["id"]: node.get("batches", 0) for node in document["nodes"]} == {
        "root": 6, "a": 3, "b": 2, "c": 0,
    }  # fmt: skip
