"""Reads counters of outputs from questions/counters/*.toml, and the units at which they are shown from
questions/counting/units.toml."""

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from kiosk.domain.counters import Counter, ShownCounters, Target
from kiosk.library.definition import (
    Read,
    Table,
    definition_files,
    is_there,
    read_definition,
    refuse_taken,
    strictly,
)

MOST_COUNTERS = 30
"""Most counters of a file, and most open counters if one is added at the desk: staff look for one of them on
a telephone."""
MOST_TARGETS = 20
"""Most targets of a file."""

MOST_ROWS = 200
"""Most counters whose units are chosen, closed ones included."""

UNITS_FILE = "counting/units.toml"
"""Path, in a folder of definitions, of the file with the units of counters."""


def read_counters(path: Path, taken: Mapping[str, Counter]) -> tuple[Counter, ...]:
    """Return the counters in one file, in order: [[counters]], and the [[targets]] of those with `by_target =
    true`. `taken` maps the ids of other files' counters to them.

    Raises DefinitionError, with the line, for any fault, and for an id in `taken`, since a figure belongs to
    one counter.
    """
    table, _ = read_definition(path)
    targets: list[Target] = []
    if "targets" in table.values:
        for row in table.tables("targets", at_least=1, at_most=MOST_TARGETS):
            target = Target(row.identifier("id"), row.text("name"), row.optional_flag("closed"))
            if target.id in {other.id for other in targets}:
                raise row.error("id", f"{target.id!r} occurs twice; every target needs its own id")
            row.finish()
            targets.append(target)
    counters: list[Counter] = []
    for row in table.tables("counters", at_least=1, at_most=MOST_COUNTERS):
        counter = _read_counter(row, tuple(targets))
        if counter.id in {*taken, *(other.id for other in counters)}:
            raise row.error("id", f"there is a counter {counter.id!r} already; choose another id")
        counters.append(counter)
    table.finish()
    return tuple(counters)


def _read_counter(row: Table, targets: tuple[Target, ...]) -> Counter:
    is_total, is_by_target = row.optional_flag("total"), row.optional_flag("by_target")
    if is_total and is_by_target:
        raise row.error("by_target", "a total is not counted with taps; remove one of total and by_target")
    if is_by_target and not targets:
        raise row.error("by_target", "there are no [[targets]] in the file; add them")
    is_optional, is_closed = row.optional_flag("optional"), row.optional_flag("closed")
    if is_total and is_optional:
        raise row.error("optional", "a total is not shown at units; remove one of total and optional")
    counter = Counter(
        row.identifier("id"),
        row.text("name"),
        row.text("definition"),
        is_total,
        targets if is_by_target else (),
        is_optional,
        is_closed,
    )
    row.finish()
    return counter


def read_all_counters(folders: list[Path], read: Read = strictly) -> dict[str, Counter]:
    """Return all counters in the subfolders `counters` of the folders, by id, in the order of the files. A
    file name or an id that an earlier file has is a fault of the later file. `read` decides what happens to a
    faulty file: `strictly` raises DefinitionError. A file without a replacement is left out."""
    counters: dict[str, Counter] = {}
    names: set[str] = set()
    for folder in folders:
        for path in definition_files(folder / "counters", read):
            of_file = read(path, partial(_read_new, names=frozenset(names), taken=dict(counters)))
            names.add(path.stem)
            counters |= {counter.id: counter for counter in of_file or ()}
    return counters


def _read_new(path: Path, names: frozenset[str], taken: Mapping[str, Counter]) -> tuple[Counter, ...]:
    """Return the counters in one file as `read_counters`. Raises DefinitionError also if the file's name is
    in `names`, those of earlier files, without .toml."""
    refuse_taken(path, names)
    return read_counters(path, taken)


def read_shown_counters(folder: Path, counters: Collection[str], read: Read = strictly) -> ShownCounters:
    """Return the units that the file UNITS_FILE of a folder chooses for counters; no choices without a file,
    or if `read` has no replacement for a faulty one. `counters` are the known ids."""
    path = folder / UNITS_FILE
    shown = read(path, partial(_read_units, counters=counters)) if is_there(path) else None
    return shown or ShownCounters()


def _read_units(path: Path, counters: Collection[str]) -> ShownCounters:
    """Return the choices of one file: [[counters]] with `id` and `units`.

    Raises DefinitionError for an unknown counter or one that occurs twice. A unit that is in no tree is no
    error: trees are edited on their own.
    """
    table, _ = read_definition(path)
    units: dict[str, frozenset[str]] = {}
    for row in table.tables("counters", at_least=1, at_most=MOST_ROWS):
        counter = row.identifier("id")
        if counter not in counters:
            raise row.error("id", f"no counter is called {counter!r}; choose one of: {', '.join(counters)}")
        if counter in units:
            raise row.error("id", f"{counter!r} occurs twice; remove one of them")
        units[counter] = frozenset(row.optional_identifiers("units"))
        row.finish()
    table.finish()
    return ShownCounters(units)
