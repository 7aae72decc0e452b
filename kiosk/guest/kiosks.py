"""Kiosk screens: pairing, signs of life, and the scripts that work without the network. A view's `code` is
that of the kiosk's address; "" is the installation's own kiosk, at "/"."""

import re
from contextlib import suppress

from flask import Response, make_response, redirect, request

from kiosk.domain.rounding import half_up
from kiosk.domain.rounds import Admission
from kiosk.guest.context import GuestResponse, guest_side
from kiosk.guest.entry_points import link_of_request
from kiosk.guest.refusals import refuse
from kiosk.guest.wrong_codes import admit_code, record_wrong_code
from kiosk.library.catalogues import REFERENCE
from kiosk.screen.texts import Refusal
from kiosk.storage import PAIRING_DIGITS, Link, RoundClosedError

LETTERBOX = "Kiosk-Letterbox"
"""Response header of a sign of life: the public key of the running round's letterbox. When it changes, the
kiosk reloads, so that no guest gets the last round's page."""

SERVER_TIME = "Kiosk-Time"
"""Response header of a sign of life: the server's time, in seconds since 1970, so that a kiosk with a wrong
clock does not end a round."""

JAVASCRIPT = "text/javascript; charset=utf-8"


def pairing() -> GuestResponse:
    """Show the page where a pairing code from the desk is typed, in the language of the parameter `lang`. It
    has a keypad, since a screen may have no keyboard."""
    return make_response(guest_side().pages.pairing(request.args.get("lang", REFERENCE), "", None))


def pair() -> GuestResponse:
    """Handle a key of the keypad or a whole code. A key gives the page with the code so far. A valid code
    creates a kiosk's address, writes the pairing to the log, and redirects to the address; for a wrong one,
    the page gives the reason, with status 403. Refuses the request with 429 while too many codes of its
    source are looked up."""
    guest = guest_side()
    sent, press = request.form.get("code", ""), request.form.get("press", "done")
    typed = _digits(sent)
    asked = request.form.get("lang", REFERENCE)
    if press != "done":
        typed = typed[:-1] if press == "erase" else _digits(sent + press)
        return make_response(guest.pages.pairing(asked, typed, None))
    admit_code()
    link = guest.store.pair_screen(typed, guest.clock(), guest.secret_key)
    if link is None:
        record_wrong_code()
        return make_response(guest.pages.pairing(asked, "", Refusal.WRONG_CODE), 403)
    return redirect(f"/k/{link.code}/paired", 303)


def _digits(text: str) -> str:
    """Return the digits of a text, at most as many as a code has."""
    return re.sub("[^0-9]", "", text)[:PAIRING_DIGITS]


def paired(code: str) -> GuestResponse:
    """Show which unit the screen belongs to, before the guest's page, so that a wrong pairing is noticed. 404
    if no kiosk has the code."""
    return make_response(guest_side().pages.paired(link_of_request(code).unit_id, f"/k/{code}"))


def alive(code: str = "") -> GuestResponse:
    """Record a kiosk's sign of life, which its page sends at fixed times of the clock, also while no round
    runs.

    Returns 204 with the server's time in SERVER_TIME and, while a round runs, the unit's public key in
    LETTERBOX; 404 if no kiosk has the code.
    """
    link, guest = _kiosk(code), guest_side()
    guest.devices.record_sign_of_life(code)
    response, now = Response(status=204), guest.clock()
    response.headers[SERVER_TIME] = str(half_up(now.timestamp()))
    with suppress(RoundClosedError):
        of_round = guest.store.running_round(link.unit_id, now)
        response.headers[LETTERBOX] = guest.store.public_key(of_round.id, link.unit_id)
    return response


def worker(code: str) -> GuestResponse:
    """Return the service worker, which caches the kiosk's page for network failures, and the sounds of a
    running round. 404 if no kiosk has the code."""
    link, guest = _kiosk(code), guest_side()
    page, survey = f"/k/{code}", None
    with suppress(RoundClosedError):
        survey = guest.store.running_round(link.unit_id, guest.clock()).survey
    kind = {"Content-Type": JAVASCRIPT, "Service-Worker-Allowed": page}
    return make_response(guest.pages.worker(page, survey), kind)


def queue(code: str = "") -> GuestResponse:
    """Return the script that stores waiting envelopes in a file, at an address that the worker can cache. 404
    if no kiosk has the code."""
    _kiosk(code)
    return make_response(guest_side().pages.queue(), {"Content-Type": JAVASCRIPT})


def _kiosk(code: str) -> Link:
    """Return the link of a kiosk. Refuses the request with 404 if no kiosk has this code."""
    link = guest_side().store.links.with_code(code)
    if link is None or link.admission is not Admission.KIOSK:
        refuse(404, Refusal.NOT_PAIRED)
    return link
