"""What a web server in front writes down of guests, read from its configuration.

Not all of nginx, Apache and Caddy: blocks, comments, and the directives about logs. What is not understood is
called a log that may be kept.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

_COMMENT = re.compile(r"(?<!\S)#.*")
_VARIABLE = re.compile(r"\{[^\s{};]+\}")
_MARK = re.compile(r"(<\w[^>\n]*>|</\w+>|[{};\n])")


class Kept(StrEnum):
    """A log in which guests are."""

    REQUESTS = "requests"
    TROUBLES = "troubles"


@dataclass
class Block:
    """Directives between two braces or tags, as they stand; `head` is what stands before the brace."""

    head: str
    around: "Block | None" = None
    directives: list[str] = field(default_factory=list)
    blocks: list["Block"] = field(default_factory=list)

    def all_blocks(self) -> Iterator["Block"]:
        yield self
        for block in self.blocks:
            yield from block.all_blocks()

    def nearest(self, name: str) -> list[str]:
        """The directives of this name that hold here: those of the innermost block that has any."""
        own = [one for one in self.directives if re.match(rf"{name}\b", one, re.IGNORECASE)]
        return own or (self.around.nearest(name) if self.around else [])


def read_blocks(text: str, *, ends_at_lines: bool) -> Block:
    """The configuration as blocks within blocks, without comments. A directive ends with its line, or not."""
    here = top = Block("")
    words, text = "", _VARIABLE.sub("", _COMMENT.sub("", text))
    for piece in _MARK.split(text if ends_at_lines else text.replace("\n", " ")):
        if piece == "{" or re.match(r"<\w", piece):
            here.blocks.append(Block(words if piece == "{" else piece, here))
            here, words = here.blocks[-1], ""
        elif piece in {"}", ";", "\n"} or piece.startswith("</"):
            here.directives += [words] if words else []
            words = ""
            if piece not in {";", "\n"}:
                here = here.around or top
        else:
            words += piece.strip()
    here.directives += [words] if words else []
    return top


def kept_of_guests(server: str, text: str, port: str) -> set[Kept]:
    """What the server ("nginx", "apache2" or "caddy") keeps where it passes requests on to `port`."""
    top = read_blocks(text, ends_at_lines=server != "nginx")
    upstreams = [block for block in top.all_blocks() if block.head.startswith("upstream")]
    of_guests = [block.head.split()[-1] for block in upstreams if _leads_to(block, rf":{port}\b")]
    target = "|".join([rf":{port}\b", *(rf"//{re.escape(name)}\b" for name in of_guests)])
    passing = [block for block in top.all_blocks() if block not in upstreams and _leads_to(block, target)]
    return {kept for block in passing for kept in LOOKS[server](block)}


def _leads_to(block: Block, target: str) -> bool:
    return any(re.search(target, words) for words in (block.head, *block.directives))


def _nginx(block: Block) -> Iterator[Kept]:
    if not any(re.search(r"\soff$", log) for log in block.nearest("access_log")):
        yield Kept.REQUESTS
    if any(re.search(r"\s(debug|info|notice|warn)$", log) for log in block.nearest("error_log")):
        yield Kept.TROUBLES


def _apache(block: Block) -> Iterator[Kept]:
    logs = block.nearest("CustomLog") or ["to the server's own"]
    if not all("/dev/null" in log for log in logs):
        yield Kept.REQUESTS
    if any(re.search(r"\b(info|debug|trace\d)\b", level) for level in block.nearest("LogLevel")):
        yield Kept.TROUBLES


def _caddy(block: Block) -> Iterator[Kept]:
    """Caddy keeps nothing of requests unless a site is told to `log`."""
    site: Block | None = block
    while site:
        logs = [log for log in site.blocks if log.head == "log"]
        if "log" in site.directives or any("output discard" not in log.directives for log in logs):
            yield Kept.REQUESTS
        site = site.around if site.around and site.around.around else None


LOOKS: dict[str, Callable[[Block], Iterator[Kept]]] = {"nginx": _nginx, "apache2": _apache, "caddy": _caddy}
