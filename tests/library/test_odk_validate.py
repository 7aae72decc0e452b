"""Exported surveys in ODK Validate, the checker of KoboToolbox and ODK, and their way back.

pyxform makes a form of the spreadsheet and brings the checker, which is a Java program.
"""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyxform.validators.odk_validate import ODKValidateError
from pyxform.xls2xform import ConvertResult, convert

from kiosk.domain.survey import FollowUp, Good, Pictures, Scale, Statement, Survey
from kiosk.library.catalogues import read_catalogues, survey_texts
from kiosk.library.drafts import add_imported_survey
from kiosk.library.importing import read_file
from kiosk.library.surveys import read_scales, readable
from kiosk.library.xlsform_export import no_answer_words, write_xlsform
from kiosk.settings import read_settings, shipped_folder
from tests.tools.form_import import decided
from tests.tools.xlsforms import ASKED, CHOICES, HEAD, sheet

CATALOGUES = read_catalogues([shipped_folder("translations")], "guest")
SCALES = readable(read_scales(shipped_folder("questions") / "scales"))
NEEDS = Scale("needs", ("Samtal", "Sömn", "Mat"), bipolar=False, pictures=Pictures.NONE, is_ordered=False)
REVERSED = Statement("alone", "Jag känner mig ensam", "Ensamhet", SCALES["agree5"], Good.LOW, (1, 2))
SEVERAL = Statement("needs", "Vad behöver du?", "Behov", NEEDS, several=True)
WHY = Statement("why", "Vad gör dig ensam?", "Ensamhet", NEEDS, follows=FollowUp("alone", (4, 5)))


def every_kind() -> Survey:
    """Return a survey with a question of every kind: each shipped scale, a reversed one, one and several of
    options without an order, and a follow-up. In every language, as far as the shipped catalogues go."""
    scales = (
        Statement(f"s_{name}", f"Om {name}", "Alla", scale, Good.HIGH) for name, scale in SCALES.items()
    )
    most = Statement("most", "Vad behöver du mest?", "Behov", NEEDS)
    statements = (*scales, REVERSED, WHY, most, SEVERAL)
    survey = Survey(
        "kinds", "Alla slag", "Egna ord", "CC0", validated=False, statements=statements, translations={}
    )
    texts = survey_texts(CATALOGUES)
    return survey.translated({code: {m: texts[code].get(m, m) for m in survey.messages} for code in texts})


def checked(content: bytes) -> ConvertResult:
    """Return the form that pyxform makes of a spreadsheet, and that ODK Validate accepts."""
    if not shutil.which("java"):
        pytest.skip("ODK Validate needs Java: apt install default-jre-headless")
    return convert(io.BytesIO(content), validate=True, file_type=".xlsx")


@pytest.mark.slow
def test_odk_validate_accepts_every_kind_of_question_and_the_same_survey_comes_back(tmp_path: Path) -> None:
    survey = every_kind()
    content = write_xlsform(survey, no_answer_words(CATALOGUES))
    converted = checked(content)
    assert converted.warnings == []
    assert converted.xform.count("<translation ") == len(CATALOGUES)
    assert converted.xform.count("<select1 ") == len(survey.statements) - 1
    assert converted.xform.count("<select ref=") == 1
    form = decided(read_file(content, ""), order=None).form
    assert form
    written = add_imported_survey(read_settings({"KIOSK_DATA": str(tmp_path)}), form).survey
    assert [replace(one, scale=survey.statements[0].scale) for one in written.statements] == [
        replace(one, scale=survey.statements[0].scale) for one in survey.statements
    ]
    for ours, theirs in zip(survey.statements, written.statements, strict=True):
        assert replace(theirs.scale, id="", bipolar=False) == replace(ours.scale, id="", bipolar=False)


@pytest.mark.slow
def test_odk_validate_refuses_what_pyxform_lets_through() -> None:
    """The control: without this the test above would say nothing of the checker."""
    broken = sheet([[*HEAD, "constraint"], [*ASKED, ". = = 1"]], CHOICES)
    assert convert(io.BytesIO(broken), validate=False, file_type=".xlsx").warnings == []
    with pytest.raises(ODKValidateError, match="invalid constraint expression"):
        checked(broken)
