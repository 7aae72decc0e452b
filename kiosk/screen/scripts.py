"""The guest's scripts as they are sent: without comments and needless spaces, and one request fewer.

The files in static/ stay as they are written, and work as they are. A page with speech has as many requests
as one without it, since the script of the speakers is sent inside the script that uses it.
"""

import re
from functools import lru_cache
from pathlib import Path

ENTRY, INNER = "guest.js", "guest_listen.js"
"""The script of the form, and the module that is sent inside it."""

IMPORT_OF_INNER = f'import {{ offer }} from "./{INNER}";\n'
"""The line by which ENTRY imports INNER."""
IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\./\w+\.js)";\n', re.MULTILINE)
"""An import of names from another script."""


def script(folder: Path, name: str) -> str:
    """Return the text of the script `name` of a folder as it is sent: without comments and needless spaces,
    and ENTRY with INNER inside it. Read again once a file changed. Raises FileNotFoundError if there is
    none."""
    path, inner = folder / name, folder / INNER
    return _script(path, path.stat().st_mtime_ns, inner.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _script(path: Path, _changed_ns: int, _inner_changed_ns: int) -> str:
    text = path.read_text("utf-8")
    if path.name == ENTRY:
        text = joined(text, path.with_name(INNER).read_text("utf-8"))
    return shortened(text)


def shortened(source: str) -> str:
    """Return a script that is the same program in fewer bytes."""
    return without_spaces(without_comments(source))


def joined(outer: str, inner: str) -> str:
    """Return the text of the module `outer` with that of `inner`, which it imports by IMPORT_OF_INNER, inside
    a function: so the names of the two do not clash. Raises ValueError if `inner` has an import that `outer`
    lacks."""
    before, its_import, after = outer.partition(IMPORT_OF_INNER)
    if not its_import or not _imports(inner) <= _imports(outer):
        raise ValueError(f"{ENTRY} must import {INNER}, and all that {INNER} imports")
    body = IMPORT.sub("", inner).replace("export function offer(", "function offer(")
    return f"{before}{after}".replace(
        last := _last_import(before + after),
        f"{last}const offer = (() => {{\n{body}return offer;\n}})();\n",
        1,
    )


def _last_import(module: str) -> str:
    """Return the last import statement of a module that has one."""
    return [match.group(0) for match in IMPORT.finditer(module)][-1]


def _imports(module: str) -> set[tuple[str, str]]:
    """Return each (name, file) that a module imports."""
    return {(name, file) for names, file in IMPORT.findall(module) for name in names.split(", ")}


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
