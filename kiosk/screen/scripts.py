"""The guest's scripts as they are sent: without comments and needless spaces, and in fewer requests.

The files in static/ stay as they are written, and work as they are. The layout of the answers and the
speakers have modules of their own, which are sent inside the script of the form: each request costs a slow
line time.
"""

import re
from functools import lru_cache
from pathlib import Path

ENTRY = "guest.js"
"""The script of the form."""

INNER = {"guest_layout.js": "layOut", "guest_listen.js": "offer"}
"""Module that is sent inside ENTRY -> the function that it exports."""

IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\./\w+\.js)";\n', re.MULTILINE)


def script(folder: Path, name: str) -> str:
    """Return the script in the file `name` of `folder`, as it is sent. Raises FileNotFoundError if there is
    none."""
    changed_ns = [(folder / inner).stat().st_mtime_ns for inner in INNER]
    return _script(folder / name, (folder / name).stat().st_mtime_ns, *changed_ns)


@lru_cache(maxsize=32)
def _script(path: Path, *_changed_ns: int) -> str:
    text = path.read_text("utf-8")
    if path.name == ENTRY:
        for inner in INNER:
            text = joined(text, inner, path.with_name(inner).read_text("utf-8"))
    return shortened(text)


def shortened(source: str) -> str:
    """Return a script that is the same program in fewer bytes."""
    return without_spaces(without_comments(source))


def joined(outer: str, name: str, inner: str) -> str:
    """Return the text of the module `outer` with the module `inner` inside it, after its imports, and without
    the import of `inner`. `name` is the file of `inner`, a key of INNER. The text of `inner` is in a
    function, so that the names of the two modules do not clash. Raises ValueError if `outer` does not import
    it, or if `inner` has an import that `outer` lacks."""
    function = INNER[name]
    before, its_import, after = outer.partition(f'import {{ {function} }} from "./{name}";\n')
    if not its_import or not _imports(inner) <= _imports(outer):
        raise ValueError(f"{ENTRY} must import {name}, and all that {name} imports")
    body = IMPORT.sub("", inner).replace(f"export function {function}(", f"function {function}(")
    return f"{before}{after}".replace(
        last := _last_import(before + after),
        f"{last}const {function} = (() => {{\n{body}return {function};\n}})();\n",
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
