"""Charts and their lines. A line is a bar with its numbers: of a round, of a place or of earlier figures."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.desk.i18n import NO_BREAK, day, month, named_period, period, translate
from kiosk.desk.results.findings import about_protection, broken, missing, percent
from kiosk.domain.ballot import NoAnswer
from kiosk.domain.earlier_figures import EarlierFigures, KnownCounts
from kiosk.domain.results import Row, Share
from kiosk.domain.survey import Statement
from kiosk.domain.target import target_position
from kiosk.output.stacked_bars import SEPARATOR, UNKNOWN, Bar, Figure, Segment, page_figure

LONGEST_NAME = 18
"""Most characters in one line of a bar's name: that of an option or of a round."""

THIN = 0.06
"""A segment with a smaller share of its bar than this, 0 to 1, shows its count without the percentage."""

Strings = tuple[str, ...]

Numbers = tuple[int | None, ...]
"""Numbers in the order of a table's columns. None stands for a missing number."""

Table = tuple[tuple[str | int | None, ...], ...]
"""The row of headings, then a row for each bar. None stands for a missing number."""


class ChartKind(StrEnum):
    """The subject of a chart's bars: one round, all rounds, or all places."""

    NOW = "now"
    TIME = "time"
    PLACES = "places"


@dataclass(frozen=True)
class Line:
    """One bar of a chart, its `name` in tables, and its numbers. None stands for a missing number.

    `counts` has a count for each option, the highest option first; in a chart with a bar for each option,
    only that of the bar's option. `unknown` is the number of answers for which earlier figures do not give
    the option, 0 for a counted round. `n` is the base of the percentages (`Row.on_scale`). `outside` has a
    count for each of `Chart.outside_labels`. `protection` is a sentence for files about the error of
    protected figures, "" for exact ones.
    """

    name: str
    bar: Bar
    counts: Numbers
    unknown: int | None
    n: int | None
    outside: Numbers
    protection: str = ""

    @property
    def remark(self) -> str:
        """The sentences about a break, missing numbers and protection, joined by spaces; "" if there are
        none."""
        return " ".join(filter(None, (self.bar.broken, self.bar.instead, self.protection)))


@dataclass(frozen=True)
class Chart:
    """One chart about a statement, with a line for each bar.

    `heading` is the heading of the first column of its table. `shows` is a sentence about its bars, and
    `sentences` interpret them. `labels` and `palette` have the label and the colour of each option, the
    highest option first. `protection` has sentences about the error of the figures. `notes` has sentences,
    such as the source of the figures, for readers who see the chart without the page. `base` is the heading
    of the column with n, "" for the one of answers on the scale. The chart of a follow-up (`is_follow_up`)
    also counts those not asked.
    """

    kind: ChartKind
    heading: str
    shows: str
    sentences: Strings
    lines: tuple[Line, ...]
    labels: Strings
    palette: Strings
    protection: Strings
    notes: Strings = ()
    base: str = ""
    is_follow_up: bool = False

    @property
    def n_heading(self) -> str:
        """The heading of the table's column with n (`Line.n`)."""
        return self.base or translate("På skalan (n)")

    @property
    def outside_labels(self) -> Strings:
        """The headings of the table's columns with counts outside the scale (`outside_labels`)."""
        return outside_labels(is_follow_up=self.is_follow_up)

    @property
    def alternative(self) -> str:
        """The text alternative of the drawing: `shows` and `sentences`, joined by spaces."""
        return " ".join(filter(None, (self.shows, *self.sentences)))

    @property
    def figure(self) -> Figure:
        """The plotly figure for the page's script, with its variants for narrower widths."""
        return page_figure([line.bar for line in self.lines], self.palette)

    @property
    def table(self) -> Table:
        """The row of headings, then a row for each bar: its name and its numbers. If a line has a remark, a
        last column has the remarks."""
        heading = (self.heading, *self.labels, self.n_heading, *self.outside_labels)
        rows = tuple((line.name, *self.numbers(line)) for line in self.lines)
        if not any(line.remark for line in self.lines):
            return (heading, *rows)
        remarks = (translate("Anmärkning"), *(line.remark for line in self.lines))
        return tuple((*row, remark) for row, remark in zip((heading, *rows), remarks, strict=True))

    def numbers(self, line: Line) -> Numbers:
        """Return a line's numbers in the order of the table's headings, without its name and its remark."""
        unknown = (line.unknown,) if UNKNOWN in self.palette else ()
        return (*line.counts, *unknown, line.n, *line.outside)


def counted_line(name: str, label: str, row: Row, shown: Row, labels: Strings) -> Line:
    """Return the line of one round at one place. `name` names the line in tables, `label` in the chart, as
    short lines separated by `<br>`.

    `shown` is the row of the round that the page is about. `labels` are the texts of the options of `shown`,
    in the reader's language, the highest option first. The line has no numbers if `row` has another scale
    than `shown`, or no figures.
    """
    if row.table is None or row.statement.answers != shown.statement.answers:
        return _line_without_numbers(name, _empty_bar(label, row, shown), shown.statement)
    counts = tuple(reversed(row.counts))
    protection = about_protection([row])[0] if row.round.is_protected else ""
    bar = _bar(label, row, labels)
    return Line(name, bar, counts, 0, row.on_scale, outside_numbers(row, shown.statement), protection)


def lines_of_options(row: Row, labels: Strings) -> tuple[Line, ...]:
    """Return a line for each option of a question with several options: the number of guests who chose it, of
    all ballots. `labels` has the options' labels in the order in which guests see them, "none of these" last;
    the lines have the same order. A row without figures gives one line with the reason; one with figures has
    at least one ballot."""
    if not row.table:
        empty_bar = _empty_bar("", row, row)
        return (replace(_line_without_numbers(round_name(row), empty_bar, row.statement), counts=(None,)),)
    n, empty = row.on_scale, _no_numbers(row.statement)
    words = translate("{label}: {count} av {n}")
    return tuple(
        Line(
            label,
            Bar(
                "<br>".join(textwrap.wrap(label, LONGEST_NAME)),
                f"n = {n}",
                (
                    Segment(
                        100 * share.count / n,
                        _in_bar(share, n),
                        words.format(label=label, count=share.count, n=n) + percent(share.percent, ", "),
                    ),
                ),
            ),
            (share.count,),
            0,
            n,
            empty,
        )
        for label, share in zip(labels, row.shares, strict=True)
    )


def earlier_line(figures: EarlierFigures, known: KnownCounts, shown: Statement, labels: Strings) -> Line:
    """Return the line of earlier figures for the statement `shown`, whose counts in these figures are
    `known`. `labels` has the labels of its options in the reader's language, the highest option first.

    The answers for which the report does not give the option are a last segment with an empty outline. The
    line has no numbers if the report has another scale than `shown`. If the report worded the statement
    differently, the line's name also has the report's words.
    """
    name = translate("{period}, importerat: {source}", period=in_days(figures), source=figures.source)
    label, broken_words = f"{figures.first.year}<br>" + translate("importerat"), ""
    if known.text != shown.text:
        name += ", " + translate("då med orden ”{text}”", text=known.text)
    if known.text not in shown.texts:
        broken_words = translate("Andra ord då.")
    if known.labels != shown.scale.labels:
        bar = Bar(label, f"n = {figures.n}", (), broken_words, translate("Annan skala."))
        return _line_without_numbers(name, bar, shown)
    counts = tuple(reversed(known.counts))
    unknown = figures.n - sum(count for count in counts if count is not None)
    segments = [
        Segment(0, "", translate("{label}: okänt", label=word))
        if count is None
        else _earlier_segment(word, count, figures.n, str(count) if count else "")
        for word, count in zip(labels, counts, strict=True)
    ]
    in_bar = translate("{n} okänt", n=unknown) if unknown else ""
    segments.append(_earlier_segment(translate("Okänt"), unknown, figures.n, in_bar))
    bar = Bar(label, f"n = {figures.n}", tuple(segments), broken_words)
    return Line(name, bar, counts, unknown, figures.n, _no_numbers(shown))


def in_days(figures: EarlierFigures) -> str:
    """Return the period of earlier figures as text, such as "1 jan. 2022 – 31 dec. 2022"."""
    return f"{day(figures.first)} – {day(figures.last)}"


def _earlier_segment(word: str, count: int, n: int, in_bar: str) -> Segment:
    meaning = translate("{label}: {count} av {n}", label=word, count=count, n=n)
    return Segment(100 * count / n, in_bar, meaning)


def _line_without_numbers(name: str, bar: Bar, shown: Statement) -> Line:
    return Line(name, bar, (None,) * len(shown.answers), None, None, _no_numbers(shown))


def _no_numbers(shown: Statement) -> Numbers:
    return (None,) * len(outside_labels(is_follow_up=bool(shown.follows)))


def counted_bar(row: Row, labels: Strings) -> Bar:
    """Return the bar of one round at one place, without a name at its left. Without answers on the scale, it
    has the reason, as a sentence, in place of segments. `labels` has the options' labels, the highest option
    first."""
    return _bar("", row, labels) if row.table else _empty_bar("", row, row)


def _bar(label: str, row: Row, labels: Strings) -> Bar:
    """Return the bar of a row with figures. Without answers on the scale, it has a sentence that says so in
    place of segments."""
    n = row.on_scale
    if not n:
        return replace(_empty_bar(label, row, row), n="n = 0", outside=_outside_text(row))
    words = translate("{label}: {count} av {n}")
    segments = (
        Segment(
            100 * share.count / n,
            _in_bar(share, n),
            words.format(label=word, count=share.count, n=n) + percent(share.percent, ", "),
        )
        for word, share in zip(labels, row.shares, strict=True)
    )
    return Bar(
        label,
        f"n = {n}",
        tuple(segments),
        broken(row),
        outside=_outside_text(row),
        target=target_position(row.statement),
    )


def _empty_bar(label: str, row: Row, shown: Row) -> Bar:
    is_same_scale = row.statement.answers == shown.statement.answers
    return Bar(label, "–", (), broken(row), missing(row) if is_same_scale else translate("Annan skala."))


def _in_bar(share: Share, n: int) -> str:
    """Return the text in a segment: its count and, unless the segment is thin, its percentage; "" for a count
    of 0. `n` is the number of answers in the whole bar."""
    if not share.count:
        return ""
    return str(share.count) + ("" if share.count / n < THIN else percent(share.percent, "<br>"))


def outside_labels(*, is_follow_up: bool = False) -> Strings:
    """Return the labels of the answers outside the scale, in this order: do not know, do not want to answer,
    skipped, not asked (of a follow-up only), withheld."""
    return (
        translate("Vet inte"),
        translate("Vill inte svara"),
        translate("Hoppade över"),
        *((translate("Fick inte frågan"),) if is_follow_up else ()),
        translate("Dolda av anonymitetsskäl"),
    )


def outside_numbers(row: Row, shown: Statement) -> Numbers:
    """Return a row's counts outside the scale, under the `outside_labels` of the statement `shown`, which may
    be that of another round; empty without figures. The number of those not asked is left out if only the
    row's statement is a follow-up, and None if only `shown` is one."""
    if not row.table or bool(row.statement.follows) == bool(shown.follows):
        return row.outside
    *kinds, withheld = row.outside
    return (*kinds[: len(NoAnswer)], *((None,) if shown.follows else ()), withheld)


def outside_counts(row: Row) -> Sequence[tuple[str, int]]:
    """Return (label, count) for each of a row's `outside_labels`, counts of 0 included; empty without
    figures."""
    labels = outside_labels(is_follow_up=bool(row.statement.follows))
    return list(zip(labels, row.outside, strict=True)) if row.table else []


def _outside_text(row: Row) -> str:
    """Return a row's counts outside the scale that are not 0, as a text below its bar; "" if there are
    none."""
    return SEPARATOR.join(f"{label}: {n}" for label, n in outside_counts(row) if n)


def round_name(row: Row) -> str:
    """Return the text for a row's round in tables: the round's name, if it has one, its first and last day
    and, if it is not closed, that it runs."""
    named = named_period(row.round)
    return named if row.is_closed else translate("{period} (pågår)", period=named)


def round_label(row: Row) -> str:
    """Return the text for a row's round in a chart, as short lines separated by `<br>`.

    - Without a name: its first and last day and, if it is not closed, that it runs.
    - With a name: the beginning of the name, then its first month or, if it is not closed, that it runs.
    """
    if row.round.name:
        lines = textwrap.wrap(row.round.name, LONGEST_NAME, max_lines=2, placeholder="…")
        opened = month(row.round.opens_at).replace(NO_BREAK, " ")
        return "<br>".join([*lines, opened if row.is_closed else translate("pågår")])
    first, last = period(row.round).replace(NO_BREAK, " ").split(" – ")
    return f"{first}<br>– {last}" + ("" if row.is_closed else "<br>" + translate("pågår"))
