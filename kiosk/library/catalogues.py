"""Languages and catalogues: every word on a screen, in the languages it may be shown in.

The reference text (Swedish) is the message id. An entry flagged fuzzy, which is gettext's own mark for
"needs a look", has not been reviewed by a native reader; the flag goes when a reviewer takes it away.
Catalogues are read as .po, so a translator's file works without a compile step.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import BufferedIOBase
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.messages.pofile import PoFileError, read_po

from kiosk.domain.survey import Texts
from kiosk.library.definition import DefinitionError, is_one_line, messages_of_file, read_text

REFERENCE = "sv"

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4}){0,2}")
PO_LINE = re.compile(r'(?:(?P<keyword>msgid|msgstr)\s+)?"(?P<words>(?:[^"\\]|\\.)*)"')

CHARSET = re.compile(r"""Content-Type:[^"]*;\s*charset=([^\s"\\]+)""", re.IGNORECASE)

AUTONYMS = {
    "sv": "Svenska",
    "en": "English",
    "ar": "العربية",
    "fa": "فارسی / دری",
    "so": "Af-Soomaali",
    "ti": "ትግርኛ",
    "ro": "Română",
    "pl": "Polski",
    "uk": "Українська",
    "ru": "Русский",
    "es": "Español",
    "fi": "Suomi",
    "bg": "Български",
    "rom": "Romani čhib",
}
"""Language codes in the picker's fixed order, each by the name its speakers use."""


@dataclass(frozen=True)
class Language:
    """A language a screen can be in; `direction` is "ltr" or "rtl"."""

    code: str
    autonym: str
    direction: str


@dataclass(frozen=True)
class Catalogue:
    """One language's texts of one domain. `texts` has every message that is translated;
    `empty` and `unreviewed` list reference texts, in the file's order."""

    language: Language
    texts: Mapping[str, str]
    empty: tuple[str, ...]
    unreviewed: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return not self.empty

    @property
    def is_reviewed(self) -> bool:
        """Whether a native reader has reviewed every text."""
        return not self.empty and not self.unreviewed

    def text(self, message: str) -> str:
        """The message in this language, or the reference text where there is none."""
        return self.texts.get(message, message)


def language(code: str) -> Language:
    """The language of that code; languages CLDR does not know (Romani) are written left to right."""
    try:
        direction = Locale.parse(code).text_direction
    except UnknownLocaleError:
        direction = "ltr"
    return Language(code, AUTONYMS.get(code, code), direction)


def read_catalogue(path: Path, code: str) -> Catalogue:
    """Read one .po file. Raises DefinitionError, with the line, if it cannot be read or used."""
    if not LANGUAGE_CODE.fullmatch(code):
        raise DefinitionError(f"{path}: {code!r} is no language code; name the folder like fa or fa_AF")
    text = read_text(path)
    _check_syntax(path, text)
    _check_charset(path, text)
    try:
        entries = read_po(text.split("\n"), abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise DefinitionError(f"{path}: cannot be read ({error}); mend its header") from error
    texts: dict[str, str] = {}
    empty, unreviewed = [], []
    for entry in entries:
        if not entry.id:
            continue
        message, translated = (unicodedata.normalize("NFC", str(part)) for part in (entry.id, entry.string))
        if not translated.strip():
            empty.append(message)
            continue
        if problem := fault(message, translated):
            raise DefinitionError(f"{path}: line {entry.lineno}: {translated!r} {problem}")
        texts[message] = translated
        if entry.fuzzy:
            unreviewed.append(message)
    return Catalogue(language(code), texts, tuple(empty), tuple(unreviewed))


def _check_charset(path: Path, text: str) -> None:
    """Refuse a header that names another encoding than UTF-8.

    Read here, since Babel from 2.19 on takes the placeholder of gettext's templates for UTF-8.
    """
    _, header, *_ = [*re.split("^msgid", text, maxsplit=2, flags=re.MULTILINE), ""]
    named = CHARSET.search(header)
    if named and named[1].lower() not in {"utf-8", "utf8"}:
        raise DefinitionError(f"{path}: the header names {named[1]}; save as UTF-8 and write that")


def _check_syntax(path: Path, text: str) -> None:
    """Refuse what Babel's reader would pass over in silence: an unclosed quote loses a letter there,
    a stray msgstr goes to the wrong msgid, a second translation is dropped."""
    parts: list[tuple[str, str, int]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        found = PO_LINE.fullmatch(line)
        if found is None or not (found["keyword"] or parts):
            raise DefinitionError(
                f'{path}: line {number}: must be msgid "text", msgstr "text" or "more of the text"; '
                "look at the quotes"
            )
        keyword, words, begun = (found["keyword"], "", number) if found["keyword"] else parts.pop()
        parts.append((keyword, words + found["words"], begun))
    seen = set()
    for place, (keyword, words, number) in enumerate(parts):
        expected = "msgstr" if place % 2 else "msgid"
        if keyword != expected:
            raise DefinitionError(f"{path}: line {number}: add a {expected} above; each msgid has one msgstr")
        if keyword == "msgid" and words in seen:
            raise DefinitionError(f"{path}: line {number}: {words!r} stands twice; remove one of them")
        if keyword == "msgid":
            seen.add(words)
    if len(parts) % 2:
        raise DefinitionError(f"{path}: line {parts[-1][2]}: the last msgid has no msgstr; add one")


def fault(message: str, translated: str) -> str:
    """What makes a text unfit to stand where its reference text stands, or ""."""
    if not is_one_line(translated):
        return "holds a line break or control character; keep it on one line"
    try:
        same = _placeholders(message) == _placeholders(translated)
    except ValueError as error:
        return f"has a brace that opens or closes nothing ({error}); mend it"
    return "" if same else f"must have the same {{placeholders}} as {message!r}"


def _placeholders(text: str) -> list[str]:
    """Each {placeholder} and %(placeholder)s of a text, with all that stands in its braces, sorted."""
    braced = (f"{name}!{kind}:{form}" for _, name, form, kind in Formatter().parse(text) if name is not None)
    return sorted([*braced, *re.findall(r"%\(\w+\)\w?", text)])


def read_catalogues(folders: list[Path], domain: str) -> dict[str, Catalogue]:
    """All catalogues of a domain ("guest" or "desk"), in the picker's order.

    Later folders add languages and override single texts of earlier ones.
    """
    found: dict[str, Catalogue] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*/LC_MESSAGES/{domain}.po")):
            code = path.parent.parent.name
            read = read_catalogue(path, code)
            if code in found:
                read = _read_by(found[code], read) if code == REFERENCE else _merged(found[code], read)
            found[code] = read
    if REFERENCE in found:
        found = {code: _with_gaps(read, found[REFERENCE]) for code, read in found.items()}
    order = list(AUTONYMS)
    return dict(sorted(found.items(), key=lambda item: (_place(order, item[0]), item[0])))


def _with_gaps(read: Catalogue, reference: Catalogue) -> Catalogue:
    """The catalogue, with texts it does not even mention counted as empty."""
    gaps = (m for m in reference.texts if m not in read.texts and m not in read.empty)
    return replace(read, empty=(*read.empty, *gaps))


def _place(order: list[str], code: str) -> int:
    return order.index(code) if code in order else len(order)


def _merged(shipped: Catalogue, own: Catalogue) -> Catalogue:
    texts = {**shipped.texts, **own.texts}
    untouched = tuple(m for m in shipped.unreviewed if m not in own.texts)
    return Catalogue(
        shipped.language,
        texts,
        tuple(m for m in (*shipped.empty, *own.empty) if m not in texts),
        (*untouched, *own.unreviewed),
    )


def _read_by(shipped: Catalogue, own: Catalogue) -> Catalogue:
    """The reference, with what an installation's people have read of it. A text that is no longer shipped is
    left out: it would be a gap in every other language."""
    merged = _merged(shipped, own)
    return replace(
        merged,
        texts={message: merged.texts[message] for message in shipped.texts},
        unreviewed=tuple(message for message in merged.unreviewed if message in shipped.texts),
    )


def survey_texts(catalogues: Mapping[str, Catalogue]) -> Texts:
    """What a survey is translated with: language -> reference text -> text, Swedish left out."""
    return {code: found.texts for code, found in catalogues.items() if code != REFERENCE}


def extract_questions(
    file: BufferedIOBase, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extractor for survey and scale files: every text a guest reads.

    `keywords`, `comment_tags` and `options` are part of Babel's interface and not used.
    """
    del keywords, comment_tags, options
    text = file.read().decode("utf-8-sig")
    lines = text.split("\n")
    for message in messages_of_file(text):
        line = next((at for at, words in enumerate(lines, 1) if message in words), 1)
        yield line, "gettext", message, []
