"""Rules of e-mail to staff: the kinds of mail, the problems of sending, when a mail is tried again, and for
how long the server has to run before a kiosk is called silent.

Mail is queued at the count only, or by a person who asks for a trial. So the time of a mail reveals nothing
about guests.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum


class MailKind(StrEnum):
    """The occasions of a mail: a round was closed and counted, a kiosk is silent, a person tries it out."""

    SUMMARY = "summary"
    SILENCE = "silence"
    TRIAL = "trial"


class MailState(StrEnum):
    """The state of a queued mail. A mail that was sent is deleted, except for a trial, whose page says that
    it was sent."""

    WAITING = "waiting"
    GIVEN_UP = "given_up"
    SENT = "sent"


class MailProblem(StrEnum):
    """The reason why a mail could not be sent: the mail server's name is unknown (NO_NAME), nothing answers
    there (NO_CONTACT), it does not encrypt as it should (NO_ENCRYPTION), it refuses our address (SENDER) or
    the mail itself (CONTENT), it asks to try again later (LATER), or it breaks the connection off
    (BROKEN_OFF). The other names explain themselves."""

    NO_NAME = "no_name"
    NO_CONTACT = "no_contact"
    TIME_OUT = "time_out"
    NO_ENCRYPTION = "no_encryption"
    CERTIFICATE = "certificate"
    PASSWORD_FILE = "password_file"  # noqa: S105 - the name of a problem
    SIGN_IN = "sign_in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    LATER = "later"
    CONTENT = "content"
    BROKEN_OFF = "broken_off"


WAITS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""Time before each new try. After the last one, the mail is given up: about two days after the first try."""

LEASE = timedelta(minutes=30)
"""Time for which a mail belongs to the process that sends it. If the process dies, another one sends it after
that, so that a mail may arrive twice but is never lost."""

LIFETIME = timedelta(days=7)
"""Time after which a mail that nobody sent is deleted: news of a previous month would mislead."""

LEAST_LISTENING = timedelta(hours=8)
"""Shortest time for which the server must have run between two counts before a kiosk is called silent:
a server that was off heard no sign of life."""

LONGEST_ADDRESS_CHARACTERS = 254
"""Longest e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?P<domain>[^@]+)"
)
"""An address, with any text after its @; _DOMAIN matches the part after the @."""
_DOMAIN = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address in ASCII, such as anna@example.org, without a name or
    quotes."""
    match = _ADDRESS.fullmatch(text)
    has_length = len(text) <= LONGEST_ADDRESS_CHARACTERS and len(text.partition("@")[0]) <= 64
    return has_length and match is not None and _DOMAIN.fullmatch(match["domain"]) is not None


def is_working_day(when: datetime) -> bool:
    """Return whether a local time is on a day from Monday to Friday. Public holidays count as working days:
    the opening days of a unit are not known."""
    return when.weekday() < 5


def next_try(problem: MailProblem, tries: int, now: datetime) -> datetime | None:
    """Return the time of the next try after `tries` failed tries, 1 or more; None if the mail is given up:
    after one try more than WAITS has times. `now` and the result are local time.

    A recipient whom the server refuses for good is not tried again. All other problems may be mended.
    """
    if problem is MailProblem.RECIPIENT or tries > len(WAITS):
        return None
    return now + WAITS[tries - 1]
