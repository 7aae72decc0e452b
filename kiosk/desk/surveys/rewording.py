"""The question about each changed text of a survey: does it have the same meaning as before?"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from flask import abort, request

from kiosk.desk.context import desk
from kiosk.domain.earlier_figures import figures_from_json
from kiosk.domain.survey import Statement, Survey
from kiosk.library.catalogues import REFERENCE
from kiosk.library.drafts import Draft, new_id
from kiosk.library.rewording import Meaning, Rewording, changed_texts, reworded, with_known_ids


def sent_rewordings(survey: Survey, draft: Draft) -> list[Rewording]:
    """Return a Rewording for each statement of a draft whose text differs from that in the survey, if a round
    asked the statement, or earlier figures or a translation have it. No question is asked about the others.

    A Rewording's meaning is the coordinator's choice in the form; None without a choice, or if the form asked
    about another text. Aborts with 400 for an unknown choice.
    """
    return [
        Rewording(number, before, after, _choice(after))
        for number, before, after in changed_texts(survey.statements, draft.statements)
        if _is_used(before)
    ]


def _choice(statement: Statement) -> Meaning | None:
    """Return the sent answer about the new text of a statement; None without an answer, or if the form asked
    about another text. Aborts with 400 for an unknown answer."""
    if request.form.get(f"asked-{statement.id}") != statement.text:
        return None
    answer = request.form.get(f"meaning-{statement.id}", "")
    if answer and answer not in list(Meaning):
        abort(400)
    return Meaning(answer) if answer else None


def _is_used(statement: Statement) -> bool:
    """Return whether a statement has a round or earlier figures, by its id, or a translation, by its text."""
    if any(statement.id == asked.id for survey in _surveys_of_rounds() for asked in survey.statements):
        return True
    figures = map(figures_from_json, desk().store.earlier_figures.all().values())
    if any(report.known(statement.id) for report in figures):
        return True
    catalogues = desk().library.guest.items()
    return any(statement.text in texts.texts for code, texts in catalogues if code != REFERENCE)


def with_meanings(draft: Draft, rewordings: Iterable[Rewording]) -> Draft:
    """Return the draft with its decided rewordings. A statement with the same meaning keeps its id, and its
    previous text becomes one of its earlier wordings. One with another meaning gets a new id. A statement
    whose rewording is undecided stays as it is."""
    taken = {*_known_ids(), *(statement.id for statement in draft.statements)}
    decided = dict[str, Statement]()
    for rewording in rewordings:
        if rewording.meaning is not None:
            statement = reworded(rewording.before, rewording.after, rewording.meaning, taken)
            decided[rewording.after.id] = statement
            taken.add(statement.id)
    return replace(
        draft, statements=tuple(decided.get(statement.id, statement) for statement in draft.statements)
    )


def with_ids(survey: Survey, statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements of the sent form of a survey, each with an id. A new or changed text gets the id
    of the statement that had it, so that its trend goes on: that of a statement of the survey whose row has
    another text now, else that of one which a round of the survey asked and whose id no row has
    (`with_known_ids`). Any other new statement, whose id is "", and one whose id another row got, gets a new
    id.

    A round of a survey that shares a statement's id with this one, such as the survey that it was copied
    from, counts as a round of it. A round of any other survey gives no id: its answers to the same text are
    not part of this trend.
    """
    own_ids = {statement.id for statement in survey.statements}
    asked = [
        statement
        for state in sorted(desk().store.rounds(), key=lambda state: state.round.opens_at, reverse=True)
        if state.round.survey.id == survey.id or any(map(state.round.survey.asks, own_ids))
        for statement in state.round.survey.statements
    ]
    taken, identified = _known_ids(), list[Statement]()
    for statement in with_known_ids(survey.statements, statements, asked):
        if not statement.id:
            statement = replace(statement, id=new_id(statement.text, taken, "statement"))
            taken.add(statement.id)
        identified.append(statement)
    return tuple(identified)


def _known_ids() -> set[str]:
    """Return the ids of the statements of all surveys and rounds, which no new statement can have."""
    surveys = (*desk().library.surveys.values(), *_surveys_of_rounds())
    return {statement.id for survey in surveys for statement in survey.statements}


def _surveys_of_rounds() -> list[Survey]:
    return [state.round.survey for state in desk().store.rounds()]
