"""The language of pages before a person has signed in."""

from flask import request, session

from kiosk.desk.context import desk
from kiosk.desk.i18n import choose
from kiosk.library.catalogues import REFERENCE

READ_SWEDISH = {"da", "nb", "nn", "no"}
"""Languages whose readers read Swedish more easily than English."""

OTHERS = "en"
"""The language for readers of a language that neither the desk nor READ_SWEDISH has."""


def follow_browser_language() -> None:
    """Store in the session the language of the desk that the browser prefers, unless the session has one or
    the browser names no language. Readers of a language that the desk lacks get OTHERS, or Swedish if theirs
    is one of READ_SWEDISH."""
    if "language" in session:
        return
    offered = {REFERENCE, *desk().library.desk}
    named = [tag.lower().partition("-")[0] for tag, quality in request.accept_languages if quality > 0]
    named = [REFERENCE if code in READ_SWEDISH - offered else code for code in named if code != "*"]
    preferred = next((code for code in named if code in offered), OTHERS if OTHERS in offered else REFERENCE)
    if named:
        choose(preferred)
