"""Checks the network between guests and the server: addresses, and the web server in between."""

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.operation.doctor.files import read_secret_key
from kiosk.operation.doctor.logs import LogWatch, MarkedLine
from kiosk.operation.doctor.machine import Machine
from kiosk.operation.doctor.probe import UnreachableError, ask_health, get, post_form, provoke_errors
from kiosk.operation.doctor.web_servers import (
    WAYS_OUT,
    ExaminedWebServer,
    GuestLog,
    Guests,
    LogContent,
    read_web_server,
)
from kiosk.settings import Settings

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
"""Hosts that only this machine reaches."""
PARSED = ("nginx", "apache2", "caddy")
"""Folders in /etc of web servers whose configuration this program parses."""
NOT_PARSED = ("haproxy", "traefik", "lighttpd", "envoy", "varnish", "squid", "h2o", "pound")
"""Folders in /etc of web servers whose configuration this program does not parse. It only searches the files
for the guests' port."""

REVEALED = {
    LogContent.REQUESTS: "address and second of every ballot",
    LogContent.FAILURES: "the address of every guest whose request fails, and when",
}
"""Content of a log of guests -> English words for the facts that it reveals."""


@dataclass(frozen=True)
class Front:
    """The web servers on this machine: those of PARSED, by name, and the configuration files of others that
    name the guests' port."""

    servers: dict[str, ExaminedWebServer] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)


def check_listening(settings: Settings) -> Iterator[Advice]:
    """Report addresses at which answers and passwords are sent unencrypted, and that KIOSK_PROXY is not set
    although KIOSK_GUEST_ADDRESS is https; nothing if all is well."""
    for name, address in (
        ("KIOSK_GUEST_LISTEN", settings.guest_listen),
        ("KIOSK_DESK_LISTEN", settings.desk_listen),
    ):
        if _host_of(address) not in LOOPBACK and not settings.is_https:
            yield Advice(
                Topic.NETWORK,
                Severity.BAD,
                f"{name} is {address}: answers and passwords cross the network unencrypted. Listen on "
                "127.0.0.1, put a web server that encrypts in front, and set KIOSK_HTTPS=yes",
            )
    public = urlsplit(settings.guest_address)
    if public.scheme == "http" and public.hostname not in LOOPBACK:
        yield Advice(
            Topic.NETWORK,
            Severity.BAD,
            f"KIOSK_GUEST_ADDRESS is {settings.guest_address}: answers cross the network unencrypted. Put a "
            "web server that encrypts in front, set KIOSK_HTTPS=yes, and write https:// in "
            "KIOSK_GUEST_ADDRESS",
        )
    if public.scheme == "https" and settings.proxy is None:
        yield Advice(
            Topic.NETWORK,
            Severity.WARNING,
            f"KIOSK_GUEST_ADDRESS is {settings.guest_address}, and KIOSK_PROXY is not set: all clients "
            "behind the web server count as one source, so somebody who guesses codes or passwords slows "
            "everybody down. Set KIOSK_PROXY to the address from which the web server connects, such as "
            "127.0.0.1",
        )


def check_server(settings: Settings, machine: Machine, *, is_demonstration: bool) -> Iterator[Advice]:
    """Check that `kiosk serve` responds at each of its addresses, for this installation, and accepts ballots.
    Yields one finding for each address. A demonstration has one address."""
    sides = {"KIOSK_GUEST_LISTEN": settings.guest_listen, "KIOSK_DESK_LISTEN": settings.desk_listen}
    for name, address in list(sides.items())[: 1 if is_demonstration else 2]:
        listener = f"{name} ({address})"
        try:
            problem = _fault_of_side(settings, machine, listener, address)
        except UnreachableError as error:
            problem = (
                f"nothing answers at {listener}: {error}. Start kiosk serve, with the settings given here"
            )
        if problem:
            yield Advice(Topic.SERVER, Severity.BAD, problem)
        else:
            yield Advice(Topic.SERVER, Severity.GOOD, f"kiosk serve answers at {listener}")


def _fault_of_side(settings: Settings, machine: Machine, listener: str, address: str) -> str | None:
    """Return a fault of the server at `address`; None if it has no fault. The fault is an English sentence
    that names the server by `listener`. Raises UnreachableError."""
    answer, is_ours = ask_health(machine.connect, _direct(address), read_secret_key(settings))
    if not answer.proof:
        return (
            f"what answers at {listener} is not this version of kiosk serve (status {answer.status}); end "
            "what uses that address or restart kiosk serve, or set it to another address"
        )
    if not is_ours:
        return (
            f"kiosk serve at {listener} serves another installation than {settings.data}; start it with the "
            "settings that are given here"
        )
    if answer.status == 503:
        reason = answer.body.decode("ascii", errors="replace").strip()
        return f"kiosk serve at {listener} takes no answers: {reason}; see the other findings about it"
    return None


def check_public_address(settings: Settings, machine: Machine, *, is_demonstration: bool) -> Iterator[Advice]:
    """Check what is on the way from guests to the server. Send requests through the public address, as guests
    do, search for them in every readable log, and examine web servers' configuration. If the public address
    is of this machine alone, examine only the configuration, and warn unless it is a demonstration."""
    address, parts = settings.guest_address, urlsplit(settings.guest_address)
    front = _read_front(settings, machine)
    if parts.hostname in LOOPBACK:
        if not is_demonstration:
            yield Advice(
                Topic.NETWORK,
                Severity.WARNING,
                f"KIOSK_GUEST_ADDRESS is {address}: slips, posters and kiosks' addresses lead to this "
                "machine alone. Set it to the address guests reach",
            )
        yield from _check_configuration(front)
        return
    watch = LogWatch(machine.root, _log_files(front), machine.journal)
    mark = f"doctor-{secrets.token_hex(16)}"
    request_advice = list(_check_guests_way(settings, machine, f"/{mark}-page"))
    yield from request_advice
    yield from _check_configuration(front)
    is_reached = all("cannot be reached" not in advice.text for advice in request_advice)
    if is_reached:
        if parts.scheme == "https" and parts.port is None:
            # Guests type the name without https://; the server that redirects them may log them.
            with suppress(UnreachableError):
                get(machine.connect, f"http://{parts.hostname}", f"/{mark}-page")
        provoke_errors(machine.connect, address, f"/{mark}", machine.answer_seconds)
        lines = watch.wait_for(mark, machine.settle_seconds)
        yield from _check_logs(lines, front, address)
    yield from _report_unexamined(settings, front, watch)


def _check_guests_way(settings: Settings, machine: Machine, path: str) -> Iterator[Advice]:
    """Yield one finding about the public address, good or bad, from requests to `path`, at which there is no
    page."""
    address = settings.guest_address
    try:
        problem = _fault_of_way(settings, machine, path)
    except UnreachableError as error:
        problem = (
            f"{address} (KIOSK_GUEST_ADDRESS) cannot be reached from here: {error}. See that its name leads "
            "to the web server, that the web server runs, and that nothing between refuses this machine"
        )
    if problem:
        yield Advice(Topic.PROXY, Severity.BAD, problem)
    else:
        yield Advice(Topic.PROXY, Severity.GOOD, f"{address} leads to this installation, and takes its forms")


def _fault_of_way(settings: Settings, machine: Machine, path: str) -> str | None:
    """Return a fault of the public address as an English sentence with the remedy; None if it has none.
    Raises UnreachableError."""
    address, connect = settings.guest_address, machine.connect
    there = f"let the web server there pass every path on to http://{settings.guest_listen}"
    page = get(connect, address, path)
    if page.status in {502, 503, 504} and not page.refusal:
        return (
            f"the web server at {address} does not reach kiosk serve (status {page.status}); start it, and "
            f"{there}"
        )
    if (page.status, page.refusal) != (404, "not_found"):
        return (
            f"{address} answers (status {page.status}), but not with the guests' side of a kiosk; {there}, "
            "and change no answer"
        )
    _, is_ours = ask_health(connect, address, read_secret_key(settings))
    if not is_ours:
        return f"{address} leads to another installation than {settings.data}; {there}"
    with suppress(UnreachableError):
        if get(connect, _direct(settings.guest_listen), path) != page:
            return f"the web server at {address} changes the guests' pages; let it pass them on as they are"
    if post_form(connect, address, path).refusal == "bad":
        return (
            f"{address} refuses the form of its own page, so older browsers cannot send answers: let the "
            "web server pass on the name that was asked for (nginx: proxy_set_header Host $host; Apache: "
            f"ProxyPreserveHost On), and set KIOSK_HTTPS={'yes' if address.startswith('https') else 'no'}"
        )
    return None


def _check_configuration(front: Front) -> Iterator[Advice]:
    """Report logs of guests in configurations that are parsed. A good finding names each web server of guests
    that keeps none, if its whole configuration could be read."""
    for name, server in front.servers.items():
        for log in server.guest_logs:
            yield Advice(
                Topic.PROXY,
                Severity.BAD,
                f"{log.file} forwards guests' requests and may log {REVEALED[log.kept]}. {_remedy(log)}",
            )
        if server.serves_guests and not server.guest_logs and not server.unreadable:
            yield Advice(Topic.PROXY, Severity.GOOD, f"the configuration of {name} keeps no log of guests")


def _remedy(log: GuestLog) -> str:
    remedy = WAYS_OUT[log.server, log.kept]
    return f"{remedy[0].upper()}{remedy[1:]}"


def _check_logs(lines: list[MarkedLine], front: Front, address: str) -> Iterator[Advice]:
    """Report each log with a marked line, and what it reveals of guests. `address` is the public address of
    the guests' side. A good finding if there is no marked line."""
    for file in dict.fromkeys(line.file for line in lines):
        written = " ".join(line.line for line in lines if line.file == file)
        kept = LogContent.REQUESTS if "-page" in written else LogContent.FAILURES
        log_name = str(file) if file else "the system journal"
        yield Advice(
            Topic.LOGS,
            Severity.BAD,
            f"{log_name} has requests that were just sent to {address}: it keeps {REVEALED[kept]}. "
            f"{_directive(file, written, kept, front)}",
        )
    if not lines:
        yield Advice(
            Topic.LOGS,
            Severity.GOOD,
            f"requests that were just sent to {address} are in no log that can be read here",
        )


def _directive(file: Path | None, written: str, kept: LogContent, front: Front) -> str:
    """Return an English sentence with the directive that stops a log, and the configuration's file, as far as
    they are known. `file` is the log, and `written` its marked lines."""
    named = [name for name, server in front.servers.items() if file in server.log_files]
    likely = [name for name in PARSED if name in f"{file or ''} {written}"]
    server = next(iter([*named, *likely]), None)
    if server is None:
        return "Find the program that writes it, and switch that log off for the guests' side"
    files = [
        log.file
        for log in (front.servers[server].guest_logs if server in front.servers else [])
        if log.kept is kept
    ]
    return f"In {files[0]}, {WAYS_OUT[server, kept]}" if files else _remedy(GuestLog(server, Path(), kept))


def _report_unexamined(settings: Settings, front: Front, watch: LogWatch) -> Iterator[Advice]:
    """Report logs and servers that could not be examined: they do not count as good."""
    unreadable = [
        *watch.unreadable,
        *(file for server in front.servers.values() for file in server.unreadable),
    ]
    if unreadable:
        yield Advice(
            Topic.LOGS,
            Severity.WARNING,
            f"logs and configuration files that this user cannot read: {len(unreadable)}, such as "
            f"{unreadable[0]}; run it once as root, with the same KIOSK_ settings",
        )
    if front.others:
        yield Advice(
            Topic.PROXY,
            Severity.WARNING,
            f"{front.others[0]} forwards guests' requests, and kiosk doctor does not know its logs: see that "
            "it writes neither requests nor errors",
        )
    elif not unreadable and not any(server.serves_guests for server in front.servers.values()):
        yield Advice(
            Topic.PROXY,
            Severity.WARNING,
            "no configuration of nginx, Apache or Caddy on this machine leads to KIOSK_GUEST_LISTEN "
            f"({settings.guest_listen}): see that the web server at {settings.guest_address} writes neither "
            "requests nor errors",
        )


def _read_front(settings: Settings, machine: Machine) -> Front:
    port, host = settings.guest_listen.rpartition(":")[2], urlsplit(settings.guest_address).hostname or ""
    guests = Guests(port, "" if host in LOOPBACK else host)
    etc = machine.root / "etc"
    servers = {name: read_web_server(name, etc / name, guests) for name in PARSED if (etc / name).is_dir()}
    others = [file for name in NOT_PARSED for file in (etc / name).rglob("*") if _names_port(file, port)]
    return Front(servers, others)


def _names_port(file: Path, port: str) -> bool:
    try:
        return file.is_file() and f":{port}" in file.read_text("utf-8", errors="replace")
    except OSError:
        return False


def _log_files(front: Front) -> list[Path]:
    return [file for server in front.servers.values() for file in server.log_files]


def _host_of(listen: str) -> str:
    return listen.rpartition(":")[0].strip("[]")


def _direct(listen: str) -> str:
    """Return the http address at which this machine reaches the listener at `listen` (HOST:PORT)."""
    host, _, port = listen.rpartition(":")
    everywhere = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "[::1]"}  # noqa: S104
    return f"http://{everywhere.get(host, host)}:{port}"
