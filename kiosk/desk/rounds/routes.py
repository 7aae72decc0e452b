"""Rounds: the list, opening a new one, and cancelling one before it opens. Nothing here changes or closes a
round that has opened."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.desk.context import desk
from kiosk.desk.forms import RoundForm
from kiosk.desk.i18n import day, in_a_row, period, translate, translate_message
from kiosk.desk.notices import add_problem
from kiosk.desk.respondents import people_at
from kiosk.desk.results.access import may_read
from kiosk.desk.results.findings import kind_of_figures
from kiosk.desk.session import entry, for_coordinator, for_every_account
from kiosk.domain.ballot_days import LEAST_DAYS
from kiosk.domain.budget import MOST_EXPECTED
from kiosk.domain.message import Message
from kiosk.domain.name_order import name_key
from kiosk.domain.precision import usual_price
from kiosk.domain.results import answered
from kiosk.domain.rounds import (
    Admission,
    ProtectionLevel,
    PublicationTime,
    Round,
    RoundError,
    outlook,
    round_id,
)
from kiosk.domain.survey import Survey
from kiosk.domain.tree import Tree
from kiosk.library.catalogues import REFERENCE, Language
from kiosk.library.completeness import of_screen, of_survey
from kiosk.library.drafts import survey_path
from kiosk.library.library import shown_languages
from kiosk.library.tree_drafts import tree_path
from kiosk.storage import Action, KioskBudgetError, RoundBegunError, StaffsScreen

blueprint = Blueprint("rounds", __name__)

USUAL_LENGTH = timedelta(days=90)
"""Time from the first to the last day that the form of a new round proposes."""

LAST_DAY = date(9000, 1, 1)
"""Latest closing day that date arithmetic can handle; it replaces later days. A round until then is refused
as too long."""


@dataclass(frozen=True)
class SurveyChoice:
    """A survey that a round can ask. `shown` are the languages that guests may choose. Of the languages other
    than Swedish, `drafts` has those with all texts, not all of them reviewed, also if they are shown;
    `incomplete` has (language, number of missing texts) for those that lack texts."""

    survey: Survey
    shown: tuple[Language, ...]
    drafts: tuple[Language, ...]
    incomplete: tuple[tuple[Language, int], ...]


class ExpectedGuests:
    """The expected guests of each unit in the form. Each unit of the round needs a number; 0 is one.

    `in_tree` is unit id -> name for the units of the chosen tree, `others` for those of the other trees only,
    both sorted by name. `typed` is unit id -> text of its field: the sent one or, if no form was sent, a
    proposal. `faults` is unit id -> sentence for each sent field with another text than a whole number from 0
    to MOST_EXPECTED, and for each empty one of a unit of the round.
    """

    def __init__(self, form: RoundForm) -> None:
        names = dict(sorted(_units().items(), key=lambda unit: name_key(unit[1])))
        tree = desk().library.trees.get(form.tree.data or next(iter(desk().library.trees), ""))
        self.in_tree = {unit: name for unit, name in names.items() if tree and unit in tree.leaves}
        self.others = {unit: name for unit, name in names.items() if unit not in self.in_tree}
        if request.method == "GET":
            self.typed, self.faults = _last_ballots(names), dict[str, str]()
            return
        self.typed = {unit: request.form.get(f"expected-{unit}", "").strip() for unit in names}
        asked = {unit for unit in self.in_tree if not form.units.data or unit in form.units.data}
        wrong = translate("Skriv ett heltal, högst {most}.", most=MOST_EXPECTED)
        missing = translate("Skriv ungefär hur många som svarar, eller 0 om ingen väntas.")
        self.faults = {
            unit: wrong if text else missing
            for unit, text in self.typed.items()
            if not _is_number(text) and (text or unit in asked)
        }

    @property
    def has_faults_at_others(self) -> bool:
        """Whether a unit of another tree has a fault."""
        return not self.faults.keys().isdisjoint(self.others)

    def at(self, units: Iterable[str]) -> dict[str, int]:
        """Return unit id -> number of expected guests for these units, which have no faults."""
        return {unit: int(self.typed[unit]) for unit in units}


def _last_ballots(units: Iterable[str]) -> dict[str, str]:
    """Return unit id -> number of ballots, as text, that is published for the unit in the closed round there
    that opened last; "" if none is published, and for a unit without such a round."""
    rounds = [state.round for state in desk().store.rounds() if state.is_closed]
    document = desk().published.read(desk().store).document if rounds else None
    ballots = dict.fromkeys(units, "")
    for unit in ballots:
        last = next((of_round for of_round in rounds if unit in of_round.tree.leaves), None)
        if document is not None and last is not None:
            number = answered(document, last, unit)
            ballots[unit] = "" if number is None else str(min(number, MOST_EXPECTED))
    return ballots


def _is_number(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and int(text) <= MOST_EXPECTED


def _units() -> dict[str, str]:
    """Return unit id -> name for the units of all trees in the library."""
    return {leaf: tree.node(leaf).name for tree in desk().library.trees.values() for leaf in tree.leaves}


@blueprint.route("/rounds")
@for_every_account
def rounds() -> ResponseReturnValue:
    """Show all rounds, the latest opening first, to each account with links to the results which it may
    read."""
    return _list()


def _list(status: int = 200) -> ResponseReturnValue:
    states = desk().store.rounds()
    readable = {state.round.id for state in states if may_read(state)}
    chosen = {state.round.id: _chosen_units(state.round) for state in states}
    page = render_template(
        "rounds.html",
        states=states,
        readable=readable,
        chosen=chosen,
        kind_of_figures=kind_of_figures,
        now=desk().clock(),
    )
    return page, status


def _chosen_units(of_round: Round) -> str:
    """Return the names of a round's units as one text; "" if the round has all units of the tree as it is
    now, or if that tree is gone."""
    tree = desk().library.trees.get(of_round.tree.root.id)
    if tree is None or set(tree.leaves) == set(of_round.tree.leaves):
        return ""
    return in_a_row(of_round.tree.node(unit).name for unit in of_round.tree.leaves)


@blueprint.route("/rounds/new", methods=["GET", "POST"])
@for_coordinator
def new_round() -> ResponseReturnValue:
    """Show the form that opens a round; open the sent one, and redirect to the list. Refused input stays in
    the form, with status 400. Units with more kiosks than their budget are refused in the same way, unless a
    reason is given.

    The page is also shown again, with status 200, with a forecast for the expected ballots a day, to think
    over (`outlook`), and with the screens that staff paired (`Store.staffs_screens`): the round opens when
    the coordinator has confirmed them.
    """
    library, today = desk().library, desk().clock().date()
    earlier = [state.round for state in desk().store.rounds()]
    form = RoundForm(
        opens=today,
        closes=today + USUAL_LENGTH,
        admission=["kiosk", "slip"],
        survey=_usual(
            (of_round.survey.id for of_round in earlier),
            {survey_id: survey_path(survey_id) for survey_id in library.surveys},
        ),
        tree=_usual(
            (of_round.tree.root.id for of_round in earlier),
            {tree_id: tree_path(tree_id) for tree_id in library.trees},
        ),
    )
    form.survey.choices = [(survey.id, _label_in_list(survey)) for survey in library.surveys.values()]
    form.tree.choices = [(tree.root.id, tree.root.name) for tree in library.trees.values()]
    form.units.choices = list(_units().items())
    expected = ExpectedGuests(form)
    messages: tuple[Message, ...] = ()
    to_think_over: tuple[Message, ...] = ()
    to_confirm: list[StaffsScreen] = []
    if request.method == "POST" and form.validate() and _has_its_units(form) and not expected.faults:
        new = _round_of(form, expected)
        if form.a_day.data and not form.thought_over.data:
            to_think_over = outlook(new, float(form.a_day.data))
        screens = desk().store.staffs_screens(new)
        known = (form.known_screens.data or "").split() if form.thought_over.data else ()
        to_confirm = screens if {screen.code_ending for screen in screens}.difference(known) else []
        try:
            _check_clock()
            desk().store.check_opening(new, desk().clock())
            waiting = desk().store.pairing_codes.waiting(desk().clock())
            over = desk().store.kiosks_over_budget(new, waiting)
            if over and not form.reason.data:
                form.reason.errors = [_too_many_kiosks(error) for error in over]
                to_think_over, to_confirm = (), []
            elif not to_think_over and not to_confirm:
                units = [new.tree.node(unit).name for unit in form.units.data or ()]
                log = [
                    *(
                        entry(Action.KIOSK_OVER_BUDGET, f"{error.unit_id}, {form.reason.data}")
                        for error in over
                    ),
                    *(
                        entry(Action.SCREEN_CONFIRMED, f"{screen.unit_id}, {screen.code_ending}")
                        for screen in screens
                    ),
                    entry(Action.ROUND_OPENED, ", ".join([new.id, new.level, *units])),
                ]
                desk().store.open_round(new, desk().clock(), log)
                desk().store.store_change_index()
                flash(_opened(new))
                return redirect(url_for("rounds.rounds"), 303)
        except RoundError as error:
            messages, to_think_over, to_confirm = error.messages, (), []
    for message in messages:
        add_problem(translate_message(message))
    for unit, problem in expected.faults.items():
        add_problem(f"{_units()[unit]}: {problem}", f"expected-{unit}")
    page = render_template(
        "round_new.html",
        form=form,
        expected=expected,
        trees=library.trees.values(),
        askable=[_survey_choice(survey) for survey in library.surveys.values()],
        prices={level.value: usual_price(level.epsilon) for level in ProtectionLevel},
        to_think_over=[translate_message(message) for message in to_think_over],
        to_confirm=[(screen, _pairing_of(screen, new.tree)) for screen in to_confirm],
    )
    return page, 400 if messages or form.errors or expected.faults else 200


def _pairing_of(screen: StaffsScreen, tree: Tree) -> str:
    """Return a sentence with a screen's unit, the day of its pairing, and the account that made the code."""
    return translate(
        "{unit}: skärmen {ending} kopplades {day} av {name}.",
        unit=tree.node(screen.unit_id).name,
        ending=screen.code_ending,
        day=day(screen.paired_at),
        name=screen.account,
    )


def _usual(asked: Iterable[str], files: Mapping[str, Path]) -> str | None:
    """Return the id of the survey or tree that the form of a new round proposes: that of the latest round
    whose survey or tree is still in the library, else the one whose own file was changed last; None if there
    is neither. `asked` has the ids of the surveys or trees of all rounds, the latest first. `files` is id ->
    path of the own file, relative to KIOSK_DATA, for all in the library, also those without such a file."""
    for item_id in asked:
        if item_id in files:
            return item_id
    own = [item_id for item_id, path in files.items() if desk().has_own_file(path)]
    data = desk().own_settings.data if own else Path()
    return max(own, key=lambda item_id: (data / files[item_id]).stat().st_mtime_ns, default=None)


def _has_its_units(form: RoundForm) -> bool:
    """Return whether the chosen units are units of the chosen tree; True if none is chosen. If False, an
    error is added to the form."""
    tree = desk().library.trees[form.tree.data]
    others = [unit for unit in form.units.data or () if unit not in tree.leaves]
    if others:
        form.units.errors = [
            translate("{unit} hör inte till {tree}.", unit=_units()[others[0]], tree=tree.root.name)
        ]
    return not others


def _too_many_kiosks(error: KioskBudgetError) -> str:
    """Return the sentence that asks for a reason why a unit has more kiosks than the new round's budget."""
    return translate(
        "{unit} har redan {kiosks} kiosker, oanvända koder inräknade. Högsta antal för {expected} {people} "
        "är {budget}. Stäng adresser som inte används, eller skriv varför det behövs fler. Det står sedan i "
        "loggen, som all personal ser.",
        unit=error.of_round.tree.node(error.unit_id).name,
        kiosks=error.kiosks,
        expected=error.of_round.expected[error.unit_id],
        people=people_at(error.of_round, error.unit_id).several,
        budget=error.budget,
    )


def _opened(new: Round) -> str:
    """Return the confirmation that a round runs or, if it opens later, is planned."""
    if new.is_running(desk().clock()):
        return translate("Omgången ”{title}” är öppen, {period}.", title=new.title, period=period(new))
    return translate(
        "Omgången ”{title}” är sparad, {period}. Den går att ställa in tills den öppnar.",
        title=new.title,
        period=period(new),
    )


@blueprint.route("/rounds/cancel", methods=["POST"])
@for_coordinator
def cancel() -> ResponseReturnValue:
    """Cancel a round before it opens; its slips are no longer valid. Refused with status 409 for an opened
    round, and while the clock is in doubt. Aborts with 404 for an unknown round."""
    round_id, store = request.form.get("round", ""), desk().store
    rounds = {state.round.id: state.round for state in store.rounds()}
    if round_id not in rounds:
        abort(404)
    cancelled = rounds[round_id]
    log = [entry(Action.ROUND_CANCELLED, f"{cancelled.title}, {period(cancelled)}")]
    try:
        _check_clock()
        store.cancel_round(round_id, desk().clock(), log)
        store.store_change_index()
    except RoundBegunError:
        add_problem(translate("Omgången har öppnat. Då kan ingen ställa in den."))
        return _list(409)
    except RoundError as error:
        for message in error.messages:
            add_problem(translate_message(message))
        return _list(409)
    flash(translate("Omgången ”{title}” är inställd.", title=cancelled.title))
    return redirect(url_for("rounds.rounds"), 303)


def _check_clock() -> None:
    """Raise RoundError while the clock is in doubt: a round's times freeze when it opens."""
    if desk().doubtful_time() is not None:
        raise RoundError(
            Message(
                "Ingen omgång kan öppna eller ställas in medan det är osäkert om serverns klocka går rätt.",
                {},
            )
        )


def _label_in_list(survey: Survey) -> str:
    """Return a survey's label in the list: its title and number of statements. If other surveys have the same
    label, their first difference is added: the survey's first statement that the others lack, if there is
    one."""
    statements = translate("påståenden: {n}", n=len(survey.statements))
    label = f"{survey.title} ({statements})"
    alike = [
        other
        for other in desk().library.surveys.values()
        if (other.title, len(other.statements)) == (survey.title, len(survey.statements)) and other != survey
    ]
    texts_of_others = {statement.text for other in alike for statement in other.statements}
    different = [statement.text for statement in survey.statements if statement.text not in texts_of_others]
    return ": ".join((label, translate("”{text}”", text=different[0]))) if alike and different else label


def _survey_choice(survey: Survey) -> SurveyChoice:
    """Return a survey with the languages in which a round that opens now would ask it."""
    guest = desk().library.guest
    shown = shown_languages(guest, survey, desk().allowed_languages)
    states = [
        (catalogue.language, of_screen(catalogue), of_survey(catalogue, survey))
        for code, catalogue in guest.items()
        if code != REFERENCE
    ]
    return SurveyChoice(
        survey,
        tuple(guest[code].language for code in shown),
        tuple(
            language
            for language, *parts in states
            if all(part.is_complete for part in parts) and not all(part.is_reviewed for part in parts)
        ),
        tuple(
            (language, sum(len(part.missing) for part in parts))
            for language, *parts in states
            if not all(part.is_complete for part in parts)
        ),
    )


def _round_of(form: RoundForm, expected: ExpectedGuests) -> Round:
    """Return the round in a valid form, with an id that no other round has. It closes at the end of its last
    day."""
    survey, level = desk().library.surveys[form.survey.data], ProtectionLevel(form.protection.data)
    opens_at = datetime.combine(form.opens.data, time())
    taken = [state.round.id for state in desk().store.rounds()]
    tree = desk().library.trees[form.tree.data]
    if form.units.data:
        tree = tree.only(form.units.data)
    return Round(
        round_id(survey, opens_at.date(), taken),
        survey,
        tree,
        form.k.data,
        opens_at,
        datetime.combine(min(form.closes.data, LAST_DAY), time()) + timedelta(days=1),
        frozenset(Admission(way) for way in form.admission.data or ()),
        PublicationTime(form.figures.data),
        level.protection,
        level.epsilon,
        expected=expected.at(tree.leaves),
        # The demonstration counts every few seconds: its visitor does not wait for three days.
        least_days=0 if desk().store.is_demonstration else LEAST_DAYS,
        name=form.name.data or "",
    )
