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
from kiosk.domain.survey import Statement, Survey
from kiosk.library.completeness import of_survey
from tests.tools.desk_side import Desk

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
@pytest.mark.parametrize(("meaning", "languages"), [("spelling", 11), ("same", 11), ("other", 0)])
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
