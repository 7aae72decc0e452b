"""Files with theories of change and counters: shipped ones are complete, a fault is named with its line."""

import re
from pathlib import Path

import pytest

from kiosk.domain.theory import Layer
from kiosk.library.check import check_text
from kiosk.library.definition import DefinitionError, line_of
from kiosk.library.library import Library, read_library, read_usable_library
from kiosk.settings import read_settings, shipped_folder

SHIPPED = shipped_folder("questions")
THEORY = (SHIPPED / "theories" / "ombudsmannaskap.toml").read_text("utf-8")
COUNTERS = (SHIPPED / "counters" / "stadsmission.toml").read_text("utf-8")
BOXES = {
    Layer.RESOURCES: [
        "Öppen verksamhet", "Ett ombud", "Låg tröskel/hög tillgänglighet",
        "Tid att utreda ramverk och regler", "Ombud med relevanta kunskaper",
    ],
    Layer.ACTIVITIES: ["Rådgivning", "Länkning", "Praktiskt stöd", "Medföljande", "Företräda"],
    Layer.OUTPUTS: [
        "Individer som fått stöd av ombudsaktivitet", "Rådgivningstillfällen", "Länkningar", "Medföljande",
        "Ansökningar", "Överklaganden", "Utbildningar/grupprådgivning",
    ],
    Layer.RESULTS: [
        "Förtroende för ombud", "Fler handlingsalternativ", "Deltagaren i kontakt med rätt extern aktör",
        "Ärendet är löst",
    ],
    Layer.EFFECTS: [
        "Ökad egenmakt: ökad kunskap", "Ökad egenmakt: förbättrat självförtroende",
        "Ökad egenmakt: ökad handlingsförmåga",
    ],
}  # fmt: skip
"""The five columns of the effect report of 2022."""


def library(data: Path) -> Library:
    return read_library(read_settings({"KIOSK_DATA": str(data)}))


def own(data: Path, kind: str, text: str) -> Path:
    """Write a file of an installation, with the id `own`."""
    path = data / "questions" / kind / "own.toml"
    path.parent.mkdir(parents=True)
    path.write_text(re.sub('^id = ".*"', 'id = "own"', text, count=1), "utf-8")
    return path


def line_with(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_shipped_theory_has_the_boxes_and_goals_of_the_report(tmp_path: Path) -> None:
    theory = library(tmp_path).theories["ombudsmannaskap"]
    assert {layer: [box.text for box in theory.boxes_in(layer)] for layer in Layer} == BOXES
    assert theory.target_group == "Deltagare i öppenverksamhet"
    assert [goal.number for goal in theory.goals] == [1, 2, 3, 4, 5]


def test_every_output_has_a_counter_and_unmeasured_boxes_are_reported(tmp_path: Path) -> None:
    shipped = library(tmp_path)
    theory = shipped.theories["ombudsmannaskap"]
    for box in theory.boxes_in(Layer.OUTPUTS):
        assert box.measure
        assert box.measure.counter in shipped.counters
    assert {"Fler handlingsalternativ", "Ärendet är löst"} <= {box.text for box in theory.gaps}
    assert "  not measured: Ärendet är löst\n" in check_text(shipped)


def test_the_counter_of_contacts_has_the_ten_shipped_targets(tmp_path: Path) -> None:
    names = [target.name for target in library(tmp_path).counters["link"].targets]
    assert names == [
        "Socialtjänst", "Sjukvård", "Psykiatri", "Arbetsförmedlingen", "Försäkringskassan", "Skola", "Arbete",
        "Utbildning", "Annan myndighet", "Annat",
    ]  # fmt: skip


FAULTS = {
    "an unknown counter": ('counter = "apply"', 'counter = "aply"', "no counter is called 'aply'"),
    "an unknown statement": ('["listened"]', '["listend"]', "no statement in any survey is called 'listend'"),
    "an unknown box": ('["links"]', '["linkss"]', "no box is called 'linkss'"),
    "an unknown place": ('"dagverksamheten"', '"moon"', "no place in a tree is called 'moon'"),
    "a loop": (
        'text = "Förtroende för ombud"',
        'leads_to = ["trust"]\ntext = "Förtroende för ombud"',
        r"this is a loop: trust -> trust",
    ),
    "a box twice": ('id = "advocate"', 'id = "open_activity"', "'open_activity' occurs twice"),
    "two measures": (
        'statements = ["listened"]',
        'not_measured = true\nstatements = ["listened"]',
        "say how this is measured",
    ),
    "an output with a statement": (
        'counter = "apply"',
        'statements = ["listened"]',
        "an output is counted",
    ),
    "a goal that is not there": (
        'text = "Ett ombud"',
        'goals = [6]\ntext = "Ett ombud"',
        "numbers from 1 to 5",
    ),
    "a misspelt key": ('target_group = "', 'targetgroup = "', "did you misspell it as 'targetgroup'"),
}


@pytest.mark.parametrize(("before", "after", "problem"), FAULTS.values(), ids=FAULTS.keys())
def test_the_error_for_a_theory_names_the_file_and_the_fault(
    tmp_path: Path, before: str, after: str, problem: str
) -> None:
    assert before in THEORY
    path = own(tmp_path, "theories", THEORY.replace(before, after, 1))
    with pytest.raises(DefinitionError, match=problem) as caught:
        library(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    "fault", ["an unknown counter", "an unknown statement", "an unknown place", "a loop"]
)
def test_the_error_for_a_theory_names_the_line(tmp_path: Path, fault: str) -> None:
    before, after, _ = FAULTS[fault]
    text = THEORY.replace(before, after, 1)
    own(tmp_path, "theories", text)
    with pytest.raises(DefinitionError, match=rf"\(line {line_with(text, after)}\): "):
        library(tmp_path)


def test_the_line_number_is_that_of_the_section_and_not_of_an_equal_text() -> None:
    text = 'text = """\n[[a]]\nid = 1\n"""\n[[a]]\nid = 1\n# id = 2\n[[a]]\n"id" = [\n  3,\n]\n'
    assert line_of(text, "a", 1, "id") == 6
    assert line_of(text, "a", 2, "id") == 9
    assert line_of(text, "", 0, "text") == 1
    assert line_of(text, "a", 3, "id") is None
    assert line_of(text, "a", 1, "text") is None


def test_an_unmeasured_box_has_to_be_declared(tmp_path: Path) -> None:
    own(tmp_path, "theories", THEORY.replace("not_measured = true\n", "", 1))
    with pytest.raises(DefinitionError, match="or not_measured = true"):
        library(tmp_path)


def test_an_own_theory_is_added_to_the_shipped_one(tmp_path: Path) -> None:
    own(tmp_path, "theories", THEORY.replace('results_label = "Resultat"', 'results_label = "Utfall"'))
    theories = library(tmp_path).theories
    assert (theories["own"].results_label, theories["ombudsmannaskap"].results_label) == (
        "Utfall",
        "Resultat",
    )


def test_an_unreadable_theory_is_left_out_and_reported(tmp_path: Path) -> None:
    own(tmp_path, "theories", THEORY.replace('counter = "apply"', 'counter = "aply"'))
    usable = read_usable_library(read_settings({"KIOSK_DATA": str(tmp_path)}))
    assert set(usable.theories) == {"ombudsmannaskap"}
    assert [problem.file for problem in usable.problems] == ["questions/theories/own.toml"]


COUNTER_FAULTS = {
    "a counter that is there already": (COUNTERS, "there is a counter 'individuals' already"),
    "targets of a total": (
        'id = "x"\n[[targets]]\nid = "t"\nname = "T"\n[[counters]]\nid = "n"\nname = "N"\n'
        'definition = "D"\ntotal = true\nby_target = true\n',
        "a total is not counted with taps",
    ),
    "no targets": (
        'id = "x"\n[[counters]]\nid = "n"\nname = "N"\ndefinition = "D"\nby_target = true\n',
        r"there are no \[\[targets\]\]",
    ),
    "no definition": ('id = "x"\n[[counters]]\nid = "n"\nname = "N"\n', "definition.*is missing"),
}


@pytest.mark.parametrize(("text", "problem"), COUNTER_FAULTS.values(), ids=COUNTER_FAULTS.keys())
def test_the_error_for_a_counter_names_file_and_problem(tmp_path: Path, text: str, problem: str) -> None:
    path = own(tmp_path, "counters", text)
    with pytest.raises(DefinitionError, match=problem) as caught:
        library(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")


def test_an_installation_can_add_counters(tmp_path: Path) -> None:
    own(tmp_path, "counters", 'id = "x"\n[[counters]]\nid = "meals"\nname = "Måltider"\ndefinition = "En."\n')
    assert library(tmp_path).counters["meals"].name == "Måltider"
