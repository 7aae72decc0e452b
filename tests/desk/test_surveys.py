"""A coordinator writes a survey in the browser, translates it, and sees it as a guest does."""

import io
import json
import re
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from tempfile import gettempdir

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.rounds import Admission, Round
from kiosk.guest.app import create_guest_app
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.completeness import of_screen, of_survey
from kiosk.library.drafts import reviews
from tests.tools.desk_side import Desk, expecting
from tests.tools.form_import import send_and_keep
from tests.tools.xlsforms import ASKED, CHOICES, HEAD, sheet

OWN = "/admin/surveys/ombudsmannaskap_2"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.sign_in()
    return made


def copied(desk: Desk) -> TestResponse:
    token = desk.token("/admin/surveys")
    return desk.client.post("/admin/surveys/copy", data={"csrf_token": token, "survey": "ombudsmannaskap"})


def save(desk: Desk, statements: list[tuple[str, str, str]], **changes: str) -> TestResponse:
    """Post the form with (position, id, text) for each row, and return the response."""
    seen = re.search(r'name="seen" value="(\w+)"', desk.client.get(OWN).text)
    data: dict[str, object] = {
        "csrf_token": desk.token("/admin/walls"), "seen": seen.group(1) if seen else "",
        "title": "Våra frågor", "source": "Vi själva",
        "licence": "Fria", "place": [row[0] for row in statements], "id": [row[1] for row in statements],
        "text": [row[2] for row in statements], "outcome": ["Trygghet"] * len(statements),
        "scale": ["yes5"] * len(statements), "good": ["high"] * len(statements),
        "agreeing": [""] * len(statements),
    }  # fmt: skip
    for _, statement_id, text in statements:
        data |= {f"asked-{statement_id}": text, f"meaning-{statement_id}": "same"}
    return desk.client.post(OWN, data={**data, **changes})


def asked(desk: Desk) -> list[tuple[str, str]]:
    own = desk.app.extensions["desk"].library.surveys["ombudsmannaskap_2"]
    return [(statement.id, statement.text) for statement in own.statements]


def test_a_survey_can_be_copied_reworded_and_reordered(desk: Desk) -> None:
    assert copied(desk).headers["Location"] == OWN
    assert len(asked(desk)) == 4
    rows = [("2", "listened", "Personalen lyssnar på mig"), ("1", "feel_better", "Jag mår bättre"),
            ("3", "rights_knowledge", ""), ("4", "", "Jag är trygg här")]  # fmt: skip
    assert save(desk, rows).status_code == 303
    assert asked(desk) == [
        ("feel_better", "Jag mår bättre"),
        ("listened", "Personalen lyssnar på mig"),
        ("jag_ar_trygg_har", "Jag är trygg här"),
    ]


def test_a_changed_survey_gets_a_new_version_and_old_rounds_keep_theirs(desk: Desk) -> None:
    copied(desk)
    library = desk.app.extensions["desk"].library
    before = library.surveys["ombudsmannaskap_2"]
    of_round = Round(
        "mine", before, library.trees["vasteras"], 5, datetime(2026, 6, 1), datetime(2026, 8, 1),
        frozenset({Admission.KIOSK}),
    )  # fmt: skip
    desk.store.open_round(of_round, desk.now)
    save(desk, [("1", "listened", "Andra ord")])
    after = desk.app.extensions["desk"].library.surveys["ombudsmannaskap_2"]
    assert after.version != before.version
    [kept] = [state.round for state in desk.store.rounds() if state.round.id == "mine"]
    assert kept.survey == before


@pytest.mark.slow
def test_a_round_can_be_opened_with_an_own_survey(desk: Desk) -> None:
    copied(desk)
    save(desk, [("1", "listened", "Jag är trygg här")])
    day = desk.now.date()
    data = {
        "csrf_token": desk.token("/admin/walls"), "survey": "ombudsmannaskap_2", "tree": "vasteras",
        "k": "5", "opens": str(day + timedelta(days=100)), "closes": str(day + timedelta(days=150)),
        "admission": "kiosk", "figures": "live", "protection": "protected", "understood": "y",
        **expecting(desk),
    }  # fmt: skip
    assert desk.client.post("/admin/rounds/new", data=data).status_code == 303
    assert desk.store.rounds()[0].round.survey.statements[0].text == "Jag är trygg här"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "behöver ett namn"),
        ({"text": "x" * 201}, "högst 200 tecken"),
        ({"text": ""}, "minst ett"),
    ],
)
def test_invalid_input_is_reported_and_stays_in_the_form(
    desk: Desk, changes: dict[str, str], message: str
) -> None:
    copied(desk)
    before = asked(desk)
    refused = save(desk, [("1", "listened", "Nya ord")], **changes)
    assert (refused.status_code, message in refused.text) == (400, True)
    if "text" not in changes:
        assert ">Nya ord</textarea>" in refused.text
    assert asked(desk) == before


def test_advice_on_wording_is_shown_beside_the_statement(desk: Desk) -> None:
    copied(desk)
    page = desk.client.get(OWN).text
    assert page.count("Frågar om flera saker") == 1
    assert "LIX 59" in page


def test_a_shipped_survey_cannot_be_changed(desk: Desk) -> None:
    assert desk.client.get("/admin/surveys/ombudsmannaskap").status_code == 403
    assert desk.client.get("/admin/surveys/no_such").status_code == 404


def test_a_preview_is_the_guests_page_and_stores_no_ballot(desk: Desk) -> None:
    page = desk.client.get("/admin/surveys/ombudsmannaskap/preview?lang=ar").text
    assert '<html lang="ar" dir="rtl">' in page
    assert "/admin/static/guest.js" in page
    assert page.count("<fieldset>") == 4
    assert "Svarskiosk" not in page
    before = desk.store.snapshot_text()
    answers = dict.fromkeys(("listened", "feel_better"), "5")
    sent = desk.client.post("/admin/surveys/ombudsmannaskap/preview", data=answers)
    assert sent.headers["Location"] == "/admin/surveys/ombudsmannaskap/preview/thanks"
    assert "Tack för dina svar!" in desk.client.get(sent.headers["Location"]).text
    desk.store.count(desk.round.closes_at)
    assert before != desk.store.snapshot_text()
    assert [node["answered"] for node in desk.store.snapshot()["rounds"][0]["nodes"]] == [None] * 6


def translate(desk: Desk, code: str, survey: str, words: dict[str, tuple[str, bool]]) -> TestResponse:
    """Post the page with these texts changed, and all others as they stand."""
    path = f"/admin/languages/{code}" + (f"?survey={survey}" if survey else "")
    page = desk.client.get(path).text
    rows = re.findall(
        r'id="message-(\w+)">([^<]*)</th>.*?value="(\w+)">\s*<textarea[^>]*>([^<]*)</textarea>.*?'
        r'value="y"( checked)?',
        page,
        re.DOTALL,
    )
    data = {"csrf_token": desk.token("/admin/walls")}
    for number, message, seen, text, checked in rows:
        data[f"seen-{number}"] = seen
        new, is_reviewed = words.get(message, (text, bool(checked)))
        data[f"text-{number}"] = new
        if is_reviewed:
            data[f"reviewed-{number}"] = "y"
    assert set(words) <= {row[1] for row in rows}
    return desk.client.post(path, data=data)


@pytest.mark.slow
def test_a_translation_is_stored_with_its_reviewer(desk: Desk) -> None:
    copied(desk)
    save(desk, [("1", "listened", "Jag är trygg här")])
    labels = list(desk.app.extensions["desk"].library.surveys["ombudsmannaskap_2"].messages)
    words = {label: (f"in English: {label}", True) for label in labels}
    assert translate(desk, "en", "ombudsmannaskap_2", words).status_code == 303
    page = desk.client.get("/admin/languages/en?survey=ombudsmannaskap_2").text
    assert page.count("anna, 2026-03-02") == len(labels)
    preview = desk.client.get(f"{OWN}/preview?lang=en").text
    assert "in English: Jag är trygg här" in preview
    assert desk.app.extensions["desk"].library.surveys["ombudsmannaskap_2"].translations["en"]


@pytest.mark.slow
def test_a_language_is_shown_to_guests_once_every_text_is_reviewed(desk: Desk) -> None:
    def shown() -> bool:
        page = desk.client.get("/admin/languages").text
        state = re.search(r'<span\s+lang="en".*?</th>\s*<td>(Visas|<strong>Dolt)', page, re.DOTALL)
        assert state
        return state.group(1) == "Visas"

    assert not shown()
    for survey in ("", "ombudsmannaskap", "ombudsmannaskap_egenmakt", "ombudsmannaskap_latt"):
        path = "/admin/languages/en" + (f"?survey={survey}" if survey else "")
        messages = re.findall(r'id="message-\w+">([^<]*)</th>', desk.client.get(path).text)
        texts = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", desk.client.get(path).text)
        translate(desk, "en", survey, {m: (t, True) for m, t in zip(messages, texts, strict=True)})
    assert shown()


def review_all(desk: Desk, path: str, page: str) -> TestResponse:
    """Send a page of texts as it was opened, with the tick for all of them."""
    fields = re.findall(r'name="(seen-\w+)" value="(\w+)"', page)
    fields += re.findall(r'<textarea name="(text-\w+)"[^>]*>([^<]*)</textarea>', page)
    fields += re.findall(r'name="(text-\w+)"\s+value="([^"]*)"', page)
    data = {name: unescape(value) for name, value in fields}
    return desk.client.post(
        path, data={**data, "csrf_token": desk.token("/admin/walls"), "all-reviewed": "y"}
    )


@pytest.mark.slow
def test_one_tick_reviews_all_texts_of_a_page(desk: Desk) -> None:
    copied(desk)
    save(desk, [("1", "", "Kaffet är gott")])
    for path in ("/admin/languages/fi", "/admin/languages/fi?survey=ombudsmannaskap_2", "/admin/reference"):
        assert review_all(desk, path, desk.client.get(path).text).status_code == 303
    guest = desk.app.extensions["desk"].library.guest
    own = desk.app.extensions["desk"].library.surveys["ombudsmannaskap_2"]
    assert of_screen(guest["fi"]).is_reviewed
    assert of_screen(guest["sv"]).is_reviewed
    state = of_survey(guest["fi"], own)
    assert (state.missing, state.unreviewed) == (("Kaffet är gott",), ()), "nothing is no translation"
    other = of_survey(guest["fi"], desk.app.extensions["desk"].library.surveys["ombudsmannaskap"])
    assert other.unreviewed, "texts of other pages stay"


@pytest.mark.slow
def test_one_tick_does_not_review_texts_changed_since_the_page_was_opened(desk: Desk) -> None:
    page = desk.client.get("/admin/languages/fi").text
    translate(desk, "fi", "", {"Börja": ("Toinen", False)})
    refused = review_all(desk, "/admin/languages/fi", page)
    assert (refused.status_code, "Någon annan har ändrat texten" in refused.text) == (400, True)
    assert not of_screen(desk.app.extensions["desk"].library.guest["fi"]).is_reviewed


@pytest.mark.slow
def test_missing_texts_of_an_own_survey_are_counted_on_every_page_with_its_languages(desk: Desk) -> None:
    copied(desk)
    save(desk, [("1", "", "Kaffet är gott"), ("2", "", "Teet är gott")])
    table = desk.client.get("/admin/languages").text
    [row] = re.findall(r'<tr><th scope="row"><span\s+lang="fi".*?</tr>', table, re.DOTALL)
    assert re.findall(r"\d+ av \d+ saknas", row) == ["2 av 7 saknas"]
    assert desk.client.get(OWN).text.count(": 2 av 7 saknas") == 11
    page = " ".join(re.sub(r"<[^>]+>", "", desk.client.get("/admin/rounds/new").text).split())
    assert "Texter saknas på: English (engelska): 2, العربية (arabiska): 2," in page
    assert page.count("Texter saknas på:") == 3, "the two instruments are in English only"


def test_an_invalid_translation_is_refused_and_nothing_is_saved(desk: Desk, tmp_path: Path) -> None:
    refused = translate(
        desk, "en", "", {"Fråga {n} av {total}": ("Question {n}", True), "Börja": ("Go", True)}
    )
    assert refused.status_code == 400
    assert "samma ord inom klamrar" in refused.text
    assert ">Question {n}</textarea>" in refused.text
    assert not (tmp_path / "translations").exists()


def upload(desk: Desk, content: bytes) -> TestResponse:
    return send_and_keep(desk, content, "kobo.xlsx")


def test_a_survey_exported_as_a_spreadsheet_can_be_imported_as_a_new_one(desk: Desk) -> None:
    content = desk.client.get("/admin/surveys/ombudsmannaskap.xlsx").get_data()
    assert upload(desk, content).headers["Location"] == OWN
    library = desk.app.extensions["desk"].library
    seed, own = library.surveys["ombudsmannaskap"], library.surveys["ombudsmannaskap_2"]
    assert own.statements == seed.statements
    assert own.source == "XLSForm kobo.xlsx"
    assert own.translations == seed.translations


@pytest.mark.slow
def test_a_new_scale_is_imported_with_its_survey(desk: Desk, tmp_path: Path) -> None:
    content = sheet([HEAD, ASKED], [CHOICES[0], ["yes", 1, "Otrygg"], ["yes", 2, "Trygg"]])
    assert upload(desk, content).status_code == 303
    assert upload(desk, content).status_code == 303
    library = desk.app.extensions["desk"].library
    assert library.surveys["imported"].statements[0].scale.labels == ("Otrygg", "Trygg")
    assert library.surveys["imported_2"].statements == library.surveys["imported"].statements
    assert [path.name for path in (tmp_path / "questions" / "scales").iterdir()] == ["yes.toml"]


@pytest.mark.parametrize("content", [b"", b"no spreadsheet", sheet([HEAD, ["text", "a", "A"]], CHOICES)])
def test_a_spreadsheet_that_is_not_a_survey_is_refused_and_leaves_nothing(
    desk: Desk, tmp_path: Path, content: bytes
) -> None:
    refused = upload(desk, content)
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert not (tmp_path / "questions").exists()


@pytest.mark.parametrize(
    "path", ["/admin/languages/sv", "/admin/languages/xx", "/admin/languages/en?survey=x"]
)
def test_swedish_and_unknown_languages_or_surveys_have_no_translation_page(desk: Desk, path: str) -> None:
    assert desk.client.get(path).status_code == 404


def test_staff_cannot_see_or_change_surveys(desk: Desk) -> None:
    desk.client.post("/admin/sign-out", data={"csrf_token": desk.token("/admin/rounds")})
    desk.sign_in("bo")
    for path in ("/admin/surveys", OWN, "/admin/surveys/ombudsmannaskap/preview", "/admin/languages/en"):
        assert desk.client.get(path).status_code == 403


def test_a_preview_contains_the_texts_of_the_guests_form(desk: Desk) -> None:
    """The preview's form is the guest's; what it posts would be a ballot on the guests' side."""
    page = desk.client.get("/admin/surveys/ombudsmannaskap/preview").text
    words = re.search(r'id="words">(.*?)</script>', page, re.DOTALL)
    assert words
    assert set(json.loads(words.group(1))["languages"]) >= {"sv", "ar", "fa", "en"}
    assert NoAnswer.PREFER_NOT in page


def send_file(desk: Desk, content: bytes) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/walls"), "file": (io.BytesIO(content), "guest-en.po")}
    return desk.client.post("/admin/languages/en/file", data=data)


def test_a_translators_file_can_be_downloaded_and_uploaded_with_changes(desk: Desk) -> None:
    sent = desk.client.get("/admin/languages/en.po").get_data()
    assert send_file(desk, sent).status_code == 303
    assert reviews(desk.settings, "en") == {}
    before = desk.app.extensions["desk"].library.guest["en"]
    changed = sent.replace(
        b'#, fuzzy\nmsgid "B\xc3\xb6rja"\nmsgstr "Start"', b'msgid "B\xc3\xb6rja"\nmsgstr "Begin"'
    )
    assert changed != sent
    assert send_file(desk, changed).status_code == 303
    after = desk.app.extensions["desk"].library.guest["en"]
    assert after.texts == {**before.texts, "Börja": "Begin"}
    assert set(before.unreviewed) - set(after.unreviewed) == {"Börja"}
    assert reviews(desk.settings, "en") == {"Börja": "anna, 2026-03-02"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'msgid "Inte v\xc3\xa5r"\nmsgstr "Not ours"\n', "Filens huvud"),
        ('msgid "Fråga {n} av {total}"\nmsgstr "Question"\n'.encode(), "Rad 1 i filen"),
        (b"\xff\xfe", "Filen är inte sparad i UTF-8"),
        (b'msgid "x', "Rad 1 i filen"),
    ],
)
def test_an_invalid_translators_file_is_refused_with_its_line(
    desk: Desk, tmp_path: Path, content: bytes, message: str
) -> None:
    refused = send_file(desk, content)
    assert (refused.status_code, message in refused.text) == (400, True)
    assert gettempdir() not in refused.text
    assert not (tmp_path / "translations").exists()


@pytest.mark.slow
def test_a_form_loaded_before_a_change_overwrites_nothing(desk: Desk) -> None:
    copied(desk)
    old = re.search(r'name="seen" value="(\w+)"', desk.client.get(OWN).text)
    assert old
    save(desk, [("1", "listened", "Jag är trygg här"), ("2", "", "Jag är varm")])
    kept = asked(desk)
    refused = save(desk, [("1", "listened", "Min egen mening")], seen=old.group(1))
    assert refused.status_code == 400
    assert "Någon annan har ändrat enkäten" in refused.text
    assert ">Min egen mening</textarea>" in refused.text
    assert asked(desk) == kept


@pytest.mark.slow
@pytest.mark.parametrize(
    ("places", "order"),
    [
        ("1234", "abcd"),
        ("1232", "adbc"),
        ("3234", "bcad"),
        ("4234", "bcda"),
        ("2134", "bacd"),
        ("9991", "dabc"),
        ("1114", "bcad"),
        ("1222", "acdb"),
    ],
)
def test_statements_are_ordered_by_their_typed_positions(desk: Desk, places: str, order: str) -> None:
    copied(desk)
    save(desk, [(place, "", f"Påstående {name}") for place, name in zip(places, "abcd", strict=True)])
    assert [text[-1] for _, text in asked(desk)] == list(order)


def test_an_invisible_statement_is_refused(desk: Desk) -> None:
    copied(desk)
    refused = save(desk, [("1", "listened", "\u200b")])
    assert refused.status_code == 400
    assert "skriv något som går att läsa" in refused.text


class Open:
    """A translation page as somebody has it open, to be sent later."""

    def __init__(self, desk: Desk, path: str) -> None:
        self.desk, self.path = desk, path
        page = desk.client.get(path).text
        self.keys = dict(re.findall(r'id="message-(\w+)">([^<]*)</th>', page))
        seen = re.findall(r'name="(seen-\w+)" value="(\w+)"', page)
        texts = re.findall(r'<textarea\s+name="(text-\w+)"[^>]*>([^<]*)</textarea>', page)
        self.form = {**dict(seen), **dict(texts)}

    def send(self, message: str, text: str) -> TestResponse:
        """Send it with one text changed and marked reviewed."""
        key = next(key for key, text in self.keys.items() if text == message)
        changed = {f"text-{key}": text, f"reviewed-{key}": "y"}
        token = {"csrf_token": self.desk.token("/admin/walls")}
        return self.desk.client.post(self.path, data={**token, **self.form, **changed})


@pytest.mark.slow
def test_a_translation_page_opened_before_a_reordering_translates_the_right_text(desk: Desk) -> None:
    copied(desk)
    save(desk, [("1", "", "Första"), ("2", "", "Andra")])
    page = Open(desk, "/admin/languages/en?survey=ombudsmannaskap_2")
    save(desk, [("1", "", "Andra"), ("2", "", "Första"), ("3", "", "Tredje")])
    assert page.send("Första", "First").status_code == 303
    texts_now = desk.app.extensions["desk"].library.guest["en"].texts
    assert texts_now["Första"] == "First"
    assert "Andra" not in texts_now


@pytest.mark.slow
def test_concurrent_translators_do_not_overwrite_each_other(desk: Desk) -> None:
    one, other = (Open(desk, "/admin/languages/en") for _ in range(2))
    assert one.send("Börja", "Go").status_code == 303
    assert other.send("Nästa", "Forward").status_code == 303
    texts = desk.app.extensions["desk"].library.guest["en"].texts
    assert (texts["Börja"], texts["Nästa"]) == ("Go", "Forward")
    refused = other.send("Börja", "Start now")
    assert refused.status_code == 400
    assert "Nu är den ”Go”" in refused.text
    assert desk.app.extensions["desk"].library.guest["en"].texts["Börja"] == "Go"
    again = Open(desk, "/admin/languages/en")
    assert again.send("Börja", "Start now").status_code == 303


@pytest.mark.slow
def test_a_file_of_another_language_is_refused(desk: Desk) -> None:
    polish = desk.client.get("/admin/languages/pl.po").get_data()
    assert b"Language: pl" in polish
    token = desk.token("/admin/walls")
    for path, status in (("ar", 400), ("pl", 303)):
        data = {"csrf_token": token, "file": (io.BytesIO(polish.replace(b"#, fuzzy\n", b"")), "x.po")}
        refused = desk.client.post(f"/admin/languages/{path}/file", data=data)
        assert refused.status_code == status
    assert desk.app.extensions["desk"].library.guest["ar"].unreviewed


@pytest.mark.slow
def test_importing_a_survey_keeps_translations_of_other_surveys(desk: Desk) -> None:
    guest = desk.app.extensions["desk"].library.guest["ar"]
    label = desk.app.extensions["desk"].library.surveys["ombudsmannaskap"].messages[0]
    Open(desk, "/admin/languages/ar?survey=ombudsmannaskap").send(label, guest.texts[label])
    before = desk.app.extensions["desk"].library.guest["ar"]
    assert label not in before.unreviewed
    sheet = desk.client.get("/admin/surveys/ombudsmannaskap.xlsx").get_data()
    assert send_and_keep(desk, sheet).status_code == 303
    after = desk.app.extensions["desk"].library.guest["ar"]
    assert (after.texts, after.unreviewed) == (before.texts, before.unreviewed)


def titles(desk: Desk) -> list[str]:
    return [one.title for one in desk.app.extensions["desk"].library.surveys.values()]


@pytest.mark.slow
def test_no_two_surveys_have_the_same_title(desk: Desk) -> None:
    copied(desk)
    copied(desk)
    sheet = desk.client.get("/admin/surveys/ombudsmannaskap_2.xlsx").get_data()
    assert upload(desk, sheet).status_code == 303
    assert len(set(titles(desk))) == len(titles(desk)) == 8
    assert "Ombudsmannaskap i Dagverksamheten (kopia) (3)" in titles(desk)


def test_a_survey_with_a_long_title_can_be_copied(desk: Desk) -> None:
    copied(desk)
    save(desk, [("1", "listened", "Jag är trygg här")], title="x" * 120)
    data = {"csrf_token": desk.token("/admin/surveys"), "survey": "ombudsmannaskap_2"}
    for _ in range(2):
        assert desk.client.post("/admin/surveys/copy", data=data).status_code == 303
    assert {len(title) for title in titles(desk) if title.startswith("x")} == {120}


def test_saving_a_survey_is_confirmed_once(desk: Desk) -> None:
    copied(desk)
    saved = save(desk, [("1", "listened", "Jag är trygg här")])
    assert '<p class="done" role="status">Sparat.</p>' in desk.client.get(saved.headers["Location"]).text
    assert "Sparat." not in desk.client.get(OWN).text


def remove(desk: Desk, survey_id: str) -> TestResponse:
    data = {"csrf_token": desk.token("/admin/walls")}
    return desk.client.post(f"/admin/surveys/{survey_id}/remove", data=data)


def test_an_unused_survey_can_be_removed_after_a_confirmation(desk: Desk, tmp_path: Path) -> None:
    copied(desk)
    assert "Ingen omgång använder enkäten." in desk.client.get(f"{OWN}/remove").text
    assert (tmp_path / "questions" / "ombudsmannaskap_2.toml").exists()
    assert desk.client.post(f"{OWN}/remove").status_code == 400
    assert remove(desk, "ombudsmannaskap_2").status_code == 303
    assert len(titles(desk)) == 5
    assert (
        "tog bort en enkät</td><td>Ombudsmannaskap i Dagverksamheten (kopia)</td>"
        in desk.client.get("/admin/log").text
    )


def test_a_used_or_shipped_survey_cannot_be_removed(desk: Desk) -> None:
    copied(desk)
    library = desk.app.extensions["desk"].library
    of_round = Round(
        "mine", library.surveys["ombudsmannaskap_2"], library.trees["vasteras"], 5, datetime(2026, 6, 1),
        datetime(2026, 8, 1), frozenset({Admission.KIOSK}),
    )  # fmt: skip
    desk.store.open_round(of_round, desk.now)
    assert "En omgång använder den här enkäten." in remove(desk, "ombudsmannaskap_2").text
    assert "följer med programmet" in remove(desk, "ombudsmannaskap_latt").text
    assert len(titles(desk)) == 6
    assert "/ombudsmannaskap_2/remove" not in desk.client.get("/admin/surveys").text


PREVIEW = "/admin/surveys/ombudsmannaskap/preview"


@pytest.mark.parametrize(
    ("path", "other", "is_kiosk"), [(PREVIEW, f"{PREVIEW}/kiosk", False), (f"{PREVIEW}/kiosk", PREVIEW, True)]
)
def test_a_preview_is_labelled_and_links_to_the_other_device_and_back(
    desk: Desk, path: str, other: str, *, is_kiosk: bool
) -> None:
    page = desk.client.get(path).text
    assert "Förhandsvisning av ”Ombudsmannaskap i Dagverksamheten”. Inget sparas." in page
    assert f'<a href="{other}">' in page
    assert '<a href="/admin/surveys">Tillbaka till enkäten</a>' in page
    assert ("data-idle" in page) == is_kiosk
    for beside in ("/stored", "/thanks", "/practice"):
        assert "Förhandsvisning" in desk.client.get(path + beside).text
    taken = desk.client.post(path, data={"listened": "5"}, headers={"Kiosk-Script": "yes"})
    assert (taken.status_code, taken.headers["Kiosk-Ballot"]) == (204, "taken")


def test_only_previews_allow_inline_pictures(desk: Desk) -> None:
    assert "img-src 'self' data:;" in desk.client.get(PREVIEW).headers["Content-Security-Policy"]
    assert "data:" not in desk.client.get("/admin/surveys").headers["Content-Security-Policy"]


def test_a_preview_is_marked_in_the_demonstration(desk: Desk) -> None:
    marked = 'data-text="demonstration"'
    assert marked not in desk.client.get(PREVIEW).text
    desk.store.mark_demonstration()
    assert marked in desk.client.get(PREVIEW).text


def test_swedish_texts_can_be_reviewed_but_not_changed(desk: Desk) -> None:
    page = desk.client.get("/admin/languages").text
    assert "originalet, som alltid visas" in page
    assert "men inte granskat" not in re.findall(r'lang="sv".*?</tr>', page, re.DOTALL)[0]
    before = desk.app.extensions["desk"].library
    form = desk.client.get("/admin/reference").text
    sent = dict(re.findall(r'name="((?:seen|text)-\w+)"\s+value="([^"]*)"', form))
    key = next(name.removeprefix("text-") for name, text in sent.items() if text == "Börja")
    sent |= {"csrf_token": desk.token("/admin/walls"), f"reviewed-{key}": "y", f"text-{key}": "Stick"}
    assert desk.client.post("/admin/reference", data=sent).status_code == 303
    after = desk.app.extensions["desk"].library
    assert after.guest["sv"].texts == before.guest["sv"].texts
    assert set(before.guest["sv"].unreviewed) - set(after.guest["sv"].unreviewed) >= {"Börja"}
    assert reviews(desk.settings, "sv")["Börja"] == "anna, 2026-03-02"


def test_an_obsolete_swedish_text_hides_no_language(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "translations" / "sv" / "LC_MESSAGES" / "guest.po"
    path.parent.mkdir(parents=True)
    path.write_text('msgid "Från förr"\nmsgstr "Från förr"\n', encoding="utf-8")
    desk.app.extensions["desk"].reread()
    guest = desk.app.extensions["desk"].library.guest
    assert "Från förr" not in guest["sv"].texts
    assert all(of_screen(catalogue).is_complete for catalogue in guest.values())


def test_a_change_at_the_desk_takes_effect_on_guest_pages(desk: Desk) -> None:
    guests = create_guest_app(
        desk.store,
        desk.app.extensions["desk"].library,
        clock=lambda: desk.now,
        rate_limit=RateLimit(1.0, 1000),
        allowed_languages=frozenset({"en"}),
    )
    desk.store.links.add(Admission.KIOSK, "frida", code="")
    desk.app.extensions["desk"].on_library_change = guests.extensions["guest"].show_library
    assert Open(desk, "/admin/languages/en").send("Börja", "Set off").status_code == 303
    assert "Set off</button>" in guests.test_client(use_cookies=False).get("/?lang=en").text


def test_the_direction_can_be_chosen_beside_the_statement(desk: Desk) -> None:
    copied(desk)
    kept = save(desk, [("1", "listened", "Jag är otrygg här")], good="low", agreeing="5 3,4")
    assert kept.status_code == 303
    [statement] = desk.app.extensions["desk"].library.surveys["ombudsmannaskap_2"].statements
    assert (statement.good, statement.agreeing) == ("low", (3, 4, 5))
    page = desk.client.get(OWN).text
    assert re.search(r'value="low" selected', page)
    assert 'name="agreeing" value="3, 4, 5"' in page
    assert "Annars kan sidan Resultat" not in page


def test_a_statement_without_a_direction_is_saved_with_a_warning(desk: Desk) -> None:
    copied(desk)
    save(desk, [("1", "listened", "Jag är otrygg här")], good="")
    notice, warning = "inte är valt vilka svar som är bra: 1.", "Annars kan sidan Resultat"
    assert notice in desk.client.get(OWN).text
    assert desk.client.get(OWN).text.count(warning) == 1
    assert 'good = "' not in (desk.settings.data / "questions" / "ombudsmannaskap_2.toml").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("agreeing", ["6", "1 2 3 4 5", "de två översta"])
def test_invalid_agreeing_options_are_refused(desk: Desk, agreeing: str) -> None:
    copied(desk)
    refused = save(desk, [("1", "listened", "Jag är trygg här")], agreeing=agreeing)
    assert refused.status_code == 400
    assert "Påstående 1: svaren som räknas ska vara olika nummer från 1, det lägsta, till 5" in refused.text


@pytest.mark.slow
@pytest.mark.parametrize("place", ["tre", "0", "2,5", "-1"])
def test_a_position_that_is_no_number_is_refused_at_its_field(desk: Desk, place: str) -> None:
    copied(desk)
    before = asked(desk)
    response = save(desk, [("2", "", "Först"), (place, "", "Sedan")])
    assert response.status_code == 400
    assert asked(desk) == before
    assert '<a href="#place-2">Påstående 2: platsen i ordningen är ett heltal från 1.</a>' in response.text
    assert f'id="place-2" name="place" inputmode="numeric" value="{place}"' in response.text
    assert response.text.index("Först") < response.text.index("Sedan")


NEW = "/admin/new-survey"


def write_new(desk: Desk, rows: list[dict[str, str]], **changes: str) -> TestResponse:
    """Post the form of a new survey. Fields that a row does not name have valid values."""
    usual = {
        "place": "", "id": "", "text": "", "outcome": "Trygghet", "scale": "yes5", "good": "high",
        "agreeing": "", "target": "",
    }  # fmt: skip
    columns = {name: [{**usual, **row}[name] for row in rows] for name in usual}
    data = {"title": "Maten", "source": "Vi", "licence": "Fri", **columns, **changes}
    return desk.client.post(NEW, data={"csrf_token": desk.token("/admin/walls"), **data})


def test_a_survey_is_written_from_nothing(desk: Desk) -> None:
    page = desk.client.get(NEW).text
    assert 'name="source" value="Skrivet av oss själva"' in page
    assert 'name="licence" value="Får användas fritt"' in page
    rows = [
        {"text": "Maten är god", "outcome": "Hälsa", "agreeing": "5"},
        {},
        {"text": "Jag är hungrig när jag går", "scale": "agree5", "good": "low"},
    ]
    saved = write_new(desk, rows)
    assert saved.headers["Location"] == "/admin/surveys/maten"
    survey = desk.app.extensions["desk"].library.surveys["maten"]
    assert (survey.title, survey.source, survey.licence) == ("Maten", "Vi", "Fri")
    shown = [(s.text, s.outcome, s.scale.id, s.good, s.agreeing) for s in survey.statements]
    assert shown == [
        ("Maten är god", "Hälsa", "yes5", "high", (5,)),
        ("Jag är hungrig när jag går", "Trygghet", "agree5", "low", ()),
    ]
    page = desk.client.get("/admin/surveys/maten").text
    assert "Enkäten är sparad: Maten." in page
    assert "inte är valt vilka svar" not in page
    write_new(desk, [{"text": "Jag trivs", "good": ""}, {"text": "Jag är trygg"}], title="Två")
    assert "inte är valt vilka svar som är bra: 1." in desk.client.get("/admin/surveys/tva").text


@pytest.mark.parametrize(
    ("row", "changes", "anchor", "words"),
    [
        ({"text": ""}, {}, "text-1", "Skriv minst ett påstående."),
        ({"text": "Ja"}, {"title": ""}, "title", "Enkäten behöver ett namn."),
        ({"text": "Ja"}, {"title": "Ombudsmannaskap i Dagverksamheten"}, "title", "En annan enkät har samma"),
        ({"text": "Ja"}, {"licence": " "}, "licence", "på vilka villkor"),
        ({"text": "x" * 201}, {}, "text-1", "högst 200 tecken"),
        ({"text": "Ja", "outcome": ""}, {}, "outcome-1", "Påstående 1: skriv vad det säger något om."),
        ({"text": "Ja", "agreeing": "6"}, {}, "agreeing-1", "svaren som räknas"),
        ({"text": "Ja", "place": "tre"}, {}, "place-1", "platsen i ordningen"),
    ],
)
def test_a_fault_of_a_new_survey_links_to_its_field(
    desk: Desk, row: dict[str, str], changes: dict[str, str], anchor: str, words: str
) -> None:
    before = titles(desk)
    refused = write_new(desk, [row], **changes)
    assert refused.status_code == 400
    assert re.search(rf'<a href="#{anchor}">[^<]*{words}', refused.text)
    assert f'id="{anchor}"' in refused.text
    assert titles(desk) == before


def test_more_rows_are_shown_without_saving(desk: Desk) -> None:
    before = titles(desk)
    page = write_new(desk, [{"text": "Maten är god"}], more="y")
    assert page.status_code == 200
    assert page.text.count("Nytt påstående") == 5
    assert ">Maten är god</textarea>" in page.text
    assert titles(desk) == before


@pytest.mark.slow
def test_a_title_named_like_an_address_makes_a_survey_that_opens(desk: Desk) -> None:
    for title in ("New", "Copy", "Import"):
        saved = write_new(desk, [{"text": f"{title} är bra"}], title=title)
        assert desk.client.get(saved.headers["Location"]).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "target"), [("80", 80), (" 80 % ", 80), ("8 av 10", 80), ("", None)])
def test_a_target_is_written_beside_the_statement(desk: Desk, typed: str, target: int | None) -> None:
    assert write_new(desk, [{"text": "Maten är god", "target": typed}]).status_code == 303
    [statement] = desk.app.extensions["desk"].library.surveys["maten"].statements
    assert statement.target == target
    shown = f'name="target" value="{target or ""}"'
    assert shown in desk.client.get("/admin/surveys/maten").text


@pytest.mark.parametrize("typed", ["0", "100", "8 av 12", "0 av 10", "80,5", "-5", "²"])
def test_a_target_that_is_no_percentage_is_refused_at_its_field(desk: Desk, typed: str) -> None:
    refused = write_new(desk, [{"text": "Maten är god", "target": typed}])
    assert refused.status_code == 400
    assert '<a href="#target-1">Påstående 1: målet är ett heltal från 1 till 99.</a>' in refused.text


@pytest.mark.slow
def test_an_instrument_is_marked_as_not_official_and_nobody_is_asked_to_translate_it(desk: Desk) -> None:
    remark = "Ej officiell översättning. Officiellt språk: engelska."
    page = desk.client.get("/admin/surveys").text
    assert page.count(remark) == 2
    assert "Office for National Statistics" in page
    assert "Open Government Licence v3.0" in page
    token = desk.token("/admin/surveys")
    desk.client.post("/admin/surveys/copy", data={"csrf_token": token, "survey": "ons_ensamhet"})
    own = desk.client.get("/admin/surveys/ons_ensamhet_2").text
    assert remark in own, "a copy is no more official"
    assert re.findall(r'languages/(\w+)\?survey=ons_ensamhet_2"', own) == ["en"]
    assert 'languages/en?survey=ons_livet"' in desk.client.get("/admin/languages").text
    assert 'languages/fi?survey=ons_livet"' not in desk.client.get("/admin/languages").text
