"""The change that a form asks for: saved, or refused with its reasons above the form."""

from collections.abc import Callable

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate_message
from kiosk.desk.notices import add_problem
from kiosk.library.changes import RefusedError
from kiosk.library.drafts import ChangedError
from kiosk.library.field_faults import FieldError
from kiosk.library.library import Library
from kiosk.settings import Settings


def is_saved(write: Callable[[Settings], Library], changed_meanwhile: str) -> bool:
    """Call `write`, and return whether it saved the sent form.

    If not, the reasons are added to the notice of the page: those of the fields with links to them, and
    `changed_meanwhile` if somebody else has changed the edited file.
    """
    try:
        desk().change(write)
    except ChangedError:
        add_problem(changed_meanwhile)
    except FieldError as error:
        for fault in error.faults:
            add_problem(translate_message(fault.message), fault.anchor)
    except RefusedError as error:
        for message in error.messages:
            add_problem(translate_message(message))
    else:
        return True
    return False
