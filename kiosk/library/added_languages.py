"""Guest languages that an installation adds to the shipped ones, as catalogues of its own.

A new catalogue is empty. Guests can choose the language for a survey when the guest's screen and the survey
are translated (`kiosk.library.completeness`).
"""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from babel import Locale
from babel.localedata import exists

from kiosk.domain.language_code import is_language_code
from kiosk.domain.message import Message
from kiosk.domain.name_order import name_key
from kiosk.domain.survey import Survey
from kiosk.library.autonyms import AUTONYMS
from kiosk.library.catalogues import Language
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.drafts import catalogue_path, changed_catalogue
from kiosk.library.library import Library, read_usable_library
from kiosk.settings import Settings, shipped_folder

FONT_SCRIPTS = frozenset({"LATIN", "GREEK", "CYRILLIC", "DEVANAGARI", "ARABIC", "ETHIOPIC"})
"""Scripts of the shipped fonts, by the first word of their letters' names in Unicode."""


def languages_to_add(known: Iterable[str], reader: str) -> dict[str, str]:
    """Return language code -> name, for the languages of CLDR that are neither in `known` (codes) nor in
    AUTONYMS, sorted by name. The names are in the language with the code `reader`, which CLDR has."""
    taken = {*known, *AUTONYMS}
    names = {str(code): str(name) for code, name in Locale.parse(reader).languages.items()}
    codes = [code for code in names if is_language_code(code) and code not in taken and exists(code)]
    return dict(sorted(((code, names[code]) for code in codes), key=lambda item: name_key(item[1])))


def lacks_font(language: Language) -> bool:
    """Return whether a language's autonym has a letter of a script that the shipped fonts lack
    (FONT_SCRIPTS)."""
    letters = (char for char in language.autonym if unicodedata.category(char).startswith("L"))
    return any(unicodedata.name(char, "").partition(" ")[0] not in FONT_SCRIPTS for char in letters)


def is_added(settings: Settings, code: str) -> bool:
    """Return whether a language is the installation's own: it has a catalogue in KIOSK_DATA, and none is
    shipped."""
    own = settings.data / catalogue_path(code)
    return own.exists() and not (shipped_folder("translations") / _in_folder(code)).exists()


def add_language(settings: Settings, code: str) -> Library:
    """Add a guest language with an empty catalogue, and return the new library.

    Raises RefusedError if the language has a catalogue already, if CLDR does not have it, or if the catalogue
    cannot be written.
    """
    with exclusively(settings):
        library = read_usable_library(settings)
        if code in library.guest or (settings.data / catalogue_path(code)).exists():
            raise RefusedError(Message("Språket finns redan.", {}))
        if not is_language_code(code) or not exists(code):
            raise RefusedError(Message("Välj ett språk i listan.", {}))
        return change_files(settings, {catalogue_path(code): changed_catalogue(settings, code, [])})


def remove_language(settings: Settings, code: str, running: Iterable[Survey]) -> Library:
    """Remove an added guest language with its translations, and return the new library. `running` are the
    surveys of the rounds that are not closed.

    Raises RefusedError, and changes nothing, if the language is shipped or unknown, if KIOSK_LANGUAGES names
    it, if one of the `running` surveys has a text in it, or if the file cannot be removed.
    """
    with exclusively(settings):
        if not is_added(settings, code):
            raise RefusedError(Message("Språket följer med programmet och tas inte bort.", {}))
        if code in settings.languages:
            raise RefusedError(
                Message(
                    "Den som sköter installationen har valt att visa språket (KIOSK_LANGUAGES). Be hen ta "
                    "bort det där först.",
                    {},
                )
            )
        if any(survey.translations.get(code) for survey in running):
            raise RefusedError(
                Message(
                    "En omgång som inte är avslutad har översättningar till språket. Vänta tills den är det.",
                    {},
                )
            )
        return change_files(settings, {catalogue_path(code): None})


def _in_folder(code: str) -> Path:
    """Return the path of a language's guest catalogue, relative to a folder of translations."""
    return Path(code) / "LC_MESSAGES" / "guest.po"
