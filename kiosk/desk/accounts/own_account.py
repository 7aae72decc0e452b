"""The signed-in account's own page: the password, the second factor with its recovery codes, and e-mail.

Each change asks for the password, since a person may have left a page open. Changes of the sign-in end all
other sessions. Each change is logged. A refused change shows the page again with the reason: status 400 for
invalid input, else the status of `password_refusal`.
"""

from datetime import timedelta

import segno
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import ConfirmForm, OwnMailForm, OwnPasswordForm, SecondFactorForm
from kiosk.desk.i18n import translate
from kiosk.desk.login.code_checks import password_refusal
from kiosk.desk.login.second_factor import (
    matching_step,
    new_recovery_codes,
    new_secret,
    provisioning_uri,
    read_secret,
    secret_to_type,
    spaced,
)
from kiosk.desk.mail.problems import has_mail, problem_in_words
from kiosk.desk.notices import add_problem
from kiosk.desk.session import end_all_and_renew, for_every_account, note, signed_in
from kiosk.storage import Account, Action, SecondFactor, hash_password

blueprint = Blueprint("own_account", __name__)

SYMBOL_MODULE_PIXELS = 4
"""Side of a square of the QR code, in pixels."""

BETWEEN_TRIALS = timedelta(minutes=5)
"""Least time between two trial mails to an account, so that nobody can send mail in quantities."""


@blueprint.route("/account")
@for_every_account
def account() -> ResponseReturnValue:
    """Show the forms of the signed-in account."""
    return _page(200)


@blueprint.route("/account/password", methods=["POST"])
@for_every_account
def change_password() -> ResponseReturnValue:
    """Change the password of the signed-in account, end its sessions in other browsers, and make its one-time
    link invalid. The present password must be typed: status 403 for a wrong one, 429 after too many, 503
    while too many others sign in, 400 for other refused input."""
    form, mine = OwnPasswordForm(), _mine()
    form.anchor_prefix = "new-"
    if not form.validate():
        return _page(400)
    if refusal := password_refusal(mine, form.current.data):
        form.current.errors = [refusal.text]
        return _page(refusal.status)
    desk().store.accounts.set_password(mine.name, hash_password(form.password.data))
    end_all_and_renew(mine.name)
    note(Action.PASSWORD_CHANGED, mine.name)
    return _done(translate("Lösenordet är bytt. Andra webbläsare är utloggade."))


@blueprint.route("/account/second-factor", methods=["POST"])
@for_every_account
def begin_second_factor() -> ResponseReturnValue:
    """Show a new secret as a QR code, with the form for the app's first code. Nothing is stored until that
    code is right."""
    return _factor_page(SecondFactorForm(formdata=None), new_secret(), 200)


@blueprint.route("/account/second-factor/add", methods=["POST"])
@for_every_account
def add_second_factor() -> ResponseReturnValue:
    """Store the sent secret if the typed code belongs to it and the typed password is right, end the
    account's other sessions, and show the recovery codes once. For a wrong code, show the same secret again,
    with status 400; for a wrong password likewise, with 403, 429 or 503 (`password_refusal`); for a malformed
    secret, the account's page, also with 400."""
    form, mine = SecondFactorForm(), _mine()
    secret = read_secret(form.secret.data or "")
    if secret is None:
        return _page(400)
    if not form.validate():
        return _factor_page(form, secret, 400)
    step = matching_step(secret, "".join(form.code.data.split()), desk().clock().timestamp())
    if step is None:
        form.code.errors = [translate("Koden stämmer inte. Skriv den som appen visar nu.")]
        return _factor_page(form, secret, 400)
    if refusal := password_refusal(mine, form.current.data):
        form.current.errors = [refusal.text]
        return _factor_page(form, secret, refusal.status)
    codes = new_recovery_codes()
    factor = SecondFactor(desk().secret_sealer.seal(mine.name, secret), step)
    desk().store.second_factors.set(mine.name, factor, codes)
    end_all_and_renew(mine.name)
    note(Action.SECOND_FACTOR_ADDED, mine.name)
    return _codes_page(codes, translate("Inloggning i två steg är på. Andra webbläsare är utloggade."))


@blueprint.route("/account/second-factor/remove", methods=["POST"])
@for_every_account
def remove_second_factor() -> ResponseReturnValue:
    """Remove the second factor of the signed-in account, with its recovery codes, if the typed password is
    right; else nothing changes, and the status is 403, 429 or 503 (`password_refusal`). Without a factor
    nothing changes."""
    if (refused := _confirmed("factor-")) is not None:
        return refused
    name = _mine().name
    if desk().store.second_factors.remove(name):
        note(Action.SECOND_FACTOR_REMOVED, name)
    return _done(translate("Du loggar in med bara lösenordet."))


@blueprint.route("/account/recovery-codes", methods=["POST"])
@for_every_account
def renew_recovery_codes() -> ResponseReturnValue:
    """Replace the recovery codes of the signed-in account, and show the new codes once, if the typed password
    is right; else nothing changes, and the status is 403, 429 or 503 (`password_refusal`). Without a second
    factor, nothing changes, and the status is 400."""
    if (refused := _confirmed("codes-")) is not None:
        return refused
    name, codes = _mine().name, new_recovery_codes()
    if desk().store.second_factors.of(name) is None:
        return _page(400)
    desk().store.second_factors.set_recovery_codes(name, codes)
    note(Action.RECOVERY_CODES_MADE, name)
    return _codes_page(codes, translate("Koderna är nya. De som du hade gäller inte längre."))


@blueprint.route("/account/mail", methods=["POST"])
@for_every_account
def change_mail() -> ResponseReturnValue:
    """Change the e-mail address of the signed-in account, and the kinds of mail that it gets, if the typed
    password is right; else nothing changes, and the status is 403, 429 or 503 (`password_refusal`). An empty
    address means no mail. Refused input stays in the form, with status 400."""
    form, mine = OwnMailForm(), _mine()
    form.offer_languages()
    if not form.validate():
        return _page(400, form)
    if refusal := password_refusal(mine, form.current.data):
        form.current.errors = [refusal.text]
        return _page(refusal.status, form)
    desk().store.mail_choices.set(mine.name, form.choice)
    note(Action.MAIL_CHANGED, mine.name)
    if form.address.data:
        return _done(translate("Sparat. Mejl går till {address}.", address=form.address.data))
    return _done(translate("Adressen är borttagen. Du får inga mejl."))


@blueprint.route("/account/mail/trial", methods=["POST"])
@for_every_account
def send_trial() -> ResponseReturnValue:
    """Queue a trial mail to the signed-in account, and redirect with a notice. If one was queued less than
    BETWEEN_TRIALS ago, no other is queued, and the notice is the same. A thread or process outside requests
    sends it. Status 409 without an address or a mail server."""
    name, at = _mine().name, desk().clock()
    if not has_mail() or not desk().store.mail_choices.of(name).address:
        add_problem(translate("Spara en e-postadress först."), "mail")
        return _page(409)
    trial = desk().store.mail_queue.trial_of(name)
    if trial is None or at - trial.queued_at >= BETWEEN_TRIALS:
        desk().store.mail_queue.put_trial(name, at)
    return _done(translate("Provmejlet ligger i kö. Det skickas inom några minuter."))


def _confirmed(anchor_prefix: str) -> ResponseReturnValue | None:
    """Return the page that refuses the password typed in a ConfirmForm; None if the password is right.
    `anchor_prefix` is the beginning of the ids of the form's fields on the page."""
    form = ConfirmForm()
    form.anchor_prefix = anchor_prefix
    if not form.validate():
        return _page(400)
    if refusal := password_refusal(_mine(), form.current.data):
        form.current.errors = [refusal.text]
        return _page(refusal.status)
    return None


def _mine() -> Account:
    """Return the signed-in account. Raises RuntimeError without one, which the decorators of the views
    prevent."""
    mine = signed_in()
    if mine is None:
        raise RuntimeError("no account is signed in")
    return mine


def _done(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("own_account.account"), 303)


def _page(status: int, mail_form: OwnMailForm | None = None) -> ResponseReturnValue:
    """Return the account's page with this status. `mail_form` is the refused form of the choice of mail; None
    shows the stored choice."""
    factors, name = desk().store.second_factors, _mine().name
    choice, trial = desk().store.mail_choices.of(name), desk().store.mail_queue.trial_of(name)
    page = render_template(
        "account.html",
        password_form=OwnPasswordForm(formdata=None),
        confirm_form=ConfirmForm(formdata=None),
        has_second_factor=factors.of(name) is not None,
        codes_left=factors.unused_recovery_codes(name),
        mail_form=mail_form or OwnMailForm.of(choice),
        has_mail=has_mail(),
        mail_address=choice.address,
        trial=trial,
        trial_problem=problem_in_words(trial.problem) if trial and trial.problem else "",
    )
    return page, status


def _factor_page(form: SecondFactorForm, secret: bytes, status: int) -> ResponseReturnValue:
    """Return the page with a secret, as a QR code and as a text to type, and with the form. The form carries
    the secret in a field."""
    uri = provisioning_uri(secret, _mine().name, translate("Svarskiosk"))
    form.secret.data = secret_to_type(secret)
    page = render_template(
        "second_factor.html",
        form=form,
        symbol=segno.make(uri, error="m", micro=False).svg_inline(scale=SYMBOL_MODULE_PIXELS),
        typed_secret=secret_to_type(secret),
    )
    return page, status


def _codes_page(codes: list[str], words: str) -> ResponseReturnValue:
    """Return the page that shows recovery codes once, with `words` as the confirmation."""
    return render_template("recovery_codes.html", codes=[spaced(code) for code in codes], words=words)
