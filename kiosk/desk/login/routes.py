"""Sign-in, sign-out, and the choice of language."""

from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.forms import SignInForm
from kiosk.desk.session import begin, desk, end, note, signed_in
from kiosk.domain.client_source import source_of
from kiosk.library.catalogues import REFERENCE
from kiosk.storage import Deed, verify

blueprint = Blueprint("sign_in", __name__)

BUSY_SECONDS = 3
"""Time in which the password checks in progress end."""


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form and handle it. A wrong name and a wrong password have the same response and
    timing."""
    # First, since it clears an expired session, and the form's token must be in the new session.
    is_signed_in = signed_in() is not None
    _follow_browser_language()
    form = SignInForm()
    onward = _own_path(request.args.get("next", ""))
    if request.method == "GET":
        return redirect(onward) if is_signed_in else render_template("sign_in.html", form=form, problem="")
    name, now = (form.name.data or "").strip(), desk().clock().timestamp()
    throttle, source = desk().sign_in_throttle, source_of(request.remote_addr)
    attempt = throttle.attempt(name, source, desk().known_devices.nonce(name), now)
    seconds = throttle.seconds_left(attempt, now)
    if seconds > 0:
        return _try_later(form, "wait", 429, int(seconds) + 1)
    with desk().password_checks.place(is_known=attempt.is_known) as has_place:
        if not has_place:
            return _try_later(form, "busy", 503, BUSY_SECONDS)
        account = desk().store.accounts.named(name) if form.validate() else None
        is_right = verify(account.password if account else None, form.password.data or "")
    if account is None or not is_right:
        throttle.failed(attempt, now)
        return render_template("sign_in.html", form=form, problem="wrong"), 403
    throttle.succeeded(attempt)
    begin(account)
    note(Deed.SIGNED_IN, account.role)
    return desk().known_devices.remember(name, make_response(redirect(onward, 303)))


def _try_later(form: SignInForm, problem: str, status: int, seconds: int) -> ResponseReturnValue:
    """Render the form with the time after which to try again."""
    page = render_template("sign_in.html", form=form, problem=problem, seconds=seconds)
    return make_response(page, status, {"Retry-After": str(seconds)})


@blueprint.route("/sign-out", methods=["POST"])
def sign_out() -> ResponseReturnValue:
    """End every session of the account."""
    end()
    return redirect(url_for("sign_in.sign_in"), 303)


@blueprint.route("/language", methods=["POST"])
def choose_language() -> ResponseReturnValue:
    """Store the language in the session, and return to the page."""
    chosen = request.form.get("language", "")
    if chosen in desk().library.desk:
        session["language"] = chosen
    return redirect(_own_path(request.form.get("next", "")), 303)


def _follow_browser_language() -> None:
    """Set the session's language to the browser's preference, unless one has been chosen."""
    if "language" not in session:
        accepted = request.accept_languages.best_match([REFERENCE, *desk().library.desk])
        if accepted is not None:
            session["language"] = accepted


def _own_path(wanted: str) -> str:
    """Return a path of this desk; other targets are replaced by the results page, to prevent open
    redirects."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return url_for("results.results")
    is_own = not parts.scheme and not parts.netloc and parts.path.startswith("/admin/") and "\\" not in wanted
    return wanted if is_own else url_for("results.results")
