"""Finds the logs of a web server that identify guests, from its configuration.

A log is good only if it is known to identify no guest. A configuration that cannot be parsed counts as
logging guests. An error log counts too, since its lines have the client's address:

- nginx writes `client: ADDRESS` at the levels `error` (its default), `crit` and `alert`; at `emerg` it
  reports its own start only (https://nginx.org/en/docs/ngx_core_module.html#error_log).
- Apache writes `[client ADDRESS]` at `error`, `crit` and `alert`
  (https://httpd.apache.org/docs/2.4/mod/core.html#loglevel).
- Caddy's default logger writes the whole request, headers included, for every response of 500 and above
  (https://caddyserver.com/docs/caddyfile/options#log).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kiosk.operation.doctor.configuration import Block, Reader


class LogContent(StrEnum):
    """The content of a log about guests: every request, or failed requests."""

    REQUESTS = "requests"
    FAILURES = "troubles"


@dataclass(frozen=True)
class Guests:
    """The port of the guests' application on this machine, and the host name that guests' requests go to. A
    site of a web server counts as one for guests if its configuration names one of them.

    `host` is "" if guests' address is of this machine alone.
    """

    port: str
    host: str


@dataclass(frozen=True)
class GuestLog:
    """A log that identifies guests: the web server's name, the configuration file of the site that keeps the
    log, and the log's content."""

    server: str
    file: Path
    kept: LogContent


@dataclass(frozen=True)
class ExaminedWebServer:
    """The result for one web server: whether it serves guests, its logs that identify guests, all its log
    files with an absolute path, and the configuration files that this user may not read."""

    serves_guests: bool
    guest_logs: list[GuestLog]
    log_files: list[Path]
    unreadable: list[Path]


WAYS_OUT = {
    (
        "nginx",
        LogContent.REQUESTS,
    ): "in that server block, and in no block within it another: access_log off;",
    ("nginx", LogContent.FAILURES): "in that server block: error_log /dev/null emerg;",
    ("apache2", LogContent.REQUESTS): "in that virtual host: CustomLog /dev/null common",
    ("apache2", LogContent.FAILURES): "in that virtual host: ErrorLog /dev/null",
    ("caddy", LogContent.REQUESTS): "take log out of that site",
    ("caddy", LogContent.FAILURES): "in the global options: log default { exclude http }, on three lines",
}
"""(web server, content of its log) -> the directive that stops the log, as the end of an English sentence."""


def read_web_server(server: str, folder: Path, guests: Guests) -> ExaminedWebServer:
    """Return the result for the web server `server` ("nginx", "apache2" or "caddy"), whose configuration is
    in `folder`."""
    reader = Reader(server, folder)
    tops = reader.read_all()
    sites = [site for top in tops for site in _of_guests(top, guests, BLOCKS_OF_A_SITE[server])]
    logs = {GuestLog(server, site.file, kept) for site in sites for kept in LOOKS[server](site)}
    blocks = [block for top in tops for block in top.all_blocks()]
    return ExaminedWebServer(
        bool(sites),
        sorted(logs, key=lambda log: (log.file, log.kept)),
        [file for block in blocks for file in _log_files(block)],
        reader.unreadable,
    )


BLOCKS_OF_A_SITE = {"nginx": r"server", "apache2": r"VirtualHost\b.*", "caddy": r"(?!\().+"}
"""Web server -> pattern of the head of a block that is a site."""

_NAMES = r"(server_name|ServerName|ServerAlias)\b"


def _of_guests(top: Block, guests: Guests, site: str) -> list[Block]:
    """Return the sites in `top` that forward requests to the guests' port, or that have the guests' host
    name. With them come nginx's sites that serve requests without a host name at the same addresses.

    `site` is the pattern of a site's head (BLOCKS_OF_A_SITE). A block that forwards requests outside any site
    is returned itself.
    """
    upstreams = [block for block in top.all_blocks() if re.match(r"upstream\b|Proxy balancer:", block.head)]
    names = [
        block.head.split()[-1].split("//")[-1]
        for block in upstreams
        if _mentions(block, rf":{guests.port}\b")
    ]
    target = "|".join([rf":{guests.port}\b", *(rf"//{re.escape(name)}\b" for name in names)])
    host = rf"(?<![\w.-]){re.escape(guests.host)}(?![\w.-])" if guests.host else r"(?!)"
    sites = []
    for block in top.all_blocks():
        is_named = any(
            re.match(_NAMES, directive) and re.search(host, directive) for directive in block.directives
        )
        if block in upstreams or not (is_named or re.search(host, block.head) or _mentions(block, target)):
            continue
        around = _site(block, site)
        sites += [around] if around not in sites else []
    return sites + [block for block in _answering_first(top, sites) if block not in sites]


def _mentions(block: Block, target: str) -> bool:
    return any(re.search(target, directive) for directive in (block.head, *block.directives))


def _site(block: Block, site: str) -> Block:
    """Return the outermost site around a block; the block itself if it is in no site."""
    outermost, here = block, block
    while here.around:
        if re.fullmatch(site, here.head):
            outermost = here
        here = here.around
    return outermost


def _answering_first(top: Block, sites: list[Block]) -> Iterator[Block]:
    """Yield nginx's default servers at the addresses of the guests' `sites`: they log requests that name no
    host."""
    servers = [block for block in top.all_blocks() if block.head == "server"]
    for address in {address for block in sites if block.head == "server" for address in _listens(block)}:
        there = [block for block in servers if address in _listens(block)]
        defaults = [block for block in there if "default_server" in _listens(block)[address].split()]
        yield (defaults or there)[0]


def _listens(server: Block) -> dict[str, str]:
    """Return address and port, such as *:80 -> the value of the `listen` directive, for each such directive
    of a server block of nginx; *:80 without any."""
    values = {}
    for value in server.values("listen") or ["80"]:
        address = value.split()[0]
        values[f"*:{address}" if address.isdigit() else address] = value
    return values


def _nginx(server: Block) -> Iterator[LogContent]:
    """Yield the kinds of logs about guests that a server block of nginx keeps, possibly several times."""
    for block in server.all_blocks():
        access, errors = block.nearest("access_log"), block.nearest("error_log")
        if not ("off" in access or (access and all(_is_nowhere(log) for log in access))):
            yield LogContent.REQUESTS
        if not errors or not all(_is_nowhere(log) or log.endswith(" emerg") for log in errors):
            yield LogContent.FAILURES


def _is_nowhere(log: str) -> bool:
    return log.split()[:1] == ["/dev/null"]


def _apache(host: Block) -> Iterator[LogContent]:
    """Yield the kinds of logs about guests that a virtual host of Apache keeps, possibly several times."""
    for name in ("CustomLog", "TransferLog", "GlobalLog", "ForensicLog"):
        logs = [log for block in host.all_blocks() for log in block.values(name)] or host.nearest(name)
        if any(not _is_nowhere(log) for log in logs) or (name == "CustomLog" and not logs):
            yield LogContent.REQUESTS
    errors, level = host.nearest("ErrorLog"), host.nearest("LogLevel")
    if not (errors and all(_is_nowhere(log) for log in errors)) and level != ["emerg"]:
        yield LogContent.FAILURES


def _caddy(site: Block) -> Iterator[LogContent]:
    """Yield the kinds of logs about guests that a site of Caddy keeps: requests only with `log`, failures
    unless the default logger excludes them."""
    logs = [log for block in site.all_blocks() for log in block.blocks if re.match(r"log\b", log.head)]
    bare = any(re.match(r"log\b", directive) for block in site.all_blocks() for directive in block.directives)
    if bare or any("output discard" not in log.directives for log in logs):
        yield LogContent.REQUESTS
    top = site.around or site
    options = [block for block in top.blocks if block.head == ""]
    loggers = [log for block in options for log in block.blocks if log.head in {"log", "log default"}]
    if not any(_hides_requests(log) for log in loggers):
        yield LogContent.FAILURES


def _hides_requests(logger: Block) -> bool:
    """Return whether this logger of Caddy writes nothing of Caddy's loggers named http..., which log
    requests."""
    included = " ".join(logger.values("include")).split()
    return (
        "output discard" in logger.directives
        or any(level.upper() in {"PANIC", "FATAL"} for level in logger.values("level"))
        or "http" in " ".join(logger.values("exclude")).split()
        or (bool(included) and not any(name == "*" or name.split(".")[0] == "http" for name in included))
    )


LOOKS: dict[str, Callable[[Block], Iterator[LogContent]]] = {
    "nginx": _nginx,
    "apache2": _apache,
    "caddy": _caddy,
}
"""Web server -> the function that yields the kinds of logs about guests that one of its sites keeps."""


def _log_files(block: Block) -> Iterable[Path]:
    """Return the log files with an absolute path that a block's directives name."""
    values = [
        value
        for name in ("access_log", "error_log", "CustomLog", "TransferLog", "ErrorLog", "output file")
        for value in block.values(name)
    ]
    named = (value.split()[0].replace("${APACHE_LOG_DIR}", "/var/log/apache2") for value in values if value)
    return [Path(name) for name in named if name.startswith("/") and not _is_device(name)]


def _is_device(name: str) -> bool:
    """Return whether a log is a device or a stream, and no file. Under /dev only /dev/shm has files."""
    return name.startswith("/dev/") and not name.startswith("/dev/shm/")  # noqa: S108
