"""What the results page says about one statement: sentences, charts and tables, all from the snapshot."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk.charts import Bar, Figure, Segment, colours, stacked_bars
from kiosk.desk.words import asked, period, say
from kiosk.drawing import Picture
from kiosk.intervals import Trend
from kiosk.results import (
    PERCENT_ALONE_FROM,
    PERCENT_FROM,
    Break,
    Row,
    Share,
    by_place,
    change,
    over_time,
    row,
)
from kiosk.rounds import Round
from kiosk.snapshot import Document
from kiosk.store import RoundState
from kiosk.survey import Statement

THIN = 0.06
"""Part of a bar under which a segment is too thin for more than one short number."""

Table = tuple[tuple[str, ...], ...]
"""A heading and rows, as text."""


@dataclass(frozen=True)
class Chart:
    """One chart of a section: `kind` is now, time or places; `rows` are its bars, named."""

    kind: str
    heading: str
    alternative: str
    bars: tuple[Bar, ...]
    rows: tuple[tuple[str, Row], ...]


@dataclass(frozen=True)
class Section:
    """What is said of one statement. `labels` and `palette` run from the highest option."""

    id: str
    text: str
    outcome: str
    labels: tuple[str, ...]
    palette: tuple[str, ...]
    now: Row
    history: tuple[Row, ...]
    sentences: tuple[str, ...]
    change: Trend | None
    charts: tuple[Chart, ...]

    @property
    def has_versions(self) -> bool:
        """Whether rounds on either side of no break still differ, in a translation perhaps."""
        return len({found.round.survey.version for found in self.history}) > 1

    @property
    def now_chart(self) -> Chart:
        """This round's bar alone, there even where nothing is published yet."""
        bars = (_bar(_when(self.now.round), self.now, self.now, self.labels),)
        return Chart(
            "now", say("Omgång"), " ".join(self.sentences), bars, ((period(self.now.round), self.now),)
        )

    def figure(self, chart: Chart) -> Figure:
        """The chart for the script that draws on the page."""
        return stacked_bars(chart.bars, self.palette)

    def picture(self, chart: Chart) -> Picture:
        """The chart as a picture, with the words it needs when it stands alone."""
        notes = self.sentences if chart.kind == "now" else (chart.alternative,)
        base = say("n är antalet svar på skalan. Procent visas från {from_n} svar.", from_n=PERCENT_FROM)
        return Picture(self.text, self.labels, self.palette, chart.bars, (*notes, base))

    def table(self, chart: Chart) -> Table:
        """The numbers of a chart, a line for each of its bars."""
        others = (say("Vet inte"), say("Vill inte svara"), say("Hoppade över"), say("Undanhållna"))
        heading = (chart.heading, *self.labels, say("På skalan (n)"), *others)
        return (heading, *((name, *self._numbers(found)) for name, found in chart.rows))

    def _numbers(self, found: Row) -> tuple[str, ...]:
        if found.table is None or not self.is_same_scale(found):
            return ("",) * (len(self.labels) + 5)
        counts = [*reversed(found.table.counts), found.on_scale, *found.table.no_answer, found.table.withheld]
        return tuple(map(str, counts))

    def is_same_scale(self, found: Row) -> bool:
        """Whether a row's numbers fit below this section's labels."""
        return found.statement.scale.labels == self.now.statement.scale.labels


def section(
    document: Document, states: Sequence[RoundState], of_round: Round, node_id: str, statement: Statement
) -> Section:
    """All there is to say of a statement at a node, in one round and over those in `states`."""
    now = row(document, of_round, node_id, statement)
    history = over_time(document, [state.round for state in states], node_id, statement.id)
    words = tuple(asked(of_round.survey, label) for label in reversed(statement.scale.labels))
    said = Section(
        statement.id,
        asked(of_round.survey, statement.text),
        statement.outcome,
        words,
        colours(len(words), bipolar=statement.scale.bipolar),
        now,
        history,
        tuple(sentences(now, words)),
        change(history),
        tuple(_charts(document, of_round, node_id, now, history, words)),
    )
    return replace(said, charts=(said.now_chart, *said.charts)) if now.on_scale else said


def _charts(
    document: Document,
    of_round: Round,
    node_id: str,
    now: Row,
    history: Sequence[Row],
    words: Sequence[str],
) -> Sequence[Chart]:
    found = []
    if len(history) > 1 and any(one.on_scale for one in history):
        found.append(
            Chart(
                "time",
                say("Omgång"),
                say("En stapel för varje omgång."),
                tuple(_bar(_when(one.round), one, now, words) for one in history),
                tuple((period(one.round), one) for one in history),
            )
        )
    places = [
        (node, one)
        for node, one in by_place(document, of_round, now.statement)
        if node_id in of_round.tree.upwards(node.id)
    ]
    if len(places) > 1 and any(one.on_scale for _, one in places):
        found.append(
            Chart(
                "places",
                say("Ställe"),
                say("En stapel för varje ställe, med samma skala."),
                tuple(_bar(_in_lines(node.name), one, now, words) for node, one in places),
                tuple((node.name, one) for node, one in places),
            )
        )
    return found


def sentences(now: Row, words: Sequence[str]) -> Sequence[str]:
    """What a chart says, and how sure one may be, in plain words."""
    if not now.on_scale:
        return [missing(now)]
    said = [
        say(
            "{agreeing} av {n} svarade ”{first}” eller ”{second}”.",
            agreeing=now.agreeing,
            n=now.on_scale,
            first=words[0],
            second=words[1],
        )
    ]
    sure = now.agreeing_interval
    if sure and now.on_scale < PERCENT_ALONE_FROM:
        said.append(
            say(
                "Med så få svar kan det vara mellan {low} och {high} av 10.",
                low=round(10 * sure.low),
                high=round(10 * sure.high),
            )
        )
    elif sure:
        said.append(
            say(
                "Räkna med att det kan vara mellan {low} och {high} procent.",
                low=round(100 * sure.low),
                high=round(100 * sure.high),
            )
        )
    return said


def missing(found: Row) -> str:
    """Why there is nothing to show."""
    if found.why == "too_few":
        return say("För få svar för att visas.")
    return say("Väntar på fler svar.") if found.why == "waiting" else say("Inga svar på skalan.")


def broken(found: Row) -> str:
    """What changed since the round before; "" where nothing did."""
    words = {
        Break.WORDING: say("andra ord"),
        Break.SCALE: say("annan skala"),
        Break.PLACES: say("andra ställen"),
    }
    if not found.breaks:
        return ""
    return say(
        "Går inte att jämföra med det ovanför: {changes}.",
        changes=", ".join(words[one] for one in found.breaks),
    )


def _when(of_round: Round) -> str:
    """A round's name in a chart, on two short lines."""
    first, last = period(of_round).split(" – ")
    return f"{first}<br>– {last}"


def _in_lines(name: str) -> str:
    """A unit's name in a chart, on two lines if it takes them."""
    lines = textwrap.wrap(name, 17)
    return "<br>".join(lines[:2]) + (" …" if len(lines) > 2 else "")


def _bar(label: str, found: Row, shown: Row, words: Sequence[str]) -> Bar:
    n = found.on_scale
    if found.statement.scale.labels != shown.statement.scale.labels:
        return Bar(label, "–", (), broken(found), say("Annan skala."))
    if not n:
        return Bar(label, "n = 0" if found.table else "–", (), broken(found), missing(found))
    segments = (
        Segment(
            100 * share.count / n,
            _in_bar(share, n),
            say("{label}: {count} av {n}", label=word, count=share.count, n=n)
            + _percent(share.percent, ", "),
        )
        for word, share in zip(words, found.shares, strict=True)
    )
    return Bar(label, f"n = {n}", tuple(segments), broken(found))


def _in_bar(share: Share, n: int) -> str:
    """The numbers that stand in a segment: a thin one has room for the count alone."""
    if not share.count:
        return ""
    return str(share.count) + ("" if share.count / n < THIN else _percent(share.percent, "<br>"))


def _percent(percent: int | None, before: str) -> str:
    return "" if percent is None else f"{before}{percent} %"
