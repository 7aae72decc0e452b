"""Counters of outputs that are edited in the browser. An own counter has a file of its own; units are chosen
for own and shipped ones.

A counter keeps its id, under which its figures are stored, when its name changes. One with figures is closed
for new taps, never removed.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiosk.domain.counters import Counter
from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.library.changes import Changes, RefusedError, change_files, exclusively
from kiosk.library.counters import MOST_COUNTERS, MOST_TARGETS, UNITS_FILE
from kiosk.library.definition import DefinitionError, is_there, read_table
from kiosk.library.definition_toml import definition_toml
from kiosk.library.drafts import ChangedError, new_id, refuse_bad
from kiosk.library.field_faults import FieldError, FieldFault
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import QUESTIONS
from kiosk.library.text_rules import can_be_read, find_fault, tidied
from kiosk.settings import Settings

LONGEST_COUNTER_NAME = 60
"""Most characters of a counter's name: it stands on a button."""

LONGEST_COUNTER_DEFINITION = 300
"""Most characters of a definition: it stands below the button on a telephone."""

_FOLDER = Path(QUESTIONS) / "counters"
_UNITS = Path(QUESTIONS) / UNITS_FILE


@dataclass(frozen=True)
class TargetDraft:
    """A target of a counter that is edited. `id` is "" for a new one; one without a name is removed."""

    id: str
    name: str
    is_closed: bool = False


@dataclass(frozen=True)
class CounterDraft:
    """A counter that is edited, with its targets and the ids of the units at which it is shown. For a shipped
    counter, only `units` is used."""

    name: str
    definition: str
    units: frozenset[str]
    is_closed: bool = False
    targets: tuple[TargetDraft, ...] = ()


def counter_draft(library: Library, counter_id: str) -> CounterDraft:
    """Return a counter as a draft. A closed counter has the units at which it would be shown if it were open;
    a total, which nobody taps, has none. Raises KeyError for an unknown id."""
    counter = library.counters[counter_id]
    opened = replace(counter, is_closed=False)
    units = frozenset(unit for unit in library.units if library.choices.is_shown(opened, unit))
    targets = tuple(TargetDraft(target.id, target.name, target.is_closed) for target in counter.targets)
    return CounterDraft(counter.name, counter.definition, units, counter.is_closed, targets)


def draft_digest(library: Library, counter_id: str) -> str:
    """Return a digest of the values in a counter's form: 32 hex digits of SHA-256, by which `rewrite_counter`
    notices that somebody else changed it. Raises KeyError for an unknown id."""
    draft = counter_draft(library, counter_id)
    targets = [[target.id, target.name, target.is_closed] for target in draft.targets]
    shown = [draft.name, draft.definition, sorted(draft.units), draft.is_closed, *targets]
    return short_hash(json.dumps(shown), 32)


def own_counter_path(settings: Settings, counter_id: str) -> Path | None:
    """Return the path, relative to KIOSK_DATA, of the file that has an own counter; None if no file that is
    valid TOML has it. The file may have other faults (`refuse_bad`)."""
    folder = settings.data / _FOLDER
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        with suppress(DefinitionError):
            if any(row.get("id") == counter_id for row in _rows(read_table(path).values)):
                return _FOLDER / path.name
    return None


def shares_targets(settings: Settings, counter_id: str) -> bool:
    """Return whether another counter in an own counter's file has targets: a file has one list of targets.
    Then they can only be changed in the file, by hand. Returns False for a shipped counter."""
    path = own_counter_path(settings, counter_id)
    rows = _rows(read_table(settings.data / path).values) if path else []
    return any(row.get("by_target") and row.get("id") != counter_id for row in rows)


def _rows(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the [[counters]] of a file; [] if they are no list of tables."""
    rows = values.get("counters")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def add_counter(settings: Settings, draft: CounterDraft, used: Collection[str]) -> tuple[Library, Counter]:
    """Write a new counter in a file of its own, under an id made from its name, and return the new library
    and the counter. `used` are the ids under which figures are stored: the new counter gets none of them.

    Raises FieldError for faults in the form, and RefusedError if the counter cannot be read or written, or
    the file of units cannot be read. An error leaves everything unchanged.
    """
    draft = _with_known_targets(_tidied(draft), ())
    with exclusively(settings):
        current = read_usable_library(settings)
        _refuse_faults(draft, current, "")
        folder = settings.data / _FOLDER
        stems = {path.name.partition(".")[0] for path in folder.iterdir()} if folder.is_dir() else set()
        counter_id = new_id(draft.name, {*current.counters, *stems, *used}, "counter")
        row = {"id": counter_id, "name": draft.name, "definition": draft.definition}
        content = definition_toml(_with_targets({"id": counter_id, "counters": [row]}, counter_id, draft, ()))
        counter = Counter(counter_id, draft.name, draft.definition)
        changes: Changes = {
            _FOLDER / f"{counter_id}.toml": content.encode(),
            **_units_change(settings, current, counter, draft.units),
        }
        library = change_files(settings, changes)
    return library, library.counters[counter_id]


def rewrite_counter(
    settings: Settings, counter_id: str, draft: CounterDraft, seen: str, used: Collection[str]
) -> Library:
    """Write a changed counter, and return the new library. Of a shipped counter, nothing but the units
    changes. Targets that another counter of the file has too do not change (`shares_targets`).

    `used` are the ids of the counter's targets with figures: they are renamed or closed, never removed, and
    no new target gets one of them. `seen` is the digest (`draft_digest`) of the counter that was edited.
    Raises ChangedError if the counter has changed since or is gone, FieldError for faults in the form, and
    RefusedError if a file cannot be read or written. An error leaves everything unchanged.
    """
    draft = _tidied(draft)
    with exclusively(settings):
        current = read_usable_library(settings)
        if counter_id not in current.counters or seen != draft_digest(current, counter_id):
            raise ChangedError
        path, changes = own_counter_path(settings, counter_id), dict[Path, bytes | None]()
        if path is not None:
            refuse_bad(current, path)
            if shares_targets(settings, counter_id):
                draft = replace(draft, targets=counter_draft(current, counter_id).targets)
            draft = _with_known_targets(draft, {target.id for target in current.counters[counter_id].targets})
            _refuse_faults(draft, current, counter_id, used)
            changes[path] = _changed_file(settings, path, counter_id, draft, used).encode()
        changes |= _units_change(settings, current, current.counters[counter_id], draft.units)
        return change_files(settings, changes) if changes else current


def remove_counter(settings: Settings, counter_id: str) -> Library:
    """Remove an own counter from its file and from the file of units, and return the new library. A file
    without counters is removed. For a missing or shipped counter, and for one whose file is no valid TOML,
    nothing changes. The caller has checked that the counter has no figures.

    Raises RefusedError, and changes nothing, if a theory of change measures a box with the counter, or a file
    cannot be read or written.
    """
    with exclusively(settings):
        current = read_usable_library(settings)
        if titles := theories_with(current, counter_id):
            values = {"title": titles[0]}
            raise RefusedError(
                Message("Förändringsteorin ”{title}” mäts med den. Ändra teorin först.", values)
            )
        path = own_counter_path(settings, counter_id)
        if path is None:
            return current
        refuse_bad(current, path)
        table = read_table(settings.data / path).values
        rows = [row for row in table["counters"] if row["id"] != counter_id]
        content = definition_toml({**table, "counters": rows}).encode() if rows else None
        changes: Changes = {path: content, **_units_change(settings, current, None, (), counter_id)}
        return change_files(settings, changes)


def theories_with(library: Library, counter_id: str) -> list[str]:
    """Return the titles of the theories of change that measure a box with a counter."""
    return [
        theory.title
        for theory in library.theories.values()
        if any(box.measure and box.measure.counter == counter_id for box in theory.boxes)
    ]


def _changed_file(
    settings: Settings, path: Path, counter_id: str, draft: CounterDraft, used: Collection[str]
) -> str:
    """Return the TOML text of an own file in which one counter is changed. All other keys are kept. `used` is
    as in `_with_targets`."""
    values = read_table(settings.data / path).values
    changed = {"name": draft.name, "definition": draft.definition}
    rows = []
    for row in values["counters"]:
        if row["id"] == counter_id:
            kept = {key: value for key, value in row.items() if key != "closed"}
            rows.append({**kept, **changed, **({"closed": True} if draft.is_closed else {})})
        else:
            rows.append(row)
    values = {**values, "counters": rows}
    if not shares_targets(settings, counter_id):
        values = _with_targets(values, counter_id, draft, used)
    return definition_toml(values)


def _with_targets(
    values: Mapping[str, Any], counter_id: str, draft: CounterDraft, used: Collection[str]
) -> dict[str, Any]:
    """Return a file's values with the named targets of a draft, and the counter's `by_target` if there are
    any. A new target gets an id made from its name, which is none of `used`."""
    taken, targets = {*used, *(target.id for target in draft.targets)}, list[dict[str, Any]]()
    for target in (named for named in draft.targets if named.name):
        target_id = target.id or new_id(target.name, taken, "target")
        taken.add(target_id)
        closed = {"closed": True} if target.is_closed else {}
        targets.append({"id": target_id, "name": target.name, **closed})
    rows = []
    for row in values["counters"]:
        if row["id"] == counter_id:
            kept = {key: value for key, value in row.items() if key != "by_target"}
            rows.append({**kept, **({"by_target": True} if targets else {})})
        else:
            rows.append(row)
    others = {key: value for key, value in values.items() if key != "targets"}
    return {**others, "counters": rows, **({"targets": targets} if targets else {})}


def _units_change(
    settings: Settings,
    library: Library,
    counter: Counter | None,
    units: Collection[str],
    removed: str = "",
) -> dict[Path, bytes | None]:
    """Return the change of the file of units by which `counter` is shown at `units`, if it is not None, and
    the row of the counter with the id `removed`, if it is not "", is deleted; {} if nothing changes.

    A counter at every unit needs no row, unless it is optional: without a row, it is shown at units that are
    added later, too. `units` that are in no tree are left out. A file without rows is removed. Raises
    RefusedError if the file of units cannot be read.
    """
    path = settings.data / _UNITS
    refuse_bad(library, _UNITS)
    rows = _rows(read_table(path).values) if is_there(path) else []
    kept = [row for row in rows if row["id"] not in {removed, counter.id if counter else ""}]
    if counter and (counter.is_optional or set(library.units) - set(units)):
        chosen = [unit for unit in library.units if unit in units]
        if chosen or not counter.is_optional:
            kept.append({"id": counter.id, "units": chosen})
    if kept == rows:
        return {}
    if not kept:
        return {_UNITS: None}
    return {_UNITS: definition_toml({"id": _UNITS.stem, "counters": kept}).encode()}


def _tidied(draft: CounterDraft) -> CounterDraft:
    """Return the draft with its texts normalised, without new targets that have no name."""
    targets = tuple(replace(target, name=tidied(target.name)) for target in draft.targets)
    named = tuple(target for target in targets if target.id or can_be_read(target.name))
    return replace(draft, name=tidied(draft.name), definition=tidied(draft.definition), targets=named)


def _with_known_targets(draft: CounterDraft, known: Collection[str]) -> CounterDraft:
    """Return the draft, in which each target whose id is not in `known` is a new, open one."""
    targets = (
        target if target.id in known else replace(target, id="", is_closed=False) for target in draft.targets
    )
    return replace(draft, targets=tuple(targets))


def _refuse_faults(
    draft: CounterDraft, library: Library, counter_id: str, used: Collection[str] = ()
) -> None:
    """Raise FieldError, with every fault at once, if the draft has one. `counter_id` is "" for a new counter;
    `used` are the ids of its targets with figures."""
    faults = (*_faults(draft, library, counter_id), *_target_faults(draft, library, counter_id, used))
    if faults:
        raise FieldError(*faults)


def _faults(draft: CounterDraft, library: Library, counter_id: str) -> Iterator[FieldFault]:
    """Yield the faults of a counter's name and definition, and a fault if it is open and one of over
    MOST_COUNTERS open counters."""
    others = [counter for counter in library.counters.values() if counter.id != counter_id]
    if not can_be_read(draft.name):
        yield FieldFault("name", Message("Skriv vad som räknas.", {}))
    elif fault := find_fault(draft.name, LONGEST_COUNTER_NAME):
        yield FieldFault("name", Message("Namnet: {problem}", {"problem": fault.message}))
    elif draft.name.casefold() in {counter.name.casefold() for counter in others}:
        yield FieldFault("name", Message("Det finns redan en knapp som heter {name}.", {"name": draft.name}))
    if not can_be_read(draft.definition):
        message = Message("Skriv när personalen ska trycka, så att alla räknar lika.", {})
        yield FieldFault("definition", message)
    elif fault := find_fault(draft.definition, LONGEST_COUNTER_DEFINITION):
        yield FieldFault("definition", Message("Förklaringen: {problem}", {"problem": fault.message}))
    if not draft.is_closed and sum(not counter.is_closed for counter in others) >= MOST_COUNTERS:
        message = Message("Högst {most} knappar. Stäng en först.", {"most": MOST_COUNTERS})
        yield FieldFault("name", message)


def _target_faults(
    draft: CounterDraft, library: Library, counter_id: str, used: Collection[str]
) -> Iterator[FieldFault]:
    """Yield the faults of the targets, also for the removal of a target with figures: `used` are the ids of
    such targets. The field of a fault is target-N: N counts the draft's targets from 1. `draft` has no new
    targets without a name."""
    counter = library.counters.get(counter_id)
    known = {target.id: target.name for target in counter.targets} if counter else {}
    names: set[str] = set()
    kept = {target.id for target in draft.targets if can_be_read(target.name)}
    places = {target.id: number for number, target in enumerate(draft.targets, start=1)}
    for target_id in (known_id for known_id in known if known_id in used and known_id not in kept):
        values = {"name": known[target_id]}
        message = Message("{name} har siffror. Stäng målet i stället: siffrorna står kvar.", values)
        yield FieldFault(f"target-{places.get(target_id, 1)}", message)
    for number, target in enumerate(draft.targets, start=1):
        field = f"target-{number}"
        if not can_be_read(target.name):
            continue
        if fault := find_fault(target.name, LONGEST_COUNTER_NAME):
            yield FieldFault(field, Message("Målet: {problem}", {"problem": fault.message}))
        elif target.name.casefold() in names:
            yield FieldFault(field, Message("Målet {name} finns två gånger.", {"name": target.name}))
        names.add(target.name.casefold())
    if len(names) > MOST_TARGETS:
        yield FieldFault("target-1", Message("Högst {most} mål.", {"most": MOST_TARGETS}))
