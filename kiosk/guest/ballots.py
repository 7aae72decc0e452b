"""The reception of a ballot: read it, store it, and respond with the same bytes whatever it holds."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, abort, redirect, request
from werkzeug.exceptions import TooManyRequests

from kiosk.domain.ballot import Ballot, BallotError, read_ballot
from kiosk.domain.rounds import Round
from kiosk.domain.slips import UnknownSlipError, UsedSlipError
from kiosk.guest.context import Answer, guest_side
from kiosk.screen.headers import BALLOT, SCRIPT
from kiosk.storage import Link, NotAdmittedError, RoundClosedError

RETRY_AFTER_SECONDS = 2
"""Sent to a kiosk whose ballot is too early; a constant, since the time left depends on other guests."""


def sent_ballot(of_round: Round, fields: dict[str, list[str]]) -> Ballot:
    """Read the ballot from a form's fields."""
    if not fields:
        # The form always sends every statement: a body without any is not readable.
        abort(400, "bad")
    try:
        return read_ballot(of_round.survey, fields)
    except BallotError:
        abort(400, "bad")


def take(put: Callable[[datetime], None], thanks: str) -> Answer:
    """Store a ballot with `put`, and respond with the same bytes whatever it holds."""
    try:
        put(guest_side().clock())
    except RoundClosedError:
        abort(403, "closed")
    except NotAdmittedError:
        abort(403, "not_admitted")
    except UsedSlipError:
        abort(409, "used_slip")
    except UnknownSlipError:
        abort(403, "unknown_slip")
    return taken(thanks)


def taken(thanks: str) -> Answer:
    """Return the response to every accepted ballot: a redirect for a form, 204 for a script."""
    if SCRIPT in request.headers:
        return Response(status=204, headers={BALLOT: "taken"})
    return redirect(thanks, 303)


def admit_and_classify(link: Link, *, lane: str = "") -> bool:
    """Admit a kiosk's ballot by its rate limit, and return whether the ballot is rapid.

    Each `lane` of a kiosk has a rate limit of its own. Raises TooManyRequests for a ballot that is too early.
    """
    pace = guest_side().pace
    if pace.admit(link.code + lane) > 0:
        raise TooManyRequests("wait", retry_after=RETRY_AFTER_SECONDS)
    return pace.record_and_classify(link.code + lane)
