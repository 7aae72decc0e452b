"""The page of a theory of change: how each box is measured, its last figure, and the gaps."""

import re
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.counters import Figure, Quality, month_of, year_of
from kiosk.output.hyphenation import SOFT_HYPHEN
from kiosk.storage import Account, Role
from tests.tools.desk_side import HASH, Desk

PAGE = "/admin/theory/ombudsmannaskap/dagverksamheten"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.store.accounts.set(Account("vi", Role.VIEWER, HASH))
    return made


def page_of(desk: Desk, path: str = PAGE) -> str:
    response = desk.client.get(path)
    assert response.status_code == 200
    return " ".join(response.text.replace(SOFT_HYPHEN, "").split())


def box(page: str, text: str) -> str:
    """The box with that text."""
    match = re.search(rf"<li[^>]*> <p lang=\"sv\"><strong>{re.escape(text)}</strong>.*?</li>", page)
    assert match, text
    return match[0]


def close(desk: Desk) -> None:
    desk.now = desk.round.closes_at
    desk.store.count(desk.now)


@pytest.mark.parametrize("name", ["anna", "bo", "vi"])
def test_every_role_can_see_the_theory(desk: Desk, name: str) -> None:
    desk.sign_in(name)
    assert desk.client.get("/admin/theory").headers["Location"] == PAGE
    assert "Förändringsteori" in page_of(desk)


def test_only_unmeasured_boxes_are_marked_as_gaps(desk: Desk) -> None:
    desk.sign_in()
    page = page_of(desk)
    for text in ("Ärendet är löst", "Fler handlingsalternativ"):
        assert 'class="gap"' in box(page, text)
        assert "Mäts inte" in box(page, text)
    for text in ("Förtroende för ombud", "Länkningar", "Ett ombud"):
        assert "Mäts inte" not in box(page, text)
    assert page.count('class="gap"') == 4


def test_the_theory_page_shows_no_figures_of_a_running_round(desk: Desk) -> None:
    desk.answer(40)
    desk.sign_in()
    trust = box(page_of(desk), "Förtroende för ombud")
    assert "Jag känner att personalen lyssnar på mig" in trust
    assert "Ingen siffra ännu" in trust
    assert "svarade" not in trust


def test_figures_of_a_closed_round_have_their_rule_round_and_protection(desk: Desk) -> None:
    desk.answer(40)
    close(desk)
    desk.sign_in("bo")
    table = desk.store.snapshot()["rounds"][0]["nodes"][2]["statements"]["listened"]  # type: ignore[typeddict-item]
    agreeing, n = sum(table["counts"][-2:]), sum(table["counts"])
    trust = box(page_of(desk), "Förtroende för ombud")
    assert f"{agreeing} av {n} svarade ”Instämmer helt” eller ”Instämmer bra”." in trust
    assert "2 mars 2026 – 31 maj 2026. Exakta siffror." in trust
    assert "Ingen siffra ännu" in box(
        page_of(desk, PAGE.replace("dagverksamheten", "frida")), "Förtroende för ombud"
    )


def test_outputs_are_shown_with_their_quality(desk: Desk) -> None:
    outputs, march = desk.store.outputs, month_of(date(2026, 3, 1))
    outputs.tap("dagverksamheten", march, "advise", "", 1)
    outputs.set("dagverksamheten", year_of(2022), "link", Figure(0, Quality.NOT_COUNTED))
    outputs.set("dagverksamheten", year_of(2022), "individuals", Figure(200, Quality.ESTIMATED))
    desk.sign_in()
    page = page_of(desk)
    assert "2026: 1 (räknat)" in box(page, "Rådgivningstillfällen")
    assert "Uppgifter saknas för någon månad" in box(page, "Rådgivningstillfällen")
    assert "2022: ej räknat<" in box(page, "Länkningar")
    assert "2022: ca 200 (uppskattat)<" in box(page, "Individer som fått stöd av ombudsaktivitet")


@pytest.mark.parametrize("path", ["/admin/theory/x/frida", "/admin/theory/ombudsmannaskap/x"])
def test_an_unknown_theory_or_place_is_not_found(desk: Desk, path: str) -> None:
    desk.sign_in()
    assert desk.client.get(path).status_code == 404


def test_the_page_says_which_activities_nobody_counts_and_which_outputs_have_no_activity(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.sign_in("bo")
    page = " ".join(re.sub(r"<[^>]+>", "", desk.client.get(PAGE).text).split())
    assert "Aktiviteter som ingen räknar för sig: Praktiskt stöd, Företräda." in page
    assert (
        "Räknas utan att höra till en aktivitet: Ansökningar, Överklaganden, Utbildningar/grupprådgivning."
    ) in page
