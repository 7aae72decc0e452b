"""Figures of outputs in words, in tables and in charts over time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from babel.dates import format_date

from kiosk.desk.i18n import language, month, number, translate
from kiosk.domain.counters import Counter, Figure, Outputs, Period, Quality, Reason, year_of
from kiosk.output.column_chart import Column, ColumnChart, UnitColumns, columns_svg


@dataclass(frozen=True)
class FigureLine:
    """A line of a table: a heading, and a figure in words (`figure_words`) for each counter. `is_sum` marks
    sums of other lines."""

    heading: str
    figures: tuple[str, ...]
    is_sum: bool = False


@dataclass(frozen=True)
class OutputChart:
    """A chart of one counter's figures in a year, by unit: `svg` is the drawing, `described` its text
    alternative.

    `data` has the row of headings, then a row for each bar of the chart: unit, period (such as 2026-03,
    2026-Q1 or 2026), number ("" if not counted) and quality in words.
    """

    counter: Counter
    svg: str
    described: str
    data: tuple[tuple[str, ...], ...]


def figure_words(figure: Figure | None) -> str:
    """Return a figure in words: "132", "ca 500" for an estimate, "ej räknat" for one that was not counted, or
    a dash for None. A sum in which a month or unit is missing ends with a star."""
    if figure is None:
        return "–"
    if figure.quality is Quality.NOT_COUNTED:
        return translate("ej räknat")
    words = number(figure.number)
    if figure.quality is Quality.ESTIMATED:
        words = translate("ca {number}", number=words)
    return words if figure.is_complete else f"{words}*"


def with_quality(figure: Figure) -> str:
    """Return a figure and how it was obtained, such as "132 (räknat)"; "ej räknat" for one that was not
    counted. Missing months or units are not mentioned."""
    words = figure_words(figure).removesuffix("*")
    if figure.quality is Quality.NOT_COUNTED:
        return words
    return f"{words} ({quality_words(figure.quality)})"


def with_gaps(figure: Figure) -> str:
    """Return a figure and how it was obtained (`with_quality`), with a star at its end if some month or unit
    is missing, such as "132 (räknat)*"."""
    return with_quality(figure) + ("" if figure.is_complete else "*")


def quality_words(quality: Quality) -> str:
    """Return the word for a quality in the reader's language: "räknat", "uppskattat" or "ej räknat" in
    Swedish."""
    return {
        Quality.COUNTED: translate("räknat"),
        Quality.ESTIMATED: translate("uppskattat"),
        Quality.NOT_COUNTED: translate("ej räknat"),
    }[quality]


def reasons() -> list[tuple[str, str]]:
    """Return (value of the Reason, its words) of each reason for a typed figure."""
    return [
        (Reason.PAPER.value, translate("Räknat på papper")),
        (Reason.NO_NETWORK.value, translate("Telefonen hade inget nät")),
        (Reason.WRONG_TAPS.value, translate("Feltryckning")),
        (Reason.LATE.value, translate("Uppgiften kom i efterhand")),
        (Reason.OTHER.value, translate("Annat skäl")),
    ]


def reasons_to_choose(reasons: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the choices of a field for a reason: an empty one, then `reasons`. Nobody can give a reason by
    leaving the field as it is."""
    return [("", translate("Välj ett skäl")), *reasons]


def no_reason() -> str:
    """Return the error for a request to remove figures that gives no reason."""
    return translate("Välj varför siffrorna tas bort. Skälet skrivs i loggen.")


def period_words(period: Period) -> str:
    """Return the name of a period in the reader's language: "2026", "kvartal 1 2026" or "mars 2026"."""
    if period.months == 12:
        return str(period.first.year)
    if period.months == 1:
        return month(period.first)
    return translate("kvartal {quarter} {year}", quarter=period.first.month // 3 + 1, year=period.first.year)


def begun(year: int, this_month: Period) -> list[Period]:
    """Return the months, the quarters and the year of a year that begin in `this_month` or earlier: each
    quarter after its months, the year last. Empty for a later year."""
    begun = (period for period in _periods(year_of(year)) if period.first <= this_month.first)
    return sorted(begun, key=lambda period: (period.first.month + period.months, period.months))


def _periods(period: Period) -> list[Period]:
    """Return a period, then each of its parts followed by the parts of that part: for a year, its quarters
    and months."""
    return [period, *(part for half in period.parts for part in _periods(half))]


def of_unit(
    counters: Sequence[Counter], outputs: Outputs, unit: str, periods: Sequence[Period]
) -> list[FigureLine]:
    """Return the figures of one unit: a line for each period, with a figure for each counter."""
    return [
        FigureLine(
            period_words(period),
            tuple(figure_words(outputs.at_unit(counter, unit, period)) for counter in counters),
            is_sum=bool(period.parts),
        )
        for period in periods
    ]


def output_charts(
    counters: Sequence[Counter], outputs: Outputs, units: Mapping[str, str], year: int
) -> list[OutputChart]:
    """Return a chart for each counter that would have at least two bars, in the given order: a bar is a
    figure of one of these units for a month of the year or, if a longer period was typed, for that. `units`
    is unit id -> name.

    Totals of individuals have no chart: they are typed for a period and never added up.
    """
    charts = [_chart(counter, outputs, units, year) for counter in counters if not counter.is_total]
    return [chart for chart in charts if len(chart.data) > 2]


def _chart(counter: Counter, outputs: Outputs, units: Mapping[str, str], year: int) -> OutputChart:
    period = year_of(year)
    finest = {unit: outputs.finest(counter, unit, period) for unit in units}
    rows = tuple(
        UnitColumns(
            units[unit],
            tuple(_column(part, figure) for part, figure in figures),
            figure_words(outputs.at_unit(counter, unit, period)),
        )
        for unit, figures in finest.items()
        if figures
    )
    heading = (translate("Verksamhet"), translate("Period"), translate("Antal"), translate("Kvalitet"))
    data = [
        (units[unit], str(part), _number(figure), quality_words(figure.quality))
        for unit, figures in finest.items()
        for part, figure in figures
    ]
    name = translate(counter.name)
    described = " ".join(
        (
            translate("{counter} {year}, en stapel för varje månad.", counter=name, year=year),
            *(translate("{place}: {total} hela året.", place=row.name, total=row.total) for row in rows),
        )
    )
    notes = _notes(chain.from_iterable(finest.values()))
    chart = ColumnChart(counter.id, name, _months(year), translate("Hela året"), rows, notes)
    return OutputChart(counter, columns_svg(chart, described), described, (heading, *data))


def _column(part: Period, figure: Figure) -> Column:
    """Return the bar of a figure of the period `part`. The first month of the bar is counted from 0."""
    is_counted = figure.quality is not Quality.NOT_COUNTED
    return Column(
        part.first.month - 1,
        part.months,
        figure.number if is_counted else None,
        number(figure.number) if is_counted else "–",
        is_estimated=figure.quality is Quality.ESTIMATED,
    )


def _number(figure: Figure) -> str:
    return "" if figure.quality is Quality.NOT_COUNTED else str(figure.number)


def _months(year: int) -> tuple[str, ...]:
    """Return the short names of the twelve months in the reader's language."""
    return tuple(format_date(date(year, at, 1), "LLL", locale=language()) for at in range(1, 13))


def _notes(parts: Iterable[tuple[Period, Figure]]) -> tuple[str, ...]:
    """Return the explanation of a chart's bars, as a tuple of one text. Estimates, missing counts and long
    periods are explained only if they occur in `parts`, the chart's (period, figure)."""
    shown = tuple(parts)
    qualities = {figure.quality for _, figure in shown}
    notes = [translate("Utan stapel: inget är räknat eller inskrivet. *: uppgifter saknas för någon månad.")]
    if Quality.ESTIMATED in qualities:
        notes.append(translate("Randigt: uppskattat."))
    if Quality.NOT_COUNTED in qualities:
        notes.append(translate("–: ej räknat."))
    if any(part.months > 1 for part, _ in shown):
        notes.append(
            translate(
                "En bred stapel är ett helt kvartal eller år, och dess höjd är medeltalet för en månad."
            )
        )
    return (" ".join(notes),)
