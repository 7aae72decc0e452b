"""Tickets of forms: random numbers by which the server recognises a ballot that is sent again because the
response was lost. Each view of a page gets a new one, or its script draws one for each ballot. They say
nothing about guests.

The ticket of an envelope is encrypted in it (envelopes.py). A kiosk's page has no ticket, and its script
draws one for each ballot: the page's bytes are the same for all guests, so a browser that stores them records
no time.
"""

import re
import secrets

from kiosk.domain.envelope import TICKET_BYTES
from kiosk.guest.refusals import refuse
from kiosk.screen.texts import Refusal

TICKET = "_ticket"
"""Form field with the ticket, in hex. A statement's id never begins with an underscore."""


def new_ticket() -> str:
    """Return a new ticket: TICKET_BYTES random bytes in hex."""
    return secrets.token_hex(TICKET_BYTES)


def pop_ticket(fields: dict[str, list[str]]) -> bytes | None:
    """Remove a form's ticket from its fields and return its bytes; None for a form without one. Refuses the
    request with 400 for several tickets, and for one that is not 2 * TICKET_BYTES small hex digits."""
    sent = fields.pop(TICKET, [])
    if not sent:
        return None
    if len(sent) != 1 or not re.fullmatch(f"[0-9a-f]{{{2 * TICKET_BYTES}}}", sent[0]):
        refuse(400, Refusal.BAD)
    return bytes.fromhex(sent[0])
