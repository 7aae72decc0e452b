"""Which address was asked for, and which round it leads to, if any."""

from flask import abort, request
from werkzeug.exceptions import Forbidden

from kiosk.domain.rounds import Admission, Round
from kiosk.guest.context import guest_side
from kiosk.storage import Link, RoundClosedError


def link_and_round(code: str) -> tuple[Link, Round]:
    """The address asked for, and the running round it admits to."""
    link = link_of(code)
    try:
        of_round = running_round(link.unit_id)
    except Forbidden:
        if link.admission is Admission.KIOSK:
            # The page that waits for a round has no script, and comes again by itself.
            guest_side().devices.heard(link.code)
        raise
    if link.admission not in of_round.admission:
        abort(403, "not_admitted")
    return link, of_round


def link_of(code: str) -> Link:
    """The address asked for: a poster's or a kiosk's."""
    link, is_poster = guest_side().store.links.with_code(code), request.path.startswith("/s/")
    if link is None or (link.admission is Admission.POSTER) != is_poster:
        abort(404, "not_paired" if not is_poster else "not_found")
    return link


def running_round(unit_id: str) -> Round:
    """The round that runs at a unit now; what is refused without one says so."""
    try:
        return guest_side().store.running_round(unit_id, guest_side().clock())
    except RoundClosedError:
        abort(403, "closed")
