"""The staff's application: wiring, headers, error pages."""

import sys
import traceback
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, NotFound

from kiosk.desk import (
    api,
    audit_log,
    handbook,
)
from kiosk.desk.accounts import account_links, own_account, tokens
from kiosk.desk.accounts import routes as accounts
from kiosk.desk.activities import counter_editing, counting
from kiosk.desk.activities import routes as activities
from kiosk.desk.context import Desk, desk
from kiosk.desk.denials import DeniedError
from kiosk.desk.devices import routes as devices
from kiosk.desk.downloads import BUSY_SECONDS, StreamedFile
from kiosk.desk.exchange import comparison
from kiosk.desk.exchange import routes as exchange
from kiosk.desk.i18n import (
    asked,
    catalogue,
    day,
    language_in_text,
    language_name,
    month,
    named_period,
    period,
    translate,
    translate_message,
)
from kiosk.desk.login import routes as login
from kiosk.desk.login.known_devices import KnownDevices
from kiosk.desk.login.second_factor import SecretSealer
from kiosk.desk.mail import routes as mail
from kiosk.desk.navigation import navigation
from kiosk.desk.notices import problems
from kiosk.desk.reports import routes as reports
from kiosk.desk.respondents import people_at
from kiosk.desk.results import comments, earlier_figures, files, walls
from kiosk.desk.results import routes as results
from kiosk.desk.rounds import replies
from kiosk.desk.rounds import routes as rounds
from kiosk.desk.session import (
    GUEST_STYLES,
    LONGEST_SESSION,
    check_access_is_declared,
    is_coordinator,
    signed_in,
    signed_out,
    without_session,
)
from kiosk.desk.static_files import StaticFiles
from kiosk.desk.surveys import added_languages, imports, recordings, scales, themes, translations
from kiosk.desk.surveys import routes as surveys
from kiosk.desk.theory import editing as theory_editing
from kiosk.desk.theory import routes as theory
from kiosk.desk.units import editing as unit_editing
from kiosk.desk.units import routes as units
from kiosk.domain.schedule import Ticks
from kiosk.library.changes import RefusedError
from kiosk.library.drafts import LARGEST_FILE_BYTES
from kiosk.library.library import Library
from kiosk.output import report_html
from kiosk.output.file_program import BusyError, UnfinishedError, WrittenFiles
from kiosk.output.hyphenation import divisible
from kiosk.screen.compression import compress
from kiosk.screen.headers import digest
from kiosk.screen.health import HEALTH_PATH, health_answer
from kiosk.screen.host_names import refuse_unreadable_hosts
from kiosk.settings import Settings, SettingsError, shipped_folder
from kiosk.storage import Devices, Role, Store

SIGNED_OUT_FORMS = frozenset({"sign_in.sign_in", "sign_in.second_step", "account_links.choose_password"})
"""Endpoints of forms that people fill in before they have a session."""

LARGEST_REQUEST_BYTES = LARGEST_FILE_BYTES + 64 * 1024
"""Most bytes of a request: a file and the form around it. Flask limits forms without a file to 500 kB."""

TOPICS = (
    login,
    account_links,
    accounts,
    own_account,
    tokens,
    mail,
    api,
    results,
    files,
    comments,
    earlier_figures,
    rounds,
    replies,
    activities,
    counter_editing,
    counting,
    theory,
    theory_editing,
    reports,
    comparison,
    exchange,
    surveys,
    scales,
    imports,
    devices,
    walls,
    translations,
    added_languages,
    units,
    unit_editing,
    recordings,
    themes,
    audit_log,
    handbook,
)


def policy(style: str = "", data: str = "") -> str:
    """Return a page's content security policy, as the value of the header. `style` is added to the sources of
    styles, such as a digest of an inline one, and `data`, such as "data:", to those of images and fonts."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' {style}; img-src 'self' {data}; "
        f"font-src 'self' {data}; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


PACKED = frozenset({"application/json", "image/svg+xml", "text/csv", "text/html"})
"""Media types that are compressed.

The size of a compressed page may betray a secret beside text that an attacker chose (BREACH). The attacker
needs requests with the reader's session, and no other site can send one: the cookie is SameSite=Strict.
"""

HEADERS = {
    "Content-Security-Policy": policy(),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def create_desk_app(
    store: Store,
    library: Library,
    *,
    clock: Callable[[], datetime],
    ticks: Ticks,
    secret_key: str,
    guest_address: str,
    allowed_languages: frozenset[str] | None,
    is_https: bool = False,
    settings: Settings | None = None,
    devices: Devices | None = None,
    on_library_change: Callable[[Library], None] | None = None,
    doubtful_time: Callable[[], datetime | None] = lambda: None,
) -> Flask:
    """Return the staff's application: everything under /admin/, the snapshot at /results.json, and /health.
    Raises UndeclaredAccessError if a view does not declare its access.

    `secret_key` signs the sessions and encrypts second factors. `is_https` says whether browsers reach the
    desk over HTTPS; its cookie is then sent over HTTPS only. `devices` is shared with the guests' side, which
    records there that kiosks are in contact; with None, no sign of life reaches the desk. The other
    parameters are fields of `Desk`.
    """
    app = Flask(__name__, static_folder=shipped_folder("static"), static_url_path="/admin/static")
    app.config.update(
        SECRET_KEY=secret_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST_BYTES,
        PERMANENT_SESSION_LIFETIME=LONGEST_SESSION,
        SESSION_COOKIE_NAME="desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=is_https,
        WTF_I18N_ENABLED=False,
    )
    app.extensions["desk"] = Desk(
        store, library, clock, ticks, guest_address, allowed_languages, KnownDevices(secret_key),
        SecretSealer(secret_key), settings, devices or Devices(), on_library_change=on_library_change,
        doubtful_time=doubtful_time, written_files=WrittenFiles(settings.data if settings else None),
    )  # fmt: skip
    refuse_unreadable_hosts(app)
    StaticFiles(shipped_folder("static")).serve(app)
    CSRFProtect(app).exempt(surveys.preview_answer)
    for topic in TOPICS:
        app.register_blueprint(topic.blueprint, url_prefix="/admin")
    app.add_url_rule("/results.json", view_func=results.results_json)
    app.add_url_rule(HEALTH_PATH, "health", without_session(lambda: health_answer(store, secret_key)))
    app.jinja_env.filters["divisible"] = divisible
    app.jinja_env.globals.update(
        _=translate, day=day, month=month, named_period=named_period, period=period, asked=asked
    )
    app.jinja_env.globals.update(
        language_name=language_name,
        language_in_text=language_in_text,
        navigation=navigation,
        people_at=people_at,
    )
    app.context_processor(_for_every_page)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(RefusedError, _not_changed)
    app.register_error_handler(SettingsError, _without_files)
    app.register_error_handler(BusyError, _busy)
    app.register_error_handler(UnfinishedError, _unfinished)
    app.register_error_handler(Exception, _failed)
    app.after_request(_with_headers)
    check_access_is_declared(app)
    return app


def _for_every_page() -> dict[str, object]:
    """Return the template variables of every page."""
    account, library = signed_in(), desk().library
    return {
        "account": account,
        "is_coordinator": is_coordinator(),
        "doubtful_time": desk().doubtful_time() if is_coordinator() else None,
        "has_files": desk().settings is not None,
        "is_staff": account is not None and account.role == Role.STAFF,
        "is_viewer": account is not None and account.role == Role.VIEWER,
        "is_demonstration": desk().store.is_demonstration,
        "shown_report": reports.latest_address() if desk().store.is_demonstration else "",
        "file_problems": [problem.message for problem in library.problems] if is_coordinator() else [],
        "translate_message": translate_message,
        "notice_problems": problems,
        "language": catalogue().language,
        "other_languages": [
            other.language for other in library.desk.values() if other.language != catalogue().language
        ],
    }


def _with_headers(response: Response) -> Response:
    """Return the response, compressed, with the headers of every page, and with the content security policy
    that its page needs."""
    response.headers.update(HEADERS)
    if styles := g.get(GUEST_STYLES):
        # A guest's page has inline styles, icon and font.
        response.headers["Content-Security-Policy"] = policy(" ".join(map(digest, styles)), "data:")
    if request.blueprint == "themes" and not styles:
        # The logo is inline, as on guests' pages.
        response.headers["Content-Security-Policy"] = policy(data="data:")
    if (request.endpoint or "").startswith("counting."):
        # A phone installs the page with its manifest.
        response.headers["Content-Security-Policy"] = policy() + "; manifest-src 'self'"
    if request.blueprint == "recordings":
        # A person records a text, and hears the recording before it is sent.
        response.headers["Content-Security-Policy"] = policy() + "; media-src 'self' blob:"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(self), geolocation=()"
    if request.endpoint in {"reports.preview", "reports.edition_file"}:
        # A report is one file, with its style and charts.
        response.headers["Content-Security-Policy"] = policy(digest(report_html.STYLE), "data:")
    if request.endpoint not in ("static", "results_json", "handbook.picture"):
        response.headers["Cache-Control"] = "no-store"
    return response if isinstance(response, StreamedFile) else compress(response, PACKED)


def _refused(error: HTTPException) -> ResponseReturnValue:
    """Return the page for an HTTP error, with its status. A denial and a form that was open too long have
    texts of their own; after the end of the session, the texts of a sent form are shown for copying, with
    status 401."""
    code = error.code or 500
    if isinstance(error, CSRFError) and signed_in() is None and request.endpoint not in SIGNED_OUT_FORMS:
        return signed_out()
    kind = "stale" if isinstance(error, CSRFError) else str(code)
    if isinstance(error, DeniedError):
        kind = error.denial.value
    most = LARGEST_FILE_BYTES // 1024**2
    return make_response(render_template("error.html", kind=kind, most=most), code)


def _not_changed(error: RefusedError) -> ResponseReturnValue:
    """Return the page with the reasons why files on the server were not changed, with status 400."""
    messages = [translate_message(message) for message in error.messages]
    return make_response(render_template("error.html", kind="files", messages=messages), 400)


def _without_files(_: SettingsError) -> ResponseReturnValue:
    """Return the page for a request that would change files of a desk that changes none
    (`Desk.own_settings`), with status 404, as for the pages that have the forms."""
    return _refused(NotFound())


def _busy(_: BusyError) -> ResponseReturnValue:
    """Return the page for a file that cannot be written yet, because others are, with status 503 and
    Retry-After."""
    response = make_response(render_template("error.html", kind="busy"), 503)
    response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response


def _unfinished(_: UnfinishedError) -> ResponseReturnValue:
    """Return the page for a file whose program was ended before the file was complete, with status 503."""
    return make_response(render_template("error.html", kind="unfinished"), 503)


def _failed(error: Exception) -> ResponseReturnValue:
    """Return the page for an unexpected error, without details, with status 500. The error's type, file and
    line are printed to standard error, but not the error's message, which could contain typed text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    print(f"staff page failed: {type(error).__name__} at {place.filename}:{place.lineno}", file=sys.stderr)
    return make_response(render_template("error.html", kind="500"), 500)
