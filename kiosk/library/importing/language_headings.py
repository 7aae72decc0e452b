"""Finds the language code in a column heading or setting of another program: "Svenska (sv)", "English", "fr".

Names of languages come from CLDR, in English and in Swedish, and from the languages' own names below.
"""

import re
from functools import cache

from babel import Locale
from babel.core import get_global

from kiosk.domain.language_code import is_language_code
from kiosk.library.autonyms import AUTONYMS

OWN_NAMES = {
    "castellano": "es", "deutsch": "de", "español": "es", "français": "fr", "italiano": "it",
    "kiswahili": "sw", "kreyòl": "ht", "nederlands": "nl", "português": "pt", "suomi": "fi", "türkçe": "tr",
    "русский": "ru", "українська": "uk", "عربي": "ar", "فارسی": "fa", "हिन्दी": "hi",
    "中文": "zh", "日本語": "ja",
}  # fmt: skip
"""Own name, in small letters -> code, of languages that forms are often written in."""

CODE_WITH_PARTS = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z]+)+")
"""A text that is meant as a code with a script or a country."""


def heading_code(text: str) -> str | None:
    """Return the language code of a text such as "Svenska (sv)", "English" or "pt-BR"; None if it names no
    known language, or more than one."""
    in_brackets = _in_brackets(text)
    if in_brackets and (code := _known_code(in_brackets)):
        return code
    if code := _known_code(text.strip()) or _code_of_name(text):
        return code
    code = _normalised(in_brackets)
    return code if is_language_code(code) else None


def malformed_code(text: str) -> str | None:
    """Return the text in the brackets at the end if it is meant as a code and is none, such as "en_simple";
    None otherwise."""
    in_brackets = _in_brackets(text)
    is_meant = CODE_WITH_PARTS.fullmatch(in_brackets) is not None
    return in_brackets if is_meant and not is_language_code(_normalised(in_brackets)) else None


def _in_brackets(text: str) -> str:
    """Return the text in the brackets at the end, "" without them."""
    match = re.search(r"\(([^()]*)\)\s*$", text)
    return match[1].strip() if match else ""


def _normalised(code: str) -> str:
    """Return a code with underscores and with its parts in the usual case: pt_BR for "pt-br"."""
    first, *others = re.split("[-_]", code)
    parts = [part.title() if len(part) == 4 else part.upper() if len(part) == 2 else part for part in others]
    return "_".join([_short(first.lower()), *parts])


def _short(code: str) -> str:
    """Return the code of two letters for one of three, "sv" for "swe", where there is one."""
    alias = str(get_global("language_aliases").get(code, code))
    return alias if len(alias) == 2 else code


def _known_code(text: str) -> str | None:
    """Return the normalised code if its language is known; None otherwise."""
    code = _normalised(text)
    is_known = code.partition("_")[0] in {*AUTONYMS, *Locale("en").languages}
    return code if is_known and is_language_code(code) else None


def _code_of_name(text: str) -> str | None:
    """Return the code of the only language that a text names; None if it names none, or several."""
    names = _codes_by_name()
    whole = re.sub(r"\([^()]*\)\s*$", "", text).strip().casefold()
    if whole in names:
        return names[whole]
    codes = {names[word] for word in re.findall(r"[^\W\d_]+", text.casefold()) if word in names}
    return codes.pop() if len(codes) == 1 else None


@cache
def _codes_by_name() -> dict[str, str]:
    """Return the name of a language, in small letters -> its code. Codes with a country are left out."""
    named = {
        name.casefold(): code
        for locale in (Locale("sv"), Locale("en"))
        for code, name in locale.languages.items()
        if is_language_code(code) and "_" not in code
    }
    return {**named, **OWN_NAMES, **{name.casefold(): code for code, name in AUTONYMS.items()}}
