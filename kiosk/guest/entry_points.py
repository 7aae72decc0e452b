"""The addresses of kiosks and posters, and the rounds that they lead to."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from flask import request

from kiosk.domain.rounds import Admission, Round
from kiosk.guest.context import guest_side
from kiosk.guest.refusals import RefusedError, refuse
from kiosk.screen.texts import Refusal
from kiosk.storage import Link, RoundClosedError, RoundState


def enter(code: str) -> tuple[Link, Round]:
    """Return the link with this code, and the running round that it admits to.

    Refuses the request with 404 if there is no link with this code, with 403 if no round runs at its unit
    (`running_round`), or if the round does not admit by this kind of link. Before a refusal because no round
    runs, the request of a kiosk is recorded as a sign of life.
    """
    link = link_of_request(code)
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


def link_of_request(code: str) -> Link:
    """Return the link with this code: a poster's if the request's path begins with /s/, else a kiosk's.
    Refuses the request with 404 if there is none."""
    link, is_poster = guest_side().store.links.with_code(code), request.path.startswith("/s/")
    if link is None or (link.admission is Admission.POSTER) != is_poster:
        refuse(404, Refusal.NOT_FOUND if is_poster else Refusal.NOT_PAIRED)
    return link


def running_round(unit_id: str) -> Round:
    """Return the round that runs at a unit. Refuses the request with 403 if none runs: NOT_OPEN if one opens
    later, else CLOSED; NO_ROUND if the unit never had one. A sent form always gets CLOSED, because its
    questions were open once, even if its kiosk was moved to another unit since."""
    try:
        return guest_side().store.running_round(unit_id, guest_side().clock())
    except RoundClosedError:
        if request.method == "POST":
            refuse(403, Refusal.CLOSED)
        states = guest_side().store.rounds()
    return _refuse_without_running_round([state for state in states if unit_id in state.round.tree.leaves])


def round_of_slip(round_id: str, unit_id: str) -> Round:
    """Return the round that a unit's slip was printed for. Refuses the request with 403 unless it runs:
    NOT_OPEN if it opens later, else CLOSED; NO_ROUND if there is no such round."""
    with suppress(RoundClosedError):
        of_round = guest_side().store.running_round(unit_id, guest_side().clock())
        if of_round.id == round_id:
            return of_round
    return _refuse_without_running_round(
        [state for state in guest_side().store.rounds() if state.round.id == round_id]
    )


def _refuse_without_running_round(states: Sequence[RoundState]) -> NoReturn:
    """Refuse a request with 403, because none of these rounds runs: NOT_OPEN with the first opening day if
    one opens later, else CLOSED; NO_ROUND if `states` is empty. The reason follows from the rounds' terms and
    the clock, and says nothing about ballots."""
    days = [state.round.opens_at for state in states if guest_side().clock() < state.round.opens_at]
    if days:
        refuse(403, Refusal.NOT_OPEN, min(days).date())
    refuse(403, Refusal.CLOSED if states else Refusal.NO_ROUND)
