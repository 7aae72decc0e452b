"""Practice: the same screens as the real questions, but ballots are discarded."""

from flask import make_response, request

from kiosk.domain.rounds import Admission
from kiosk.guest.ballots import accepted_response, sent_ballot
from kiosk.guest.context import GuestResponse, guest_side, is_kiosk
from kiosk.guest.entry_points import enter
from kiosk.guest.tickets import pop_ticket
from kiosk.library.catalogues import REFERENCE


def start(code: str = "") -> GuestResponse:
    """Show the questions as a practice: the ballot will be discarded. Refuses the request with 404 for an
    unknown code, and with 403 if no round runs at its unit or the round does not admit by this kind of
    link."""
    link, of_round = enter(code)
    page = guest_side().pages.form(
        of_round.survey,
        request.args.get("lang", REFERENCE),
        {},
        protection=of_round.protection,
        unit=of_round.tree.node(link.unit_id).name,
        organisation=of_round.tree.root.name,
        is_chosen="lang" in request.args,
        action=request.path,
        is_kiosk=link.admission is Admission.KIOSK,
        home=_home(),
    )
    return make_response(page)


def answer(code: str = "") -> GuestResponse:
    """Check a ballot like a real one, and discard it. Returns the response to every accepted ballot; a form
    is redirected to the end of the practice. Refuses the request with 400 for a ballot that is not valid,
    with 404 for an unknown code, and with 403 if no round runs at its unit or the round does not admit by
    this kind of link."""
    _, of_round = enter(code)
    fields = dict(request.form.lists())
    pop_ticket(fields)
    sent_ballot(of_round, fields)
    return accepted_response(f"{request.path}/thanks")


def over(code: str = "") -> GuestResponse:
    """Show the end of the practice, with a link to the real questions. Refuses the request with 404 for an
    unknown code, and with 403 if no round runs at its unit or the round does not admit by this kind of
    link."""
    enter(code)
    return make_response(guest_side().pages.practice_over(_home(), is_kiosk=is_kiosk()))


def _home() -> str:
    """Return the address of the real questions that this practice belongs to."""
    return request.path.partition("/practice")[0] or "/"
