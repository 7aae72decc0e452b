"""The change that a form asks for: saved, or refused with its reasons above the form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate_message
from kiosk.desk.notices import add_problem
from kiosk.library.changes import RefusedError
from kiosk.library.drafts import ChangedError
from kiosk.library.field_faults import FieldError
from kiosk.library.library import Library
from kiosk.settings import Settings

Draft = TypeVar("Draft")
Saved = TypeVar("Saved")


@dataclass(frozen=True)
class EditForm(Generic[Draft]):
    """The form of one of the installation's own files, such as a scale.

    `page` returns the page with a draft, the content of the form before it is checked and saved, and the
    digest of the file as it was opened ("" for a new file), `sent` reads the draft from the request, and
    `changed_meanwhile` is the sentence that is shown for ChangedError, such as if somebody else has changed
    the file since.
    """

    page: Callable[[Draft, str], str]
    sent: Callable[[], Draft]
    changed_meanwhile: str = ""


def show_or_save(
    form: EditForm[Draft],
    draft: Draft,
    seen: str,
    write: Callable[[Settings, Draft, str], tuple[Library, Saved]],
    confirm: Callable[[Saved], ResponseReturnValue],
) -> ResponseReturnValue:
    """Return the page with `draft` in the form; if the form was sent, save it and return the response of
    `confirm`. Refused input stays in the form, with status 400.

    `draft` and `seen` are the file as it is now and its digest ("" for a new one). `write` gets the sent
    draft and the digest of the file as the form was opened, and returns (changed library, argument for
    `confirm`). `confirm` logs the change and redirects.
    """
    if request.method != "POST":
        return form.page(draft, seen)
    sent, digest, saved = form.sent(), request.form.get("seen", ""), list[Saved]()

    def change(settings: Settings) -> Library:
        library, written = write(settings, sent, digest)
        saved.append(written)
        return library

    if not is_saved(change, form.changed_meanwhile):
        return form.page(sent, digest), 400
    return confirm(saved[0])


def is_saved(write: Callable[[Settings], Library], changed_meanwhile: str) -> bool:
    """Call `write`, and return whether it saved the sent form; the library is then the changed one.

    If it raised ChangedError, FieldError or RefusedError, nothing is saved, and the reasons are added to the
    notice of the page: those of fields with links to them, and `changed_meanwhile` for ChangedError. Other
    errors come through, such as SettingsError (404) if no file can be changed.
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
