"""The look of guests' screens, changed at the desk: seen first, checked, and saved whole or not at all."""

import io
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.theme import Theme
from kiosk.library.theme import LARGEST_LOGO_BYTES
from kiosk.screen.headers import digest
from kiosk.storage import Action
from tests.tools.desk_side import Desk

PAGE = "/admin/theme"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><path d="M0 0h2v1H0z"/></svg>'
FIELDS = {"name": "Stadsmissionen", "accent": "#8A1538", "corner": "6"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.sign_in()
    return desk


def send(
    desk: Desk, path: str = PAGE, logo: bytes = SVG, file: str = "our logo.svg", **fields: str
) -> TestResponse:
    page = desk.client.get(PAGE).text
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
    assert seen
    data = {"csrf_token": desk.token(PAGE), "seen": seen.group(1), **FIELDS, **fields}
    upload = {"logo": (io.BytesIO(logo), file)} if logo else {}
    return desk.client.post(path, data={**data, **upload})


def theme(desk: Desk) -> Theme:
    desk.client.get(PAGE)
    theme: Theme = desk.app.extensions["desk"].library.theme
    return theme


@pytest.mark.slow
def test_a_saved_theme_and_its_logo_are_shown_in_the_form_and_logged(desk: Desk) -> None:
    assert send(desk).status_code == 303
    saved = theme(desk)
    assert saved.logo
    assert (saved.name, saved.accent, saved.corner, saved.logo.content) == (
        "Stadsmissionen",
        "#8a1538",
        6,
        SVG,
    )
    page = desk.client.get(PAGE).text
    assert 'value="Stadsmissionen"' in page
    assert "data:image/svg+xml;base64," in page
    assert [entry.what for entry in desk.store.audit_log.entries({Action.THEME_WRITTEN})] == [
        "Stadsmissionen"
    ]
    send(desk, logo=b"", name="Stadens mission")
    assert theme(desk).logo == saved.logo
    send(desk, logo=b"", name="", without_logo="y", corner="")
    assert theme(desk) == Theme(accent="#8a1538")


NEAREST = "kontrasten är 2,3, och minst 4,5 behövs. Närmaste färg som går är #587c85"

REFUSED: dict[str, tuple[dict[str, str], bytes, str, str, str]] = {
    "a light colour": ({"accent": "#7fb3c0"}, SVG, "a.svg", "accent", NEAREST),
    "no colour": ({"accent": "red"}, SVG, "a.svg", "accent", "sex tecken"),
    "a large corner": ({"corner": "41"}, SVG, "a.svg", "corner", "40"),
    "no name": ({"name": ""}, SVG, "a.svg", "name", "Skriv namnet"),
    "a long name": ({"name": "x" * 81}, SVG, "a.svg", "name", "högst 80"),
    "another kind": ({}, SVG, "a.gif", "logo", ".svg, .png"),
    "a large file": ({}, SVG + b" " * LARGEST_LOGO_BYTES, "a.svg", "logo", "högst 24000"),
    "no picture": ({}, SVG, "a.png", "logo", "ingen PNG-bild"),
    "a script": ({}, SVG.replace(b"<path", b"<script>1</script><path"), "a.svg", "logo", "skript"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/preview"])
def test_a_refusal_names_the_field_and_the_way_out_and_nothing_changes(
    desk: Desk, kind: str, path: str
) -> None:
    fields, logo, file, anchor, words = REFUSED[kind]
    refused = send(desk, path, logo, file, **fields)
    assert refused.status_code == 400
    notice = refused.text.partition('role="alert"')[2].partition("</ul>")[0]
    assert f'href="#{anchor}"' in notice
    assert words in notice
    assert theme(desk) == Theme()
    assert not list(desk.settings.data.glob("logo*"))


def test_a_preview_shows_the_theme_on_a_guests_page_and_saves_nothing(desk: Desk) -> None:
    shown = send(desk, f"{PAGE}/preview")
    assert "Stadsmissionen" in shown.text
    assert "--accent:#8a1538" in shown.text
    assert theme(desk) == Theme()


@pytest.mark.parametrize("path", [f"{PAGE}/preview", "/admin/surveys/ombudsmannaskap/preview"])
def test_the_content_policy_of_a_preview_allows_each_of_its_styles(desk: Desk, path: str) -> None:
    shown = send(desk, path) if path.startswith(PAGE) else send(desk) and desk.client.get(path)
    styles = re.findall(r"<style>(.*?)</style>", shown.text, re.DOTALL)
    assert any("--accent:#8a1538" in style for style in styles)
    policy = shown.headers["Content-Security-Policy"]
    assert [style for style in styles if digest(style) not in policy] == []


def test_a_form_opened_before_somebody_elses_change_changes_nothing(desk: Desk) -> None:
    send(desk)
    late = desk.client.post(PAGE, data={"csrf_token": desk.token(PAGE), "seen": "old", **FIELDS, "name": "B"})
    assert late.status_code == 400
    assert "Någon annan har ändrat utseendet" in late.text
    assert theme(desk).name == "Stadsmissionen"


def test_a_file_that_cannot_be_read_is_not_overwritten(desk: Desk) -> None:
    (desk.settings.data / "theme.toml").write_text("accent = ", "utf-8")
    assert "skrivs inte över" in send(desk).text
    assert (desk.settings.data / "theme.toml").read_text("utf-8") == "accent = "


def test_only_coordinators_can_open_the_page_of_the_theme(desk: Desk) -> None:
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert desk.client.get(PAGE).status_code == 403
