"""Trees of units that are edited in the browser, stored as the installation's own files.

A unit keeps its id when it is renamed or moved, so its figures can be compared with earlier ones. A unit that
closes stays in the file, so no other unit gets its id; it is left out of the tree that later rounds use.
Rounds have frozen their own copies of the tree.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.domain.message import Message
from kiosk.domain.respondent import Respondent
from kiosk.domain.short_hash import short_hash
from kiosk.library.changes import change_files, exclusively
from kiosk.library.definition import is_there, read_table, read_text
from kiosk.library.definition_toml import definition_toml
from kiosk.library.drafts import ChangedError, new_id, refuse_bad
from kiosk.library.field_faults import FieldError, FieldFault
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import QUESTIONS
from kiosk.library.text_rules import find_fault, tidied
from kiosk.library.trees import MOST_UNITS
from kiosk.settings import Settings

LONGEST_UNIT_NAME = 80
"""Most characters of the name of a unit, an area or an organisation."""


@dataclass(frozen=True)
class UnitDraft:
    """A row of the form: a unit or an area, which is a group of units.

    `key` is its id, or the name of its row if it is new. `parent` is the key of the row above it in the tree;
    "" if that is the organisation itself. `respondent` is the word for those who answer there, None for the
    word of the row above.
    """

    key: str
    name: str
    parent: str
    is_closed: bool = False
    respondent: Respondent | None = None


@dataclass(frozen=True)
class TreeDraft:
    """An organisation with its units and areas, in the order of the form. No two have the same `key`."""

    name: str
    units: tuple[UnitDraft, ...]
    respondent: Respondent = Respondent.GUEST


def tree_path(tree_id: str) -> Path:
    """Return the path of an own tree's file, relative to KIOSK_DATA. The file need not exist."""
    return Path(QUESTIONS) / "trees" / f"{tree_id}.toml"


def read_tree_draft(settings: Settings, tree_id: str) -> TreeDraft:
    """Return an own tree as a draft, with its closed units. Raises DefinitionError if its file is missing or
    no TOML. The caller has checked, with `refuse_bad`, that it is a tree: KeyError, TypeError or ValueError
    otherwise."""
    values = read_table(settings.data / tree_path(tree_id)).values
    units = tuple(
        UnitDraft(
            row["id"],
            tidied(row["name"]),
            row.get("parent", "") if row.get("parent") != tree_id else "",
            row.get("closed", False),
            Respondent(row["respondent"]) if "respondent" in row else None,
        )
        for row in values["units"]
    )
    return TreeDraft(tidied(values["name"]), units, Respondent(values.get("respondent", Respondent.GUEST)))


def tree_digest(settings: Settings, tree_id: str) -> str:
    """Return a digest of an own tree's file: 32 hex digits of SHA-256. Raises DefinitionError if it is
    missing or cannot be read."""
    return short_hash(read_text(settings.data / tree_path(tree_id)), 32)


def add_tree(settings: Settings, draft: TreeDraft, used: Collection[str] = ()) -> tuple[Library, str]:
    """Write a new tree under an id made from its name, and return the new library and the id.

    `used` has the ids of all units that had guests, which no new unit gets. Raises FieldError for faults in
    the form, and RefusedError if the tree, or another own tree, cannot be read or written. An error leaves
    everything unchanged.
    """
    draft = _tidied(draft)
    with exclusively(settings):
        current = read_usable_library(settings)
        taken = _taken(settings, current, used)
        _refuse_faults(draft, None, {}, _own_names(settings, current))
        tree_id = new_id(draft.name, taken, "organisation")
        content = _toml(tree_id, draft, {*taken, tree_id})
        return change_files(settings, {tree_path(tree_id): content}), tree_id


def rewrite_tree(
    settings: Settings,
    tree_id: str,
    draft: TreeDraft,
    seen: str,
    busy: Mapping[str, Message],
    used: Collection[str] = (),
) -> Library:
    """Write a changed own tree, and return the new library.

    `seen` is the digest (`tree_digest`) of the file that was edited. `busy` maps the id of each unit where
    guests answer to the reason why it must remain a unit. `used` has the ids of all units that had guests,
    which no new unit gets. Raises ChangedError if the file has changed since or is gone, or if the draft
    lacks a row of the file (a unit is closed instead); FieldError for faults in the form; and RefusedError if
    the tree, or another own tree, cannot be read or written. An error leaves everything unchanged.
    """
    draft, path = _tidied(draft), tree_path(tree_id)
    with exclusively(settings):
        current = read_usable_library(settings)
        refuse_bad(current, path)
        if not is_there(settings.data / path) or seen != tree_digest(settings, tree_id):
            raise ChangedError
        previous = read_tree_draft(settings, tree_id)
        kept = {unit.key for unit in draft.units}
        if any(unit.key not in kept for unit in previous.units):
            raise ChangedError
        # A tree from before names were checked can keep its name.
        names = _own_names(settings, current, except_for=tree_id) - {previous.name.casefold()}
        _refuse_faults(draft, previous, busy, names)
        return change_files(settings, {path: _toml(tree_id, draft, _taken(settings, current, used))})


def _taken(settings: Settings, library: Library, used: Collection[str]) -> set[str]:
    """Return the ids that no new unit or tree gets: those of all trees, closed units included, and `used`.

    Raises RefusedError if the file of an own tree cannot be read.
    """
    folder = settings.data / QUESTIONS / "trees"
    stems = {path.name.partition(".")[0] for path in folder.iterdir()} if folder.is_dir() else set()
    own = _own_trees(settings, library)
    for tree_id in own:
        refuse_bad(library, tree_path(tree_id))
    units = {unit.key for tree_id in own for unit in read_tree_draft(settings, tree_id).units}
    return {*library.places, *library.trees, *stems, *units, *used}


def _tidied(draft: TreeDraft) -> TreeDraft:
    units = (replace(unit, name=tidied(unit.name)) for unit in draft.units)
    return replace(draft, name=tidied(draft.name), units=tuple(units))


def _own_trees(settings: Settings, library: Library) -> set[str]:
    """Return the ids of the library's trees whose files are in KIOSK_DATA; trees that are left out are not
    among them."""
    return {tree_id for tree_id in library.trees if is_there(settings.data / tree_path(tree_id))}


def _own_names(settings: Settings, library: Library, except_for: str = "") -> set[str]:
    """Return the names of the organisations in KIOSK_DATA, casefolded, except that of the tree `except_for`.
    Names of shipped organisations are not among them: an own copy of one may keep its name."""
    own = _own_trees(settings, library) - {except_for}
    return {library.trees[tree_id].root.name.casefold() for tree_id in own}


def _refuse_faults(
    draft: TreeDraft, previous: TreeDraft | None, busy: Mapping[str, Message], names: Collection[str]
) -> None:
    """Raise FieldError, with every fault at once, if the draft has one. `previous` is the tree before the
    change; None for a new one. `names` are those of the other own organisations (`_own_names`). `busy` is as
    in `rewrite_tree`."""
    faults = [*_faults_of_names(draft, names), *_faults_of_structure(draft)]
    if not faults and previous is not None:
        faults += _faults_of_busy_units(draft, previous, busy)
    if faults:
        raise FieldError(*faults)


def _faults_of_names(draft: TreeDraft, names: Collection[str]) -> Iterator[FieldFault]:
    if fault := find_fault(draft.name, LONGEST_UNIT_NAME):
        yield FieldFault("name", Message("Organisationens namn: {problem}", {"problem": fault.message}))
    elif draft.name.casefold() in names:
        message = Message(
            "Det finns redan en organisation som heter {name}. Välj ett namn som skiljer dem åt.",
            {"name": draft.name},
        )
        yield FieldFault("name", message)
    seen = set[tuple[str, str]]()
    for number, unit in enumerate(draft.units, start=1):
        anchor, place = f"name-{number}", {"number": number}
        if fault := find_fault(unit.name, LONGEST_UNIT_NAME):
            yield FieldFault(anchor, Message("Rad {number}: {problem}", {**place, "problem": fault.message}))
        elif not unit.is_closed and (unit.parent, unit.name.casefold()) in seen:
            message = Message("Rad {number}: namnet {name} finns redan.", {**place, "name": unit.name})
            yield FieldFault(anchor, message)
        if not unit.is_closed:
            seen.add((unit.parent, unit.name.casefold()))


def _faults_of_structure(draft: TreeDraft) -> Iterator[FieldFault]:
    """Yield a fault for each row that is below itself or an unknown row, for each open row that is below a
    closed one, and for no open row or over MOST_UNITS rows."""
    is_open = {unit.key: not unit.is_closed for unit in draft.units}
    reached = {unit.key for unit in _top_down(draft.units)}
    for number, unit in enumerate(draft.units, start=1):
        place = {"number": number, "name": unit.name}
        if unit.key not in reached:
            message = Message("Rad {number}: {name} kan inte ligga under sig själv.", place)
            yield FieldFault(f"parent-{number}", message)
        elif not unit.is_closed and not is_open.get(unit.parent, True):
            message = Message("Rad {number}: {name} ligger under något som är stängt. Flytta den.", place)
            yield FieldFault(f"parent-{number}", message)
    if not any(is_open.values()):
        yield FieldFault("name-1", Message("Skriv minst en verksamhet som är öppen.", {}))
    if len(draft.units) > MOST_UNITS:
        yield FieldFault(f"name-{MOST_UNITS + 1}", Message("Högst {most} rader.", {"most": MOST_UNITS}))


def _faults_of_busy_units(
    draft: TreeDraft, previous: TreeDraft, busy: Mapping[str, Message]
) -> Iterator[FieldFault]:
    """Yield the fault of each unit at which guests answer, and that would not be a unit any more. `busy` is
    as in `rewrite_tree`."""
    units = _units(previous.units)
    for number, unit in enumerate(draft.units, start=1):
        if unit.is_closed and unit.key in busy and unit.key in units:
            yield FieldFault(f"closed-{number}", busy[unit.key])
        if not unit.is_closed and unit.parent in busy and unit.parent in units:
            yield FieldFault(f"parent-{number}", busy[unit.parent])


def _units(rows: Sequence[UnitDraft]) -> set[str]:
    """Return the keys of the open rows with no open row below them: there guests can answer."""
    below = Counter(row.parent for row in rows if not row.is_closed)
    return {row.key for row in rows if not row.is_closed and not below[row.key]}


def _top_down(rows: Sequence[UnitDraft]) -> Iterator[UnitDraft]:
    """Yield each row after the row above it in the tree, otherwise in their order. Rows in a circle, and rows
    below an unknown one, are left out."""
    waiting = [row for row in rows if not row.parent]
    while waiting:
        row = waiting.pop(0)
        yield row
        waiting = [*(below for below in rows if below.parent == row.key), *waiting]


def _toml(tree_id: str, draft: TreeDraft, taken: set[str]) -> bytes:
    """Return the bytes of the tree's TOML file. Rows whose key is not in `taken` are new, and get ids made
    from their names."""
    ids = {"": tree_id}
    rows = []
    for unit in _top_down(draft.units):
        ids[unit.key] = unit.key if unit.key in taken else new_id(unit.name, {*taken, *ids.values()}, "unit")
        row: dict[str, object] = {"id": ids[unit.key], "name": unit.name}
        row |= {"parent": ids[unit.parent]} if unit.parent else {}
        row |= {"respondent": unit.respondent.value} if unit.respondent else {}
        rows.append(row | ({"closed": True} if unit.is_closed else {}))
    own_word = {"respondent": draft.respondent.value} if draft.respondent is not Respondent.GUEST else {}
    return definition_toml({"id": tree_id, "name": draft.name, **own_word, "units": rows}).encode()
