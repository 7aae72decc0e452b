"""What is on file, and which languages a guest may choose."""

from pathlib import Path

import pytest

from kiosk.library.completeness import of_all, of_screen
from kiosk.library.definition import DefinitionError
from kiosk.library.library import Library, read_library, shown_languages
from kiosk.settings import SettingsError, read_settings
from tests.tools.languages import GUEST_LANGUAGES

OWN_SURVEY = """\
id = "own"
title = "Vår egen"
source = "Egna ord"
licence = "EUPL-1.2"
validated = false
scale = "yes5"

[[statements]]
id = "coffee"
text = "Kaffet är gott"
outcome = "Trivsel"
"""


def library(data: Path, **environ: str) -> Library:
    return read_library(read_settings({"KIOSK_DATA": str(data), **environ}))


def own_file(data: Path, name: str, text: str) -> Path:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def own_catalogue(data: Path, code: str, texts: dict[str, str], *, fuzzy: bool = False) -> None:
    flag = "#, fuzzy\n" if fuzzy else ""
    entries = "".join(f'{flag}msgid "{message}"\nmsgstr "{text}"\n\n' for message, text in texts.items())
    own_file(data, f"translations/{code}/LC_MESSAGES/guest.po", entries)


def test_every_shipped_survey_is_translated_into_every_shipped_language(tmp_path: Path) -> None:
    shipped = library(tmp_path)
    assert set(shipped.surveys) == {
        "ombudsmannaskap", "ombudsmannaskap_egenmakt", "ombudsmannaskap_latt", "ons_ensamhet", "ons_livet",
    }  # fmt: skip
    assert set(shipped.trees) == {"vasteras"}
    for survey in shipped.surveys.values():
        if survey.official:
            continue
        assert set(survey.translations) == set(GUEST_LANGUAGES[1:])
        for texts in survey.translations.values():
            assert set(texts) == set(survey.messages)
            assert all(texts.values())


def test_an_installation_can_add_surveys_scales_and_trees(tmp_path: Path) -> None:
    own_file(tmp_path, "questions/own.toml", OWN_SURVEY)
    own_file(
        tmp_path,
        "questions/trees/town.toml",
        'id = "town"\nname = "Orten"\n[[units]]\nid = "house"\nname = "Huset"\n',
    )
    everything = library(tmp_path)
    assert everything.surveys["own"].statements[0].scale.id == "yes5"
    assert everything.trees["town"].leaves == ("house",)


def test_an_own_survey_with_a_shipped_id_is_refused(tmp_path: Path) -> None:
    own_file(tmp_path, "questions/ombudsmannaskap.toml", OWN_SURVEY.replace('"own"', '"ombudsmannaskap"'))
    with pytest.raises(DefinitionError, match="exists already; rename"):
        library(tmp_path)


def test_an_own_tree_with_a_shipped_id_is_refused(tmp_path: Path) -> None:
    own_file(
        tmp_path,
        "questions/trees/vasteras.toml",
        'id = "vasteras"\nname = "X"\n[[units]]\nid = "a"\nname = "A"\n',
    )
    with pytest.raises(DefinitionError, match="taken; rename"):
        library(tmp_path)


def complete(shipped: Library, code: str = "en") -> dict[str, str]:
    """Every text of a guest's screen, as a translator would have it."""
    return {message: f"{code}: {message}" for message in shipped.guest["sv"].texts}


def shown(everything: Library, *allowed: str, survey: str = "ombudsmannaskap") -> tuple[str, ...]:
    return shown_languages(everything.guest, everything.surveys[survey], frozenset(allowed))


def test_an_unreviewed_language_is_shown_only_if_it_is_allowed(tmp_path: Path) -> None:
    everything = library(tmp_path)
    assert shown(everything) == ("sv",)
    assert shown(everything, "ar") == ("sv", "ar")
    assert shown(everything, "fa", "en") == ("sv", "en", "fa")


def test_somali_and_tigrinya_are_hidden_unless_allowed(tmp_path: Path) -> None:
    everything = library(tmp_path)
    for code in ("so", "ti"):
        assert of_all(everything.guest[code], everything.surveys.values()).is_complete
        assert code not in shown(everything, "en", "ar", "fa")
        assert shown(everything, code) == ("sv", code)


def test_the_demonstration_shows_every_complete_language(tmp_path: Path) -> None:
    everything = library(tmp_path)
    assert shown_languages(everything.guest, everything.surveys["ombudsmannaskap"], None) == GUEST_LANGUAGES


def test_a_reviewed_language_is_shown_without_being_allowed(tmp_path: Path) -> None:
    own_catalogue(tmp_path, "rom", complete(library(tmp_path), "rom"))
    assert shown(library(tmp_path)) == ("sv", "rom")


def test_one_unreviewed_text_hides_a_language_unless_it_is_allowed(tmp_path: Path) -> None:
    shipped = library(tmp_path)
    title = shipped.surveys["ombudsmannaskap"].title
    texts = {message: text for message, text in complete(shipped, "rom").items() if message != title}
    first = next(iter(texts))
    own_catalogue(tmp_path, "rom", texts)
    path = tmp_path / "translations/rom/LC_MESSAGES/guest.po"
    path.write_text("#, fuzzy\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    everything = library(tmp_path)
    assert everything.guest["rom"].unreviewed == (first,)
    assert shown(everything) == ("sv",)
    assert shown(everything, "rom") == ("sv", "rom")


def test_a_review_of_another_wording_does_not_show_a_draft_in_a_round(tmp_path: Path) -> None:
    label = "Instämmer delvis"
    frozen = library(tmp_path).surveys["ombudsmannaskap"]
    reviewed = dict(library(tmp_path).guest["fi"].texts)
    own_catalogue(tmp_path, "fi", {**reviewed, label: "osittain samaa mieltä"})
    everything = library(tmp_path)
    assert of_all(everything.guest["fi"], everything.surveys.values()).is_reviewed
    assert frozen.translations["fi"][label] != everything.guest["fi"].texts[label]
    assert shown_languages(everything.guest, frozen, frozenset()) == ("sv",)
    assert shown(everything) == ("sv", "fi")
    own_catalogue(tmp_path, "fi", reviewed)
    assert shown_languages(library(tmp_path).guest, frozen, frozenset()) == ("sv", "fi")


def test_an_allowed_language_stays_visible_when_a_text_is_corrected(tmp_path: Path) -> None:
    frozen = library(tmp_path).surveys["ombudsmannaskap"]
    own_catalogue(tmp_path, "fi", {"Instämmer delvis": "osittain samaa mieltä"}, fuzzy=True)
    assert shown_languages(library(tmp_path).guest, frozen, frozenset({"fi"})) == ("sv", "fi")


@pytest.mark.slow
@pytest.mark.parametrize(
    "gap", ["Vet inte", "Instämmer dåligt", "Verksamheten bidrar till att jag mår bättre"]
)
def test_one_empty_text_hides_a_language_from_everyone(gap: str, tmp_path: Path) -> None:
    own_catalogue(tmp_path, "rom", {**complete(library(tmp_path), "rom"), gap: ""})
    everything = library(tmp_path)
    assert "rom" not in shown(everything, "rom")
    assert "rom" not in shown_languages(everything.guest, everything.surveys["ombudsmannaskap"], None)


def test_a_text_absent_from_the_file_hides_a_language(tmp_path: Path) -> None:
    texts = complete(library(tmp_path), "rom")
    del texts["Vet inte"]
    own_catalogue(tmp_path, "rom", texts)
    assert "rom" not in shown(library(tmp_path), "rom")


def test_an_own_survey_is_shown_only_in_complete_languages(tmp_path: Path) -> None:
    own_file(tmp_path, "questions/own.toml", OWN_SURVEY)
    assert shown(library(tmp_path), "en", "ar", survey="own") == ("sv",)
    own_catalogue(tmp_path, "en", {"Kaffet är gott": "The coffee is good"})
    everything = library(tmp_path)
    assert shown(everything, "en", "ar", survey="own") == ("sv", "en")
    assert shown(everything, "en", "ar") == ("sv", "en", "ar")


def test_no_statement_falls_back_to_swedish(tmp_path: Path) -> None:
    own_file(tmp_path, "questions/own.toml", OWN_SURVEY)
    own_catalogue(tmp_path, "en", {"Kaffet är gott": "The coffee is good"})
    everything = library(tmp_path)
    for survey in everything.surveys.values():
        for code in shown_languages(everything.guest, survey, None):
            if code != "sv":
                assert set(survey.translations[code]) >= set(survey.messages)
                assert of_screen(everything.guest[code]).is_complete


def test_an_allowed_language_without_a_catalogue_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"KIOSK_LANGUAGES names 'rom', .*choose among sv, en, .*, \w+ or add"
    ):
        library(tmp_path, KIOSK_LANGUAGES="en rom")


def test_candidate_statements_cover_the_three_parts_of_empowerment_and_are_not_validated(
    tmp_path: Path,
) -> None:
    shipped = library(tmp_path)
    candidates = shipped.surveys["ombudsmannaskap_egenmakt"]
    assert not candidates.validated
    outcomes = {one.outcome for one in candidates.statements}
    assert len({outcome for outcome in outcomes if outcome.startswith("Ökad egenmakt: ")}) == 3
    gaps = {box.text for box in shipped.theories["ombudsmannaskap"].gaps}
    assert gaps <= outcomes


@pytest.mark.parametrize("survey", ["ons_ensamhet", "ons_livet"])
def test_an_instrument_is_shown_in_its_official_language_and_in_swedish_only(
    survey: str, tmp_path: Path
) -> None:
    shipped = library(tmp_path)
    instrument = shipped.surveys[survey]
    assert (instrument.official, instrument.validated) == (("en",), False)
    assert "https://" in instrument.source
    assert "Open Government Licence v3.0" in instrument.licence
    assert shown_languages(shipped.guest, instrument, None) == ("sv", "en")
    assert shown_languages(shipped.guest, instrument, frozenset({"fi"})) == ("sv",)
    assert of_all(shipped.guest["fi"], [instrument]).missing == (), "nobody is asked to translate it"


def test_the_english_instruments_have_the_words_of_their_owner(tmp_path: Path) -> None:
    surveys = library(tmp_path).surveys
    english = [
        surveys[survey].translations["en"][statement.text]
        for survey in ("ons_ensamhet", "ons_livet")
        for statement in surveys[survey].statements
    ]
    assert english == [
        "How often do you feel lonely?",
        "Overall, how satisfied are you with your life nowadays?",
        "Overall, to what extent do you feel that the things you do in your life are worthwhile?",
        "Overall, how happy did you feel yesterday?",
        "On a scale where 0 is “not at all anxious” and 10 is “completely anxious”, overall, how anxious did "
        "you feel yesterday?",
    ]
    lonely = surveys["ons_ensamhet"]
    assert [lonely.translations["en"][label] for label in lonely.statements[0].scale.labels] == [
        "Never", "Hardly ever", "Occasionally", "Some of the time", "Often or always",
    ]  # fmt: skip


def test_an_official_language_that_is_no_code_is_refused(tmp_path: Path) -> None:
    own_file(tmp_path, "questions/own.toml", OWN_SURVEY.replace("scale =", 'official = ["English"]\nscale ='))
    with pytest.raises(DefinitionError, match=r"official \(line 6\): 'English' is no language code"):
        library(tmp_path)
