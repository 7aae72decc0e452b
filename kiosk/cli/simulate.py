"""A simulation of rounds, to see what a number of guests would lead to."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TextIO

import click

from kiosk.cli.arguments import current_settings, pick, protection_option
from kiosk.cli.errors import report_errors
from kiosk.domain.rounds import ProtectionLevel
from kiosk.domain.tree import Tree
from kiosk.library.check import read_checked
from kiosk.library.library import Library
from kiosk.library.trees import flat_tree, read_tree
from kiosk.operation.simulate import Arrival, ArrivalError, RefusedArrivals, plan_for, read_arrivals, simulate


@click.command(name="simulate")
@click.option("--arrivals", type=click.File("r", encoding="utf-8"), required=True, help="JSON lines.")
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-", help="JSON lines.")
@click.option("--k", default=5, show_default=True, help="Fewest ballots counted together.")
@click.option("--days", type=int, help="Length of the round; up to the last arrival if not given.")
@click.option("--units", help="Unit ids with commas between, or a tree file; else those that arrive.")
@click.option("--survey", default="ombudsmannaskap", show_default=True, help="Id of a survey, or a file.")
@click.option("--seed", type=int, help="For tests only: draw batches and noise with a seeded generator.")
@protection_option("The noise of figures: strong has twice that of protected, exact has none.")
@report_errors
def simulate_command(
    arrivals: TextIO,
    out: TextIO,
    k: int,
    days: int | None,
    units: str | None,
    survey: str,
    seed: int | None,
    protection: str,
) -> None:
    """Run the production code on a temporary database with a simulated clock.

    Each line of --arrivals has a guest's `at` (local time, such as 2026-03-02T10:15:00), `unit` and
    `answers`: statement id -> number of the option, 1 for the lowest; a missing statement is no answer. Each
    line of --out has `at`, the time of a count that changed the figures, and `snapshot`.
    """
    settings = current_settings()
    is_file = survey.endswith(".toml")
    library = read_checked(settings, [Path(survey)] if is_file else [])
    asked = pick(library.surveys, Path(survey).stem if is_file else survey, "survey")
    guests = read_arrivals(arrivals, arrivals.name, asked)
    plan = plan_for(guests, asked, _tree(units, guests, library), k, days)
    level = ProtectionLevel(protection)
    plan = replace(plan, protection=level.protection, epsilon=level.epsilon)
    unknown = sorted({arrival.unit for arrival in guests} - set(plan.tree.leaves))
    if unknown:
        raise ArrivalError(
            f"{arrivals.name}: no unit {unknown[0]!r}; there are: {', '.join(plan.tree.leaves)}"
        )
    refused = RefusedArrivals()
    rng = None if seed is None else Random(seed)  # noqa: S311 - for tests only
    for tick, snapshot in simulate(plan, guests, rng, refused):
        line = {"at": tick.isoformat(), "snapshot": snapshot}
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
    out.flush()
    if refused.ballots:
        click.echo(f"kiosk: {refused.ballots} of {len(guests)} came after closing, refused", err=True)


def _tree(units: str | None, arrivals: list[Arrival], library: Library) -> Tree:
    """Return the tree of the option --units: a file, the id of a tree in the library, or ids of units with
    commas between. Without the option, return a tree of the units of the arrivals. Raises DefinitionError for
    a file or id that cannot be used."""
    if units and units.endswith(".toml"):
        return read_tree(Path(units))
    if units and units in library.trees:
        return library.trees[units]
    names = units.split(",") if units else {arrival.unit for arrival in arrivals}
    return flat_tree(sorted({name.strip() for name in names} - {""}))
