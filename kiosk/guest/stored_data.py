"""The page that says what is stored about a guest."""

from flask import make_response, request

from kiosk.guest.context import Answer, guest_side, is_kiosk


def stored(**url_arguments: str) -> Answer:
    """What is stored about me? Said from the tables as they are."""
    del url_arguments
    back = request.path.removesuffix("stored").removesuffix("/") or "/"
    # No server sees a fragment; but a slip's page takes one for the slip's code.
    language_by = "?lang=" if back == "/q" else "#"
    schema = guest_side().store.schema()
    page = guest_side().pages.stored(schema, back, language_by=language_by, is_kiosk=is_kiosk())
    return make_response(page)
