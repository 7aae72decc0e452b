"""The check of a request's Host header, before Flask reads it.

Flask raises an error for a name that it cannot encode, and again while it renders the error page.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, abort, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LABEL = "[A-Za-z0-9_-]{1,63}"
HOST = re.compile(rf"(?:{LABEL}(?:\.{LABEL})*\.?|\[[0-9A-Fa-f:.]{{2,45}}\])(?::[0-9]{{1,5}})?")
"""A name, an IPv4 address or an IPv6 address in brackets, with or without a port (RFC 1035, 2.3.4; RFC 3986,
3.2.2). Browsers send other alphabets as ASCII (RFC 5891)."""

LONGEST_NAME = 253 + len(":65535")
"""Most characters of a Host header: those of a name (RFC 1035) and its port."""
_UNREADABLE, _STAND_IN = "kiosk.unreadable_host", "host.invalid"


def is_readable(host: str) -> bool:
    """Return whether a Host header can be read. An empty one can: RFC 9112, 3.2, allows it."""
    return not host or (len(host) <= LONGEST_NAME and HOST.fullmatch(host) is not None)


def refuse_unreadable_hosts(app: Flask) -> None:
    """Answer requests with an unreadable Host with the application's page for status 400."""
    inner = app.wsgi_app

    def checked(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not is_readable(environ.get("HTTP_HOST", "")):
            environ = {**environ, "HTTP_HOST": _STAND_IN, _UNREADABLE: True}
        return inner(environ, start_response)

    def refuse() -> None:
        if _UNREADABLE in request.environ:
            abort(400)

    app.wsgi_app = checked  # type: ignore[method-assign]
    app.before_request(refuse)
