"""Sends the queued mail, in a thread or a process of its own: never in a request, never in the count.

A mail is deleted from the queue after the mail server took it. If the process dies in between, the mail is
sent again: it may arrive twice, with the same Message-ID, but is never lost.
"""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.desk.mail.contents import MailWriter
from kiosk.domain.mail import MailProblem
from kiosk.library.library import Library
from kiosk.operation.mail.smtp import MailError, MailHeaders, as_message, send
from kiosk.settings import MailSettings
from kiosk.storage import MailChoice, OutgoingMail, Store

SECONDS_BETWEEN_LOOKS = 30.0
"""Time between two looks at the queue in `kiosk serve`."""

OF_ONE_MAIL = frozenset({MailProblem.RECIPIENT, MailProblem.CONTENT})
"""Problems of a single mail, after which the next mail is tried. After any other problem, the rest of the
queue waits."""


@dataclass(frozen=True)
class SendReport:
    """The result of `Sender.send_due`: the numbers of mails that were sent and that failed, and the last
    error, None if there was none."""

    sent: int
    failed: int
    error: MailError | None


@dataclass(frozen=True)
class Sender:
    """Sends the mail of the queue that is due. `library` is a function that reads the library anew, since
    units may have been renamed since the last mail."""

    store: Store
    mail: MailSettings
    library: Callable[[], Library]
    clock: Callable[[], datetime] = datetime.now

    def send_due(self) -> SendReport:
        """Send all mail that is due, until a problem that is not of one mail alone (OF_ONE_MAIL). A failed
        mail stays in the queue, to be tried again or given up (`MailQueue.failed`). Mail that has nothing to
        tell any more is deleted, and counted neither as sent nor as failed."""
        sent, failed, error = 0, 0, None
        writer: MailWriter | None = None
        while claimed := self.store.mail_queue.claim(self.clock()):
            writer = writer or MailWriter(self.store, self.library(), self.mail.desk_address)
            queued, choice = claimed
            try:
                sent += self._send(writer, queued, choice)
            except MailError as problem:
                error, failed = problem, failed + 1
                self.store.mail_queue.failed(queued, problem.problem, self.clock())
                if problem.problem not in OF_ONE_MAIL:
                    break
            else:
                self.store.mail_queue.sent(queued)
        return SendReport(sent, failed, error)

    def _send(self, writer: MailWriter, queued: OutgoingMail, choice: MailChoice) -> int:
        """Write and send a mail. Returns the number of mails sent: 1, or 0 for a mail that has nothing to
        tell any more. Raises MailError."""
        content = writer.content(queued, choice)
        if content is None:
            return 0
        headers = MailHeaders(self.mail.sender, choice.address, queued.id, self.clock())
        send(self.mail, as_message(content, headers))
        return 1


class Mailing(threading.Thread):
    """A thread that sends the mail that is due until it is stopped. The kind of an error is printed, once
    until a try succeeds."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(name="mail", daemon=True)
        self._sender = sender
        self._stopping = threading.Event()
        self._reported = ""

    def run(self) -> None:
        while not self._stopping.wait(SECONDS_BETWEEN_LOOKS):
            try:
                self._sender.send_due()
            except Exception as error:
                # The thread must survive any error: without it, no mail is sent until the next start. Only
                # the kind is printed, since a text could have an address.
                self._report_once(type(error).__name__)

    def _report_once(self, kind: str) -> None:
        if kind != self._reported:
            print(f"mail could not be sent and will be tried again: {kind}", file=sys.stderr)
        self._reported = kind

    def stop(self) -> None:
        """End the thread, without waiting for the mail server."""
        self._stopping.set()
