"""docs/faults.md has the rows that `make faults` prints, and nothing is lost in them."""

import re
from pathlib import Path

import pytest

from tests.faults.__main__ import REPORT, TOPICS, earlier_sections
from tests.faults.fault import Outcome, Topic, cell, row

REPORTED = earlier_sections()


def cells(line: str) -> list[str]:
    return [text.strip() for text in re.split(r"(?<!\\)\|", line)[1:-1]]


def reported_rows(topic: Topic) -> dict[str, list[str]]:
    """Return the name of each row of a topic in the document -> its other cells."""
    lines = [cells(line) for line in REPORTED[topic.title].splitlines() if line.startswith("| ")][1:]
    return {name: others for name, *others in lines}


@pytest.mark.parametrize("name", TOPICS)
def test_the_document_lists_every_planted_fault(name: str) -> None:
    topic = TOPICS[name]
    assert list(reported_rows(topic)) == [cell(fault) for fault in topic.faults]


@pytest.mark.parametrize("name", TOPICS)
def test_no_fault_in_the_document_of_faults_loses_answers_unexpectedly(name: str) -> None:
    topic = TOPICS[name]
    by_decision = {cell(fault): loss for fault, loss in topic.expected_losses.items()}
    for fault, (_, _, lost) in reported_rows(topic).items():
        assert lost == by_decision.get(fault, "0"), fault
    assert "**" not in REPORTED[topic.title]


def test_unexpected_losses_are_marked_in_bold() -> None:
    """Control: what the test above looks for is printed."""
    assert row("A fault", Outcome("done", "", 3)).endswith("| **3** |")
    assert row("A fault", Outcome("done", "", 3), "what waited").endswith("| what waited |")
    assert row("A fault", Outcome("done", "", 0), "what waited").endswith("| 0 |")


CHEAP = [
    ("keys", "The key of one box is missing: `count`"),
    ("backups", "Broken: truncated"),
    ("backups", "Edited: k of one"),
    ("files", "`a02_version_formula.xlsx`"),
    ("files", "`p05_cr_only.po`"),
    ("files", "`backslash.toml`"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("topic", "fault"), CHEAP)
def test_a_fault_planted_now_gives_the_row_of_the_document(topic: str, fault: str, tmp_path: Path) -> None:
    assert row(fault, TOPICS[topic].faults[fault](tmp_path)) in REPORT.read_text("utf-8")
