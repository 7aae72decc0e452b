"""Reduces contexts and plural forms of a .po file to plain entries: a catalogue here has no others.

Translation programs write `msgctxt` and `msgid_plural` on their own. A text here has one translation, so an
entry is kept without its context, or with the one form that all plural forms share. Entries with several
different translations of a text are left out, and named.
"""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import cached_property

LINE = re.compile(r'(?:(?P<keyword>msgctxt|msgid_plural|msgid|msgstr(?:\[\d{1,2}\])?)\s*)?"(?P<string>.*)"')


@dataclass
class _Entry:
    """An entry of a .po file. `parts` maps each keyword to the quoted strings of its text, as written;
    `lines` maps it to the numbers of their lines, from 0."""

    parts: dict[str, list[str]]
    lines: dict[str, list[int]] = field(default_factory=dict)

    @cached_property
    def texts(self) -> dict[str, str]:
        """Keyword -> its text, as written."""
        return {keyword: "".join(parts) for keyword, parts in self.parts.items()}

    @property
    def forms(self) -> list[str]:
        """The translations that are not empty: one, or one for each plural form."""
        return [text for keyword, text in self.texts.items() if keyword.startswith("msgstr") and text]

    @property
    def is_plural(self) -> bool:
        return "msgid_plural" in self.texts


def without_variants(text: str, known: Container[str]) -> tuple[str, tuple[str, ...]]:
    """Return a .po file's text without contexts and plural forms, and the reference texts whose entries are
    left out.

    Removed lines become empty, so that the numbers of the others stay. An entry with plural forms is left out
    if its text is not in `known`, the reference texts here. Lines that are not understood stay, for the
    reader to report.
    """
    lines = text.split("\n")
    entries = _entries(lines)
    left_out: dict[str, None] = {}
    first_translation: dict[str, list[str]] = {}
    with_context = {entry.texts["msgid"] for entry in entries if "msgctxt" in entry.texts}
    for entry in entries:
        msgid, forms = entry.texts["msgid"], list(dict.fromkeys(entry.forms))
        is_repeated = msgid in with_context and msgid in first_translation
        is_left_out = entry.is_plural and (len(forms) > 1 or msgid not in known)
        if is_left_out or (is_repeated and forms != first_translation[msgid]):
            left_out[msgid] = None
        if msgid in with_context and not is_left_out:
            first_translation.setdefault(msgid, forms)
        if is_left_out or is_repeated:
            _remove(lines, entry, list(entry.texts))
        elif entry.is_plural:
            _keep_first_form(lines, entry)
        else:
            _remove(lines, entry, ["msgctxt"])
    for entry in entries:
        if entry.texts["msgid"] in left_out:
            _remove(lines, entry, list(entry.texts))
    return "\n".join(lines), tuple(left_out)


def _entries(lines: Sequence[str]) -> list[_Entry]:
    """Return the entries that have a msgid, in order."""
    entries: list[_Entry] = []
    keyword = ""
    parts: dict[str, list[str]] = {}
    for number, line in enumerate(lines):
        match = LINE.fullmatch(line.strip())
        if match is None:
            continue
        begins = match["keyword"] or ""
        if begins == "msgctxt" or (begins == "msgid" and set(parts) != {"msgctxt"}):
            parts = {}
            entries.append(_Entry(parts))
        keyword = begins or keyword
        if entries and keyword:
            parts.setdefault(keyword, []).append(match["string"])
            entries[-1].lines.setdefault(keyword, []).append(number)
    return [entry for entry in entries if "msgid" in entry.parts]


def _remove(lines: list[str], entry: _Entry, keywords: Sequence[str]) -> None:
    """Make the lines of these keywords of an entry empty."""
    for keyword in keywords:
        for number in entry.lines.get(keyword, ()):
            lines[number] = ""


def _keep_first_form(lines: list[str], entry: _Entry) -> None:
    """Make a plain entry of an entry with plural forms, whose forms are equal or empty: the first that is not
    empty stays."""
    plurals = [keyword for keyword in entry.texts if keyword.startswith("msgstr")]
    kept = next((keyword for keyword in plurals if entry.texts[keyword]), plurals[0] if plurals else "")
    _remove(lines, entry, ["msgctxt", "msgid_plural", *(keyword for keyword in plurals if keyword != kept)])
    if kept:
        first = entry.lines[kept][0]
        lines[first] = lines[first].replace(kept, "msgstr", 1)
