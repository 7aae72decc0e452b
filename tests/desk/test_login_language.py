"""The language of the sign-in page, and of the desk after it."""

from pathlib import Path

import pytest

from tests.tools.desk_side import Desk

SWEDISH, ENGLISH = '<html lang="sv"', '<html lang="en"'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("en-GB,en;q=0.9", ENGLISH),
        ("so,en;q=0.8,sv;q=0.7", ENGLISH),
        ("sv-FI,sv;q=0.9,en;q=0.8", SWEDISH),
        ("de", ENGLISH),
        ("fi-FI,fi;q=0.9", ENGLISH),
        ("fi-FI,fi;q=0.9,sv;q=0.8,en;q=0.7", SWEDISH),
        ("ar,en;q=0,sv;q=0.1", SWEDISH),
        ("nb-NO,nb;q=0.9,en;q=0.8", SWEDISH),
        ("da", SWEDISH),
        ("*", SWEDISH),
        ("en;q=x;;,", SWEDISH),
        (None, SWEDISH),
    ],
)
def test_the_sign_in_page_uses_the_browsers_language(desk: Desk, accepted: str | None, expected: str) -> None:
    headers = {} if accepted is None else {"Accept-Language": accepted}
    assert expected in desk.client.get("/admin/sign-in", headers=headers).text


def test_the_desk_keeps_the_language_of_the_sign_in_page(desk: Desk) -> None:
    desk.client.get("/admin/sign-in", headers={"Accept-Language": "en"})
    desk.sign_in()
    assert ENGLISH in desk.client.get("/admin/").text


def test_a_chosen_language_takes_precedence_over_the_browsers(desk: Desk) -> None:
    token = desk.token("/admin/sign-in")
    desk.client.post("/admin/language", data={"csrf_token": token, "language": "sv"})
    assert SWEDISH in desk.client.get("/admin/sign-in", headers={"Accept-Language": "en"}).text
