"""Languages: which guests see, and what in them nobody native has reviewed."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kiosk.desk.session import desk, for_coordinator
from kiosk.i18n import Language
from kiosk.library import shown_languages

blueprint = Blueprint("languages", __name__)


@dataclass(frozen=True)
class LanguageState:
    """How far a language's texts have come."""

    language: Language
    texts: int
    empty: int
    unreviewed: int
    is_shown: bool


@blueprint.route("/languages")
@for_coordinator
def languages() -> ResponseReturnValue:
    """Every guest language, complete or not, reviewed or not."""
    library, allowed = desk().library, desk().allowed_languages
    shown = {
        code
        for survey in library.surveys.values()
        for code in shown_languages(library.guest, survey, allowed)
    }
    states = [
        LanguageState(
            found.language,
            len(found.texts) + len(found.empty),
            len(found.empty),
            len(found.unreviewed),
            code in shown,
        )
        for code, found in library.guest.items()
    ]
    return render_template("languages.html", states=states)
