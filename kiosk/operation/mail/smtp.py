"""The connection to the mail server (RFC 5321), and the reasons why it does not accept a mail."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from kiosk.desk.mail.contents import MailContent
from kiosk.domain.mail import MailProblem
from kiosk.settings import MailSecurity, MailSettings, SettingsError, read_mail_password

TIME_LIMIT_SECONDS = 20.0
"""Longest wait for one answer of the mail server."""

POLICY = SMTP.clone(cte_type="7bit")
"""Format of mails: lines end with CR LF, and every byte is ASCII, since old mail servers refuse others."""


class MailError(Exception):
    """A mail could not be sent, or the sign-in at the mail server failed. `code` is the SMTP status of the
    server's answer, None without an answer."""

    def __init__(self, problem: MailProblem, code: int | None = None) -> None:
        super().__init__(problem.value if code is None else f"{problem.value} {code}")
        self.problem = problem
        self.code = code


SENTENCES = {
    MailProblem.NO_NAME: "the name {host} is not known (DNS); check KIOSK_MAIL_HOST and this machine's "
    "network",
    MailProblem.NO_CONTACT: "nothing answers at {host}, port {port}: it refuses the connection or cannot be "
    "reached; check KIOSK_MAIL_HOST, KIOSK_MAIL_PORT and the firewall",
    MailProblem.TIME_OUT: "{host}, port {port}, did not answer within {seconds:.0f} seconds; "
    "check KIOSK_MAIL_PORT and KIOSK_MAIL_SECURITY (tls is usually port 465, starttls 587) and the firewall",
    MailProblem.NO_ENCRYPTION: "{host}, port {port}, does not encrypt as KIOSK_MAIL_SECURITY={security} "
    "says; check it and KIOSK_MAIL_PORT: tls is usually port 465, starttls 587",
    MailProblem.CERTIFICATE: "the certificate of {host} is not valid for this name, or of an authority that "
    "this machine does not know; write the certificate's name in KIOSK_MAIL_HOST, or set SSL_CERT_FILE to "
    "your own authority's file",
    MailProblem.PASSWORD_FILE: "the password cannot be read; see kiosk doctor",
    MailProblem.SIGN_IN: "{host} refuses the sign-in; check KIOSK_MAIL_USER and the file in "
    "KIOSK_MAIL_PASSWORD_FILE",
    MailProblem.SENDER: "{host} sends no mail from {sender}; write an address that it knows in "
    "KIOSK_MAIL_FROM, or ask its operator",
    MailProblem.RECIPIENT: "{host} refuses the recipient's address; check how it is spelt",
    MailProblem.LATER: "{host} asks to try again later",
    MailProblem.CONTENT: "{host} refuses the mail's content; ask its operator",
    MailProblem.BROKEN_OFF: "{host} broke the connection off; check KIOSK_MAIL_PORT and KIOSK_MAIL_SECURITY, "
    "and try again",
}
"""Problem -> its English sentence for an operator, with the way out. Names in braces are filled in by
`sentence`."""


def sentence(problem: MailProblem, mail: MailSettings, code: int | None = None) -> str:
    """Return a problem as an English sentence, with the way out, for an operator. The server and the sender
    in it are those of the settings `mail`. `code` is the SMTP status of the mail server's answer, None
    without an answer."""
    text = SENTENCES[problem].format(
        host=mail.host,
        port=mail.port,
        security=mail.security.value,
        sender=mail.sender,
        seconds=TIME_LIMIT_SECONDS,
    )
    return text if code is None else f"{text} (its answer: {code})"


@dataclass(frozen=True)
class MailHeaders:
    """Addresses of a mail's sender and recipient, the local part of its Message-ID, and its time, local and
    naive."""

    sender: str
    recipient: str
    id: str
    sent_at: datetime


def as_message(content: MailContent, headers: MailHeaders) -> EmailMessage:
    """Return the mail with this content and these headers. It is plain text and has no other part."""
    message = EmailMessage(policy=POLICY)
    message["From"] = headers.sender
    message["To"] = headers.recipient
    message["Subject"] = content.subject
    message["Date"] = format_datetime(headers.sent_at.astimezone())
    message["Message-ID"] = f"<{headers.id}@{_domain(headers.sender)}>"
    # RFC 3834: programs that answer for a person who is away leave it unanswered.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content.body, cte="quoted-printable")
    message["Content-Language"] = content.language
    return message


def send(mail: MailSettings, message: EmailMessage) -> None:
    """Hand a message to the mail server that the settings `mail` name. Raises MailError if it does not take
    it, if it cannot be reached, and if the password cannot be read."""
    with _signed_in(mail) as server:
        _check(server.mail(mail.sender), MailProblem.SENDER)
        _check(server.rcpt(str(message["To"])), MailProblem.RECIPIENT)
        try:
            answer = server.data(message.as_bytes())
        except smtplib.SMTPDataError as error:
            answer = error.smtp_code, b""
        _check(answer, MailProblem.CONTENT)


def check_sign_in(mail: MailSettings) -> None:
    """Connect to the mail server and, if the settings have a user, sign in, as before sending a mail. Raises
    MailError if it cannot be reached or refuses the sign-in, and if the password cannot be read."""
    with _signed_in(mail):
        pass


@contextmanager
def _signed_in(mail: MailSettings) -> Iterator[smtplib.SMTP]:
    """Yield a connection that is signed in; without a user in the settings, one that is not. Raises MailError
    if the password cannot be read, and for each fault of the connection."""
    try:
        password = read_mail_password(mail)
    except SettingsError as error:
        raise MailError(MailProblem.PASSWORD_FILE) from error
    try:
        server = _connected(mail)
    except smtplib.SMTPConnectError as error:
        raise MailError(MailProblem.LATER, error.smtp_code) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(_fault(error)) from error
    try:
        if mail.security is MailSecurity.STARTTLS:
            _encrypt(server)
        if mail.user:
            _sign_in(server, mail.user, password)
        server.ehlo_or_helo_if_needed()
        yield server
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(_fault(error)) from error
    finally:
        # An error here must not make a mail that was taken look as if it was not.
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _connected(mail: MailSettings) -> smtplib.SMTP:
    """Return a connection to the mail server, encrypted if the security is TLS. Raises OSError or
    smtplib.SMTPException."""
    greeted_as = _domain(mail.sender)
    if mail.security is MailSecurity.TLS:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(mail.host, mail.port, greeted_as, timeout=TIME_LIMIT_SECONDS, context=context)
    return smtplib.SMTP(mail.host, mail.port, greeted_as, TIME_LIMIT_SECONDS)


def _encrypt(server: smtplib.SMTP) -> None:
    try:
        server.starttls(context=ssl.create_default_context())
    except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as error:
        raise MailError(MailProblem.NO_ENCRYPTION) from error


def _sign_in(server: smtplib.SMTP, user: str, password: str) -> None:
    try:
        server.login(user, password)
    except smtplib.SMTPAuthenticationError as error:
        problem = MailProblem.LATER if error.smtp_code < 500 else MailProblem.SIGN_IN
        raise MailError(problem, error.smtp_code) from error
    except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
        raise MailError(MailProblem.SIGN_IN) from error


def _check(answer: tuple[int, bytes], refused: MailProblem) -> None:
    """Raise MailError unless the server's answer, (SMTP status, text), is positive. The problem is LATER for
    a status below 500, and `refused` for others, except when they ask for a sign-in or refuse this sender."""
    code, words = answer
    if 200 <= code < 300:
        return
    if code < 500:
        raise MailError(MailProblem.LATER, code)
    if code == 530:
        raise MailError(MailProblem.SIGN_IN, code)
    if refused is MailProblem.RECIPIENT and words.startswith(b"5.7."):
        # RFC 3463: a rule of the server, such as that it takes nothing from strangers.
        raise MailError(MailProblem.SENDER, code)
    raise MailError(refused, code)


_FAULTS: tuple[tuple[Callable[[BaseException], bool], MailProblem], ...] = (
    (lambda error: isinstance(error, ssl.SSLCertVerificationError), MailProblem.CERTIFICATE),
    (lambda error: isinstance(error, ssl.SSLError), MailProblem.NO_ENCRYPTION),
    (lambda error: isinstance(error, TimeoutError), MailProblem.TIME_OUT),
    (lambda error: isinstance(error.__context__, TimeoutError), MailProblem.TIME_OUT),
    (lambda error: type(error).__name__ == "gaierror", MailProblem.NO_NAME),
    (lambda error: isinstance(error, smtplib.SMTPException), MailProblem.BROKEN_OFF),
    (lambda error: isinstance(error, ConnectionResetError | BrokenPipeError), MailProblem.BROKEN_OFF),
)
"""(whether an error is of this kind, its problem), the most special kind first."""


def _fault(error: BaseException) -> MailProblem:
    """Return the problem of a failed connection."""
    return next((problem for is_kind, problem in _FAULTS if is_kind(error)), MailProblem.NO_CONTACT)


def _domain(address: str) -> str:
    """Return the domain of an e-mail address."""
    return address.rpartition("@")[2]
