"""Three installations exchange files by command: one shares its questions, and the others their figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from re import sub

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.domain.ballot import Answer, Ballot
from kiosk.domain.rounds import Admission, Round
from kiosk.library.aggregate_file import DESCRIPTION, SIGNATURE, write_aggregate
from kiosk.library.drafts import Translation, write_translations
from kiosk.library.library import read_library
from kiosk.settings import Settings, read_settings
from tests.tools import bundles
from tests.tools.aggregate_files import members_of, packed, with_change, without
from tests.tools.aggregates import AGGREGATE, round_of
from tests.tools.builders import a_store
from tests.tools.desk_side import Desk

OPENS = datetime(2024, 3, 4, 9)
UNIT = "dagverksamheten"


@dataclass(frozen=True)
class Installation:
    """An installation in a folder, with the environment of its commands."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "KIOSK_DATA": str(self.folder),
            "KIOSK_KEYS": str(self.folder / "keys"),
            "KIOSK_DATABASE_URL": f"sqlite:///{self.folder / 'k.sqlite'}",
        }

    @property
    def settings(self) -> Settings:
        return read_settings(self.environ)

    def ran(self, *words: object) -> Result:
        return CliRunner().invoke(main, list(map(str, words)), env=self.environ)

    def run(self, *words: object) -> str:
        """Run a command that succeeds, and return its output."""
        done = self.ran(*words)
        assert done.exit_code == 0, done.output
        return done.output

    def files(self) -> dict[Path, bytes]:
        """Every file but the database: the questions, the received figures and the trusted keys."""
        paths = (path for path in self.folder.rglob("*") if path.is_file() and "sqlite" not in path.name)
        return {path: path.read_bytes() for path in paths}


@dataclass(frozen=True)
class Exchange:
    """A shared its questions with B and C; A and C have figures of 2024, which B trusts. `bundle` and
    `figures` are A's files."""

    a: Installation
    b: Installation
    c: Installation
    bundle: Path
    figures: Path


def installed(folder: Path) -> Installation:
    a_store(folder).close()
    return Installation(folder)


def answer(at: Installation, answers: tuple[Answer, ...]) -> None:
    """Open a round of the shared survey, answer it, and close it."""
    library = read_library(at.settings)
    store = a_store(at.folder)
    survey, tree = library.surveys["trygghet"], library.trees["vasteras"]
    closes_at = OPENS + timedelta(days=60)
    store.open_round(Round("r", survey, tree, 5, OPENS, closes_at, frozenset({Admission.KIOSK})), OPENS)
    for option in answers:
        store.cast("r", UNIT, Ballot((option,)), OPENS)
    store.count(closes_at)
    store.close()


def send_figures(sender: Installation, receiver: Installation, name: str, file: Path) -> None:
    done = sender.run("aggregate", "make", file, "--year", 2024, "--organisation", name)
    fingerprint = done.partition("Fingerprint of the key: ")[2].strip()
    receiver.run("aggregate", "trust", fingerprint, name)
    receiver.run("aggregate", "import", file)


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    folder = tmp_path_factory.mktemp("exchange")
    a, b, c = (installed(folder / name) for name in "abc")
    bundles.changed(a.settings, bundles.FILES)
    write_translations(
        a.settings, "en", [Translation("Jag är trygg här", "I am safe here", True)], "anna", date(2024, 1, 2)
    )
    bundle = folder / "trygg.zip"
    a.run("bundle", "make", bundle, "--theory", "trygg")
    for receiver in (b, c):
        receiver.run("bundle", "import", bundle)
    answer(a, (1, 2, 3, 3) * 10)
    answer(c, (1, 2, 3) * 14)
    send_figures(a, b, "A-staden", folder / "a.zip")
    send_figures(c, b, "C-staden", folder / "c.zip")
    return Exchange(a, b, c, bundle, folder / "a.zip")


@pytest.mark.slow
def test_the_receiver_has_the_survey_scale_theory_and_translations(exchange: Exchange) -> None:
    sent, library = read_library(exchange.a.settings), read_library(exchange.b.settings)
    survey = library.surveys["trygghet"]
    assert survey == sent.surveys["trygghet"]
    assert survey.translations["en"]["Jag är trygg här"] == "I am safe here"
    assert survey.statements[0].scale.labels == ("Otrygg", "Delvis trygg", "Trygg")
    assert library.theories["trygg"] == replace(sent.theories["trygg"], place="")  # each has its own places
    assert library.counters["walks"] == sent.counters["walks"]
    assert "same     survey trygghet" in exchange.b.run("bundle", "show", exchange.bundle)


@pytest.mark.slow
def test_the_comparison_page_has_both_organisations_with_intervals(exchange: Exchange) -> None:
    desk = Desk(exchange.b.folder, is_empty=True)
    desk.sign_in()
    page = " ".join(unescape(sub(r"<[^>]+>", " ", desk.client.get("/admin/comparison").text)).split())
    assert "Jag är trygg här" in page
    days = "4 mars 2024 – 3 maj 2024"
    for words in (
        f"A-staden {days} 20 av 40 (50 %) 35–65 %",
        f"C-staden {days} 14 av 42 (33 %) 21–49 %",
        "Skillnaden kan vara slump.",
    ):
        assert words in page
    assert "Jämförs inte" not in page


def under_k(exchange: Exchange) -> bytes:
    """Figures of a unit under k, signed by A, whom B trusts."""
    few = round_of({"staden": (4, 6, 10), "frida": (2, 1, 1)})
    return write_aggregate(exchange.a.settings, replace(AGGREGATE, organisation="A-staden", rounds=(few,)))


def changed_figures(exchange: Exchange, name: str, old: bytes, new: bytes) -> bytes:
    return packed(with_change(members_of(exchange.figures.read_bytes()), name, old, new))


BAD: dict[str, tuple[str, Callable[[Exchange], bytes], str]] = {
    "truncated figures": ("aggregate", lambda e: e.figures.read_bytes()[:500], "truncated"),
    "tampered figures": (
        "aggregate", lambda e: changed_figures(e, "figures.csv", b",20\r", b",21\r"), "signature"
    ),
    "unsigned figures": (
        "aggregate", lambda e: packed(without(members_of(e.figures.read_bytes()), SIGNATURE)), "not signed"
    ),
    "figures of another version": (
        "aggregate",
        lambda e: changed_figures(e, DESCRIPTION, b'"format_version": 1', b'"format_version": 2'),
        "version 2",
    ),
    "figures under k": ("aggregate", under_k, "fewer than 5 answers"),
    "a truncated bundle": ("bundle", lambda e: e.bundle.read_bytes()[:500], "truncated"),
    "a tampered bundle": (
        "bundle", lambda e: bundles.packed(e.bundle.read_bytes(), bundles.tampered), "was changed after"
    ),
    "a bundle of another version": (
        "bundle", lambda e: bundles.packed(e.bundle.read_bytes(), bundles.other_version), "version 2"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_the_reason_and_nothing_changes(
    case: str, exchange: Exchange, tmp_path: Path
) -> None:
    command, content, reason = BAD[case]
    file = tmp_path / "bad.zip"
    file.write_bytes(content(exchange))
    before = exchange.b.files()
    done = exchange.b.ran(command, "import", file)
    assert done.exit_code == 2
    assert f"{file}: " in done.output
    assert reason in done.output
    assert exchange.b.files() == before
