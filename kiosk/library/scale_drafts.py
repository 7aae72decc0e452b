"""Scales that are edited in the browser, stored as the installation's own files.

A scale is edited while no survey uses it: its answers are part of the statements' meaning, and figures from
before and after a change are not comparable. Keys of the file that the form does not have are kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.domain.survey import Scale
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.definition import is_there, read_table, read_text
from kiosk.library.definition_toml import definition_toml
from kiosk.library.drafts import ChangedError, new_id, refuse_bad
from kiosk.library.field_faults import FieldError, FieldFault
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import QUESTIONS
from kiosk.library.surveys import MOST_OPTIONS
from kiosk.library.texts import can_be_read, find_fault, tidied
from kiosk.settings import Settings

LONGEST_LABEL = 60
"""Most characters of an answer. Longer ones leave no room for the others on a phone."""

LONGEST_SCALE_TITLE = 60
"""Most characters of a scale's title."""

LEAST_OPTIONS = 2


@dataclass(frozen=True)
class ScaleDraft:
    """A scale that is edited. `labels` run from the lowest to the highest, and are "" for an empty field.

    `bipolar` says whether the scale has two opposite poles, with a middle between them. `source` and
    `licence` are those of the file.
    """

    title: str
    labels: tuple[str, ...]
    bipolar: bool
    source: str
    licence: str

    @property
    def written_labels(self) -> tuple[str, ...]:
        """The labels without the empty ones."""
        return tuple(label for label in self.labels if label)


def scale_path(scale_id: str) -> Path:
    """Return the path of an own scale's file in KIOSK_DATA."""
    return Path(QUESTIONS) / "scales" / f"{scale_id}.toml"


def read_scale_draft(settings: Settings, scale_id: str) -> ScaleDraft:
    """Return a scale of KIOSK_DATA as a draft.

    Raises DefinitionError if its file cannot be read, and RefusedError for a scale of numbers, whose file has
    its lowest and highest number in place of a list of answers.
    """
    values = read_table(settings.data / scale_path(scale_id)).values
    if "options" not in values:
        raise RefusedError(
            Message("Skalans svar är inte skrivna ett och ett. Den ändras inte här. Skapa en ny skala.", {})
        )
    return ScaleDraft(
        tidied(values.get("title", "")),
        tuple(tidied(option["label"]) for option in values["options"]),
        values["bipolar"],
        values["source"],
        values["licence"],
    )


def scale_digest(settings: Settings, scale_id: str) -> str:
    """Return a digest of an own scale's file: 32 hex digits of SHA-256. Raises DefinitionError if it cannot
    be read."""
    return short_hash(read_text(settings.data / scale_path(scale_id)), 32)


def surveys_with(library: Library, scale_id: str) -> list[str]:
    """Return the titles of the surveys that use a scale."""
    return [
        survey.title
        for survey in library.surveys.values()
        if any(statement.scale.id == scale_id for statement in survey.statements)
    ]


def add_scale(settings: Settings, draft: ScaleDraft) -> tuple[Library, Scale]:
    """Write a new scale, under an id made from its title, and return the new library and the scale.

    Raises FieldError for faults in the form, and RefusedError if the scale cannot be read or written. An
    error leaves everything unchanged.
    """
    draft = _tidied(draft)
    with exclusively(settings):
        current = read_usable_library(settings)
        _refuse_faults(draft, current, "")
        folder = settings.data / QUESTIONS / "scales"
        stems = {path.name.partition(".")[0] for path in folder.iterdir()} if folder.is_dir() else set()
        scale_id = new_id(draft.title, {*current.scales, *stems}, "scale")
        library = change_files(settings, {scale_path(scale_id): _toml(scale_id, draft, {}).encode()})
    return library, library.scales[scale_id]


def rewrite_scale(settings: Settings, scale_id: str, draft: ScaleDraft, seen: str) -> Library:
    """Write a changed own scale, and return the new library.

    `seen` is the digest (`scale_digest`) of the file that was edited. Raises ChangedError if the file has
    changed since, FieldError for faults in the form, and RefusedError if a survey uses the scale, or it
    cannot be read or written. An error leaves everything unchanged.
    """
    draft, path = _tidied(draft), scale_path(scale_id)
    with exclusively(settings):
        current = read_usable_library(settings)
        refuse_bad(current, path)
        if not is_there(settings.data / path) or seen != scale_digest(settings, scale_id):
            raise ChangedError
        _refuse_used(current, scale_id)
        _refuse_faults(draft, current, scale_id)
        former = read_table(settings.data / path).values
        return change_files(settings, {path: _toml(scale_id, draft, former).encode()})


def remove_scale(settings: Settings, scale_id: str) -> Library:
    """Remove an own scale, and return the new library. A missing file is no error. Raises RefusedError if a
    survey uses the scale."""
    with exclusively(settings):
        _refuse_used(read_usable_library(settings), scale_id)
        return change_files(settings, {scale_path(scale_id): None})


def _refuse_used(library: Library, scale_id: str) -> None:
    if titles := surveys_with(library, scale_id):
        raise RefusedError(
            Message("Enkäten ”{title}” använder skalan. Skapa en ny skala i stället.", {"title": titles[0]})
        )


def _tidied(draft: ScaleDraft) -> ScaleDraft:
    return replace(draft, title=tidied(draft.title), labels=tuple(map(tidied, draft.labels)))


def _refuse_faults(draft: ScaleDraft, library: Library, scale_id: str) -> None:
    faults = [*_faults_of_title(draft), *_faults_of_labels(draft)]
    same = [
        scale
        for scale in library.scales.values()
        if scale.id != scale_id and scale.labels == draft.written_labels
    ]
    if same and not faults:
        message = Message("Det finns redan en skala med samma svar i samma ordning. Använd den.", {})
        faults.append(FieldFault("label-1", message))
    if faults:
        raise FieldError(*faults)


def _faults_of_title(draft: ScaleDraft) -> Iterator[FieldFault]:
    if not can_be_read(draft.title):
        yield FieldFault("title", Message("Skalan behöver ett namn.", {}))
    elif fault := find_fault(draft.title, LONGEST_SCALE_TITLE):
        yield FieldFault("title", Message("Namnet: {problem}", {"problem": fault.message}))


def _faults_of_labels(draft: ScaleDraft) -> Iterator[FieldFault]:
    seen = set[str]()
    for number, label in enumerate(draft.labels, start=1):
        if not label:
            continue
        anchor, place = f"label-{number}", {"number": number}
        if fault := find_fault(label, LONGEST_LABEL):
            yield FieldFault(anchor, Message("Svar {number}: {problem}", {**place, "problem": fault.message}))
        elif label.casefold() in seen:
            yield FieldFault(anchor, Message("Svar {number} står två gånger.", place))
        seen.add(label.casefold())
    if not LEAST_OPTIONS <= len(draft.written_labels) <= MOST_OPTIONS:
        values = {"least": LEAST_OPTIONS, "most": MOST_OPTIONS}
        yield FieldFault("label-1", Message("En skala har mellan {least} och {most} svar.", values))


def _toml(scale_id: str, draft: ScaleDraft, former: Mapping[str, Any]) -> str:
    """Return the scale's file. `former` has the values of the file before the change: its other keys are
    kept, and so are those of each option with the same label."""
    kept = {option["label"]: option for option in former.get("options", ())}
    return definition_toml(
        {
            "id": scale_id,
            "title": draft.title,
            "source": draft.source,
            "licence": draft.licence,
            "validated": False,
            **{key: value for key, value in former.items() if key not in {"id", "options"}},
            **{"title": draft.title, "bipolar": draft.bipolar},
            "options": [{**kept.get(label, {}), "label": label} for label in draft.written_labels],
        }
    )
