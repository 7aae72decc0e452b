"""A corrected text of a statement keeps what depends on it, if a coordinator says that it means the same."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.ballot import Ballot
from kiosk.domain.results import Break, over_time
from kiosk.domain.snapshot import RoundTally, make_snapshot
from kiosk.domain.survey import Good, Statement, Survey
from kiosk.library.completeness import of_survey
from tests.tools.desk_side import Desk
from tests.tools.languages import GUEST_LANGUAGES

OWN = "/admin/surveys/ombudsmannaskap_2"
QUESTION = "Inget är sparat än. Betyder påståendet samma sak som förut?"
CORRECT = "Verksamheten stödjer mig i kontakt med t.ex. Socialtjänst, skola, psykiatri, arbete och utbildning"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    token = made.token("/admin/surveys")
    made.client.post("/admin/surveys/copy", data={"csrf_token": token, "survey": "ombudsmannaskap"})
    return made


def own(desk: Desk) -> Survey:
    survey: Survey = desk.app.extensions["desk"].library.surveys["ombudsmannaskap_2"]
    return survey


def typo(desk: Desk) -> Statement:
    """The statement with the spelling mistake."""
    return own(desk).statements[1]


def send(page: str, desk: Desk, *texts: str, **answers: str) -> TestResponse:
    """Send the form of a page as a browser does, with the first statements' texts replaced and options of
    the question chosen."""
    [form] = re.findall(r"<form method=\"post\"[^>]* novalidate>(.*?)</form>", page, re.DOTALL)
    data: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>|<textarea.*?</textarea>|<select.*?</select>", form, re.DOTALL):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        if tag.startswith("<textarea"):
            text = re.search(r">(.*)</textarea>", tag, re.DOTALL)
        elif tag.startswith("<select"):
            text = re.search(r'value="([^"]*)" selected', tag)
        elif 'type="radio"' in tag or 'type="checkbox"' in tag:
            text = value if " checked" in tag else None
        else:
            text = value
        if text:
            data.setdefault(name[1], []).append(unescape(text[1]))
    data["text"][: len(texts)] = texts
    data["outcome"] = [outcome or "Trygghet" for outcome in data["outcome"]]
    return desk.client.post(OWN, data={**data, **{name: [value] for name, value in answers.items()}})


def change(desk: Desk, text: str, meaning: str) -> TestResponse:
    """Change the text of the statement with the mistake, and answer the question."""
    statement, first = typo(desk), own(desk).statements[0].text
    asked = send(desk.client.get(OWN).text, desk, first, text)
    assert (asked.status_code, QUESTION in asked.text) == (200, True)
    return send(asked.text, desk, **{f"meaning-{statement.id}": meaning})


def test_a_changed_text_is_saved_only_after_a_question_about_its_meaning(desk: Desk) -> None:
    before, first = own(desk), own(desk).statements[0].text
    asked = send(desk.client.get(OWN).text, desk, first, CORRECT)
    assert own(desk) == before
    assert f'<del lang="sv">{before.statements[1].text}</del>' in asked.text
    assert f'<ins lang="sv">{CORRECT}</ins>' in asked.text
    assert f">{CORRECT}</textarea>" in asked.text, "what was typed stays"
    assert asked.text.count('id="notice"') == 1, "the question has the focus"
    assert asked.text.count("<del ") == 1, "one question for one changed text"
    assert asked.text.index("<del ") < asked.text.index('id="title"'), "at the top of the form"
    again = send(asked.text, desk)
    assert (again.status_code, QUESTION in again.text) == (200, True), "no answer is no yes"
    assert own(desk) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("meaning", "languages"),
    [("spelling", len(GUEST_LANGUAGES) - 1), ("same", len(GUEST_LANGUAGES) - 1), ("other", 0)],
)
def test_a_spelling_correction_hides_no_language(desk: Desk, meaning: str, languages: int) -> None:
    before = typo(desk)
    assert change(desk, CORRECT, meaning).status_code == 303
    after, guest = typo(desk), desk.app.extensions["desk"].library.guest
    assert after.text == CORRECT
    assert (after.id == before.id) == (meaning != "other")
    complete = [code for code in guest if code != "sv" and of_survey(guest[code], own(desk)).is_complete]
    assert len(complete) == languages


@pytest.mark.slow
def test_the_trend_continues_only_if_the_meaning_is_the_same(desk: Desk) -> None:
    def breaks(statement: Statement) -> list[tuple[Break, ...]]:
        later = replace(desk.round, id="later", survey=own(desk), opens_at=desk.round.closes_at)
        rounds = [desk.round, later]
        tallies = [RoundTally(of_round, False, {}, {}) for of_round in rounds]
        document = make_snapshot(tallies, desk.now, demonstration=False)
        return [row.breaks for row in over_time(document, rounds, "frida", statement.id)]

    change(desk, CORRECT, "spelling")
    change(desk, "Personalen hjälper mig att få kontakt med andra", "same")
    assert breaks(typo(desk)) == [(), ()]
    change(desk, "Jag är trygg här", "other")
    assert breaks(typo(desk)) == [()]


@pytest.mark.slow
def test_a_statement_with_another_meaning_says_that_it_is_new(desk: Desk) -> None:
    def asked(round_id: str) -> Survey:
        return next(state.round.survey for state in desk.store.rounds() if state.round.id == round_id)

    def pages_of(round_id: str) -> tuple[str, str]:
        page = desk.client.get(f"/admin/overview/{round_id}/frida").text
        statement = asked(round_id).statements[1].id
        return page, desk.client.get(f"/admin/results/{round_id}/frida/{statement}").text

    new = "Påståendet är nytt i enkäten: tidigare omgångar frågade inte samma sak."
    alone = "Ingen tidigare avslutad omgång har påståendet här"
    for number, meaning in enumerate(["", "spelling", "other"]):
        desk.sign_in()
        if meaning:
            change(desk, CORRECT + "!" * number, meaning)
        opens = desk.now + timedelta(days=100)
        of_round = replace(
            desk.round,
            id=f"own{number}",
            survey=own(desk),
            opens_at=opens,
            closes_at=opens + timedelta(days=30),
        )
        desk.now = opens
        desk.store.open_round(of_round, opens)
        for _ in range(30):
            desk.store.cast(of_round.id, "frida", Ballot((4, 5, 3, 2)), opens)
        desk.now = of_round.closes_at
        desk.store.count(desk.now)
    desk.sign_in()
    overviews, pages = zip(*(pages_of(f"own{number}") for number in range(3)), strict=True)
    assert [new in page for page in pages] == [False, False, True]
    assert [page.count(alone) for page in overviews] == [0, 0, 1]


@pytest.mark.slow
def test_earlier_texts_are_kept_through_several_changes(desk: Desk) -> None:
    first = typo(desk).text
    change(desk, CORRECT, "spelling")
    change(desk, "Stöd utåt", "same")
    change(desk, "Stöd utåt!", "spelling")
    assert typo(desk).earlier_spellings == ("Stöd utåt",)
    assert typo(desk).earlier_wordings == (CORRECT, first)
    change(desk, first, "same")
    assert typo(desk).texts == (first, "Stöd utåt!", "Stöd utåt", CORRECT)
    change(desk, CORRECT, "other")
    assert typo(desk).texts == (CORRECT,)


def test_an_answer_about_the_meaning_is_valid_for_its_text_only(desk: Desk) -> None:
    before, first = typo(desk), own(desk).statements[0].text
    asked = send(desk.client.get(OWN).text, desk, first, CORRECT)
    answers = {f"meaning-{before.id}": "spelling"}
    again = send(asked.text, desk, first, "Jag är otrygg här", **answers)
    assert (again.status_code, QUESTION in again.text) == (200, True)
    assert typo(desk) == before


def test_an_unknown_choice_for_a_changed_texts_meaning_is_refused(desk: Desk) -> None:
    assert change(desk, CORRECT, "perhaps").status_code == 400


def test_faults_are_reported_before_the_question(desk: Desk) -> None:
    refused = send(desk.client.get(OWN).text, desk, own(desk).statements[0].text, CORRECT, title="")
    assert (refused.status_code, "behöver ett namn" in refused.text) == (400, True)


def test_a_survey_cannot_take_the_name_of_another(desk: Desk) -> None:
    title = desk.round.survey.title
    refused = send(desk.client.get(OWN).text, desk, title=title.upper())
    assert (refused.status_code, "En annan enkät har samma namn." in refused.text) == (400, True)
    assert send(desk.client.get(OWN).text, desk).status_code == 303, "its own name stays"


def test_a_text_without_rounds_or_translations_changes_without_a_question(desk: Desk) -> None:
    rows = {"place": ["1"], "id": [""], "text": ["Kaffet är got"], "outcome": ["Trivsel"], "scale": ["yes5"]}
    page = desk.client.get(OWN).text
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    fields = {"title": "Vår", "source": "Vi", "licence": "Fri", "seen": seen[1]}
    desk.client.post(OWN, data={"csrf_token": desk.token("/admin/walls"), **fields, **rows})
    before = own(desk).statements[0]
    assert send(desk.client.get(OWN).text, desk, "Kaffet är gott").status_code == 303
    assert own(desk).statements[0] == replace(before, text="Kaffet är gott")


@pytest.mark.slow
def test_a_new_statement_never_has_the_id_of_another_meaning(desk: Desk) -> None:
    change(desk, "Jag är trygg här", "other")
    first = typo(desk).id
    later, closes = desk.round.closes_at, desk.round.closes_at + timedelta(days=90)
    asked = replace(desk.round, id="later", survey=own(desk), opens_at=later, closes_at=closes)
    desk.store.open_round(asked, desk.now)
    change(desk, "Jag är trygg här och nu", "other")
    second = typo(desk).id
    texts = [statement.text for statement in own(desk).statements]
    texts[1] = ""
    assert send(desk.client.get(OWN).text, desk, *texts, "Jag är trygg här i dag").status_code == 303
    third = own(desk).statements[-1]
    assert third.text == "Jag är trygg här i dag"
    assert (first, second, third.id) == ("jag_ar_trygg_har", "jag_ar_trygg_har_2", "jag_ar_trygg_har_3")


def test_reviewers_see_the_previous_wording_of_a_changed_text(desk: Desk) -> None:
    before = typo(desk).text
    change(desk, "Personalen stödjer mig", "same")
    page = unescape(desk.client.get("/admin/languages/fi?survey=ombudsmannaskap_2").text)
    assert page.count("Kontrollera: översatt från") == 1
    assert f"Kontrollera: översatt från ”{before}”." in page


def later_round(desk: Desk, name: str, survey: Survey | None = None) -> None:
    """Open a round of the own survey as it is now, or of another survey, and count 30 guests' answers."""
    desk.now += timedelta(days=100)
    survey = survey or own(desk)
    asked = replace(
        desk.round, id=name, survey=survey, opens_at=desk.now, closes_at=desk.now + timedelta(days=30)
    )
    desk.store.open_round(asked, desk.now)
    for _ in range(30):
        desk.store.cast(name, "frida", Ballot((4,) * len(survey.statements)), desk.now)
    desk.now = asked.closes_at
    desk.store.count(desk.now)
    desk.sign_in()


def trend(desk: Desk, statement: Statement) -> list[tuple[str, tuple[Break, ...]]]:
    """The rounds of a statement's trend, and what breaks it before each of them."""
    rounds = [state.round for state in desk.store.rounds()]
    document = desk.store.snapshot()
    return [(row.round.id, row.breaks) for row in over_time(document, rounds, "frida", statement.id)]


def texts_of(desk: Desk) -> list[str]:
    return [statement.text for statement in own(desk).statements]


def remove_second(desk: Desk) -> Statement:
    """Save the survey without its second statement, which is returned."""
    removed = own(desk).statements[1]
    assert send(desk.client.get(OWN).text, desk, texts_of(desk)[0], "").status_code == 303
    return removed


def add_again(desk: Desk, text: str) -> Statement:
    """Save the survey with a statement in the first empty row, and return it."""
    texts = [*texts_of(desk), text]
    assert send(desk.client.get(OWN).text, desk, *texts).status_code == 303
    return own(desk).statements[-1]


BOTH = [("r", ()), ("own1", ()), ("own2", ())]
"""The whole trend: the survey is a copy of the one in the round "r"."""


@pytest.mark.slow
@pytest.mark.parametrize("round_between", [False, True])
def test_a_statement_that_was_removed_comes_back_with_its_trend(desk: Desk, round_between: bool) -> None:
    later_round(desk, "own1")
    removed = remove_second(desk)
    if round_between:
        later_round(desk, "between")
    later_round(desk, "other", replace(own(desk), id="other_survey"))
    back = add_again(desk, removed.text)
    later_round(desk, "own2")
    assert (back.id, trend(desk, back)) == (removed.id, BOTH)


def test_a_statement_of_a_copy_comes_back_with_the_trend_of_the_original(desk: Desk) -> None:
    removed = remove_second(desk)
    assert add_again(desk, removed.text).id == removed.id


def test_a_statement_that_is_removed_and_added_in_one_save_keeps_its_id(desk: Desk) -> None:
    before, texts = own(desk).statements, texts_of(desk)
    added = [texts[0], "", *texts[2:], texts[1]]
    assert send(desk.client.get(OWN).text, desk, *added).status_code == 303, "no question is asked"
    assert [statement.id for statement in own(desk).statements] == [before[at].id for at in (0, 2, 3, 1)]


@pytest.mark.slow
def test_texts_that_change_places_take_their_trends_with_them(desk: Desk) -> None:
    later_round(desk, "own1")
    first, second, third, last = own(desk).statements
    swapped = send(desk.client.get(OWN).text, desk, second.text, third.text, first.text)
    assert swapped.status_code == 303, "no question is asked"
    later_round(desk, "own2")
    expected = [(one.id, one.text) for one in (second, third, first, last)]
    assert [(one.id, one.text) for one in own(desk).statements] == expected
    assert all(trend(desk, statement) == BOTH for statement in own(desk).statements)


@pytest.mark.slow
@pytest.mark.parametrize("round_between", [False, True])
def test_a_text_that_is_changed_back_gets_its_trend_back(desk: Desk, round_between: bool) -> None:
    later_round(desk, "own1")
    before = typo(desk)
    change(desk, "Jag är trygg här", "other")
    changed = typo(desk)
    assert changed.id != before.id
    if round_between:
        later_round(desk, "between")
    assert send(desk.client.get(OWN).text, desk, texts_of(desk)[0], before.text).status_code == 303
    later_round(desk, "own2")
    assert trend(desk, typo(desk)) == BOTH
    if round_between:
        assert trend(desk, changed) == [("between", ())], "each text has its own trend"


@pytest.mark.slow
def test_an_earlier_wording_comes_back_with_the_trend_of_both(desk: Desk) -> None:
    before = typo(desk)
    later_round(desk, "own1")
    change(desk, CORRECT, "same")
    later_round(desk, "own2")
    remove_second(desk)
    back = add_again(desk, before.text)
    assert (back.id, back.texts, trend(desk, back)) == (before.id, (before.text, CORRECT), BOTH)


@pytest.mark.slow
def test_a_text_that_another_survey_asked_is_a_new_statement(desk: Desk) -> None:
    asked = replace(own(desk).statements[0], id="jag_ar_trygg_har", text="Jag är trygg här")
    later_round(desk, "elsewhere", replace(own(desk), id="another", statements=(asked,)))
    added = add_again(desk, asked.text)
    assert (added.text, added.id) == (asked.text, "jag_ar_trygg_har_2")
    later_round(desk, "own1")
    assert trend(desk, added) == [("own1", ())]


@pytest.mark.slow
@pytest.mark.parametrize("other", ["scale", "direction"])
def test_the_same_text_of_another_question_starts_anew(desk: Desk, other: str) -> None:
    later_round(desk, "own1")
    removed = remove_second(desk)
    page = desk.client.get(OWN).text
    if other == "scale":
        page = page.replace(f'value="{removed.scale.id}" selected', f'value="{removed.scale.id}"')
        page = page.replace('value="frequency5"', 'value="frequency5" selected')
    if other == "direction":
        assert removed.good is Good.HIGH
        for value in ("", "high"):
            page = page.replace(f'<option value="{value}" selected>', f'<option value="{value}">')
        page = page.replace('<option value="low">', '<option value="low" selected>')
    assert send(page, desk, *texts_of(desk), removed.text).status_code == 303
    back = own(desk).statements[-1]
    assert (back.text, back.id == removed.id) == (removed.text, False)


@pytest.mark.slow
def test_a_changed_translation_alone_continues_the_trend(desk: Desk) -> None:
    later_round(desk, "own1")
    english = {**own(desk).translations["en"], typo(desk).text: "Another translation"}
    changed = replace(own(desk), translations={**own(desk).translations, "en": english})
    later_round(desk, "own2", changed)
    assert changed.version != own(desk).version
    assert trend(desk, typo(desk)) == BOTH
