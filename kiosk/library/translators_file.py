"""Translators' files: the guest texts of one language as gettext's .po, written for a translator and compared
with the current texts when it comes back.

A file may be older than the current texts. A text that a native reader has reviewed here is therefore never
replaced by the file alone: the two texts are shown, and a coordinator chooses.
"""

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from io import BytesIO

from babel.messages import Catalog
from babel.messages.pofile import write_po

from kiosk.domain.message import Message
from kiosk.library.catalogues import Catalogue, catalogue_of, read_entries
from kiosk.library.definition import DefinitionError
from kiosk.library.drafts import LONGEST_STATEMENT, Translation
from kiosk.library.po_variants import without_variants

MOST_ENTRIES = 5_000
"""Most texts in a translator's file, several times the number that exists: a larger file takes seconds to
read."""

UNREADABLE = Message("Filen kan inte läsas. Spara den som .po i UTF-8 med ett översättningsprogram.", {})

COMPILED = Message("Filen är en kompilerad översättning (.mo). Hämta in .po-filen som hör till den.", {})

ARCHIVE = Message("Filen är ett kalkylblad eller ett arkiv. Spara den som .po i UTF-8.", {})

OTHER_ENCODING = Message("Filen är inte sparad i UTF-8. Spara den som .po i UTF-8.", {})

NO_TEXTS = Message(
    "Filen är ingen .po-fil: ingen rad börjar med msgid. Översätt filen som du laddade ner här.", {}
)

SIGNATURES = {
    b"\xde\x12\x04\x95": COMPILED,
    b"\x95\x04\x12\xde": COMPILED,
    b"PK\x03\x04": ARCHIVE,
}
"""First bytes of files that are sent by mistake -> the reason for the refusal."""


class TranslationError(ValueError):
    """The translator's file cannot be imported. `message` has the reason."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.render(str))
        self.message = message


@dataclass(frozen=True)
class Comparison:
    """A translator's file compared with the current texts.

    `changed` are the translations to save: new ones, and unchanged ones that the file marks as reviewed.
    `conflicts` are translations that differ from a text that is reviewed here; they are not in `changed`.
    `untranslated` counts texts without the fuzzy flag that equal the Swedish text, unless they are reviewed
    like that here: they do not count as reviewed. `kept_reviews` counts translations that are reviewed here
    and that the file has too, but flagged fuzzy: they stay reviewed. `with_variants` has the reference texts
    of which the file has several translations, by context or number: they are left out.
    """

    changed: tuple[Translation, ...]
    conflicts: tuple[Translation, ...]
    untranslated: int
    kept_reviews: int
    with_variants: tuple[str, ...] = ()


def as_po(catalogue: Catalogue) -> bytes:
    """Return the guest texts of the catalogue's language as a .po file for a translator; texts without a
    translation come last.

    Unreviewed texts are flagged fuzzy. If one uses the translation of an earlier text (`carried`), a comment
    has that earlier text: Babel would break a long previous msgid (#|) into lines that gettext cannot read.
    """
    code = catalogue.language.code
    catalog = Catalog(locale=code, project="kiosk", charset="utf-8", fuzzy=False)
    for message in (*catalogue.texts, *catalogue.empty):
        flags = ("fuzzy",) if message in catalogue.unreviewed else ()
        has_earlier = flags and message in catalogue.carried
        comments = [f"Translation of the former text: {catalogue.carried[message]}"] if has_earlier else []
        catalog.add(message, catalogue.texts.get(message, ""), flags=flags, auto_comments=comments)
    written = BytesIO()
    write_po(written, catalog, width=0)
    return written.getvalue()


def read_translations(content: bytes, catalogue: Catalogue) -> Comparison:
    """Compare a translator's .po file with `catalogue`, the current texts of its language. Nothing is saved.

    Texts of earlier versions are left out: the file may have been downloaded before an upgrade. Earlier texts
    of statements are kept: their translations apply to the current texts. Some editors replace spaces by
    no-break spaces, so a text may have other spaces than here. Raises TranslationError for a file that cannot
    be used, is for another language, or contains unknown texts.
    """
    code = catalogue.language.code
    current = {*catalogue.texts, *catalogue.empty, *catalogue.earlier_texts}
    try:
        text, with_variants = without_variants(_text_sent(content), current | catalogue.obsolete)
        entries = read_entries(text, "")
        sent = catalogue_of(entries, code, "")
    except DefinitionError as error:
        raise TranslationError(error.message or UNREADABLE) from error
    _check_language(str(entries.locale_identifier or ""), code)
    named = _texts_here(current | catalogue.obsolete, sent.texts.keys())
    unknown = [message for message in named.values() if message not in current | catalogue.obsolete]
    if unknown:
        raise TranslationError(
            Message(
                "Filen har texter som inte finns här, till exempel ”{text}”. Antal: {number}. Översätt filen "
                "som du laddade ner här.",
                {"number": len(unknown), "text": unknown[0][:LONGEST_STATEMENT]},
            )
        )
    translations = [
        Translation(here, sent.texts[message], message not in sent.unreviewed)
        for message, here in named.items()
        if here in current
    ]
    return replace(compare(translations, catalogue), with_variants=with_variants)


def _texts_here(known: Set[str], sent: Set[str]) -> dict[str, str]:
    """Return each sent text -> the known one that differs from it in spaces only, or else itself. A text
    whose known one was sent too is left out."""
    by_words = {" ".join(text.split()): text for text in known}
    named = {text: text if text in known else by_words.get(" ".join(text.split()), text) for text in sent}
    return {text: here for text, here in named.items() if text == here or here not in sent}


def compare(translations: Iterable[Translation], catalogue: Catalogue) -> Comparison:
    """Compare translations with the current ones in `catalogue`; see `Comparison`."""
    changed, conflicts, untranslated, kept_reviews = list[Translation](), list[Translation](), 0, 0
    for sent in translations:
        is_reviewed_here = catalogue.is_reviewed(sent.message)
        is_same = sent.text == catalogue.texts.get(sent.message)
        is_swedish = sent.text == sent.message
        if is_same and is_reviewed_here:
            kept_reviews += not sent.is_reviewed
            continue
        untranslated += is_swedish and sent.is_reviewed
        translation = Translation(sent.message, sent.text, sent.is_reviewed and not is_swedish)
        if is_reviewed_here:
            conflicts.append(translation)
        elif not is_same or translation.is_reviewed:
            changed.append(translation)
    return Comparison(tuple(changed), tuple(conflicts), untranslated, kept_reviews)


def _check_language(named: str, code: str) -> None:
    """Raise TranslationError unless `named`, the language in a file's header, is `code` or the same language
    in another country."""
    if not named:
        line = f'"Language: {code}\\n"'
        raise TranslationError(
            Message(
                "Filens huvud säger inte vilket språk det är. Skriv raden {line} överst i filen, under "
                "msgstr.",
                {"line": line},
            )
        )
    if re.split("[-_]", named)[0] != code.partition("_")[0]:
        raise TranslationError(
            Message(
                "Filens huvud säger språket {named}, men här översätts till {code}. Är det rätt fil?",
                {"named": named[:40], "code": code},
            )
        )


def _text_sent(content: bytes) -> str:
    """Return the text of a sent file, with line feeds alone. Raises TranslationError for a file that is no
    .po file in UTF-8, or has over MOST_ENTRIES entries."""
    if reason := SIGNATURES.get(content[:4]):
        raise TranslationError(reason)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TranslationError(OTHER_ENCODING) from error
    if "\0" in text:  # UTF-16 or UTF-32 without a byte order mark
        raise TranslationError(OTHER_ENCODING)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not re.search(r"^(#~)?\s*msgid\b", text, re.MULTILINE):
        raise TranslationError(NO_TEXTS)
    if text.count("\nmsgid ") > MOST_ENTRIES:
        raise TranslationError(
            Message(
                "Filen har mer än {most} texter: fler än som finns här. Är det rätt fil?",
                {"most": MOST_ENTRIES},
            )
        )
    return text
