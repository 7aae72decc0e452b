"""Every sentence of the results pages, with a table it is right of and one of which it would be wrong.

The sentences are those that the code of the results pages can say: a new one without its two tables fails. A
translation of the test's own marks each text with its number, so that a page shows which sentences it says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template

from kiosk.desk.app import create_desk_app
from kiosk.desk.i18n import NO_BREAK
from kiosk.desk.respondents import Forms
from kiosk.desk.results.chart_rows import ChartKind, round_name
from kiosk.desk.results.findings import broken, kind_of_figures, missing
from kiosk.desk.results.method import figure_explanations, self_selection
from kiosk.desk.results.overview import Order, overview_of
from kiosk.desk.results.published import Snapshot
from kiosk.desk.results.statement_view import picture, section_of, wall_picture
from kiosk.domain.earlier_figures import EarlierFigures, KnownCounts
from kiosk.domain.results import PERCENT_FROM
from kiosk.domain.rounding import outwards
from kiosk.domain.rounds import Admission, ProtectionLevel, PublicationTime, Round
from kiosk.domain.schedule import Every
from kiosk.domain.snapshot import Document, RoundTally, as_text, make_snapshot
from kiosk.domain.survey import Good, Scale
from kiosk.domain.tally import StatementTally, Tally
from kiosk.output.stacked_bars import UNKNOWN
from kiosk.settings import read_settings
from kiosk.storage import RoundState
from tests.tools.builders import MONDAY, a_round, a_store, tree
from tests.tools.messages import extracted_from
from tests.tools.shipped import library_for, share_templates

Counts = tuple[int, ...]

CODE = "kiosk/desk/results/"

PAGES = tuple(
    f"kiosk/desk/templates/{name}.html"
    for name in ("results", "round_head", "round_notes", "overview", "wall")
)

WORDS_OF_CHANGE = ("kiosk/desk/results/overview.py", "kiosk/desk/results/change_words.py")
"""Their words are claims too where they are no whole sentences: a share, "Up", why nothing is compared."""


EXTENTS = {"Här visas {shown} av {total} omgångar.", "Här visas {shown} av {total} verksamheter."}
"""How much of a statement a page shows (tests/desk/test_overview.py)."""


CONFIRMATIONS = {
    "Siffrorna är sparade.", "Siffrorna är borttagna.", "Väggskärmens adress är klar.",
    "Väggskärmens adress är stängd.", "Kommentaren är sparad.", "Kommentaren är borttagen.",
}  # fmt: skip
"""Sentences about what a form did: they say nothing about figures."""


GUESTS = Forms("gäst", "gäster", "gästenkät")

OF_SEVERAL = {
    "En stapel för varje svar.",
    "Det går att välja flera svar. Varje stapel är en andel av alla {n} som lämnade svar i omgången, även av "
    "dem som inte svarade på frågan. Staplarna kan tillsammans bli mer än 100 procent. Omgångar och "
    "verksamheter jämförs inte.",
    "n är antalet som lämnade svar i omgången. Procent visas från {from_n} svar.",
}
"""Sentences about questions of which several options may be chosen: tests/desk/test_several.py has their
cases."""

OF_FOLLOW_UPS = {
    "Frågan gällde dem som svarade {answers} på ”{statement}”: {asked}.",
    "Frågan gällde dem som svarade {answers} på ”{statement}”: ungefär {asked}.",
    "Frågan gällde dem som svarade {answers} på ”{statement}”: högst {asked}. Några svar på påståendet är "
    "dolda av anonymitetsskäl.",
}
"""Sentences about follow-ups: tests/desk/test_follow_up.py has their cases."""

OF_EARLIER_FIGURES = {"”{text}”: två svar har samma ord."}
"""In tests/desk/test_earlier_figures.py."""

TESTED_ELSEWHERE = OF_SEVERAL | OF_FOLLOW_UPS | OF_EARLIER_FIGURES

HOW_SHARES_ARE_READ = {
    "Andelen är de som svarade {labels}. n är antalet svar på skalan.",
    "n är antalet svar på skalan.",
    "Andelen är de som svarade {options}.",
    "Andelen är de som svarade {options} på {statements}.",
}
"""Which answers a share counts, said of every statement (tests/desk/test_scale_words.py)."""


def sentences(*places: str) -> list[str]:
    """The sentences about figures in these files and folders."""
    return [
        message
        for message, files in extracted_from(*places).items()
        if message not in CONFIRMATIONS
        and (message.endswith(".") or any(name in WORDS_OF_CHANGE for name, _ in files))
    ]


@cache
def messages() -> list[str]:
    """The sentences of the results pages, read from their sources by the first test that asks for them."""
    return sentences(CODE, *PAGES)


HOW_TO_READ = (
    "Procenten räknas på dem", "Under procenten står", "Här görs många jämförelser.",
    "Skyddade siffror: varje räknings tabell", "Starkt skyddade siffror: varje räknings",
    "Exakta siffror: varje stapel stämmer.",
    "Dolda av anonymitetsskäl, i omgångar", "Var och en väljer själv",
)  # fmt: skip
"""The beginnings of the explanations under every results page."""


def agree(count: int, n: int) -> Counts:
    """So many of n agree."""
    return (n - count, 0, 0, 0, count)


def nobody(n: int) -> StatementTally:
    """Nobody answered on the scale."""
    return StatementTally((0,) * 5, (n, 0, 0), 0)


@dataclass(frozen=True)
class World:
    """Rounds with their tables by unit, the earliest first, seen at `node`.

    `changes` has what differs from an ordinary round, by the round's number; `draws` is the number of
    batches of each table in a protected round.
    """

    rounds: Sequence[Mapping[str, Counts | StatementTally]]
    node: str = "a"
    good: Good | None = None
    agreeing: tuple[int, ...] = ()
    target: int | None = None
    protection: Sequence[ProtectionLevel] = ()
    draws: int = 1
    running: frozenset[int] = frozenset()
    labels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    translated: frozenset[int] = frozenset()
    admission: frozenset[Admission] = frozenset({Admission.KIOSK})
    demonstration: bool = False
    report: KnownCounts | None = None
    is_ordered: bool = True
    other_ids: frozenset[int] = frozenset()


def alone(*pairs: tuple[int, int], **terms: Any) -> World:
    """One unit where (agreeing, of all) are so many, round by round."""
    return replace(World([{"a": agree(*pair)} for pair in pairs]), **terms)


def hundred(*agreeing: int, **terms: Any) -> World:
    """One unit with a hundred answers in each round."""
    return alone(*((count, 100) for count in agreeing), **terms)


def both(*rounds: tuple[tuple[int, int], tuple[int, int]], **terms: Any) -> World:
    """Two units together."""
    tables = [{"a": agree(*first), "b": agree(*second)} for first, second in rounds]
    return replace(World(tables, node="root"), **terms)


PROTECTED: dict[str, Any] = {"protection": [ProtectionLevel.PROTECTED] * 9}
STRONG: dict[str, Any] = {"protection": [ProtectionLevel.STRONG] * 9}
MIXED: dict[str, Any] = {"protection": [ProtectionLevel.EXACT, *[ProtectionLevel.PROTECTED] * 8]}
ONCE_STRONG: dict[str, Any] = {"protection": [ProtectionLevel.STRONG, *[ProtectionLevel.PROTECTED] * 8]}

SIMPSON = (((39, 40), (40, 160)), ((142, 160), (6, 40)))
"""Fewer agree at each unit, and more of all answers agree."""

UNSIMPSON = SIMPSON[::-1]

MIX_ALONE = (((20, 40), (16, 160)), ((80, 160), (4, 40)))
"""As large a share agrees at each unit as before, and more of all answers agree."""

ENDS_AGAINST_TREND = ((40, 40), (60, 320), (250, 320), (28, 40))
"""Most later answers agree more than earlier ones, but fewer agree in the last round than in the first."""

LAST_STEP_SIMPSON = (((5, 40), (1, 160)), *SIMPSON)

BEFORE = KnownCounts("s1", "Statement 1", tuple(f"label {n}" for n in range(1, 6)), (1, 2, 3, 4, 5))


@dataclass(frozen=True)
class Facts:
    """A round as the results page or a wall screen shows it."""

    world: World = field(default_factory=lambda: hundred(50))
    is_wall: bool = False
    has_round: bool = True
    is_closed: bool = False
    is_staff: bool = False
    figures: PublicationTime = PublicationTime.LIVE
    counts_often: bool = True
    demonstration: bool = False
    excluded_rapid: int = 0
    guard_fired: bool = False
    lost_boxes: int = 0


def round_of(world: World, at: int) -> Round:
    units = tree("a", "b")
    opens_at = MONDAY + timedelta(days=100 * at)
    ordinary = a_round(units, opens_at=opens_at)
    first, *others = ordinary.survey.statements
    labels = world.labels.get(at, first.scale.labels)
    asked = replace(
        first, id="former" if at in world.other_ids else first.id,
        text=world.texts.get(at, first.text), good=world.good, agreeing=world.agreeing,
        target=world.target, scale=Scale("s", labels, bipolar=False, is_ordered=world.is_ordered),
    )  # fmt: skip
    texts = {"en": {first.text: "Another translation"}} if at in world.translated else {}
    level = world.protection[at] if world.protection else ProtectionLevel.EXACT
    survey = replace(ordinary.survey, statements=(asked, *others), translations=texts)
    return replace(
        ordinary, id=f"r{at}", survey=survey, protection=level.protection, epsilon=level.epsilon,
        admission=world.admission,
    )  # fmt: skip


def tally_of(table: Counts | StatementTally) -> Tally:
    own = table if isinstance(table, StatementTally) else StatementTally(table, (0, 0, 0), 0)
    return (own, StatementTally((own.ballots, 0, 0, 0, 0), (0, 0, 0), 0))


def document_of(world: World, rounds: Sequence[Round]) -> Document:
    tallies = [
        RoundTally(
            of_round, at not in world.running, {unit: tally_of(table) for unit, table in tables.items()}, {},
            batches=dict.fromkeys(tables, world.draws) if of_round.is_protected else {},
        )
        for at, (of_round, tables) in enumerate(zip(rounds, world.rounds, strict=True))
    ]  # fmt: skip
    return make_snapshot(tallies, MONDAY, demonstration=world.demonstration)


def pages_text(app: Flask, world: World) -> str:
    """All texts around the charts of the first statement in the last round: on the page, in pictures and on a
    wall screen."""
    rounds = [round_of(world, at) for at in range(len(world.rounds))]
    document = document_of(world, rounds)
    states = [RoundState(of_round, False, 0) for of_round in rounds]
    last = rounds[-1]
    statement = last.survey.statements[0]
    year = date(2022, 1, 1), date(2022, 12, 31)
    reports = [EarlierFigures(world.node, *year, 20, "Report", (world.report,))] if (
        world.report
    ) else []  # fmt: skip
    with app.test_request_context():
        section = section_of(document, states, last, world.node, statement, reports)
        texts = [*section.sentences, *section.protection, *section.versions]
        for chart in section.charts:
            drawn = picture(section, chart)
            texts += [chart.alternative, *chart.sentences, *chart.protection, *drawn.notes]
            texts += [f"{bar.broken} {bar.instead}" for bar in drawn.bars]
        texts += wall_picture(document, last, world.node, statement).notes
        texts += overview_sentences(document, world, rounds)
    return "\n".join(texts)


def overview_sentences(document: Document, world: World, rounds: Sequence[Round]) -> list[str]:
    """All texts of the overview's headline and of its first statement."""
    states = [RoundState(of_round, at not in world.running, 0) for at, of_round in enumerate(rounds)]
    overview = overview_of(Snapshot(as_text(document)), states[::-1], states[-1], world.node)
    first = overview.entries[0]
    return [
        overview.headline, *overview.compared_rounds, first.missing, first.share, first.interval,
        first.verdict.word, first.verdict.detail,
    ]  # fmt: skip


def kinds(app: Flask, world: World) -> str:
    """The kind of change that the overview tells of the first statement."""
    rounds = [round_of(world, at) for at in range(len(world.rounds))]
    states = [RoundState(of_round, at not in world.running, 0) for at, of_round in enumerate(rounds)]
    with app.test_request_context():
        overview = overview_of(
            Snapshot(as_text(document_of(world, rounds))), states[::-1], states[-1], world.node
        )
        return overview.entries[0].verdict.kind


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The desk in Swedish."""
    return desk_app(tmp_path_factory.mktemp("plain"), {})


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The desk in a Swedish that puts each sentence's number before it."""
    marks = {message: f"«{number}»{message}" for number, message in enumerate(messages())}
    return desk_app(tmp_path_factory.mktemp("marked"), marks)


def desk_app(folder: Path, texts: Mapping[str, str]) -> Flask:
    settings = read_settings({"KIOSK_DATA": str(folder)})
    library = library_for(settings)
    swedish = library.desk["sv"]
    changed = replace(library, desk={"sv": replace(swedish, texts={**swedish.texts, **texts})})
    app = create_desk_app(
        a_store(folder), changed, clock=lambda: MONDAY, ticks=Every(5), secret_key="s" * 32,
        guest_address="http://guest.example", allowed_languages=frozenset(), settings=settings,
    )  # fmt: skip
    share_templates(app)
    return app


def numbered_sentences(app: Flask, world: World) -> set[str]:
    return {messages()[int(number)] for number in re.findall(r"«(\d+)»", pages_text(app, world))}


def page_sentences(app: Flask, facts: Facts) -> set[str]:
    """The sentences of the results page, or of a wall screen, about a round of which these facts hold."""
    world = facts.world
    rounds = [round_of(world, at) for at in range(len(world.rounds))]
    of_round = replace(rounds[-1], figures=facts.figures)
    document = document_of(world, rounds)
    statement = of_round.survey.statements[0]
    states = [RoundState(one, False, 0) for one in rounds]
    terms: dict[str, Any] = {
        "round": of_round, "answered": 50, "last_count": MONDAY, "next_count": MONDAY, "seconds": 5,
        "people": GUESTS, "counts_often": facts.counts_often, "is_demonstration": facts.demonstration,
    }  # fmt: skip
    about: dict[str, Any] = {
        **terms, "state": RoundState(of_round, facts.is_closed, facts.lost_boxes),
        "node": of_round.tree.node(world.node), "path": [], "rounds": [], "places": [],
        "excluded_rapid": facts.excluded_rapid, "guard_fired": facts.guard_fired, "read_at": MONDAY,
        "percent_from": PERCENT_FROM, "first_figures_at": 15, "later_at_most": 30,
        "is_staff": facts.is_staff, "snapshot_tag": "",
    }  # fmt: skip
    with app.test_request_context():
        if facts.is_wall:
            shown = {**terms, "round": of_round if facts.has_round else None}
            page = render_template(
                "wall.html", code="c", is_closed=facts.is_closed, spoken={}, name="a", made_at="", **shown
            )
        else:
            page = render_template(
                "results.html",
                shows_all=False,
                page=1,
                pages=1,
                sections=[section_of(document, states, of_round, world.node, statement)],
                statement_id=None,
                figures={},
                missing=missing,
                broken=broken,
                outwards=outwards,
                kind_of_figures=kind_of_figures,
                explanations=figure_explanations(set(ProtectionLevel), GUESTS),
                self_selection=self_selection,
                round_name=round_name,
                ChartKind=ChartKind,
                UNKNOWN=UNKNOWN,
                **about,
            )
            overview = overview_of(
                Snapshot(as_text(document)),
                [RoundState(one, True, 0) for one in rounds[::-1]],
                states[-1],
                world.node,
            )
            page += render_template(
                "overview.html", overview=overview, entries=overview.entries, order="statement",
                is_reverse=False, Order=Order, patterns="", **about,
            )  # fmt: skip
    return {messages()[int(number)] for number in re.findall(r"«(\d+)»", page)}


def change(verb: str) -> str:
    return (
        f"{{word}}: sett över de {{rounds}} omgångar som kan jämföras har andelen som svarade så {verb} mer "
        "än slumpen brukar ge."
    )


STEP = (
    "Från näst sista till sista avslutade omgången {verb} andelen som svarade så lite. Det kan vara {cause}."
)
SURE_STEP = (
    "Men från näst sista till sista avslutade omgången {verb} andelen som svarade så mer än slumpen "
    "brukar ge."
)

CASES: dict[str, tuple[World, World]] = {
    "Både upp och ner: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så ändrats "
    "mer än slumpen brukar ge, men inte åt ett och samma håll.": (
        alone(*ENDS_AGAINST_TREND),
        alone(*ENDS_AGAINST_TREND[1:]),
    ),
    "Andra ord då.": (
        hundred(50, report=replace(BEFORE, text="Other words")),
        hundred(50, report=BEFORE),
    ),
    "Annan skala.": (
        replace(hundred(50, 50), labels={0: tuple("vwxyz")}),
        hundred(50, 50),
    ),
    "Med så få svar kan det vara mellan {low} och {high} av 10.": (alone((20, 49)), alone((9, 19))),
    "Räkna med att det kan vara mellan {low} och {high} procent.": (alone((20, 50)), alone((20, 49))),
    "Ungefär {agreeing} av {n} svarade {options}.": (hundred(50, **PROTECTED), hundred(50)),
    "{agreeing} av {n} svarade {options}.": (hundred(50), hundred(50, **PROTECTED)),
    "Här är en liten andel bra.": (
        hundred(50, good=Good.LOW),
        hundred(50, good=Good.LOW, agreeing=(1, 2)),
    ),
    "Här är varken en stor eller en liten andel bättre.": (hundred(50, good=Good.NEITHER), hundred(50)),
    "Målet är att minst {target} procent svarar så.": (
        hundred(50, target=80),
        hundred(50, target=80, good=Good.LOW),
    ),
    "Målet är att högst {target} procent svarar så.": (
        hundred(50, target=20, good=Good.LOW),
        hundred(50, target=20, good=Good.LOW, agreeing=(1, 2)),
    ),
    "Strecket i stapeln visar målet.": (hundred(50, target=80), hundred(50, target=80, agreeing=(2, 4))),
    "Om målet är nått visas när omgången är avslutad.": (
        hundred(90, target=80, running=frozenset({0})),
        hundred(90, target=80),
    ),
    "Målet är nått.": (hundred(90, target=80), hundred(81, target=80)),
    "Målet är inte nått.": (hundred(70, target=80), hundred(79, target=80)),
    "Det går inte att säga om målet är nått: svaren är för få, eller spannet för brett.": (
        hundred(80, target=80),
        hundred(90, target=80),
    ),
    "Exakta siffror.": (hundred(50), hundred(50, 50, **MIXED)),
    "Skyddade siffror.": (replace(World([{}]), **PROTECTED), World([{}])),
    "Starkt skyddade siffror.": (
        replace(World([{}]), **STRONG),
        replace(World([{}]), **PROTECTED),
    ),
    "Skyddade siffror: varje stapel kan vara fel på upp till {off} svar.": (
        hundred(50, **PROTECTED),
        hundred(50, **STRONG),
    ),
    "Starkt skyddade siffror: varje stapel kan vara fel på upp till {off} svar.": (
        hundred(50, **STRONG),
        hundred(50, draws=4, **PROTECTED),
    ),
    "Några av omgångarna har starkt skyddade siffror.": (
        hundred(50, 50, **ONCE_STRONG),
        hundred(50, 50, **STRONG),
    ),
    "Där det står {most} eller färre kan det vara ingen alls.": (hundred(50, **PROTECTED), hundred(50)),
    "Några av omgångarna har exakta siffror.": (hundred(50, 50, **MIXED), hundred(50, 50, **PROTECTED)),
    "Spannet räknar med både slump och skydd.": (
        alone((10, 20), **PROTECTED),
        alone((10, 19), **PROTECTED),
    ),
    "Det finns ännu inte två avslutade omgångar med minst {from_n} svar som kan jämföras.": (
        alone((1, 20), (18, 19)),
        alone((1, 20), (18, 20)),
    ),
    "Går inte att jämföra: ingen verksamhet har egna siffror från två av de avslutade omgångarna.": (
        World([{"a": agree(10, 40)}, {"b": agree(30, 40)}], node="root"),
        World([{"a": agree(10, 40)}, {"a": agree(30, 40)}], node="root"),
    ),
    "Varje verksamhet jämförs bara med sig själv.": (both(*SIMPSON), hundred(30, 60)),
    "Omgången som pågår är inte med i jämförelsen: dess siffror ändras ännu.": (
        hundred(30, 32, 95, running=frozenset({2})),
        hundred(30, 32, 95),
    ),
    "{word}: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så "
    "varken ökat eller minskat mer än slumpen och skyddet brukar ge.": (
        hundred(50, 52, **PROTECTED),
        hundred(30, 60, **PROTECTED),
    ),
    "{word}: sett över de {rounds} omgångar som kan jämföras har andelen som svarade så varken ökat "
    "eller minskat mer än slumpen brukar ge.": (alone((76, 100), (79, 100)), hundred(50, 52, **PROTECTED)),
    "Svaren har ingen ordning: varje svar visas för sig, och omgångar och verksamheter jämförs inte.": (
        hundred(30, 60, is_ordered=False),
        hundred(30, 60),
    ),
    "Svaren har ingen ordning": (hundred(30, 60, is_ordered=False), hundred(30, 60)),
    change("ökat"): (hundred(30, 60, good=Good.HIGH), both(*SIMPSON, good=Good.LOW)),
    change("minskat"): (both(*SIMPSON, good=Good.LOW), both(*UNSIMPSON)),
    "Verksamheterna står för andra delar av svaren än i den första omgången. Därför går {first} då och "
    "{last} nu inte att jämföra rakt av: se varje verksamhet för sig.": (
        both(*SIMPSON),
        both(((10, 40), (40, 160)), ((20, 40), (80, 160))),
    ),
    "I den första omgången som kan jämföras svarade {first} så, i den senaste avslutade {last}.": (
        both(((10, 40), (40, 160)), ((20, 40), (80, 160))),
        both(*SIMPSON),
    ),
    "Skillnaden mellan de två är större än slumpen brukar ge.": (
        hundred(30, 45, 60),
        hundred(40, 50, 70, 80, 50),
    ),
    "Skillnaden mellan de två kan vara slump eller skydd.": (
        hundred(40, 50, 70, 80, 50, **PROTECTED),
        hundred(40, 50, 70, 80, 50),
    ),
    "Skillnaden mellan de två kan vara slump.": (hundred(40, 50, 70, 80, 50), hundred(30, 45, 60)),
    SURE_STEP.format(verb="ökade"): (hundred(80, 50, 40, 60), both(*LAST_STEP_SIMPSON)),
    SURE_STEP.format(verb="minskade"): (hundred(40, 50, 70, 80, 50), hundred(40, 50, 70, 80, 78)),
    STEP.format(verb="ökade", cause="slump"): (hundred(80, 50, 40, 42), hundred(80, 50, 40, 60)),
    STEP.format(verb="minskade", cause="slump"): (
        hundred(40, 50, 70, 80, 78),
        hundred(40, 50, 70, 80, 81),
    ),
    STEP.format(verb="ökade", cause="slump eller skydd"): (
        hundred(80, 50, 40, 42, **PROTECTED),
        hundred(80, 50, 40, 42),
    ),
    STEP.format(verb="minskade", cause="slump eller skydd"): (
        hundred(40, 50, 70, 80, 78, **PROTECTED),
        hundred(40, 50, 70, 80, 78),
    ),
    "Färre än två verksamheter har minst {from_n} svar. Därför jämförs de inte.": (
        both(((10, 40), (18, 19))),
        both(((10, 40), (18, 20))),
    ),
    "Bara verksamheter med minst {from_n} svar jämförs.": (
        both(((10, 40), (18, 20))),
        both(((10, 40), (18, 19))),
    ),
    "Lika stor andel svarade så i alla verksamheter som kan jämföras.": (
        both(((10, 20), (20, 40))),
        both(((10, 20), (21, 40))),
    ),
    "Störst andel svarade så på {most}, minst på {least}.": (
        both(((25, 32), (62, 108))),
        both(((10, 20), (20, 40))),
    ),
    "Skillnaden är större än slumpen brukar ge.": (both(((54, 54), (0, 54))), both(((48, 90), (42, 90)))),
    "Skillnaden kan vara slump eller skydd.": (
        both(((48, 90), (42, 90)), **PROTECTED),
        both(((48, 90), (42, 90))),
    ),
    "Skillnaden kan vara slump.": (both(((48, 90), (42, 90))), both(((54, 54), (0, 54)))),
    "För få svar, eller svar på för få dagar, för att visas för sig.": (
        World([{}]),
        World([{}], running=frozenset({0})),
    ),
    "Väntar på fler svar.": (World([{}], running=frozenset({0})), World([{}])),
    "Inga svar på skalan.": (World([{"a": nobody(20)}]), hundred(0)),
    "Går inte att jämföra med det ovanför: {changes}.": (
        replace(hundred(30, 60), texts={0: "Other words"}),
        hundred(30, 60),
    ),
    "Omgångarna har olika versioner: något i enkäten har ändrats, till exempel en översättning. "
    "Jämför med försiktighet.": (hundred(30, 60, translated=frozenset({1})), hundred(30, 60)),
    "Enkät: {title}. {state}, räknat {day} kl. {time}. Svar från: {ways}.": (
        hundred(50),
        World([{}]),
    ),
    "Omgången tar emot svar från affischer. Där hindrar inget att samma person svarar flera gånger.": (
        hundred(50, admission=frozenset({Admission.POSTER}), running=frozenset({0})),
        hundred(50, admission=frozenset({Admission.POSTER})),
    ),
    "Omgången tog emot svar från affischer. Där hindrade inget att samma person svarade flera gånger.": (
        hundred(50, admission=frozenset({Admission.POSTER})),
        hundred(50, admission=frozenset({Admission.SLIP, Admission.KIOSK})),
    ),
    "DEMONSTRATION: svaren är påhittade.": (hundred(50, demonstration=True), hundred(50)),
    "Ovanför: importerat, räknat på annat sätt.": (hundred(50, report=BEFORE), hundred(50, 50)),
    "En stapel för varje omgång.": (hundred(50, 50), hundred(50)),
    "En stapel för varje verksamhet, med samma skala.": (both(((10, 40), (18, 20))), hundred(50)),
    "n är antalet svar på skalan. Procent visas från {from_n} svar.": (
        hundred(50),
        World([{"a": nobody(20)}]),
    ),
    "{count} av {n}": (alone((5, 19)), alone((5, 20))),
    "kan vara {low}–{high} av 10": (alone((20, 49)), alone((20, 50))),
    "kan vara {low}–{high} %": (alone((20, 50)), alone((20, 49))),
    "Jämförs inte": (hundred(50), hundred(50, 50)),
    "Kan vara slump eller skydd": (hundred(30, 31, **PROTECTED), hundred(30, 31)),
    "Kan vara slump": (hundred(30, 31), hundred(30, 31, **PROTECTED)),
    "Upp, åt rätt håll": (hundred(30, 60, good=Good.HIGH), hundred(30, 60, good=Good.LOW)),
    "Upp, åt fel håll": (hundred(30, 60, good=Good.LOW), hundred(30, 60, good=Good.NEITHER)),
    "Ner, åt rätt håll": (hundred(60, 30, good=Good.LOW), hundred(60, 30, good=Good.HIGH)),
    "Ner, åt fel håll": (hundred(60, 30, good=Good.HIGH), hundred(60, 30)),
    "Upp": (hundred(30, 60), hundred(30, 60, good=Good.HIGH)),
    "Ner": (hundred(60, 30, good=Good.NEITHER), hundred(60, 30, good=Good.HIGH)),
    "{shares}: större än slumpen brukar ge": (hundred(30, 60), hundred(30, 31)),
    "Se varje verksamhet för sig": (both(*MIX_ALONE), both(*SIMPSON)),
    "Större än slumpen brukar ge. Se varje verksamhet för sig": (both(*SIMPSON), both(*MIX_ALONE)),
    "från {before} till {after} %": (hundred(30, 31), both(*SIMPSON)),
    "Bara en tidigare avslutad omgång har påståendet här": (
        hundred(30, 60, running=frozenset({1})),
        hundred(30, 60, 70, running=frozenset({2})),
    ),
    "Ingen tidigare avslutad omgång har påståendet här": (
        replace(hundred(30, 60), other_ids=frozenset({0})),
        hundred(30, 60, running=frozenset({1})),
    ),
    "Påståendet är nytt i enkäten: tidigare omgångar frågade inte samma sak.": (
        replace(hundred(30, 60), other_ids=frozenset({0}), texts={0: "Other words"}),
        replace(hundred(30, 60), other_ids=frozenset({0})),
    ),
    "Tidigare omgångar frågade med samma text men som ett annat påstående, till exempel med en annan skala. "
    "Här jämförs de inte.": (
        replace(hundred(30, 60), other_ids=frozenset({0})),
        replace(hundred(30, 60, 60), other_ids=frozenset({0})),
    ),
    "Omgången före har {changes}": (
        replace(hundred(30, 60), texts={0: "Other words"}),
        replace(hundred(30, 60, 60), texts={0: "Other words"}),
    ),
    "Färre än {from_n} svar i någon av omgångarna": (alone((5, 19), (19, 20)), alone((5, 20), (19, 20))),
    "Ingen verksamhet har egna siffror från båda omgångarna": (
        World([{"a": agree(2, 40)}, {"b": agree(39, 40)}], node="root"),
        World([{"a": agree(2, 40)}, {"a": agree(39, 40)}], node="root"),
    ),
    "Det finns ännu inget att jämföra med.": (hundred(50), hundred(50, 50)),
    "Jämfört med omgången före: {changes}.": (hundred(30, 60), hundred(30, 60, 70, running=frozenset({2}))),
    "De två senaste avslutade omgångarna: {changes}.": (
        hundred(30, 60, 70, running=frozenset({2})),
        hundred(30, 60, 70),
    ),
    "Ändring är från {before} till {after}.": (hundred(30, 31), hundred(50)),
    "Omgången som pågår jämförs när den är avslutad.": (
        hundred(30, 60, 70, running=frozenset({2})),
        hundred(30, 60, 70),
    ),
    "{n} åt rätt håll": (hundred(30, 60, good=Good.HIGH), hundred(30, 60, good=Good.LOW)),
    "{n} åt fel håll": (hundred(30, 60, good=Good.LOW), hundred(30, 60, good=Good.HIGH)),
    "{n} upp": (hundred(30, 60), hundred(60, 30)),
    "{n} ner": (hundred(60, 30), hundred(30, 60)),
    "{n} utan säker ändring": (hundred(30, 60), hundred(50)),
    "{n} jämförs inte": (replace(hundred(30, 60), texts={0: "Other words"}), hundred(30, 60)),
}
"""Sentence -> a world of which it is right, and one of which it would be wrong or out of place."""


PAGE_CASES: dict[str, tuple[Facts, Facts]] = {
    "Siffrorna visas när omgången har stängt, den {day}: så valdes när den öppnade.": (
        Facts(figures=PublicationTime.AT_CLOSING),
        Facts(figures=PublicationTime.AT_CLOSING, is_closed=True),
    ),
    "Räknas var {seconds}:e sekund. Då tas svar med från verksamheter där minst {first} väntar; där "
    "siffror redan visas behövs fler, högst {most}.": (Facts(), Facts(figures=PublicationTime.AT_CLOSING)),
    "Nästa räkning: {day} kl. {time}. Den tar med svar från verksamheter där minst {first} väntar; där "
    "siffror redan visas behövs fler, högst {most}.": (
        Facts(counts_often=False),
        Facts(counts_often=False, is_closed=True),
    ),
    "{k} slumpvis utvalda svar ligger kvar i varje låda till nästa gång, så att ingen kan se vem som "
    "svarade vad.": (
        Facts(),
        Facts(is_closed=True),
    ),
    "Omgången är avslutad. Siffrorna ändras inte mer.": (Facts(is_closed=True), Facts()),
    "{n} svar kom i snabb följd på en skärm, utan någon paus emellan. Det brukar vara lek. De är inte med i "
    "siffrorna.": (Facts(excluded_rapid=3), Facts(guard_fired=True)),
    "Före den senaste räkningen kom svar snabbare än någon hinner läsa. Det brukar vara lek, men kan "
    "vara någon som skickar svar från en egen telefon. Andras svar påverkas inte.": (
        Facts(guard_fired=True),
        Facts(excluded_rapid=3),
    ),
    "Nycklar har gått förlorade: svar som väntade i {n} lådor kan inte läsas.": (
        Facts(lost_boxes=2),
        Facts(),
    ),
    "Svaren gavs på en annan skala. Se den omgången.": (
        Facts(replace(hundred(50, 50), labels={0: tuple("vwxyz")})),
        Facts(hundred(50, 50)),
    ),
    "Alla siffror står i tabellen under.": (Facts(), Facts(World([{}]))),
    "Här görs {n} jämförelser. Även där inget har ändrats ser ungefär 1 av 20 ut som en skillnad.": (
        Facts(both(((10, 40), (18, 20)), ((12, 40), (18, 20)))),
        Facts(both(((10, 40), (18, 20)))),
    ),
    "Siffrorna visas när omgången har stängt.": (
        Facts(is_wall=True, figures=PublicationTime.AT_CLOSING),
        Facts(is_wall=True, figures=PublicationTime.AT_CLOSING, is_closed=True),
    ),
    "Räknades senast {day} kl. {time}.": (Facts(is_wall=True), Facts(is_wall=True, is_closed=True)),
    "Räknas nästa gång {day} kl. {time}.": (Facts(is_wall=True), Facts(is_wall=True, is_closed=True)),
    "Det finns ingen omgång här ännu.": (Facts(is_wall=True, has_round=False), Facts(is_wall=True)),
    "Demonstration: svaren är påhittade.": (Facts(demonstration=True), Facts()),
    "De räknas med några sekunders mellanrum.": (Facts(demonstration=True), Facts()),
}
"""Sentence of a template -> facts of which it is right, and facts of which it would be wrong."""


@pytest.mark.slow
@pytest.mark.parametrize("sentence", sorted(PAGE_CASES))
def test_each_page_sentence_appears_when_it_is_true_and_not_otherwise(marked: Flask, sentence: str) -> None:
    right, wrong = PAGE_CASES[sentence]
    assert sentence in page_sentences(marked, right)
    assert sentence not in page_sentences(marked, wrong)


def explanations() -> list[str]:
    """What the page says of every table: how the figures are counted."""
    return [message for message in messages() if message.startswith(HOW_TO_READ)]


@pytest.mark.slow
def test_the_page_explains_its_figures_in_every_case(marked: Flask) -> None:
    for facts in (Facts(), Facts(World([{}])), Facts(hundred(1, 99, **PROTECTED), is_closed=True)):
        assert set(explanations()) <= page_sentences(marked, facts)


def test_every_sentence_has_a_case_for_and_a_case_against_it() -> None:
    of_code = [
        sentence
        for sentence in sentences(CODE)
        if sentence not in {*explanations(), *HOW_SHARES_ARE_READ, *TESTED_ELSEWHERE}
    ]
    assert sorted(CASES) == sorted(of_code)
    of_pages = set(messages()) - set(of_code) - TESTED_ELSEWHERE
    tested_elsewhere = {*explanations(), *HOW_SHARES_ARE_READ, *EXTENTS}
    assert sorted({*PAGE_CASES, *tested_elsewhere}) == sorted(of_pages)


@pytest.mark.parametrize("sentence", sorted(CASES))
def test_each_sentence_of_the_results_appears_when_it_is_true_and_not_otherwise(
    marked: Flask, sentence: str
) -> None:
    right, wrong = CASES[sentence]
    assert sentence in numbered_sentences(marked, right)
    assert sentence not in numbered_sentences(marked, wrong)


def verdicts(app: Flask, world: World) -> Iterator[str]:
    yield from re.findall(r"((?:Upp|Ner)(?:, åt (?:rätt|fel) håll)?): ", pages_text(app, world))


@pytest.mark.parametrize(
    ("world", "verdict", "kind"),
    [
        (both(*SIMPSON, good=Good.HIGH), "Ner, åt fel håll", "wrong"),
        (both(*UNSIMPSON, good=Good.HIGH), "Upp, åt rätt håll", "right"),
        (both(*SIMPSON, good=Good.HIGH, **PROTECTED), "", ""),
        (both(*SIMPSON, good=Good.LOW), "Ner, åt rätt håll", "right"),
        (alone((1, 40), (79, 160), good=Good.LOW), "Upp, åt fel håll", "wrong"),
        (alone((76, 100), (79, 100), good=Good.HIGH), "", ""),
        (alone((0, 4), (4, 4)), "", ""),
        (alone(*ENDS_AGAINST_TREND), "", ""),
        (alone((0, 19), (19, 19)), "", ""),
        (hundred(30, 31, 95, running=frozenset({2})), "", ""),
        (replace(hundred(30, 60), texts={0: "Other words"}), "", ""),
        (replace(hundred(30, 60), labels={0: tuple("vwxyz")}), "", ""),
        (hundred(30, 45, draws=400, **PROTECTED), "", ""),
        (World([{"a": agree(2, 40)}, {"b": agree(39, 40)}], node="root"), "", ""),
        (World([{"a": agree(2, 40), "root": agree(1, 9)}, {"root": agree(39, 40)}], node="root"), "", ""),
        (World([{"a": StatementTally((15, 0, 0, 0, 5), (0, 0, 0), 9)}, {"a": agree(13, 20)}]), "", ""),
    ],
)
def test_a_change_is_claimed_in_the_right_direction_or_not_claimed(
    plain: Flask, world: World, verdict: str, kind: str
) -> None:
    assert set(verdicts(plain, world)) == ({verdict} if verdict else set())
    assert kinds(plain, world) in ({kind} if kind else {"chance", "none"})


def test_the_largest_and_smallest_shares_are_named_with_all_places_that_have_them(plain: Flask) -> None:
    shares = pages_text(plain, both(((25, 32), (62, 108))))
    text = shares.replace(NO_BREAK, " ")
    assert "Störst andel svarade så på a (25 av 32, 78 %), minst på b (62 av 108, 57 %)." in text


TARGET_VERDICTS = {"Målet är nått.", "Målet är inte nått."}


@pytest.mark.parametrize(
    ("world", "verdict"),
    [
        (alone((19, 19), target=80), ""),
        (alone((20, 20), target=80), "Målet är nått."),
        (hundred(100, target=80, running=frozenset({0})), ""),
        (hundred(0, target=80, running=frozenset({0})), ""),
        (hundred(90, target=80, **PROTECTED), "Målet är nått."),
        (hundred(90, target=80, draws=400, **PROTECTED), ""),
        (hundred(60, target=80, draws=400, **PROTECTED), ""),
        (hundred(90, target=20, good=Good.LOW), "Målet är inte nått."),
        (hundred(5, target=20, good=Good.LOW), "Målet är nått."),
        (hundred(5, target=20, good=Good.LOW, agreeing=(1, 2)), "Målet är nått."),
        (World([{"a": StatementTally((10, 0, 0, 0, 90), (0, 0, 0), 9)}], target=80), ""),
        (World([{}], target=80), ""),
        (hundred(90), ""),
    ],
)
def test_a_target_is_called_reached_or_missed_only_if_the_figures_prove_it(
    plain: Flask, world: World, verdict: str
) -> None:
    shown = pages_text(plain, world)
    assert {sentence for sentence in TARGET_VERDICTS if sentence in shown} == (
        {verdict} if verdict else set()
    )
