"""The questions at a kiosk's or a poster's address: a start page, one POST, one thank-you."""

from datetime import datetime

from flask import abort, make_response, request, send_file

from kiosk.domain.rounds import Admission
from kiosk.guest.ballots import Bucket, accept_ballot, sent_ballot, take_token
from kiosk.guest.context import GuestResponse, guest_side, is_kiosk
from kiosk.guest.entry_points import enter
from kiosk.guest.envelopes import ENVELOPE, take_envelope
from kiosk.guest.tickets import new_ticket, pop_ticket
from kiosk.library.catalogues import REFERENCE
from kiosk.screen.speech import KINDS, find_by_beginning
from kiosk.storage import TooEarlyError

RAPID = "_rapid"
"""Form field that marks a rapid submission. Sent by the script of a kiosk whose browser cannot seal."""


def start(code: str = "") -> GuestResponse:
    """Show the questions in the language of the parameter `lang`; in the reference without it, and if they
    are not shown in that language. Refuses the request with 404 for an unknown code, and with 403 if no round
    runs at its unit or the round does not admit by this kind of link."""
    link, of_round = enter(code)
    guest, at_kiosk = guest_side(), link.admission is Admission.KIOSK
    asked = request.args.get("lang", REFERENCE)
    reply = guest.store.reply(link.unit_id)
    letterbox = guest.store.public_key(of_round.id, link.unit_id) if at_kiosk else ""
    page = guest.pages.form(
        of_round.survey,
        asked,
        reply,
        protection=of_round.protection,
        unit=of_round.tree.node(link.unit_id).name,
        organisation=of_round.tree.root.name,
        action=request.path,
        is_kiosk=at_kiosk,
        ticket="" if at_kiosk else new_ticket(),
        is_chosen="lang" in request.args,
        letterbox=letterbox,
        pause=guest.rate_limit.pause_for(len(of_round.survey.statements)),
        closes_at=of_round.closes_at,
    )
    return make_response(page)


def answer(code: str = "") -> GuestResponse:
    """Accept one ballot, as a form or an envelope (`take_envelope`). The response has the same bytes whatever
    the ballot holds.

    Refuses a form with 404 for an unknown code, with 403 if no round runs at its unit or the round does not
    admit by this kind of link, with 400 for a ballot or a ticket that is not valid, and with 429 at a kiosk
    if the rate limit has no token; an envelope as `take_envelope` does, also with 410. A form that the kiosk
    marked as rapid is excluded, with the same response.
    """
    if ENVELOPE in request.form:
        return take_envelope(code)
    link, of_round = enter(code)
    thanks = f"{request.path.rstrip('/')}/thanks"
    fields = dict(request.form.lists())
    is_rapid = link.admission is Admission.KIOSK and fields.pop(RAPID, None) is not None
    ticket, ballot = pop_ticket(fields), sent_ballot(of_round, fields)
    store, place = guest_side().store, (of_round.id, link.unit_id)

    def put(now: datetime) -> None:
        if link.admission is Admission.KIOSK and not take_token(
            link, Bucket.FORM, len(of_round.survey.statements)
        ):
            store.note_guard(*place, now)
            raise TooEarlyError
        if is_rapid:
            store.exclude_rapid(*place, now, ticket=ticket)
        else:
            store.cast(*place, ballot, now, ticket=ticket)

    return accept_ballot(put, thanks)


def thanks(**url_arguments: str) -> GuestResponse:
    """Show the thank-you, with the same bytes for every guest of an address. A kiosk's has a link to its
    start, a phone's has none. `url_arguments`, such as the code in the address, are not used."""
    del url_arguments
    return make_response(guest_side().pages.thanks(request.path.removesuffix("thanks") if is_kiosk() else ""))


def audio(language: str, name: str) -> GuestResponse:
    """Send one sound, by the beginning of its name; 404 if there is none. Browsers do not cache it: a cached
    sound would reveal the previous guest's language."""
    folder = guest_side().pages.audio
    path = find_by_beginning(folder, language, name) if folder else None
    if path is None:
        abort(404)
    response = send_file(path, mimetype=KINDS[path.suffix], conditional=True, etag=False)
    del response.headers["Last-Modified"]
    return response
