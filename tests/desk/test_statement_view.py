"""What stands around charts: sentences that claim no more than they may, pictures that stand alone."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from kiosk.desk.i18n import NO_BREAK
from kiosk.domain.ballot import Ballot, NoAnswer
from kiosk.domain.noise import EPSILON, STRONG_EPSILON
from kiosk.domain.rounds import Admission, Protection
from kiosk.domain.survey import Good
from kiosk.output.stacked_bars import colours
from tests.tools.desk_side import START, Desk
from tests.tools.earlier_figures import enter
from tests.tools.figures import figures_in
from tests.tools.published import statements

SVG = "{http://www.w3.org/2000/svg}"


def answer(desk: Desk, agreeing: int, of: int, unit: str = "dagverksamheten", unsure: int = 0) -> None:
    """So many of those who answer agree in the running round, and others do not know. Nothing is counted."""
    running = desk.store.running_round(unit, desk.now)
    for number in range(of + unsure):
        option = (4 if number % 2 else 5) if number < agreeing else (1 if number % 2 else 2)
        given = (NoAnswer.DONT_KNOW if number >= of else option,) * 4
        desk.store.cast(running.id, unit, Ballot(given), desk.now)


def next_round(desk: Desk, number: int) -> None:
    """Close the round that runs, and open the next."""
    desk.now = START + timedelta(days=92 * number)
    desk.store.count(desk.now)
    opened = replace(desk.round, id=f"r{number}", opens_at=desk.now, closes_at=desk.now + timedelta(days=90))
    desk.store.open_round(opened, desk.now)


def count(desk: Desk) -> None:
    desk.now += timedelta(days=1)
    desk.store.count(desk.now)


def year(desk: Desk, *percents: int) -> None:
    """Rounds of a hundred answers, the last of them still running."""
    for number, percent in enumerate(percents):
        if number:
            next_round(desk, number)
        answer(desk, percent, 100)
    count(desk)
    desk.sign_in()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def words(desk: Desk, address: str) -> list[str]:
    """What stands in a picture, its lines joined to one text at the end."""
    drawn = ET.fromstring(desk.client.get(address).text)
    lines = [text.text or "" for text in drawn.iter(f"{SVG}text")]
    return [*lines, " ".join(lines)]


def listened(page: str) -> str:
    """The part of the page about the first statement."""
    return page.split('<h2 id="listened">')[1].split("<h2")[0]


@pytest.mark.slow
def test_a_running_round_is_marked_and_left_out_of_the_change(desk: Desk) -> None:
    year(desk, 40, 42, 95)
    page = listened(desk.client.get("/admin/results/r2/dagverksamheten").text)
    assert "Kan vara slump: sett över de 2 omgångar som kan jämföras" in page
    page = page.replace(NO_BREAK, " ")
    assert "svarade 40 av 100 (40 %) så, i den senaste avslutade 42 av 100 (42 %)" in page
    assert "Omgången som pågår är inte med i jämförelsen" in page
    assert page.count("(pågår)</th>") + page.count("(pågår) <span") == 1
    figures = figures_in(desk.client.get("/admin/results/r2/dagverksamheten").text)
    labels = figures["listened-time"]["layout"]["yaxis"]["ticktext"]
    assert [label.endswith("<br>pågår") for label in labels] == [False, False, True]
    chart = "/admin/chart/r2/dagverksamheten/listened/time"
    assert words(desk, f"{chart}.svg").count("pågår") == 1
    rows = list(csv.reader(io.StringIO(desk.client.get(f"{chart}.csv").get_data().decode("utf-8-sig"))))
    assert [row[2].endswith(" (pågår)") for row in rows[1:]] == [False, False, True]


@pytest.mark.slow
def test_a_fall_in_the_last_round_is_reported_beside_a_rising_trend(desk: Desk) -> None:
    year(desk, 40, 50, 70, 80, 50, 50)
    page = listened(desk.client.get("/admin/results/r5/dagverksamheten").text)
    assert (
        "Upp, åt rätt håll: sett över de 5 omgångar som kan jämföras har andelen som svarade så ökat" in page
    )
    assert (
        "svarade 40 av 100 (40 %) så, i den senaste avslutade 50 av 100 (50 %). Skillnaden mellan de två kan"
        in page.replace(NO_BREAK, " ")
    )
    assert "Men från näst sista till sista avslutade omgången minskade andelen" in page


@pytest.mark.slow
def test_a_clear_difference_between_places_is_not_called_chance(desk: Desk) -> None:
    answer(desk, 54, 54)
    answer(desk, 0, 54, "matcentralen")
    answer(desk, 5, 14, "frida")
    count(desk)
    desk.sign_in()
    page = listened(desk.client.get("/admin/results/r/vasteras").text)
    assert re.search(
        r"Störst andel svarade så på Dagverksamheten \(\d+ av \d+, 100\s%\), "
        r"minst på Matcentralen \(0 av",
        page,
    )
    assert "Skillnaden är större än slumpen brukar ge." in page
    assert "Bara verksamheter med minst 20 svar jämförs." in page
    assert "kan vara slump" not in page.lower()


@pytest.mark.slow
def test_a_small_difference_between_places_is_called_possible_chance(desk: Desk) -> None:
    answer(desk, 48, 90)
    answer(desk, 42, 90, "matcentralen")
    count(desk)
    desk.sign_in()
    assert "Skillnaden kan vara slump." in listened(desk.client.get("/admin/results/r/vasteras").text)


@pytest.mark.slow
def test_places_have_percentages_only_with_enough_answers(desk: Desk) -> None:
    answer(desk, 30, 60)
    answer(desk, 6, 15, "frida")
    count(desk)
    desk.sign_in()
    page = listened(desk.client.get("/admin/results/r/vasteras").text)
    rows = {
        name: page.split(f'data-place="{name}">')[1].split("</tr>")[0]
        for name in ("Dagverksamheten", "FRIDA")
    }
    assert re.search(
        r"<td data-number>\d+ <span class=\"percent\">\(\d+ %\)</span><br>", rows["Dagverksamheten"]
    )
    assert "%" not in rows["FRIDA"]


@pytest.mark.slow
def test_answers_outside_the_scale_are_shown_below_every_bar(desk: Desk) -> None:
    answer(desk, 30, 60, unsure=20)
    answer(desk, 30, 60, "matcentralen")
    count(desk)
    desk.sign_in()
    nodes = {node["id"]: node for node in desk.store.snapshot()["rounds"][0]["nodes"]}
    unsure = statements(nodes["dagverksamheten"])["listened"]["no_answer"]["dont_know"]
    assert unsure > 10
    drawn = words(desk, "/admin/chart/r/vasteras/listened/places.svg")
    assert drawn.count(f"Vet inte: {unsure}") == 2, "of the unit, and of the town it is in"
    page = desk.client.get("/admin/results/r/vasteras").text
    figures = figures_in(page)
    notes = figures["listened-places"]["layout"]["annotations"]
    assert [note["text"] for note in notes if note["name"] == "outside"] == [f"Vet inte: {unsure}"] * 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["now", "time", "places"])
def test_a_downloaded_picture_names_its_origin(tmp_path: Path, kind: str) -> None:
    desk = Desk(tmp_path, admission=frozenset({Admission.KIOSK, Admission.POSTER}))
    desk.store.mark_demonstration()
    year(desk, 40, 50)
    enter(desk, node="vasteras")
    *_, text = words(desk, f"/admin/chart/r1/vasteras/listened/{kind}.svg")
    assert "Enkät: Ombudsmannaskap i Dagverksamheten. Pågår" in text
    assert "räknat 3\xa0juni\xa02026 kl. 12:00. Svar från: kiosk, affisch." in text
    assert "DEMONSTRATION" in text
    assert "Där hindrar inget att samma person svarar flera gånger." in text
    assert ("importerat: Effektrapport 2022" in text) == (kind == "time")


@pytest.mark.slow
def test_a_picture_warns_about_rounds_with_different_survey_versions(desk: Desk) -> None:
    year(desk, 40)
    survey = replace(desk.round.survey, translations={"en": {"Jag": "I"}})
    desk.round = replace(desk.round, survey=survey)
    next_round(desk, 1)
    desk.sign_in()
    *_, text = words(desk, "/admin/chart/r/dagverksamheten/listened/time.svg")
    assert "Omgångarna har olika versioner" in text
    page = desk.client.get("/admin/results/r/dagverksamheten/listened").text
    assert re.findall(r">(version \d+)<", page) == ["version 1", "version 2"]


@pytest.mark.slow
@pytest.mark.parametrize("is_same", [True, False])
def test_a_corrected_text_is_compared_and_its_previous_wording_is_shown(desk: Desk, *, is_same: bool) -> None:
    year(desk, 40)
    enter(desk)
    first, *others = desk.round.survey.statements
    former = (first.text,) if is_same else ()
    corrected = replace(first, text="Personalen hör på mig", earlier_wordings=former)
    survey = replace(desk.round.survey, statements=(corrected, *others))
    desk.round = replace(desk.round, survey=survey)
    next_round(desk, 1)
    answer(desk, 90, 100)
    count(desk)
    desk.sign_in()
    text = " ".join(words(desk, "/admin/chart/r1/dagverksamheten/listened/time.svg"))
    assert (f"Påståendet har haft andra ord med samma innebörd: ”{first.text}”" in text) == is_same
    assert ("Går inte att jämföra med det ovanför: andra ord." in text) != is_same
    assert ("Andra ord då." in text) != is_same, "earlier figures are of the former text"
    assert f"då med orden ”{first.text}”" in text


@pytest.mark.slow
def test_pictures_on_the_page_do_not_repeat_its_texts(desk: Desk) -> None:
    year(desk, 40, 50)
    page = desk.client.get("/admin/results/r1/dagverksamheten").text
    for source in re.findall(r'<img class="drawn" src="([^"]+)"', page):
        drawn = words(desk, source.replace("&amp;", "&"))
        assert desk.round.survey.statements[0].text not in drawn
        assert not re.search(r"svarade|räknat", drawn[-1])
        assert "Instämmer helt" in drawn


@pytest.mark.slow
def test_charts_have_text_alternatives_with_their_results(desk: Desk) -> None:
    year(desk, 40, 80, 80)
    page = listened(desk.client.get("/admin/results/r2/vasteras").text)
    labels = re.findall(r'role="img" aria-label="([^"]+)"', page)
    assert labels == re.findall(r'<img class="drawn"\s+src="[^"]+" alt="([^"]+)"', page)
    now, time, places = labels
    assert "svarade ”Instämmer helt”" in now
    assert "Upp, åt rätt håll: sett över de 2 omgångar" in time
    assert "Färre än två verksamheter har minst 20 svar." in places


@pytest.mark.slow
def test_figures_missing_in_an_earlier_report_are_shown_as_unknown(desk: Desk) -> None:
    answer(desk, 30, 60)
    count(desk)
    desk.sign_in()
    enter(desk)
    page = desk.client.get("/admin/results/r/dagverksamheten").text
    figures = figures_in(page)
    assert figures["listened-time"]["data"][-1]["text"][0] == "10 okänt"
    assert [shape["type"] for shape in figures["listened-time"]["layout"]["shapes"]] == ["line", "rect"]
    drawn = desk.client.get("/admin/chart/r/dagverksamheten/listened/time.svg").text
    assert drawn.count('stroke-dasharray="5 4"') == 2, "the bar's part, and what the colours mean"
    assert "10 okänt" in drawn
    section = listened(page)
    assert section.count("stroke-dasharray") == section.count('class="legend"') > 0


# -- protected rounds ----------------------------------------------------------------------------

ONE_BATCH = "Skyddade siffror: varje stapel kan vara fel på upp till 3 svar."


STRONG_BATCH = "Starkt skyddade siffror: varje stapel kan vara fel på upp till 6 svar."


def protected_round(desk: Desk, answers: int, epsilon: Fraction = EPSILON) -> None:
    """A protected round with so many answers in one batch, after an exact one without any."""
    desk.now = START + timedelta(days=92)
    desk.store.count(desk.now)
    opened = replace(
        desk.round,
        id="p",
        opens_at=desk.now,
        closes_at=desk.now + timedelta(days=90),
        protection=Protection.PROTECTED,
        epsilon=epsilon,
    )
    desk.store.open_round(opened, desk.now)
    answer(desk, answers // 2, answers)
    count(desk)
    desk.sign_in()


def test_every_figure_of_a_protected_round_states_its_possible_error(desk: Desk) -> None:
    protected_round(desk, 80)
    page = listened(desk.client.get("/admin/results/p/dagverksamheten").text)
    assert page.count('<div class="chart"') + 1 == page.count("data-protection") == page.count(ONE_BATCH)
    assert "Där det står 2 eller färre kan det vara ingen alls. Spannet räknar med" in page
    assert "Exakta siffror." not in page
    assert re.search(r"Ungefär \d+ av \d+ svarade ”Instämmer helt” eller", page)
    assert "Dolda av anonymitetsskäl:" not in page
    drawn = words(desk, "/admin/chart/p/dagverksamheten/listened/now.svg")[-1]
    assert ONE_BATCH in drawn
    table = desk.client.get("/admin/chart/p/dagverksamheten/listened/now.csv").text
    assert ONE_BATCH in table
    wall = desk.store.walls.add("dagverksamheten")
    assert ONE_BATCH in desk.client.get(f"/admin/wall/{wall.code}").text


def test_every_figure_of_a_strongly_protected_round_states_its_protection_and_its_error(desk: Desk) -> None:
    protected_round(desk, 80, STRONG_EPSILON)
    whole = desk.client.get("/admin/results/p/dagverksamheten").text
    assert '<p class="fine">Starkt skyddade siffror.</p>' in whole
    assert "ungefär dubbelt så mycket som för skyddade siffror" in whole
    page = listened(whole)
    assert page.count("data-protection") == page.count(STRONG_BATCH)
    assert "Där det står 5 eller färre kan det vara ingen alls. Spannet räknar med" in page
    assert "Skyddade siffror" not in page
    assert STRONG_BATCH in words(desk, "/admin/chart/p/dagverksamheten/listened/now.svg")[-1]
    assert STRONG_BATCH in desk.client.get("/admin/chart/p/dagverksamheten/listened/now.csv").text
    wall = desk.store.walls.add("dagverksamheten")
    assert STRONG_BATCH in desk.client.get(f"/admin/wall/{wall.code}").text


@pytest.mark.slow
def test_more_batches_increase_the_stated_error(desk: Desk) -> None:
    protected_round(desk, 80)
    answer(desk, 30, 60)
    count(desk)
    desk.sign_in()
    page = listened(desk.client.get("/admin/results/p/dagverksamheten").text)
    assert "varje stapel kan vara fel på upp till 4 svar." in page
    assert ONE_BATCH not in page


def test_an_exact_round_is_labelled_as_exact(desk: Desk) -> None:
    answer(desk, 20, 40)
    count(desk)
    desk.sign_in()
    page = listened(desk.client.get("/admin/results/r/dagverksamheten").text)
    assert page.count("data-protection") == page.count("Exakta siffror.") > 0
    assert "Skyddade siffror" not in page
    assert "Ungefär" not in page
    assert "Dolda av anonymitetsskäl: 0" in page
    assert "Exakta siffror." in words(desk, "/admin/chart/r/dagverksamheten/listened/now.svg")[-1]


@pytest.mark.slow
def test_a_chart_of_exact_and_protected_rounds_names_both(desk: Desk) -> None:
    answer(desk, 20, 40)
    protected_round(desk, 40)
    desk.store.count(START + timedelta(days=190))
    desk.now = START + timedelta(days=190)
    desk.sign_in()
    page = listened(desk.client.get("/admin/results/p/dagverksamheten").text)
    assert "Några av omgångarna har exakta siffror." in page
    assert "Kan vara slump eller skydd: sett över de 2 omgångar" in page


@pytest.mark.slow
def test_a_changed_mix_of_units_is_not_reported_as_a_rise(desk: Desk) -> None:
    """Simpson's paradox: fewer agree at both units, and more of all answers agree."""
    answer(desk, 41, 43, "frida")
    answer(desk, 46, 163)
    next_round(desk, 1)
    answer(desk, 140, 163, "frida")
    answer(desk, 6, 43)
    next_round(desk, 2)
    desk.sign_in()
    page = listened(desk.client.get("/admin/results/r1/vasteras").text)
    shares = [int(percent) for percent in re.findall(r"\((\d+)\s%\) (?:då|nu)", page)]
    assert shares[0] + 20 < shares[1], "the shares of all answers rise"
    assert "Upp" not in page
    assert "Ner, åt fel håll: sett över de 2 omgångar" in page
    assert "inte att jämföra rakt av: se varje verksamhet för sig." in page
    assert "Varje verksamhet jämförs bara med sig själv." in page
    alone = listened(desk.client.get("/admin/results/r1/frida").text)
    assert "Varje verksamhet" not in alone
    assert "rakt av" not in alone


# -- direction -----------------------------------------------------------------------------------


def directed(desk: Desk, good: Good | None, agreeing: tuple[int, ...] = ()) -> str:
    """The part about the first statement, with this direction, after a rise from few who agree to many."""
    first, *others = desk.round.survey.statements
    statement = replace(first, text="Jag känner mig otrygg här", good=good, agreeing=agreeing)
    desk.round = replace(desk.round, survey=replace(desk.round.survey, statements=(statement, *others)))
    next_round(desk, 1)
    answer(desk, 2, 60)
    next_round(desk, 2)
    answer(desk, 40, 60)
    next_round(desk, 3)
    desk.sign_in()
    return listened(desk.client.get("/admin/results/r2/dagverksamheten").text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("good", "agreeing", "sentences"),
    [
        (Good.HIGH, (), ["Upp, åt rätt håll:", "så ökat"]),
        (Good.LOW, (), ["Upp, åt fel håll:", "så ökat", "Här är en liten andel bra."]),
        (
            Good.LOW,
            (1, 2),
            ["Ner, åt fel håll:", "så minskat", "svarade ”Instämmer dåligt” eller ”Instämmer inte alls”"],
        ),
        (Good.NEITHER, (), ["Upp:", "så ökat", "Här är varken en stor eller en liten andel bättre."]),
        (None, (), ["Upp:", "så ökat"]),
    ],
)
def test_a_change_is_a_difference_of_shares_whichever_end_of_the_statement_is_good(
    desk: Desk, good: Good | None, agreeing: tuple[int, ...], sentences: list[str]
) -> None:
    page = directed(desk, good, agreeing)
    for sentence in sentences:
        assert sentence in page
    others = {"Bättre", "Sämre", "Upp:", "Ner:", "rätt håll:", "fel håll:"} - {
        sentences[0],
        sentences[0].partition("åt ")[2],
    }
    assert [word for word in others if word in page] == []
    drawn = words(desk, "/admin/chart/r2/dagverksamheten/listened/now.svg")[-1]
    assert ("Här är" in drawn) == ("Här är" in page)


@pytest.mark.slow
def test_the_colours_of_the_page_and_of_pictures_follow_the_good_end(desk: Desk) -> None:
    page = directed(desk, Good.LOW)
    shown = re.findall(r'height="16" fill="(#\w+)"', page.split('class="legend"')[1].split("</ul>")[0])
    assert tuple(shown) == colours(5, bipolar=False)[::-1]
    wall = desk.store.walls.add("dagverksamheten")
    drawn = desk.client.get(f"/admin/wall/{wall.code}/listened.svg").text
    assert [drawn.index(colour) for colour in shown] == sorted(drawn.index(colour) for colour in shown)
