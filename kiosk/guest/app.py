"""The guests' application: wiring, routes, headers, error pages.

It stores nothing on the device, logs nothing, and sends the same bytes as response to every accepted ballot.
"""

import re
import traceback
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, make_response, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from kiosk.domain.screen_size import Screen
from kiosk.domain.short_hash import short_hash
from kiosk.guest import kiosks, practice, questions, slips, stored_data
from kiosk.guest.ballots import RETRY_AFTER_SECONDS
from kiosk.guest.context import GuestResponse, GuestSide, guest_side, is_kiosk, set_screen_size
from kiosk.guest.rate_limit import RateLimit
from kiosk.guest.refusals import RefusedError, refusal_of, refuse
from kiosk.library.library import Library
from kiosk.screen.compression import compress
from kiosk.screen.headers import SCRIPT, headers, is_own_form
from kiosk.screen.health import HEALTH_PATH, health_answer
from kiosk.screen.host_names import refuse_unreadable_hosts
from kiosk.screen.pages import PAIRING_PATH, Pages
from kiosk.screen.scripts import OUTDATED, guest_files
from kiosk.screen.texts import Refusal
from kiosk.settings import shipped_folder
from kiosk.storage import Devices, Store, print_once

LARGEST_FORM_BYTES = 16 * 1024
"""Most bytes of a request's body: Flask refuses a larger one with 413."""

KIOSK_RELOAD_SECONDS = 60
"""Interval at which a kiosk's page reloads: a kiosk has no reload button, and nobody is there when the next
round opens."""

WORKER, WORKER_MAX_AGE_SECONDS = "guest.worker", 15 * 60
"""Endpoint of the service worker, and seconds for which a browser may cache it: three intervals between signs
of life, with which the page requests it."""

YEAR_SECONDS = 365 * 24 * 3600
"""Time for which browsers keep a file whose address has its version."""

PACKED = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
"""Media types that are compressed."""


def create_guest_app(
    store: Store,
    library: Library,
    *,
    clock: Callable[[], datetime],
    rate_limit: RateLimit,
    allowed_languages: frozenset[str] | None,
    devices: Devices | None = None,
    leave_to: str = "https://www.smhi.se",
    is_one_touch: bool = True,
    screen: Screen | None = None,
    audio: Path | None = None,
    secret_key: str = "",
) -> Flask:
    """Return the guests' application.

    `clock` returns local time. `rate_limit` is that of kiosks' addresses. `allowed_languages` are unreviewed
    languages that are shown nevertheless, None for all. `leave_to` is the address of the neutral site that a
    phone opens when the guest leaves. With `is_one_touch`, touching an answer opens the next statement.
    `audio` is the folder with speech, None for pages without speech. `screen` has the measures of kiosks
    without measures of their own, None if they are unknown. `devices` is shared with the desk, which shows
    the status of kiosks; with None, no sign of life reaches the desk. `secret_key` is the desk's: guests have
    no sessions, but pairing codes and /health need it. With "" no code is valid, and /health proves nothing.
    """
    app = Flask(__name__, static_folder=shipped_folder("static"), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM_BYTES
    if isinstance(app.json, DefaultJSONProvider):
        app.json.ensure_ascii = False
    pages = Pages(
        library, allowed_languages, store.is_demonstration, leave_to, screen, audio, is_one_touch=is_one_touch
    )
    app.extensions["guest"] = GuestSide(store, pages, clock, rate_limit, devices or Devices(), secret_key)
    app.register_blueprint(_routes())
    app.view_functions["static"] = partial(_static_file, app)
    app.url_defaults(_add_version)
    # Not in the guests' blueprint: it must respond even if the database is unreachable.
    app.add_url_rule(HEALTH_PATH, "health", lambda: health_answer(store, secret_key), methods=["GET"])
    # Flask logs the paths and times of failed requests.
    app.logger.disabled = True
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _failed)
    app.before_request(set_screen_size)
    refuse_unreadable_hosts(app)
    app.before_request(_check_form)
    app.after_request(_with_headers)
    return app


def _routes() -> Blueprint:
    """Return a blueprint with the guests' addresses and their views."""
    views = Blueprint("guest", __name__, template_folder="../screen/templates")
    for prefix in ("/", "/k/<code>", "/s/<code>"):
        views.add_url_rule(prefix, f"start {prefix}", questions.start, methods=["GET"])
        views.add_url_rule(prefix, f"answer {prefix}", questions.answer, methods=["POST"])
        beside = prefix.rstrip("/")
        at_practice = f"{beside}/practice"
        views.add_url_rule(at_practice, f"practice {prefix}", practice.start, methods=["GET"])
        views.add_url_rule(at_practice, f"practice answer {prefix}", practice.answer, methods=["POST"])
        views.add_url_rule(f"{at_practice}/thanks", f"practice over {prefix}", practice.over, methods=["GET"])
        views.add_url_rule(f"{beside}/thanks", f"thanks {prefix}", questions.thanks, methods=["GET"])
        views.add_url_rule(f"{beside}/stored", f"stored {prefix}", stored_data.stored, methods=["GET"])
        views.add_url_rule(f"{beside}/alive", f"alive {prefix}", kiosks.alive, methods=["GET"])
        views.add_url_rule(f"{beside}/queue", f"queue {prefix}", kiosks.queue, methods=["GET"])
    views.add_url_rule("/k/<code>/paired", "paired", kiosks.paired, methods=["GET"])
    views.add_url_rule("/k/<code>/worker", "worker", kiosks.worker, methods=["GET"])
    views.add_url_rule("/audio/<language>/<name>", "audio", questions.audio, methods=["GET"])
    views.add_url_rule(PAIRING_PATH, "pairing", kiosks.pairing, methods=["GET"])
    views.add_url_rule(PAIRING_PATH, "pair", kiosks.pair, methods=["POST"])
    views.add_url_rule("/q", "slip", slips.slip, methods=["GET"])
    views.add_url_rule(slips.QUESTIONS_PATH, "slip form", slips.slip_form, methods=["POST"])
    views.add_url_rule("/q/answer", "slip answer", slips.slip_answer, methods=["POST"])
    for path in (slips.QUESTIONS_PATH, "/q/answer"):
        views.add_url_rule(path, f"again {path}", slips.start_again, methods=["GET"])
    views.add_url_rule("/q/leave", "leave", stored_data.redirect_out, methods=["GET"])
    views.add_url_rule("/q/thanks", "slip thanks", questions.thanks, methods=["GET"])
    views.add_url_rule("/q/stored", "slip stored", stored_data.stored, methods=["GET"])
    return views


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Put the version of the guests' scripts and styles into the address of one of them."""
    files = guest_files(shipped_folder("static"))
    if endpoint == "static" and values["filename"] in files.texts:
        values["filename"] = f"{files.version}/{values['filename']}"


def _static_file(app: Flask, filename: str) -> Response:
    """Send the static file `filename`, a path relative to static/. 404 if there is none.

    A script or style of guests' pages has its version before its name, and browsers need not ask for it
    again. Of another version only OUTDATED is sent, in place of a script, to a page: a service worker would
    keep it, and gets 404. Without a version the browser asks each time."""
    files = guest_files(shipped_folder("static"))
    version, _, name = filename.rpartition("/")
    if name not in files.texts:
        return app.send_static_file(filename)
    is_script, is_current = name.endswith(".js"), version in ("", files.version)
    if not is_current and not (is_script and request.headers.get("Sec-Fetch-Dest", "script") == "script"):
        abort(404)
    text = files.texts[name if is_current else OUTDATED]
    response = Response(text, mimetype="text/javascript" if is_script else "text/css")
    if version == files.version:
        response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
        return response
    response.headers["Cache-Control"] = "no-cache" if is_current else "no-store"
    response.set_etag(short_hash(text, 32))
    response.make_conditional(request)
    return response


def _check_form() -> None:
    """Refuse a POST that no page of this site sends, before any lookup: 400 without a host or with a body
    that is not ASCII, 403 from another site, 415 for another media type."""
    if request.method != "POST":
        return
    if not request.host:
        refuse(400, Refusal.BAD)
    if not is_own_form(dict(request.headers), request.host_url.rstrip("/")):
        refuse(403, Refusal.BAD)
    if request.mimetype != "application/x-www-form-urlencoded":
        refuse(415, Refusal.BAD)
    if not request.get_data().isascii():
        # Browsers send forms as ASCII. Unreadable fields would count as skipped statements.
        refuse(400, Refusal.BAD)


def _with_headers(response: Response) -> Response:
    """Return the response, compressed, with the headers of every response. The policy allows only the inline
    styles of this request's screen."""
    response.headers.update(headers(guest_side().pages.styles(is_kiosk=is_kiosk())))
    if request.endpoint == WORKER:
        response.headers["Cache-Control"] = f"private, max-age={WORKER_MAX_AGE_SECONDS}"
    elif request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    # A phone's page has a ticket, which no other page has.
    return compress(response, PACKED, is_shared=is_kiosk())


def _refused(error: HTTPException) -> GuestResponse:
    """Return the page of a refused request in all languages, with the error's status. It has the same bytes
    for the same refusal. After Refusal.WAIT it has Retry-After."""
    refusal = refusal_of(error)
    response = _refusal(
        refusal, error.code or 500, error.opens_on if isinstance(error, RefusedError) else None
    )
    if refusal is Refusal.WAIT:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _failed(error: Exception) -> GuestResponse:
    """Report an unexpected error once on standard error, by its type and place in the code, without the
    request's data. Return a page with status 500."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.filename}:{place.lineno}"
    print_once(f"guest page failed: {type(error).__name__} at {where}; to find the cause, run: kiosk doctor")
    return _refusal(Refusal.FAILED, 500)


def _way_on(refusal: Refusal) -> str:
    """Return the address of a refusal's link: the start page of the kiosk, poster or slip whose address was
    requested; the pairing page if "/" is not paired."""
    if refusal is Refusal.NOT_PAIRED and request.path == "/":
        return PAIRING_PATH
    way_in = re.match(r"/(?:[ks]/[^/]+|q(?=/|$))", request.path)
    return quote(way_in[0]) if way_in else "/"


def _refusal(refusal: Refusal, status: int, opens_on: date | None = None) -> GuestResponse:
    """Return the page of a refusal, with its reason in the header Kiosk-Refusal. `opens_on` is the day on
    which the questions open, None unless the reason is Refusal.NOT_OPEN. The code of an unknown slip, sent to
    open the questions, gets the page to type a code again; a script gets the lines of the page only; a
    kiosk's page reloads by itself after KIOSK_RELOAD_SECONDS."""
    pages = guest_side().pages
    if refusal is Refusal.UNKNOWN_SLIP and request.path == slips.QUESTIONS_PATH:
        page = pages.slip(request.form.get("lang", ""), refusal)
    elif SCRIPT in request.headers:
        page = pages.refusal_lines(refusal, opens_on)
    else:
        page = pages.refusal(refusal, _way_on(refusal), opens_on, is_kiosk=is_kiosk())
    response = make_response(page, status)
    response.headers["Kiosk-Refusal"] = refusal.value
    if request.path == "/" or request.path.startswith("/k/"):
        response.headers["Refresh"] = f"{KIOSK_RELOAD_SECONDS}; url={quote(request.path)}"
    return response
