"""The theme: a file and a logo in KIOSK_DATA, checked; if one goes bad, the last good ones are used."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.domain.theme import Logo, Theme
from kiosk.library.changes import change_files, exclusively, keep_last_good
from kiosk.library.library import Library, read_usable_library
from kiosk.library.own_files import State, fingerprint
from kiosk.library.theme import LARGEST_LOGO_BYTES
from kiosk.settings import Settings, read_settings
from tests.tools.command_line import Run, printed

THEME = 'name = "Stadsmissionen"\nlogo = "logo.svg"\naccent = "#8A1538"\ncorner = 6\n'
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><path d="M0 0h2v1H0z"/></svg>'
READ = Theme("Stadsmissionen", Logo("logo.svg", "image/svg+xml", LOGO), "#8a1538", 6)


def put(data: Path, theme: str = THEME, logo: bytes = LOGO) -> Settings:
    (data / "theme.toml").write_text(theme, "utf-8")
    (data / "logo.svg").write_bytes(logo)
    return read_settings({"KIOSK_DATA": str(data)})


def started(settings: Settings) -> Library:
    """What a server reads at its start, which keeps copies of all that is good."""
    library = read_usable_library(settings)
    keep_last_good(settings, library)
    return library


def test_a_theme_is_read(tmp_path: Path) -> None:
    library = started(put(tmp_path))
    assert library.theme == READ
    assert library.problems == ()


def test_the_check_reports_the_theme_with_its_contrast(tmp_path: Path, run: Run) -> None:
    put(tmp_path)
    report = printed(run("check", KIOSK_DATA=str(tmp_path)))
    assert "theme: Stadsmissionen, logo.svg, accent #8a1538 (contrast 9.35 with white)" in report
    assert json.loads(printed(run("check", "--json", KIOSK_DATA=str(tmp_path))))["theme"]["contrast"] == 9.35


def test_without_a_theme_file_or_with_an_empty_one_the_default_theme_is_used(tmp_path: Path) -> None:
    settings = read_settings({"KIOSK_DATA": str(tmp_path)})
    assert read_usable_library(settings).theme == Theme()
    put(tmp_path, "")
    assert read_usable_library(settings).theme == Theme()


FAULTS = {
    'accent = "#7fb3c0"': [
        "accent (line 1)", "a contrast of 2.30", "demands 4.5", "the nearest colour that passes is #587c85",
    ],
    'accent = "red"': ["accent (line 1)", "'red' must be # and six digits"],
    "corner = 41": ["corner (line 1)", "0 to 40"],
    "corner = true": ["corner (line 1)", "0 to 40"],
    'acent = "#000000"': ["acent (line 1)", "did you mean 'accent'?"],
    'logo = "logo.svg"': ["name", "is missing"],
    'name = "A"\nlogo = "../secret.png"': ["logo (line 2)", "beside theme.toml"],
    'name = "A"\nlogo = "logo.gif"': ["logo (line 2)", ".svg, .png, .jpg, .jpeg"],
    'name = "A"\nlogo = "none.png"': ["logo (line 2)", "none.png cannot be read"],
}  # fmt: skip


@pytest.mark.parametrize("theme", FAULTS)
def test_the_error_for_a_bad_theme_names_the_place_and_the_remedy(
    tmp_path: Path, run: Run, theme: str
) -> None:
    put(tmp_path, theme)
    result = run("check", KIOSK_DATA=str(tmp_path))
    assert result.exit_code == 2
    assert all(part in result.stderr for part in ["theme.toml", *FAULTS[theme]]), result.stderr


PICTURES = {
    "too large": LOGO + b" " * LARGEST_LOGO_BYTES,
    "a page": b"<html></html>",
    "half a picture": LOGO[:40],
    "an unknown encoding": b'<?xml version="1.0" encoding="none"?>' + LOGO,
    "an encoding that XML cannot have": b'<?xml version="1.0" encoding="big5"?>' + LOGO,
    "entities": b'<!DOCTYPE svg [<!ENTITY a "b">]>' + LOGO,
    "another kind": b"\x89PNG\r\n\x1a\n",
    "empty": b"",
    "a script": LOGO.replace(b"<path", b"<script>alert(1)</script><path"),
    "a handler": LOGO.replace(b"<path", b"<path onload='alert(1)'"),
    "another file": LOGO.replace(b"<path", b"<image href='file:///etc/hostname'/><path"),
    "a style from elsewhere": LOGO.replace(b"<path", b"<style>@import 'x.css';</style><path"),
    "a fill from elsewhere": LOGO.replace(b"<path", b"<path fill='url(http://example.org/#a)'"),
}


def test_a_logo_may_refer_to_its_own_parts(tmp_path: Path) -> None:
    parts = b"<defs><linearGradient id='a'/></defs><use href='#a'/><path fill='url(#a)'"
    assert started(put(tmp_path, logo=LOGO.replace(b"<path", parts))).problems == ()


@pytest.mark.parametrize("kind", PICTURES)
def test_a_logo_that_is_not_a_picture_or_too_large_is_refused(tmp_path: Path, kind: str) -> None:
    library = read_usable_library(put(tmp_path, logo=PICTURES[kind]))
    [problem] = library.problems
    assert (problem.file, problem.state) == ("theme.toml", State.LEFT_OUT)
    assert "logo.svg" in problem.english
    assert library.theme == Theme()


def the_theme_is_damaged(data: Path) -> None:
    (data / "theme.toml").write_text("accent = ", "utf-8")


def the_theme_is_unreadable_for_guests(data: Path) -> None:
    (data / "theme.toml").write_text('accent = "#ffff00"', "utf-8")


def the_logo_is_damaged(data: Path) -> None:
    (data / "logo.svg").write_bytes(bytes(90))


def the_logo_is_removed(data: Path) -> None:
    (data / "logo.svg").unlink()


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [the_theme_is_damaged, the_theme_is_unreadable_for_guests, the_logo_is_damaged, the_logo_is_removed],
)
def test_a_damaged_theme_is_used_in_its_last_good_version(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    settings = put(tmp_path)
    started(settings)
    damage(tmp_path)
    for _ in range(2):
        library = started(settings)
        assert library.theme == READ
        [problem] = library.problems
        assert (problem.file, problem.state) == ("theme.toml", State.LAST_GOOD)


def test_removing_a_theme_removes_its_copies(tmp_path: Path) -> None:
    settings = put(tmp_path)
    started(settings)
    (tmp_path / "theme.toml").unlink()
    (tmp_path / "logo.svg").unlink()
    library = started(settings)
    assert (library.theme, library.problems) == (Theme(), ())
    assert not [path for path in (tmp_path / ".last-good").rglob("*") if path.is_file()]


def test_a_change_at_the_desk_keeps_the_theme(tmp_path: Path) -> None:
    settings = put(tmp_path)
    readme = {Path("questions/README.md"): b"Our own surveys."}
    with exclusively(settings):
        assert change_files(settings, readme).theme == READ


@pytest.mark.parametrize("file", ["theme.toml", "logo.svg"])
def test_a_change_of_the_theme_or_the_logo_is_detected(tmp_path: Path, file: str) -> None:
    put(tmp_path)
    before = fingerprint(tmp_path)
    with (tmp_path / file).open("ab") as opened:
        opened.write(b"\n")
    assert fingerprint(tmp_path) != before


def test_a_theme_with_a_wrong_ending_is_reported(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "theme.toml").rename(tmp_path / "theme.toml.txt")
    [problem] = started(read_settings({"KIOSK_DATA": str(tmp_path)})).problems
    assert problem.english.endswith(f"is not read; move it to {tmp_path / 'theme.toml'}")
