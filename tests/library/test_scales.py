"""Every shipped scale in files and spreadsheets, and on the guest's screen."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.rounds import Admission
from kiosk.domain.survey import Scale, Statement, Survey
from kiosk.library.catalogues import survey_texts
from kiosk.library.completeness import of_survey
from kiosk.library.drafts import add_imported_survey, draft_of, scale_toml
from kiosk.library.importing import read_file
from kiosk.library.surveys import read_scale, read_scales, readable
from kiosk.library.xlsform_export import write_xlsform
from kiosk.screen.questions import FACES, questions
from kiosk.screen.speech import spoken_of_survey
from kiosk.settings import Settings, read_settings, shipped_folder
from tests.library.guest_catalogues import CATALOGUES
from tests.tools.form_import import decided
from tests.tools.guest_side import Place
from tests.tools.languages import INSTRUMENT_SCALES

SCALES = readable(read_scales(shipped_folder("questions") / "scales"))
TEXT = "Jag känner att personalen lyssnar på mig"
NO_ANSWERS = {code: {kind: kind.value for kind in NoAnswer} for code in CATALOGUES}


def survey_with(*scales: Scale) -> Survey:
    """Return a survey with a statement for each scale, whose first statement has every language."""
    statements = (
        Statement(f"s{at}", TEXT + "." * at, "Förtroende", scale) for at, scale in enumerate(scales)
    )
    survey = Survey("own", "Egen", "Egna ord", "CC0", False, tuple(statements), {})
    return survey.translated(survey_texts(CATALOGUES))


def import_again(survey: Survey, settings: Settings) -> Survey:
    """Export a survey as a spreadsheet, and import the spreadsheet as the file says."""
    form = decided(read_file(write_xlsform(survey, NO_ANSWERS), "from here"), order=None).form
    assert form
    return add_imported_survey(settings, form).survey


@pytest.mark.parametrize("scale_id", SCALES)
def test_a_written_scale_is_read_back(scale_id: str, tmp_path: Path) -> None:
    scale = SCALES[scale_id]
    path = tmp_path / f"{scale.id}.toml"
    path.write_text(scale_toml(scale, draft_of(survey_with(scale), "own")), encoding="utf-8")
    assert read_scale(path) == scale


@pytest.mark.slow
@pytest.mark.parametrize("scale_id", SCALES)
def test_an_exported_spreadsheet_becomes_the_same_survey_again(scale_id: str, tmp_path: Path) -> None:
    survey = survey_with(SCALES[scale_id])
    written = import_again(survey, read_settings({"KIOSK_DATA": str(tmp_path)}))
    assert written.statements == survey.statements
    assert written.version == survey.version
    assert not (tmp_path / "translations").exists(), "every text is shipped, or made from shipped poles"


UNORDERED = """\
id = "needs"
source = "Egna ord"
licence = "CC0"
validated = false
bipolar = false
ordered = false

[[options]]
label = "Mat"

[[options]]
label = "Samtal"

[[options]]
label = "Inget av detta"
"""


def unordered_scale(folder: Path) -> Scale:
    path = folder / "needs.toml"
    path.write_text(UNORDERED, encoding="utf-8")
    return read_scale(path)


def test_options_without_an_order_are_shown_in_the_order_of_the_file(tmp_path: Path) -> None:
    scale = unordered_scale(tmp_path)
    [question] = questions(survey_with(scale), "sv")
    assert [option.label for option in question.options] == ["Mat", "Samtal", "Inget av detta"]
    assert {(option.filled, option.face) for option in question.options} == {(None, "")}
    assert scale_toml(scale, draft_of(survey_with(scale), "own")).endswith(UNORDERED.split("false\n", 2)[2])


def test_an_exported_spreadsheet_keeps_that_options_have_no_order(tmp_path: Path) -> None:
    """A scale of the same labels with an order is another scale."""
    survey = survey_with(unordered_scale(tmp_path))
    ordered = replace(survey.statements[0], scale=Scale("needs", survey.statements[0].scale.labels, False))
    settings = read_settings({"KIOSK_DATA": str(tmp_path / "data")})
    for one in (replace(survey, statements=(ordered,)), survey):
        written = import_again(one, settings)
        scale = written.statements[0].scale
        assert (scale.labels, scale.is_ordered) == (ordered.scale.labels, one is not survey)


def test_other_programs_read_a_spreadsheet_with_every_scale() -> None:
    from pyxform.xls2xform import convert

    survey = survey_with(*SCALES.values())
    converted = convert(io.BytesIO(write_xlsform(survey, NO_ANSWERS)), validate=False, file_type=".xlsx")
    assert converted.warnings == []
    assert converted.xform.count("<select1 ") == len(SCALES)
    for label in (label for scale in SCALES.values() for label in scale.labels):
        assert f"<value>{label}</value>" in converted.xform or f"<label>{label}</label>" in converted.xform


LANGUAGES = [
    (scale_id, code)
    for scale_id in SCALES
    for code in CATALOGUES
    if code in INSTRUMENT_SCALES.get(scale_id, tuple(CATALOGUES))
]


@pytest.mark.parametrize(("scale_id", "code"), LANGUAGES)
def test_each_language_has_each_answer_of_a_scale_on_the_screen_and_as_speech(
    scale_id: str, code: str
) -> None:
    scale = SCALES[scale_id]
    survey = survey_with(scale)
    [question] = questions(survey, code)
    labels = scale.labels if code == "sv" else scale.labels_in(code, CATALOGUES[code].texts)
    assert sorted((option.value, option.label) for option in question.options) == list(enumerate(labels, 1))
    assert {question.text, *labels} == set(spoken_of_survey(CATALOGUES[code], survey).values())
    assert of_survey(CATALOGUES[code], survey).is_complete


def test_numbers_ascend_from_the_start_of_the_line_in_the_digits_of_the_language() -> None:
    survey = survey_with(SCALES["zero_to_ten"])
    [swedish], [persian] = questions(survey, "sv"), questions(survey, "fa")
    assert [option.label for option in swedish.options][:2] == ["0 – Inte alls", "1"]
    assert [option.value for option in persian.options] == list(range(1, 12))
    assert [option.label for option in persian.options][:3] == ["۰ – به هیچ وجه", "۱", "۲"]
    assert {option.filled for option in swedish.options} == {None}


def test_a_language_without_a_pole_lacks_a_text() -> None:
    survey = survey_with(SCALES["zero_to_ten"])
    texts = {code: dict(catalogue.texts) for code, catalogue in CATALOGUES.items()}
    del texts["en"]["Inte alls"]
    state = of_survey(CATALOGUES["en"], survey.translated(texts))
    assert state.missing == ("Inte alls",)


def test_words_are_shown_from_the_highest_to_the_lowest() -> None:
    [question] = questions(survey_with(SCALES["frequency5"]), "sv")
    assert [option.label for option in question.options] == ["Alltid", "Ofta", "Ibland", "Sällan", "Aldrig"]
    assert [option.filled for option in question.options] == [100, 75, 50, 25, 0]


def test_each_face_has_a_shape_of_its_own_and_no_circle() -> None:
    [question] = questions(survey_with(SCALES["faces5"]), "sv")
    assert len({option.face for option in question.options}) == len(question.options) == 5
    assert {option.filled for option in question.options} == {None}
    assert question.options[0].label == "Mycket bra"
    assert question.options[0].face == FACES[-1]


def test_the_screen_draws_a_face_beside_the_words_of_its_answer(tmp_path: Path) -> None:
    place = Place(tmp_path, frozenset(Admission), survey=survey_with(SCALES["faces5"]))
    page = place.app.test_client().get("/s/poster").text
    for face in FACES:
        assert page.count(face) == 1
    assert page.count('class="face"') == 5
    assert 'class="fill"' not in page
    assert f'{FACES[-1]}"/></svg><span class="option">Mycket bra</span>' in page
