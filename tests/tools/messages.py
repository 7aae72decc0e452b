"""Updates the catalogues with the texts of the screens and the surveys.

`make messages` runs it. New texts are added without a translation (in Swedish, the reference, with their own
text and flagged fuzzy, because nobody has reviewed them). Translations, flags and headers are kept. Unused
texts are kept and listed; `make messages PRUNE=yes` makes them obsolete entries (#~), which no screen shows
and which a translator's file may still have. Running it twice changes nothing.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any

from babel.messages import Catalog
from babel.messages.extract import (
    DEFAULT_KEYWORDS,
    check_and_call_extract_file,
    extract_from_dir,
    extract_python,
)
from babel.messages.pofile import generate_po, read_po

from kiosk.library.catalogues import REFERENCE

ROOT = Path(__file__).parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "Message": (1,), "translate": (1,)}

CALLS = re.compile(rb"\b(?:%s)\s*\(" % "|".join(KEYWORDS).encode())


def python_texts(file: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Yield what babel extracts from a module. Most modules have no text, and to divide them into tokens
    takes long: only a module with a call is given to babel."""
    if CALLS.search(file.read()):
        file.seek(0)
        yield from extract_python(file, keywords, comment_tags, options)


METHODS = [
    # Counters are on the desk's pages only.
    ("counters/**.toml", "ignore"),
    ("**.py", "tests.tools.messages:python_texts"),
    ("**/templates/**.html", "jinja2.ext:babel_extract"),
    ("**.toml", "kiosk.library.catalogues:extract_questions"),
]
OPTIONS = {"**/templates/**.html": {"silent": "false", "newstyle_gettext": "true"}}

SOURCES = {
    "guest": ("questions", "kiosk/guest", "kiosk/screen", "kiosk/output/paper.py"),
    "desk": ("kiosk/desk", "kiosk/domain", "kiosk/library", "questions/counters"),
}


@cache
def extracted(domain: str) -> dict[str, list[tuple[str, int]]]:
    """Return reference text -> (file, 0) of each place where it occurs, for a domain ("guest" or "desk"), in
    the order of the sources. Raises TypeError for a plural form.

    The sources are read once a process.
    """
    return extracted_from(*SOURCES[domain])


def extracted_from(*sources: str) -> dict[str, list[tuple[str, int]]]:
    """Return the result of `extracted` for these files and folders, paths from the root of the repository."""
    places: dict[str, list[tuple[str, int]]] = {}
    for source in sources:
        for name, message in _messages(ROOT / source):
            if not isinstance(message, str):
                raise TypeError(f"{name}: {message!r}: plural forms are not used here")
            places.setdefault(message, []).append((name, 0))
    return places


def _messages(source: Path) -> Iterator[tuple[str, object]]:
    if source.is_dir():
        rows = extract_from_dir(source, METHODS, OPTIONS, KEYWORDS)
        yield from ((f"{source.relative_to(ROOT).as_posix()}/{name}", text) for name, _, text, *_ in rows)
    elif source.exists():
        rows = check_and_call_extract_file(source, METHODS, OPTIONS, None, KEYWORDS, (), False, ROOT)
        yield from ((name, text) for name, _, text, *_ in rows)


@cache
def messages_in(domain: str, language: str) -> dict[str, list[tuple[str, int]]]:
    """Return the texts of `extracted` that a language has. A text that is in instruments only is left out of
    languages that are not official ones of such an instrument: its translation would be the project's own."""
    return {
        message: places
        for message, places in extracted(domain).items()
        if language == REFERENCE or any(language in _languages_of(name, language) for name, _ in places)
    }


def _languages_of(name: str, language: str) -> list[str]:
    """Return the official languages of a file, or `language` if it has none."""
    if not name.endswith(".toml"):
        return [language]
    official: list[str] = tomllib.loads((ROOT / name).read_text("utf-8")).get("official", [language])
    return official


def catalogue_paths(domain: str) -> dict[str, Path]:
    """Return language -> path of its catalogue."""
    paths = sorted((ROOT / "translations").glob(f"*/LC_MESSAGES/{domain}.po"))
    return {path.parent.parent.name: path for path in paths}


def updated(text: str, messages: dict[str, list[tuple[str, int]]], language: str, *, prune: bool) -> str:
    """Return the catalogue `text` with the entries of `messages` (see `extracted`). Its other entries are
    kept, as obsolete ones if `prune`."""
    header = text.split("\n\n", 1)[0].rstrip()
    read = read_po(text.splitlines(keepends=True))
    current = {str(entry.id): entry for entry in read if entry.id}
    old = {**{str(message): entry for message, entry in read.obsolete.items()}, **current}
    new = Catalog()
    unused = [message for message in current if message not in messages]
    kept = [] if prune else unused
    new.obsolete.update(
        {message: entry for message, entry in old.items() if message not in messages and message not in kept}
    )
    for message in [*messages, *kept]:
        before = old.get(message)
        string = before.string if before else ""
        flags = set(before.flags) if before else set()
        if message in read.obsolete:
            flags.add("fuzzy")
        if language == REFERENCE and string != message:
            string, flags = message, flags | {"fuzzy"}
        comments = before.user_comments if before else []
        new.add(message, string, messages.get(message, []), flags, user_comments=comments)
    lines = generate_po(new, omit_header=True, include_lineno=False, width=0)
    return (header + "\n\n" + "".join(lines)).rstrip("\n") + "\n"


def main(arguments: list[str]) -> None:
    """Update every catalogue in place and print what remains to be done by hand."""
    for domain in SOURCES:
        for language, path in catalogue_paths(domain).items():
            messages = messages_in(domain, language)
            before = path.read_text(encoding="utf-8")
            after = updated(before, messages, language, prune="--prune" in arguments)
            if after != before:
                path.write_text(after, encoding="utf-8")
            entries = [entry for entry in read_po(after.splitlines(keepends=True)) if entry.id]
            empty = sum(not entry.string for entry in entries)
            unused = [str(entry.id) for entry in entries if entry.id not in messages]
            print(f"{language}/{domain}: {len(entries)} texts, {empty} empty, {len(unused)} unused")
            for message in unused:
                print(f"  no screen uses: {message}")


if __name__ == "__main__":
    main(sys.argv[1:])
