"""Addresses for programs: the snapshot and the exports, for requests with a valid token. Nothing here changes
anything, and a token opens no page of the desk."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Blueprint, Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.downloads import BUSY_SECONDS, snapshot_response
from kiosk.desk.results.files import export_response
from kiosk.desk.session import without_session
from kiosk.domain.client_source import source_of
from kiosk.library.spreadsheet_writer import CsvStyle
from kiosk.output.export import DATA_PACKAGE, FILE_NAMES
from kiosk.output.file_program import BusyError, UnfinishedError

blueprint = Blueprint("api", __name__)

P = ParamSpec("P")

SCHEME = "bearer "
"""The authentication scheme (RFC 6750) and a space, in small letters, as the header begins."""


def _with_token(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Return the view, guarded: it needs a valid token in `Authorization: Bearer`, and reads no session.
    Without a valid one, status 401. After too many invalid ones from one address or IPv6 network
    (`source_of`), status 429 with the seconds to wait in Retry-After, also for a valid token."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        header, source = request.headers.get("Authorization", ""), source_of(request.remote_addr)
        throttle, now = desk().sign_in_throttle, desk().clock().timestamp()
        if not header.lower().startswith(SCHEME):
            return _refusal("send a token: Authorization: Bearer TOKEN", 401)
        seconds = throttle.seconds_left_for_token(source, now)
        if seconds > 0:
            return _refusal("too many wrong tokens", 429, {"Retry-After": str(int(seconds) + 1)})
        token = header[len(SCHEME) :].strip()
        if not desk().store.api_tokens.is_valid(token):
            throttle.token_failed(source, token, now)
            return _refusal("this token is not valid", 401)
        return view(*args, **kwargs)

    return without_session(guarded)


def _refusal(words: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """Return `{"error": words}` as JSON, with the status and, if given, these headers. A 401 names the
    authentication scheme in WWW-Authenticate."""
    challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return make_response(jsonify(error=words), status, {**challenge, **(headers or {})})


@blueprint.route("/api/results.json")
@_with_token
def snapshot() -> ResponseReturnValue:
    """Return the snapshot as JSON, with its ETag (`snapshot_response`). Status 401 without a valid token, 429
    after too many invalid ones."""
    return snapshot_response(desk().published.read(desk().store))


@blueprint.route(f"/api/export/{DATA_PACKAGE}")
@_with_token
def package() -> ResponseReturnValue:
    """Return all files of the export as one zip file, with commas in CSV. Status 401 without a valid token,
    429 after too many invalid ones, 503 if other files are being written, or if the file could not be
    finished."""
    return _exported(DATA_PACKAGE, CsvStyle.COMMA)


@blueprint.route("/api/export/<name>")
@_with_token
def export(name: str) -> ResponseReturnValue:
    """Return one file of the export. `csv` in the address names the style of CSV, by default with commas.
    Status 401 without a valid token, 429 after too many invalid ones, 400 for an unknown style, 404 for an
    unknown name, with the known ones in the error; 503 if other files are being written, or if the file could
    not be finished."""
    style = request.args.get("csv", CsvStyle.COMMA)
    if style not in list(CsvStyle):
        return _refusal(f"csv is one of {', '.join(CsvStyle)}", 400)
    if name not in FILE_NAMES:
        return _refusal(f"there is no such file; there are: {', '.join(FILE_NAMES)}", 404)
    return _exported(name, CsvStyle(style))


def _exported(name: str, style: CsvStyle) -> Response:
    try:
        return export_response(name, style)
    except BusyError:
        return _refusal("other files are being written", 503, {"Retry-After": str(BUSY_SECONDS)})
    except UnfinishedError:
        return _refusal("the file could not be finished; the server may lack memory", 503)
