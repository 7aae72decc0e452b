"""Catalogues: every word on every screen, in every language, and what no native reader has seen."""

import ast
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from kiosk.library.catalogues import Catalogue, language, read_catalogue, read_catalogues
from kiosk.library.completeness import of_screen
from kiosk.library.definition import DefinitionError
from kiosk.library.surveys import read_scales, readable
from kiosk.settings import shipped_folder
from tests.tools.languages import GUEST_LANGUAGES, INSTRUMENT_SCALES
from tests.tools.messages import catalogue_paths, extracted, messages_in, updated
from tests.tools.shipped import read_surveys
from tests.tools.syntax import nodes

PACKAGE = Path(__file__).parents[2] / "kiosk"
DESK_LANGUAGES = ("sv", "en")
ALL = [("guest", code) for code in GUEST_LANGUAGES] + [("desk", code) for code in DESK_LANGUAGES]

OWN_WORDS_OF_THE_MISSION = {
    "Jag känner att personalen lyssnar på mig",
    "Verksamheten stödjer mig i kontakt med tex. Socialtjänst, skola, psykiatri, arbete och utbildning",
    "Jag har fått ökad kunskap om mina rättigheter genom verksamheten",
    "Verksamheten bidrar till att jag mår bättre",
    "Instämmer helt",
    "Instämmer bra",
    "Instämmer delvis",
}


@pytest.fixture(scope="module")
def shipped() -> dict[str, dict[str, Catalogue]]:
    folders = [shipped_folder("translations")]
    return {domain: read_catalogues(folders, domain) for domain in ("guest", "desk")}


Shipped = dict[str, dict[str, Catalogue]]


def test_the_shipped_languages_are_in_the_order_of_the_picker(shipped: Shipped) -> None:
    assert tuple(shipped["guest"]) == GUEST_LANGUAGES
    assert tuple(shipped["desk"]) == DESK_LANGUAGES


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "code"), ALL)
def test_every_text_of_every_screen_is_translated(domain: str, code: str, shipped: Shipped) -> None:
    messages = messages_in(domain, code)
    assert messages
    missing = [message for message in messages if not shipped[domain][code].texts.get(message, "").strip()]
    assert not missing, (
        f"{len(missing)} of {len(messages)} texts are missing; run make messages, then fill in"
    )


@pytest.mark.parametrize(("domain", "code"), ALL)
def test_no_catalogue_has_an_unused_text(domain: str, code: str, shipped: Shipped) -> None:
    catalogue = shipped[domain][code]
    unused = {
        *set(catalogue.texts) - set(messages_in(domain, code)),
        *set(catalogue.empty) - set(extracted(domain)),
    }
    assert not unused, "make messages PRUNE=yes removes them"


@pytest.mark.parametrize(("domain", "code"), ALL)
def test_the_catalogues_are_up_to_date(domain: str, code: str) -> None:
    text = catalogue_paths(domain)[code].read_text(encoding="utf-8")
    assert updated(text, messages_in(domain, code), code, prune=False) == text, "run make messages"


def is_extracted_by_newer_pythons_only(node: ast.AST) -> bool:
    """Whether a node of a syntax tree is a formatted string in which a text is translated."""
    return isinstance(node, ast.JoinedStr) and any(
        isinstance(part, ast.Call)
        and ast.unparse(part.func).split(".")[-1] == "translate"
        and isinstance(part.args[0], ast.Constant)
        for part in ast.walk(node)
    )


MAYBE_WITHIN = re.compile(r"\{[^{}]*\btranslate\(")
"""Whether a source is parsed: to examine every node of every module takes two seconds."""


def test_no_text_is_translated_within_a_formatted_string() -> None:
    """The tokens of Python 3.11 do not show the inside of formatted strings, those of 3.12 do: the catalogues
    would depend on the Python that makes them."""
    within = "f\"{translate('Sida')}\""
    assert MAYBE_WITHIN.search(within)
    assert any(map(is_extracted_by_newer_pythons_only, ast.walk(ast.parse(within))))
    assert [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        if MAYBE_WITHIN.search(path.read_text("utf-8"))
        for node in nodes(path)
        if isinstance(node, ast.expr) and is_extracted_by_newer_pythons_only(node)
    ] == []


def test_every_statement_and_label_is_extracted() -> None:
    assert set(extracted("guest")) > OWN_WORDS_OF_THE_MISSION


def test_reasons_for_refusing_a_round_are_extracted() -> None:
    assert "Välj minst ett sätt att lämna svar på." in extracted("desk")


@pytest.mark.parametrize("domain", ["guest", "desk"])
def test_swedish_translations_equal_the_reference_texts(domain: str, shipped: Shipped) -> None:
    assert all(message == text for message, text in shipped[domain]["sv"].texts.items())


@pytest.mark.parametrize("code", GUEST_LANGUAGES[1:])
def test_every_draft_text_is_flagged_as_unreviewed(code: str, shipped: Shipped) -> None:
    catalogue = shipped["guest"][code]
    assert set(catalogue.texts) - set(catalogue.unreviewed) == official_texts(code)


def official_texts(code: str) -> set[str]:
    """Return the texts of the instruments that are official in a language."""
    surveys = read_surveys([shipped_folder("questions")]).values()
    return {text for one in surveys if code in one.official for text in (*one.messages, one.title)}


def test_only_the_missions_own_texts_are_reviewed_in_swedish(shipped: Shipped) -> None:
    catalogue = shipped["guest"]["sv"]
    assert set(catalogue.texts) - set(catalogue.unreviewed) == OWN_WORDS_OF_THE_MISSION


@pytest.mark.parametrize(("domain", "code"), ALL)
def test_catalogues_have_composed_letters_and_no_invisible_characters(domain: str, code: str) -> None:
    raw = catalogue_paths(domain)[code].read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", raw)
    hidden = {char for char in raw if unicodedata.category(char) == "Cf"}
    assert hidden <= {"\u200c"}, "only Persian's zero width non-joiner has work to do"


SCRIPTS = {"ar": "ARABIC", "fa": "ARABIC", "uk": "CYRILLIC", "ru": "CYRILLIC", "ti": "ETHIOPIC"}
"""Any other is written in Latin letters."""


@pytest.mark.parametrize(("domain", "code"), ALL)
def test_each_translation_uses_the_script_of_its_language(domain: str, code: str, shipped: Shipped) -> None:
    for message, text in shipped[domain][code].texts.items():
        bare = _without_placeholders(re.sub(r"\(Socialtjänsten\)|Chromium", "", text))
        letters = [char for char in bare if char.isalpha()]
        scripts = {unicodedata.name(char).split()[0] for char in letters}
        assert scripts <= {SCRIPTS.get(code, "LATIN")}, f"{message!r}: {text!r}"


def _without_placeholders(text: str) -> str:
    return "".join(part.rsplit("}", 1)[-1] for part in text.split("{"))


def test_persian_is_written_with_persian_letters(shipped: Shipped) -> None:
    words = "".join(shipped["guest"]["fa"].texts.values())
    assert "ی" in words
    assert "ک" in words
    assert not set(words) & set("يكىة")


def test_arabic_is_written_with_arabic_letters(shipped: Shipped) -> None:
    assert not set("".join(shipped["guest"]["ar"].texts.values())) & set("یکگچپژ")


SHIPPED_SCALES = {"agree5", "faces5", "frequency5", "ons_ensamhet5", "yes5", "yesno", "zero_to_ten"}


@pytest.mark.parametrize("code", GUEST_LANGUAGES)
def test_the_labels_of_a_scale_differ_in_every_language(code: str, shipped: Shipped) -> None:
    scales = readable(read_scales(shipped_folder("questions") / "scales"))
    assert set(scales) == SHIPPED_SCALES
    for scale in scales.values():
        labels = scale.labels_in(code, shipped["guest"][code].texts)
        if code not in INSTRUMENT_SCALES.get(scale.id, GUEST_LANGUAGES):
            continue
        assert all(labels)
        assert len(set(labels)) == len(scale.labels)


@pytest.mark.parametrize(
    ("code", "direction"), [("ar", "rtl"), ("fa", "rtl"), ("fa_AF", "rtl"), ("sv", "ltr"), ("ti", "ltr")]
)
def test_arabic_and_persian_run_from_right_to_left(code: str, direction: str) -> None:
    assert language(code).direction == direction


HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def write(folder: Path, code: str, body: str, domain: str = "guest") -> Path:
    path = folder / code / "LC_MESSAGES" / f"{domain}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + body, encoding="utf-8")
    return path


def entry(message: str, text: str, *, fuzzy: bool = False) -> str:
    return ("#, fuzzy\n" if fuzzy else "") + f'msgid "{message}"\nmsgstr "{text}"\n\n'


def test_a_romani_catalogue_is_read_without_a_babel_locale(tmp_path: Path) -> None:
    catalogue = read_catalogue(write(tmp_path, "rom", entry("Ja", "Va")), "rom")
    assert catalogue.texts == {"Ja": "Va"}
    assert catalogue.language.autonym == "Romani čhib"
    assert catalogue.language.direction == "ltr"


def test_a_text_written_on_several_lines_is_one_text(tmp_path: Path) -> None:
    path = write(tmp_path, "en", 'msgid ""\n"Börja "\n"om"\nmsgstr ""\n"Start "\n"over"\n')
    assert read_catalogue(path, "en").texts == {"Börja om": "Start over"}


def test_fuzzy_flags_mark_unreviewed_texts_and_empty_texts_are_missing(tmp_path: Path) -> None:
    body = entry("Ja", "Yes") + entry("Nej", "No", fuzzy=True) + entry("Kanske", " ")
    catalogue = read_catalogue(write(tmp_path, "en", body), "en")
    assert catalogue.unreviewed == ("Nej",)
    assert catalogue.empty == ("Kanske",)
    assert (of_screen(catalogue).missing, of_screen(catalogue).unreviewed) == (("Kanske",), ("Nej",))
    assert not of_screen(catalogue).is_complete
    assert not of_screen(catalogue).is_reviewed


def test_obsolete_entries_are_not_read_as_texts(tmp_path: Path) -> None:
    path = write(tmp_path, "en", entry("Ja", "Yes") + '#~ msgid "Nej"\n#~ msgstr "No"\n')
    assert read_catalogue(path, "en").texts == {"Ja": "Yes"}


def test_a_text_absent_from_a_catalogue_is_missing(tmp_path: Path) -> None:
    write(tmp_path, "sv", entry("Ja", "Ja") + entry("Nej", "Nej"))
    write(tmp_path, "so", entry("Ja", "Haa"))
    read = read_catalogues([tmp_path], "guest")
    assert read["so"].empty == ("Nej",)
    assert not of_screen(read["so"]).is_complete
    assert of_screen(read["sv"]).is_complete


def test_an_installations_own_catalogue_overrides_single_texts(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    write(shipped, "sv", entry("Ja", "Ja") + entry("Nej", "Nej") + entry("Kanske", "Kanske"))
    write(
        shipped, "en", entry("Ja", "Yes", fuzzy=True) + entry("Nej", "No", fuzzy=True) + entry("Kanske", "")
    )
    write(own, "en", entry("Ja", "Yes!") + entry("Kanske", "Maybe"))
    read = read_catalogues([shipped, own], "guest")["en"]
    assert read.texts == {"Ja": "Yes!", "Nej": "No", "Kanske": "Maybe"}
    assert read.unreviewed == ("Nej",)
    assert of_screen(read).is_complete


BROKEN: dict[str, tuple[str, str]] = {
    # what is wrong: the file's body after a header of four lines, what the message says
    "missing placeholder": (entry("Fråga {n} av {total}", "Question {n}"), "line 5: .*same {placeholders}"),
    "other placeholder": (entry("Fråga {n}", "Question {number}"), "line 5: .*same {placeholders}"),
    "further placeholder": (entry("Ja", "Yes {n}"), "line 5: .*same {placeholders}"),
    "placeholder with a format": (entry("Fråga {n}", "Question {n:>9}"), "line 5: .*same {placeholders}"),
    "placeholder that reaches inside": (
        entry("Fråga {n}", "Question {n.__class__}"),
        "line 5: .*same {placeholders}",
    ),
    "other placeholder of a template": (
        entry("Fråga %(n)s", "Question %(number)s"),
        "line 5: .*same {placeholders}",
    ),
    "open brace": (entry("Fråga {n}", "Question {n"), "line 5: .*brace"),
    "closing brace": (entry("Ja", "Yes }"), "line 5: .*brace"),
    "line break": (entry("Ja", "Yes\\nindeed"), "line 5: .*one line"),
    "control character": (entry("Ja", "Yes\x00"), "line 5: .*one line"),
    "unclosed quote": ('msgid "Ja"\nmsgstr "Yes\n', "line 6: .*quotes"),
    "no quotes": ('msgid "Ja"\nmsgstr Yes\n', "line 6: .*quotes"),
    "quote within": ('msgid "Ja"\nmsgstr "Yes "indeed""\n', "line 6: .*quotes"),
    "misspelt keyword": ('msgid "Ja"\nmsgtxt "Yes"\n', "line 6: .*msgstr"),
    "no msgstr": ('msgid "Ja"\n\nmsgid "Nej"\nmsgstr "No"\n', "line 7: add a msgstr above"),
    "no msgstr at the end": ('msgid "Ja"\n', "line 5: .*add one"),
    "msgstr alone": ('msgstr "Yes"\n\nmsgid "Nej"\nmsgstr "No"\n', "line 5: add a msgid above"),
    "two translations": ('msgid "Ja"\nmsgstr "Yes"\nmsgstr "Yeah"\n', "line 7: add a msgid above"),
    "the same text twice": (
        entry("Ja", "Yes") + entry("Ja", "Yeah"),
        "line 8: 'Ja' occurs twice; remove one",
    ),
    "plural forms": (
        'msgid "Ja"\nmsgid_plural "Ja"\nmsgstr[0] "Yes"\n',
        "line 6: msgid_plural is not used here",
    ),
    "comment within a text": ('msgid "Ja"\n# why\nmsgstr "Yes"\n', "cannot be read"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_error_for_a_broken_catalogue_names_the_place_and_the_remedy(case: str, tmp_path: Path) -> None:
    body, complaint = BROKEN[case]
    path = write(tmp_path, "en", body)
    with pytest.raises(DefinitionError, match=complaint) as raised:
        read_catalogue(path, "en")
    assert str(raised.value).startswith(f"{path}: ")


BROKEN_FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "another encoding": (
        lambda: (HEADER + entry("Nästa", "Next")).encode("latin-1"),
        "line 5: .*save it as UTF-8",
    ),
    "another encoding named": (
        lambda: HEADER.replace("utf-8", "iso-8859-1").encode(),
        "names iso-8859-1; save as UTF-8",
    ),
    "an encoding that is none": (
        lambda: HEADER.replace("utf-8", "CHARSET").encode(),
        "names CHARSET; save as UTF-8",
    ),
    "a compiled file": (lambda: b"\xde\x12\x04\x95\x00\x00", "line 1: .*UTF-8"),
    "no text at all": (lambda: b"hello", "line 1: must be msgid"),
    "text before the first msgid": (lambda: b'"hello"\n', "line 1: must be msgid"),
    "2 MB": (lambda: b"#" * 2_000_000, "is it the right file"),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_a_file_that_is_not_a_catalogue_is_an_error(case: str, tmp_path: Path) -> None:
    content, complaint = BROKEN_FILES[case]
    path = tmp_path / "guest.po"
    path.write_bytes(content())
    with pytest.raises(DefinitionError, match=complaint) as raised:
        read_catalogue(path, "en")
    assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize("code", ["pt-BR", "..", "Svenska", "e", "en_"])
def test_a_folder_that_is_not_a_language_code_is_an_error(code: str, tmp_path: Path) -> None:
    path = write(tmp_path, "en", entry("Ja", "Yes"))
    with pytest.raises(DefinitionError, match="is not a language code; name the folder"):
        read_catalogue(path, code)


def test_an_update_keeps_flags_and_comments_and_adds_new_texts_empty() -> None:
    text = HEADER + "# ask Leyla\n" + entry("Ja", "Yes", fuzzy=True) + entry("Nej", "No")
    after = updated(text, {"Ja": [("screen.html", 0)], "Kanske": [("screen.html", 0)]}, "en", prune=False)
    entries = {message.id: message for message in read_po(after.splitlines()) if message.id}
    assert list(entries) == ["Ja", "Kanske", "Nej"]
    assert entries["Ja"].fuzzy
    assert entries["Ja"].user_comments == ["ask Leyla"]
    assert not entries["Kanske"].string
    assert not entries["Kanske"].fuzzy
    assert entries["Nej"].string == "No"
    assert not entries["Nej"].fuzzy


def test_an_update_never_guesses_a_translation() -> None:
    after = updated(
        HEADER + entry("Börja om", "Start over"), {"Börja": [("screen.html", 0)]}, "en", prune=True
    )
    assert [(m.id, m.string) for m in read_po(after.splitlines()) if m.id] == [("Börja", "")]


def test_an_update_fills_in_swedish_as_unreviewed() -> None:
    after = updated(HEADER, {"Ja": [("screen.html", 0)]}, "sv", prune=False)
    (message,) = (m for m in read_po(after.splitlines()) if m.id)
    assert (message.string, message.fuzzy) == ("Ja", True)


@pytest.mark.parametrize("code", ["sv", "en"])
def test_a_second_update_changes_nothing(code: str) -> None:
    messages = {"Fråga {n}": [("screen.html", 0)], "100 % av svaren": [("screen.html", 0)]}
    once = updated(HEADER + entry("Ja", "Ja"), messages, code, prune=False)
    assert updated(once, messages, code, prune=False) == once


@pytest.mark.parametrize("code", ["sv", "en"])
def test_an_unused_text_becomes_obsolete_and_comes_back_unreviewed(code: str) -> None:
    used = {"Ja": [("screen.html", 0)]}
    both = {**used, "Nej": [("screen.html", 0)]}
    pruned = updated(HEADER + entry("Ja", "Ja") + entry("Nej", "Nej"), used, code, prune=True)
    assert '#~ msgid "Nej"\n#~ msgstr "Nej"\n' in pruned
    assert updated(pruned, used, code, prune=False) == pruned
    after = updated(pruned, both, code, prune=False)
    returned = {message.id: message for message in read_po(after.splitlines())}
    assert returned["Nej"].string == "Nej"
    assert returned["Nej"].fuzzy


def test_obsolete_reference_texts_are_known_in_every_language(tmp_path: Path) -> None:
    write(tmp_path, "sv", entry("Ja", "Ja") + '#~ msgid "Nej"\n#~ msgstr "Nej"\n')
    write(tmp_path, "en", entry("Ja", "Yes"))
    assert read_catalogues([tmp_path], "guest")["en"].obsolete == {"Nej"}
