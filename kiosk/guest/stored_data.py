"""The page about the data that is stored about a guest, and the redirect with which a guest leaves on a
phone."""

from flask import make_response, redirect, request

from kiosk.guest.context import GuestResponse, guest_side, is_kiosk


def stored(**url_arguments: str) -> GuestResponse:
    """Show the page about the data stored about a guest, made from the database's schema. It has a link back
    to the start page of the same kiosk, poster or slip. `url_arguments`, such as the code in the address, are
    not used: an unknown code has the page too."""
    del url_arguments
    back = request.path.removesuffix("stored").removesuffix("/") or "/"
    # A fragment reaches no server, but a slip's page reads it as the slip's code.
    language_by = "?lang=" if back == "/q" else "#"
    schema = guest_side().store.schema()
    page = guest_side().pages.stored(schema, back, language_by=language_by, is_kiosk=is_kiosk())
    return make_response(page)


def redirect_out() -> GuestResponse:
    """Redirect a phone to a neutral site; without one, to the page for a slip's code. The script replaces the
    survey's entries in the browser's history by this address."""
    return redirect(guest_side().pages.leave_to or "/q", 303)
