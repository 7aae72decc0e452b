"""E-mail to staff: sending what is queued, a trial, and the queue."""

import secrets
import sys
from datetime import datetime
from functools import partial

import click

from kiosk.cli.arguments import current_settings, installed_store
from kiosk.cli.errors import report_errors
from kiosk.desk.mail.contents import MailWriter
from kiosk.domain.mail import MailKind, MailProblem, MailState, is_address
from kiosk.library.catalogues import REFERENCE
from kiosk.library.library import read_usable_library
from kiosk.operation.mail.sending import Sender
from kiosk.operation.mail.smtp import MailError, MailHeaders, as_message, send, sentence
from kiosk.settings import MailSettings, Settings, SettingsError, read_mail_password
from kiosk.storage import MailChoice, NoMailError, OutgoingMail, StoreError

FAILED = 1
"""Exit status if a mail was not sent."""


@click.group(name="mail")
def mail_group() -> None:
    """E-mail to staff: summaries of closed rounds, and silent kiosks. Each person chooses at the desk."""


@mail_group.command(name="send")
@report_errors
def mail_send() -> None:
    """Send the mail that is due. For a timer, with `kiosk serve --no-count`.

    The exit status is 1 if the mail server did not take a mail. It is tried again.
    """
    settings = current_settings()
    store, mail = installed_store(settings), _mail_settings(settings)
    read_mail_password(mail)
    sender = Sender(store, mail, partial(read_usable_library, settings))
    done = sender.send_due()
    click.echo(f"Sent: {done.sent}. Not sent: {done.failed}.")
    if done.error is not None:
        click.echo(f"kiosk: {sentence(done.error.problem, mail, done.error.code)}", err=True)
        sys.exit(FAILED)


@mail_group.command(name="test")
@click.argument("address")
@click.option("--language", default=REFERENCE, show_default=True, help="The language of the mail.")
@report_errors
def mail_test(address: str, language: str) -> None:
    """Send a trial to an address now, and tell what the mail server did.

    The exit status is 1 if it did not take the mail.
    """
    settings, now = current_settings(), datetime.now()
    store, mail = installed_store(settings), _mail_settings(settings)
    _check_address(address)
    read_mail_password(mail)
    writer = MailWriter(store, read_usable_library(settings), mail.desk_address)
    mail_id = secrets.token_hex(16)
    queued = OutgoingMail(mail_id, "", MailKind.TRIAL, "", MailState.WAITING, 0, now, now, "")
    content = writer.content(queued, MailChoice(address, language))
    if content is None:
        raise StoreError("the trial has no text")
    try:
        send(mail, as_message(content, MailHeaders(mail.sender, address, mail_id, now)))
    except MailError as error:
        click.echo(f"kiosk: not sent: {sentence(error.problem, mail, error.code)}", err=True)
        sys.exit(FAILED)
    click.echo(f"{mail.host} took the mail to {address}. If it does not arrive, look among unwanted mail.")


@mail_group.command(name="list")
@report_errors
def mail_list() -> None:
    """List the mail that waits or was given up, with the reason."""
    settings = current_settings()
    for mail in installed_store(settings).mail_queue.all():
        if mail.state is not MailState.SENT:
            reason = f"  {_reason(mail, settings)}" if mail.problem else ""
            click.echo(f"{mail.id}  {mail.name}  {mail.kind}  {mail.state}  tries: {mail.tries}{reason}")


@mail_group.command(name="retry")
@report_errors
def mail_retry() -> None:
    """Try all mail again that waits or was given up, after its fault was mended."""
    installed_store(current_settings()).mail_queue.try_again(datetime.now())
    click.echo("All mail is due again. The server or the timer sends it within minutes.")


@mail_group.command(name="remove")
@click.argument("mail_id")
@report_errors
def mail_remove(mail_id: str) -> None:
    """Remove the mail with this id, as `kiosk mail list` prints it, from the queue. It is never sent."""
    if not installed_store(current_settings()).mail_queue.remove(mail_id):
        raise NoMailError(mail_id)
    click.echo(f"{mail_id} is removed.")


def _reason(mail: OutgoingMail, settings: Settings) -> str:
    return sentence(MailProblem(mail.problem), settings.mail) if settings.mail else mail.problem


def _mail_settings(settings: Settings) -> MailSettings:
    """Return the settings of mail. Raises SettingsError if no mail server is set."""
    if settings.mail is None:
        raise SettingsError("KIOSK_MAIL_HOST is not set, so no mail is sent; write the mail server's name")
    return settings.mail


def _check_address(address: str) -> None:
    """Raise StoreError unless a text is an e-mail address."""
    if not is_address(address):
        raise StoreError(f"{address!r} is no e-mail address; write one such as anna@example.org")
