"""Languages and catalogues: the texts of all screens, by language.

The reference text (Swedish) is the message id. gettext's fuzzy flag marks a translation that no native reader
has reviewed; the reviewer removes it. Catalogues are read as .po, so a translator's file works without a
compile step.
"""

import re
import reprlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages import Message as Entry
from babel.messages.pofile import PoFileError, read_po

from kiosk.domain.language_code import is_language_code
from kiosk.domain.message import Message
from kiosk.domain.survey import Statement, Survey, Translations
from kiosk.library.autonyms import AUTONYMS
from kiosk.library.definition import (
    DefinitionError,
    Read,
    decoded,
    entries,
    is_there,
    messages_of_file,
    read_bytes,
    strictly,
)
from kiosk.library.rule_texts import reference_text
from kiosk.library.text_rules import can_be_read, find_translation_fault

REFERENCE = "sv"
"""Code of the language of reference texts, Swedish."""

PO_LINE = re.compile(r'(?:(?P<keyword>msgid|msgstr)\s+)?"(?P<string>(?:[^"\\]|\\.)*)"')
"""Pattern of a line of a .po file with a text, perhaps after its keyword."""

ESCAPES = frozenset({r"\\", r"\"", r"\t", r"\n", r"\r"})
"""The escapes that Babel's reader replaces; it would show guests any other one as it stands."""

UNUSED_KEYWORDS = frozenset({"msgctxt", "msgid_plural"})
"""gettext keywords that no catalogue here uses."""

CHARSET = re.compile(r'Content-Type:[^"\n]{0,200};\s{0,9}charset=([^\s"\\]{1,80})', re.IGNORECASE)
"""Pattern of the encoding in a .po file's header."""


@dataclass(frozen=True)
class Language:
    """A language of a screen; `direction` is "ltr" or "rtl"."""

    code: str
    autonym: str
    direction: str


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language in one gettext domain, guest or desk.

    `texts` maps each translated reference text to its translation. `empty` lists the reference texts without
    a translation, in the file's order and those that the file lacks last, and `unreviewed` those whose
    translation is fuzzy; the module `completeness` counts them per survey. `obsolete` are the reference texts
    of earlier versions, which the shipped Swedish file has as gettext's obsolete entries (#~). `screen` lists
    the reference texts of pages, also if a survey has the same text. `carried` maps a statement's text to the
    earlier text whose translation it uses, and `earlier_texts` are all earlier texts of statements.
    """

    language: Language
    texts: Mapping[str, str]
    empty: tuple[str, ...]
    unreviewed: tuple[str, ...]
    obsolete: frozenset[str] = frozenset()
    screen: tuple[str, ...] = ()
    carried: Mapping[str, str] = field(default_factory=dict)
    earlier_texts: frozenset[str] = frozenset()

    def is_reviewed(self, message: str) -> bool:
        """Return whether a text has a translation that a native reader has reviewed."""
        return message in self.texts and message not in self.unreviewed

    def text(self, message: str) -> str:
        """Return the translation of a reference text or of a code of the rules; the reference text if there
        is none."""
        reference = reference_text(message)
        return self.texts.get(reference, reference)


def language(code: str) -> Language:
    """Return the language with this code. Its name is that of AUTONYMS, else that of CLDR, else the code. A
    code that CLDR does not have, such as that of Romani, is left to right."""
    try:
        locale = Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return Language(code, AUTONYMS.get(code, code), "ltr")
    name = locale.get_display_name() or code
    return Language(code, AUTONYMS.get(code, name[0].upper() + name[1:]), locale.text_direction)


def read_catalogue(path: Path, code: str) -> Catalogue:
    """Return the catalogue in the .po file of the language `code`. Raises DefinitionError, with the line, if
    it cannot be read or used, and for a `code` that is no language code."""
    if not is_language_code(code):
        raise DefinitionError(f"{path}: {code!r} is not a language code; name the folder like fa or fa_AF")
    return _parsed(read_bytes(path), code, str(path))


@lru_cache(maxsize=64)
def _parsed(raw: bytes, code: str, source: str) -> Catalogue:
    """Return the catalogue in the bytes of a .po file; `source` is the file's name in error messages. Cached,
    because every change reads all files again. Raises DefinitionError as `read_catalogue`.

    The cache has twice as many places as there are shipped files.
    """
    return catalogue_of(read_entries(decoded(raw, source), source), code, source)


def catalogue_of(catalog: Catalog, code: str, source: str) -> Catalogue:
    """Return the catalogue in a parsed .po file; `source` is the file's name in error messages.

    Texts are normalised to NFC. A text without a visible character is `empty`, one flagged fuzzy
    `unreviewed`. Raises DefinitionError, with the line, for a translation that cannot replace its reference
    text.
    """
    texts: dict[str, str] = {}
    empty, unreviewed, screen = [], [], []
    for entry in catalog:
        if not entry.id:
            continue
        message, translated = (unicodedata.normalize("NFC", str(part)) for part in (entry.id, entry.string))
        if not _is_of_surveys(entry):
            screen.append(message)
        if not can_be_read(translated):
            empty.append(message)
            continue
        if fault := find_translation_fault(message, translated):
            problem = f"line {entry.lineno}: {reprlib.repr(translated)} {fault.english}"
            raise DefinitionError(
                f"{source}: {problem}",
                Message(
                    "Rad {line} i filen: {problem}", {"line": entry.lineno or 0, "problem": fault.message}
                ),
            )
        texts[message] = translated
        if entry.fuzzy:
            unreviewed.append(message)
    obsolete = frozenset(unicodedata.normalize("NFC", str(message)) for message in catalog.obsolete)
    return Catalogue(language(code), texts, tuple(empty), tuple(unreviewed), obsolete, tuple(screen))


def _is_of_surveys(entry: Entry) -> bool:
    """Return whether a text occurs in survey files only. A text without locations counts as a screen's."""
    return bool(entry.locations) and all(name.startswith("questions/") for name, _ in entry.locations)


def read_entries(text: str, source: str) -> Catalog:
    """Return the entries of a .po file, given as its text; `source` is the file's name in error messages.

    Raises DefinitionError, with the line, if it cannot be parsed, or has a gettext feature that is not used
    here (UNUSED_KEYWORDS).
    """
    _check_syntax(source, text)
    _check_charset(source, text)
    try:
        return read_po(text.split("\n"), abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        raise DefinitionError(f"{source}: cannot be read ({error}); correct its header") from error


def _check_charset(source: str, text: str) -> None:
    """Raise DefinitionError if a header names another encoding than UTF-8.

    Babel 2.19 and later do not refuse `charset=CHARSET`, the placeholder of gettext's templates: they read it
    as UTF-8.
    """
    _, header, *_ = [*re.split("^msgid", text, maxsplit=2, flags=re.MULTILINE), ""]
    named = CHARSET.search(header)
    if named and named[1].lower() not in {"utf-8", "utf8"}:
        raise DefinitionError(
            f"{source}: the header names {named[1]}; save as UTF-8 and write that",
            Message(
                "Filens huvud säger teckenkodningen {charset}. Spara filen i UTF-8.", {"charset": named[1]}
            ),
        )


def _check_syntax(source: str, text: str) -> None:
    """Raise DefinitionError for faults that Babel's reader ignores: after an unclosed quote it loses a
    letter, it assigns a stray msgstr to the wrong msgid, and it drops a second translation."""
    pieces: list[tuple[str, list[str], int]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = PO_LINE.fullmatch(line)
        if match is None or not (match["keyword"] or pieces):
            raise _not_understood(source, number, line)
        for escape in re.findall(r"\\.", match["string"]):
            if escape not in ESCAPES:
                raise _at_line(
                    source, number, f"{escape} is no escape of this format; write a backslash as two",
                    Message("{escape} betyder inget här. Skriv omvänt snedstreck två gånger.",
                            {"escape": escape}),
                )  # fmt: skip
        if match["keyword"]:
            pieces.append((match["keyword"], [], number))
        pieces[-1][1].append(match["string"])
    parts = [(keyword, "".join(string), number) for keyword, string, number in pieces]
    seen = set()
    for place, (keyword, string, number) in enumerate(parts):
        expected = "msgstr" if place % 2 else "msgid"
        if keyword != expected:
            raise _at_line(
                source, number, f"add a {expected} above; each msgid has one msgstr",
                Message("varje msgid ska ha en msgstr. Här saknas {keyword}.", {"keyword": expected}),
            )  # fmt: skip
        if keyword == "msgid" and string in seen:
            raise _at_line(
                source, number, f"{reprlib.repr(string)} occurs twice; remove one of them",
                Message("texten ”{text}” står två gånger. Ta bort den ena.", {"text": string[:40]}),
            )  # fmt: skip
        if keyword == "msgid":
            seen.add(string)
    if len(parts) % 2:
        raise _at_line(
            source, parts[-1][2], "the last msgid has no msgstr; add one",
            Message("det sista msgid har ingen msgstr. Är hela filen med?", {}),
        )  # fmt: skip


def _not_understood(source: str, number: int, line: str) -> DefinitionError:
    """Return the error for the line with this number, which is not valid here; gettext has more keywords than
    this program uses. `source` is the file's name in the message."""
    keyword = line.partition(" ")[0].partition("[")[0]
    if keyword in UNUSED_KEYWORDS or line.startswith("msgstr["):
        keyword = line.partition(" ")[0][:40]
        problem = f"{keyword} is not used here: each text is one msgid and one msgstr; remove the line"
        message = Message(
            "{keyword} används inte här: varje text är ett msgid och en msgstr. Ta bort raden.",
            {"keyword": keyword},
        )
    else:
        problem = 'must be msgid "text", msgstr "text" or "more of the text"; look at the quotes'
        message = Message("raden går inte att läsa. Se efter citattecknen.", {})
    return _at_line(source, number, problem, message)


def _at_line(source: str, number: int, problem: str, message: Message) -> DefinitionError:
    """Return the error for the line with this number, from 1. `problem` says in English what `message` says
    for the desk; `source` is the file's name."""
    return DefinitionError(
        f"{source}: line {number}: {problem}",
        Message("Rad {line} i filen: {problem}", {"line": number, "problem": message}),
    )


def read_catalogues(folders: list[Path], domain: str, read: Read = strictly) -> dict[str, Catalogue]:
    """Return language code -> catalogue of a domain ("guest" or "desk"), in the order of the language picker.

    Later folders add languages, and override single texts of earlier folders; they add no text to the Swedish
    catalogue. In all others, texts that only the Swedish one has are `empty`. `read` decides what happens to
    a faulty file: `strictly` raises DefinitionError. A file without a replacement is left out.
    """
    catalogues: dict[str, Catalogue] = {}
    for folder in folders:
        for path in _catalogue_files(folder, domain, read):
            code = path.parent.parent.name
            catalogue = read(path, partial(read_catalogue, code=code))
            if catalogue is None:
                continue
            if code in catalogues:
                catalogue = (
                    _with_own_reviews(catalogues[code], catalogue)
                    if code == REFERENCE
                    else _merged(catalogues[code], catalogue)
                )
            catalogues[code] = catalogue
    if REFERENCE in catalogues:
        catalogues = {
            code: _with_gaps(catalogue, catalogues[REFERENCE]) for code, catalogue in catalogues.items()
        }
    order = list(AUTONYMS)
    return dict(sorted(catalogues.items(), key=lambda item: (_position(order, item[0]), item[0])))


def _catalogue_files(folder: Path, domain: str, read: Read) -> list[Path]:
    """Return the paths of a domain's files in a folder of translations, sorted by language code. `read`
    decides what happens to a folder that cannot be listed (`entries`); the files are not read."""
    folders = (path for path in entries(folder, read) if not path.is_file())
    paths = (path / "LC_MESSAGES" / f"{domain}.po" for path in folders)
    return [path for path in paths if is_there(path)]


def _with_gaps(catalogue: Catalogue, reference: Catalogue) -> Catalogue:
    """Return the catalogue, completed by the reference: texts that it lacks count as empty, and `obsolete`
    and `screen` are those of the reference."""
    missing = reference.texts.keys() - catalogue.texts.keys() - set(catalogue.empty)
    gaps = (m for m in reference.texts if m in missing) if missing else ()
    return replace(
        catalogue,
        empty=(*catalogue.empty, *gaps),
        obsolete=reference.obsolete,
        screen=reference.screen,
    )


def _position(order: list[str], code: str) -> int:
    """Return the index of a language in `order`; behind all others if it is not there."""
    return order.index(code) if code in order else len(order)


def _merged(shipped: Catalogue, own: Catalogue) -> Catalogue:
    """Return the shipped catalogue with the installation's own translations and reviews, which replace those
    of the same text."""
    texts = {**shipped.texts, **own.texts}
    untouched = tuple(m for m in shipped.unreviewed if m not in own.texts)
    return Catalogue(
        shipped.language,
        texts,
        tuple(m for m in (*shipped.empty, *own.empty) if m not in texts),
        (*untouched, *own.unreviewed),
        shipped.obsolete,
        shipped.screen,
    )


def _with_own_reviews(shipped: Catalogue, own: Catalogue) -> Catalogue:
    """Return the shipped reference catalogue with the installation's own entries of its texts, which review
    them.

    An own entry of any other text is dropped: it would be missing in every other language.
    """
    merged = _merged(shipped, own)
    return replace(
        merged,
        texts={message: merged.texts[message] for message in shipped.texts},
        unreviewed=tuple(message for message in merged.unreviewed if message in shipped.texts),
    )


def with_texts_of(surveys: Iterable[Survey], catalogues: Mapping[str, Catalogue]) -> dict[str, Catalogue]:
    """Return the catalogues with the texts of the surveys added, titles included. A missing translation of a
    title hides no language.

    A text without a translation gets that of an earlier text of the same statement (`carried`). The review
    applies too if only the spelling has changed. If no earlier text is translated, the text is `empty`. The
    Swedish catalogue is not changed.
    """
    all_surveys = list(surveys)
    statements = [statement for survey in all_surveys for statement in survey.statements]
    messages = tuple(
        dict.fromkeys(text for survey in all_surveys for text in (survey.title, *survey.messages))
    )
    return {
        code: catalogue
        if code == REFERENCE
        else _with_gaps_for(messages, _with_earlier_texts(statements, catalogue))
        for code, catalogue in catalogues.items()
    }


def _with_earlier_texts(statements: Sequence[Statement], catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with the translation of an earlier text for each statement's text that has
    none."""
    carried: dict[str, str] = {}
    unreviewed = []
    for statement in statements:
        earlier = _translated_earlier_text(statement, catalogue)
        if earlier is None or statement.text in carried:
            continue
        carried[statement.text] = earlier
        if earlier not in statement.earlier_spellings or not catalogue.is_reviewed(earlier):
            unreviewed.append(statement.text)
    return replace(
        catalogue,
        texts={**catalogue.texts, **{text: catalogue.texts[earlier] for text, earlier in carried.items()}},
        empty=tuple(text for text in catalogue.empty if text not in carried),
        unreviewed=(*catalogue.unreviewed, *unreviewed),
        carried=carried,
        earlier_texts=frozenset(text for statement in statements for text in statement.texts[1:]),
    )


def _translated_earlier_text(statement: Statement, catalogue: Catalogue) -> str | None:
    """Return the newest earlier text of a statement that has a translation which fits the statement. None if
    the statement's own text is translated, or no earlier text has one."""
    texts = catalogue.texts
    if statement.text in texts:
        return None
    for earlier in (*statement.earlier_spellings, *statement.earlier_wordings):
        if earlier in texts and not find_translation_fault(statement.text, texts[earlier]):
            return earlier
    return None


def _with_gaps_for(messages: tuple[str, ...], catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with those of `messages` that it lacks as `empty`."""
    known = {*catalogue.texts, *catalogue.empty}
    return replace(catalogue, empty=(*catalogue.empty, *(m for m in messages if m not in known)))


def survey_texts(catalogues: Mapping[str, Catalogue]) -> Translations:
    """Return the translations for surveys: language -> reference text -> translation, without Swedish."""
    return {code: catalogue.texts for code, catalogue in catalogues.items() if code != REFERENCE}


def extract_questions(
    file: BufferedIOBase, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extractor for survey, scale and counter files: yields (line from 1, "gettext", text, []) for
    every text of `messages_of_file`. The line is 1 for a text that no line has as it stands.

    `keywords`, `comment_tags` and `options` are part of Babel's interface and not used.
    """
    del keywords, comment_tags, options
    text = file.read().decode("utf-8-sig")
    lines = text.split("\n")
    for message in messages_of_file(text):
        line = next((at for at, text_line in enumerate(lines, 1) if message in text_line), 1)
        yield line, "gettext", message, []
