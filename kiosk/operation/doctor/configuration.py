"""Parses the configuration files of nginx, Apache and Caddy as nested blocks.

It knows quotes, comments, blocks and included files, but not the meaning of other directives.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DEEPEST_INCLUDE = 10
"""Most includes within one another that are followed, since a file may include itself."""

_QUOTED = r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'|`[^`]*`"
_COMMENT = r"\#[^\n]*"
_TAG = re.compile(r"\s*(</?)(\w.*)>")


@dataclass
class Block:
    """The directives between two braces or tags, or of a whole file. `head` is the text before the brace or
    in the tag, such as "server" or "VirtualHost *:80"; "" for a file. `file` is the configuration file in
    which the block begins. `around` is the enclosing block, None for a file. Each directive is one text, with
    a space between its words, and without quotes."""

    head: str
    file: Path
    around: "Block | None" = None
    directives: list[str] = field(default_factory=list)
    blocks: list["Block"] = field(default_factory=list)

    def all_blocks(self) -> Iterator["Block"]:
        """Yield this block and all nested blocks."""
        yield self
        for block in self.blocks:
            yield from block.all_blocks()

    def values(self, name: str) -> list[str]:
        """Return the values of the directives with this name in this block, not in nested ones. The value of
        a directive that is a name alone is "". `name` is a regular expression, and case does not count."""
        matches = (
            re.fullmatch(rf"{name}(?:\s+(.*))?", directive, re.IGNORECASE) for directive in self.directives
        )
        return [match.group(1) or "" for match in matches if match]

    def nearest(self, name: str) -> list[str]:
        """Return the values that apply in this block: its own or, without any, those of the innermost
        enclosing block that has the directive; empty if none has. `name` is a regular expression, and case
        does not count."""
        return self.values(name) or (self.around.nearest(name) if self.around else [])


@dataclass(frozen=True)
class Syntax:
    """The syntax of a web server's files. `main` is the name of the file that includes all others. `piece`
    matches one word, comment or delimiter. `include` matches a directive that includes files, and captures
    their pattern. `ends_at_lines` says that a directive ends at the end of its line."""

    main: str
    piece: re.Pattern[str]
    include: re.Pattern[str]
    ends_at_lines: bool


SYNTAXES = {
    "nginx": Syntax(
        "nginx.conf",
        re.compile(rf"{_COMMENT}|{_QUOTED}|[{{}};\n]|(?:\$\{{\w+\}}|[^\s{{}};])+"),
        re.compile(r"include\s+(\S+)"),
        ends_at_lines=False,
    ),
    "apache2": Syntax(
        "apache2.conf",
        re.compile(rf"{_COMMENT}|(?m:^[ \t]*</?\w[^>\n]*>)|\\\n|\n|{_QUOTED}|\S+"),
        re.compile(r"Include(?:Optional)?\s+(\S+)", re.IGNORECASE),
        ends_at_lines=True,
    ),
    "caddy": Syntax(
        "Caddyfile",
        re.compile(rf"{_COMMENT}|\\\n|\n|{_QUOTED}|\S+"),
        re.compile(r"import\s+(\S+).*"),
        ends_at_lines=True,
    ),
}
"""Web server, by the name of its folder in /etc -> syntax."""


class Reader:
    """Parses the files of the web server `server`, a key of SYNTAXES, in `folder`, its folder of /etc. After
    `read_all`, `unreadable` lists the files that this user may not read."""

    def __init__(self, server: str, folder: Path) -> None:
        self._syntax = SYNTAXES[server]
        self._folder = folder
        self.unreadable: list[Path] = []

    def read_all(self) -> list[Block]:
        """Return one block for the main file with everything that it includes, or one for each file of the
        folder if there is no main file. A file that cannot be read gives a block without directives."""
        main = self._folder / self._syntax.main
        files = [main] if main.exists() else sorted(self._folder.rglob("*"))
        return [self._read(file, Block("", file), 0) for file in files if not file.is_dir()]

    def _read(self, file: Path, top: Block, depth: int) -> Block:
        """Parse a file into the block `top`, and return `top`. `depth` is the number of includes that led to
        this file."""
        try:
            text = file.read_text("utf-8", errors="replace")
        except OSError:
            self.unreadable.append(file)
            return top
        here, words = top, list[str]()
        for piece in [*self._syntax.piece.findall(text), ";"]:
            tag = _TAG.match(piece) if self._syntax is SYNTAXES["apache2"] else None
            if piece == "{" or (tag and tag.group(1) == "<"):
                here.blocks.append(Block(tag.group(2) if tag else " ".join(words), file, here))
                here, words = here.blocks[-1], []
            elif piece in ";}" or tag or (piece == "\n" and self._syntax.ends_at_lines):
                self._take(" ".join(words), here, depth)
                words = []
                if piece == "}" or tag:
                    here = here.around or top
            elif not piece.startswith("#") and not piece.endswith("\n"):
                words.append(piece.strip("\"'`"))
        return top

    def _take(self, directive: str, here: Block, depth: int) -> None:
        if directive:
            here.directives.append(directive)
        included = self._syntax.include.fullmatch(directive)
        if included and depth < DEEPEST_INCLUDE:
            for file in _files(self._folder, included.group(1)):
                self._read(file, here, depth + 1)


def _files(folder: Path, pattern: str) -> list[Path]:
    """Return the files that an include's pattern matches, and the files in folders that it matches; empty for
    a pattern that is not valid. The pattern is relative to `folder` unless it is absolute."""
    base, pattern = (Path("/"), pattern.lstrip("/")) if pattern.startswith("/") else (folder, pattern)
    try:
        named = sorted(base.glob(pattern))
    except (ValueError, NotImplementedError):
        return []
    return [file for path in named for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
