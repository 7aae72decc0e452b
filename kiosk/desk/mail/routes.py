"""The page about e-mail, for coordinators: whether it is set up, and the queue, with the mail that could not
be sent.

A request never connects to the mail server: a thread or a process of its own sends the queue.
"""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate
from kiosk.desk.mail.problems import has_mail, problem_in_words
from kiosk.desk.notices import add_problem
from kiosk.desk.session import for_coordinator
from kiosk.domain.mail import MailState
from kiosk.storage import MailChoice, OutgoingMail

blueprint = Blueprint("mail", __name__)


@dataclass(frozen=True)
class ListedMail:
    """A queued mail on the page. `kind` is its kind in words. `problem` is the reason why the last attempt to
    send it failed, as a sentence; "" before the first attempt."""

    mail: OutgoingMail
    kind: str
    problem: str

    @property
    def is_given_up(self) -> bool:
        """Whether nothing tries to send the mail again unless a person asks for it."""
        return self.mail.state is MailState.GIVEN_UP


@dataclass(frozen=True)
class Recipient:
    """An account that gets mail, with the kinds of mail that it chose."""

    name: str
    choice: MailChoice


@blueprint.route("/mail")
@for_coordinator
def mail() -> ResponseReturnValue:
    """Show whether mail is set up, which accounts get which mail, and the mail that waits or was given up."""
    return _page(200)


@blueprint.route("/mail/again", methods=["POST"])
@for_coordinator
def again() -> ResponseReturnValue:
    """Make each mail that waits or was given up due now, and redirect to the page. A thread or process
    outside requests sends it, within minutes."""
    desk().store.mail_queue.try_again(desk().clock())
    return _done(translate("Mejlen ligger i kö igen. De skickas inom några minuter."))


@blueprint.route("/mail/remove", methods=["POST"])
@for_coordinator
def remove() -> ResponseReturnValue:
    """Remove the mail with the sent id from the queue, and redirect to the page. For an unknown id, the page
    has the reason and status 404."""
    if not desk().store.mail_queue.remove(request.form.get("id", "")):
        add_problem(translate("Mejlet ligger inte längre i kön."), "queue")
        return _page(404)
    return _done(translate("Mejlet är borttaget ur kön."))


def _done(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("mail.mail"), 303)


def _page(status: int) -> ResponseReturnValue:
    store, settings = desk().store, desk().settings
    kinds = {
        "summary": translate("Sammanfattning av en omgång"),
        "silence": translate("Kiosk utan kontakt"),
        "trial": translate("Provmejl"),
    }
    queue = [
        ListedMail(queued, kinds[queued.kind], problem_in_words(queued.problem))
        for queued in store.mail_queue.all()
        if queued.state is not MailState.SENT
    ]
    page = render_template(
        "mail.html",
        has_mail=has_mail(),
        server=settings.mail if settings is not None else None,
        recipients=[Recipient(name, choice) for name, choice in store.mail_choices.all().items()],
        queue=queue,
    )
    return page, status
