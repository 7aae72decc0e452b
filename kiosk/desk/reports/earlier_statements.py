"""Statements of a report with figures from an earlier report, because none of the report's rounds asked them.

A person typed in the figures. Each chart says so, with the source and the number of answers for which the
source gives no option.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from kiosk.desk.context import desk
from kiosk.desk.i18n import in_a_row, translate
from kiosk.desk.results.chart_rows import Line, earlier_line, in_days
from kiosk.desk.results.findings import uncertainty, without_order
from kiosk.domain.earlier_figures import EarlierFigures, KnownCounts
from kiosk.domain.report import Block, Kind, data_rows
from kiosk.domain.results import PERCENT_FROM
from kiosk.domain.statistics import wilson
from kiosk.domain.survey import Pictures, Statement
from kiosk.output.chart_pictures import GLANCE, PAGE, Picture, PictureLayout, svg
from kiosk.output.stacked_bars import UNKNOWN, Bar, colours_of


@dataclass(frozen=True)
class EarlierStatement:
    """One statement in earlier figures. `known` has the statement's counts in `figures`."""

    figures: EarlierFigures
    known: KnownCounts

    @property
    def statement(self) -> Statement:
        """The first statement of the library with the id and the labels of `known`; without one, a statement
        with the text and the labels of the earlier report. The options of the latter have an order, unless a
        survey of the library has options without an order for the id."""
        surveys = desk().library.surveys.values()
        same = [
            statement
            for survey in surveys
            for statement in survey.statements
            if statement.id == self.known.statement_id
        ]
        statement = self.known.statement
        if any(not statement.scale.is_ordered for statement in same):
            scale = replace(statement.scale, pictures=Pictures.NONE, is_ordered=False)
            statement = replace(statement, scale=scale)
        return next(
            (candidate for candidate in same if candidate.scale.labels == self.known.labels), statement
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the options, the highest option first, then that of the unknown answers."""
        return (*reversed(self.known.labels), translate("Okänt"))

    @property
    def palette(self) -> tuple[str, ...]:
        """The colours of `labels`."""
        # The figures have one answer of each person, also if the library's statement now allows several.
        return (*colours_of(replace(self.statement, several=False)), UNKNOWN)

    @property
    def line(self) -> Line:
        """The statement's bar in a chart, with the counts of the earlier report, some of which may be missing
        (`earlier_line`)."""
        return earlier_line(self.figures, self.known, self.statement, self.labels[:-1])

    @property
    def sentences(self) -> tuple[str, ...]:
        """Sentences with the number of answers that agree, and the uncertainty of their share.

        If the source lacks the count of an option that agrees, each option with a known count has such
        sentences instead, the highest option first. On a scale without an order, where no option agrees,
        there is a sentence with each known count, in the order of the scale's file, then one that says so.
        """
        numbered = list(enumerate(self.known.counts, start=1))
        if not self.statement.scale.is_ordered:
            known = [(at, count) for at, count in reversed(numbered) if count is not None]
            return (*(self._number([at], count) for at, count in known), without_order())
        agreeing = [(at, count) for at, count in numbered if at in self.statement.agreeing_options]
        if all(count is not None for _, count in agreeing):
            return self._share([at for at, _ in agreeing], sum(count or 0 for _, count in agreeing))
        return tuple(
            sentence
            for at, count in reversed(numbered)
            if count is not None
            for sentence in self._share([at], count)
        )

    def _share(self, options: Sequence[int], count: int) -> tuple[str, ...]:
        """Return the sentence of `_number` and, from PERCENT_FROM answers on, one with the uncertainty of the
        share. Parameters are as in `_number`."""
        n = self.figures.n
        return (
            self._number(options, count),
            *uncertainty(None if n < PERCENT_FROM else wilson(count, n), n),
        )

    def _number(self, options: Sequence[int], count: int) -> str:
        """Return a sentence with the number `count` of answers with these options. Options are numbers, 1 for
        the lowest."""
        chosen = (translate("”{text}”", text=self.known.labels[option - 1]) for option in reversed(options))
        return translate(
            "{agreeing} av {n} svarade {options}.",
            agreeing=count,
            n=self.figures.n,
            options=in_a_row(chosen, is_choice=True),
        )


def earlier_statements(
    earlier_figures: Sequence[EarlierFigures], statement_ids: Sequence[str]
) -> tuple[EarlierStatement, ...]:
    """Return the statements with these ids that earlier figures have, in the order of the ids. If several
    earlier figures have a statement, those with the latest last day are used. An id that none has is left
    out."""
    latest_first = sorted(earlier_figures, key=lambda figures: figures.last, reverse=True)
    found_in = (
        [
            EarlierStatement(figures, known)
            for figures in latest_first
            if (known := figures.known(statement_id))
        ]
        for statement_id in statement_ids
    )
    return tuple(candidates[0] for candidates in found_in if candidates)


def method(earlier: Sequence[EarlierStatement], place: str) -> Iterator[Block]:
    """Yield a paragraph for each run of statements from the same earlier figures: their source, their period,
    their number of answers, that they were typed in, and the number of statements in the run. `place` is the
    name of the report's place."""
    for figures, group in groupby(earlier, key=lambda statement: statement.figures):
        yield Block(
            Kind.PARAGRAPH,
            translate(
                "{source}, {period}: {number} svar för {place}. Siffrorna är inskrivna för hand, och "
                "programmet har inte räknat dem. Rapporten visar {shown} påståenden.",
                source=figures.source,
                period=in_days(figures),
                number=figures.n,
                place=place,
                shown=len(list(group)),
            ),
        )


def statement_blocks(earlier: EarlierStatement) -> Iterator[Block]:
    """Yield the heading of a statement, its chart, its sentences, its table, and a note with the source. A
    count that the source does not give is a dash in the table."""
    text, line = earlier.known.text, earlier.line
    sentences = " ".join(earlier.sentences)
    heading = (translate("Påstående"), *earlier.labels, translate("På skalan (n)"))
    numbers = (*line.counts, line.unknown, line.n)
    yield Block(Kind.HEADING, text, level=2)
    yield _chart([earlier], [line.bar], f"{text} {sentences}", ((*heading,), (text, *numbers)), PAGE)
    yield Block(Kind.PARAGRAPH, sentences)
    cells = ("–" if number is None else str(number) for number in numbers)
    year = str(earlier.figures.first.year)
    yield Block(
        Kind.TABLE, text, header=(translate("Svar"), year), rows=tuple(zip(heading[1:], cells, strict=True))
    )
    yield Block(Kind.NOTE, f"{line.name}.")


def glance_blocks(earlier: Sequence[EarlierStatement]) -> Iterator[Block]:
    """Yield a chart for each run of statements with the same scale, with a bar for each statement, then a
    note for each source. Nothing without statements."""
    for labels, group in groupby(earlier, key=lambda statement: statement.labels):
        shown = list(group)
        heading = (translate("Påstående"), *labels)
        rows = ((statement.known.text, *statement.line.counts, statement.line.unknown) for statement in shown)
        described = " ".join(
            f"{statement.known.text}: {' '.join(statement.sentences)}" for statement in shown
        )
        bars = [
            Bar(statement.known.text, statement.line.bar.n, statement.line.bar.segments)
            for statement in shown
        ]
        yield _chart(shown, bars, described, (heading, *rows), GLANCE)
    for source in dict.fromkeys(statement.figures.source for statement in earlier):
        yield Block(Kind.NOTE, translate("Importerade siffror: {source}.", source=source))


def _chart(
    earlier: Sequence[EarlierStatement],
    bars: Sequence[Bar],
    described: str,
    table: Sequence[tuple[object, ...]],
    layout: PictureLayout,
) -> Block:
    """Return a chart of statements, at least one, that all have the same scale. `bars` has the bar of each
    statement, in the same order. `described` is the chart's text alternative; `table` has the row of
    headings, then a row for each bar."""
    picture = Picture("", earlier[0].labels, earlier[0].palette, tuple(bars), ())
    return Block(Kind.CHART, described, svg=svg(picture, layout), data=data_rows(table))
