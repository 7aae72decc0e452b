"""Checks e-mail to staff: the password's file, the mail server, and the queue."""

import os
import pwd
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.domain.mail import MailProblem, MailState
from kiosk.operation.doctor.advice import Advice, Severity, Topic
from kiosk.operation.doctor.files import owner_of, user_name
from kiosk.operation.mail.smtp import MailError, check_sign_in, sentence
from kiosk.settings import MailSecurity, MailSettings, Settings, SettingsError, read_mail_password
from kiosk.storage import Store

LONGEST_WAIT = timedelta(hours=1)
"""Longest time for which a mail may be due and not tried. After it, nothing seems to send the queue."""


def check_mail(settings: Settings, store: Store, now: datetime) -> Iterator[Advice]:
    """Check the settings of mail, the queue and, unless the settings are bad, the sign-in at the mail server.
    Without KIOSK_MAIL_HOST, report only that accounts want mail."""
    wanting = len(store.mail_choices.all())
    if settings.mail is None:
        if wanting:
            yield Advice(
                Topic.MAIL,
                Severity.WARNING,
                f"accounts with an e-mail address: {wanting}, and KIOSK_MAIL_HOST is not set, so no mail is "
                "sent; set it, or remove the addresses: kiosk user mail NAME --forget",
            )
        return
    faults = [*_check_password_file(settings.mail, owner_of(settings)), *_check_encryption(settings.mail)]
    yield from faults
    if not any(advice.severity is Severity.BAD for advice in faults):
        yield _check_server(settings.mail)
    yield from _check_queue(settings.mail, store, now)


def _check_password_file(mail: MailSettings, owner: int) -> Iterator[Advice]:
    if mail.password_file is None:
        return
    try:
        read_mail_password(mail)
    except SettingsError as error:
        yield Advice(Topic.MAIL, Severity.BAD, str(error))
        return
    yield from _check_readers(mail.password_file, owner)


def _check_readers(file: Path, owner: int) -> Iterator[Advice]:
    """Report a file that belongs neither to `owner`, the user id of the server's user, nor to root, and one
    that another group than that user's own may read."""
    status = file.stat()
    if status.st_uid not in {0, owner}:
        yield Advice(
            Topic.MAIL,
            Severity.BAD,
            f"KIOSK_MAIL_PASSWORD_FILE ({file}) belongs to {user_name(status.st_uid)}, not to "
            f"{user_name(owner)} or root; run: chown {user_name(owner)} {file}",
        )
    if status.st_mode & stat.S_IRGRP and status.st_gid != _primary_group(owner):
        yield Advice(
            Topic.MAIL,
            Severity.BAD,
            f"a group of other users can read KIOSK_MAIL_PASSWORD_FILE ({file}); run: chmod 600 {file} && "
            f"chown {user_name(owner)} {file}",
        )


def _primary_group(user: int) -> int:
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return os.getegid()


def _check_encryption(mail: MailSettings) -> Iterator[Advice]:
    if mail.security is MailSecurity.UNENCRYPTED:
        yield Advice(
            Topic.MAIL,
            Severity.WARNING,
            "KIOSK_MAIL_SECURITY is unencrypted: everybody on the way to the mail server can read published "
            "figures, e-mail addresses and the password. Use starttls or tls if the server knows one of them",
        )


def _check_server(mail: MailSettings) -> Advice:
    """Return the finding about the connection and the sign-in, good or bad, or a warning if the server asks
    to try again later. No mail is sent."""
    try:
        check_sign_in(mail)
    except MailError as error:
        severity = Severity.WARNING if error.problem is MailProblem.LATER else Severity.BAD
        text = f"no mail can be sent: {sentence(error.problem, mail, error.code)}"
        return Advice(Topic.MAIL, severity, text)
    where = f"{mail.host}, port {mail.port}"
    text = f"the mail server ({where}) takes mail" + (f" from {mail.user}" if mail.user else "")
    return Advice(Topic.MAIL, Severity.GOOD, f"{text}; a trial: kiosk mail test ADDRESS")


def _check_queue(mail: MailSettings, store: Store, now: datetime) -> Iterator[Advice]:
    """Report mail that was given up, and mail that has been due for more than LONGEST_WAIT; if none has, a
    good finding about mail that waits. Nothing for an empty queue."""
    queue = store.mail_queue.all()
    states = Counter(queued.state for queued in queue)
    given_up = [queued for queued in queue if queued.state is MailState.GIVEN_UP]
    if given_up:
        reason = sentence(MailProblem(given_up[-1].problem), mail)
        yield Advice(
            Topic.MAIL,
            Severity.WARNING,
            f"mails that were given up: {len(given_up)}; the last one because {reason}. Then run: kiosk mail "
            "retry, or kiosk mail list and kiosk mail remove",
        )
    overdue = [
        queued
        for queued in queue
        if queued.state is MailState.WAITING and now - queued.next_try > LONGEST_WAIT
    ]
    if overdue:
        yield Advice(
            Topic.MAIL,
            Severity.BAD,
            f"mails that nobody sends: {len(overdue)}; is kiosk serve running, or the timer for kiosk "
            "mail send?",
        )
    elif states[MailState.WAITING]:
        text = f"mails that wait to be sent: {states[MailState.WAITING]}"
        yield Advice(Topic.MAIL, Severity.GOOD, text)
