"""Tickets of forms: random numbers that make a ballot count once although its answer was lost and it is sent
again. They are drawn for each view of a page, or by its script for each ballot, and say nothing about guests.

The ticket of an envelope is sealed in it (envelopes.py). A kiosk's page has none: its bytes are the same for
all guests, so that a browser that stores them records no time, and its script draws a ticket for each ballot.
"""

import re
import secrets

from kiosk.domain.envelope import TICKET_BYTES
from kiosk.guest.refusals import refuse
from kiosk.screen.texts import Refusal

TICKET = "_ticket"
"""Form field with the ticket, in hex. A statement's id never begins with an underscore."""


def new_ticket() -> str:
    """Draw a ticket."""
    return secrets.token_hex(TICKET_BYTES)


def pop_ticket(fields: dict[str, list[str]]) -> bytes | None:
    """Remove a form's ticket from its fields and return it; None for a form without one."""
    sent = fields.pop(TICKET, [])
    if not sent:
        return None
    if len(sent) != 1 or not re.fullmatch(f"[0-9a-f]{{{2 * TICKET_BYTES}}}", sent[0]):
        refuse(400, Refusal.BAD)
    return bytes.fromhex(sent[0])
