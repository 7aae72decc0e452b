"""The summary of a report on one page: the statements in one chart, and the year's outputs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from kiosk.desk.activities.outputs import with_gaps
from kiosk.desk.context import desk
from kiosk.desk.i18n import named_period, translate
from kiosk.desk.reports.content import Content, ShownStatement, share_rule, without_figure
from kiosk.desk.reports.earlier_statements import glance_blocks
from kiosk.desk.results.chart_rows import Chart, ChartKind
from kiosk.desk.results.findings import (
    about_follow_up,
    about_round,
    kinds_of_figures,
    several_possible,
    without_order,
)
from kiosk.desk.results.statement_view import bare_picture
from kiosk.domain.report import Block, Kind, data_rows
from kiosk.domain.theory import Layer
from kiosk.output.chart_pictures import GLANCE, svg

MOST_STATEMENTS = 6
"""Most statements on the page: more have no room. All statements are in the evaluation."""


def glance(content: Content) -> Iterator[Block]:
    """Yield the blocks of the summary, the last of them a page break; nothing if the report has neither
    answers, earlier ones included, nor outputs."""
    answered = [statement for statement in content.shown if statement.section.now.on_scale]
    shown = answered[:MOST_STATEMENTS]
    outputs = _outputs(content)
    earlier = content.earlier[: MOST_STATEMENTS - len(shown)]
    if not shown and not outputs and not earlier:
        return
    yield Block(Kind.HEADING, translate("I korthet"), level=1)
    yield from _statements(content, shown)
    yield from glance_blocks(earlier)
    if rest := len(answered) - len(shown) + len(content.earlier) - len(earlier):
        yield Block(Kind.NOTE, translate("Påståenden som inte fick plats här: {number}.", number=rest))
    if without := content.without_figures:
        yield Block(Kind.NOTE, without_figure(without))
    if outputs:
        header = (translate("Prestation"), str(content.terms.year))
        yield Block(Kind.TABLE, translate("Prestationer"), header=header, rows=outputs)
        if any(words.endswith("*") for _, words in outputs):
            yield Block(Kind.NOTE, translate("*: uppgifter saknas för någon månad eller verksamhet."))
    if unmeasured := content.theory.gaps:
        boxes = ", ".join(f"”{box.text}”" for box in unmeasured)
        yield Block(Kind.NOTE, translate("Mäts inte: {boxes}.", boxes=boxes))
    yield Block(Kind.PAGE)


def _statements(content: Content, shown: Sequence[ShownStatement]) -> Iterator[Block]:
    """Yield a chart for each run of statements with the same scale, a table with the number of answers that
    agree with each statement, and a note with the share rule, the periods and the protection. Nothing without
    statements.

    A question with several options has its chart in the evaluation only.
    """
    on_scales = [statement for statement in shown if not statement.section.several]
    for labels, group in groupby(on_scales, key=lambda statement: statement.section.labels):
        yield _chart(list(group), len(labels))
    if not shown:
        return
    rows = tuple((statement.section.text, *_agreement(statement)) for statement in shown)
    header = (translate("Påstående"), translate("Andel"), translate("Osäkerhet"))
    yield Block(Kind.TABLE, translate("Andel för varje påstående"), header=header, rows=rows)
    rules = {share_rule(statement) for statement in shown}
    rule = rules.pop() if len(rules) == 1 else translate("Vilka svar som räknas står vid varje påstående.")
    periods = "; ".join(dict.fromkeys(named_period(statement.round) for statement in shown))
    about = translate("Siffrorna gäller {place}, {periods}.", place=content.place.node.name, periods=periods)
    protection = " ".join(kinds_of_figures({statement.round.level for statement in shown}))
    yield Block(Kind.NOTE, " ".join((rule, about, protection)))


def _chart(group: Sequence[ShownStatement], options: int) -> Block:
    """Return a chart with a bar for each statement. All have the same scale, of this number of `options`."""
    charts = [_now(statement) for statement in group]
    bars = tuple(
        replace(chart.lines[0].bar, label=statement.section.text)
        for statement, chart in zip(group, charts, strict=True)
    )
    described = " ".join(f"{statement.section.text}: {statement.section.sentences[0]}" for statement in group)
    heading = (translate("Påstående"), *charts[0].table[0][1 : options + 2])
    numbers = (chart.table[1][1 : options + 2] for chart in charts)
    rows = ((statement.section.text, *counts) for statement, counts in zip(group, numbers, strict=True))
    drawn = svg(replace(bare_picture(charts[0]), bars=bars), GLANCE)
    return Block(Kind.CHART, described, svg=drawn, data=data_rows((heading, *rows)))


def _now(shown: ShownStatement) -> Chart:
    return next(chart for chart in shown.section.charts if chart.kind is ChartKind.NOW)


def _agreement(shown: ShownStatement) -> tuple[str, str]:
    """Return (number of answers that agree and n, uncertainty and the other sentences about the round), both
    in words. For several options, and for options without an order: (a dash, sentences that say so)."""
    now = shown.section.now
    if now.statement.several:
        return "–", several_possible(now)
    if not now.statement.scale.is_ordered:
        return "–", " ".join((*about_follow_up(now), without_order()))
    if now.round.is_protected:
        share = translate("ungefär {agreeing} av {n}", agreeing=now.agreeing, n=now.on_scale)
    else:
        share = translate("{agreeing} av {n}", agreeing=now.agreeing, n=now.on_scale)
    _, *uncertainty = about_round(now, shown.section.labels)
    return share, " ".join(uncertainty)


def _outputs(content: Content) -> tuple[tuple[str, str], ...]:
    """Return (text of the theory box, figure in words) for each output with a figure in the report's year, in
    the theory's order. The words of a figure with gaps end with a star."""
    counters = desk().library.counters
    measured = [
        (box.text, content.output(counters[box.measure.counter]))
        for box in content.theory.boxes_in(Layer.OUTPUTS)
        if box.measure and box.measure.counter
    ]
    return tuple((text, with_gaps(figure)) for text, figure in measured if figure)
