"""What the results page says about one statement: sentences, charts and tables, all from the snapshot."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kiosk.charts import Bar, Figure, Segment, colours, stacked_bars
from kiosk.desk.words import asked, day, period, say
from kiosk.drawing import Picture
from kiosk.imported import Figures, Known
from kiosk.intervals import Trend
from kiosk.results import (
    PERCENT_ALONE_FROM,
    PERCENT_FROM,
    Break,
    Row,
    Share,
    agreeing_options,
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

Words = tuple[str, ...]

Table = tuple[tuple[str, ...], ...]
"""A heading and rows, as text."""


UNKNOWN = "#eef1f1"
"""The colour of what a report from elsewhere does not tell."""


@dataclass(frozen=True)
class Line:
    """One bar of a chart, its name in tables, and its numbers: the options from the highest, n, the kinds
    of no answer, withheld; "" where there is none."""

    name: str
    bar: Bar
    numbers: tuple[str, ...]

    @property
    def remark(self) -> str:
        """What keeps the line from being compared, or why it has no numbers."""
        return " ".join(filter(None, (self.bar.broken, self.bar.instead)))


@dataclass(frozen=True)
class Chart:
    """One chart of a section: `kind` is now, time or places."""

    kind: str
    heading: str
    alternative: str
    lines: tuple[Line, ...]
    labels: tuple[str, ...]
    palette: tuple[str, ...]

    @property
    def figure(self) -> Figure:
        """The chart for the script that draws on the page."""
        return stacked_bars([line.bar for line in self.lines], self.palette)

    @property
    def table(self) -> Table:
        """The numbers, a line for each bar, and at the end remarks where there are any."""
        heading = (self.heading, *self.labels, say("På skalan (n)"), *_outside())
        rows = tuple((line.name, *line.numbers) for line in self.lines)
        if not any(line.remark for line in self.lines):
            return (heading, *rows)
        remarks = (say("Anmärkning"), *(line.remark for line in self.lines))
        return tuple((*row, remark) for row, remark in zip((heading, *rows), remarks, strict=True))


@dataclass(frozen=True)
class Section:
    """What is said of one statement. `labels` and `palette` run from the highest option; `imported` are
    figures from elsewhere, named; `places` the units below the node."""

    id: str
    node_id: str
    text: str
    outcome: str
    labels: tuple[str, ...]
    palette: tuple[str, ...]
    now: Row
    history: tuple[Row, ...]
    imported: tuple[Line, ...]
    sentences: tuple[str, ...]
    change: Trend | None
    places: tuple[tuple[str, Row], ...]
    charts: tuple[Chart, ...]

    @property
    def has_versions(self) -> bool:
        """Whether rounds on either side of no break still differ, in a translation perhaps."""
        return len({found.round.survey.version for found in self.history}) > 1

    @property
    def beside(self) -> Words:
        """The answers outside the scale and how many gave them, in words; nothing where none is told."""
        if not self.now.table:
            return ()
        return tuple(
            f"{words}: {n}"
            for words, n in zip(_outside(), (*self.now.table.no_answer, self.now.table.withheld), strict=True)
        )

    @property
    def legend(self) -> Words:
        """What the colours on the page mean."""
        return max((chart.labels for chart in self.charts), key=len)

    @property
    def legend_palette(self) -> Words:
        """The colours of `legend`."""
        return max((chart.palette for chart in self.charts), key=len)

    @property
    def spread(self) -> str:
        """What the chart unit by unit tells, in a sentence: where most and fewest agreed, or that too few
        answered for that."""
        known = [
            (one.agreeing / one.on_scale, name) for name, one in self.places if one.on_scale >= PERCENT_FROM
        ]
        if len(known) < 2:
            return say("Färre än två ställen har tillräckligt många svar för att jämföras.")
        (low, least), (high, most) = min(known), max(known)
        if low == high:
            return say("Lika stor del höll med på alla ställen som kan jämföras.")
        return say(
            "Flest höll med på {most}, minst på {least}. Skillnaden kan vara slump.", most=most, least=least
        )

    def picture(self, chart: Chart) -> Picture:
        """The chart as a picture, with the words it needs when it stands alone."""
        where = f"{self.now.round.tree.node(self.node_id).name}, {period(self.now.round)}."
        notes = [where, chart.alternative]
        if chart.kind == "now":
            notes = [where, *self.sentences]
            if self.beside:
                notes.append(say("Utanför skalan:") + " " + ", ".join(self.beside) + ".")
        if chart.kind == "places":
            notes.append(self.spread)
        if chart.kind == "time":
            place, _, _ = where.partition(",")
            notes = [f"{place}.", chart.alternative, *filter(None, [": ".join(change_in_words(self.change))])]
        base = say("n är antalet svar på skalan. Procent visas från {from_n} svar.", from_n=PERCENT_FROM)
        bars = tuple(line.bar for line in chart.lines)
        return Picture(self.text, chart.labels, chart.palette, bars, (*notes, base))

    def is_same_scale(self, found: Row) -> bool:
        """Whether a row's numbers fit below this section's labels."""
        return found.statement.scale.labels == self.now.statement.scale.labels


def section(
    document: Document,
    states: Sequence[RoundState],
    of_round: Round,
    node_id: str,
    statement: Statement,
    elsewhere: Iterable[Figures] = (),
) -> Section:
    """All there is to say of a statement at a node: in one round, over those in `states`, and `elsewhere`."""
    now = row(document, of_round, node_id, statement)
    history = over_time(document, [state.round for state in states], node_id, statement.id)
    words = tuple(asked(of_round.survey, label) for label in reversed(statement.scale.labels))
    palette = colours(len(words), bipolar=statement.scale.bipolar)
    figures = sorted((one for one in elsewhere if one.node_id == node_id), key=lambda one: one.first)
    imported = tuple(
        _imported(one, known, now, words) for one in figures if (known := one.known(statement.id))
    )
    said = tuple(sentences(now, words))
    charts = [_now_chart(now, words, palette, said)] if now.on_scale else []
    if imported or (len(history) > 1 and any(one.on_scale for one in history)):
        charts.append(_time_chart(history, imported, now, words, palette))
    places = [
        (node, one)
        for node, one in by_place(document, of_round, now.statement)
        if node_id in of_round.tree.upwards(node.id)
    ]
    if len(places) > 1 and any(one.on_scale for _, one in places):
        lines = tuple(_line(node.name, _in_lines(node.name), one, now, words) for node, one in places)
        told = say("En stapel för varje ställe, med samma skala.")
        charts.append(Chart("places", say("Ställe"), told, lines, words, palette))
    return Section(
        statement.id,
        node_id,
        asked(of_round.survey, statement.text),
        statement.outcome,
        words,
        palette,
        now,
        history,
        imported,
        said,
        change(history),
        tuple((node.name, one) for node, one in places if node.id in of_round.tree.leaves),
        tuple(charts),
    )


def wall_picture(document: Document, of_round: Round, node_id: str, statement: Statement) -> Picture:
    """One statement of a running round alone, there even where nothing is published yet."""
    found = section(document, (), of_round, node_id, statement)
    return found.picture(_now_chart(found.now, found.labels, found.palette, found.sentences))


def _now_chart(now: Row, words: Words, palette: Words, said: Sequence[str]) -> Chart:
    line = _line(period(now.round), _when(now.round), now, now, words)
    return Chart("now", say("Omgång"), " ".join(said), (line,), words, palette)


def _time_chart(
    history: Sequence[Row], imported: Sequence[Line], now: Row, words: Words, palette: Words
) -> Chart:
    """A bar for each round, after those from elsewhere, which no line of comparison joins to them."""
    lines = [_line(period(one.round), _when(one.round), one, now, words) for one in history]
    told = say("En stapel för varje omgång.")
    if not imported:
        return Chart("time", say("Omgång"), told, tuple(lines), words, palette)
    first = replace(lines[0].bar, broken=say("Ovanför: importerat, räknat på annat sätt."))
    lines[0] = replace(lines[0], bar=first)
    unknown = say("Okänt")
    told_lines = (
        *(_with_unknown(line, words) for line in imported),
        *(_with_unknown(line, words) for line in lines),
    )
    return Chart("time", say("Omgång"), told, told_lines, (*words, unknown), (*palette, UNKNOWN))


def _with_unknown(line: Line, words: Words) -> Line:
    """The line with a number for answers a report says nothing of; 0 for those counted here."""
    options, (n, *others) = line.numbers[: len(words)], line.numbers[len(words) :]
    unknown = str(int(n) - sum(int(count) for count in options if count)) if n else ""
    return replace(line, numbers=(*options, unknown, n, *others))


def _imported(figures: Figures, known: Known, now: Row, words: Words) -> Line:
    """A bar of figures from elsewhere, and in grey what they do not tell."""
    period_words = f"{day(figures.first)} – {day(figures.last)}"
    name = say("{period}, importerat: {source}", period=period_words, source=figures.source)
    label, broken_words = f"{figures.first.year}<br>" + say("importerat"), ""
    if known.text != now.statement.text:
        name += ", " + say("då med orden ”{text}”", text=known.text)
        broken_words = say("Andra ord då.")
    counts = tuple(reversed(known.counts))
    if known.labels != now.statement.scale.labels:
        nothing = ("",) * (len(words) + 5)
        return Line(name, Bar(label, f"n = {figures.n}", (), broken_words, say("Annan skala.")), nothing)
    untold = figures.n - sum(count for count in counts if count is not None)
    parts = [*zip(words, [count or 0 for count in counts], strict=True), (say("Okänt"), untold)]
    segments = tuple(
        Segment(
            100 * count / figures.n,
            str(count) if count else "",
            say("{label}: {count} av {n}", label=word, count=count, n=figures.n),
        )
        for word, count in parts
    )
    numbers = tuple("" if count is None else str(count) for count in counts)
    bar = Bar(label, f"n = {figures.n}", segments, broken_words)
    return Line(name, bar, (*numbers, str(figures.n), "", "", "", ""))


def _line(name: str, label: str, found: Row, now: Row, words: Words) -> Line:
    is_told = found.table is not None and found.statement.scale.labels == now.statement.scale.labels
    if found.table is None or not is_told:
        return Line(name, _bar(label, found, now, words), ("",) * (len(words) + 5))
    table = found.table
    numbers = [*reversed(table.counts), found.on_scale, *table.no_answer, table.withheld]
    return Line(name, _bar(label, found, now, words), tuple(map(str, numbers)))


def _outside() -> Words:
    """The kinds of answers outside the scale."""
    return (say("Vet inte"), say("Vill inte svara"), say("Hoppade över"), say("Undanhållna"))


def change_in_words(found: Trend | None) -> Words:
    """Up, down or chance, and a sentence that says so; nothing where nothing can be said."""
    if found is None:
        return ()
    return {
        Trend.UP: (say("Upp"), say("Svaren har blivit mer positiva, mer än slumpen brukar göra.")),
        Trend.DOWN: (say("Ner"), say("Svaren har blivit mindre positiva, mer än slumpen brukar göra.")),
        Trend.CHANCE: (
            say("Kan vara slump"),
            say("Skillnaderna mellan omgångarna är inte större än slumpen brukar göra."),
        ),
    }[found]


def sentences(now: Row, words: Sequence[str]) -> Sequence[str]:
    """What a chart says, and how sure one may be, in plain words."""
    if not now.on_scale:
        return [missing(now)]
    numbers = {"agreeing": now.agreeing, "n": now.on_scale, "first": words[0], "second": words[1]}
    if agreeing_options(words) == 1:
        said = [say("{agreeing} av {n} svarade ”{first}”.", **numbers)]
    else:
        said = [say("{agreeing} av {n} svarade ”{first}” eller ”{second}”.", **numbers)]
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
