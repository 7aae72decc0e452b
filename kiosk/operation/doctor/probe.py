"""Requests to the guests' side: as a guest sends them, and invalid ones that no browser sends.

Each goes to a path that only this examination knows. If a log has the path afterwards, it also has the
requests of guests. An address is an origin, such as https://svara.example.org.
"""

import hmac
import secrets
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from kiosk.domain.rounding import half_up
from kiosk.screen.health import HEALTH_PATH, PROOF, proof

TIMEOUT_SECONDS = 10.0

Connect = Callable[[str], HTTPConnection]
"""Address -> an unopened connection to its host."""


@dataclass(frozen=True)
class HttpReply:
    """A server's response: its status, the values of the headers with the reason of a refusal (Kiosk-Refusal)
    and with the proof of the server's secret key, each "" if missing, and its body."""

    status: int
    refusal: str
    proof: str
    body: bytes


class UnreachableError(Exception):
    """There is no response from an address. The message has the reason, in English."""


def connection_to(address: str) -> HTTPConnection:
    """Return a connection to the address's host, not yet opened, that ignores the proxies of the environment.
    With https, certificates are checked."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return HTTPSConnection(
            host, parts.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    return HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)


def ask_health(connect: Connect, address: str, secret_key: str) -> tuple[HttpReply, bool]:
    """Return the response to /health at an address, such as https://svara.example.org, and whether its server
    proves that it has this secret key (true if the key is "").

    Raises UnreachableError if there is no response.
    """
    challenge = secrets.token_hex(16)
    answer = get(connect, address, f"{HEALTH_PATH}?challenge={challenge}")
    is_ours = not secret_key or hmac.compare_digest(answer.proof, proof(secret_key, challenge))
    return answer, is_ours


def get(connect: Connect, address: str, path: str) -> HttpReply:
    """Return the response to a GET of this path at an address, such as https://svara.example.org. Raises
    UnreachableError if there is none."""
    return _ask(connect, address, "GET", path, {})


def post_form(connect: Connect, address: str, path: str) -> HttpReply:
    """Return the response to an empty form that is posted to this path at an address, such as
    https://svara.example.org, as from the site's own page by a browser that does not send Sec-Fetch-Site.

    Raises UnreachableError if there is no response.
    """
    headers = {"Origin": address, "Content-Type": "application/x-www-form-urlencoded"}
    return _ask(connect, address, "POST", path, headers)


def _ask(connect: Connect, address: str, method: str, path: str, headers: dict[str, str]) -> HttpReply:
    connection = connect(address)
    try:
        connection.request(method, path, b"" if method == "POST" else None, headers)
        response = connection.getresponse()
        refusal, proven = (response.headers.get(name, "") for name in ("Kiosk-Refusal", PROOF))
        return HttpReply(response.status, refusal, proven, response.read())
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(f"its certificate is not valid ({error.verify_message})") from error
    except (OSError, HTTPException) as error:
        raise UnreachableError(_reason(error)) from error
    finally:
        connection.close()


def _reason(error: OSError | HTTPException) -> str:
    if isinstance(error, socket.gaierror):
        return "its name has no address"
    if isinstance(error, TimeoutError):
        return f"no answer within {half_up(TIMEOUT_SECONDS)} s"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def provoke_errors(connect: Connect, address: str, path: str, answer_seconds: float) -> None:
    """Send requests whose paths begin with `path`, and which a web server refuses and writes to its error
    log. Wait at most `answer_seconds` for each response. Errors of the connection are ignored.

    A body declared as 10 GB and one with invalid chunks are errors to nginx ("client intended to send too
    large body", "client sent invalid chunked body"). Invalid chunks are a 502 to Caddy. A path with an
    invalid escape is an error to Apache ("invalid URI path"). None of these requests reaches a box.
    """
    for suffix, header, body in (
        ("-large", "Content-Length: 10000000000", b""),
        ("-chunks", "Transfer-Encoding: chunked", b"no size\r\n\r\n"),
        ("-escape/%zz", "Content-Length: 0", b""),
    ):
        connection = connect(address)
        with suppress(OSError, HTTPException):
            connection.connect()
            connection.sock.settimeout(answer_seconds)
            host = urlsplit(address).netloc
            head = f"POST {path}{suffix} HTTP/1.1\r\nHost: {host}\r\n{header}\r\n\r\n"
            connection.sock.sendall(head.encode("ascii") + body)
            connection.sock.recv(1)
        connection.close()
