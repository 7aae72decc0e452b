"""The guest's routes: a start page for each way in, one POST, one thank-you.

Nothing is set on the device, nothing is logged, and every ballot that is taken gets the same bytes.
"""

import sys
import traceback
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Flask, Response, abort, make_response, redirect, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from kiosk.ballot import BallotError, read_ballot
from kiosk.guest.guard import HEADERS, is_own_form
from kiosk.guest.pace import Pace
from kiosk.guest.screen import in_all, questions
from kiosk.guest.texts import REFUSALS, SCREEN
from kiosk.i18n import REFERENCE
from kiosk.library import Library, shown_languages
from kiosk.rounds import Admission, Round
from kiosk.settings import shipped_folder
from kiosk.store import Link, RoundClosedError, Store

LARGEST_FORM = 16 * 1024
Answer = Response | BaseResponse


def create_guest_app(
    store: Store,
    library: Library,
    *,
    clock: Callable[[], datetime],
    pace: Pace,
    allowed_languages: frozenset[str] | None,
) -> Flask:
    """The guest's application. `allowed_languages` None shows unreviewed languages too: for the
    demonstration only."""
    app = Flask(__name__, static_folder=shipped_folder("static"), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    views = GuestViews(store, library, clock, pace, allowed_languages)
    app.register_blueprint(views.blueprint())
    app.register_error_handler(HTTPException, views.refused)
    app.register_error_handler(Exception, views.failed)
    app.after_request(_with_headers)
    return app


def _with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


class GuestViews:
    """The views of one application, over its store and library."""

    def __init__(
        self,
        store: Store,
        library: Library,
        clock: Callable[[], datetime],
        pace: Pace,
        allowed_languages: frozenset[str] | None,
    ) -> None:
        self._store = store
        self._library = library
        self._clock = clock
        self._pace = pace
        self._allowed = allowed_languages

    def blueprint(self) -> Blueprint:
        views = Blueprint("guest", __name__, template_folder="templates")
        for prefix in ("/", "/k/<code>", "/s/<code>"):
            thanks = f"{prefix.rstrip('/')}/thanks"
            views.add_url_rule(prefix, f"start {prefix}", self.start, methods=["GET"])
            views.add_url_rule(prefix, f"answer {prefix}", self.answer, methods=["POST"])
            views.add_url_rule(thanks, f"thanks {prefix}", self.thanks, methods=["GET"])
        return views

    def _way_in(self, code: str) -> tuple[Link, Round]:
        link = self._store.link(code)
        is_poster = request.path.startswith("/s/")
        if link is None or (link.admission is Admission.POSTER) != is_poster:
            abort(404, "not_paired" if not is_poster else "not_found")
        try:
            found = self._store.running_round(link.unit_id, self._clock())
        except RoundClosedError:
            abort(403, "closed")
        if link.admission not in found.admission:
            abort(403, "not_admitted")
        return link, found

    def start(self, code: str = "") -> Answer:
        """The questions, in the language asked for."""
        _, of_round = self._way_in(code)
        shown = shown_languages(self._library.guest, of_round.survey, self._allowed)
        asked = request.args.get("lang", REFERENCE)
        catalogue = self._library.guest[asked if asked in shown else REFERENCE]
        page = render_template(
            "form.html",
            language=catalogue.language,
            languages=[self._library.guest[found].language for found in shown],
            screen={key: catalogue.text(message) for key, message in SCREEN.items()},
            title=catalogue.text(SCREEN["title"]),
            statements=questions(of_round.survey, catalogue.language.code),
            action=request.path,
            is_demonstration=self._store.is_demonstration,
        )
        return make_response(page)

    def answer(self, code: str = "") -> Answer:
        """Take one ballot. The answer is the same bytes whatever it holds."""
        if not is_own_form(dict(request.headers), request.host_url.rstrip("/")):
            abort(403, "bad")
        if request.mimetype not in ("application/x-www-form-urlencoded", "multipart/form-data"):
            abort(415, "bad")
        link, of_round = self._way_in(code)
        if request.files:
            abort(400, "bad")
        try:
            ballot = read_ballot(of_round.survey, dict(request.form.lists()))
        except BallotError:
            abort(400, "bad")
        if link.admission is Admission.KIOSK:
            self._keep_pace(link)
        try:
            self._store.cast(of_round.id, link.unit_id, ballot, self._clock())
        except RoundClosedError:
            abort(403, "closed")
        return redirect(f"{request.path.rstrip('/')}/thanks", 303)

    def _keep_pace(self, link: Link) -> None:
        if self._pace.wait(link.code, self._clock().timestamp()) > 0:
            abort(429, "wait")

    def thanks(self, **way_in: str) -> Answer:
        """The same page for everybody, whichever `way_in`; a kiosk goes back to its start by itself."""
        del way_in
        back = request.path.removesuffix("thanks")
        lines = in_all(SCREEN["thank_you"], list(self._library.guest.values()))
        page = self._message(lines, back if not back.startswith("/s/") else "")
        return make_response(page)

    def refused(self, error: HTTPException) -> Answer:
        """A refusal in all languages, the same bytes for the same refusal."""
        reason = REFUSALS.get(error.description or "", REFUSALS["not_found" if error.code == 404 else "bad"])
        page = self._message(in_all(reason, list(self._library.guest.values())), "")
        return make_response(page, error.code or 500)

    def failed(self, error: Exception) -> Answer:
        """Drop the request's data: only what kind of error, and where in the code, is told."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"guest page failed: {type(error).__name__} at {place.filename}:{place.lineno}", file=sys.stderr
        )
        lines = in_all(REFUSALS["failed"], list(self._library.guest.values()))
        return make_response(self._message(lines, ""), 500)

    def _message(self, lines: tuple[object, ...], back: str) -> str:
        reference = self._library.guest[REFERENCE]
        return render_template(
            "message.html",
            language=reference.language,
            title=reference.text(SCREEN["title"]),
            lines=lines,
            back=back,
        )
