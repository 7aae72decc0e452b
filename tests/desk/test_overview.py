"""The first results page: every statement at one look, sorted, place by place, without a script."""

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.desk.i18n import in_language
from kiosk.desk.results import statement_view
from kiosk.desk.results.overview import MOST_CELLS, Order, in_order, overview_of
from kiosk.desk.results.published import Published, Snapshot
from kiosk.desk.results.statement_view import section_of
from kiosk.domain.ballot import Ballot
from kiosk.domain.change_index import ChangeIndex
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import RoundTally, as_text, make_snapshot
from kiosk.domain.survey import Good
from kiosk.domain.tally import StatementTally
from kiosk.storage import RoundState
from tests.tools.builders import MONDAY, a_round, tree
from tests.tools.desk_side import START, Desk
from tests.tools.look_cost import Size, fill
from tests.tools.published import statements
from tests.tools.shipped import library_for

PACKED = {"Accept-Encoding": "gzip"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.answer(40)
    desk.sign_in()
    return desk


def rows(page: str) -> dict[str, str]:
    """Statement id -> its row, in the page's order."""
    parts = page.split('<tr data-statement="')[1:]
    return {part.split('"')[0]: part.split("</tr>")[0] for part in parts}


def test_every_statement_has_a_bar_with_a_complete_text_alternative(desk: Desk) -> None:
    page = desk.client.get("/admin/").text
    tables = statements(desk.store.snapshot()["rounds"][0]["nodes"][0])
    assert list(rows(page)) == list(tables)
    for statement_id, row in rows(page).items():
        counts = tables[statement_id]["counts"]
        [label] = re.findall(r'role="img" aria-label="([^"]+)"', row)
        assert [int(n) for n in re.findall(r": (\d+) av", label)] == list(reversed(counts))
        assert f"n = {sum(counts)}" in label
        assert f'<span class="n">n = {sum(counts)}</span>' in row
        assert len(re.findall(r"<rect (?![^>]*marks)", row)) == sum(n > 0 for n in counts)
        assert f"/admin/results/r/vasteras/{statement_id}" in row


def test_a_place_without_figures_gives_the_reason_in_every_row(desk: Desk) -> None:
    page = desk.client.get("/admin/overview/r/frida").text
    for row in rows(page).values():
        assert "Väntar på fler svar." in row
        assert "<svg" not in row


def test_a_place_and_a_round_can_be_chosen_without_a_script(desk: Desk) -> None:
    page = desk.client.get("/admin/").text
    assert '<option value="frida">' in page
    chosen = desk.client.get("/admin/overview?node=dagverksamheten&round=r&sort=share")
    assert chosen.headers["Location"] == "/admin/overview/r/dagverksamheten?sort=share"
    elsewhere = desk.client.get("/admin/overview?node=nowhere&round=r")
    assert elsewhere.headers["Location"] == "/admin/overview/r/vasteras"
    assert desk.client.get("/admin/overview?round=none").headers["Location"] == "/admin/"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["overview/none/vasteras", "overview/r/none", "overview/r/vasteras?sort=x", "results/r/vasteras/none"],
)
def test_unknown_rounds_places_statements_and_sort_orders_are_not_found(desk: Desk, path: str) -> None:
    assert desk.client.get(f"/admin/{path}").status_code == 404


def test_each_statement_has_a_page_with_links_to_other_places(desk: Desk) -> None:
    page = desk.client.get("/admin/results/r/vasteras/listened").text
    assert page.count('<section class="statement"') == 1
    assert '<h2 id="listened">' in page
    assert "/admin/results/r/frida/listened" in page
    assert 'href="/admin/overview/r/vasteras"' in page


@pytest.mark.slow
def test_a_new_round_is_shown_once_it_has_figures(desk: Desk) -> None:
    desk.now = START + timedelta(days=92)
    desk.store.count(desk.now)
    later = replace(desk.round, id="later", opens_at=desk.now, closes_at=desk.now + timedelta(days=90))
    desk.store.open_round(later, desk.now)
    desk.sign_in()
    assert '<option value="r" selected>' in desk.client.get("/admin/").text
    for _ in range(40):
        desk.store.cast("later", "dagverksamheten", Ballot((5,) * 4), desk.now)
    desk.now += timedelta(days=1)
    desk.store.count(desk.now)
    desk.sign_in()
    assert '<option value="later" selected>' in desk.client.get("/admin/").text


def test_staff_cannot_see_the_overview_of_a_running_round(desk: Desk) -> None:
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert desk.client.get("/admin/overview/r/vasteras").status_code == 403
    assert desk.client.get("/admin/overview?round=r").headers["Location"] == "/admin/"


@pytest.mark.slow
def test_pages_and_the_snapshot_are_compressed_and_forms_are_not(desk: Desk) -> None:
    for path in ("/admin/", "/admin/results/r/vasteras", "/results.json"):
        plain, packed = desk.client.get(path), desk.client.get(path, headers=PACKED)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert len(packed.data) < len(plain.data) / 2
        without_token = re.compile(rb'csrf_token" value="[^"]+"')
        assert without_token.sub(b"", gzip.decompress(packed.data)) == without_token.sub(b"", plain.data)
    refused = desk.client.post("/admin/sign-in", data={"name": "anna"}, headers=PACKED)
    assert "Content-Encoding" not in refused.headers


def test_the_pages_tag_identifies_its_snapshot(desk: Desk) -> None:
    [tag] = re.findall(r'data-tag="(\w+)"', desk.client.get("/admin/").text)
    known = {"If-None-Match": f'"{tag}"', **PACKED}
    assert desk.client.head("/results.json", headers=known).status_code == 304
    desk.answer(30)
    assert desk.client.head("/results.json", headers=known).status_code == 200


# -- order and places, from made-up figures ---------------------------------------------------------

Agreeing = Sequence[int]
"""How many of a hundred agree, by statement."""


def world(*rounds: Agreeing, good: Sequence[Good | None] = (Good.HIGH, Good.LOW), units: int = 1) -> (
    tuple[Snapshot, list[RoundState]]
):  # fmt: skip
    """Return (snapshot, states, the latest first) of closed rounds, given the earliest first, in which so
    many of a hundred at each unit agree."""
    names = [f"u{number}" for number in range(units)]
    states, tallies = [], []
    for at, agreeing in enumerate(rounds):
        of_round = replace(a_round(tree(*names), opens_at=MONDAY + timedelta(days=100 * at)), id=f"r{at}")
        asked = [
            replace(statement, good=end)
            for statement, end in zip(of_round.survey.statements, good, strict=True)
        ]
        of_round = replace(of_round, survey=replace(of_round.survey, statements=tuple(asked)))
        table = tuple(StatementTally((100 - n, 0, 0, 0, n), (0, 0, 0), 0) for n in agreeing)
        tallies.append(RoundTally(of_round, True, dict.fromkeys(names, table), {}))
        states.append(RoundState(of_round, True, 0))
    document = make_snapshot(tallies, MONDAY, demonstration=False)
    return Snapshot(as_text(document)), states[::-1]


def ordered(order: Order, *rounds: Agreeing, is_reverse: bool = False, good: Sequence[Good | None]) -> str:
    snapshot, states = world(*rounds, good=good)
    entries = overview_of(snapshot, states, states[0], "root").entries
    return " ".join(entry.id for entry in in_order(entries, order, is_reverse=is_reverse))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "rounds", "good", "shown"),
    [
        (Order.STATEMENT, [(30, 60)], (None, None), "s1 s2"),
        (Order.SHARE, [(30, 60)], (None, None), "s2 s1"),
        (Order.SHARE, [(60, 60)], (None, None), "s1 s2"),
        (Order.CHANGE, [(30, 30), (60, 60)], (Good.HIGH, Good.LOW), "s1 s2"),
        (Order.CHANGE, [(30, 30), (60, 60)], (Good.LOW, Good.HIGH), "s2 s1"),
        (Order.CHANGE, [(30, 30), (60, 33)], (None, Good.HIGH), "s1 s2"),
        (Order.CHANGE, [(50, 50), (48, 53)], (Good.LOW, Good.LOW), "s1 s2"),
    ],
)
def test_statements_can_be_sorted_best_first_or_last(
    desk: Desk, order: Order, rounds: list[Agreeing], good: tuple[Good | None, ...], shown: str
) -> None:
    with desk.app.test_request_context():
        assert ordered(order, *rounds, good=good) == shown
        assert ordered(order, *rounds, good=good, is_reverse=True) == " ".join(shown.split()[::-1])


def test_a_second_click_on_a_sort_link_reverses_the_order(desk: Desk) -> None:
    page = desk.client.get("/admin/overview/r/vasteras?sort=share").text
    shares = [int(share) for share in re.findall(r"<b>(\d+)\s%</b>", page.split("by-place")[0])]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == 4
    [again] = re.findall(r'href="([^"]+)"\s+aria-current="true">andel', page)
    assert list(rows(desk.client.get(again).text)) == list(rows(page))[::-1]


@pytest.mark.slow
def test_many_places_are_split_over_pages_in_order(desk: Desk) -> None:
    snapshot, states = world((30, 60), (60, 60), units=100)
    with desk.app.test_request_context():
        pages = [overview_of(snapshot, states, states[0], "root", page) for page in (1, 2, 3)]
    assert [page.pages for page in pages] == [2] * 3
    assert [len(page.places) for page in pages] == [MOST_CELLS // 2, 100 - MOST_CELLS // 2, 0]
    shown = [place.node.id for page in pages for place in page.places]
    assert shown == [f"u{number}" for number in range(100)]
    assert pages[0].comparisons == MOST_CELLS


@pytest.mark.slow
def test_the_page_after_a_count_is_that_of_the_snapshot_alone(desk: Desk) -> None:
    """Control: an index of this snapshot that says something else changes the page."""
    answer_alike(desk, desk.round, 1)
    later = replace(desk.round, id="next", opens_at=desk.now, closes_at=desk.now + timedelta(days=90))
    desk.store.open_round(later, desk.now)
    answer_alike(desk, later, 5)
    desk.sign_in()
    without = desk.client.get("/admin/overview/next/frida").text
    desk.store.store_change_index()
    index = desk.store.change_index()
    for kept, is_same in ((index, True), (void(index), True), (turned(index), False)):
        desk.app.extensions["desk"].published = Published()
        desk.store._count_steps._put_change_index(kept)
        assert (rows(desk.client.get("/admin/overview/next/frida").text) == rows(without)) is is_same


def answer_alike(desk: Desk, of_round: Round, option: int) -> None:
    """Cast ballots on several days, and close the round."""
    for _ in range(4):
        for _ in range(10):
            desk.store.cast(of_round.id, "frida", Ballot((option,) * 4), desk.now)
        desk.now += timedelta(days=1)
        desk.store.count(desk.now)
    desk.now = of_round.closes_at
    desk.store.count(desk.now)


def void(index: ChangeIndex) -> ChangeIndex:
    """Another snapshot's index, with wrong changes."""
    return ChangeIndex({**turned(index).document, "tag": "another"})


def turned(index: ChangeIndex) -> ChangeIndex:
    """The index with every trend turned around."""
    ends = {"up": "down", "down": "up"}
    kinds = [kind and (ends.get(str(kind[0]), kind[0]), *kind[1:]) for kind in index.document["kinds"]]
    return ChangeIndex({**index.document, "kinds": kinds})


@pytest.mark.slow
def test_a_statements_page_has_a_dozen_rounds_and_fifty_places_unless_asked_for_all(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    fill(desk, tmp_path, Size(15, 51, 1))
    desk.sign_in()
    path = "/admin/results/r14/root/s1"

    def shown(address: str) -> tuple[int, int]:
        page = desk.client.get(address).text
        drawn = json.loads(page.split('id="figures"')[1].split(">", 1)[1].split("</script>")[0])
        bars = [len(drawn[f"s1-{kind}"]["data"][0]["y"]) for kind in ("time", "places")]
        tables = [page.count("<tr data-round="), page.count("<tr data-place=")]
        assert bars == tables
        return tables[0], tables[1]

    page = desk.client.get(path).text
    assert shown(path) == (12, 50)
    assert "Här visas 12 av 15 omgångar." in page
    assert "Här visas 50 av 52 verksamheter." in page
    assert "sett över de 15 omgångar som kan jämföras" in page, "sentences are about all rounds"
    assert shown(f"{path}?page=2") == (12, 2)
    assert shown(f"{path}?all=1") == (15, 52)
    assert 'data-round="r2"' in desk.client.get("/admin/results/r2/root/s1").text, "an earlier round is shown"
    assert "Går inte att jämföra" not in page
    table = desk.client.get("/admin/chart/r14/root/s1/places.csv").text
    assert table.count("\n") == 1 + 52, "a file has every place"


@pytest.mark.slow
def test_many_statements_in_full_are_divided_into_pages_unless_asked_for_all(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    fill(desk, tmp_path, Size(2, 3, 13))
    desk.sign_in()

    def shown(query: str) -> list[str]:
        page = desk.client.get(f"/admin/results/r1/root{query}").text
        return re.findall(r'<h2 id="(s\d+)">', page)

    assert shown("") == [f"s{number}" for number in range(1, 7)]
    assert [*shown(""), *shown("?part=2"), *shown("?part=3")] == shown("?all=1")
    assert shown("?part=9") == shown("?part=3"), "an old link to a shorter survey"
    fill(desk, tmp_path, Size(80, 3, 3))
    assert len(re.findall(r'<h2 id="s', desk.client.get("/admin/results/r1/root").text)) == 1


@pytest.mark.parametrize("node_id", ["root", "u1"])
@pytest.mark.parametrize("is_indexed", [True, False])
def test_a_part_of_the_snapshot_gives_the_same_statements_as_all_of_it(
    tmp_path: Path, node_id: str, is_indexed: bool
) -> None:
    desk = Desk(tmp_path)
    fill(desk, tmp_path, Size(4, 3, 2))
    states = desk.store.rounds()
    rounds, shown = [state.round for state in states], states[1].round
    whole = desk.store.snapshot()
    snapshot = Snapshot(desk.store.snapshot_text(), desk.store.change_index() if is_indexed else None)
    part = snapshot.of_statements(rounds, shown, node_id, shown.survey.statements)
    with in_language(library_for(desk.settings).desk["sv"]):
        for statement in shown.survey.statements:
            of_part = section_of(part, states, shown, node_id, statement, known=snapshot)
            assert of_part == section_of(whole, states, shown, node_id, statement)
    assert sum(len(one["nodes"]) for one in part["rounds"]) == 4 + 3, "a node's page reads its own figures"


def test_the_first_page_of_a_statement_after_a_count_computes_no_change_of_many_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    fill(desk, tmp_path, Size(4, 3, 1))
    desk.sign_in()

    def refuse(*_: object) -> None:
        raise AssertionError("computed on a page")

    monkeypatch.setattr(statement_view, "time_change", refuse)
    page = desk.client.get("/admin/results/r3/root/s1")
    assert page.status_code == 200
    assert "sett över de 4 omgångar" in page.text
    of_unit = desk.client.get("/admin/results/r3/u1/s1")
    assert of_unit.status_code == 500, "control: a page that computes changes is noticed"


def test_kept_sentences_are_those_of_the_readers_language_and_of_the_latest_count(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    fill(desk, tmp_path, Size(3, 3, 1))
    desk.sign_in()
    path = "/admin/results/r2/root/s1"
    swedish = "sett över de 3 omgångar som kan jämföras"
    assert swedish in desk.client.get(path).text
    data = {"csrf_token": desk.token("/admin/walls"), "language": "en", "next": "/admin/walls"}
    desk.client.post("/admin/language", data=data)
    assert swedish not in desk.client.get(path).text
    fill(desk, tmp_path, Size(4, 3, 1))
    assert "over the 4 rounds" in desk.client.get(path).text


def test_the_results_of_an_instrument_say_that_its_swedish_is_not_official(tmp_path: Path) -> None:
    desk = Desk(tmp_path, is_empty=True)
    surveys = library_for(desk.settings).surveys
    units = {"ons_ensamhet": True, "ombudsmannaskap": False}
    for name in units:
        of_round = replace(desk.round, id=name, survey=surveys[name], tree=tree(name))
        desk.store.open_round(of_round, START)
    desk.sign_in()
    remark = "Ej officiell översättning. Officiellt språk: engelska."
    for page in ("overview", "results"):
        shown = {name: desk.client.get(f"/admin/{page}/{name}/{name}") for name in units}
        assert {name: remark in answer.text for name, answer in shown.items()} == units
        assert {answer.status_code for answer in shown.values()} == {200}
