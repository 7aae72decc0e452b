"""The part of the results page about one statement: sentences, charts and tables, all from the snapshot."""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from kiosk.desk.i18n import asked, translate
from kiosk.desk.results import findings
from kiosk.desk.results.chart_rows import (
    Chart,
    ChartKind,
    Line,
    Numbers,
    Strings,
    counted_line,
    earlier_line,
    lines_of_options,
    outside_counts,
    outside_labels,
    outside_numbers,
    round_label,
    round_name,
)
from kiosk.domain.earlier_figures import EarlierFigures
from kiosk.domain.results import (
    Row,
    Spread,
    by_place,
    over_time,
    over_time_as_one,
    row,
    spread,
    with_direction_of,
)
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document
from kiosk.domain.survey import Statement
from kiosk.domain.time_change import NOTHING_COMPARED, TimeChange, time_change
from kiosk.domain.tree import Node
from kiosk.output.chart_pictures import Picture
from kiosk.output.stacked_bars import UNKNOWN, colours_of
from kiosk.storage import RoundState

Places = tuple[tuple[Node, Row], ...]
"""(node, its row in the shown round) for each place, parents before the nodes below them."""

ROUNDS_ON_PAGE = 12
"""Most rounds on a page of statements, unless the address has `all`: three years of quarterly rounds."""

PLACES_ON_PAGE = 50
"""Most places on a page of statements, unless the address has `all`: a chart of hundreds takes long to make
and to read."""


@dataclass(frozen=True)
class Extent:
    """The part of a statement's rounds and places that a page shows: at most `rounds` rounds, the latest or
    those up to the shown one (`of_rounds`), and at most `places` places from index `first` on. None stands
    for all rounds, or for all places from `first` on."""

    rounds: int | None = None
    places: int | None = None
    first: int = 0

    def of_rounds(self, history: Sequence[Row], now: Row) -> tuple[Row, ...]:
        """Return the rows of a history that the page shows, the earliest first: the latest ones or, if these
        lack the shown round, those up to it. `now` is the row of the shown round, which is in the history. If
        some are left out, the first shown row has no breaks, since no row is above it."""
        if self.rounds is None or len(history) <= self.rounds:
            return tuple(history)
        ids = [of_round.round.id for of_round in history]
        at, latest = ids.index(now.round.id), len(history) - self.rounds
        end = len(history) if at >= latest else max(at + 1, self.rounds)
        first, *rest = history[end - self.rounds : end]
        return (replace(first, breaks=()), *rest)

    def of_places(self, places: Places) -> Places:
        """Return those of the places that are on the page; empty on a page after the last."""
        return places if self.places is None else places[self.first : self.first + self.places]


EVERYTHING = Extent()
"""All rounds and all places."""


class Known(Protocol):
    """Comparisons that a section need not compute again. Each method returns the known one, else the result
    of `compute`. The document that `time_change` gives to `compute` has the node and the nodes below it, in
    all rounds of `history`."""

    def time_change(
        self, history: Sequence[Row], node_id: str, compute: Callable[[Document], TimeChange]
    ) -> TimeChange:
        """Return the changes of a history at a node. `history` may have rows without `units`: `compute` makes
        rows with units from its document."""

    def spread(
        self, of_round: Round, node_id: str, statement: Statement, compute: Callable[[], Spread | None]
    ) -> Spread | None:
        """Return the comparison of the units at and below a node; None if fewer than two can be compared."""


@dataclass(frozen=True)
class NothingKnown:
    """A `Known` without any comparison: it computes each one, from a document with all nodes of the compared
    rounds."""

    document: Document

    def time_change(
        self, history: Sequence[Row], node_id: str, compute: Callable[[Document], TimeChange]
    ) -> TimeChange:
        del history, node_id
        return compute(self.document)

    def spread(
        self, of_round: Round, node_id: str, statement: Statement, compute: Callable[[], Spread | None]
    ) -> Spread | None:
        del of_round, node_id, statement
        return compute()


@dataclass(frozen=True)
class Section:
    """The view of one statement at one node: its texts, figures, charts and sentences.

    `text` and `labels` are in the reader's language. `outcome` is the survey's word for the statement's
    subject, such as "Trygghet". `labels` and `palette` start with the highest option; without an order, they
    are in the order in which guests see them. `now` is the row of the shown round, and `sentences` are about
    it. `history` has a row for each round that asked the statement, the earliest first, and `over_time` are
    sentences about it. `places` are the node and all nodes below it. `shown_history` and `shown_places` are
    the parts of these two that the charts and tables have. `earlier_lines` has the lines of earlier figures,
    the earliest first. `charts` are those of the round, over time and of places, each if there is one.
    `comment` is a coordinator's comment on the statement in the round, "" if there is none.
    """

    id: str
    node_id: str
    text: str
    outcome: str
    labels: Strings
    palette: Strings
    now: Row
    history: tuple[Row, ...]
    earlier_lines: tuple[Line, ...]
    sentences: Strings
    places: Places
    charts: tuple[Chart, ...]
    shown_history: tuple[Row, ...]
    shown_places: Places
    over_time: Strings
    comment: str = ""

    @property
    def commented(self) -> Strings:
        """The comment with its heading before it, as one text; empty without a comment."""
        return (translate("Kommentar: {words}", words=self.comment),) if self.comment else ()

    @property
    def protection(self) -> Strings:
        """Sentences about the noise in the figures of the tables and in their intervals; if no table has
        noise, that the figures are exact."""
        rows = [*self.shown_history, *(node_row for _, node_row in self.shown_places)] or [self.now]
        return (*findings.about_protection(rows), *findings.about_intervals(rows))

    @property
    def versions(self) -> Strings:
        """Warnings if rounds of the history used different versions of the survey; empty if all used the
        same."""
        return findings.about_versions(self.history)

    def version_number(self, row: Row) -> int:
        """Return the number of a row's survey version, 1 for the oldest version in the history. ValueError
        for a version that the history lacks."""
        oldest_first = sorted(self.history, key=lambda other: other.round.opens_at)
        versions = list(dict.fromkeys(other.round.survey.version for other in oldest_first))
        return versions.index(row.round.survey.version) + 1

    @property
    def beside(self) -> Strings:
        """Label and count of each kind of answer outside the scale, as one text each, such as "Vet inte: 3";
        empty without figures. A protected round withholds no answers, so these are left out there."""
        if not self.now.table:
            return ()
        kinds = outside_counts(self.now)
        # A protected round withholds nothing.
        shown = kinds[:-1] if self.now.round.is_protected else kinds
        return tuple(f"{label}: {n}" for label, n in shown)

    @property
    def legend(self) -> Strings:
        """The labels of the page's legend: the longest `labels` of the charts. ValueError without a chart."""
        return max((chart.labels for chart in self.charts), key=len)

    @property
    def legend_palette(self) -> Strings:
        """The colours of `legend`, in the same order. ValueError without a chart."""
        return max((chart.palette for chart in self.charts), key=len)

    def is_same_scale(self, other: Row) -> bool:
        """Return whether the statement of a row has this section's scale."""
        return other.statement.answers == self.now.statement.answers

    @property
    def several(self) -> bool:
        """Whether a guest may choose several of the options."""
        return self.now.statement.several

    @property
    def n_heading(self) -> str:
        """The heading of the columns with n (`findings.n_heading`)."""
        return findings.n_heading(self.now)

    @property
    def beside_heading(self) -> str:
        """The words before the texts of `beside`."""
        if self.several:
            return translate("Svarade inte på frågan:")
        return translate("Räknas inte i procenten:")

    @property
    def outside_labels(self) -> Strings:
        """The labels of the answers outside the scale (`chart_rows.outside_labels`)."""
        return outside_labels(is_follow_up=bool(self.now.statement.follows))

    def outside_numbers(self, row: Row) -> Numbers:
        """Return a row's counts outside the scale, under this section's `outside_labels`
        (`chart_rows.outside_numbers`)."""
        return outside_numbers(row, self.now.statement)

    @property
    def has_places(self) -> bool:
        """Whether a table compares the node with the nodes below it: there are some, and one of all these
        nodes has answers on the scale."""
        return len(self.places) > 1 and any(node_row.on_scale for _, node_row in self.places)


def section_of(
    document: Document,
    states: Sequence[RoundState],
    of_round: Round,
    node_id: str,
    statement: Statement,
    earlier_figures: Iterable[EarlierFigures] = (),
    extent: Extent = EVERYTHING,
    known: Known | None = None,
) -> Section:
    """Return the view of a statement at a node: in `of_round`, over the rounds in `states`, and in the
    `earlier_figures` of this node. Sentences are about all rounds and places; charts and tables have only the
    part of both that `extent` chooses.

    `states` are the rounds that the reader may see, `of_round` among them, in any order; rounds without the
    node or the statement are skipped. `document` is the snapshot. `known` has comparisons of hundreds of
    rounds and places, which take long to compute. With `known`, the document may lack the other nodes of all
    rounds but `of_round`.

    The chart of `of_round` is left out without answers on the scale. A chart over time or of places is left
    out if it would have one bar or no answers, and for a question with several options.
    """
    now = row(document, of_round, node_id, statement)
    rounds = [state.round for state in states]
    history = with_direction_of(over_time_as_one(document, rounds, node_id, statement.id), statement)
    known = known or NothingKnown(document)

    def changes(whole: Document) -> TimeChange:
        return time_change(with_direction_of(over_time(whole, rounds, node_id, statement.id), statement))

    def places_apart() -> Spread | None:
        leaves = frozenset(of_round.tree.leaves)
        return spread(place for place in places if place[0].id in leaves)

    is_compared = bool(history) and statement.scale.is_ordered
    change_sentences = findings.about_change(
        history, known.time_change(history, node_id, changes) if is_compared else NOTHING_COMPARED
    )
    labels = _labels(of_round, statement)
    palette = colours_of(statement)
    round_sentences = (
        *findings.about_round(now, labels),
        *findings.about_new_statement(now, rounds, node_id),
    )
    figures = sorted(
        (report for report in earlier_figures if report.node_id == node_id), key=lambda report: report.first
    )
    earlier_lines = tuple(
        earlier_line(report, counts, now.statement, labels)
        for report in figures
        if (counts := report.known(statement.id)) and not statement.several
    )
    places = tuple(
        (node, node_row)
        for node, node_row in by_place(document, of_round, statement)
        if node_id in of_round.tree.upwards(node.id)
    )
    shown_history, shown_places = extent.of_rounds(history, now), extent.of_places(places)
    charts = [_now_chart(document, now, round_sentences, labels, palette)] if now.on_scale else []
    # A chart over time or of places has one bar for each, which several answers do not fill.
    if not statement.several:
        if earlier_lines or (len(history) > 1 and any(round_row.on_scale for round_row in history)):
            drawn = (history, shown_history, earlier_lines)
            charts.append(_time_chart(document, drawn, change_sentences, now, labels, palette))
        if shown_places and len(places) > 1 and any(node_row.on_scale for _, node_row in places):
            is_ordered = statement.scale.is_ordered
            place_sentences = (
                findings.about_places(known.spread(of_round, node_id, statement, places_apart))
                if is_ordered
                else (findings.without_order(),)
            )
            charts.append(_places_chart(document, shown_places, place_sentences, now, labels, palette))
    return Section(
        statement.id,
        node_id,
        asked(of_round.survey, statement.text),
        statement.outcome,
        labels,
        palette,
        now,
        history,
        earlier_lines,
        round_sentences,
        places,
        tuple(charts),
        shown_history,
        shown_places,
        change_sentences,
    )


def with_comments(sections: Iterable[Section], comments: Mapping[str, str]) -> list[Section]:
    """Return the sections with their comments, in the same order. `comments` is statement id -> comment in
    the round; a statement that it lacks has none."""
    return [replace(section, comment=comments.get(section.id, "")) for section in sections]


def _now_chart(document: Document, now: Row, sentences: Strings, labels: Strings, palette: Strings) -> Chart:
    """Return the chart of the shown round: one bar, or one for each option if a guest may choose several. The
    page has the answers outside the scale as text (`Section.beside`), so that the bar has none below it."""
    if now.statement.several:
        return Chart(
            ChartKind.NOW,
            translate("Svar"),
            translate("En stapel för varje svar."),
            sentences,
            lines_of_options(now, labels),
            (translate("Valde svaret"),),
            palette,
            (*findings.about_protection([now]), *findings.about_intervals([now])),
            findings.origin(document, now, [now]),
            findings.n_heading(now),
        )
    line = counted_line(round_name(now), round_label(now), now, now, labels)
    return Chart(
        ChartKind.NOW,
        translate("Omgång"),
        "",
        sentences,
        (replace(line, bar=replace(line.bar, outside="")),),
        labels,
        palette,
        (*findings.about_protection([now]), *findings.about_intervals([now])),
        findings.origin(document, now, [now]),
        is_follow_up=bool(now.statement.follows),
    )


def _time_chart(
    document: Document,
    drawn: tuple[Sequence[Row], Sequence[Row], Sequence[Line]],
    sentences: Strings,
    now: Row,
    labels: Strings,
    palette: Strings,
) -> Chart:
    """Return a chart with a bar for each of the earlier figures, then one for each round, the earliest first.
    A sentence separates the two. `drawn` is (all rows, the rows with a bar, the lines of earlier figures);
    with earlier figures there is at least one row with a bar."""
    history, shown, earlier_lines = drawn
    lines = [
        counted_line(round_name(round_row), round_label(round_row), round_row, now, labels)
        for round_row in shown
    ]
    if earlier_lines:
        first = replace(lines[0].bar, broken=translate("Ovanför: importerat, räknat på annat sätt."))
        lines[0] = replace(lines[0], bar=first)
    return Chart(
        ChartKind.TIME,
        translate("Omgång"),
        translate("En stapel för varje omgång."),
        sentences,
        (*earlier_lines, *lines),
        (*labels, translate("Okänt")) if earlier_lines else labels,
        (*palette, UNKNOWN) if earlier_lines else palette,
        findings.about_protection(shown or [now]),
        (
            *(f"{line.name}." for line in earlier_lines),
            *findings.about_versions(history),
            *findings.origin(document, now, history or [now]),
        ),
        is_follow_up=bool(now.statement.follows),
    )


def _places_chart(
    document: Document, shown: Places, sentences: Strings, now: Row, labels: Strings, palette: Strings
) -> Chart:
    """Return a chart with a bar for the node and each node below it; its sentences compare units only."""
    return Chart(
        ChartKind.PLACES,
        translate("Verksamhet"),
        translate("En stapel för varje verksamhet, med samma skala."),
        sentences,
        tuple(
            counted_line(node.name, _in_lines(node.name), node_row, now, labels) for node, node_row in shown
        ),
        labels,
        palette,
        findings.about_protection([node_row for _, node_row in shown]),
        findings.origin(document, now, [now]),
        is_follow_up=bool(now.statement.follows),
    )


def picture(section: Section, chart: Chart) -> Picture:
    """Return a chart as a picture with its title, sentences, the meaning of n, and the source, for readers
    who see it without the page."""
    notes = [findings.place_and_period(section.now, section.node_id), *chart.sentences]
    if chart.kind is ChartKind.NOW:
        notes.append(section.beside_heading + " " + ", ".join(section.beside) + ".")
    if chart.kind is ChartKind.TIME:
        notes = [f"{section.now.round.tree.node(section.node_id).name}.", *chart.sentences]
    notes.append(" ".join(chart.protection))
    base = findings.about_n(section.now)
    return replace(bare_picture(chart), title=section.text, notes=(*notes, base, *chart.notes))


def bare_picture(chart: Chart) -> Picture:
    """Return a chart as a picture without title and notes, for a page that has these texts."""
    return Picture("", chart.labels, chart.palette, tuple(line.bar for line in chart.lines), ())


def wall_picture(document: Document, of_round: Round, node_id: str, statement: Statement) -> Picture:
    """Return the chart of one statement in a round, as a picture for a wall screen. Without answers on the
    scale, its bar has the reason in place of segments. `document` may be reduced to this round and node."""
    now, labels = row(document, of_round, node_id, statement), _labels(of_round, statement)
    sentences = findings.about_round(now, labels)
    chart = _now_chart(document, now, sentences, labels, colours_of(statement))
    title = asked(of_round.survey, statement.text)
    return replace(bare_picture(chart), title=title, notes=(*sentences, *chart.protection))


def _labels(of_round: Round, statement: Statement) -> Strings:
    """Return the labels of a statement's options, the highest first, in the reader's language."""
    return tuple(asked(of_round.survey, label) for label in reversed(statement.answers))


def _in_lines(name: str) -> str:
    """Return a node's name for a chart, on at most two lines separated by `<br>`, cut with "…" if it is
    longer."""
    lines = textwrap.wrap(name, 17)
    return "<br>".join(lines[:2]) + (" …" if len(lines) > 2 else "")
