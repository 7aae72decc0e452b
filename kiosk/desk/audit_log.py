"""The page with the log of staff actions. It has nothing about guests."""

from enum import StrEnum
from itertools import repeat

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kiosk.desk.activities.outputs import reasons
from kiosk.desk.context import desk
from kiosk.desk.i18n import language_in_text, period, translate
from kiosk.desk.results.earlier_figures import entry_reasons, removal_reasons
from kiosk.desk.session import for_staff, is_coordinator
from kiosk.domain.rounds import Admission, ProtectionLevel
from kiosk.storage import Action, Entry, Role

blueprint = Blueprint("log", __name__)

Names = dict[str, str]
"""Id -> name, for one of an entry's details. The value of "" is the text for an unknown id, such as that of a
removed survey."""

SEEN_BY_STAFF = frozenset(
    {
        Action.ROUND_OPENED,
        Action.ROUND_CANCELLED,
        Action.ADDRESS_MADE,
        Action.ADDRESS_REMOVED,
        Action.PAIRING_BEGUN,
        Action.KIOSK_OVER_BUDGET,
        Action.SCREEN_PAIRED,
        Action.SCREEN_CONFIRMED,
        Action.SCREEN_MEASURED,
        Action.KIOSK_MOVED,
        Action.SLIPS_PRINTED,
        Action.SLIPS_OVER_BUDGET,
        Action.POSTER_PRINTED,
    }
)
"""Actions that can change the box to which a guest's ballot goes: staff see them. All others, such as
colleagues' sign-ins, are for coordinators."""

ENTRIES_ON_PAGE = 500
"""Most entries of the log on one page."""


class Kind(StrEnum):
    """The kinds of actions that the page can show alone (ACTIONS_OF): kiosks that come or go, kiosks that
    change their unit, printed slips and posters, rounds. The values stand in addresses."""

    KIOSKS = "kiosks"
    MOVES = "moves"
    PRINTS = "prints"
    ROUNDS = "rounds"


ACTIONS_OF = {
    Kind.KIOSKS: frozenset(
        {
            Action.PAIRING_BEGUN,
            Action.SCREEN_PAIRED,
            Action.SCREEN_CONFIRMED,
            Action.KIOSK_OVER_BUDGET,
            Action.ADDRESS_MADE,
            Action.ADDRESS_REMOVED,
        }
    ),
    Kind.MOVES: frozenset({Action.KIOSK_MOVED}),
    Kind.PRINTS: frozenset({Action.SLIPS_PRINTED, Action.SLIPS_OVER_BUDGET, Action.POSTER_PRINTED}),
    Kind.ROUNDS: frozenset({Action.ROUND_OPENED, Action.ROUND_CANCELLED}),
}
"""Kind -> its actions, all of SEEN_BY_STAFF. The measures of screens are in none: anybody of the staff can
log any number of them."""


@blueprint.route("/log")
@for_staff
def log() -> ResponseReturnValue:
    """Show ENTRIES_ON_PAGE entries of the log, the newest first. Coordinators see all actions, staff those of
    SEEN_BY_STAFF.

    In the address, `kind` chooses a `Kind`, and `last` the newest entry to show, by its number among those
    that the account sees (`LogPage`); others show all kinds and the latest entries. Numbers of rows would
    tell staff how much they do not see.
    """
    names, seen = _names(), frozenset(Action) if is_coordinator() else SEEN_BY_STAFF
    kind = next((kind for kind in Kind if kind == request.args.get("kind")), None)
    actions = ACTIONS_OF[kind] if kind else seen
    page = desk().store.audit_log.page(actions, ENTRIES_ON_PAGE, request.args.get("last", type=int))
    return render_template(
        "log.html",
        entries=[(entry, _details(entry, names)) for entry in page.entries],
        page=page,
        newer=min(page.last + ENTRIES_ON_PAGE, page.total),
        kind=kind,
        kinds={
            None: translate("Alla händelser"),
            Kind.KIOSKS: translate("Kiosker och adresser"),
            Kind.MOVES: translate("Flyttade kiosker"),
            Kind.PRINTS: translate("Utskrifter"),
            Kind.ROUNDS: translate("Omgångar"),
        },
    )


def _details(entry: Entry, names: dict[Action, tuple[Names, ...]]) -> str:
    """Return an entry's details as text, separated by ", ", with names in place of ids. `names` is the result
    of `_names`. A detail without names there is shown as it is."""
    parts, known = entry.what.split(", "), names.get(entry.action, ())
    return ", ".join(_named(part, known[at]) if at < len(known) else part for at, part in enumerate(parts))


def _named(part: str, names: Names) -> str:
    """Return the name of one id, or `name → name` for the two ids of a move. An id without a name becomes the
    text of "" in `names`; without that text, it stays."""
    return " → ".join(names.get(piece, names.get("", piece)) for piece in part.split(" → "))


def _names() -> dict[Action, tuple[Names, ...]]:
    """Return action -> the names for each of its details, in the order in which `session.note` gets the
    details. An empty dictionary stands for a detail that is no id and is shown as it is."""
    library = desk().library
    roles: Names = {
        Role.COORDINATOR: translate("samordnare"),
        Role.STAFF: translate("personal"),
        Role.VIEWER: translate("läsare"),
    }
    admissions: Names = {
        Admission.KIOSK: translate("kiosk"),
        Admission.SLIP: translate("lapp"),
        Admission.POSTER: translate("affisch"),
    }
    protections: Names = {
        ProtectionLevel.PROTECTED: translate("skyddade siffror"),
        ProtectionLevel.STRONG: translate("starkt skyddade siffror"),
        ProtectionLevel.EXACT: translate("exakta siffror"),
    }
    opened = [state.round for state in reversed(desk().store.rounds())]
    places = {node.id: node.name for of_round in opened for node in of_round.tree.nodes} | library.places
    statements = {
        statement.id: statement.text
        for survey in (*(of_round.survey for of_round in opened), *library.surveys.values())
        for statement in survey.statements
    }
    surveys = {
        "": translate("en borttagen enkät"),
        **{survey.id: survey.title for survey in library.surveys.values()},
    }
    theories = {
        "": translate("en borttagen förändringsteori"),
        **{theory.id: theory.title for theory in library.theories.values()},
    }
    reports = {report_id: terms.title for report_id, terms in desk().store.reports.all().items()}
    counters = {counter.id: translate(counter.name) for counter in library.counters.values()}
    languages = {code: language_in_text(catalogue.language) for code, catalogue in library.guest.items()}
    rounds = {
        "": translate("en inställd omgång"),
        **{state.round.id: f"{state.round.title}, {period(state.round)}" for state in desk().store.rounds()},
    }
    return {
        Action.SIGNED_IN: (roles,),
        Action.ACCOUNT_SET: ({}, roles),
        Action.ACCOUNT_LINK_MADE: ({}, roles),
        Action.ROLE_CHANGED: ({}, roles),
        Action.ROUND_OPENED: (rounds, protections, *repeat(places, len(places))),
        Action.ADDRESS_MADE: (places, admissions),
        Action.ADDRESS_REMOVED: (places, admissions),
        Action.PAIRING_BEGUN: (places,),
        Action.KIOSK_OVER_BUDGET: (places,),
        Action.SCREEN_PAIRED: (places,),
        Action.SCREEN_CONFIRMED: (places,),
        Action.SCREEN_MEASURED: (places,),
        Action.KIOSK_MOVED: (places,),
        Action.SLIPS_PRINTED: (rounds, places),
        Action.SLIPS_OVER_BUDGET: (rounds, places),
        Action.POSTER_PRINTED: (places,),
        Action.WALL_MADE: (places,),
        Action.WALL_REMOVED: (places,),
        Action.REPLY_WRITTEN: (rounds,),
        Action.COMMENT_WRITTEN: (rounds, statements),
        Action.FIGURES_IMPORTED: (places, {}, dict(entry_reasons())),
        Action.FIGURES_CHANGED: (places, {}, dict(entry_reasons())),
        Action.FIGURES_REMOVED: (places, {}, dict(removal_reasons())),
        Action.FIGURE_TYPED: (places, counters, {}, {}, dict(reasons())),
        Action.FIGURE_CORRECTED: (places, counters, {}, {}, dict(reasons())),
        Action.SURVEY_WRITTEN: (surveys,),
        Action.THEORY_WRITTEN: (theories,),
        Action.REPORT_PUBLISHED: (reports,),
        Action.TEXTS_WRITTEN: (languages,),
        Action.SPEECH_RECORDED: (languages,),
        Action.SPEECH_REMOVED: (languages,),
    }
