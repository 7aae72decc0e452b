"""Exchange at the desk: signed figures and bundles are given and received, and figures compared."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from kiosk.desk.exchange.comparison import column_headings
from kiosk.domain.aggregate import Aggregate, AggregateRound
from kiosk.domain.ballot import Ballot
from kiosk.domain.comparison import OutputComparison
from kiosk.domain.counters import month_of
from kiosk.domain.survey import Scale
from kiosk.domain.tree import Node, Tree
from kiosk.library.aggregate_file import write_aggregate
from kiosk.library.aggregates import import_aggregate, received, trust
from kiosk.library.bundles import make_bundle
from kiosk.library.signing import in_groups, own_key
from kiosk.settings import read_settings
from kiosk.storage import Account, Role
from tests.tools.aggregates import AGGREGATE, STATEMENT, round_of
from tests.tools.bundles import FILES, changed
from tests.tools.desk_side import HASH, Desk

EXCHANGE = "/admin/exchange"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose round of 40 answers is closed."""
    made = Desk(tmp_path / "here")
    made.store.accounts.set(Account("vi", Role.VIEWER, HASH))
    made.answer(40)
    made.now = made.round.closes_at
    made.store.count(made.now)
    made.sign_in()
    return made


def test_several_organisations_of_one_installation_stand_beside_each_other(desk: Desk) -> None:
    alone = text(desk, "/admin/comparison?year=2026")
    assert "Bara en organisation har siffror för året." in alone
    tree = Tree((Node("grannstaden", "Grannstaden", None), Node("granne", "Huset", "grannstaden")))
    other = replace(
        desk.round, id="other", tree=tree, opens_at=desk.now, closes_at=desk.now + timedelta(days=60)
    )
    desk.store.open_round(other, desk.now)
    for _ in range(40):
        desk.store.cast(other.id, "granne", Ballot((3, 3, 3, 3)), desk.now)
    desk.now = other.closes_at
    desk.store.count(desk.now)
    desk.sign_in()  # the session has expired
    both = text(desk, "/admin/comparison?year=2026")
    assert "Bara en organisation" not in both
    assert re.search("Västerås stadsmission [0-9].* Grannstaden [0-9]", both)


def post(desk: Desk, path: str, **data: object) -> TestResponse:
    return desk.client.post(f"{EXCHANGE}/{path}", data={"csrf_token": desk.token(EXCHANGE), **data})


def text(desk: Desk, path: str) -> str:
    response = desk.client.get(path)
    assert response.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def receive_from(desk: Desk, folder: Path, name: str, *rounds: AggregateRound) -> Aggregate:
    """Let an organisation with a key of its own send these rounds, and keep them."""
    sender = read_settings({"KIOSK_DATA": str(folder / name)})
    aggregate = replace(AGGREGATE, organisation=name, rounds=rounds)
    trust(desk.settings, own_key(sender).fingerprint, name)
    import_aggregate(desk.settings, write_aggregate(sender, aggregate))
    return aggregate


def test_a_year_is_given_trusted_received_and_compared(desk: Desk, tmp_path: Path) -> None:
    given = post(desk, "figures", organisation="Västerås stadsmission", year="2026")
    assert given.headers["Content-Disposition"] == "attachment; filename=siffror-2026.zip"
    there = Desk(tmp_path / "there")
    there.sign_in()
    refused = post(there, "receive", figures=(BytesIO(given.data), "siffror.zip"))
    fingerprint = in_groups(own_key(desk.settings).fingerprint)
    assert refused.status_code == 400
    assert fingerprint in refused.text
    assert 'href="#figures"' in refused.text
    assert fingerprint in desk.client.get(EXCHANGE).text
    assert post(there, "trust", name="Västerås stadsmission", fingerprint=fingerprint).status_code == 303
    assert post(there, "receive", figures=(BytesIO(given.data), "siffror.zip")).status_code == 303
    page = text(there, "/admin/comparison")
    counts = desk.store.snapshot()["rounds"][0]["nodes"][0]["statements"]["listened"]["counts"]  # type: ignore[typeddict-item]
    assert f"{sum(counts[-2:])} av {sum(counts)}" in page
    assert "Västerås stadsmission" in page


@pytest.mark.slow
def test_ten_organisations_stand_in_one_view_with_their_intervals(desk: Desk, tmp_path: Path) -> None:
    for number in range(10):
        receive_from(desk, tmp_path, f"stad{number}", round_of({"staden": (10, 10, 20 + number)}))
    page = desk.client.get("/admin/comparison").text
    rows = re.findall(
        r'<th scope="row">(stad\d)</th>.*?<td\s+data-label="Kan vara mellan">(.*?)</td>', page, re.S
    )
    assert [name for name, _ in rows][:10] == [f"stad{number}" for number in range(10)]
    assert len({interval for _, interval in rows}) > 5
    assert "Skillnaden kan vara slump." in page
    assert page.count("<circle") == 2 * 10  # for wide pages and for phones


def test_a_difference_that_is_more_than_chance_is_reported_without_a_cause(
    desk: Desk, tmp_path: Path
) -> None:
    receive_from(desk, tmp_path, "lag", round_of({"staden": (60, 10, 10)}))
    receive_from(desk, tmp_path, "hog", round_of({"staden": (10, 10, 60)}))
    page = text(desk, "/admin/comparison")
    assert "Störst andel svarade så hos hog, minst hos lag." in page
    assert "Skillnaden är större än slumpen brukar ge. Siffrorna säger inte varför" in page


HEARD = replace(STATEMENT, id="heard")
"""A statement that the desk's own organisation does not ask."""

APART = {
    "andra ord": round_of(
        {"staden": (4, 6, 10)}, statement=replace(HEARD, text="Alla hör på mig", earlier_spellings=())
    ),
    "annan skala": round_of(
        {"staden": (4, 16)},
        statement=replace(HEARD, scale=Scale("x", ("nej", "ja"), bipolar=False), agreeing=(2,)),
    ),
    "andra svar räknas": round_of({"staden": (4, 6, 10)}, statement=replace(HEARD, agreeing=(2, 3))),
    "skyddade siffror i den ena": round_of({"staden": (4, 6, 10)}, is_protected=True, statement=HEARD),
}


@pytest.mark.slow
@pytest.mark.parametrize("reason", APART)
def test_other_words_scale_or_protection_are_kept_apart(reason: str, desk: Desk, tmp_path: Path) -> None:
    receive_from(desk, tmp_path, "a", round_of({"staden": (4, 6, 10)}, statement=HEARD))
    receive_from(desk, tmp_path, "b", APART[reason])
    page = text(desk, "/admin/comparison")
    assert f"Jämförs inte med dem ovanför: {reason}" in page
    assert "Störst andel svarade så hos" not in page


def test_few_answers_have_no_percentage_and_are_not_compared(desk: Desk, tmp_path: Path) -> None:
    receive_from(desk, tmp_path, "liten", round_of({"staden": (4, 5, 10)}))
    page = text(desk, "/admin/comparison")
    assert "10 av 19 under 20 svar" in page
    assert "Färre än två organisationer har minst 20 svar" in page


def test_made_up_answers_are_marked(desk: Desk, tmp_path: Path) -> None:
    sender = read_settings({"KIOSK_DATA": str(tmp_path / "demo")})
    trust(desk.settings, own_key(sender).fingerprint, "demo")
    import_aggregate(desk.settings, write_aggregate(sender, replace(AGGREGATE, is_demonstration=True)))
    assert "Staden (påhittade svar)" in text(desk, "/admin/comparison")


def test_a_bundle_is_shown_before_it_is_imported(desk: Desk, tmp_path: Path) -> None:
    content = make_bundle(changed(read_settings({"KIOSK_DATA": str(tmp_path / "x")}), FILES), [], ["trygg"])
    shown = post(desk, "bundle/show", bundle=(BytesIO(content), "paket.zip"))
    assert "läggs till" in shown.text
    assert "trygghet" not in desk.app.extensions["desk"].library.surveys
    [packed] = re.findall('name="content" value="([^"]+)"', shown.text)
    [seen] = re.findall('name="seen" value="([^"]+)"', shown.text)
    stale = post(desk, "bundle/import", content=packed, seen="0" * 32)
    assert "Läs listan igen" in stale.text
    assert post(desk, "bundle/import", content=packed, seen=seen).status_code == 303
    assert "Trygghet" in desk.client.get("/admin/surveys").text
    assert "Trygga möten" in desk.client.get("/admin/theory/trygg/frida").text
    again = post(desk, "bundle/show", bundle=(BytesIO(content), "paket.zip"))
    assert "Allt finns redan här." in again.text


def test_a_bundle_is_made_of_what_was_chosen(desk: Desk) -> None:
    assert post(desk, "bundle", theory="ombudsmannaskap").data.startswith(b"PK")
    assert post(desk, "bundle").status_code == 400
    assert post(desk, "bundle", survey="nothing").status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize("field", ["receive", "bundle/show"])
def test_a_foreign_file_is_refused_at_the_top_with_a_link_to_its_field(field: str, desk: Desk) -> None:
    name = {"receive": "figures", "bundle/show": "bundle"}[field]
    response = post(desk, field, **{name: (BytesIO(b"nothing"), "a.zip")})
    assert response.status_code == 400
    assert f'<a href="#{name}">Filen är avkortad' in response.text
    assert received(desk.settings).aggregates == ()


def test_received_files_are_removed_and_trusted_keys_distrusted(desk: Desk, tmp_path: Path) -> None:
    receive_from(desk, tmp_path, "a", round_of({"staden": (4, 6, 10)}))
    [signed] = received(desk.settings).aggregates
    key = signed.key.fingerprint
    assert post(desk, "distrust", key=key).status_code == 303
    assert "inte betrodd" in desk.client.get(EXCHANGE).text
    assert post(desk, "remove", key=key, year="2026").status_code == 303
    assert "inte betrodd" not in desk.client.get(EXCHANGE).text
    log = text(desk, "/admin/log")
    assert "slutade lita på en annan organisations nyckel" in log
    assert post(desk, "distrust", key=key).status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bo", "vi"])
def test_every_account_can_compare_and_only_coordinators_exchange(name: str, desk: Desk) -> None:
    desk.client = desk.app.test_client()
    desk.sign_in(name)
    assert desk.client.get("/admin/comparison").status_code == 200
    assert desk.client.get(EXCHANGE).status_code == 403


def test_a_year_without_figures_is_not_found(desk: Desk) -> None:
    assert desk.client.get("/admin/comparison?year=1999").status_code == 404


def test_a_star_at_an_output_is_explained(desk: Desk) -> None:
    assert "uppgifter saknas" not in text(desk, "/admin/comparison")
    desk.store.outputs.tap("dagverksamheten", month_of(desk.now), "advise", "", 3)
    page = text(desk, "/admin/comparison")
    assert "3 (räknat)*" in page
    assert "*: uppgifter saknas för någon månad eller verksamhet." in page


def test_only_equal_names_of_outputs_get_numbers() -> None:
    columns = [
        OutputComparison(name, name.upper(), {}) for name in ("Samtal per telefon", "Samtal", "Samtal", "Råd")
    ]
    assert [name for name, _ in column_headings(columns)] == [
        "Samtal per telefon", "Samtal", "Samtal (2)", "Råd"
    ]  # fmt: skip
