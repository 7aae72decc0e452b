"""Statements of a report whose figures come from an earlier report, because none of its rounds asked them.

The figures were typed in by a person. Each chart says so, with the source and the number of answers for which
the source gives no option.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from kiosk.desk.context import desk
from kiosk.desk.i18n import in_a_row, translate
from kiosk.desk.results.chart_rows import Line, earlier_line, in_days
from kiosk.desk.results.findings import uncertainty
from kiosk.domain.earlier_figures import EarlierFigures, KnownCounts
from kiosk.domain.report import Block, Kind, data_rows
from kiosk.domain.results import PERCENT_FROM
from kiosk.domain.statistics import wilson
from kiosk.domain.survey import Good, Statement
from kiosk.output.chart_pictures import GLANCE, PAGE, Picture, PictureLayout, svg
from kiosk.output.stacked_bars import UNKNOWN, Bar, colours


@dataclass(frozen=True)
class EarlierStatement:
    """One statement in the figures of an earlier report."""

    figures: EarlierFigures
    known: KnownCounts

    @property
    def statement(self) -> Statement:
        """The statement of the library with this id and these labels; without one, a statement with the words
        of the earlier report."""
        surveys = desk().library.surveys.values()
        asking = (
            survey.statement(self.known.statement_id) for survey in surveys if self._is_in(survey.statements)
        )
        return next(asking, self.known.statement)

    def _is_in(self, statements: Sequence[Statement]) -> bool:
        return any(
            one.id == self.known.statement_id and one.scale.labels == self.known.labels for one in statements
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the options, the highest first, then that of the unknown answers."""
        return (*reversed(self.known.labels), translate("Okänt"))

    @property
    def palette(self) -> tuple[str, ...]:
        """The colours of `labels`."""
        statement = self.statement
        good = statement.good or Good.HIGH
        return (*colours(len(self.known.labels), bipolar=statement.scale.bipolar, good=good), UNKNOWN)

    @property
    def line(self) -> Line:
        return earlier_line(self.figures, self.known, self.statement, self.labels[:-1])

    @property
    def sentences(self) -> tuple[str, ...]:
        """Sentences about the answers that count as agreeing; about each known option if the source does not
        give all of these."""
        numbered = list(enumerate(self.known.counts, start=1))
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
        """Return sentences about the `count` of answers with these options, and its uncertainty."""
        n, labels = self.figures.n, self.known.labels
        chosen = (translate("”{text}”", text=labels[option - 1]) for option in reversed(options))
        options_in_words = in_a_row(chosen, is_choice=True)
        share = translate(
            "{agreeing} av {n} svarade {options}.", agreeing=count, n=n, options=options_in_words
        )
        return (share, *uncertainty(None if n < PERCENT_FROM else wilson(count, n), n))


def earlier_statements(
    elsewhere: Sequence[EarlierFigures], statements: Sequence[str]
) -> tuple[EarlierStatement, ...]:
    """Return these statements, in their order, as far as earlier figures know them; the latest figures
    count."""
    latest = sorted(elsewhere, key=lambda figures: figures.last, reverse=True)
    each = (
        [EarlierStatement(one, known) for one in latest if (known := one.known(name))] for name in statements
    )
    return tuple(imported[0] for imported in each if imported)


def method(imported: Sequence[EarlierStatement], place: str) -> Iterator[Block]:
    """Yield a paragraph about each source of figures, its period, its number of answers and its limits."""
    for figures, group in groupby(imported, key=lambda one: one.figures):
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


def statement_blocks(imported: EarlierStatement) -> Iterator[Block]:
    """Yield the heading of a statement, its chart with a table, and the note with the source."""
    text, line = imported.known.text, imported.line
    sentences = " ".join(imported.sentences)
    heading = (translate("Påstående"), *imported.labels, translate("På skalan (n)"))
    numbers = (*line.counts, line.unknown, line.n)
    yield Block(Kind.HEADING, text, level=2)
    yield _chart([imported], [line.bar], f"{text} {sentences}", ((*heading,), (text, *numbers)), PAGE)
    yield Block(Kind.PARAGRAPH, sentences)
    cells = ("–" if number is None else str(number) for number in numbers)
    year = str(imported.figures.first.year)
    yield Block(
        Kind.TABLE, text, header=(translate("Svar"), year), rows=tuple(zip(heading[1:], cells, strict=True))
    )
    yield Block(Kind.NOTE, f"{line.name}.")


def glance_blocks(imported: Sequence[EarlierStatement]) -> Iterator[Block]:
    """Yield a chart for each scale, with a bar for each statement, and a note."""
    for labels, group in groupby(imported, key=lambda one: one.labels):
        shown = list(group)
        heading = (translate("Påstående"), *labels)
        rows = ((one.known.text, *one.line.counts, one.line.unknown) for one in shown)
        described = " ".join(f"{one.known.text}: {' '.join(one.sentences)}" for one in shown)
        bars = [Bar(one.known.text, one.line.bar.n, one.line.bar.segments) for one in shown]
        yield _chart(shown, bars, described, (heading, *rows), GLANCE)
    for source in dict.fromkeys(one.figures.source for one in imported):
        yield Block(Kind.NOTE, translate("Importerade siffror: {source}.", source=source))


def _chart(
    imported: Sequence[EarlierStatement],
    bars: Sequence[Bar],
    described: str,
    table: Sequence[tuple[object, ...]],
    layout: PictureLayout,
) -> Block:
    """Return a chart; all statements have the scale of the first."""
    picture = Picture("", imported[0].labels, imported[0].palette, tuple(bars), ())
    return Block(Kind.CHART, described, svg=svg(picture, layout), data=data_rows(table))
