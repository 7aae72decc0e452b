"""The reception of a ballot: read it, store it, and respond with the same bytes whatever it holds."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from flask import Response, redirect, request

from kiosk.domain.ballot import Ballot, BallotError, read_ballot
from kiosk.domain.rounds import Round
from kiosk.domain.slips import UnknownSlipError, UsedSlipError
from kiosk.guest.context import GuestResponse, guest_side
from kiosk.guest.rate_limit import NO_WAIT
from kiosk.guest.refusals import refuse
from kiosk.screen.headers import BALLOT, SCRIPT
from kiosk.screen.texts import Refusal
from kiosk.storage import Link, NotAdmittedError, RoundClosedError, TooEarlyError

RETRY_AFTER_SECONDS = 2
"""Retry-After for a kiosk whose ballot is too early. It is a constant, since the true time depends on other
guests."""


class Bucket(StrEnum):
    """The token buckets of a kiosk's address. FORM is for ballots sent as a form, OWN for envelopes with the
    mark of the address's kiosk (`Store.cast_envelope`), UNMARKED for other envelopes; those with WAITED are
    for envelopes that waited for the network. A sender without the mark cannot influence the buckets of
    OWN."""

    FORM = "form"
    OWN, OWN_WAITED = "own", "own waited"
    UNMARKED, UNMARKED_WAITED = "unmarked", "unmarked waited"


def sent_ballot(of_round: Round, fields: dict[str, list[str]]) -> Ballot:
    """Return the ballot in a form's fields, field -> values sent for it. Refuses the request with 400 if the
    ballot is not valid, or if there are no fields."""
    if not fields:
        # A browser sends every statement of the form, so a body without any is damaged.
        refuse(400, Refusal.BAD)
    try:
        return read_ballot(of_round.survey, fields)
    except BallotError:
        refuse(400, Refusal.BAD)


def accept_ballot(put: Callable[[datetime], None], thanks: str) -> GuestResponse:
    """Call `put` with the present local time to store a ballot, and return the same response whatever the
    ballot holds. `thanks` is the address of the thank-you.

    Refuses the request if `put` raises an error: 403 for a closed round, a way that is not admitted and an
    unknown slip, 409 for a used slip, 429 for a ballot that the rate limit refuses. Other errors of `put`
    pass.
    """
    try:
        put(guest_side().clock())
    except RoundClosedError:
        refuse(403, Refusal.CLOSED)
    except TooEarlyError:
        refuse(429, Refusal.WAIT)
    except NotAdmittedError:
        refuse(403, Refusal.NOT_ADMITTED)
    except UsedSlipError:
        refuse(409, Refusal.USED_SLIP)
    except UnknownSlipError:
        refuse(403, Refusal.UNKNOWN_SLIP)
    return accepted_response(thanks)


def accepted_response(thanks: str) -> GuestResponse:
    """Return the response to every accepted ballot: a redirect to the address `thanks` for a form, 204 for a
    script."""
    if SCRIPT in request.headers:
        return Response(status=204, headers={BALLOT: "taken"})
    return redirect(thanks, 303)


def take_token(link: Link, bucket: Bucket, statements: int) -> bool:
    """Take a token from a bucket of a kiosk's address, for a ballot with `statements` statements. Returns
    whether there was one."""
    return guest_side().rate_limit.take_token(f"{link.code} {bucket}", statements) == NO_WAIT
