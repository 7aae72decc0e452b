"""Denials: forbidden pages and actions of the desk, each with the reason that its error page gives."""

from enum import StrEnum
from typing import NoReturn

from werkzeug.exceptions import HTTPException


class Denial(StrEnum):
    """The reasons for forbidding a page or an action. The values are keys of the texts in error.html, which
    say what to do instead."""

    COORDINATORS_ONLY = "coordinator"
    STAFF_ONLY = "staff"
    READERS_ONLY = "readers"
    ROUND_RUNNING = "running"
    ROUND_PLANNED = "planned"
    SURVEY_SHIPPED = "shipped"
    SURVEY_USED = "used"
    TREE_SHIPPED = "tree_shipped"
    SCALE_SHIPPED = "scale_shipped"
    SCALE_USED = "scale_used"
    COUNTER_SHIPPED = "counter_shipped"
    COUNTER_USED = "counter_used"
    COUNTER_TIED = "counter_tied"
    THEORY_SHIPPED = "theory_shipped"
    THEORY_USED = "theory_used"


class DeniedError(HTTPException):
    """A forbidden request, with its reason; status 403."""

    code = 403

    def __init__(self, denial: Denial) -> None:
        super().__init__()
        self.denial = denial


def deny(denial: Denial) -> NoReturn:
    """Forbid the request for this reason: raises DeniedError (403)."""
    raise DeniedError(denial)
