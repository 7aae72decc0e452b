"""Bundles: another installation imports a survey and a theory of change, completely or not at all."""

import json
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from kiosk.library.archive_members import LARGEST_ARCHIVE_BYTES, LARGEST_CONTENT_BYTES
from kiosk.library.bundles import BundleImport, Kind, State, import_bundle, make_bundle, plan_import
from kiosk.library.changes import RefusedError
from kiosk.library.drafts import Translation, write_translations
from kiosk.library.own_files import LAST_GOOD
from kiosk.settings import Settings, read_settings
from tests.tools.bundles import (
    COUNTERS,
    FILES,
    SCALE,
    SURVEY,
    THEORY,
    changed,
    listed,
    other_version,
    packed,
    tampered,
)
from tests.tools.shipped import library_for

TODAY = date(2026, 11, 29)


def settings_of(folder: Path) -> Settings:
    return read_settings({"KIOSK_DATA": str(folder)})


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bundle of an organisation with a survey, a scale, a counter, a theory and a translation."""
    settings = settings_of(tmp_path_factory.mktemp("sender"))
    changed(settings, FILES)
    library = write_translations(
        settings, "en", [Translation("Jag är trygg här", "I am safe here", True)], "anna", TODAY
    )
    return make_bundle(library, [], ["trygg"])


@pytest.fixture
def receiver(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "receiver")


def imported(settings: Settings, content: bytes, used: set[str] | None = None) -> BundleImport:
    return import_bundle(settings, content, used or set())


def files_of(settings: Settings) -> dict[str, bytes]:
    paths = (path for path in settings.data.rglob("*") if path.is_file() and LAST_GOOD not in path.parts)
    return {path.relative_to(settings.data).as_posix(): path.read_bytes() for path in paths}


def test_an_organisation_receives_a_theory_with_all_it_needs(sent: bytes, receiver: Settings) -> None:
    library = imported(receiver, sent).library
    assert library.surveys["trygghet"].statements[0].scale.labels == ("Otrygg", "Delvis trygg", "Trygg")
    assert library.counters["walks"].targets[0].name == "Parken"
    theory = library.theories["trygg"]
    assert (theory.place, theory.statements, len(theory.boxes)) == ("", ("safe",), 5)
    assert library.guest["en"].texts["Jag är trygg här"] == "I am safe here"
    assert not library.guest["en"].is_reviewed("Jag är trygg här")
    assert library.problems == ()


def test_the_manifest_of_a_bundle_has_versions_and_licences(sent: bytes) -> None:
    with zipfile.ZipFile(BytesIO(sent)) as archive:
        manifest = json.loads(archive.read("bundle.json"))
    [survey], [theory] = manifest["surveys"], manifest["theories"]
    assert (survey["id"], survey["licence"], len(survey["version"])) == ("trygghet", "CC0", 10)
    assert (theory["id"], theory["licence"]) == ("trygg", "CC0")


def test_the_same_library_gives_the_same_bytes(receiver: Settings) -> None:
    library = library_for(receiver)
    one, other = (make_bundle(library, ["ombudsmannaskap"], []) for _ in range(2))
    assert one == other


def test_the_plan_of_an_import_is_shown_before_anything_changes(sent: bytes, receiver: Settings) -> None:
    plan = plan_import(receiver, sent, set())
    assert {(one.kind, one.id, one.state) for one in plan.effects} == {
        (Kind.SURVEY, "trygghet", State.NEW), (Kind.SCALE, "safe3", State.NEW),
        (Kind.COUNTER, "walks", State.NEW), (Kind.THEORY, "trygg", State.NEW),
        (Kind.TRANSLATION, "en", State.NEW),
    }  # fmt: skip
    assert not receiver.data.exists()


def test_a_second_import_changes_nothing_and_keeps_the_place(sent: bytes, receiver: Settings) -> None:
    imported(receiver, sent)
    placed = THEORY.replace('place = "frida"', 'place = "talk2me"')
    changed(receiver, {"questions/theories/trygg.toml": placed})
    before = files_of(receiver)
    again = imported(receiver, sent)
    assert again.plan.changes_nothing
    assert again.library.theories["trygg"].place == "talk2me"
    assert files_of(receiver) == before


def test_the_shipped_survey_and_theory_come_back_as_they_are(receiver: Settings) -> None:
    content = make_bundle(library_for(receiver), ["ombudsmannaskap"], ["ombudsmannaskap"])
    assert plan_import(receiver, content, {"ombudsmannaskap"}).changes_nothing


def test_an_own_survey_that_no_round_uses_is_replaced(sent: bytes, receiver: Settings) -> None:
    older = {name: text for name, text in FILES.items() if "counters" not in name and "theories" not in name}
    changed(
        receiver, {**older, "questions/trygghet.toml": SURVEY.replace("Jag är trygg", "Jag känner mig trygg")}
    )
    library = imported(receiver, sent).library
    assert library.surveys["trygghet"].statements[0].text == "Jag är trygg här"


REPLACING = {
    "questions/trygghet.toml": (
        SURVEY.replace("Jag är trygg", "Jag känner mig trygg"),
        "omgång använder enkäten",
    ),
    "questions/scales/safe3.toml": (SCALE.replace("Delvis trygg", "Delvis"), "omgång använder skalan"),
    "questions/counters/egna.toml": (COUNTERS.replace("med en gäst", "ute"), "finns redan med andra ord"),
}


@pytest.mark.parametrize("name", REPLACING)
def test_nothing_that_a_round_or_a_figure_uses_is_replaced(
    name: str, sent: bytes, receiver: Settings
) -> None:
    text, reason = REPLACING[name]
    changed(receiver, {**FILES, name: text})
    before = files_of(receiver)
    with pytest.raises(RefusedError, match=reason):
        imported(receiver, sent, {"trygghet"})
    assert files_of(receiver) == before


def foreign(members: dict[str, bytes]) -> None:
    members["questions/../secret_key"] = b"x"
    listed(members)


def looping(members: dict[str, bytes]) -> None:
    name = "questions/theories/trygg.toml"
    members[name] = members[name].replace(b"statements = ", b'leads_to = ["walked"]\nstatements = ')
    listed(members)


def without_counter(members: dict[str, bytes]) -> None:
    del members["questions/counters/walks.toml"]
    listed(members)


def without_licence(members: dict[str, bytes]) -> None:
    name = "questions/trygghet.toml"
    members[name] = members[name].replace(b'licence = "CC0"\n', b"")
    listed(members)


def in_another_encoding(members: dict[str, bytes]) -> None:
    members["translations/en/LC_MESSAGES/guest.po"] += "# Malmö\n".encode("latin-1")
    listed(members)


def with_unused_scale(members: dict[str, bytes]) -> None:
    members["questions/scales/other.toml"] = SCALE.replace("safe3", "other").encode()
    listed(members)


FAULTS: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "another version": (other_version, "formatets version 2"),
    "a changed file": (tampered, "har ändrats sedan"),
    "a file in a foreign place": (foreign, "inte hör dit"),
    "a loop": (looping, r"questions/theories/trygg.toml.*this is a loop"),
    "a counter that is missing": (without_counter, r"trygg.toml.*no counter is called 'walks'"),
    "a survey without its licence": (without_licence, r"trygghet.toml.*licence"),
    "a translation in another encoding": (in_another_encoding, r"en/LC_MESSAGES/guest.po.*UTF-8"),
    "a scale that no survey uses": (with_unused_scale, r"inte hör dit: questions/scales/other.toml"),
    "a file that the list lacks": (lambda members: members.update({"questions/a.toml": b""}), "andra filer"),
    "no list": (lambda members: members.update({"bundle.json": b""}), "inget paket"),
    "a list that is none": (lambda members: members.update({"bundle.json": b"[]"}), "inget paket"),
    "large content": (
        lambda members: members.update({"questions/a.toml": b"#" * (LARGEST_CONTENT_BYTES + 1)}),
        "innehåll är större",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_faulty_bundle_is_refused_with_the_reason(case: str, sent: bytes, receiver: Settings) -> None:
    change, reason = FAULTS[case]
    with pytest.raises(RefusedError, match=reason):
        imported(receiver, packed(sent, change))
    assert not files_of(receiver)


def test_an_archive_with_damaged_content_of_any_compression_is_refused(receiver: Settings) -> None:
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        written = BytesIO()
        with zipfile.ZipFile(written, "w", compression) as archive:
            archive.writestr("bundle.json", b"{}" * 2000)
        content = bytearray(written.getvalue())
        content[50:66] = bytes(byte ^ 0xFF for byte in content[50:66])
        with pytest.raises(RefusedError, match="avkortad"):
            imported(receiver, bytes(content))


def test_a_language_with_a_script_and_a_country_is_received(tmp_path: Path, receiver: Settings) -> None:
    sender = settings_of(tmp_path / "sender")
    changed(sender, FILES)
    translation = Translation("Jag är trygg här", "Ovde sam siguran", False)
    library = write_translations(sender, "sr_Latn_RS", [translation], "anna", TODAY)
    done = imported(receiver, make_bundle(library, ["trygghet"], []))
    assert done.library.guest["sr_Latn_RS"].text("Jag är trygg här") == "Ovde sam siguran"


@pytest.mark.parametrize("end", [0, 10, 500, -1])
def test_a_truncated_bundle_is_refused(end: int, sent: bytes, receiver: Settings) -> None:
    with pytest.raises(RefusedError, match="avkortad"):
        imported(receiver, sent[:end])
    assert not files_of(receiver)


def test_a_bundle_that_is_too_large_is_refused_unread(receiver: Settings) -> None:
    with pytest.raises(RefusedError, match="större än 512 kB"):
        imported(receiver, b"\0" * (LARGEST_ARCHIVE_BYTES + 1))


def test_a_counter_that_has_got_more_targets_here_is_the_same_counter(
    sent: bytes, receiver: Settings
) -> None:
    more = COUNTERS + '[[targets]]\nid = "shore"\nname = "Stranden"\n'
    changed(receiver, {**FILES, "questions/counters/egna.toml": more})
    plan = plan_import(receiver, sent, set())
    assert {one.state for one in plan.effects if one.kind is Kind.COUNTER} == {State.SAME}
