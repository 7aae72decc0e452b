"""`make attack`: the adversary against the product, every figure beside its bar and its control.

Prints one table and writes it to docs/attack.md, which docs/anonymity.md quotes from. Ends with status 1 if a
bar is not kept or a control not caught.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tests.attack.finding import Finding, Scale
from tests.attack.watched import NotPossibleHere

ATTACKS = (
    "reconstruction",
    "siblings",
    "stuffing",
    "blindness",
    "traces",
    "residue",
    "next_guest",
    "next_guest_firefox",
    "offline",
    "year",
    "randomness",
    "views",
)

REPORT = Path(__file__).parents[2] / "docs" / "attack.md"

HEAD = """# What the adversary found

Printed by `make attack`; do not edit. Each row is an attack on the running code, the figure it reached, the
bar the product must keep, and what the same attack reaches on a leaky variant, its control.

| attack | found | bar | kept | control |
|---|---|---|---|---|
"""


def row(finding: Finding) -> str:
    """One line of the table."""
    if isinstance(finding, NotPossibleHere):
        kept, control = "**not tried**", "not tried"
    else:
        kept = "yes" if finding.held else "**no**"
        control = finding.control if finding.control_caught else f"{finding.control} **not caught**"
    cells = (finding.attack, finding.figure, finding.bar, kept, control)
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def main(names: list[str]) -> int:
    """Run the attacks named, or all; the exit status."""
    chosen = names or list(ATTACKS)
    rows, are_good = [], True
    for name in chosen:
        attack: Callable[[Scale], list[Finding]] = import_module(f"tests.attack.{name}").run
        for finding in attack(Scale.FULL):
            rows.append(row(finding))
            print(rows[-1], flush=True)
            are_good = are_good and finding.is_good
    if chosen == list(ATTACKS):
        REPORT.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return 0 if are_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
