"""The report contains each attack's table, and every bound was kept."""

from tests.attack.__main__ import ATTACKS, REPORT, sections

NOT_PROMISED = (
    "stuffing: 200 ballots",
    "near-certainty, protected round over the store, unhappy answers",
    "near-certainty of an observer who knows no other answer, protected rounds, unhappy answers",
    "parties of four who answer alike",
    "days that share a mood",
    "a month that turns",
)
"""Beginnings of the names of attacks whose bounds are measured but not promised; docs/anonymity.md names
each."""


def test_every_attack_has_a_table_in_the_report() -> None:
    assert list(sections(REPORT.read_text(encoding="utf-8"))) == list(ATTACKS)


def test_every_limit_was_kept_and_every_control_caught() -> None:
    report = REPORT.read_text(encoding="utf-8")
    rows = [
        line for line in report.splitlines() if line.startswith("| ") and not line.startswith("| attack |")
    ]
    assert rows
    for cells in (row.strip("| ").split(" | ") for row in rows):
        assert len(cells) == 5, cells
        if cells[0].startswith(NOT_PROMISED):
            assert cells[3] in {"yes, not promised", "**no**, not promised"}, cells
        else:
            assert cells[3] in {"yes", "**not tried**"}, cells
        assert "**not caught**" not in cells[4], cells
