"""Theories of change that are edited in the browser, stored as the installation's own files.

A draft is checked first, so that each fault leads to its row; then the library's own reader reads the file,
and the whole library with it, before anything is replaced.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.domain.theory import Layer, Theory, TheoryBox, find_loop
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.definition import is_there
from kiosk.library.drafts import ChangedError, refuse_bad
from kiosk.library.field_faults import FieldError, FieldFault
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import QUESTIONS
from kiosk.library.text_rules import find_fault, tidied
from kiosk.library.theories import MEASURED, MOST_BOXES, MOST_GOALS
from kiosk.library.theory_file import theory_toml
from kiosk.settings import Settings

LAYER_NAMES: Mapping[Layer, Message] = {
    Layer.RESOURCES: Message("Resurser", {}),
    Layer.ACTIVITIES: Message("Aktiviteter", {}),
    Layer.OUTPUTS: Message("Prestationer", {}),
    Layer.RESULTS: Message("Resultat", {}),
    Layer.EFFECTS: Message("Effekt", {}),
}
"""Layer -> its name, in the order of the form."""

GOALS = "goals"
"""Anchor of the list of goals, and beginning of the anchors of its rows (goals-1). For the boxes of a layer,
it is the value of Layer."""


def theory_path(theory_id: str) -> Path:
    """Return the path of an own theory's file, relative to KIOSK_DATA. The file need not exist."""
    return Path(QUESTIONS) / "theories" / f"{theory_id}.toml"


def theory_digest(theory: Theory) -> str:
    """Return a digest of a theory: 32 hex digits of SHA-256 over its file."""
    return short_hash(theory_toml(theory), 32)


def write_theory(settings: Settings, theory: Theory, seen: str | None = None) -> Library:
    """Write a theory to KIOSK_DATA/questions/theories, and return the new library.

    `seen` is the digest (`theory_digest`) of the theory that was edited; None for a new one. Raises
    ChangedError if the file has been changed or removed since, or if a new theory's file exists; FieldError
    for faults of the theory, or if the library could not be read or written with it; and RefusedError if the
    file on disk cannot be read. An error leaves everything unchanged.
    """
    path = theory_path(theory.id)
    with exclusively(settings):
        current = read_usable_library(settings)
        refuse_bad(current, path)
        previous = current.theories.get(theory.id)
        if (seen is None) != (not is_there(settings.data / path)):
            raise ChangedError
        if seen is not None and (previous is None or theory_digest(previous) != seen):
            raise ChangedError
        tidy = _tidied(theory)
        if faults := tuple(faults_of(tidy, current)):
            raise FieldError(*faults)
        try:
            return change_files(settings, {path: theory_toml(tidy).encode()})
        except RefusedError as error:
            raise FieldError(*(_placed(message) for message in error.messages)) from error


def remove_theory(settings: Settings, theory_id: str) -> Library:
    """Remove the file of an own theory, and return the new library. A missing file is no error. Raises
    RefusedError, and changes nothing, if the library could not be read without it, or the file cannot be
    removed."""
    with exclusively(settings):
        return change_files(settings, {theory_path(theory_id): None})


def _placed(message: Message) -> FieldFault:
    """Return a refusal of the file's reader as a fault. Its anchor is the row that the message names; "title"
    if it names none."""
    row = re.search(r"\b([a-z]+)\[([0-9]+)\]", message.render(str))
    return FieldFault(f"{row[1]}-{row[2]}" if row else "title", message)


def _tidied(theory: Theory) -> Theory:
    """Return the theory with its texts normalised, as the file's reader returns them."""
    texts = ("title", "source", "licence", "definition", "target_group", "results_label")
    return replace(
        theory,
        **{name: tidied(getattr(theory, name)) for name in texts},
        goals=tuple(replace(goal, text=tidied(goal.text)) for goal in theory.goals),
        boxes=tuple(replace(box, text=tidied(box.text)) for box in theory.boxes),
    )


def faults_of(theory: Theory, library: Library) -> Iterator[FieldFault]:
    """Yield every fault of a theory whose texts are tidied, in the order of the form. Its place, its
    `results_label` and the ids of its boxes are left to the file's reader."""
    heads = {
        "title": Message("Namn", {}),
        "definition": Message("Vad det handlar om", {}),
        "target_group": Message("Målgrupp", {}),
        "source": Message("Källa", {}),
        "licence": Message("Villkor", {}),
    }
    for name, heading in heads.items():
        if fault := find_fault(getattr(theory, name)):
            yield FieldFault(
                name, Message("{field}: {problem}", {"field": heading, "problem": fault.message})
            )
    statements = {statement.id for survey in library.surveys.values() for statement in survey.statements}
    if len(theory.goals) > MOST_GOALS:
        yield FieldFault(GOALS, Message("Högst {most} mål.", {"most": MOST_GOALS}))
    for goal in theory.goals:
        place = {"column": Message("Mål", {}), "number": goal.number}
        yield from _faults_of_row(f"{GOALS}-{goal.number}", place, goal.text, goal.statements, statements)
    for layer, heading in LAYER_NAMES.items():
        boxes = theory.boxes_in(layer)
        if not 1 <= len(boxes) <= MOST_BOXES:
            values = {"column": heading, "most": MOST_BOXES}
            yield FieldFault(layer, Message("{column}: skriv minst en ruta och högst {most}.", values))
        for number, box in enumerate(boxes, start=1):
            yield from _faults_of_box(theory, box, number, statements, library)
    yield from _loop(theory)


def _faults_of_row(
    anchor: str, place: Mapping[str, object], text: str, named: tuple[str, ...], statements: set[str]
) -> Iterator[FieldFault]:
    """Yield the faults of the text of a row, a box or goal, and of the ids `named` in it that are not in
    `statements`. `place` has the column and the number of the row, for messages."""
    if fault := find_fault(text):
        yield FieldFault(
            anchor, Message("{column}, rad {number}: {problem}", {**place, "problem": fault.message})
        )
    for name in named:
        if name not in statements:
            yield FieldFault(
                anchor,
                Message(
                    "{column}, rad {number}: inget påstående i någon enkät heter {name}.",
                    {**place, "name": name},
                ),
            )


def _faults_of_box(
    theory: Theory, box: TheoryBox, number: int, statements: set[str], library: Library
) -> Iterator[FieldFault]:
    """Yield the faults of the box with this number, from 1, in its layer. `statements` are the ids of the
    statements of all surveys."""
    anchor, place = f"{box.layer}-{number}", {"column": LAYER_NAMES[box.layer], "number": number}
    measure = box.measure
    yield from _faults_of_row(anchor, place, box.text, measure.statements if measure else (), statements)
    if box.layer in MEASURED and measure is None:
        yield FieldFault(
            anchor, Message("{column}, rad {number}: välj hur det mäts, eller ”Mäts inte”.", place)
        )
    if measure and measure.counter and measure.counter not in library.counters:
        yield FieldFault(
            anchor,
            Message(
                "{column}, rad {number}: ingen prestation heter {name}.", {**place, "name": measure.counter}
            ),
        )
    ids = {other.id for other in theory.boxes}
    for name in box.leads_to:
        if name not in ids:
            yield FieldFault(
                anchor,
                Message(
                    "{column}, rad {number}: den leder till en ruta som inte finns: {name}.",
                    {**place, "name": name},
                ),
            )


def _loop(theory: Theory) -> Iterator[FieldFault]:
    """Yield the fault of boxes that lead back to themselves, at the first of them."""
    loop = find_loop({box.id: box.leads_to for box in theory.boxes})
    if loop:
        boxes = {box.id: box for box in theory.boxes}
        first = boxes[loop[0]]
        number = theory.boxes_in(first.layer).index(first) + 1
        values = {
            "column": LAYER_NAMES[first.layer],
            "number": number,
            "steps": " → ".join(boxes[name].text for name in loop),
        }
        yield FieldFault(
            f"{first.layer}-{number}",
            Message(
                "{column}, rad {number}: rutorna leder i en ring: {steps}. Ta bort ett av stegen.", values
            ),
        )
