"""Faults of a form, each with the field to which the desk's page links."""

from dataclasses import dataclass

from kiosk.domain.message import Message
from kiosk.library.changes import RefusedError


@dataclass(frozen=True)
class FieldFault:
    """A fault of a form. `anchor` is the id of the field to correct; in a theory, also of a row or layer."""

    anchor: str
    message: Message


class FieldError(RefusedError):
    """A form that cannot be saved. `faults` has each reason with its field."""

    def __init__(self, *faults: FieldFault) -> None:
        super().__init__(*(fault.message for fault in faults))
        self.faults = faults
