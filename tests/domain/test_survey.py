"""Survey and scale files: what is shipped, what makes a version, and what is said of a broken file."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.survey import (
    Good,
    Pictures,
    Poles,
    Scale,
    Statement,
    Survey,
    number_scale,
    numbers_in,
    survey_from_json,
)
from kiosk.library.definition import DefinitionError
from kiosk.library.surveys import read_scale, read_survey
from kiosk.settings import shipped_folder
from tests.tools.shipped import read_surveys

STATEMENTS_OF_2022 = [
    "Jag känner att personalen lyssnar på mig",
    "Verksamheten stödjer mig i kontakt med tex. Socialtjänst, skola, psykiatri, arbete och utbildning",
    "Jag har fått ökad kunskap om mina rättigheter genom verksamheten",
    "Verksamheten bidrar till att jag mår bättre",
]

SCALE = Scale("mood", ("Nej", "Kanske", "Ja"), bipolar=False)

GOOD_SURVEY = """\
id = "good"
title = "En enkät"
source = "Egna ord"
licence = "EUPL-1.2"
validated = false
scale = "mood"

[[statements]]
id = "listened"
text = "Personalen lyssnar"
outcome = "Förtroende"

[[statements]]
id = "better"
text = "Jag mår bättre"
outcome = "Hälsa"
"""

GOOD_SCALE = """\
id = "good"
source = "Egna ord"
licence = "EUPL-1.2"
validated = false
bipolar = false

[[options]]
label = "Nej"

[[options]]
label = "Kanske"

[[options]]
label = "Ja"
"""


def test_a_statement_is_worded_alike_until_its_own_words_change(tmp_path: Path) -> None:
    survey = good_survey(tmp_path)
    better = survey.translated({"en": {"Jag mår bättre": "I feel better"}})
    statement, other = survey.statements
    changed = {
        "text": replace(other, text="Jag mår bra"),
        "answers": replace(other, scale=replace(SCALE, labels=("Nej", "Kanske", "Jo"))),
        "kind": replace(other, several=True),
    }
    for reworded in changed.values():
        version = replace(survey, statements=(statement, reworded))
        assert survey.words_alike(version, "listened")
        assert not survey.words_alike(version, "better")
    assert survey.words_alike(better, "better")  # a language more
    assert not better.words_alike(survey.translated({"en": {"Jag mår bättre": "I am better"}}), "better")
    with pytest.raises(KeyError):
        survey.words_alike(survey, "nothing")


def shipped() -> dict[str, Survey]:
    return read_surveys([shipped_folder("questions")])


def good_survey(tmp_path: Path, text: str = GOOD_SURVEY) -> Survey:
    path = tmp_path / "good.toml"
    path.write_text(text, encoding="utf-8")
    return read_survey(path, {"mood": SCALE})


def test_the_survey_of_2022_is_shipped_with_its_exact_wording() -> None:
    survey = shipped()["ombudsmannaskap"]
    assert [statement.text for statement in survey.statements] == STATEMENTS_OF_2022
    assert {statement.scale.labels for statement in survey.statements} == {
        (
            "Instämmer inte alls",
            "Instämmer dåligt",
            "Instämmer delvis",
            "Instämmer bra",
            "Instämmer helt",
        )
    }
    assert not survey.validated


def test_every_shipped_survey_has_a_source_a_licence_and_an_outcome_for_each_statement() -> None:
    for survey in shipped().values():
        assert survey.source
        assert survey.licence
        assert all(statement.outcome for statement in survey.statements)


VISIBLE_CHANGES: dict[str, Callable[[Survey], Survey]] = {
    "a statement's text": lambda s: replace(
        s, statements=(replace(s.statements[0], text="Personalen hör på"), *s.statements[1:])
    ),
    "a label": lambda s: replace(
        s,
        statements=tuple(
            replace(one, scale=replace(one.scale, labels=("Nej", "Delvis", "Ja"))) for one in s.statements
        ),
    ),
    "the order of labels": lambda s: replace(
        s,
        statements=tuple(
            replace(one, scale=replace(one.scale, labels=one.scale.labels[::-1])) for one in s.statements
        ),
    ),
    "the order of statements": lambda s: replace(s, statements=s.statements[::-1]),
    "one statement fewer": lambda s: replace(s, statements=s.statements[:1]),
    "a translated text": lambda s: s.translated({"en": {"Jag mår bättre": "I am better"}}),
    "a translated label": lambda s: s.translated({"en": {"Jag mår bättre": "I feel better", "Ja": "Yes"}}),
    "a further language": lambda s: s.translated(
        {"en": {"Jag mår bättre": "I feel better"}, "fi": {"Ja": "Kyllä"}}
    ),
}


@pytest.mark.parametrize("change", VISIBLE_CHANGES)
def test_a_change_visible_to_guests_changes_the_version(change: str, tmp_path: Path) -> None:
    survey = good_survey(tmp_path).translated({"en": {"Jag mår bättre": "I feel better"}})
    assert VISIBLE_CHANGES[change](survey).version != survey.version


def test_a_change_invisible_to_guests_keeps_the_version(tmp_path: Path) -> None:
    survey = good_survey(tmp_path)
    reworded = (
        GOOD_SURVEY.replace("Egna ord", "Andras ord").replace("EUPL-1.2", "CC0").replace("Hälsa", "Mål")
    )
    assert good_survey(tmp_path, reworded).version == survey.version
    assert good_survey(tmp_path, GOOD_SURVEY.replace("En enkät", "Enkät två")).version == survey.version


def test_texts_of_other_surveys_do_not_change_the_version(tmp_path: Path) -> None:
    survey = good_survey(tmp_path)
    assert survey.translated({"en": {"Något annat": "Something else"}}).version == survey.version


def test_composed_and_decomposed_letters_give_the_same_version(tmp_path: Path) -> None:
    composed = good_survey(tmp_path)
    decomposed = good_survey(tmp_path, GOOD_SURVEY.replace("ä", "a\u0308"))
    assert decomposed.version == composed.version


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "good.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD_SURVEY.replace("\n", "\r\n").encode())
    assert read_survey(path, {"mood": SCALE}) == good_survey(tmp_path)


texts = st.text(min_size=1, max_size=20)
scales = st.builds(
    Scale,
    texts,
    st.lists(texts, min_size=2, max_size=11, unique=True).map(tuple),
    st.booleans(),
    st.sampled_from(Pictures),
    is_ordered=st.booleans(),
) | st.builds(
    number_scale,
    texts,
    st.builds(Poles, st.integers(0, 90), texts, texts),
    st.integers(2, 11),
    bipolar=st.booleans(),
)
surveys = st.builds(
    Survey,
    id=texts,
    title=texts,
    source=texts,
    licence=texts,
    validated=st.booleans(),
    statements=st.lists(
        st.builds(
            Statement,
            texts,
            texts,
            texts,
            scales,
            st.sampled_from([None, *Good]),
            st.sampled_from([(), (1,), (1, 2)]),
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
    translations=st.dictionaries(texts, st.dictionaries(texts, texts, max_size=3), max_size=3),
)


@pytest.mark.slow
@given(surveys)
def test_a_survey_survives_conversion_to_json_and_back(survey: Survey) -> None:
    thawed = survey_from_json(json.loads(json.dumps(survey.as_json())))
    assert thawed == survey
    assert thawed.version == survey.version


def test_a_survey_of_an_older_version_has_no_direction() -> None:
    frozen = {
        "id": "s", "title": "", "source": "", "licence": "", "validated": False, "texts": {},
        "statements": [{"id": "safe", "text": "Trygg", "outcome": "",
                        "scale": {"id": "five", "labels": list("abcde"), "bipolar": False}}],
    }  # fmt: skip
    [statement] = survey_from_json(frozen).statements
    assert (statement.good, statement.good_share, statement.agreeing_options) == (None, None, (4, 5))


def test_an_older_survey_keeps_its_version_and_its_stored_form() -> None:
    """The version is that which earlier programs gave it. Its numbers are texts, which it has translated."""
    frozen = {
        "id": "s", "title": "", "source": "", "licence": "", "validated": False,
        "texts": {"en": {"Trygg": "Safe", "2": "two"}},
        "statements": [{"id": "safe", "text": "Trygg", "outcome": "",
                        "scale": {"id": "five", "labels": ["1 – Nej", "2", "3 – Ja"], "bipolar": False}}],
    }  # fmt: skip
    survey = survey_from_json(frozen)
    assert survey.version == "1924e4073f"
    assert survey.as_json() == frozen
    assert survey.messages == ("Trygg", "1 – Nej", "2", "3 – Ja")


NUMBERS = number_scale("numbers", Poles(0, "Inte alls", "Helt"), 11)


def survey_with(scale: Scale) -> Survey:
    return Survey("s", "S", "", "", False, (Statement("safe", "Trygg", "", scale),), {})


def test_only_the_poles_of_a_number_scale_are_translated() -> None:
    assert NUMBERS.labels == ("0 – Inte alls", *map(str, range(1, 10)), "10 – Helt")
    survey = survey_with(NUMBERS).translated(
        {"fa": {"Trygg": "امن", "Inte alls": "هیچ", "Helt": "کامل"}, "en": {"Trygg": "Safe", "Helt": "Fully"}}
    )
    assert survey.messages == ("Trygg", "Inte alls", "Helt")
    assert [survey.translations["fa"][label] for label in NUMBERS.labels[-2:]] == ["۹", "۱۰ – کامل"]
    assert survey.translations["en"] == {"Trygg": "Safe", "Helt": "Fully"}, "a number without its other pole"


@pytest.mark.parametrize(
    "changed",
    [
        number_scale("numbers", Poles(0, "Inte alls", "Helt!"), 11),
        number_scale("numbers", Poles(1, "Inte alls", "Helt"), 11),
        number_scale("numbers", Poles(0, "Inte alls", "Helt"), 10),
        replace(NUMBERS, pictures=Pictures.CIRCLES),
    ],
)
def test_a_scale_that_looks_different_gives_another_version(changed: Scale) -> None:
    assert survey_with(changed).version != survey_with(NUMBERS).version


@pytest.mark.parametrize("key", ['good = "high"', "agreeing = [1]"])
def test_a_direction_of_options_without_an_order_is_refused(key: str, tmp_path: Path) -> None:
    path = tmp_path / "good.toml"
    path.write_text(GOOD_SURVEY + key + "\n", encoding="utf-8")
    unordered = replace(SCALE, pictures=Pictures.NONE, is_ordered=False)
    with pytest.raises(DefinitionError, match=r"statements\[2\].*have no order; remove it"):
        read_survey(path, {"mood": unordered})


def test_no_option_without_an_order_agrees_or_is_good() -> None:
    unordered = replace(SCALE, pictures=Pictures.NONE, is_ordered=False)
    statement = Statement("need", "Vad behöver du?", "", unordered, Good.HIGH, (1,))
    assert (statement.agreeing_options, statement.good_share) == ((), None)


def test_statements_that_share_a_current_or_earlier_text_have_the_same_meaning() -> None:
    first = Statement("s", "tex. skola", "o", SCALE)
    corrected = Statement("s", "t.ex. skola", "o", SCALE, earlier_spellings=(first.text,))
    simpler = Statement("s", "skolan", "o", SCALE, earlier_wordings=(first.text,))
    other = Statement("s", "arbete", "o", SCALE)
    assert corrected.texts == ("t.ex. skola", "tex. skola")
    assert first.means(corrected)
    assert corrected.means(first)
    assert corrected.means(simpler)
    assert not any(one.means(other) or other.means(one) for one in (first, corrected, simpler))


@pytest.mark.parametrize(
    ("good", "agreeing", "good_share"),
    [
        (Good.HIGH, (), Good.HIGH),
        (Good.LOW, (), Good.LOW),
        (Good.LOW, (1,), Good.HIGH),
        (Good.HIGH, (1,), Good.LOW),
        (Good.HIGH, (2,), Good.NEITHER),
        (Good.NEITHER, (), Good.NEITHER),
        (None, (1,), None),
    ],
)
def test_the_good_end_and_the_agreeing_options_determine_the_good_share(
    good: Good | None, agreeing: tuple[int, ...], good_share: Good | None
) -> None:
    assert Statement("s", "t", "o", SCALE, good, agreeing).good_share is good_share


def test_the_good_end_and_agreeing_options_are_read_from_a_survey_file(tmp_path: Path) -> None:
    text = GOOD_SURVEY.replace('outcome = "Hälsa"', 'outcome = "Hälsa"\ngood = "low"\nagreeing = [3, 2]')
    first, second = good_survey(tmp_path, text).statements
    assert (first.good, first.agreeing_options) == (None, (3,))
    assert (second.good, second.agreeing_options) == (Good.LOW, (2, 3))
    assert good_survey(tmp_path, text).version == good_survey(tmp_path).version, "guests do not see it"


def test_earlier_texts_are_read_from_a_survey_file_and_frozen_with_a_round(tmp_path: Path) -> None:
    lines = 'earlier_spellings = [" Jag mor  bättre"]\nearlier_wordings = ["Jag mår bra", "Det är bra"]'
    survey = good_survey(tmp_path, GOOD_SURVEY.replace('outcome = "Hälsa"', f'outcome = "Hälsa"\n{lines}'))
    first, second = survey.statements
    assert first.texts == (first.text,)
    assert second.earlier_spellings == ("Jag mor bättre",)
    assert second.earlier_wordings == ("Jag mår bra", "Det är bra")
    assert survey_from_json(json.loads(json.dumps(survey.as_json()))) == survey
    assert survey.version == good_survey(tmp_path).version, "guests do not see them"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('earlier_wordings = "Bra"', r"earlier_wordings \(line 17\): must be a list of texts"),
        ("earlier_wordings = [1]", r"earlier_wordings \(line 17\): must be a list of texts"),
        ('earlier_spellings = [""]', r"earlier_spellings \(line 17\): "),
        ('earlier_wordings = ["two\\nlines"]', r"earlier_wordings \(line 17\): has a line break"),
    ],
)
def test_invalid_earlier_texts_are_refused(lines: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=message):
        good_survey(tmp_path, GOOD_SURVEY.replace('outcome = "Hälsa"', f'outcome = "Hälsa"\n{lines}'))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('good = "best"', r"statements\[2\].good \(line 17\): 'best' is none of: high, low, neither"),
        ("good = true", r"good \(line 17\): must be"),
        ("agreeing = 3", r"agreeing \(line 17\): must be a list of numbers, such as \[4, 5\]"),
        ("agreeing = []", r"agreeing \(line 17\): must be a list of numbers"),
        ('agreeing = ["Ja"]', r"agreeing \(line 17\): must be a list of numbers"),
        ("agreeing = [true]", r"agreeing \(line 17\): must be a list of numbers"),
        (
            "agreeing = [4]",
            r"agreeing \(line 17\): \[4\] must be different option numbers from 1, the lowest, to 3",
        ),
        ("agreeing = [3, 3]", "must be different option numbers"),
        ("agreeing = [1, 2, 3]", "but not all of them"),
    ],
)
def test_an_invalid_direction_is_refused(lines: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=message):
        good_survey(tmp_path, GOOD_SURVEY.replace('outcome = "Hälsa"', f'outcome = "Hälsa"\n{lines}'))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ()),
        ("4, 5", (4, 5)),
        ("5 4", (4, 5)),
        (" 4;5 ", (4, 5)),
        ("fyra", (0,)),
        ("4-5", (0,)),
        ("4,", (0,)),
    ],
)
def test_option_numbers_are_read_in_common_notations(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_in(text) == numbers


def test_every_shipped_statement_has_a_good_end() -> None:
    assert all(statement.good for survey in shipped().values() for statement in survey.statements)


def edited(old: str, new: str) -> Callable[[str], bytes]:
    """A small edit of a good file; it must find what it replaces."""

    def edit(text: str) -> bytes:
        assert old in text
        return text.replace(old, new, 1).encode()

    return edit


def more(count: int, section: str) -> Callable[[str], bytes]:
    """The good file's head, then so many sections."""

    def edit(text: str) -> bytes:
        head = text.split("[[", 1)[0]
        return (head + "".join(section.replace("#", str(number)) for number in range(count))).encode()

    return edit


STATEMENT = '[[statements]]\nid = "s#"\ntext = "Text #"\noutcome = "o"\n'
OPTION = '[[options]]\nlabel = "Steg #"\n'
NUMBERED = 'numbers = [0, 10]\npoles = ["Nej", "Ja"]\n'

BROKEN_SURVEYS: dict[str, tuple[Callable[[str], bytes], str, str]] = {
    # what is wrong: the edit, where the message points, the way out it names
    "misspelt key": (edited("outcome", "outcom"), "statements[1].outcome", "misspell it as 'outcom'"),
    "misspelt title": (edited("title", "titel"), ": title", "misspell it as 'titel'"),
    "further key": (edited('title = "', 'titles = "x"\ntitle = "'), ": titles", "did you mean 'title'"),
    "unknown key": (edited('title = "', 'colour = "x"\ntitle = "'), ": colour", "remove it"),
    "key of the file in a section": (
        edited('outcome = "Hälsa"', 'outcome = "Hälsa"\nlicence = "CC0"'),
        "statements[2].licence",
        "remove it",
    ),
    "odd key": (edited('title = "', '"a\\u0007b" = "x"\ntitle = "'), "'a\\x07b'", "remove it"),
    "no title": (edited('title = "En enkät"\n', ""), ": title", "add a line title ="),
    "no source": (edited('source = "Egna ord"\n', ""), ": source", "add a line source ="),
    "no licence": (edited('licence = "EUPL-1.2"\n', ""), ": licence", "add a line licence ="),
    "no validated": (
        edited("validated = false\n", ""),
        ": validated",
        "add a line validated = true or false",
    ),
    "validated as text": (edited("= false", '= "nej"'), ": validated", "must be true or false"),
    "validated as a long text": (
        edited("= false", f'= "{"x" * 9000}"'),
        ": validated",
        "must be true or false",
    ),
    "validated as number": (edited("= false", "= 0"), ": validated", "must be true or false"),
    "validated in Swedish": (edited("= false", "= nej"), "line 5", "true or false"),
    "no default scale": (edited('scale = "mood"\n', ""), "statements[1].scale", "name a scale"),
    "unknown default scale": (edited('"mood"', '"mod"'), ": scale", "choose one of: mood"),
    "unknown scale": (
        edited('outcome = "Hälsa"', 'outcome = "Hälsa"\nscale = "agree9"'),
        "statements[2].scale",
        "choose one of: mood",
    ),
    "scale as list": (edited('scale = "mood"', 'scale = ["mood"]'), ": scale", "a text in quotes"),
    "no text": (edited('text = "Jag mår bättre"\n', ""), "statements[2].text", "add a line text ="),
    "empty text": (edited("Jag mår bättre", ""), "statements[2].text", "write the text"),
    "blank text": (edited("Jag mår bättre", " \u00a0\u200b "), "statements[2].text", "write the text"),
    "text as number": (edited('"Jag mår bättre"', "5"), "statements[2].text", "a text in quotes"),
    "text as date": (edited('"Jag mår bättre"', "2026-03-02"), "statements[2].text", "a text in quotes"),
    "line break in text": (edited("Jag mår", "Jag\\nmår"), "statements[2].text", "one line"),
    "NUL in text": (edited("Jag mår", "Jag\\u0000mår"), "statements[2].text", "one line"),
    "NUL in file": (edited("Jag mår", "Jag\0mår"), "line 15", "ends with"),
    "control character": (edited("Jag mår", "Jag\\u0085mår"), "statements[2].text", "one line"),
    "very long": (edited("Jag mår", "Jag " + "m" * 600), "statements[2].text", "at most 500"),
    "text twice but for spaces within": (
        edited("Jag mår bättre", "Personalen   lyssnar"),
        "statements[2].text",
        "remove one",
    ),
    "turned text": (edited("Jag mår", "Jag \\u202emår"), "statements[2].text", "U+202E"),
    "text twice": (edited("Jag mår bättre", "Personalen lyssnar"), "statements[2].text", "remove one"),
    "text twice but for blanks": (
        edited("Jag mår bättre", " Personalen lyssnar "),
        "statements[2].text",
        "remove one",
    ),
    "no outcome": (edited('outcome = "Hälsa"\n', ""), "statements[2].outcome", "add a line outcome ="),
    "no id": (edited('id = "good"\n', ""), ": id", "add a line id ="),
    "id of another file": (edited('id = "good"', 'id = "other"'), ": id", "rename one of them"),
    "bad id": (edited('"listened"', '"Lyssnar på"'), "statements[1].id", "small letters"),
    "id with an odd digit": (edited('"listened"', '"s²"'), "statements[1].id", "small letters"),
    "long id": (edited('"listened"', f'"{"x" * 41}"'), "statements[1].id", "at most 40"),
    "duplicate id": (edited('"better"', '"listened"'), "statements[2].id", "its own id"),
    "reserved id": (edited('"listened"', '"slip"'), "statements[1].id", "choose another"),
    "duplicate key": (edited("title =", 'title = "x"\ntitle ='), "line 3", "remove one"),
    "unclosed string": (edited('"En enkät"', '"En enkät'), "line 2", 'ends with "'),
    "unclosed at the end": (edited('"Hälsa"\n', '"Hälsa'), "line 16", 'end the text with "'),
    "no equals sign": (edited("title =", "title:"), "line 2", "key = value"),
    "no quotes": (edited('"En enkät"', "En enkät"), "line 2", 'between "quotes"'),
    "curly quotes": (edited('"En enkät"', "”En enkät”"), "line 2", 'between "quotes"'),
    "endless number": (edited('"En enkät"', "9" * 5000), "good.toml", "correct"),
    "empty file": (lambda _: b"", ": id", "add a line id ="),
    "only comments": (lambda _: b"# nothing\n", ": id", "add a line id ="),
    "not UTF-8": (lambda text: text.encode("latin-1"), "line 2", "save it as UTF-8"),
    "UTF-16": (lambda text: text.encode("utf-16"), "line 1", "save it as UTF-8"),
    "statements not a list": (more(1, 'statements = "Ja"\n'), ": statements", "must be [[statements]]"),
    "one bracket": (more(1, '[statements]\nid = "a"\n'), ": statements", "must be [[statements]]"),
    "list of texts": (more(1, 'statements = ["Ja"]\n'), "statements[1]", "must be a [[statements]]"),
    "no statements": (more(0, ""), ": statements", "add [[statements]]"),
    "empty list": (more(1, "statements = []\n"), ": statements", "1 to 20"),
    "21 statements": (more(21, STATEMENT), ": statements", "1 to 20"),
    "section of both kinds": (
        more(1, '[statements]\na = 1\n[[statements]]\nid = "a"\n'),
        "line 10",
        "remove one",
    ),
    "deep nesting": (edited("validated = false", f"validated = {'[' * 5000}"), "good.toml", "write it flat"),
    "2 MB": (lambda text: text.encode() + b"#" * 2_000_000, "good.toml", "is it the right file"),
    "another language": (lambda _: b"id: good\ntitle: En\n", "line 1", "key = value"),
}

BROKEN_SCALES: dict[str, tuple[Callable[[str], bytes], str, str]] = {
    "one option": (more(1, OPTION), ": options", "2 to 11"),
    "twelve options": (more(12, OPTION), ": options", "2 to 11"),
    "two equal labels": (edited('"Kanske"', '"Nej"'), "options[2].label", "tell them apart"),
    "labels equal but for blanks": (edited('"Kanske"', '"Nej "'), "options[2].label", "tell them apart"),
    "missing label": (edited('label = "Kanske"\n', ""), "options[2].label", "add a line label ="),
    "misspelt label": (edited('label = "Kanske"', 'lable = "Kanske"'), "options[2].label", "misspell"),
    "empty label": (edited("Kanske", " "), "options[2].label", "write the text"),
    "label as number": (edited('"Kanske"', "2"), "options[2].label", "a text in quotes"),
    "value beside a label": (edited('"Kanske"', '"Kanske"\nvalue = 2'), "options[2].value", "remove it"),
    "no source": (edited('source = "Egna ord"\n', ""), ": source", "add a line source ="),
    "no bipolar": (edited("bipolar = false\n", ""), ": bipolar", "add a line bipolar = true or false"),
    "id of another file": (edited('id = "good"', 'id = "bad"'), ": id", "rename one of them"),
    "options not sections": (more(1, 'options = ["Ja", "Nej"]\n'), "options[1]", "must be a [[options]]"),
    "no options": (more(0, ""), ": options", "add [[options]]"),
    "unknown pictures": (edited("\n\n", '\npictures = "emoji"\n\n'), ": pictures", "none of: circles"),
    "faces for three options": (edited("\n\n", '\npictures = "faces"\n\n'), ": pictures", "faces are for 5"),
    "a middle without an order": (
        edited("bipolar = false", "bipolar = true\nordered = false"),
        ": bipolar",
        "write false",
    ),
    "circles without an order": (
        edited("bipolar = false", 'bipolar = false\nordered = false\npictures = "circles"'),
        ": pictures",
        "none of: none",
    ),
    "numbers and options": (
        edited("\n\n", "\n" + NUMBERED + "\n"),
        ": options",
        "remove the [[options]] or the numbers",
    ),
    "numbers without poles": (more(1, "numbers = [0, 10]"), ": poles", "two different texts, such as"),
    "poles without numbers": (more(1, 'poles = ["a", "b"]'), ": numbers", "such as [0, 10]"),
    "equal poles": (more(1, 'numbers = [0, 10]\npoles = ["a", "a"]'), ": poles", "two different texts"),
    "numbers that fall": (more(1, 'numbers = [10, 0]\npoles = ["a", "b"]'), ": numbers", "such as [0, 10]"),
    "too many numbers": (more(1, 'numbers = [0, 11]\npoles = ["a", "b"]'), ": numbers", "at most 11"),
    "numbers with circles": (more(1, NUMBERED + 'pictures = "circles"'), ": pictures", "none of: none"),
}


def complaint_about(path: Path, read: Callable[[], object]) -> str:
    """The message a broken file gets, checked for what every message must have."""
    with pytest.raises(DefinitionError) as raised:
        read()
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert not re.search(r"[\x00-\x1f\x7f]", message)
    assert len(message) < len(str(path)) + 250
    return message.removeprefix(str(path.parent))


@pytest.mark.parametrize("case", BROKEN_SURVEYS)
def test_the_error_for_a_broken_survey_names_the_place_and_the_remedy(case: str, tmp_path: Path) -> None:
    edit, where, remedy = BROKEN_SURVEYS[case]
    path = tmp_path / "good.toml"
    path.write_bytes(edit(GOOD_SURVEY))
    message = complaint_about(path, lambda: read_survey(path, {"mood": SCALE}))
    assert where in message
    assert remedy in message


@pytest.mark.parametrize("case", BROKEN_SCALES)
def test_the_error_for_a_broken_scale_names_the_place_and_the_remedy(case: str, tmp_path: Path) -> None:
    edit, where, remedy = BROKEN_SCALES[case]
    path = tmp_path / "good.toml"
    path.write_bytes(edit(GOOD_SCALE))
    message = complaint_about(path, lambda: read_scale(path))
    assert where in message
    assert remedy in message


def test_a_folder_or_missing_file_in_place_of_a_survey_file_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "good.toml"
    folder.mkdir()
    assert "directory" in complaint_about(folder, lambda: read_survey(folder, {})).lower()
    nothing = tmp_path / "nothing.toml"
    assert "No such file" in complaint_about(nothing, lambda: read_survey(nothing, {}))


def test_the_example_files_of_these_tests_are_valid(tmp_path: Path) -> None:
    assert len(good_survey(tmp_path).statements) == 2
    path = tmp_path / "good.toml"
    path.write_text(GOOD_SCALE, encoding="utf-8")
    assert read_scale(path).labels == ("Nej", "Kanske", "Ja")


@pytest.mark.slow
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_content_causes_a_traceback(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(raw)
    with pytest.raises(DefinitionError):
        read_survey(path, {})


def test_an_id_that_exists_in_an_earlier_folder_is_refused(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        (folder / "scales").mkdir(parents=True)
        text = GOOD_SURVEY.replace("mood", f"good_{folder.name}")
        (folder / "good.toml").write_text(text, encoding="utf-8")
        scale = GOOD_SCALE.replace('"good"', f'"good_{folder.name}"')
        (folder / "scales" / f"good_{folder.name}.toml").write_text(scale, encoding="utf-8")
    assert "rename" in complaint_about(folders[1] / "good.toml", lambda: read_surveys(folders))
    (folders[1] / "scales" / "good_a.toml").write_text(
        GOOD_SCALE.replace('"good"', '"good_a"'), encoding="utf-8"
    )
    assert "rename" in complaint_about(folders[1] / "scales" / "good_a.toml", lambda: read_surveys(folders))
