"""The addresses of kiosks and posters, and the rounds that they lead to."""

from flask import request

from kiosk.domain.rounds import Admission, Round
from kiosk.guest.context import guest_side
from kiosk.guest.refusals import RefusedError, refuse
from kiosk.screen.texts import Refusal
from kiosk.storage import Link, RoundClosedError


def link_and_round(code: str) -> tuple[Link, Round]:
    """Return the link of an address, and the running round that it admits to."""
    link = link_of(code)
    try:
        of_round = running_round(link.unit_id)
    except RefusedError:
        if link.admission is Admission.KIOSK:
            # The page shown while no round runs has no script; the browser reloads it.
            guest_side().devices.record_sign_of_life(link.code)
        raise
    if link.admission not in of_round.admission:
        refuse(403, Refusal.NOT_ADMITTED)
    return link, of_round


def link_of(code: str) -> Link:
    """Return the link of an address: a poster's or a kiosk's."""
    link, is_poster = guest_side().store.links.with_code(code), request.path.startswith("/s/")
    if link is None or (link.admission is Admission.POSTER) != is_poster:
        refuse(404, Refusal.NOT_FOUND if is_poster else Refusal.NOT_PAIRED)
    return link


def running_round(unit_id: str) -> Round:
    """Return the round that runs at a unit. Refuses the request if none runs."""
    try:
        return guest_side().store.running_round(unit_id, guest_side().clock())
    except RoundClosedError:
        refuse(403, Refusal.CLOSED)
