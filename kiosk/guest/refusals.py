"""Refusals of guests' requests, as exceptions that the application renders."""

from datetime import date
from typing import NoReturn

from werkzeug.exceptions import HTTPException

from kiosk.screen.texts import Refusal


class RefusedError(HTTPException):
    """A refused request, with its HTTP status and the reason that the page gives; for Refusal.NOT_OPEN, with
    the day on which the questions open."""

    def __init__(self, status: int, refusal: Refusal, opens_on: date | None = None) -> None:
        super().__init__()
        self.code = status
        self.refusal = refusal
        self.opens_on = opens_on


def refuse(status: int, refusal: Refusal, opens_on: date | None = None) -> NoReturn:
    """Refuse the request: raises RefusedError. `opens_on` is for Refusal.NOT_OPEN only, which needs it."""
    raise RefusedError(status, refusal, opens_on)


def refusal_of(error: HTTPException) -> Refusal:
    """Return the reason for an HTTP error: that of a RefusedError; else NOT_FOUND for status 404, and BAD for
    any other status."""
    if isinstance(error, RefusedError):
        return error.refusal
    return Refusal.NOT_FOUND if error.code == 404 else Refusal.BAD
