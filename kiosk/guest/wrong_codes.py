"""Slows down or refuses requests with a code, from sources that sent many wrong ones (code_throttle.py)."""

from flask import request

from kiosk.domain.client_source import source_of
from kiosk.guest.code_throttle import DELAY_SECONDS, CodeCheck
from kiosk.guest.context import guest_side
from kiosk.guest.refusals import refuse
from kiosk.screen.texts import Refusal

HOLD = "kiosk.hold_answer"
"""Key in a request's environment. Its value is a function of the server that delays the response by a number
of seconds."""


def admit_code() -> None:
    """Delay the response to a source that sent many wrong codes. Refuses the request with 429 if its code may
    not be looked up now."""
    check = guest_side().code_throttle.admit(source_of(request.remote_addr))
    if check is not CodeCheck.AT_ONCE and HOLD in request.environ:
        request.environ[HOLD](DELAY_SECONDS)
    if check is CodeCheck.REFUSED:
        refuse(429, Refusal.WAIT)


def record_wrong_code() -> None:
    """Count a wrong code for the source of the request. Later codes from this source may then be delayed."""
    guest_side().code_throttle.failed(source_of(request.remote_addr))
