"""Slips: a typed or scanned code opens the questions, and admits one ballot."""

from flask import make_response, redirect, request

from kiosk.domain.rounds import Admission, Round
from kiosk.domain.slips import normalise
from kiosk.guest.ballots import accept_ballot, sent_ballot
from kiosk.guest.context import GuestResponse, guest_side
from kiosk.guest.entry_points import round_of_slip
from kiosk.guest.refusals import refuse
from kiosk.guest.tickets import new_ticket, pop_ticket
from kiosk.guest.wrong_codes import admit_code, record_wrong_code
from kiosk.library.catalogues import REFERENCE
from kiosk.screen.texts import Refusal

QUESTIONS_PATH = "/q/questions"
"""Address that a slip's code is sent to, and that shows the questions."""


def start_again() -> GuestResponse:
    """Redirect to the page for a slip's code. A browser's history can send a GET to an address that only
    takes forms."""
    return redirect("/q", 303)


def slip() -> GuestResponse:
    """Show the page where a slip's code is typed. A scanned code is in the fragment, which no server
    receives."""
    return make_response(guest_side().pages.slip(request.args.get("lang", "")))


def slip_form() -> GuestResponse:
    """Show the questions for a slip. Looking at them does not use the slip: a used one is refused only when
    its answers are sent. Refuses the request with 400 unless the form has exactly one code, with 403 for an
    unknown code and for a round that does not run or admits no slips, and with 429 while too many codes of
    its source are looked up."""
    code, of_round, unit = _sent_slip()
    asked, reply = request.form.get("lang", REFERENCE), guest_side().store.reply(unit)
    page = guest_side().pages.form(
        of_round.survey,
        asked,
        reply,
        protection=of_round.protection,
        unit=of_round.tree.node(unit).name,
        organisation=of_round.tree.root.name,
        action="/q/answer",
        slip=code,
        ticket=new_ticket(),
        is_chosen="lang" in request.form,
        is_kiosk=False,
    )
    return make_response(page)


def slip_answer() -> GuestResponse:
    """Accept one ballot with a slip, and mark the slip as used. The response has the same bytes whatever the
    ballot holds. Refuses the request with 400 unless the form has exactly one code, and for a ballot or a
    ticket that is not valid; with 403 for an unknown code, and for a round that does not run or admits no
    slips; with 409 for a used slip; and with 429 while too many codes of its source are looked up."""
    code, of_round, unit = _sent_slip()
    fields = {name: values for name, values in request.form.lists() if name != "slip"}
    ticket, ballot, store = pop_ticket(fields), sent_ballot(of_round, fields), guest_side().store
    return accept_ballot(
        lambda now: store.cast(of_round.id, unit, ballot, now, code, ticket=ticket), "/q/thanks"
    )


def _sent_slip() -> tuple[str, Round, str]:
    """Return (code, round, id of the unit) of the slip in the form. Refuses the request with 400 unless the
    form has exactly one code, with 403 for an unknown code, for a round that does not run and for one that
    admits no slips, and with 429 while too many codes of its source are looked up. A used slip is refused
    only when the ballot is stored."""
    sent = request.form.getlist("slip")
    if len(sent) != 1:
        refuse(400, Refusal.BAD)
    code = normalise(sent[0])
    admit_code()
    printed_for = guest_side().store.unit_of_slip(code)
    if printed_for is None:
        record_wrong_code()
        refuse(403, Refusal.UNKNOWN_SLIP)
    round_id, unit = printed_for
    of_round = round_of_slip(round_id, unit)
    if Admission.SLIP not in of_round.admission:
        refuse(403, Refusal.NOT_ADMITTED)
    return code, of_round, unit
