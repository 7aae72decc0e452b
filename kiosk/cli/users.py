"""The accounts of staff, who sign in at the desk."""

import sys
from datetime import datetime

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.domain.mail import is_address
from kiosk.library.catalogues import REFERENCE, read_catalogues
from kiosk.settings import shipped_folder
from kiosk.storage import (
    COMMAND_LINE,
    LINK_LIFETIME,
    SHORTEST_PASSWORD_CHARACTERS,
    Account,
    Action,
    MailChoice,
    NoAccountError,
    Role,
    StoreError,
    hash_password,
)

ROLES = click.Choice([role.value for role in Role])


@click.group()
def user() -> None:
    """Accounts for staff."""


@user.command(name="add")
@click.argument("name")
@click.option("--role", type=ROLES, required=True)
@report_errors
def user_add(name: str, role: str) -> None:
    """Add an account, or change its role and password, which ends its sessions. Asks for the password."""
    store = installed_store(current_settings())
    name = checked_name(name)
    password = _password()
    store.accounts.set(Account(name, Role(role), hash_password(password)))
    store.audit_log.note(datetime.now(), COMMAND_LINE, Action.ACCOUNT_SET, f"{name}, {role}")
    click.echo(f"{name} may sign in as {role}.")


@user.command(name="list")
@report_errors
def user_list() -> None:
    """List all accounts, and the new ones whose link is not used yet."""
    store = installed_store(current_settings())
    with_factor = store.second_factors.names()
    for account in store.accounts.all():
        factor = "password and code" if account.name in with_factor else "password"
        click.echo(f"{account.name}  {account.role}  {factor}")
    for name, role in store.account_links.waiting(datetime.now()).items():
        click.echo(f"{name}  {role}  link not used")


@user.command(name="link")
@click.argument("name")
@click.option("--role", type=ROLES, help="Of a new account; leave it out for a new password.")
@report_errors
def user_link(name: str, role: str | None) -> None:
    """Create a link with which a person chooses a password, once: for a new account, or instead of a
    forgotten one. It is stored nowhere else."""
    store, name, now = installed_store(current_settings()), checked_name(name), datetime.now()
    code = store.account_links.add(name, Role(role) if role else None, now)
    if role:
        store.audit_log.note(now, COMMAND_LINE, Action.ACCOUNT_LINK_MADE, f"{name}, {role}")
    else:
        store.audit_log.note(now, COMMAND_LINE, Action.RESET_LINK_MADE, name)
    click.echo(f"/admin/account-link/{code}")
    until = f"{now + LINK_LIFETIME:%Y-%m-%d %H:%M}"
    click.echo(f"kiosk: {name} opens this path at the desk's address, once, before {until}", err=True)


@user.command(name="role")
@click.argument("name")
@click.argument("role", type=ROLES)
@report_errors
def user_role(name: str, role: str) -> None:
    """Change an account's role, which ends its sessions."""
    store = installed_store(current_settings())
    store.accounts.set_role(name.strip(), Role(role))
    store.audit_log.note(datetime.now(), COMMAND_LINE, Action.ROLE_CHANGED, f"{name.strip()}, {role}")
    click.echo(f"{name.strip()} is {role} and signed out.")


@user.command(name="reset-factor")
@click.argument("name")
@report_errors
def user_reset_factor(name: str) -> None:
    """Remove an account's second factor and recovery codes. It signs in with its password only."""
    store = installed_store(current_settings())
    if not store.second_factors.remove(name.strip()):
        raise StoreError(f"there is no account named {name.strip()!r} with a second factor")
    store.audit_log.note(datetime.now(), COMMAND_LINE, Action.SECOND_FACTOR_REMOVED, name.strip())
    click.echo(f"{name.strip()} signs in with the password only.")


@user.command(name="mail")
@click.argument("name")
@click.option("--address", help="The person's e-mail address.")
@click.option("--language", help="The language of mail, such as sv or en.")
@click.option("--summary/--no-summary", default=None, help="Mail after a round was closed and counted.")
@click.option("--silence/--no-silence", default=None, help="Mail when a kiosk is silent for a working day.")
@click.option("--forget", is_flag=True, help="Forget the address. The person gets no mail.")
@report_errors
def user_mail(
    name: str,
    address: str | None,
    language: str | None,
    summary: bool | None,
    silence: bool | None,
    forget: bool,
) -> None:
    """Show or change which mail an account gets, and where. Options that are left out change nothing."""
    store, name = installed_store(current_settings()), name.strip()
    if store.accounts.named(name) is None:
        raise NoAccountError(name)
    previous = store.mail_choices.of(name)
    if not forget and (address, language, summary, silence) == (None, None, None, None):
        click.echo(_in_words(name, previous))
        return
    choice = MailChoice()
    if not forget:
        choice = MailChoice(
            previous.address if address is None else address.strip(),
            (language or previous.language) or REFERENCE,
            previous.wants_summary if summary is None else summary,
            previous.wants_silence if silence is None else silence,
        )
        _check_choice(choice)
    store.mail_choices.set(name, choice)
    store.audit_log.note(datetime.now(), COMMAND_LINE, Action.MAIL_CHANGED, name)
    click.echo(_in_words(name, choice))


def _check_choice(choice: MailChoice) -> None:
    """Raise StoreError unless a choice has an e-mail address and a language of the desk."""
    if not is_address(choice.address):
        raise StoreError(
            f"--address is {choice.address!r}; write the person's e-mail address, such as anna@example.org"
        )
    known = sorted(read_catalogues([shipped_folder("translations")], "desk"))
    if choice.language not in known:
        raise StoreError(f"--language is {choice.language!r}; there are: {', '.join(known)}")


def _in_words(name: str, choice: MailChoice) -> str:
    if not choice.address:
        return f"{name} gets no mail: there is no address."
    wanted = {"summaries of closed rounds": choice.wants_summary, "silent kiosks": choice.wants_silence}
    what = " and ".join(words for words, is_wanted in wanted.items() if is_wanted) or "nothing"
    return f"{name} gets mail about {what}, at {choice.address}, in {choice.language}."


@user.command(name="remove")
@click.argument("name")
@report_errors
def user_remove(name: str) -> None:
    """Remove an account and end its sessions, or withdraw its link. Its entries in the log stay."""
    store, name = installed_store(current_settings()), name.strip()
    if store.account_links.withdraw(name):
        store.audit_log.note(datetime.now(), COMMAND_LINE, Action.ACCOUNT_LINK_WITHDRAWN, name)
        click.echo(f"The link of {name} is withdrawn.")
        return
    if not store.accounts.remove(name):
        raise StoreError(f"there is no account named {name!r}")
    store.audit_log.note(datetime.now(), COMMAND_LINE, Action.ACCOUNT_REMOVED, name)
    click.echo(f"{name} is removed and signed out.")


def checked_name(name: str) -> str:
    """Return a name of an account or a token without spaces around it. Raises StoreError unless it has 1 to
    80 printable characters, not only spaces."""
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise StoreError("a name must be 1 to 80 printable characters")
    return name.strip()


def _password() -> str:
    """Return a password from a prompt, which asks twice, or the first line of standard input if that is not a
    terminal. Raises StoreError if it is too short."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST_PASSWORD_CHARACTERS:
        raise StoreError(f"the password must be at least {SHORTEST_PASSWORD_CHARACTERS} characters long")
    return password
