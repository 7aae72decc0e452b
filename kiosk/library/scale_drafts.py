"""Scales that are edited in the browser, stored as the installation's own files.

A scale is edited while no survey uses it: its answers are part of the statements' meaning, and figures from
before and after a change are not comparable. Keys of the file that the form does not have are kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.domain.survey import FACES, Pictures, Scale
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.definition import is_there, read_table, read_text
from kiosk.library.definition_toml import definition_toml
from kiosk.library.drafts import ChangedError, new_id, refuse_bad
from kiosk.library.field_faults import FieldError, FieldFault
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import QUESTIONS
from kiosk.library.surveys import HIGHEST_NUMBER, MOST_OPTIONS, read_scale
from kiosk.library.text_rules import can_be_read, find_fault, tidied
from kiosk.settings import Settings

LONGEST_LABEL = 60
"""Most characters of an answer. Longer ones leave no room for the others on a phone."""

LONGEST_SCALE_TITLE = 60
"""Most characters of a scale's title."""

LEAST_OPTIONS = 2
"""Fewest answers of a scale."""

WRITTEN_BY_KIND = frozenset({"numbers", "poles", "pictures", "ordered", "options"})
"""Keys of the file that the kind of the scale decides."""


class ScaleKind(StrEnum):
    """The kind of a scale's answers: words with circles, with faces or alone, consecutive numbers with words
    at both ends, or words without an order."""

    CIRCLES = "circles"
    FACES = "faces"
    WORDS = "words"
    NUMBERS = "numbers"
    UNORDERED = "unordered"

    @property
    def pictures(self) -> Pictures:
        """The pictures beside the answers."""
        return {ScaleKind.CIRCLES: Pictures.CIRCLES, ScaleKind.FACES: Pictures.FACES}.get(self, Pictures.NONE)


@dataclass(frozen=True)
class ScaleDraft:
    """A scale that is edited. `labels` run from the lowest to the highest, or as guests see them if they have
    no order, and are "" for an empty field. A scale of numbers has no labels.

    `bipolar` says whether the scale has two opposite poles, with a middle between them. `source` and
    `licence` are those of the file. `ends` has the lowest and the highest number of a scale of numbers as
    they were written, and `poles` the words at these numbers.
    """

    title: str
    labels: tuple[str, ...]
    bipolar: bool
    source: str
    licence: str
    kind: ScaleKind = ScaleKind.CIRCLES
    ends: tuple[str, str] = ("", "")
    poles: tuple[str, str] = ("", "")

    @property
    def numbers(self) -> tuple[int | None, int | None]:
        """The lowest and the highest number; None for a text that is no whole number from 0 to
        HIGHEST_NUMBER."""
        return _number_in(self.ends[0]), _number_in(self.ends[1])

    @property
    def written_labels(self) -> tuple[str, ...]:
        """The labels without the empty ones."""
        return tuple(label for label in self.labels if label)


def _number_in(text: str) -> int | None:
    """Return a typed whole number from 0 to HIGHEST_NUMBER; None for another text."""
    is_number = re.fullmatch("[0-9]{1,3}", text.strip())
    return int(text) if is_number and int(text) <= HIGHEST_NUMBER else None


def scale_path(scale_id: str) -> Path:
    """Return the path of an own scale's file, relative to KIOSK_DATA. The file need not exist."""
    return Path(QUESTIONS) / "scales" / f"{scale_id}.toml"


def read_scale_draft(settings: Settings, scale_id: str) -> ScaleDraft:
    """Return a scale of KIOSK_DATA as a draft.

    Raises DefinitionError if its file is missing, as for an unknown id and a shipped scale, or cannot be
    read; and RefusedError if it has neither answers nor numbers.
    """
    path = settings.data / scale_path(scale_id)
    values = read_table(path).values
    if "options" not in values and "numbers" not in values:
        raise RefusedError(Message("Skalans fil har inga svar. Skapa en ny skala.", {}))
    return draft_of(read_scale(path), values["source"], values["licence"])


def draft_of(scale: Scale, source: str, licence: str) -> ScaleDraft:
    """Return a scale as a draft, with the source and the licence of its file."""
    kinds = {Pictures.CIRCLES: ScaleKind.CIRCLES, Pictures.FACES: ScaleKind.FACES}
    draft = ScaleDraft(
        scale.title, scale.labels, scale.bipolar, source, licence, kinds.get(scale.pictures, ScaleKind.WORDS)
    )
    if not scale.is_ordered:
        return replace(draft, kind=ScaleKind.UNORDERED, labels=tuple(reversed(scale.labels)))
    if scale.poles:
        last = scale.poles.first + len(scale.labels) - 1
        ends, poles = (str(scale.poles.first), str(last)), (scale.poles.low, scale.poles.high)
        return replace(draft, kind=ScaleKind.NUMBERS, labels=(), ends=ends, poles=poles)
    return draft


def scale_digest(settings: Settings, scale_id: str) -> str:
    """Return a digest of an own scale's file: 32 hex digits of SHA-256. Raises DefinitionError if it is
    missing or cannot be read."""
    return short_hash(read_text(settings.data / scale_path(scale_id)), 32)


def surveys_with(library: Library, scale_id: str) -> list[str]:
    """Return the titles of the surveys that use a scale; [] if none does."""
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
    changed since or is gone, FieldError for faults in the form, and RefusedError if a survey uses the scale,
    or it cannot be read or written. An error leaves everything unchanged.
    """
    draft, path = _tidied(draft), scale_path(scale_id)
    with exclusively(settings):
        current = read_usable_library(settings)
        refuse_bad(current, path)
        if not is_there(settings.data / path) or seen != scale_digest(settings, scale_id):
            raise ChangedError
        _refuse_used(current, scale_id)
        _refuse_faults(draft, current, scale_id)
        previous = read_table(settings.data / path).values
        return change_files(settings, {path: _toml(scale_id, draft, previous).encode()})


def remove_scale(settings: Settings, scale_id: str) -> Library:
    """Remove an own scale, and return the new library. A missing file is no error. Raises RefusedError if a
    survey uses the scale, or the file cannot be removed."""
    with exclusively(settings):
        _refuse_used(read_usable_library(settings), scale_id)
        return change_files(settings, {scale_path(scale_id): None})


def _refuse_used(library: Library, scale_id: str) -> None:
    """Raise RefusedError if a survey uses the scale."""
    if titles := surveys_with(library, scale_id):
        raise RefusedError(
            Message("Enkäten ”{title}” använder skalan. Skapa en ny skala i stället.", {"title": titles[0]})
        )


def _tidied(draft: ScaleDraft) -> ScaleDraft:
    """Return the draft with its texts normalised. Fields that its kind of scale does not have are emptied."""
    has_numbers = draft.kind is ScaleKind.NUMBERS
    low, high = draft.poles if has_numbers else ("", "")
    return replace(
        draft,
        title=tidied(draft.title),
        labels=() if has_numbers else tuple(map(tidied, draft.labels)),
        bipolar=draft.bipolar and draft.kind is not ScaleKind.UNORDERED,
        ends=draft.ends if has_numbers else ("", ""),
        poles=(tidied(low), tidied(high)),
    )


def _refuse_faults(draft: ScaleDraft, library: Library, scale_id: str) -> None:
    """Raise FieldError, with every fault at once, if the draft has one, or if another scale has the same
    name. If all else is right, also if another scale has the same answers. `scale_id` is "" for a new
    scale."""
    has_numbers = draft.kind is ScaleKind.NUMBERS
    faults = [
        *_faults_of_title(draft),
        *(_faults_of_numbers(draft) if has_numbers else _faults_of_labels(draft)),
    ]
    alike = [
        scale
        for scale in library.scales.values()
        if scale.id != scale_id and _answers(draft_of(scale, "", "")) == _answers(draft)
    ]
    titles = {scale.title.casefold() for scale in library.scales.values() if scale.id != scale_id}
    if draft.title and draft.title.casefold() in titles:
        faults.append(FieldFault("title", Message("En annan skala har samma namn.", {})))
    if alike and not faults:
        message = Message(
            "Skalan ”{title}” har redan samma svar i samma ordning. Använd den.", {"title": alike[0].name}
        )
        faults.append(FieldFault("low-number" if has_numbers else "label-1", message))
    if faults:
        raise FieldError(*faults)


def _faults_of_title(draft: ScaleDraft) -> Iterator[FieldFault]:
    if not can_be_read(draft.title):
        yield FieldFault("title", Message("Skalan behöver ett namn.", {}))
    elif fault := find_fault(draft.title, LONGEST_SCALE_TITLE):
        yield FieldFault("title", Message("Namnet: {problem}", {"problem": fault.message}))


def _answers(draft: ScaleDraft) -> tuple[object, ...]:
    """Return the values of a draft on which its answers depend; equal for two scales that guests see
    alike."""
    return (draft.kind, draft.written_labels, draft.numbers, draft.poles)


def _faults_of_numbers(draft: ScaleDraft) -> Iterator[FieldFault]:
    low, high = draft.numbers
    most = {"most": HIGHEST_NUMBER}
    if low is None:
        yield FieldFault(
            "low-number", Message("Lägsta siffran: skriv ett helt tal från 0 till {most}.", most)
        )
    if high is None:
        yield FieldFault(
            "high-number", Message("Högsta siffran: skriv ett helt tal från 0 till {most}.", most)
        )
    if low is not None and high is not None and not LEAST_OPTIONS <= high - low + 1 <= MOST_OPTIONS:
        values = {"low": low, "high": high, "least": LEAST_OPTIONS, "most": MOST_OPTIONS}
        message = Message(
            "Från {low} till {high}: en skala har mellan {least} och {most} svar, det lägsta först.", values
        )
        yield FieldFault("high-number", message)
    if fault := find_fault(draft.poles[0], LONGEST_LABEL):
        problem = {"problem": fault.message}
        yield FieldFault("low-pole", Message("Ord vid den lägsta siffran: {problem}", problem))
    if fault := find_fault(draft.poles[1], LONGEST_LABEL):
        problem = {"problem": fault.message}
        yield FieldFault("high-pole", Message("Ord vid den högsta siffran: {problem}", problem))
    if can_be_read(draft.poles[0]) and draft.poles[0].casefold() == draft.poles[1].casefold():
        yield FieldFault("high-pole", Message("Skriv olika ord vid den lägsta och den högsta siffran.", {}))


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
    elif draft.kind is ScaleKind.FACES and len(draft.written_labels) != FACES:
        message = Message(
            "Ansikten finns för {number} svar. Skriv så många, eller välj något annat.", {"number": FACES}
        )
        yield FieldFault("kind-faces", message)


def _toml(scale_id: str, draft: ScaleDraft, previous: Mapping[str, Any]) -> str:
    """Return the TOML text of the scale's file. `previous` has the values of the file before the change, {}
    for a new scale. Keys of the file that the form does not have are kept, as are those of an option whose
    label has not changed."""
    kept = {option["label"]: option for option in previous.get("options", ())}
    other = {key: value for key, value in previous.items() if key not in {"id", *WRITTEN_BY_KIND}}
    return definition_toml(
        {
            "id": scale_id,
            "title": draft.title,
            "source": draft.source,
            "licence": draft.licence,
            "validated": False,
            **other,
            **{"title": draft.title, "bipolar": draft.bipolar},
            **_by_kind(draft, kept),
        }
    )


def _by_kind(draft: ScaleDraft, kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys WRITTEN_BY_KIND that the scale's file has, with their values. `kept` has the previous
    options by label."""
    if draft.kind is ScaleKind.NUMBERS:
        return {"numbers": list(draft.numbers), "poles": list(draft.poles)}
    options = [{**kept.get(label, {}), "label": label} for label in draft.written_labels]
    if draft.kind is ScaleKind.UNORDERED:
        return {"ordered": False, "options": options}
    pictures = {} if draft.kind is ScaleKind.CIRCLES else {"pictures": draft.kind.pictures.value}
    return {**pictures, "options": options}
