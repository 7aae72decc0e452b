"""`make attack`: runs the attacks against the program, each with its bound and its control.

Prints a table for each attack and writes it to docs/attack.md, which docs/anonymity.md cites. Tables of
attacks that were not run are kept. The exit status is 1 if a bound is exceeded or an attack does not succeed
on its control.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tests.attack.finding import Finding, Scale
from tests.attack.watched import NotPossibleHere

ATTACKS = (
    "reconstruction",
    "siblings",
    "groupings",
    "stuffing",
    "steering",
    "protected",
    "certainty",
    "several",
    "follow_up",
    "play_guard",
    "blindness",
    "traces",
    "residue",
    "memory",
    "next_guest",
    "next_guest_firefox",
    "offline",
    "year",
    "randomness",
    "views",
    "mail",
)

REPORT = Path(__file__).parents[2] / "docs" / "attack.md"

HEAD = """# Results of the attacks

Printed by `make attack`; do not edit. Each row is an attack on the running code, its result, the bound
that the product must keep, and the result of the same attack on a leaky variant, its control. "Not promised"
marks a bound that is measured and that the product does not promise to keep.
"""

COLUMNS = """| attack | result | bound | kept | control |
|---|---|---|---|---|
"""


def row(finding: Finding) -> str:
    """Return a finding as one line of a Markdown table."""
    if isinstance(finding, NotPossibleHere):
        kept, control = "**not tried**", "not tried"
    else:
        kept = ("yes" if finding.held else "**no**") + ("" if finding.is_promised else ", not promised")
        control = finding.control if finding.control_caught else f"{finding.control} **not caught**"
    cells = (finding.attack, finding.figure, finding.bar, kept, control)
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _git(*words: str) -> str:
    ran = subprocess.run(["git", *words], cwd=REPORT.parents[1], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def section(name: str, rows: list[str]) -> str:
    """Return an attack's section of the report: its table of `rows`, and the commit on which it was run."""
    state = _git("rev-parse", "--short", "HEAD")
    if _git("status", "--porcelain", "--", ".", f":!{REPORT.relative_to(REPORT.parents[1])}"):
        state += ", with changes since"
    return f"## {name}\n\nRun at commit {state}.\n\n{COLUMNS}" + "\n".join(rows) + "\n"


def sections(report: str) -> dict[str, str]:
    """Return name of an attack -> its section of the report."""
    parts = re.split(r"^(?=## )", report, flags=re.MULTILINE)[1:]
    return {one.split("\n", 1)[0].removeprefix("## "): one.strip() + "\n" for one in parts}


def main(names: list[str]) -> int:
    """Run the attacks with these names, or all. Returns the exit status."""
    are_good = True
    for name in names or ATTACKS:
        attack: Callable[[Scale], list[Finding]] = import_module(f"tests.attack.{name}").run
        rows = []
        for finding in attack(Scale.FULL):
            rows.append(row(finding))
            print(rows[-1], flush=True)
            are_good = are_good and finding.is_good
        kept = {**sections(REPORT.read_text(encoding="utf-8")), name: section(name, rows)}
        in_order = [kept[one] for one in ATTACKS if one in kept]
        REPORT.write_text("\n".join([HEAD, *in_order]), encoding="utf-8")
    return 0 if are_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
