"""Envelopes from kiosks: ballots that the kiosk's script sealed, sent at once or after a network failure."""

import base64
from datetime import datetime

from flask import request

from kiosk.domain.ballot import BallotError
from kiosk.domain.envelope import is_well_formed
from kiosk.domain.rounds import Admission
from kiosk.guest.ballots import Bucket, accept_ballot, take_token
from kiosk.guest.context import GuestResponse, guest_side
from kiosk.guest.entry_points import link_of_request
from kiosk.guest.refusals import refuse
from kiosk.screen.texts import Refusal
from kiosk.storage import LetterboxGoneError

ENVELOPE, SEALED_FOR, HAS_WAITED = "_envelope", "_letterbox", "_waited"
"""Form fields of a kiosk's script: the sealed ballot in Base64, the public key that it is sealed for, and
whether it waited for the network. A statement's id never begins with an underscore."""


def take_envelope(code: str) -> GuestResponse:
    """Accept the ballot in a kiosk's envelope, sent at once or after it waited for the network. Returns the
    response to every accepted ballot (`accepted_response`).

    Refuses the request with 404 for an unknown kiosk, 400 for a damaged request, 403 if the round is closed
    or admits no kiosks, 429 if the rate limit has no token. 410 Gone tells the kiosk that this envelope can
    never be accepted and may be discarded. If its letterbox is gone and it waited for the network, the desk
    shows that the kiosk had late ballots.

    Any paired kiosk may deliver an envelope: its ballot goes to the box that it was sealed for. The rate
    limit counts only envelopes that can be opened, are readable and new, so that other requests neither
    change nor reveal its state.
    """
    link, guest = link_of_request(code), guest_side()
    fields = dict(request.form.lists())
    has_waited = fields.pop(HAS_WAITED, None) is not None
    sent = [*fields.pop(ENVELOPE), *fields.pop(SEALED_FOR, [])]
    if link.admission is not Admission.KIOSK or fields or len(sent) != len((ENVELOPE, SEALED_FOR)):
        refuse(400, Refusal.BAD)
    envelope, letterbox = sent
    try:
        sealed = base64.b64decode(envelope, validate=True)
    except ValueError:
        refuse(400, Refusal.BAD)

    def admit(*, is_own: bool, statements: int) -> bool:
        own, unmarked = Bucket.OWN, Bucket.UNMARKED
        if has_waited:
            own, unmarked = Bucket.OWN_WAITED, Bucket.UNMARKED_WAITED
        return take_token(link, own if is_own else unmarked, statements)

    def put(now: datetime) -> None:
        guest.store.cast_envelope(letterbox, sealed, now, carrier=link.code, admit=admit)

    try:
        return accept_ballot(put, f"{request.path.rstrip('/')}/thanks")
    except LetterboxGoneError:
        if has_waited and is_well_formed(sealed):
            guest.devices.record_late_ballot(link.code)
        refuse(410, Refusal.CLOSED)
    except BallotError:
        refuse(410, Refusal.BAD)
