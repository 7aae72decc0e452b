"""Bundles: surveys, scales, theories of change, counters and translations, for another installation.

A bundle is one archive with a manifest that lists every file's SHA-256, versions and licences. Importing it
reads the whole bundle and the whole library with it before anything is replaced, and replaces nothing that a
round uses.
"""

import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.pofile import write_po

import kiosk
from kiosk.domain.counters import Counter
from kiosk.domain.language_code import LANGUAGE_CODE
from kiosk.domain.message import Message
from kiosk.domain.strict_json import parse
from kiosk.domain.survey import Scale, Survey
from kiosk.domain.theory import Theory
from kiosk.library.archive_members import read_members
from kiosk.library.catalogues import Catalogue, catalogue_of, read_entries
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.counters import read_all_counters
from kiosk.library.definition import DefinitionError, is_there, read_text
from kiosk.library.drafts import (
    Translation,
    as_toml,
    catalogue_path,
    changed_catalogue,
    draft_of,
    quoted,
    refuse_bad,
    scale_toml,
)
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import QUESTIONS, TRANSLATIONS
from kiosk.library.spreadsheet_writer import add_file
from kiosk.library.surveys import read_questions
from kiosk.library.theories import KnownIds, read_theories
from kiosk.library.theory_file import theory_toml
from kiosk.settings import Settings

FORMAT, FORMAT_VERSION, MANIFEST = "kiosk-bundle", 1, "bundle.json"

NAME = re.compile(
    r"questions/(?:(?:scales|counters|theories)/)?[a-z][a-z0-9_]{0,39}\.toml"
    rf"|translations/{LANGUAGE_CODE.pattern}/LC_MESSAGES/guest\.po"
)
"""Pattern of the names of the files in a bundle: their paths, relative to KIOSK_DATA."""


class Kind(StrEnum):
    """The kinds of items in a bundle."""

    SURVEY = "survey"
    SCALE = "scale"
    COUNTER = "counter"
    THEORY = "theory"
    TRANSLATION = "translation"


class State(StrEnum):
    """The effect of an import on one item. A translation is NEW if it adds any text, and never REPLACED."""

    NEW = "new"
    SAME = "same"
    """The item is here already, and its file is not written."""
    REPLACED = "replaced"


@dataclass(frozen=True)
class Content:
    """The content of a bundle. `translations` maps a language code to its catalogue of the guest's texts.
    Theories have no place, since another organisation has other places. `program` is the version that wrote
    the bundle."""

    program: str
    surveys: tuple[Survey, ...]
    scales: tuple[Scale, ...]
    counters: tuple[Counter, ...]
    theories: tuple[Theory, ...]
    translations: Mapping[str, Catalogue]


@dataclass(frozen=True)
class Effect:
    """The effect of the import on one item. For a translation, `id` is the language's code, `title` its
    autonym, and `number` the number of texts that it adds. `licence` is that of a survey or theory; "" for
    any other item."""

    kind: Kind
    id: str
    title: str
    state: State
    licence: str = ""
    number: int = 0


@dataclass(frozen=True)
class Plan:
    """The import of a bundle, before it is carried out."""

    content: Content
    effects: tuple[Effect, ...]

    def ids(self, kind: Kind) -> set[str]:
        """Return the ids of the items of a kind that an import would add or replace."""
        return {
            effect.id for effect in self.effects if effect.kind is kind and effect.state is not State.SAME
        }

    @property
    def changes_nothing(self) -> bool:
        """Whether everything in the bundle is here already."""
        return all(effect.state is State.SAME for effect in self.effects)


def make_bundle(
    library: Library,
    survey_ids: Sequence[str],
    theory_ids: Sequence[str],
    counter_ids: Sequence[str] = (),
) -> bytes:
    """Return the bytes of a bundle with these surveys, theories and counters, and with everything that they
    need.

    A theory brings its counters. It also brings, for each of its statements that no chosen survey asks, the
    first survey that asks it. Raises KeyError for an unknown id. The same library gives the same bytes.
    """
    theories = [replace(library.theories[name], place="") for name in dict.fromkeys(theory_ids)]
    surveys = [library.surveys[name] for name in dict.fromkeys(survey_ids)]
    for statement_id in (name for theory in theories for name in theory.statements):
        if not any(survey.asks(statement_id) for survey in surveys):
            surveys.append(next(survey for survey in library.surveys.values() if survey.asks(statement_id)))
    used = [box.measure.counter for theory in theories for box in theory.boxes if box.measure]
    counters = [library.counters[name] for name in dict.fromkeys((*used, *counter_ids)) if name]
    files = dict(_files(library, surveys, theories, counters))
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "program": kiosk.__version__,
        "surveys": [
            {"id": survey.id, "title": survey.title, "version": survey.version, "source": survey.source,
             "licence": survey.licence, "validated": survey.validated}
            for survey in surveys
        ],
        "theories": [
            {"id": theory.id, "title": theory.title, "source": theory.source, "licence": theory.licence}
            for theory in theories
        ],
        "files": {name: sha256(content).hexdigest() for name, content in files.items()},
    }  # fmt: skip
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        add_file(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
        for name, content in files.items():
            add_file(archive, name, content)
    return packed.getvalue()


def _files(
    library: Library, surveys: Sequence[Survey], theories: Sequence[Theory], counters: Sequence[Counter]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of every file of a bundle but its manifest."""
    scales: dict[str, bytes] = {}
    for survey in surveys:
        draft = draft_of(survey, survey.id)
        yield f"questions/{survey.id}.toml", as_toml(draft).encode()
        for scale in dict.fromkeys(statement.scale for statement in survey.statements):
            scales.setdefault(scale.id, scale_toml(scale, draft).encode())
    for scale_id, content in scales.items():
        yield f"questions/scales/{scale_id}.toml", content
    for counter in counters:
        yield f"questions/counters/{counter.id}.toml", counter_toml(counter).encode()
    for theory in theories:
        yield f"questions/theories/{theory.id}.toml", theory_toml(theory).encode()
    messages = dict.fromkeys(message for survey in surveys for message in survey.messages)
    for code, catalogue in library.guest.items():
        if texts := [message for message in messages if message in catalogue.texts]:
            yield catalogue_path(code).as_posix(), _catalogue(catalogue, texts)


def _catalogue(catalogue: Catalogue, messages: Iterable[str]) -> bytes:
    """Return the bytes of a .po file with the translations of `messages`, which the catalogue has. Unreviewed
    ones are flagged fuzzy."""
    catalog = Catalog(locale=catalogue.language.code, project="kiosk", charset="utf-8", fuzzy=False)
    # No time: the same library gives the same bytes.
    catalog.mime_headers = [(name, value) for name, value in catalog.mime_headers if "Date" not in name]
    for message in messages:
        flags = () if catalogue.is_reviewed(message) else ("fuzzy",)
        catalog.add(message, catalogue.texts[message], flags=flags)
    written = BytesIO()
    write_po(written, catalog, width=0, omit_header=True)
    return _HEADER.format(code=catalogue.language.code).encode() + written.getvalue()


_HEADER = (
    'msgid ""\nmsgstr ""\n"Language: {code}\\n"\n"MIME-Version: 1.0\\n"\n'
    '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
)


def counter_toml(counter: Counter) -> str:
    """Return the TOML text of a file with one counter, whose id is also the file's. Closed targets and the
    keys `closed` and `optional` are left out."""
    lines = [f"id = {quoted(counter.id)}", "", "[[counters]]", f"id = {quoted(counter.id)}"]
    lines += [f"name = {quoted(counter.name)}", f"definition = {quoted(counter.definition)}"]
    lines += ["total = true"] if counter.is_total else []
    lines += ["by_target = true"] if counter.open_targets else []
    for target in counter.open_targets:
        lines += ["", "[[targets]]", f"id = {quoted(target.id)}", f"name = {quoted(target.name)}"]
    return "\n".join(lines) + "\n"


def read_bundle(content: bytes, library: Library) -> Content:
    """Return the content of a bundle, with every file read and checked.

    The bundle's theories may name counters and statements of `library`; the scales of its surveys are in the
    bundle. Raises RefusedError for a truncated, changed or foreign file, another version of the format, a
    file in it that cannot be read, or a scale that none of its surveys uses.
    """
    members = read_members(content)
    manifest = _manifest(members)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, written in members.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(written)
        try:
            return _read(folder, manifest["program"], members, library)
        except DefinitionError as error:
            problem = error.message or str(error).replace(f"{folder}/", "")
            raise RefusedError(
                Message("En fil i paketet kan inte läsas: {problem}", {"problem": problem})
            ) from error


def _manifest(members: dict[str, bytes]) -> Mapping[str, Any]:
    """Return {"program": the version that wrote the bundle}, and remove the manifest from `members`. Raises
    RefusedError unless the manifest has this format and version, and lists every other member with its
    hash."""
    try:
        manifest = parse(members.pop(MANIFEST).decode())
        is_bundle = manifest["format"] == FORMAT
        version, files, program = manifest["format_version"], manifest["files"], manifest["program"]
    except (KeyError, TypeError, ValueError) as error:
        raise RefusedError(Message("Filen är inget paket med enkäter och förändringsteorier.", {})) from error
    if not is_bundle:
        raise RefusedError(Message("Filen är inget paket med enkäter och förändringsteorier.", {}))
    if version != FORMAT_VERSION:
        raise RefusedError(
            Message(
                "Paketet har formatets version {version}, och här läses version {known}. Det är gjort med "
                "program {program}.",
                {"version": version, "known": FORMAT_VERSION, "program": program},
            )
        )
    if not isinstance(files, dict) or files.keys() != members.keys():
        raise RefusedError(Message("Paketet har andra filer än dess lista säger.", {}))
    for name, content in members.items():
        if not NAME.fullmatch(name):
            raise RefusedError(_foreign_file(name))
        if files[name] != sha256(content).hexdigest():
            raise RefusedError(Message("{file} har ändrats sedan paketet gjordes.", {"file": name}))
    return {"program": str(program)}


def _foreign_file(name: str) -> Message:
    return Message("Paketet har en fil som inte hör dit: {file}", {"file": name[:80]})


def _read(folder: Path, program: str, members: Collection[str], library: Library) -> Content:
    """Return the content of a bundle that is unpacked in a folder. `members` are the names of its files, and
    `program` is the version that wrote it. Raises DefinitionError for a faulty file, and RefusedError for a
    scale that no survey in the bundle uses."""
    questions = folder / QUESTIONS
    scales, surveys = read_questions([questions]) if questions.is_dir() else ({}, {})
    used = {statement.scale.id for survey in surveys.values() for statement in survey.statements}
    if unused := sorted(scales.keys() - used):
        raise RefusedError(_foreign_file(_path(Kind.SCALE, unused[0]).as_posix()))
    counters = read_all_counters([questions])
    statements = {statement.id for survey in (*library.surveys.values(), *surveys.values())
                  for statement in survey.statements}  # fmt: skip
    theories = read_theories([questions], KnownIds({**library.counters, **counters}, statements, ()))
    translations = {
        code: catalogue_of(read_entries(read_text(folder / path), str(path)), code, str(path))
        for path, code in ((Path(name), name.split("/")[1]) for name in members)
        if path.parts[0] == TRANSLATIONS
    }
    return Content(
        program,
        tuple(surveys.values()),
        tuple(scales.values()),
        tuple(counters.values()),
        tuple(theories.values()),
        translations,
    )


def plan_import(settings: Settings, content: bytes, used_surveys: Collection[str]) -> Plan:
    """Return the effects that an import of the bundle `content` would have; changes nothing.

    `used_surveys` are the ids of the surveys of all rounds. Raises RefusedError for a bundle that cannot be
    read, for one that would replace a shipped file, a counter, or a survey or scale that a round uses, and
    for one with an item whose own file here cannot be read.
    """
    return _plan(settings, read_usable_library(settings), content, used_surveys)


def _plan(settings: Settings, library: Library, content: bytes, used_surveys: Collection[str]) -> Plan:
    bundle = read_bundle(content, library)
    effects = (
        *_effects(Kind.SURVEY, bundle.surveys, library.surveys, _same_survey),
        *_effects(Kind.SCALE, bundle.scales, library.scales, lambda scale, other: scale == other),
        *_effects(Kind.COUNTER, bundle.counters, library.counters, _same_counter),
        *_effects(Kind.THEORY, bundle.theories, library.theories, _same_theory),
        *_translated(bundle, library),
    )
    for effect in effects:
        refuse_bad(library, _path(effect.kind, effect.id))
    _refuse_replacements(settings, library, effects, used_surveys)
    return Plan(bundle, effects)


def _effects(
    kind: Kind, sent: Iterable[Any], present: Mapping[str, Any], is_same: Callable[[Any, Any], bool]
) -> Iterator[Effect]:
    """Yield the effect of the import on each item `sent` of a kind. `present` maps ids to this installation's
    items of the kind; `is_same` compares two items."""
    for item in sent:
        other = present.get(item.id)
        state = State.NEW if other is None else State.SAME if is_same(item, other) else State.REPLACED
        title = getattr(item, "title", "") or item.name
        yield Effect(kind, item.id, title, state, getattr(item, "licence", ""))


def _same_survey(survey: Survey, other: Survey) -> bool:
    return draft_of(survey, survey.id) == draft_of(other, other.id)


def _same_counter(counter: Counter, other: Counter) -> bool:
    """Return whether two counters count the same. `other`, this installation's counter, may have more
    targets."""
    return set(counter.targets) <= set(other.targets) and replace(counter, targets=other.targets) == other


def _same_theory(theory: Theory, other: Theory) -> bool:
    return theory == replace(other, place="")


def _translated(bundle: Content, library: Library) -> Iterator[Effect]:
    """Yield the effect on the translations of each language: existing ones are kept, because somebody here
    may have reviewed them."""
    for code, catalogue in bundle.translations.items():
        new = _new_texts(catalogue, library)
        state = State.NEW if new else State.SAME
        yield Effect(Kind.TRANSLATION, code, catalogue.language.autonym, state, number=len(new))


def _new_texts(catalogue: Catalogue, library: Library) -> list[Translation]:
    """Return a bundle's translations of the texts that have none here, all as unreviewed: nobody here has
    read them."""
    code = catalogue.language.code
    known = library.guest[code].texts if code in library.guest else {}
    return [Translation(text, words, False) for text, words in catalogue.texts.items() if text not in known]


def _refuse_replacements(
    settings: Settings, library: Library, effects: Iterable[Effect], used_surveys: Collection[str]
) -> None:
    """Raise RefusedError, with every reason at once, if an effect replaces something that must not change.
    `used_surveys` are the ids of the surveys of all rounds."""
    replaced = [effect for effect in effects if effect.state is State.REPLACED]
    messages = [
        message for effect in replaced if (message := _obstacle(settings, library, effect, used_surveys))
    ]
    if messages:
        raise RefusedError(*messages)


def _obstacle(
    settings: Settings, library: Library, effect: Effect, used_surveys: Collection[str]
) -> Message | None:
    """Return the reason why an item cannot be replaced; None if it can. `used_surveys` are the ids of the
    surveys of all rounds."""
    values = {"title": effect.title}
    if effect.kind is Kind.COUNTER:
        return Message("Prestationen {title} finns redan med andra ord eller mål.", values)
    if not is_there(settings.data / _path(effect.kind, effect.id)):
        return Message("{title} följer med programmet, och är annorlunda i paketet.", values)
    if effect.kind is Kind.SURVEY and effect.id in used_surveys:
        return Message("En omgång använder enkäten {title}, och paketet har en annan version.", values)
    if effect.kind is Kind.SCALE:
        rounds = [library.surveys[name] for name in used_surveys if name in library.surveys]
        if any(statement.scale.id == effect.id for survey in rounds for statement in survey.statements):
            return Message("En omgång använder skalan {title}, och paketet har en annan version.", values)
    return None


def _path(kind: Kind, name: str) -> Path:
    """Return the path, relative to KIOSK_DATA, of an item's file. `name` is the item's id, or a translation's
    language code."""
    if kind is Kind.TRANSLATION:
        return catalogue_path(name)
    folders = {Kind.SURVEY: "", Kind.SCALE: "scales", Kind.COUNTER: "counters", Kind.THEORY: "theories"}
    return Path(QUESTIONS) / folders[kind] / f"{name}.toml"


@dataclass(frozen=True)
class BundleImport:
    """A plan that was carried out, and the library after it."""

    library: Library
    plan: Plan


def import_bundle(settings: Settings, content: bytes, used_surveys: Collection[str]) -> BundleImport:
    """Carry out an import, all of it or nothing, and return the plan and the new library. `used_surveys` are
    the ids of the surveys of all rounds: none of these is replaced.

    Theories that are replaced keep their place. New translations count as unreviewed. Raises RefusedError for
    a bundle that `plan_import` refuses, and if the library could not be read or written with the bundle.
    """
    with exclusively(settings):
        library = read_usable_library(settings)
        plan = _plan(settings, library, content, used_surveys)
        changes = dict(_changes(settings, library, plan))
        return BundleImport(change_files(settings, changes) if changes else library, plan)


def _changes(settings: Settings, library: Library, plan: Plan) -> Iterator[tuple[Path, bytes | None]]:
    """Yield each file that an import writes: its path, relative to KIOSK_DATA, and its new content. Scales
    and counters come before the surveys and theories that need them, so that these are complete after a power
    failure.
    """
    bundle = plan.content
    for scale in bundle.scales:
        if scale.id in plan.ids(Kind.SCALE):
            user = next(
                survey for survey in bundle.surveys if any(s.scale == scale for s in survey.statements)
            )
            yield _path(Kind.SCALE, scale.id), scale_toml(scale, draft_of(user, user.id)).encode()
    for counter in bundle.counters:
        if counter.id in plan.ids(Kind.COUNTER):
            yield _path(Kind.COUNTER, counter.id), counter_toml(counter).encode()
    for code, catalogue in bundle.translations.items():
        if new := _new_texts(catalogue, library):
            yield catalogue_path(code), changed_catalogue(settings, code, new)
    for survey in bundle.surveys:
        if survey.id in plan.ids(Kind.SURVEY):
            yield _path(Kind.SURVEY, survey.id), as_toml(draft_of(survey, survey.id)).encode()
    for theory in bundle.theories:
        if theory.id in plan.ids(Kind.THEORY):
            previous = library.theories.get(theory.id)
            placed = replace(theory, place=previous.place if previous else "")
            yield _path(Kind.THEORY, theory.id), theory_toml(placed).encode()
