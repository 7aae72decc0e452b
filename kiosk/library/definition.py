"""A strict reader for definition files (surveys, scales, trees) in TOML.

Every error names the file, the place in it and the remedy: these files are written by hand, by people who do
not program. TOML and not YAML: Python reads it, it refuses duplicate keys, and it never reads `no` as False
or `12:30` as a number.
"""

import difflib
import os
import re
import reprlib
import tomllib
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kiosk.domain.message import Message
from kiosk.library.text_rules import ID_PATTERN, find_fault, tidied

MAX_FILE_BYTES = 1_000_000
"""Largest file that is read, in bytes."""

T = TypeVar("T")

HINTS = {
    "Cannot overwrite a value": "a key or section occurs twice; remove one",
    "Cannot declare": "the section occurs twice, write [[name]] for one of several",
    "Invalid value": 'write texts between "quotes", and true or false small and without',
    "Illegal character": 'a text ends with " on the line it begins on',
    "Unterminated string": 'end the text with "',
    "Expected '='": "write key = value",
}
"""Part of an error message of Python's TOML reader -> hint how to correct the file."""


class DefinitionError(Exception):
    """The definition file cannot be used.

    The error's text, `english`, names the file, the place in it and the remedy. `message` is the same for the
    desk, to be translated; None if there is only the English text.
    """

    def __init__(self, english: str, message: Message | None = None) -> None:
        super().__init__(english)
        self.message = message


class Read(Protocol):
    """Reads a file, and decides what happens if it is faulty.

    Returns `reader(path)`. If that raises DefinitionError, `strictly` raises the error; `TolerantReader`
    returns a replacement, or None if it has none.
    """

    def __call__(self, path: Path, reader: Callable[[Path], T]) -> T | None: ...


def strictly(path: Path, reader: Callable[[Path], T]) -> T | None:
    """Return `reader(path)`. Its DefinitionError is not caught: the `Read` for files that must have no
    fault."""
    return reader(path)


@dataclass
class Table:
    """One TOML table, a whole file or one of its [[section]]s. Its methods check and return the value of a
    key.

    Every method raises DefinitionError for a value of another type than it returns, and for a missing key
    unless its name begins with `optional_`. `place` is the table's place in messages: the file, and for a
    section its name and number, from 1, in brackets. `section` and `number` are that name and number; "" and
    0 for a whole file. `text_of_file` is the file's text, in which `error` looks up a key's line. `asked` has
    the keys that were read: `finish` refuses all others.
    """

    place: str
    values: dict[str, Any]
    asked: set[str] = field(default_factory=set)

    section: str = ""
    number: int = 0
    text_of_file: str = ""

    def error(self, key: str, problem: str) -> DefinitionError:
        """Return the error for a key, to be raised: the file, the section, the key, its line if it has one,
        and `problem`, which completes a sentence about the key and names the remedy."""
        name = key if key.isidentifier() else reprlib.repr(key)
        where = f"{self.place}.{name}" if self.section else f"{self.place}: {name}"
        line = line_of(self.text_of_file, self.section, self.number, key)
        return DefinitionError(f"{where} (line {line}): {problem}" if line else f"{where}: {problem}")

    def _take(self, key: str, kind: type, expected: str) -> Any:
        """Return the value of a key. Raises DefinitionError if it is missing or not of this kind; `expected`
        says in words what it should be."""
        self.asked.add(key)
        if key not in self.values:
            raise self.error(key, f"is missing; {self._way_to_add(key, expected)}")
        value = self.values[key]
        if not isinstance(value, kind):
            raise self.error(key, f"must be {expected}, not {reprlib.repr(value)}")
        return value

    def _way_to_add(self, key: str, expected: str) -> str:
        """Return a sentence on how to add a missing key, or on the key that seems to be a misspelling of it.
        `expected` says in words what the value should be."""
        near = difflib.get_close_matches(key, [name for name in self.values if name not in self.asked], n=1)
        if near:
            return f"did you misspell it as {near[0]!r}?"
        if expected.startswith("[["):
            return f"add {expected}"
        place = "in this section" if self.section else "above the first [[section]]"
        return f"add a line {key} = {expected} {place}"

    def text(self, key: str) -> str:
        """Return a text in Unicode's form NFC, trimmed, with single spaces. Raises DefinitionError for a text
        that no screen can show (`find_fault`): an empty one, one of several lines, or one of over
        LONGEST_TEXT characters."""
        text = tidied(self._take(key, str, '"a text in quotes"'))
        if fault := find_fault(text):
            raise self.error(key, fault.english)
        return text

    def optional_text(self, key: str) -> str:
        """Return a text as `text` does, or "" if the key is absent. Raises DefinitionError for one that no
        screen can show, also an empty one."""
        self.asked.add(key)
        return self.text(key) if key in self.values else ""

    def identifier(self, key: str) -> str:
        """Return an id: small letters a-z, digits and underscore, a letter first, at most 40 characters.

        Raises DefinitionError for any other text.
        """
        text = self.text(key)
        if not ID_PATTERN.fullmatch(text):
            raise self.error(
                key,
                f"{text!r} must be small letters a-z, digits and _, begin with a letter, "
                "and be at most 40 long",
            )
        return text

    def optional_texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, each in form NFC, trimmed, with single spaces; () if the key is absent.

        Raises DefinitionError for anything but a list of texts, or a text that no screen can show.
        """
        self.asked.add(key)
        values = (
            self._take(key, list, 'a list of texts, such as ["text", "text"]') if key in self.values else []
        )
        if any(not isinstance(value, str) for value in values):
            raise self.error(
                key, f'must be a list of texts, such as ["text", "text"], not {reprlib.repr(values)}'
            )
        texts = tuple(tidied(value) for value in values)
        for fault in filter(None, map(find_fault, texts)):
            raise self.error(key, fault.english)
        return texts

    def optional_choice(self, key: str, choices: Iterable[str]) -> str:
        """Return one of `choices`, or "" if the key is absent. Raises DefinitionError for another text, also
        an empty one."""
        text, known = self.optional_text(key), list(choices)
        if text and text not in known:
            raise self.error(key, f"{text!r} is none of: {', '.join(known)}")
        return text

    def optional_numbers(self, key: str, most: int | None = None) -> tuple[int, ...]:
        """Return the whole numbers of a list as it is written, repeated ones too; () if the key is absent.

        Raises DefinitionError for an empty list, and for a number outside 1 to `most`; with None, any whole
        number is allowed.
        """
        if key not in self.values:
            self.asked.add(key)
            return ()
        numbers = self._take(key, list, "a list of numbers, such as [4, 5]")
        if not numbers or any(type(number) is not int for number in numbers):
            raise self.error(key, f"must be a list of numbers, such as [4, 5], not {reprlib.repr(numbers)}")
        if most is not None and not all(1 <= number <= most for number in numbers):
            raise self.error(key, f"must be numbers from 1 to {most}, not {reprlib.repr(numbers)}")
        return tuple(numbers)

    def optional_number(self, key: str, most: int) -> int | None:
        """Return a whole number from 0 to `most`, or None if the key is absent. Raises DefinitionError for
        anything else."""
        self.asked.add(key)
        number = self.values.get(key)
        if number is not None and (type(number) is not int or not 0 <= number <= most):
            raise self.error(key, f"must be a whole number from 0 to {most}, not {reprlib.repr(number)}")
        return number

    def flag(self, key: str) -> bool:
        """Return true or false. Raises DefinitionError for anything else, and if the key is missing."""
        flag: bool = self._take(key, bool, "true or false")
        return flag

    def tables(self, key: str, *, at_least: int, at_most: int) -> Iterator["Table"]:
        """Yield each [[key]] section, in order. Raises DefinitionError, when the first is taken, for fewer
        than `at_least` or more than `at_most`."""
        rows = self._take(key, list, f"[[{key}]] sections")
        if not at_least <= len(rows) <= at_most:
            raise self.error(
                key,
                f"has {len(rows)} [[{key}]] sections; add or remove some, to have {at_least} to {at_most}",
            )
        for number, row in enumerate(rows, start=1):
            place = f"{self.place}: {key}[{number}]"
            if not isinstance(row, dict):
                raise DefinitionError(f"{place}: must be a [[{key}]] section, not {reprlib.repr(row)}")
            yield Table(place, row, section=key, number=number, text_of_file=self.text_of_file)

    def optional_flag(self, key: str) -> bool:
        """Return true or false; False if the key is absent."""
        self.asked.add(key)
        return self.flag(key) if key in self.values else False

    def optional_identifiers(self, key: str) -> tuple[str, ...]:
        """Return a list of ids, or () if the key is absent. Raises DefinitionError for another value."""
        self.asked.add(key)
        values = self._take(key, list, '["id", "id"]') if key in self.values else []
        for value in values:
            if not isinstance(value, str) or not ID_PATTERN.fullmatch(value):
                raise self.error(
                    key, f'must be ids in quotes, such as ["id", "id"], not {reprlib.repr(value)}'
                )
        return tuple(values)

    def finish(self) -> None:
        """Raise DefinitionError for the first key that no method has read, such as a misspelt one."""
        for key in self.values:
            if key not in self.asked:
                near = difflib.get_close_matches(key, sorted(self.asked), n=1)
                remedy = f"did you mean {near[0]!r}?" if near else "remove it"
                known = ", ".join(sorted(self.asked))
                raise self.error(key, f"is not a key here; {remedy} (keys: {known})")


def line_of(text: str, section: str, number: int, key: str) -> int | None:
    """Return the line, from 1, of a key in the `number`th section (from 1) with the name `section`, or above
    all sections if `section` is "". None if there is no such line, as for a key in an inline table, or with
    `text` "".

    It is the first line that begins with the key and whose preceding lines are valid TOML, end in that
    section, and do not have the key.
    """
    begins = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
    lines = text.split("\n")
    for at, line in enumerate(lines, start=1):
        if begins.match(line) and _opens(lines[: at - 1], section, number, key):
            return at
    return None


def _opens(lines: list[str], section: str, number: int, key: str) -> bool:
    """Return whether these lines end within the section, before its key."""
    try:
        values = tomllib.loads("\n".join(lines))
    except ValueError:
        return False
    if not section:
        return key not in values
    rows = values.get(section)
    return isinstance(rows, list) and len(rows) == number and key not in rows[-1]


def is_there(path: Path) -> bool:
    """Return whether something stands at a path, also if it cannot be read or is a broken link.

    True also if that cannot be found out, as where a parent is a file or may not be searched: reading the
    path then reports the fault.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def definition_files(folder: Path, read: Read = strictly) -> list[Path]:
    """Return the paths in a folder whose names end in .toml, sorted by name. A folder whose name ends in
    .toml is included; reading it fails. [] if there is no folder; `read` decides what happens to one that
    cannot be listed (`entries`)."""
    paths = entries(folder, read)
    return [path for path in paths if path.name.endswith(".toml")]


def entries(folder: Path, read: Read = strictly) -> list[Path]:
    """Return the paths in a folder, each with the folder's path before it, sorted by name; [] if there is no
    folder.

    Hidden files are left out: operating systems create some beside other files, such as ._name.toml. `read`
    decides what happens to a folder that cannot be listed, or a file in its place: `strictly` raises
    DefinitionError; `TolerantReader` reports it, and the result has the paths in the folder's last good copy,
    or is [] without one.
    """
    return (read(folder, _entries) if is_there(folder) else None) or []


def _entries(folder: Path) -> list[Path]:
    try:
        names = os.listdir(folder)
    except NotADirectoryError as error:
        raise DefinitionError(f"{folder}: is not a folder; move it away") from error
    except OSError as error:
        raise DefinitionError(
            f"{folder}: cannot be read ({error.strerror}); check that you may read it"
        ) from error
    return [folder / name for name in sorted(names) if not name.startswith(".")]


def read_text(path: Path) -> str:
    """Return the text of a file, without a byte order mark. Raises DefinitionError if it cannot be read, is
    larger than MAX_FILE_BYTES, or is not UTF-8."""
    return decoded(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file. Raises DefinitionError if it cannot be read, or is larger than
    MAX_FILE_BYTES."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DefinitionError(
            f"{path}: cannot be read ({error.strerror}); check that it is a file and that you may read it"
        ) from error
    if len(raw) > MAX_FILE_BYTES:
        most = MAX_FILE_BYTES // 1_000_000
        raise DefinitionError(f"{path}: is larger than {most} MB; is it the right file?")
    return raw


def decoded(raw: bytes, path: Path | str) -> str:
    """Return the text of a file's content, without a byte order mark. `path` is the file in the error
    message. Raises DefinitionError with the line if it is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DefinitionError(f"{path}: line {line}: is not UTF-8; save it as UTF-8") from error


def read_table(path: Path) -> Table:
    """Return the table of a TOML file. Raises DefinitionError if it cannot be read, is larger than
    MAX_FILE_BYTES, or, with the line, if it is not UTF-8 or no TOML."""
    text = read_text(path)
    try:
        values = _parsed(text)
    except RecursionError as error:
        raise DefinitionError(f"{path}: is nested too deeply; write it flat") from error
    except ValueError as error:
        last_line = text.rstrip().count("\n") + 1
        complaint = str(error).replace("at end of document", f"at the end, line {last_line}")
        raise DefinitionError(f"{path}: not valid TOML: {complaint}{_hint(complaint)}") from error
    return Table(str(path), values, text_of_file=text)


@lru_cache(maxsize=64)
def _parsed(text: str) -> dict[str, Any]:
    """Return a TOML text's values, not to be changed; cached, because every change reads all files again."""
    return tomllib.loads(text)


def _hint(complaint: str) -> str:
    """Return a hint at the correction of a TOML error, to append to its message. `complaint` is the message
    of Python's reader."""
    return next((f"; {hint}" for part, hint in HINTS.items() if part in complaint), "; correct that line")


def refuse_taken(path: Path, taken: Container[str]) -> None:
    """Raise DefinitionError if the file's id, which is its name without .toml, is in `taken`, the ids of
    earlier files of the same kind."""
    if path.stem in taken:
        raise DefinitionError(f"{path}: this id is taken; rename it")


def read_definition(path: Path) -> tuple[Table, str]:
    """Return (the file's table, its `id`). The id must be the file's name without .toml, so that an id
    identifies its file.

    Raises DefinitionError if the file is no TOML file that can be read (`read_table`), and if the `id` is
    missing or is not the file's name.
    """
    table = read_table(path)
    name = table.identifier("id")
    if name != path.stem:
        raise table.error("id", f"{name!r} must be the file's name {path.stem!r}; rename one of them")
    return table, name


def messages_of_file(text: str) -> Iterator[str]:
    """Yield the reference texts that a survey, scale or counter file, given as its TOML text, adds to a
    catalogue: a survey's title and statements, a scale's options and poles, counters and targets. A scale's
    title is not among them: no guest sees it. The file is not checked: ValueError for a text that is no TOML;
    KeyError, TypeError or AttributeError for other keys or types."""
    values = tomllib.loads(text)
    titles = [values["title"]] if "statements" in values else []
    texts = [row["text"] for row in values.get("statements", [])]
    labels = [row["label"] for row in values.get("options", [])] + values.get("poles", [])
    counters = [row[key] for row in values.get("counters", []) for key in ("name", "definition")]
    targets = [row["name"] for row in values.get("targets", [])]
    yield from (tidied(text) for text in (*titles, *texts, *labels, *counters, *targets))
