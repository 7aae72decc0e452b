"""Follow-ups over the real store: batches while a round runs, and the batch of small units at closing."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from kiosk.domain.ballot import NOT_ASKED, Ballot
from kiosk.domain.rounds import Protection, PublicationTime
from kiosk.domain.snapshot import Document
from kiosk.domain.tally import asked_by, follows_table, statement_tally_from_json
from kiosk.storage import read_dump
from tests.attack.follow_up import SURVEY, possible_ballots, veil_of_its_own
from tests.tools.builders import MONDAY, a_round, a_store, tree
from tests.tools.published import nodes

WHY = SURVEY.columns[1]

ALMOST_ALIKE = [Ballot((1, 1)), Ballot((1, 1)), Ballot((1, 2)), Ballot((1, 2)), Ballot((1, 2))]
ANOTHER = Ballot((2, NOT_ASKED))


def rolled_up(folder: Path) -> Document:
    """Return the figures after an exact round in which two units have three ballots each, all but one with an
    answer that is followed: at closing they are counted as one batch of their parent."""
    store = a_store(folder)
    of_round = replace(a_round(tree("a", "b")), survey=SURVEY, protection=Protection.EXACT)
    store.open_round(of_round, MONDAY)
    for at, one in enumerate([*ALMOST_ALIKE, ANOTHER]):
        store.cast("r", "ab"[at % 2], one, MONDAY)
    store.count(of_round.closes_at)
    snapshot = store.snapshot()
    read_dump(store.dump())
    store.close()
    return snapshot


def tells_the_withheld_answer(snapshot: Document) -> bool:
    """Whether the parent's follow-up has a ballot that was not asked, where its statement withholds one."""
    tables = nodes(snapshot)["root"]["statements"]
    return bool(tables["safe"]["withheld"] == 1 and tables["why"]["not_asked"] > 0)


def test_the_batch_of_small_units_withholds_a_follow_up_with_its_statement(tmp_path: Path) -> None:
    snapshot = rolled_up(tmp_path)
    assert [nodes(snapshot)[unit]["answered"] for unit in ("root", "a", "b")] == [6, None, None]
    safe, why = nodes(snapshot)["root"]["statements"].values()
    assert (safe["counts"], safe["withheld"]) == ([5, 0], 1)
    assert (why["counts"], why["withheld"], why["not_asked"]) == ([0, 0], 6, 0)
    assert not tells_the_withheld_answer(snapshot)


def test_the_check_catches_a_follow_up_with_a_veil_of_its_own(tmp_path: Path) -> None:
    """Control."""
    with (
        patch("kiosk.storage.tallies.veiled", veil_of_its_own),
        patch("tests.storage.test_follow_up.read_dump", lambda tables: tables),
    ):
        assert tells_the_withheld_answer(rolled_up(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("protection", list(Protection))
def test_after_each_count_a_follow_up_agrees_with_its_statement(
    tmp_path: Path, protection: Protection
) -> None:
    is_protected = protection is Protection.PROTECTED
    store, rng = a_store(tmp_path, rng=Random(3)), Random(4)
    of_round = replace(
        a_round(tree("a", "b")), survey=SURVEY, protection=protection, figures=PublicationTime.LIVE
    )
    store.open_round(of_round, MONDAY)
    seen = set()
    for day in range(8):
        now = MONDAY + timedelta(days=day)
        for one in rng.choices(possible_ballots(), k=24):
            store.cast("r", rng.choice("ab"), one, now)
        store.count(of_round.closes_at if day == 7 else now.replace(hour=17))
        for node in nodes(store.snapshot()).values():
            if node["answered"] is None:
                continue
            safe, why = (
                statement_tally_from_json(node["statements"][column.id]) for column in SURVEY.columns
            )
            assert follows_table(why, WHY, safe, of_round.k, is_protected=is_protected)
            if is_protected:
                assert why.answered == asked_by(safe, WHY)
            seen.add((node["id"], node["answered"]))
        read_dump(store.dump())
    assert len([1 for name, _ in seen if name == "root"]) > 2, "several counts changed the figures"
    store.close()
