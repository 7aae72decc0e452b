"""The language of pages before a person has signed in."""

from flask import request, session

from kiosk.desk.context import desk
from kiosk.desk.i18n import choose
from kiosk.library.catalogues import REFERENCE


def follow_browser_language() -> None:
    """Store in the session the language of the desk that the browser prefers, unless the session has one or
    the browser accepts none of them."""
    if "language" not in session:
        accepted = request.accept_languages.best_match([REFERENCE, *desk().library.desk])
        if accepted is not None:
            choose(accepted)
