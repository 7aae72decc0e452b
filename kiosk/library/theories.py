"""Reads theories of change from questions/theories/*.toml."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kiosk.domain.theory import Goal, Layer, Measure, Theory, TheoryBox, find_loop
from kiosk.library.definition import (
    Read,
    Table,
    definition_files,
    read_definition,
    refuse_taken,
    strictly,
)

MOST_BOXES = 20
"""Most boxes of a layer."""
MOST_GOALS = 10
"""Most goals of a theory."""

MEASURED = (Layer.OUTPUTS, Layer.RESULTS, Layer.EFFECTS)
"""Layers whose boxes have a measure."""


@dataclass(frozen=True)
class KnownIds:
    """Ids that a theory may name: counters, statements of any survey, nodes of any tree."""

    counters: Collection[str]
    statements: Collection[str]
    places: Collection[str]


def read_theory(path: Path, known: KnownIds) -> Theory:
    """Return the theory in a file. Raises DefinitionError, with the line, for any fault, such as a loop or an
    id that is not known."""
    table, theory_id = read_definition(path)
    title, source, licence = table.text("title"), table.text("source"), table.text("licence")
    definition, target_group = table.text("definition"), table.text("target_group")
    place = _known_id(table, "place", known.places, "place in a tree") if "place" in table.values else ""
    results_label = table.optional_text("results_label") or "Resultat"
    goals = tuple(_goals(table, known))
    rows = [(layer, row) for layer in Layer for row in table.tables(layer, at_least=1, at_most=MOST_BOXES)]
    boxes: list[TheoryBox] = []
    for layer, row in rows:
        box = _read_box(row, layer, known, len(goals))
        if box.id in {other.id for other in boxes}:
            raise row.error("id", f"{box.id!r} occurs twice; every box needs its own id")
        boxes.append(box)
    _check_links([row for _, row in rows], boxes)
    table.finish()
    return Theory(
        theory_id, title, source, licence, definition, target_group, place, results_label, goals, tuple(boxes)
    )


def _goals(table: Table, known: KnownIds) -> list[Goal]:
    """Return the [[goals]], numbered from 1; [] if the file has none. Raises DefinitionError for over
    MOST_GOALS, or a statement that is not known."""
    if "goals" not in table.values:
        return []
    goals = []
    for number, row in enumerate(table.tables("goals", at_least=1, at_most=MOST_GOALS), start=1):
        goals.append(Goal(number, row.text("text"), _known_statements(row, known)))
        row.finish()
    return goals


def _read_box(row: Table, layer: Layer, known: KnownIds, goals: int) -> TheoryBox:
    """Return the box in a section; `goals` is the number of goals, which it may name by number. Raises
    DefinitionError for any fault."""
    box = TheoryBox(
        row.identifier("id"),
        layer,
        row.text("text"),
        row.optional_identifiers("leads_to"),
        row.optional_numbers("goals", goals),
        _read_measure(row, layer, known) if layer in MEASURED else None,
    )
    row.finish()
    return box


def _read_measure(row: Table, layer: Layer, known: KnownIds) -> Measure:
    """Return the measure of a box. Raises DefinitionError for a box that neither has one nor declares that it
    is not measured (`not_measured = true`), and for one with several."""
    is_gap = row.optional_flag("not_measured")
    statements = _known_statements(row, known)
    counter = _known_id(row, "counter", known.counters, "counter") if "counter" in row.values else ""
    row.asked.add("counter")
    if layer is Layer.OUTPUTS and statements:
        raise row.error("statements", "an output is counted, not asked for; name a counter instead")
    if is_gap + bool(statements) + bool(counter) != 1:
        measures = 'counter = "..."' + ("" if layer is Layer.OUTPUTS else ', statements = ["..."]')
        key = "counter" if counter else "statements" if statements else "not_measured" if is_gap else "id"
        raise row.error(key, f"say how this is measured, with one of: {measures} or not_measured = true")
    return Measure(counter, statements)


def _known_statements(row: Table, known: KnownIds) -> tuple[str, ...]:
    """Return the ids at the key `statements`, () without it. Raises DefinitionError for one that no survey
    has."""
    statements = row.optional_identifiers("statements")
    for statement in statements:
        _check_known(row, "statements", statement, known.statements, "statement in any survey")
    return statements


def _known_id(row: Table, key: str, ids: Collection[str], kind: str) -> str:
    """Return the id at a key. Raises DefinitionError if it is none of `ids`; `kind` says in words what these
    are."""
    return _check_known(row, key, row.identifier(key), ids, kind)


def _check_known(row: Table, key: str, name: str, ids: Collection[str], kind: str) -> str:
    """Return `name`. Raises DefinitionError if it is none of `ids`; `kind` says in words what these are."""
    if name not in ids:
        raise row.error(
            key, f"no {kind} is called {name!r}; choose one of: {', '.join(sorted(ids)) or 'none'}"
        )
    return name


def _check_links(rows: list[Table], boxes: list[TheoryBox]) -> None:
    """Raise DefinitionError for a box that leads to an unknown box, or back to itself."""
    ids = [box.id for box in boxes]
    for row, box in zip(rows, boxes, strict=True):
        for name in box.leads_to:
            _check_known(row, "leads_to", name, ids, "box")
    if loop := find_loop({box.id: box.leads_to for box in boxes}):
        row = rows[ids.index(loop[0])]
        raise row.error("leads_to", f"this is a loop: {' -> '.join(loop)}; remove one of its steps")


def read_theories(folders: list[Path], known: KnownIds, read: Read = strictly) -> dict[str, Theory]:
    """Return all theories in the subfolders `theories` of the folders, by id. An id that an earlier file has
    is a fault of the later file. `read` decides what happens to a faulty file: `strictly` raises
    DefinitionError. A file without a replacement is left out."""
    theories: dict[str, Theory] = {}
    for folder in folders:
        for path in definition_files(folder / "theories", read):
            theory = read(path, partial(_read_new, known=known, taken=frozenset(theories)))
            if theory is not None:
                theories[theory.id] = theory
    return theories


def _read_new(path: Path, known: KnownIds, taken: frozenset[str]) -> Theory:
    refuse_taken(path, taken)
    return read_theory(path, known)
