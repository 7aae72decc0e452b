"""Writes a theory of change as the file that `theories.read_theory` reads."""

from collections.abc import Iterator

from kiosk.domain.theory import Goal, Theory, TheoryBox
from kiosk.library.drafts import quoted


def theory_toml(theory: Theory) -> str:
    """Return the TOML text of the theory's file. Reading it gives an equal theory, if that has no faults
    (`faults_of`) and a `results_label`."""
    lines = [
        f"id = {quoted(theory.id)}",
        f"title = {quoted(theory.title)}",
        f"source = {quoted(theory.source)}",
        f"licence = {quoted(theory.licence)}",
        *([f"place = {quoted(theory.place)}"] if theory.place else []),
        f"definition = {quoted(theory.definition)}",
        f"target_group = {quoted(theory.target_group)}",
        f"results_label = {quoted(theory.results_label)}",
    ]
    for goal in theory.goals:
        lines += ["", "[[goals]]", *_goal(goal)]
    for box in theory.boxes:
        lines += ["", f"[[{box.layer}]]", *_box(box)]
    return "\n".join(lines) + "\n"


def _goal(goal: Goal) -> Iterator[str]:
    yield f"text = {quoted(goal.text)}"
    yield from _ids("statements", goal.statements)


def _box(box: TheoryBox) -> Iterator[str]:
    yield f"id = {quoted(box.id)}"
    yield f"text = {quoted(box.text)}"
    if box.measure and box.measure.counter:
        yield f"counter = {quoted(box.measure.counter)}"
    if box.measure:
        yield from _ids("statements", box.measure.statements)
        if box.measure.is_gap:
            yield "not_measured = true"
    if box.goals:
        yield f"goals = {list(box.goals)}"
    yield from _ids("leads_to", box.leads_to)


def _ids(key: str, ids: tuple[str, ...]) -> Iterator[str]:
    """Yield the line of a list of ids; nothing for an empty list."""
    if ids:
        yield f"{key} = [{', '.join(map(quoted, ids))}]"
