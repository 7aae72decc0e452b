"""The page of all accounts, for coordinators: adding accounts, changing roles, resetting passwords, removing
accounts, and which mail they get.

Each change is logged, and redirects to the page. No mail is sent: a one-time link is shown once, and the
coordinator hands it over.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import AccountForm, MailForm, RoleForm
from kiosk.desk.i18n import translate
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator, note
from kiosk.domain.local_address import leads_to_own_machine
from kiosk.storage import (
    LINK_LIFETIME,
    Account,
    AccountExistsError,
    Action,
    LastCoordinatorError,
    MailChoice,
    NoAccountError,
    Role,
)

blueprint = Blueprint("accounts", __name__)


@dataclass(frozen=True)
class ListedAccount:
    """An account on the page. `key` identifies it in the ids of elements and reveals nothing of the name.
    `address` is its e-mail address, "" without one; `mail_form` edits it and its choice of mail."""

    account: Account
    has_second_factor: bool
    key: str
    address: str
    mail_form: MailForm


@blueprint.route("/accounts")
@for_coordinator
def accounts() -> ResponseReturnValue:
    """Show all accounts, the one-time links that were not used yet, and the form for a new account."""
    return _page(AccountForm(formdata=None))


@blueprint.route("/accounts", methods=["POST"])
@for_coordinator
def add() -> ResponseReturnValue:
    """Make a one-time link with which a person creates an account with the sent name and role, and show it
    once. It is valid for LINK_LIFETIME. A refused name stays in the form, with status 400; a name that
    another account has, with status 409."""
    form = AccountForm()
    if not form.validate():
        return _page(form, 400)
    name, role = form.name.data, Role(form.role.data)
    try:
        code = desk().store.account_links.add(name, role, desk().clock())
    except AccountExistsError:
        form.name.errors = [translate("Det finns redan ett konto som heter {name}.", name=name)]
        return _page(form, 409)
    note(Action.ACCOUNT_LINK_MADE, f"{name}, {role}")
    return _link_page(name, code, is_new=True)


@blueprint.route("/accounts/link", methods=["POST"])
@for_coordinator
def reset() -> ResponseReturnValue:
    """Make a one-time link with which the person of the sent account chooses another password, and show it
    once. It is valid for LINK_LIFETIME. The password stays valid until then. Status 404 for an unknown
    account."""
    name = _sent_name()
    try:
        code = desk().store.account_links.add(name, None, desk().clock())
    except NoAccountError:
        return _gone(name)
    note(Action.RESET_LINK_MADE, name)
    return _link_page(name, code, is_new=False)


@blueprint.route("/accounts/role", methods=["POST"])
@for_coordinator
def change_role() -> ResponseReturnValue:
    """Change the role of an account, which ends its sessions and makes its one-time link invalid. If it loses
    the role of coordinator, the links of all accounts become invalid. Status 404 for an unknown account, 409
    for the last coordinator, 400 for an unknown role."""
    name, form = _sent_name(), RoleForm()
    had_links = _has_links()
    if not form.validate():
        return _page(AccountForm(formdata=None), 400)
    try:
        desk().store.accounts.set_role(name, Role(form.role.data))
    except LastCoordinatorError:
        return _last_coordinator(name)
    except NoAccountError:
        return _gone(name)
    note(Action.ROLE_CHANGED, f"{name}, {form.role.data}")
    _confirm_withdrawn_links(had_links)
    return _done(translate("{name} har en ny roll och är utloggad överallt.", name=name))


@blueprint.route("/accounts/second-factor", methods=["POST"])
@for_coordinator
def remove_second_factor() -> ResponseReturnValue:
    """Remove the second factor of an account, such as after the loss of the phone and the recovery codes.
    Status 404 if the account has none, and for an unknown account."""
    name = _sent_name()
    if not desk().store.second_factors.remove(name):
        return _gone(name)
    note(Action.SECOND_FACTOR_REMOVED, name)
    return _done(translate("{name} loggar in med bara lösenordet.", name=name))


@blueprint.route("/accounts/mail", methods=["POST"])
@for_coordinator
def change_mail() -> ResponseReturnValue:
    """Change the e-mail address of an account, and the kinds of mail that it gets. An empty address means no
    mail. Refused input stays in the form, with status 400. Status 404 for an unknown account."""
    name, form = _sent_name(), MailForm()
    form.offer_languages()
    names = [account.name for account in desk().store.accounts.all()]
    if name not in names:
        return _gone(name)
    form.anchor_prefix = f"mail-{names.index(name) + 1}-"
    if not form.validate():
        return _page(AccountForm(formdata=None), 400, {name: form})
    desk().store.mail_choices.set(name, form.choice)
    note(Action.MAIL_CHANGED, name)
    return _done(translate("E-posten för {name} är sparad.", name=name))


@blueprint.route("/accounts/remove", methods=["POST"])
@for_coordinator
def remove() -> ResponseReturnValue:
    """Withdraw the one-time link with which a person would create an account of the sent name. Without such a
    link, remove the account of that name, which ends its sessions; if the account was a coordinator's, all
    one-time links become invalid. Status 404 for an unknown name, 409 for the last coordinator."""
    name, store, had_links = _sent_name(), desk().store, _has_links()
    if store.account_links.withdraw(name):
        note(Action.ACCOUNT_LINK_WITHDRAWN, name)
        return _done(translate("Länken till {name} gäller inte längre.", name=name))
    try:
        is_removed = store.accounts.remove(name)
    except LastCoordinatorError:
        return _last_coordinator(name)
    if not is_removed:
        return _gone(name)
    note(Action.ACCOUNT_REMOVED, name)
    _confirm_withdrawn_links(had_links)
    return _done(translate("{name} är borttagen och utloggad överallt.", name=name))


def _sent_name() -> str:
    return request.form.get("name", "")


def _has_links() -> bool:
    return desk().store.account_links.are_any(desk().clock())


def _confirm_withdrawn_links(had_links: bool) -> None:
    """Add a confirmation that the one-time links became invalid, if there were valid ones before the change
    (`had_links`) and there are none now."""
    if had_links and not _has_links():
        flash(translate("Länkar till konton som inte hade använts gäller inte längre. Gör nya om de behövs."))


def _done(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("accounts.accounts"), 303)


def _last_coordinator(name: str) -> ResponseReturnValue:
    add_problem(
        translate("{name} är den enda samordnaren. Gör först någon annan till samordnare.", name=name),
        "accounts",
    )
    return _page(AccountForm(formdata=None), 409)


def _gone(name: str) -> ResponseReturnValue:
    add_problem(translate("Det finns inget sådant konto att ändra: {name}", name=name), "accounts")
    return _page(AccountForm(formdata=None), 404)


def _page(
    form: AccountForm, status: int = 200, mail_forms: Mapping[str, MailForm] | None = None
) -> ResponseReturnValue:
    """Return the page with this status. `mail_forms` is name of an account -> its sent form with the errors;
    the other accounts have forms with their stored choices."""
    store, sent = desk().store, mail_forms or {}
    with_factor, choices = store.second_factors.names(), store.mail_choices.all()
    listed = [
        ListedAccount(
            account,
            account.name in with_factor,
            str(number),
            choices.get(account.name, MailChoice()).address,
            sent.get(account.name) or MailForm.of(choices.get(account.name, MailChoice())),
        )
        for number, account in enumerate(store.accounts.all(), start=1)
    ]
    page = render_template(
        "accounts.html",
        listed=listed,
        waiting=store.account_links.waiting(desk().clock()),
        form=form,
        roles=role_names(),
    )
    return page, status


def role_names() -> dict[str, str]:
    """Return value of the Role -> its name with its permissions, for the form."""
    return {
        Role.COORDINATOR: translate("Samordnare: öppnar omgångar, ser resultat, ändrar enkäter och konton"),
        Role.STAFF: translate("Personal: kopplar skärmar, skriver ut lappar, räknar insatser"),
        Role.VIEWER: translate("Läsare: ser resultat"),
    }


def _link_page(name: str, code: str, *, is_new: bool) -> ResponseReturnValue:
    """Return the page that shows a one-time link; `is_new` for that of a new account."""
    address = url_for("account_links.choose_password", code=code, _external=True)
    return render_template(
        "account_link.html",
        name=name,
        address=address,
        is_new=is_new,
        is_local=leads_to_own_machine(address),
        days=LINK_LIFETIME.days,
    )
