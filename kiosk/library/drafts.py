"""Surveys and translations written in the browser: files of the installation's own, like any others.

A survey is checked by the same reader as a file that was written by hand, before it replaces anything. A
round that is open has frozen its copy: nothing here reaches it.
"""

import hashlib
import json
import os
import re
import tempfile
import threading
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from kiosk.domain.message import Reason
from kiosk.domain.survey import Scale, Statement, Survey
from kiosk.library.catalogues import Catalogue, read_catalogue
from kiosk.library.definition import ID_PATTERN, DefinitionError, can_be_read, is_one_line
from kiosk.library.surveys import RESERVED_NAMES, read_scale, read_survey

LONGEST_STATEMENT = 200
LONGEST_TITLE = 120
MOST_STATEMENTS = 20

_ONE_AT_A_TIME = threading.Lock()
"""Held from reading a file to replacing it: two who save at once must not undo each other."""


class DraftError(ValueError):
    """A survey or text that cannot be kept as it is; `reasons` are messages of the staff catalogue."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(" ".join(reason.said(str) for reason in reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Form:
    """What a file from elsewhere holds: a draft, its scales by id, and translations, language -> text ->
    text."""

    draft: "Draft"
    scales: Mapping[str, Scale]
    texts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Draft:
    """A survey as it is written: `statements` in their order, untranslated."""

    id: str
    title: str
    source: str
    licence: str
    validated: bool
    statements: tuple[Statement, ...]


def draft_of(survey: Survey, survey_id: str) -> Draft:
    """A survey as a draft, under an id of its own."""
    return Draft(survey_id, survey.title, survey.source, survey.licence, survey.validated, survey.statements)


def new_id(words: str, taken: Iterable[str], fallback: str) -> str:
    """An id made of some words: small letters a-z, digits and _, numbered where it is taken."""
    plain = unicodedata.normalize("NFKD", words.lower()).encode("ascii", "ignore").decode()
    wanted = "_".join(re.findall(r"[a-z0-9]+", plain)[:4])[:36].strip("_")
    wanted = wanted if ID_PATTERN.fullmatch(wanted) else fallback
    names, name, number = {*taken, *RESERVED_NAMES}, wanted, 1
    while name in names:
        number += 1
        name = f"{wanted}_{number}"
    return name


def new_title(words: str, taken: Iterable[str]) -> str:
    """A title that no other survey has: numbered where it is taken."""
    titles, title, number = set(taken), words, 1
    while title in titles:
        number += 1
        ending = f" ({number})"
        title = words[: LONGEST_TITLE - len(ending)] + ending
    return title


def check_draft(draft: Draft) -> None:
    """Raise DraftError, with every reason at once, unless a survey can be made of the draft."""
    reasons = []
    if not can_be_read(draft.title):
        reasons.append(Reason("Frågorna behöver ett namn.", {}))
    if not can_be_read(draft.source) or not can_be_read(draft.licence):
        reasons.append(Reason("Skriv varifrån frågorna kommer och på vilka villkor de får användas.", {}))
    if not draft.statements:
        reasons.append(Reason("Skriv minst ett påstående.", {}))
    if len(draft.statements) > MOST_STATEMENTS:
        reasons.append(Reason("Högst {most} påståenden.", {"most": MOST_STATEMENTS}))
    texts = [statement.text for statement in draft.statements]
    for number, statement in enumerate(draft.statements, start=1):
        if len(statement.text) > LONGEST_STATEMENT:
            reasons.append(
                Reason(
                    "Påstående {number}: högst {longest} tecken.",
                    {"number": number, "longest": LONGEST_STATEMENT},
                )
            )
        if not can_be_read(statement.text):
            reasons.append(Reason("Påstående {number}: skriv något som går att läsa.", {"number": number}))
        if not can_be_read(statement.outcome):
            reasons.append(Reason("Påstående {number}: skriv vad det säger något om.", {"number": number}))
        if statement.text in texts[: number - 1]:
            reasons.append(Reason("Påstående {number} står två gånger.", {"number": number}))
    spoken = [draft.title, draft.source, draft.licence, *texts, *(s.outcome for s in draft.statements)]
    if len(draft.title) > LONGEST_TITLE or not all(map(is_one_line, spoken)):
        reasons.append(Reason("En text är för lång, eller har tecken som inte går att visa.", {}))
    if reasons:
        raise DraftError(*reasons)


def write_survey(folder: Path, draft: Draft, scales: Mapping[str, Scale], seen: str | None = None) -> Survey:
    """Keep a draft as `folder`/<id>.toml, replacing the one before; the survey it now is.

    `seen` names the draft that was changed (`name_of`): ChangedError if another lies there by now. Raises
    DraftError, and changes nothing, if the draft does not hold; DefinitionError if a scale is not on file.
    """
    check_draft(draft)
    folder.mkdir(parents=True, exist_ok=True)
    with _ONE_AT_A_TIME, tempfile.TemporaryDirectory(dir=folder) as beside:
        path, kept = Path(beside) / f"{draft.id}.toml", folder / f"{draft.id}.toml"
        if seen is not None and seen != name_of(draft_of(read_survey(kept, scales), draft.id)):
            raise ChangedError
        path.write_text(as_toml(draft), encoding="utf-8")
        survey = read_survey(path, scales)
        _replace(path, kept)
    return survey


def remove_survey(folder: Path, survey_id: str) -> None:
    """Take `folder`/<survey_id>.toml away; no error if somebody else already has."""
    with _ONE_AT_A_TIME:
        (folder / f"{survey_id}.toml").unlink(missing_ok=True)


def name_of(draft: Draft) -> str:
    """A name for exactly this draft."""
    return hashlib.sha256(as_toml(draft).encode()).hexdigest()[:32]


def write_form(
    questions: Path,
    translations: Path,
    form: Form,
    surveys: Mapping[str, Survey],
    scales: Mapping[str, Scale],
    translated: Mapping[str, Container[str]],
    who: str,
    on: date,
) -> Survey:
    """Keep what came from elsewhere under an id and title of its own, its translations not reviewed; the
    survey it is.

    Texts that are `translated` (language -> reference texts) stay as they are: they are other surveys' too,
    and somebody may have reviewed them. A scale with the labels of one on file is that scale. Raises
    DraftError, and changes nothing, if the survey does not hold.
    """
    by_labels = {scale.labels: scale for scale in scales.values()}
    taken, new = set(scales), dict[tuple[str, ...], Scale]()
    for scale in form.scales.values():
        if scale.labels not in by_labels and scale.labels not in new:
            new[scale.labels] = replace(scale, id=new_id(scale.id, taken, "scale"))
            taken.add(new[scale.labels].id)
    used = {**by_labels, **new}
    statements = tuple(replace(one, scale=used[one.scale.labels]) for one in form.draft.statements)
    draft = replace(
        form.draft,
        id=new_id(form.draft.id, surveys, "survey"),
        title=new_title(form.draft.title, (survey.title for survey in surveys.values())),
        statements=statements,
    )
    check_draft(draft)
    for scale in new.values():
        _write_scale(questions / "scales", scale, draft)
    survey = write_survey(questions, draft, {**scales, **{scale.id: scale for scale in new.values()}})
    for language, texts in form.texts.items():
        known = translated.get(language, ())
        changed = [
            Translation(message, text, False) for message, text in texts.items() if message not in known
        ]
        write_translations(translations, language, changed, who, on)
    return survey


def _write_scale(folder: Path, scale: Scale, draft: Draft) -> None:
    lines = [
        f"id = {_quoted(scale.id)}",
        f"source = {_quoted(draft.source)}",
        f"licence = {_quoted(draft.licence)}",
        "validated = false",
        f"bipolar = {'true' if scale.bipolar else 'false'}",
        *(line for label in scale.labels for line in ("", "[[options]]", f"label = {_quoted(label)}")),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as beside:
        path = Path(beside) / f"{scale.id}.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        read_scale(path)
        _replace(path, folder / path.name)


def as_toml(draft: Draft) -> str:
    """The survey file a draft becomes."""
    lines = [
        f"id = {_quoted(draft.id)}",
        f"title = {_quoted(draft.title)}",
        f"source = {_quoted(draft.source)}",
        f"licence = {_quoted(draft.licence)}",
        f"validated = {'true' if draft.validated else 'false'}",
    ]
    for statement in draft.statements:
        lines += [
            "",
            "[[statements]]",
            f"id = {_quoted(statement.id)}",
            f"text = {_quoted(statement.text)}",
            f"outcome = {_quoted(statement.outcome)}",
            f"scale = {_quoted(statement.scale.id)}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL, which texts do not hold."""
    return json.dumps(text, ensure_ascii=False)


class ChangedError(Exception):
    """Somebody else changed the same survey since it was opened."""


class TranslationError(ValueError):
    """A translator's file that cannot be taken in; `reason` is a message id of the staff catalogue."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.said(str))
        self.reason = reason


@dataclass(frozen=True)
class Translation:
    """One text in one language, as somebody left it: `is_reviewed` by a native reader."""

    message: str
    text: str
    is_reviewed: bool


def write_translations(
    folder: Path, language: str, changed: Sequence[Translation], who: str, on: date
) -> None:
    """Keep translations in `folder`/<language>/LC_MESSAGES/guest.po, beside those that are there.

    A reviewed text bears who reviewed it and when; an empty one is taken away, so that a shipped one counts.
    """
    path = folder / language / "LC_MESSAGES" / "guest.po"
    with _ONE_AT_A_TIME:
        catalog = Catalog(locale=language, project="kiosk", charset="utf-8")
        if path.exists():
            catalog = read_po(BytesIO(path.read_bytes()))
        for one in changed:
            catalog.delete(one.message)
            if one.text:
                comments = [f"Reviewed by {who}, {on.isoformat()}"] if one.is_reviewed else []
                flags = () if one.is_reviewed else ("fuzzy",)
                catalog.add(one.message, one.text, flags=flags, user_comments=comments)
        path.parent.mkdir(parents=True, exist_ok=True)
        written = BytesIO()
        write_po(written, catalog, width=0, sort_output=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as beside:
            new = Path(beside) / path.name
            new.write_bytes(written.getvalue())
            _replace(new, path)


def as_po(catalogue: Catalogue) -> bytes:
    """A language's guest texts as one .po file for a translator, what nobody native has reviewed flagged."""
    code = catalogue.language.code
    catalog = Catalog(locale=code, project="kiosk", charset="utf-8", fuzzy=False)
    for message in (*catalogue.texts, *catalogue.empty):
        flags = ("fuzzy",) if message in catalogue.unreviewed else ()
        catalog.add(message, catalogue.texts.get(message, ""), flags=flags)
    written = BytesIO()
    write_po(written, catalog, width=0)
    return written.getvalue()


def read_translations(content: bytes, catalogue: Catalogue) -> list[Translation]:
    """What a translator's .po file changes. Raises TranslationError for a file that cannot be used, is of
    another language, or holds texts this program does not have."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "guest.po"
        path.write_bytes(content)
        try:
            sent = read_catalogue(path, catalogue.language.code)
        except DefinitionError as error:
            raise TranslationError(_unreadable(str(error))) from error
    code, named = catalogue.language.code, read_po(BytesIO(content)).locale_identifier or "–"
    if re.split("[-_]", named)[0] != code.partition("_")[0]:
        raise TranslationError(
            Reason(
                "Filens huvud säger språket {named}, men här översätts till {code}. Är det rätt fil?",
                {"named": named, "code": code},
            )
        )
    unknown = [message for message in sent.texts if message not in {*catalogue.texts, *catalogue.empty}]
    if unknown:
        raise TranslationError(
            Reason(
                "{number} texter finns inte här, till exempel ”{text}”. Översätt filen som laddades ner här.",
                {"number": len(unknown), "text": unknown[0]},
            )
        )
    found = [
        Translation(message, text, message not in sent.unreviewed) for message, text in sent.texts.items()
    ]
    return [
        one
        for one in found
        if one.text != catalogue.texts.get(one.message)
        or one.is_reviewed == (one.message in catalogue.unreviewed)
    ]


def _unreadable(problem: str) -> Reason:
    """Which line of a file is at fault."""
    line = re.search(r"line (\d+)", problem)
    if line is None or "UTF-8" in problem:
        return Reason("Filen kan inte läsas. Spara den som .po i UTF-8 med ett översättningsprogram.", {})
    return Reason(
        "Rad {line} i filen kan inte användas: se efter citattecken, klamrar och radbrytningar där.",
        {"line": line.group(1)},
    )


def reviews(folder: Path, language: str) -> dict[str, str]:
    """Message -> who reviewed its text and when, of those that were reviewed in the browser."""
    path = folder / language / "LC_MESSAGES" / "guest.po"
    if not path.exists():
        return {}
    catalog = read_po(BytesIO(path.read_bytes()))
    said = {str(entry.id): " ".join(entry.user_comments) for entry in catalog if entry.id and not entry.fuzzy}
    return {message: words.removeprefix("Reviewed by ") for message, words in said.items() if words}


def _replace(new: Path, old: Path) -> None:
    """Put a whole file in another's place, so that no reader ever finds half of it."""
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(old)
