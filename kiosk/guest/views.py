"""The guest's routes: a start page for each way in, one POST, one thank-you.

Nothing is set on the device, nothing is logged, and every ballot that is taken gets the same bytes.
"""

import base64
import gzip
import re
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Flask, Response, abort, g, make_response, redirect, request, send_file
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import Forbidden, HTTPException, TooManyRequests
from werkzeug.wrappers import Response as BaseResponse

from kiosk import slips
from kiosk.audio import KINDS, find
from kiosk.ballot import Ballot, BallotError, read_ballot
from kiosk.devices import DIGITS, Devices, TooManyTriesError
from kiosk.envelope import is_well_formed
from kiosk.guest.guard import headers, is_own_form
from kiosk.guest.pace import Pace
from kiosk.guest.pages import Pages
from kiosk.guest.texts import REFUSALS
from kiosk.i18n import REFERENCE
from kiosk.library import Library
from kiosk.rounds import Admission, Round
from kiosk.saying import say_once
from kiosk.settings import shipped_folder
from kiosk.sizes import Screen
from kiosk.store import LetterboxGoneError, Link, NotAdmittedError, RoundClosedError, Store

LARGEST_FORM = 16 * 1024
SHORTEST_RETRY = 2
"""Seconds told to a kiosk that sends too early; a constant, since the time left would tell of others."""

KIOSK_TRIES_AGAIN = 60
"""Seconds. A kiosk has no button to load a page again, and the next round opens without anybody there."""

ENVELOPE, SEALED_FOR, HAS_WAITED = "_envelope", "_letterbox", "_waited"
"""Fields of a kiosk's script. No statement's id begins with an underscore."""

SCRIPT, BALLOT = "Kiosk-Script", "Kiosk-Ballot"
"""A script says that it asks, and is told that a ballot was taken by a mark no proxy makes: a redirect may be
anybody's, and a script cannot see where it leads."""

WAITED_LANE = " waited"
"""Beside an address, which has no space, in its pace."""

LETTERBOX = "Kiosk-Letterbox"
"""Tells a kiosk's page at each sign of life which box is open: no guest shall get the last round's page."""

WORKER, WORKER_GOOD_FOR = "guest.worker", 15 * 60
"""Seconds a browser need not ask for the worker again: three signs of life, at which a kiosk's page asks."""

JAVASCRIPT = "text/javascript; charset=utf-8"

PACKED = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})

Answer = Response | BaseResponse


def create_guest_app(
    store: Store,
    library: Library,
    *,
    clock: Callable[[], datetime],
    pace: Pace,
    allowed_languages: frozenset[str] | None,
    devices: Devices | None = None,
    leave_to: str = "https://www.smhi.se",
    screen: Screen | None = None,
    audio: Path | None = None,
) -> Flask:
    """The guest's application. `allowed_languages` None shows unreviewed languages too: for the
    demonstration only. `devices` are shared with the desk, which pairs them; `leave_to` is
    where a phone goes at once; `screen` what kiosks measure that have no measures of their own;
    `audio` holds speech."""
    app = Flask(__name__, static_folder=shipped_folder("static"), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FORM
    if isinstance(app.json, DefaultJSONProvider):
        app.json.ensure_ascii = False
    pages = Pages(library, allowed_languages, store.is_demonstration, leave_to, screen, audio)
    views = GuestViews(store, pages, clock, pace, devices or Devices())
    app.register_blueprint(views.blueprint())
    app.extensions["guest"] = views
    # Flask would write paths and times of failed requests to the log.
    app.logger.disabled = True
    app.register_error_handler(HTTPException, views.refused)
    app.register_error_handler(Exception, views.failed)
    app.before_request(views.measure)
    app.before_request(views.check_form)
    app.after_request(lambda response: _with_headers(response, views.headers()))
    return app


def _with_headers(response: Response, own: Mapping[str, str]) -> Response:
    response.headers.update(own)
    if request.endpoint == WORKER:
        response.headers["Cache-Control"] = f"private, max-age={WORKER_GOOD_FOR}"
    elif request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return _compressed(response)


def _compressed(response: Response) -> Response:
    """A form carries all languages; packed it is a third as long. Answers to a POST are left alone."""
    is_worth_it = response.status_code == 200 and response.mimetype in PACKED
    if request.method != "GET" or not is_worth_it or not request.accept_encodings.quality("gzip"):
        return response
    response.direct_passthrough = False
    response.set_data(gzip.compress(response.get_data(), mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _ballot(of_round: Round, fields: dict[str, list[str]]) -> Ballot:
    if not fields:
        # Our form always sends every statement: a body that holds none could not be read.
        abort(400, "bad")
    try:
        return read_ballot(of_round.survey, fields)
    except BallotError:
        abort(400, "bad")


def _taken(thanks: str) -> Answer:
    """What every ballot that is taken is answered with: a form is led on, a script is told."""
    if SCRIPT in request.headers:
        return Response(status=204, headers={BALLOT: "taken"})
    return redirect(thanks, 303)


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)[:DIGITS]


def _home() -> str:
    """The address this practice belongs to."""
    return request.path.partition("/practice")[0] or "/"


def _is_kiosk() -> bool:
    """Whether the address is a kiosk's: a phone comes by a poster's link or a slip."""
    return not request.path.startswith(("/s/", "/q"))


class GuestViews:
    """The views of one application, over its store and pages."""

    def __init__(
        self, store: Store, pages: Pages, clock: Callable[[], datetime], pace: Pace, devices: Devices
    ) -> None:
        self._store = store
        self._unmeasured = pages
        self._clock = clock
        self._pace = pace
        self._devices = devices

    def take_in(self, library: Library) -> None:
        """Make the pages from `library` from now on: somebody has changed a text at the desk."""
        self._unmeasured = replace(self._unmeasured, library=library)

    def blueprint(self) -> Blueprint:
        views = Blueprint("guest", __name__, template_folder="templates")
        for prefix in ("/", "/k/<code>", "/s/<code>"):
            views.add_url_rule(prefix, f"start {prefix}", self.start, methods=["GET"])
            views.add_url_rule(prefix, f"answer {prefix}", self.answer, methods=["POST"])
            beside = prefix.rstrip("/")
            practice = f"{beside}/practice"
            views.add_url_rule(practice, f"practice {prefix}", self.practice, methods=["GET"])
            views.add_url_rule(practice, f"practise {prefix}", self.practise, methods=["POST"])
            views.add_url_rule(f"{practice}/thanks", f"practised {prefix}", self.practised, methods=["GET"])
            views.add_url_rule(f"{beside}/thanks", f"thanks {prefix}", self.thanks, methods=["GET"])
            views.add_url_rule(f"{beside}/stored", f"stored {prefix}", self.stored, methods=["GET"])
            views.add_url_rule(f"{beside}/alive", f"alive {prefix}", self.alive, methods=["GET"])
            views.add_url_rule(f"{beside}/queue", f"queue {prefix}", self.queue, methods=["GET"])
        views.add_url_rule("/k/<code>/paired", "paired", self.paired, methods=["GET"])
        views.add_url_rule("/k/<code>/worker", "worker", self.worker, methods=["GET"])
        views.add_url_rule("/audio/<language>/<name>", "audio", self.audio, methods=["GET"])
        views.add_url_rule("/pair", "pairing", self.pairing, methods=["GET"])
        views.add_url_rule("/pair", "pair", self.pair, methods=["POST"])
        views.add_url_rule("/q", "slip", self.slip, methods=["GET"])
        views.add_url_rule("/q/questions", "slip form", self.slip_form, methods=["POST"])
        views.add_url_rule("/q/answer", "slip answer", self.slip_answer, methods=["POST"])
        views.add_url_rule("/q/thanks", "slip thanks", self.thanks, methods=["GET"])
        views.add_url_rule("/q/stored", "slip stored", self.stored, methods=["GET"])
        return views

    # -- the screen it is for ----------------------------------------------------------------------

    def measure(self) -> None:
        """Find out what this request's screen measures: a kiosk's own, or what is said of all kiosks."""
        g.screen = self._unmeasured.screen if _is_kiosk() else None
        if request.blueprint == "guest" and _is_kiosk():
            link = self._store.link((request.view_args or {}).get("code", ""))
            g.screen = (link and link.screen) or g.screen

    @property
    def _pages(self) -> Pages:
        """The pages as this request's screen needs them."""
        return replace(self._unmeasured, screen=g.screen)

    def headers(self) -> Mapping[str, str]:
        """What every answer carries: its policy allows the style of this request's screen, and no other's."""
        return headers(self._pages.styles(is_kiosk=True))

    def check_form(self) -> None:
        """Refuse what no page of ours sends, before anything is looked up."""
        if request.method != "POST":
            return
        if not request.host:
            abort(400, "bad")
        if not is_own_form(dict(request.headers), request.host_url.rstrip("/")):
            abort(403, "bad")
        if request.mimetype != "application/x-www-form-urlencoded":
            abort(415, "bad")
        if not request.get_data().isascii():
            # A form is sent as ASCII: what cannot be read would be taken for questions left out.
            abort(400, "bad")

    # -- a kiosk's address, a poster's link --------------------------------------------------------

    def start(self, code: str = "") -> Answer:
        """The questions, in the language asked for."""
        link, of_round = self._way_in(code)
        is_kiosk = link.admission is Admission.KIOSK
        asked = request.args.get("lang", REFERENCE)
        reply = self._store.reply(link.unit_id)
        letterbox = self._store.public_key(of_round.id, link.unit_id) if is_kiosk else ""
        page = self._pages.form(
            of_round.survey,
            asked,
            reply,
            action=request.path,
            is_kiosk=is_kiosk,
            letterbox=letterbox,
            pause=self._pace.pause,
            closes_at=of_round.closes_at,
        )
        return make_response(page)

    def answer(self, code: str = "") -> Answer:
        """Take one ballot. The answer is the same bytes whatever it holds."""
        if ENVELOPE in request.form:
            return self._open(code)
        link, of_round = self._way_in(code)
        thanks = f"{request.path.rstrip('/')}/thanks"
        ballot = _ballot(of_round, dict(request.form.lists()))
        place = of_round.id, link.unit_id
        if link.admission is Admission.KIOSK and self._is_play(link):
            return self._take(lambda now: self._store.put_apart(*place, now), thanks)
        return self._take(lambda now: self._store.cast(*place, ballot, now), thanks)

    def _open(self, code: str) -> Answer:
        """Take the ballot in a kiosk's envelope: at once, or one that waited there for the network. Any
        paired kiosk may carry it: it goes to the box it was sealed for.

        410 Gone tells the kiosk that this envelope can never be taken, and may be thrown away.
        """
        link = self._link(code)
        fields = dict(request.form.lists())
        has_waited = fields.pop(HAS_WAITED, None) is not None
        sent = [*fields.pop(ENVELOPE), *fields.pop(SEALED_FOR, [])]
        if link.admission is not Admission.KIOSK or fields or len(sent) != len((ENVELOPE, SEALED_FOR)):
            abort(400, "bad")
        envelope, letterbox = sent
        try:
            sealed = base64.b64decode(envelope, validate=True)
        except ValueError:
            abort(400, "bad")
        # Those that waited take no guest's turn. A kiosk sends them two pauses apart: a row of them without a
        # pause comes from elsewhere, whatever it says of itself.
        in_play = self._is_play(link, lane=WAITED_LANE if has_waited else "")
        put = partial(self._store.cast_envelope, letterbox, sealed, in_play=in_play, has_waited=has_waited)
        try:
            return self._take(put, f"{request.path.rstrip('/')}/thanks")
        except LetterboxGoneError:
            if has_waited and is_well_formed(sealed):
                self._devices.came_late(link.code)
            abort(410, "closed")
        except BallotError:
            abort(410, "bad")

    def audio(self, language: str, name: str) -> Answer:
        """One text read out. Kept by no browser: it would tell which language somebody had."""
        path = find(self._pages.audio, language, name) if self._pages.audio else None
        if path is None:
            abort(404)
        response = send_file(path, mimetype=KINDS[path.suffix], conditional=True, etag=False)
        del response.headers["Last-Modified"]
        return response

    # -- a screen becomes a kiosk, and is heard ----------------------------------------------------

    def pairing(self) -> Answer:
        """Where the code from the desk is typed, with keys of its own: a screen may have no keyboard."""
        return make_response(self._pages.pairing(request.args.get("lang", REFERENCE), "", ""))

    def pair(self) -> Answer:
        """One key pressed on the pad, or the code sent: then this screen gets an address of its own."""
        sent, press = request.form.get("code", ""), request.form.get("press", "done")
        typed = _digits(sent)
        asked = request.form.get("lang", REFERENCE)
        if press != "done":
            typed = typed[:-1] if press == "erase" else _digits(sent + press)
            return make_response(self._pages.pairing(asked, typed, ""))
        try:
            unit = self._devices.redeem(typed)
        except TooManyTriesError:
            return make_response(self._pages.pairing(asked, "", "too_many_codes"), 429)
        if unit is None:
            return make_response(self._pages.pairing(asked, "", "wrong_code"), 403)
        return redirect(f"/k/{self._store.add_link(Admission.KIOSK, unit).code}/paired", 303)

    def paired(self, code: str) -> Answer:
        """Which unit the screen belongs to, before a guest's page: whoever paired it may have erred."""
        return make_response(self._pages.paired(self._link(code).unit_id, f"/k/{code}"))

    def alive(self, code: str = "") -> Answer:
        """A kiosk's sign of life, which its page gives at fixed times of the clock."""
        link = self._store.link(code)
        if link is None or link.admission is not Admission.KIOSK:
            abort(404, "not_paired")
        self._devices.heard(code)
        response = Response(status=204)
        with suppress(RoundClosedError):
            of_round = self._store.running_round(link.unit_id, self._clock())
            response.headers[LETTERBOX] = self._store.public_key(of_round.id, link.unit_id)
        return response

    def worker(self, code: str) -> Answer:
        """What keeps the kiosk's page for when the network is away."""
        link = self._store.link(code)
        if link is None or link.admission is not Admission.KIOSK:
            abort(404, "not_paired")
        page, survey = f"/k/{code}", None
        with suppress(RoundClosedError):
            survey = self._store.running_round(link.unit_id, self._clock()).survey
        kind = {"Content-Type": JAVASCRIPT, "Service-Worker-Allowed": page}
        return make_response(self._pages.worker(page, survey), kind)

    def queue(self, code: str = "") -> Answer:
        """The script of the file where envelopes wait, at an address its worker can keep it for."""
        link = self._store.link(code)
        if link is None or link.admission is not Admission.KIOSK:
            abort(404, "not_paired")
        return make_response(self._pages.queue(), {"Content-Type": JAVASCRIPT})

    # -- practice: the same screens, and nothing is kept -------------------------------------------

    def practice(self, code: str = "") -> Answer:
        """The questions, to try them."""
        link, of_round = self._way_in(code)
        page = self._pages.form(
            of_round.survey,
            request.args.get("lang", REFERENCE),
            {},
            action=request.path,
            is_kiosk=link.admission is Admission.KIOSK,
            home=_home(),
        )
        return make_response(page)

    def practise(self, code: str = "") -> Answer:
        """Look at a ballot and forget it."""
        _, of_round = self._way_in(code)
        _ballot(of_round, dict(request.form.lists()))
        return _taken(f"{request.path}/thanks")

    def practised(self, code: str = "") -> Answer:
        """The end of a practice, with the way to the real questions."""
        self._way_in(code)
        return make_response(self._pages.practised(_home(), is_kiosk=_is_kiosk()))

    def _way_in(self, code: str) -> tuple[Link, Round]:
        link = self._link(code)
        try:
            of_round = self._running_round(link.unit_id)
        except Forbidden:
            if link.admission is Admission.KIOSK:
                # The page that waits for a round has no script, and comes again by itself.
                self._devices.heard(link.code)
            raise
        if link.admission not in of_round.admission:
            abort(403, "not_admitted")
        return link, of_round

    def _link(self, code: str) -> Link:
        """The address asked for: a poster's or a kiosk's."""
        link, is_poster = self._store.link(code), request.path.startswith("/s/")
        if link is None or (link.admission is Admission.POSTER) != is_poster:
            abort(404, "not_paired" if not is_poster else "not_found")
        return link

    def _running_round(self, unit_id: str) -> Round:
        try:
            return self._store.running_round(unit_id, self._clock())
        except RoundClosedError:
            abort(403, "closed")

    def _is_play(self, link: Link, *, lane: str = "") -> bool:
        """Whether a kiosk's ballot comes like play; raises TooManyRequests for one that comes too early after
        others in its `lane`."""
        if self._pace.wait(link.code + lane) > 0:
            raise TooManyRequests("wait", retry_after=SHORTEST_RETRY)
        return self._pace.is_play(link.code + lane)

    # -- a slip ------------------------------------------------------------------------------------

    def slip(self) -> Answer:
        """Where a slip's code is typed. A scanned one stands in the fragment, which no server sees."""
        return make_response(self._pages.slip(request.args.get("lang", REFERENCE)))

    def slip_form(self) -> Answer:
        """The questions for a slip. It is not used up by looking at them."""
        code, of_round, unit = self._slip()
        asked, reply = request.form.get("lang", REFERENCE), self._store.reply(unit)
        page = self._pages.form(of_round.survey, asked, reply, action="/q/answer", slip=code, is_kiosk=False)
        return make_response(page)

    def slip_answer(self) -> Answer:
        """Take one ballot that came by a slip, and use the slip up."""
        code, of_round, unit = self._slip()
        fields = {name: values for name, values in request.form.lists() if name != "slip"}
        ballot = _ballot(of_round, fields)
        return self._take(lambda now: self._store.cast(of_round.id, unit, ballot, now, code), "/q/thanks")

    def _slip(self) -> tuple[str, Round, str]:
        """(code, round, unit) of the slip that was sent; whether it is used is told at the end only."""
        sent = request.form.getlist("slip")
        if len(sent) != 1:
            abort(400, "bad")
        code = slips.normalise(sent[0])
        printed_for = self._store.unit_of_slip(code)
        if printed_for is None:
            abort(403, "unknown_slip")
        round_id, unit = printed_for
        of_round = self._running_round(unit)
        if of_round.id != round_id:
            abort(403, "closed")
        if Admission.SLIP not in of_round.admission:
            abort(403, "not_admitted")
        return code, of_round, unit

    # -- a ballot ----------------------------------------------------------------------------------

    def _take(self, put: Callable[[datetime], None], thanks: str) -> Answer:
        """Put a ballot where it belongs, and say so with the same bytes whatever it holds."""
        try:
            put(self._clock())
        except RoundClosedError:
            abort(403, "closed")
        except NotAdmittedError:
            abort(403, "not_admitted")
        except slips.UsedSlipError:
            abort(409, "used_slip")
        except slips.UnknownSlipError:
            abort(403, "unknown_slip")
        return _taken(thanks)

    def thanks(self, **way_in: str) -> Answer:
        """The same page for everybody, whichever `way_in`."""
        del way_in
        return make_response(self._pages.thanks(request.path.removesuffix("thanks") if _is_kiosk() else ""))

    def stored(self, **way_in: str) -> Answer:
        """What is stored about me? Said from the tables as they are."""
        del way_in
        back = request.path.removesuffix("stored").removesuffix("/") or "/"
        # No server sees a fragment; but a slip's page takes one for the slip's code.
        language_by = "?lang=" if back == "/q" else "#"
        schema = self._store.schema()
        page = self._pages.stored(schema, back, language_by=language_by, is_kiosk=_is_kiosk())
        return make_response(page)

    # -- what goes wrong ---------------------------------------------------------------------------

    def refused(self, error: HTTPException) -> Answer:
        """A refusal in all languages, the same bytes for the same refusal."""
        named = error.description or ""
        reason = named if named in REFUSALS else "not_found" if error.code == 404 else "bad"
        response = self._refusal(reason, error.code or 500)
        if isinstance(error, TooManyRequests):
            response.headers["Retry-After"] = str(SHORTEST_RETRY)
        return response

    def failed(self, error: Exception) -> Answer:
        """Drop the request's data: only what kind of error, and where in the code, is told, and once."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        say_once(f"guest page failed: {type(error).__name__} at {place.filename}:{place.lineno}")
        return self._refusal("failed", 500)

    def _refusal(self, reason: str, status: int) -> Answer:
        way_out = "/pair" if reason == "not_paired" and request.path == "/" else ""
        page = self._pages.refusal(reason, way_out, is_kiosk=_is_kiosk())
        response = make_response(page, status)
        response.headers["Kiosk-Refusal"] = reason
        if request.path == "/" or request.path.startswith("/k/"):
            response.headers["Refresh"] = f"{KIOSK_TRIES_AGAIN}; url={quote(request.path)}"
        return response
