"""Languages and catalogues: every word on a screen, in the languages it may be shown in.

The reference text (Swedish) is the message id. An entry flagged fuzzy, which is gettext's own mark for
"needs a look", has not been reviewed by a native reader; the flag goes when a reviewer takes it away.
Catalogues are read as .po, so a translator's file works without a compile step.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.messages.pofile import PoFileError, read_po

from kiosk.definition import DefinitionError, messages_of_file
from kiosk.survey import Texts

REFERENCE = "sv"

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
    try:
        with path.open("rb") as file:
            entries = list(read_po(file, locale=code if code != "rom" else None, abort_invalid=True))
    except (OSError, UnicodeDecodeError, PoFileError) as error:
        raise DefinitionError(f"{path}: cannot be read as a .po file: {error}") from error
    texts: dict[str, str] = {}
    empty, unreviewed = [], []
    for entry in entries:
        if not entry.id:
            continue
        message, translated = str(entry.id), str(entry.string or "")
        if not translated.strip():
            empty.append(message)
            continue
        if _placeholders(message) != _placeholders(translated):
            raise DefinitionError(
                f"{path}: line {entry.lineno}: {translated!r} must have the same {{placeholders}} "
                f"as {message!r}"
            )
        texts[message] = translated
        if entry.fuzzy:
            unreviewed.append(message)
    return Catalogue(language(code), texts, tuple(empty), tuple(unreviewed))


def _placeholders(text: str) -> list[str]:
    return sorted(part.split("}")[0] for part in text.split("{")[1:])


def read_catalogues(folders: list[Path], domain: str) -> dict[str, Catalogue]:
    """All catalogues of a domain ("guest" or "desk"), in the picker's order.

    Later folders add languages and override single texts of earlier ones.
    """
    found: dict[str, Catalogue] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*/LC_MESSAGES/{domain}.po")):
            code = path.parent.parent.name
            read = read_catalogue(path, code)
            found[code] = _merged(found[code], read) if code in found else read
    order = list(AUTONYMS)
    return dict(sorted(found.items(), key=lambda item: (_place(order, item[0]), item[0])))


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
    lines = file.read().decode("utf-8").splitlines()
    for message in messages_of_file("\n".join(lines)):
        line = next((at for at, text in enumerate(lines, 1) if f'"{message}"' in text), 1)
        yield line, "gettext", message, []
