"""The language of pages before a person has signed in."""

from flask import request, session

from kiosk.desk.context import desk
from kiosk.desk.i18n import choose
from kiosk.library.catalogues import REFERENCE


def follow_browser_language() -> None:
    """Set the session's language to the one that the browser prefers, unless the session has one."""
    if "language" not in session:
        accepted = request.accept_languages.best_match([REFERENCE, *desk().library.desk])
        if accepted is not None:
            choose(accepted)
