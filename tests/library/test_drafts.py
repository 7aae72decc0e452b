"""Surveys and translations written in the browser: files like any others, never half written."""

import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.survey import MOST_SEVERAL, Pictures, Scale, Statement
from kiosk.library.catalogues import read_catalogue
from kiosk.library.changes import RefusedError
from kiosk.library.definition import DefinitionError
from kiosk.library.drafts import (
    Draft,
    DraftError,
    Translation,
    as_toml,
    check_draft,
    draft_digest,
    draft_of,
    new_id,
    reviews,
    write_survey,
    write_translations,
)
from kiosk.library.library import read_library
from kiosk.library.own_files import LAST_GOOD
from kiosk.library.surveys import read_scales, read_survey, readable
from kiosk.settings import Settings, read_settings, shipped_folder
from tests.tools.shipped import read_surveys

SCALES = readable(read_scales(shipped_folder("questions") / "scales"))
SEED = read_surveys([shipped_folder("questions")])["ombudsmannaskap"]
DRAFT = draft_of(SEED, "own")
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)


def installation(data: Path) -> Settings:
    return read_settings({"KIOSK_DATA": str(data)})


def files(data: Path) -> dict[str, bytes]:
    """Path -> content of the installation's own files, last good copies left out."""
    paths = (path for path in data.rglob("*") if path.is_file() and LAST_GOOD not in path.parts)
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in paths}


def test_a_written_survey_is_read_back(tmp_path: Path) -> None:
    survey = write_survey(installation(tmp_path), DRAFT).surveys["own"]
    assert survey.statements == SEED.statements
    assert read_library(installation(tmp_path)).surveys["own"] == survey
    assert list(files(tmp_path)) == ["questions/own.toml"]


@pytest.mark.slow
@given(st.lists(TEXTS, min_size=1, max_size=5, unique=True), TEXTS)
def test_any_text_survives_writing_and_reading(texts: list[str], title: str) -> None:
    statements = tuple(Statement(f"s{at}", text, title, SCALES["yes5"]) for at, text in enumerate(texts))
    draft = Draft("own", title, title, title, True, statements)
    check_draft(draft)
    with TemporaryDirectory() as folder:
        survey = write_survey(installation(Path(folder)), draft).surveys["own"]
    assert [one.text for one in survey.statements] == [unicodedata.normalize("NFC", text) for text in texts]
    assert survey.title == unicodedata.normalize("NFC", title)


NO_ORDER = replace(DRAFT.statements[0].scale, pictures=Pictures.NONE, is_ordered=False)

BROKEN = {
    "no title": (replace(DRAFT, title=" "), "behöver ett namn"),
    "no source": (replace(DRAFT, source=""), "varifrån påståendena kommer"),
    "no statement": (replace(DRAFT, statements=()), "minst ett påstående"),
    "the same twice": (replace(DRAFT, statements=DRAFT.statements * 2), "står två gånger"),
    "too many": (replace(DRAFT, statements=DRAFT.statements * 6), "Högst 20"),
    "too long": (
        replace(DRAFT, statements=(replace(DRAFT.statements[0], text="x" * 201),)),
        "högst 200 tecken",
    ),
    "no outcome": (replace(DRAFT, statements=(replace(DRAFT.statements[0], outcome=""),)), "skriv vad"),
    "an end without an order": (
        replace(DRAFT, statements=(replace(DRAFT.statements[0], scale=NO_ORDER),)),
        "svaren har ingen ordning",
    ),
    "turned text": (replace(DRAFT, title="a\u202eb"), "osynliga tecknet U\\+202E"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_invalid_draft_is_refused_and_the_old_file_stays(tmp_path: Path, case: str) -> None:
    draft, words = BROKEN[case]
    write_survey(installation(tmp_path), DRAFT)
    before = files(tmp_path)
    with pytest.raises(DraftError, match=words):
        write_survey(installation(tmp_path), draft, draft_digest(DRAFT))
    assert files(tmp_path) == before


def test_a_draft_with_an_unknown_scale_is_refused(tmp_path: Path) -> None:
    unknown = replace(DRAFT.statements[0], scale=Scale("other", ("a", "b"), bipolar=False))
    with pytest.raises(RefusedError, match="no scale 'other'"):
        write_survey(installation(tmp_path), replace(DRAFT, statements=(unknown,)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "taken", "wanted"),
    [
        ("Jag mår bättre här nu", (), "jag_mar_battre_har"),
        ("Jag mår", ("jag_mar",), "jag_mar_2"),
        ("112 är numret", (), "statement"),
        ("أشعر", ("statement",), "statement_2"),
        ("slip", (), "slip_2"),
        ("x" * 90, (), "x" * 36),
    ],
)
def test_an_id_is_derived_from_the_text(words: str, taken: tuple[str, ...], wanted: str) -> None:
    assert new_id(words, taken, "statement") == wanted


def test_a_written_file_begins_with_its_id_and_title() -> None:
    assert as_toml(DRAFT).startswith('id = "own"\ntitle = "Ombudsmannaskap i Dagverksamheten"\n')


def test_new_translations_are_added_to_existing_ones(tmp_path: Path) -> None:
    first = [Translation("Börja", "Start", False), Translation("Nästa", "Next", False)]
    own, path = installation(tmp_path), tmp_path / "translations" / "en" / "LC_MESSAGES" / "guest.po"
    write_translations(own, "en", first, "anna", date(2026, 3, 2))
    write_translations(own, "en", [Translation("Nästa", "Next", True)], "anna", date(2026, 3, 3))
    read = read_catalogue(path, "en")
    assert read.texts == {"Börja": "Start", "Nästa": "Next"}
    assert read.unreviewed == ("Börja",)
    assert reviews(own, "en") == {"Nästa": "anna, 2026-03-03"}
    write_translations(own, "en", [Translation("Börja", "", False)], "anna", date(2026, 3, 4))
    assert "Börja" not in read_catalogue(path, "en").texts


def test_a_catalogue_that_does_not_exist_has_no_reviews(tmp_path: Path) -> None:
    assert reviews(installation(tmp_path), "en") == {}


def test_a_ballot_with_many_options_may_tell_as_much_as_twenty_statements(tmp_path: Path) -> None:
    """Four questions of eight options count as 20; the fifth is too many, in a file and at the desk."""
    labels = tuple(f"Val {at}" for at in range(MOST_SEVERAL))
    scale = Scale("needs", labels, bipolar=False, pictures=Pictures.NONE, is_ordered=False)
    asked = tuple(
        Statement(f"s{at}", f"Vad behöver du {at}?", "Behov", scale, several=True) for at in range(5)
    )
    path = tmp_path / "own.toml"
    for statements in (asked[:4], asked):
        draft = replace(DRAFT, statements=statements)
        path.write_text(as_toml(draft), encoding="utf-8")
        if statements != asked:
            check_draft(draft)
            assert read_survey(path, {"needs": scale}).statements == statements
    with pytest.raises(DraftError, match="räknas som 25 påståenden, och högst 20 går") as refused:
        check_draft(draft)
    assert [fault.anchor for fault in refused.value.faults] == ["several-5"]
    with pytest.raises(DefinitionError, match="as 25 with one answer, at most 20 may"):
        read_survey(path, {"needs": scale})
