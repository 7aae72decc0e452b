"""The page of a one-time link, where a person without a session chooses a password."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import NewPasswordForm
from kiosk.desk.i18n import translate
from kiosk.desk.login.language import follow_browser_language
from kiosk.desk.session import without_session
from kiosk.domain.client_source import source_of
from kiosk.storage import Action, hash_password

blueprint = Blueprint("account_links", __name__)

BUSY_SECONDS = 3
"""Seconds after which the password checks in progress have ended. A person whose password had no turn is
asked to wait for this time."""


@blueprint.route("/account-link/<code>", methods=["GET", "POST"])
@without_session
def choose_password(code: str) -> ResponseReturnValue:
    """Show the form for a password. Store a sent password, which uses the one-time link, and redirect to the
    sign-in. The link of a new account creates the account; a link for a new password ends all sessions of its
    account. Opening the link does not use it: programs of mail and chat open links too.

    Status 404 for an invalid link, 429 after too many of them, 400 for a refused password, 503 while too many
    others sign in.
    """
    follow_browser_language()
    throttle, source = desk().sign_in_throttle, source_of(request.remote_addr)
    at = desk().clock()
    seconds = throttle.seconds_left_for_link(source, at.timestamp())
    if seconds > 0:
        return _try_later(int(seconds) + 1, 429)
    link = desk().store.account_links.valid(code, at)
    if link is None:
        throttle.link_failed(source, code, at.timestamp())
        return render_template("account_link_gone.html", kind="gone"), 404
    form = NewPasswordForm()
    if request.method == "GET" or not form.validate():
        page = render_template("account_link_open.html", form=form, name=link.name, is_new=bool(link.role))
        return page, 200 if request.method == "GET" else 400
    with desk().password_checks.reserved(source, is_known=False) as is_reserved:
        if not is_reserved:
            return _try_later(BUSY_SECONDS, 503)
        password = hash_password(form.password.data)
    account = desk().store.account_links.use(code, password, at)
    if account is None:
        return render_template("account_link_gone.html", kind="gone"), 404
    desk().store.audit_log.note(at, account.name, Action.ACCOUNT_LINK_USED, account.name)
    flash(translate("Lösenordet är sparat. Logga in som {name}.", name=account.name))
    return redirect(url_for("sign_in.sign_in"), 303)


def _try_later(seconds: int, status: int) -> ResponseReturnValue:
    page = render_template("account_link_gone.html", kind="wait", seconds=seconds)
    return make_response(page, status, {"Retry-After": str(seconds)})
