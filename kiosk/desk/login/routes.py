"""Sign-in, sign-out, and the choice of language."""

from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import CodeForm, SignInForm
from kiosk.desk.i18n import choose, translate
from kiosk.desk.login.code_checks import CodeKind, accepted_code, too_many_tries
from kiosk.desk.login.language import follow_browser_language
from kiosk.desk.login.throttle import Attempt
from kiosk.desk.notices import add_problem
from kiosk.desk.session import begin, end, note, signed_in, wait_for_code, waiting_for_code, without_session
from kiosk.domain.client_source import source_of
from kiosk.storage import Account, Action, verify

blueprint = Blueprint("sign_in", __name__)

BUSY_SECONDS = 3
"""Seconds after which the password checks in progress have ended. A person whose sign-in had no turn is asked
to wait for this time."""


@blueprint.route("/sign-in", methods=["GET", "POST"])
@without_session
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form. Sign in with a sent form, and redirect to the path in `next` of the address, if
    that is below /admin/, else to the start page. For an account with a second factor, redirect to the second
    step instead. Somebody who opens the form and is signed in already is redirected at once.

    A wrong name and a wrong password have the same response (status 403) and timing. Status 429 after too
    many failures, 503 while too many others sign in.
    """
    # This comes first: it clears an expired session that no live page uses, and the form's token must be in
    # the new session.
    is_signed_in = signed_in() is not None
    follow_browser_language()
    form = SignInForm()
    onward = _own_path(request.args.get("next", ""))
    if request.method == "GET":
        return redirect(onward) if is_signed_in else render_template("sign_in.html", form=form)
    name, now = (form.name.data or "").strip(), desk().clock().timestamp()
    throttle, source = desk().sign_in_throttle, source_of(request.remote_addr)
    attempt = throttle.attempt(name, source, desk().known_devices.nonce(name), now)
    seconds = throttle.seconds_left(attempt, now)
    if seconds > 0:
        return _try_later("sign_in.html", form, too_many_tries(int(seconds) + 1), 429, int(seconds) + 1)
    with desk().password_checks.reserved(source, is_known=attempt.is_known) as is_reserved:
        if not is_reserved:
            busy = translate(
                "Många försöker logga in just nu. Vänta {seconds} sekunder och försök igen.",
                seconds=BUSY_SECONDS,
            )
            return _try_later("sign_in.html", form, busy, 503, BUSY_SECONDS)
        account = desk().store.accounts.named(name) if form.validate() else None
        is_right = verify(account.password if account else None, form.password.data or "")
    if account is None or not is_right:
        throttle.failed(attempt, now)
        add_problem(translate("Namnet eller lösenordet stämmer inte."), "name")
        return render_template("sign_in.html", form=form), 403
    if desk().store.second_factors.of(account.name) is not None:
        wait_for_code(account)
        return redirect(url_for("sign_in.second_step", next=onward), 303)
    return _signed_in(account, attempt, onward)


def _signed_in(account: Account, attempt: Attempt, onward: str) -> ResponseReturnValue:
    """Start the session of an account, log the sign-in, forget the failed attempts before it, make the
    browser a known device, and redirect to `onward`, a path that `_own_path` returned."""
    desk().sign_in_throttle.succeeded(attempt)
    begin(account)
    note(Action.SIGNED_IN, account.role)
    return desk().known_devices.remember(account.name, make_response(redirect(onward, 303)))


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@without_session
def second_step() -> ResponseReturnValue:
    """Show the form for the code of the second factor. Sign in with a right code, and redirect to the path in
    `next` of the address, if that is below /admin/, else to the start page. Status 403 for a wrong code, 429
    after too many. Redirect to the sign-in unless a right password was sent in this session at most
    LONGEST_WAIT_FOR_CODE ago (`waiting_for_code`)."""
    account, onward = waiting_for_code(), _own_path(request.args.get("next", ""))
    if account is None:
        return redirect(url_for("sign_in.sign_in", next=onward), 303)
    form, now = CodeForm(), desk().clock().timestamp()
    if request.method == "GET":
        return render_template("second_step.html", form=form)
    throttle, source = desk().sign_in_throttle, source_of(request.remote_addr)
    attempt = throttle.attempt(account.name, source, desk().known_devices.nonce(account.name), now)
    seconds = throttle.seconds_left_for_code(attempt, now)
    if seconds > 0:
        words = too_many_tries(int(seconds) + 1)
        return _try_later("second_step.html", form, words, 429, int(seconds) + 1)
    kind = accepted_code(account.name, form.code.data or "", now) if form.validate() else None
    if kind is None:
        throttle.code_failed(attempt, now)
        wrong = translate("Koden stämmer inte, eller är redan använd. Skriv den som appen visar nu.")
        add_problem(wrong, "code")
        return render_template("second_step.html", form=form), 403
    response = _signed_in(account, attempt, onward)
    if kind is CodeKind.RECOVERY:
        note(Action.RECOVERY_CODE_USED, account.name)
        left = desk().store.second_factors.unused_recovery_codes(account.name)
        flash(translate("Reservkoden är använd. Du har {n} kvar.", n=left))
    return response


def _try_later(
    template: str, form: SignInForm | CodeForm, words: str, status: int, seconds: int
) -> ResponseReturnValue:
    """Return the page of a template with `words` as its problem, with the status, and with the seconds to
    wait in the header Retry-After."""
    add_problem(words)
    return make_response(render_template(template, form=form), status, {"Retry-After": str(seconds)})


@blueprint.route("/sign-out", methods=["POST"])
@without_session
def sign_out() -> ResponseReturnValue:
    """End every session of the signed-in account, in all browsers, forget the language, and redirect to the
    sign-in."""
    end()
    return redirect(url_for("sign_in.sign_in"), 303)


@blueprint.route("/language", methods=["POST"])
@without_session
def choose_language() -> ResponseReturnValue:
    """Store the chosen language in the session, and redirect to the path in the form's field `next`, if that
    is below /admin/, else to the start page. An unknown language is ignored."""
    chosen = request.form.get("language", "")
    if chosen in desk().library.desk:
        choose(chosen)
    return redirect(_own_path(request.form.get("next", "")), 303)


def _own_path(wanted: str) -> str:
    """Return `wanted` if it is a path below /admin/, without scheme, host and backslash, else the path of
    the start page, to prevent open redirects."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return url_for("results.start_page")
    is_own = not parts.scheme and not parts.netloc and parts.path.startswith("/admin/") and "\\" not in wanted
    return wanted if is_own else url_for("results.start_page")
