"""Surveys and translations that are edited in the browser, stored as the installation's own files.

Every change reads all files with the change applied before anything is replaced. Open rounds are not
affected: a round has frozen its own copy.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from math import ceil
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import write_po

from kiosk.domain.message import Message
from kiosk.domain.short_hash import short_hash
from kiosk.domain.survey import (
    MOST_FOLLOW_UP_OPTIONS,
    MOST_SEVERAL,
    NONE_OF_THESE,
    NOT_CONCERNED,
    TARGET_LIMITS,
    Pictures,
    Scale,
    Statement,
    Survey,
    can_agree,
    cost_of,
)
from kiosk.library.catalogues import read_entries
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.definition import DefinitionError, is_there, read_text
from kiosk.library.field_faults import FieldError, FieldFault
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import QUESTIONS, TRANSLATIONS
from kiosk.library.surveys import MOST_STATEMENTS, RESERVED_NAMES
from kiosk.library.text_rules import ID_PATTERN, can_be_read, find_fault, tidied
from kiosk.settings import Settings

LONGEST_STATEMENT = 200
"""Most characters of a statement."""
LONGEST_TITLE = 120
"""Most characters of a title."""

LARGEST_FILE_BYTES = 8 * 1024 * 1024
"""Largest uploaded spreadsheet or translator's file, pictures and comments included."""

REVIEWED_BY = "Reviewed by "
"""Beginning of the comment of a reviewed text in a .po file; the reviewer and the date follow."""


class DraftError(FieldError):
    """The survey cannot be saved. `faults` has each fault with its field in the form."""


@dataclass(frozen=True)
class ImportedSurvey:
    """The content of an imported file: a draft, and its translations, language code -> Swedish text ->
    translation. Other surveys and scales may have the ids of its survey and scales."""

    draft: "Draft"
    texts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Draft:
    """A survey that is being edited: `statements` in order; the other fields as in `Survey`. It has no
    translations."""

    id: str
    title: str
    source: str
    licence: str
    validated: bool
    statements: tuple[Statement, ...]
    official: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedSurvey:
    """A new survey, and the library that contains it."""

    library: Library
    survey: Survey


def draft_of(survey: Survey, survey_id: str) -> Draft:
    """Return a survey as a draft with the given id, without its translations."""
    return Draft(
        survey_id,
        survey.title,
        survey.source,
        survey.licence,
        survey.validated,
        survey.statements,
        survey.official,
    )


def new_id(text: str, taken: Iterable[str], fallback: str) -> str:
    """Return an id derived from the first four words of a text, at most 36 characters of them: small letters
    a-z, digits and _, with a number from 2 on if it is in `taken`, or is one of RESERVED_NAMES, which fields
    of the guest's form have. `fallback` is used if no word has these letters, or the first begins with a
    digit."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    wanted = "_".join(re.findall(r"[a-z0-9]+", plain)[:4])[:36].strip("_")
    wanted = wanted if ID_PATTERN.fullmatch(wanted) else fallback
    names, name, number = {*taken, *RESERVED_NAMES}, wanted, 1
    while name in names:
        number += 1
        name = f"{wanted}_{number}"
    return name


def new_title(wanted: str, taken: Iterable[str], longest: int = LONGEST_TITLE) -> str:
    """Return a title that no other has: `wanted`, cut to `longest` characters, with a number from 2 on if it
    is in `taken`. Titles that differ in capitals are different."""
    titles, title, number = set(taken), wanted[:longest], 1
    while title in titles:
        number += 1
        ending = f" ({number})"
        title = wanted[: longest - len(ending)] + ending
    return title


def check_draft(draft: Draft) -> None:
    """Raise DraftError, with every fault and its field at once, unless the draft, whose texts are tidied and
    whose follow-ups are `linked`, makes a valid survey. Ids are not checked: the file's reader does that."""
    faults = [*_faults_of_the_whole(draft)]
    texts = [statement.text for statement in draft.statements]
    for number, statement in enumerate(draft.statements, start=1):
        faults += (
            FieldFault(f"{field}-{number}", message) for field, message in _faults_of(statement, number)
        )
        if reason := why_no_follow_up(draft.statements, number - 1):
            message = Message("Påstående {number}: {problem}", {"number": number, "problem": reason})
            faults.append(FieldFault(f"when-{number}", message))
        if statement.text in texts[: number - 1]:
            message = Message("Påstående {number} står två gånger.", {"number": number})
            faults.append(FieldFault(f"text-{number}", message))
    if faults:
        raise DraftError(*faults)


def _faults_of_the_whole(draft: Draft) -> Iterator[FieldFault]:
    if not can_be_read(draft.title):
        yield FieldFault("title", Message("Enkäten behöver ett namn.", {}))
    elif fault := find_fault(draft.title, LONGEST_TITLE):
        yield FieldFault("title", Message("Namnet: {problem}", {"problem": fault.message}))
    if not can_be_read(draft.source) or not can_be_read(draft.licence):
        yield FieldFault(
            "source" if not can_be_read(draft.source) else "licence",
            Message("Skriv varifrån påståendena kommer och på vilka villkor de får användas.", {}),
        )
    else:
        if fault := find_fault(draft.source):
            problem = Message("Varifrån påståendena kommer: {problem}", {"problem": fault.message})
            yield FieldFault("source", problem)
        if fault := find_fault(draft.licence):
            yield FieldFault("licence", Message("Villkoren: {problem}", {"problem": fault.message}))
    if not draft.statements:
        yield FieldFault("text-1", Message("Skriv minst ett påstående.", {}))
    if len(draft.statements) > MOST_STATEMENTS:
        most = Message("Högst {most} påståenden.", {"most": MOST_STATEMENTS})
        yield FieldFault(f"text-{MOST_STATEMENTS + 1}", most)
    elif fault_of_cost := why_too_costly(draft.statements):
        yield FieldFault(f"several-{_last_several(draft.statements)}", fault_of_cost)


def why_too_costly(statements: Sequence[Statement]) -> Message | None:
    """Return the reason why the statements cost more than MOST_STATEMENTS (`cost_of`), with the remedy; None
    if they do not."""
    if (cost := cost_of(statements)) <= MOST_STATEMENTS:
        return None
    return Message(
        "Tillsammans säger svaren för mycket om en gäst: enkäten räknas som {number} påståenden, och högst "
        "{most} går. En fråga med flera svar räknas som ett påstående, och ett halvt till för varje svar. En "
        "följdfråga räknas som en tredjedel. Ta bort några frågor eller svar.",
        {"number": ceil(cost), "most": MOST_STATEMENTS},
    )


def _last_several(statements: Sequence[Statement]) -> int:
    """Return the number, from 1, of the last question with several options, else of the last one."""
    numbers = [number for number, statement in enumerate(statements, start=1) if statement.several]
    return max(numbers, default=len(statements))


def _faults_of(statement: Statement, number: int) -> Iterator[tuple[str, Message]]:
    """Yield (name of the field, message) for each fault of a statement. `number` is its number, from 1, in
    the messages."""
    if fault := find_fault(statement.text, LONGEST_STATEMENT):
        yield "text", Message("Påstående {number}: {problem}", {"number": number, "problem": fault.message})
    if not can_be_read(statement.outcome):
        yield "outcome", Message("Påstående {number}: skriv vad det säger något om.", {"number": number})
    elif fault := find_fault(statement.outcome):
        yield (
            "outcome",
            Message(
                "Påstående {number}, vad det säger något om: {problem}",
                {"number": number, "problem": fault.message},
            ),
        )
    least, most = TARGET_LIMITS
    if statement.target is not None and not least <= statement.target <= most:
        yield (
            "target",
            Message(
                "Påstående {number}: målet är ett heltal från {least} till {most}.",
                {"number": number, "least": least, "most": most},
            ),
        )
    if not can_agree(statement.agreeing, len(statement.scale.labels)):
        yield (
            "agreeing",
            Message(
                "Påstående {number}: svaren som räknas ska vara olika nummer från 1, det lägsta, till "
                "{most}, men inte alla.",
                {"number": number, "most": len(statement.scale.labels)},
            ),
        )
    if not statement.scale.is_ordered and (
        statement.good or statement.agreeing or statement.target is not None
    ):
        yield (
            "good",
            Message(
                "Påstående {number}: svaren har ingen ordning. Välj ”Inte valt” om vilka svar som är bra. "
                "Lämna svaren som räknas och målet tomma.",
                {"number": number},
            ),
        )

    if statement.several and (reason := why_not_several(statement.scale)):
        yield "several", Message("Påstående {number}: {problem}", {"number": number, "problem": reason})


def why_no_follow_up(statements: Sequence[Statement], at: int) -> Message | None:
    """Return the reason why the statement at the index `at` cannot be a follow-up, with the remedy; None if
    it can be one, or if it `follows` no statement. The statements are `linked`: it follows the one before
    it."""
    statement, before = statements[at], statements[at - 1] if at else None
    if not statement.follows:
        return None
    options = statement.scale.labels
    if before is None or before.several or before.follows:
        return Message(
            "en följdfråga står direkt efter ett påstående med ett svar, som inte självt är en följdfråga. "
            "Ändra ordningen, eller lämna svaren för följdfrågan tomma.",
            {},
        )
    if statement.several or statement.scale.is_ordered:
        return Message(
            "en följdfråga har ett svar, på en skala utan ordning. Byt skala, eller lämna svaren för "
            "följdfrågan tomma.",
            {},
        )
    if len(options) > MOST_FOLLOW_UP_OPTIONS:
        return Message(
            "en följdfråga har högst {most} svar, inte {number}. Ta bort några.",
            {"most": MOST_FOLLOW_UP_OPTIONS, "number": len(options)},
        )
    if NOT_CONCERNED in options:
        return Message(
            "programmet lägger själv till ”{text}”. Ta bort det ur skalan.", {"text": NOT_CONCERNED}
        )
    if not statement.follows.when or not can_agree(statement.follows.when, len(before.scale.labels)):
        return Message(
            "svaren för följdfrågan ska vara olika nummer på påståendet före, från 1, det lägsta, till "
            "{most}, men inte alla.",
            {"most": len(before.scale.labels)},
        )
    return None


def why_not_several(scale: Scale) -> Message | None:
    """Return the reason why a guest cannot choose several of a scale's options, with the remedy; None if a
    guest can."""
    if scale.is_ordered:
        return Message("flera svar går bara att välja när svaren inte har någon ordning. Byt skala.", {})
    if len(scale.labels) > MOST_SEVERAL:
        return Message(
            "flera svar går att välja bland högst {most}, inte {number}. Varje svar säger lite om gästen, "
            "och tillsammans blir det för mycket. Ta bort några, eller ställ två frågor.",
            {"most": MOST_SEVERAL, "number": len(scale.labels)},
        )
    if NONE_OF_THESE in scale.labels:
        return Message(
            "programmet lägger själv till ”{text}”. Ta bort det ur skalan.", {"text": NONE_OF_THESE}
        )
    return None


def write_survey(settings: Settings, draft: Draft, seen: str | None = None) -> Library:
    """Write a draft to KIOSK_DATA/questions/<id>.toml, and return the new library.

    `seen` is the digest (`draft_digest`) of the draft that was edited; None for a new survey. Raises
    ChangedError if the survey has been changed or removed since, or if a new one's file exists; DraftError
    for faulty texts, or a changed title that another survey has (the title of a new survey is not compared);
    and RefusedError if the file on disk cannot be read, or the library could not be read or written with the
    new one. An error leaves everything unchanged.
    """
    draft = _tidied(draft)
    check_draft(draft)
    path = survey_path(draft.id)
    with exclusively(settings):
        if seen is None:
            if is_there(settings.data / path):
                raise ChangedError
        else:
            current = read_usable_library(settings)
            refuse_bad(current, path)
            if draft.id not in current.surveys or seen != draft_digest(
                draft_of(current.surveys[draft.id], draft.id)
            ):
                raise ChangedError
            if draft.title != current.surveys[draft.id].title:
                _refuse_taken_title(draft, current)
        return change_files(settings, {path: as_toml(draft).encode()})


def _refuse_taken_title(draft: Draft, library: Library) -> None:
    """Raise DraftError if another survey has the draft's title."""
    titles = {survey.title.casefold() for survey in library.surveys.values() if survey.id != draft.id}
    if draft.title.casefold() in titles:
        raise DraftError(FieldFault("title", Message("En annan enkät har samma namn.", {})))


def add_survey(settings: Settings, draft: Draft) -> SavedSurvey:
    """Write a new survey under an id made from its title, whatever the draft's id is.

    Raises DraftError for faulty texts or the title of another survey, and RefusedError if the library could
    not be read or written with it. An error leaves everything unchanged.
    """
    with exclusively(settings):
        current = read_usable_library(settings)
        draft = _tidied(replace(draft, id=new_id(draft.title, survey_ids(settings, current), "survey")))
        check_draft(draft)
        _refuse_taken_title(draft, current)
        library = change_files(settings, {survey_path(draft.id): as_toml(draft).encode()})
    return SavedSurvey(library, library.surveys[draft.id])


def remove_survey(settings: Settings, survey_id: str) -> Library:
    """Remove KIOSK_DATA/questions/<survey_id>.toml, and return the new library. A missing file, as of a
    shipped survey, is no error. Raises RefusedError if the library could not be read without it, or the file
    cannot be removed."""
    with exclusively(settings):
        return change_files(settings, {survey_path(survey_id): None})


def survey_ids(settings: Settings, library: Library) -> set[str]:
    """Return every id that a new survey cannot have: those of all surveys, and the names, up to their first
    dot, of all that stands in the own folder of surveys, such as files that cannot be read."""
    return {*library.surveys, *_stems(settings.data / QUESTIONS)}


def _stems(folder: Path) -> set[str]:
    """Return the names in a folder up to their first dot; empty if there is no folder."""
    return {path.name.partition(".")[0] for path in folder.iterdir()} if folder.is_dir() else set()


def survey_path(survey_id: str) -> Path:
    """Return the path of an own survey's file, relative to KIOSK_DATA. The file need not exist."""
    return Path(QUESTIONS) / f"{survey_id}.toml"


def refuse_bad(library: Library, path: Path) -> None:
    """Raise RefusedError if the own file at `path`, relative to KIOSK_DATA, cannot be read, which the
    library's `problems` tell: overwriting it would lose lines that people wrote."""
    for problem in library.problems:
        if problem.file == str(path):
            raise RefusedError(
                Message(
                    "{file} på servern kan inte läsas, och skrivs inte över. Den som sköter installationen "
                    "behöver rätta eller ta bort den: {problem}",
                    problem.message.values,
                )
            )


def draft_digest(draft: Draft) -> str:
    """Return the draft's digest: 32 hex digits of SHA-256 over its TOML."""
    return short_hash(as_toml(draft), 32)


def linked(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements, in which each follow-up follows the statement that stands before it: that
    statement may have another id, since it was moved or its meaning changed. A follow-up that stands first
    stays as it is."""
    return tuple(
        replace(statement, follows=replace(statement.follows, statement=statements[at - 1].id))
        if at and statement.follows
        else statement
        for at, statement in enumerate(statements)
    )


def _tidied(draft: Draft) -> Draft:
    """Return the draft with its texts normalised, as the file's reader returns them, and its follow-ups
    `linked`."""
    return replace(
        draft,
        title=tidied(draft.title),
        source=tidied(draft.source),
        licence=tidied(draft.licence),
        statements=linked(
            [
                replace(statement, text=tidied(statement.text), outcome=tidied(statement.outcome))
                for statement in draft.statements
            ]
        ),
    )


def add_imported_survey(settings: Settings, form: ImportedSurvey) -> SavedSurvey:
    """Save an imported form as a new survey; its id and title get a number if they are taken.

    Its translations count as unreviewed. Existing translations are kept: other surveys use them, and somebody
    may have reviewed them. A language without a catalogue gets one. A scale with the same labels as an
    existing scale becomes that scale. Raises, and changes nothing: DraftError for faulty texts, RefusedError
    if the library could not be read or written with the survey, or a language's own file cannot be read.
    """
    with exclusively(settings):
        library = read_usable_library(settings)
        new = _new_scales(settings, form, library)
        used = {**{_answers(scale): scale for scale in library.scales.values()}, **new}
        draft = _tidied(
            replace(
                form.draft,
                id=new_id(form.draft.id, survey_ids(settings, library), "survey"),
                title=new_title(form.draft.title, (survey.title for survey in library.surveys.values())),
                statements=tuple(
                    replace(statement, scale=used[_answers(statement.scale)])
                    for statement in form.draft.statements
                ),
            )
        )
        check_draft(draft)
        changes: dict[Path, bytes | None] = {
            Path(QUESTIONS) / "scales" / f"{scale.id}.toml": scale_toml(scale, draft).encode()
            for scale in new.values()
        }
        # The library makes these from the poles.
        labels_of_poles = {label for scale in used.values() if scale.poles for label in scale.labels}
        for language, texts in form.texts.items():
            known = library.guest[language].texts if language in library.guest else {}
            changed = [
                Translation(text, translation, False)
                for text, translation in texts.items()
                if text not in known and text not in labels_of_poles
            ]
            if changed:
                path = catalogue_path(language)
                refuse_bad(library, path)
                changes[path] = changed_catalogue(settings, language, changed)
        # The survey is written last: if the power fails between two files, no survey lacks its scale.
        changes[survey_path(draft.id)] = as_toml(draft).encode()
        written = change_files(settings, changes)
    return SavedSurvey(written, written.surveys[draft.id])


_Answers = tuple[tuple[str, ...], bool]
"""The labels of a scale, and whether they have an order."""


def _answers(scale: Scale) -> _Answers:
    return scale.labels, scale.is_ordered


def _new_scales(settings: Settings, form: ImportedSurvey, library: Library) -> dict[_Answers, Scale]:
    """Return answers -> scale, for the scales of a form that do not exist yet, with ids that no scale has."""
    known = {_answers(scale) for scale in library.scales.values()}
    taken = {*library.scales, *_stems(settings.data / QUESTIONS / "scales")}
    new: dict[_Answers, Scale] = {}
    for scale in (statement.scale for statement in form.draft.statements):
        answers = _answers(scale)
        if answers not in known and answers not in new:
            new[answers] = replace(scale, id=new_id(scale.id, taken, "scale"))
            taken.add(new[answers].id)
    return new


def scale_toml(scale: Scale, draft: Draft) -> str:
    """Return the TOML text of a scale's file, with the source and the licence of the survey `draft`. It
    always says `validated = false`: a `Scale` does not tell whether somebody tested it."""
    lines = [
        f"id = {quoted(scale.id)}",
        *([f"title = {quoted(scale.title)}"] if scale.title else []),
        f"source = {quoted(draft.source)}",
        f"licence = {quoted(draft.licence)}",
        "validated = false",
        f"bipolar = {'true' if scale.bipolar else 'false'}",
        *([] if scale.pictures is Pictures.CIRCLES else [f"pictures = {quoted(scale.pictures)}"]),
        *_answer_lines(scale),
    ]
    return "\n".join(lines) + "\n"


def _answer_lines(scale: Scale) -> list[str]:
    """Return the lines about a scale's answers: its numbers and poles, or its options."""
    if poles := scale.poles:
        numbers = [poles.first, poles.first + len(scale.labels) - 1]
        return [f"numbers = {numbers}", f"poles = [{quoted(poles.low)}, {quoted(poles.high)}]"]
    labels = scale.labels if scale.is_ordered else scale.labels[::-1]
    order = [] if scale.is_ordered else ["ordered = false"]
    return [*order, *(line for label in labels for line in ("", "[[options]]", f"label = {quoted(label)}"))]


def as_toml(draft: Draft) -> str:
    """Return the TOML text of a draft's survey file. It names the scales of the statements by their ids."""
    lines = [
        f"id = {quoted(draft.id)}",
        f"title = {quoted(draft.title)}",
        f"source = {quoted(draft.source)}",
        f"licence = {quoted(draft.licence)}",
        f"validated = {'true' if draft.validated else 'false'}",
        *([f"official = [{', '.join(map(quoted, draft.official))}]"] if draft.official else []),
    ]
    for statement in draft.statements:
        lines += [
            "",
            "[[statements]]",
            f"id = {quoted(statement.id)}",
            f"text = {quoted(statement.text)}",
            f"outcome = {quoted(statement.outcome)}",
            f"scale = {quoted(statement.scale.id)}",
            *([f"good = {quoted(statement.good)}"] if statement.good else []),
            *([f"agreeing = {list(statement.agreeing)}"] if statement.agreeing else []),
            *([f"target = {statement.target}"] if statement.target is not None else []),
            *(["several = true"] if statement.several else []),
            *_follow_up_lines(statement),
            *_earlier("earlier_spellings", statement.earlier_spellings),
            *_earlier("earlier_wordings", statement.earlier_wordings),
        ]
    return "\n".join(lines) + "\n"


def _follow_up_lines(statement: Statement) -> list[str]:
    """Return the lines of a follow-up; none for any other statement."""
    if not (follows := statement.follows):
        return []
    return [f"follows = {quoted(follows.statement)}", f"when = {list(follows.when)}"]


def _earlier(key: str, texts: tuple[str, ...]) -> list[str]:
    """Return the lines of a key with earlier texts of a statement, one text a line; none without texts."""
    return [f"{key} = [", *(f"    {quoted(text)}," for text in texts), "]"] if texts else []


def quoted(text: str) -> str:
    """Return a text as a TOML basic string. JSON's escapes are valid in TOML, except for DEL, which texts do
    not hold."""
    return json.dumps(text, ensure_ascii=False)


class ChangedError(Exception):
    """Nothing was saved: somebody else has changed or removed the survey, scale, counter, theory or tree
    since it was opened, the file of a new one exists by now, or a tree's draft lacks one of its units."""


@dataclass(frozen=True)
class Translation:
    """One text in one language: `message` is the reference text, `text` its translation, "" to remove it.
    `is_reviewed` says whether a native reader has reviewed it."""

    message: str
    text: str
    is_reviewed: bool


def write_translations(
    settings: Settings, language: str, changed: Sequence[Translation], reviewer: str, on: date
) -> Library:
    """Save translations in KIOSK_DATA/translations/<language>/LC_MESSAGES/guest.po; returns the new library.

    Other translations in the file are kept. A reviewed text carries the reviewer's name and the date `on`; an
    empty text is removed, so that the shipped translation applies. A language without a file gets one. Raises
    RefusedError, and changes nothing, if the file cannot be read or written or would become unreadable, such
    as by a translation that does not fit its reference text.
    """
    path = catalogue_path(language)
    with exclusively(settings):
        refuse_bad(read_usable_library(settings), path)
        review = f"{REVIEWED_BY}{reviewer}, {on.isoformat()}"
        return change_files(settings, {path: changed_catalogue(settings, language, changed, review)})


def catalogue_path(language: str) -> Path:
    """Return the path, relative to KIOSK_DATA, of the installation's own guest texts in a language. The file
    need not exist."""
    return Path(TRANSLATIONS) / language / "LC_MESSAGES" / "guest.po"


def changed_catalogue(
    settings: Settings, language: str, changed: Sequence[Translation], review: str = ""
) -> bytes:
    """Return the bytes of the installation's own .po file of a language, with the translations `changed`;
    nothing is written. Other translations are kept. `review` is the comment that reviewed ones carry, "" if
    none of them is reviewed. Raises DefinitionError if the present file cannot be read."""
    path = settings.data / catalogue_path(language)
    catalog = Catalog(locale=language, project="kiosk", charset="utf-8")
    if is_there(path):
        catalog = read_entries(read_text(path), str(path))
    for translation in changed:
        catalog.delete(translation.message)
        if translation.text:
            comments = [review] if translation.is_reviewed else []
            flags = () if translation.is_reviewed else ("fuzzy",)
            catalog.add(translation.message, translation.text, flags=flags, user_comments=comments)
    written = BytesIO()
    write_po(written, catalog, width=0, sort_output=True)
    return written.getvalue()


def reviews(settings: Settings, language: str) -> dict[str, str]:
    """Return reference text -> the reviewer and the date, "NAME, YYYY-MM-DD", for each text that was reviewed
    in the browser; {} if the file is missing or cannot be read. A reviewed text with another comment, written
    by hand, has that comment."""
    path = settings.data / catalogue_path(language)
    try:
        catalog = read_entries(read_text(path), str(path)) if is_there(path) else Catalog()
    except DefinitionError:
        # The desk reports the faulty file; its texts are shown without their reviewers.
        return {}
    comments = {
        str(entry.id): " ".join(entry.user_comments) for entry in catalog if entry.id and not entry.fuzzy
    }
    return {message: comment.removeprefix(REVIEWED_BY) for message, comment in comments.items() if comment}
