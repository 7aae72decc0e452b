"""The guest's scripts as they are sent: without comments and needless spaces, and in fewer requests.

The files in static/ stay as they are written, and work as they are. Modules that only one page needs are sent
inside the script of that page: each request costs a slow line time, and one file compresses better than
several.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kiosk.domain.short_hash import short_hash

ENTRY, KIOSK_ENTRY = "guest.js", "guest_on_kiosk.js"
"""The scripts of the form on a phone and on a kiosk."""

SHARED = "guest_bar.js"
"""The module that every page loads. Only the script of a kiosk's form has it inside."""

OUTDATED = "guest_outdated.js"
"""The script that is sent in place of one of another version."""

INNER = frozenset({"guest.js", "guest_kiosk.js", "guest_layout.js", "guest_listen.js"})
"""The modules that a kiosk gets inside the script of its form only."""

IMPORT = re.compile(r'^import (?:\{ ([\w, ]+) \} from )?"\./(\w+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function) (\w+))", re.MULTILINE)


@dataclass(frozen=True)
class GuestFiles:
    """The scripts and styles of guests' pages as they are sent: `texts` is file -> text, `version` are 8 hex
    digits that follow from all the texts."""

    version: str
    texts: Mapping[str, str]


@lru_cache(maxsize=4)
def guest_files(folder: Path) -> GuestFiles:
    """Return the files of guests' pages in `folder` as they were when this process first asked for them: an
    update that has replaced them on the disk comes with its own pages, after the next start."""
    texts = {path.name: script(folder, path.name) for path in sorted(folder.glob("guest*.js"))}
    texts |= {path.name: path.read_text("utf-8") for path in sorted(folder.glob("guest*.css"))}
    return GuestFiles(short_hash(str(texts), 8), texts)


def script(folder: Path, name: str) -> str:
    """Return the script in the file `name` of `folder`, as it is sent. Raises FileNotFoundError if there is
    none."""
    return shortened(joined(folder, name))


def shortened(source: str) -> str:
    """Return a script that is the same program in fewer bytes."""
    return without_line_ends(without_spaces(without_comments(source)))


def joined(folder: Path, name: str) -> str:
    """Return the text of the module in the file `name` of `folder` with the modules that it imports inside
    it, in the order in which a browser runs them. SHARED stays an import, except for KIOSK_ENTRY. Each inner
    module is in a function, so that names which are not exported do not clash. Raises FileNotFoundError if
    `folder` lacks one of the modules."""
    apart = frozenset({SHARED} - {name}) if name != KIOSK_ENTRY else frozenset()
    *inner, (_, outer) = _modules(folder, name, apart).items()
    imports = "".join(f"{_import_of(file, [*dict(inner).values(), outer])}" for file in sorted(apart))
    return imports + "".join(_in_function(text) for _, text in inner) + IMPORT.sub("", outer)


def _modules(folder: Path, name: str, apart: frozenset[str]) -> dict[str, str]:
    """Return file -> text of a module and all modules that it needs, except those in `apart`; each after
    those that it imports, so the module itself is last."""
    text = (folder / name).read_text("utf-8")
    modules: dict[str, str] = {}
    for _, file in IMPORT.findall(text):
        if file not in apart:
            modules |= {
                other: of for other, of in _modules(folder, file, apart).items() if other not in modules
            }
    return modules | {name: text}


def _import_of(file: str, modules: list[str]) -> str:
    """Return the one statement that imports from `file` all that these modules import from it; "" if none
    imports it."""
    imported = [names for text in modules for names, of in IMPORT.findall(text) if of == file]
    names = sorted({name for names in imported for name in names.split(", ") if name})
    given = f"{{ {', '.join(names)} }} from " if names else ""
    return f'import {given}"./{file}";\n' if imported else ""


def _in_function(module: str) -> str:
    """Return a module as a statement that declares what the module exports, and nothing else."""
    exported = ", ".join(EXPORT.findall(module))
    body = EXPORT.sub("", IMPORT.sub("", module))
    if not exported:
        return f"(() => {{\n{body}}})();\n"
    return f"const {{ {exported} }} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


def without_comments(source: str) -> str:
    """Return a script without whole-line and trailing comments, and without indentation. Comments with quotes
    stay, since they could be texts. The sources have no text over several lines."""
    source = re.sub(r"/\*\*.*?\*/", "", source, flags=re.DOTALL)
    source = re.sub(r"^\s*//.*$|\s// [^\"'`\n]*$", "", source, flags=re.MULTILINE)
    return re.sub(r"\s*\n\s*", "\n", source).strip() + "\n"


_TEXT = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\\n])*`)""")
"""A text in quotes, or a template."""

_AROUND_PUNCTUATION = re.compile(r" *([=(){}\[\],;:?<>&|!*]) *")
"""Spaces beside a character that no name contains. Those beside + and - stay: `a + +b` is not `a ++b`."""


def without_spaces(source: str) -> str:
    """Return a script without the spaces that separate nothing. Texts, templates and lines stay the same."""
    parts = _TEXT.split(source)  # code and texts in turn
    parts[::2] = [_AROUND_PUNCTUATION.sub(r"\1", code) for code in parts[::2]]
    return "".join(parts)


def without_line_ends(source: str) -> str:
    """Return a script without the line ends that separate nothing: after an opening bracket, a comma or a
    semicolon, and before a closing bracket. A line with // keeps its end, where a comment may end."""
    lines = source.splitlines()
    return "".join(
        line + "\n" * ("//" in line or not _goes_on(line, following))
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
    )


def _goes_on(line: str, following: str) -> bool:
    """Return whether the end of a line separates nothing from the line that follows."""
    return line.endswith((";", ",", "(", "[", "{")) or following.startswith((")", "]", "}"))
