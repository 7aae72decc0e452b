"""Translators' files: which texts they change, and which reviewed texts they leave to a person's choice."""

from time import process_time

import pytest

from kiosk.library.catalogues import Catalogue, language
from kiosk.library.drafts import Translation
from kiosk.library.translators_file import (
    Comparison,
    TranslationError,
    as_po,
    compare,
    read_translations,
)

HERE = Catalogue(language("en"), {"Ja": "Yes", "Nej": "No", "Kanske": "Maybe"}, ("Hej",), ("Nej",))
"""Two reviewed texts, an unreviewed one ("Nej") and one without a translation ("Hej")."""


@pytest.mark.parametrize(("obsolete", "is_refused"), [({"Nej"}, False), (set(), True)])
def test_a_translators_file_made_before_an_upgrade_is_accepted(obsolete: set[str], is_refused: bool) -> None:
    file = as_po(Catalogue(language("en"), {"Ja": "Yes!", "Nej": "No"}, (), ()))
    now = Catalogue(language("en"), {"Ja": "Yes"}, (), ("Ja",), frozenset(obsolete))
    if is_refused:
        with pytest.raises(TranslationError):
            read_translations(file, now)
    else:
        assert read_translations(file, now).changed == (Translation("Ja", "Yes!", True),)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (Translation("Nej", "Nope", True), Comparison((Translation("Nej", "Nope", True),), (), 0, 0)),
        (Translation("Nej", "No", True), Comparison((Translation("Nej", "No", True),), (), 0, 0)),
        (Translation("Nej", "No", False), Comparison((), (), 0, 0)),
        (Translation("Hej", "Hi", False), Comparison((Translation("Hej", "Hi", False),), (), 0, 0)),
        (Translation("Ja", "Aye", False), Comparison((), (Translation("Ja", "Aye", False),), 0, 0)),
        (Translation("Ja", "Aye", True), Comparison((), (Translation("Ja", "Aye", True),), 0, 0)),
        (Translation("Ja", "Yes", False), Comparison((), (), 0, 1)),
        (Translation("Hej", "Hej", True), Comparison((Translation("Hej", "Hej", False),), (), 1, 0)),
        (Translation("Ja", "Ja", True), Comparison((), (Translation("Ja", "Ja", False),), 1, 0)),
    ],
)
def test_a_text_is_saved_unless_it_would_replace_a_reviewed_one(
    sent: Translation, expected: Comparison
) -> None:
    assert compare([sent], HERE) == expected


def test_a_reviewed_text_that_equals_the_swedish_one_stays_reviewed() -> None:
    here = Catalogue(language("en"), {"Information": "Information"}, (), ())
    assert compare([Translation("Information", "Information", True)], here) == Comparison((), (), 0, 0)


@pytest.mark.parametrize("is_reviewed", [True, False])
def test_a_text_with_no_break_spaces_is_the_text_that_reads_the_same(is_reviewed: bool) -> None:
    here = Catalogue(language("en"), {}, ("Vet du det?", "Med 5\N{NO-BREAK SPACE}%"), ())
    unreviewed = () if is_reviewed else ("Vet\N{NO-BREAK SPACE}du det?", "Med 5 %")
    sent = {"Vet\N{NO-BREAK SPACE}du det?": "Do you know?", "Med 5 %": "With 5 %"}
    assert set(read_translations(as_po(Catalogue(language("en"), sent, (), unreviewed)), here).changed) == {
        Translation("Vet du det?", "Do you know?", is_reviewed),
        Translation("Med 5\N{NO-BREAK SPACE}%", "With 5 %", is_reviewed),
    }


def test_a_text_with_the_spaces_of_here_is_used_before_one_with_others() -> None:
    here = Catalogue(language("en"), {}, ("Vet du?",), ())
    sent = {"Vet du?": "Know?", "Vet\N{NO-BREAK SPACE}du?": "Other"}
    changed = read_translations(as_po(Catalogue(language("en"), sent, (), ())), here).changed
    assert changed == (Translation("Vet du?", "Know?", True),)


HEADER = 'msgid ""\nmsgstr "Language: en\\n"\n\n'

VARIANTS: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "a context": ('msgctxt "button"\nmsgid "Hej"\nmsgstr "Hi"\n', {"Hej": "Hi"}, ()),
    "a context on two lines": ('msgctxt ""\n"the "\n"button"\nmsgid "Hej"\nmsgstr "Hi"\n', {"Hej": "Hi"}, ()),
    "two contexts, one translation": (
        'msgctxt "a"\nmsgid "Hej"\nmsgstr "Hi"\n\nmsgctxt "b"\nmsgid "Hej"\nmsgstr "Hi"\n',
        {"Hej": "Hi"},
        (),
    ),
    "two contexts, two translations": (
        'msgctxt "a"\nmsgid "Hej"\nmsgstr "Hi"\n\nmsgid "Hej"\nmsgstr "Hello"\n\n'
        'msgid "Nej"\nmsgstr "Nope"\n',
        {"Nej": "Nope"},
        ("Hej",),
    ),
    "forms alike": (
        'msgid "Hej"\nmsgid_plural "Hej alla"\nmsgstr[0] "Hi"\nmsgstr[1] "Hi"\n',
        {"Hej": "Hi"},
        (),
    ),
    "forms that differ": (
        'msgid "Hej"\nmsgid_plural "Hej alla"\nmsgstr[0] "Hi"\nmsgstr[1] "Hi all"\n\n'
        'msgid "Nej"\nmsgstr "Nope"\n',
        {"Nej": "Nope"},
        ("Hej",),
    ),
    "a plural of another program": (
        'msgid "%d fil"\nmsgid_plural "%d filer"\nmsgstr[0] "%d file"\nmsgstr[1] "%d files"\n',
        {},
        ("%d fil",),
    ),
    "forms without a translation": (
        'msgid "Hej"\nmsgid_plural "Hej alla"\nmsgstr[0] ""\nmsgstr[1] ""\n',
        {},
        (),
    ),
}
"""Entries -> the texts that they change, and the texts that are left out and named."""


@pytest.mark.parametrize("case", VARIANTS)
def test_contexts_and_plural_forms_are_read_as_far_as_a_text_has_one_translation(case: str) -> None:
    entries, changed, left_out = VARIANTS[case]
    comparison = read_translations((HEADER + entries).encode(), HERE)
    assert {one.message: one.text for one in comparison.changed} == changed
    assert comparison.with_variants == left_out


def test_the_line_of_a_fault_is_that_of_the_sent_file_below_a_plural() -> None:
    plural = 'msgid "Hej"\nmsgid_plural "Hej alla"\nmsgstr[0] "Hi"\nmsgstr[1] "Hi all"\n'
    with pytest.raises(TranslationError, match="Rad 8 i filen"):
        read_translations((HEADER + plural + 'msgid "Nej\nmsgstr "No"\n').encode(), HERE)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "ingen .po-fil"),
        (b"<html><body>msgid</body></html>", "ingen .po-fil"),
        (b"text,translation\nJa,Yes\n", "ingen .po-fil"),
        ((HEADER + 'msgid "Ja"\nmsgstr "Yes"\n').encode("utf-16-le"), "inte sparad i UTF-8"),
        (
            (HEADER + 'msgid "Saknas"\nmsgstr "x"\n').encode(),
            "texter som inte finns här, till exempel ”Saknas”",
        ),
    ],
    ids=["empty", "a web page", "a table", "UTF-16 without a mark", "an unknown text"],
)
def test_the_refusal_of_a_translators_file_names_its_fault(content: bytes, reason: str) -> None:
    with pytest.raises(TranslationError, match=reason):
        read_translations(content, HERE)


@pytest.mark.slow
def test_the_time_to_read_a_text_of_many_lines_is_in_proportion_to_its_size() -> None:
    """A text of a million lines took minutes: each line was added to a copy of those before."""
    seconds = []
    for lines in (20_000, 80_000):
        began = process_time()
        with pytest.raises(TranslationError, match="högst 2000 tecken"):
            read_translations((HEADER + 'msgid "Ja"\nmsgstr ""\n' + '"abcdefgh"\n' * lines).encode(), HERE)
        seconds.append(process_time() - began)
    assert seconds[1] < 10 * seconds[0]
