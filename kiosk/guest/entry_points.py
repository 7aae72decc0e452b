"""The addresses of kiosks and posters, and the rounds that they lead to."""

from flask import abort, request
from werkzeug.exceptions import Forbidden

from kiosk.domain.rounds import Admission, Round
from kiosk.guest.context import guest_side
from kiosk.storage import Link, RoundClosedError


def link_and_round(code: str) -> tuple[Link, Round]:
    """Return the link of an address, and the running round that it admits to."""
    link = link_of(code)
    try:
        of_round = running_round(link.unit_id)
    except Forbidden:
        if link.admission is Admission.KIOSK:
            # The page that waits for a round has no script; the browser reloads it.
            guest_side().devices.heard(link.code)
        raise
    if link.admission not in of_round.admission:
        abort(403, "not_admitted")
    return link, of_round


def link_of(code: str) -> Link:
    """Return the link of an address: a poster's or a kiosk's."""
    link, is_poster = guest_side().store.links.with_code(code), request.path.startswith("/s/")
    if link is None or (link.admission is Admission.POSTER) != is_poster:
        abort(404, "not_paired" if not is_poster else "not_found")
    return link


def running_round(unit_id: str) -> Round:
    """Return the round that runs at a unit; without one the request is refused."""
    try:
        return guest_side().store.running_round(unit_id, guest_side().clock())
    except RoundClosedError:
        abort(403, "closed")
