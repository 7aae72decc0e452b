"""The page with the log of staff actions. It has nothing about guests."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kiosk.desk.i18n import period, say
from kiosk.desk.session import desk, for_coordinator
from kiosk.domain.rounds import Admission, Protection
from kiosk.storage import Deed, Entry, Role

blueprint = Blueprint("log", __name__)

Names = dict[str, str]


@blueprint.route("/log")
@for_coordinator
def log() -> ResponseReturnValue:
    """Show the latest entries, the last first."""
    names = _names()
    entries = [(entry, _details(entry, names)) for entry in desk().store.audit_log.entries()]
    return render_template("log.html", entries=entries)


def _details(entry: Entry, names: dict[Deed, tuple[Names, ...]]) -> str:
    """Return an entry's details, with the names that people know instead of ids."""
    parts, known = entry.what.split(", "), names.get(entry.deed, ())
    return ", ".join(known[at].get(part, part) if at < len(known) else part for at, part in enumerate(parts))


def _names() -> dict[Deed, tuple[Names, ...]]:
    """Return, for each deed, the names of each part of its details (id -> name)."""
    library = desk().library
    roles: Names = {
        Role.COORDINATOR: say("samordnare"),
        Role.STAFF: say("personal"),
        Role.VIEWER: say("läsare"),
    }
    ways: Names = {
        Admission.KIOSK: say("kiosk"),
        Admission.SLIP: say("lapp"),
        Admission.POSTER: say("affisch"),
    }
    protections: Names = {
        Protection.PROTECTED: say("skyddade siffror"),
        Protection.EXACT: say("exakta siffror"),
    }
    places = library.places
    surveys = {survey.id: survey.title for survey in library.surveys.values()}
    languages = {code: catalogue.language.autonym for code, catalogue in library.guest.items()}
    rounds = {
        state.round.id: f"{state.round.survey.title}, {period(state.round)}"
        for state in desk().store.rounds()
    }
    return {
        Deed.SIGNED_IN: (roles,),
        Deed.ACCOUNT_SET: ({}, roles),
        Deed.ROUND_OPENED: (rounds, protections),
        Deed.ADDRESS_MADE: (places, ways),
        Deed.ADDRESS_REMOVED: (places, ways),
        Deed.PAIRING_BEGUN: (places,),
        Deed.SLIPS_PRINTED: (rounds, places),
        Deed.WALL_MADE: (places,),
        Deed.WALL_REMOVED: (places,),
        Deed.REPLY_WRITTEN: (rounds,),
        Deed.FIGURES_IMPORTED: (places,),
        Deed.FIGURES_REMOVED: (places,),
        Deed.SURVEY_WRITTEN: (surveys,),
        Deed.TEXTS_WRITTEN: (languages,),
    }
