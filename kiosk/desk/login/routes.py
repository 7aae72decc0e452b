"""Sign-in, sign-out, and the choice of language."""

from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.forms import SignInForm
from kiosk.desk.session import begin, desk, end, note, signed_in
from kiosk.library.catalogues import REFERENCE
from kiosk.storage import Deed, verify

blueprint = Blueprint("sign_in", __name__)


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
    seconds = desk().sign_in_throttle.seconds_left(name, now)
    if seconds > 0:
        page = render_template("sign_in.html", form=form, problem="wait", seconds=int(seconds) + 1)
        return make_response(page, 429, {"Retry-After": str(int(seconds) + 1)})
    account = desk().store.accounts.named(name) if form.validate() else None
    if not verify(account.password if account else None, form.password.data or "") or account is None:
        desk().sign_in_throttle.failed(name, now)
        return render_template("sign_in.html", form=form, problem="wrong"), 403
    desk().sign_in_throttle.succeeded(name)
    begin(account)
    note(Deed.SIGNED_IN, account.role)
    return redirect(onward, 303)


@blueprint.route("/sign-out", methods=["POST"])
def sign_out() -> ResponseReturnValue:
    """End the session."""
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
