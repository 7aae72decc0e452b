"""The results of a round at one place as a document for print: every statement, n, protection and method."""

from collections.abc import Iterator, Sequence
from itertools import chain

from kiosk.desk.context import desk
from kiosk.desk.i18n import day, language, period, translate
from kiosk.desk.respondents import people_at
from kiosk.desk.results.chart_rows import ChartKind
from kiosk.desk.results.findings import origin, percent, share_rule
from kiosk.desk.results.method import figure_explanations, self_selection
from kiosk.desk.results.overview import Entry, Overview
from kiosk.desk.results.statement_view import Section, bare_picture
from kiosk.domain.report import Block, Kind, ReportDocument, data_rows
from kiosk.domain.results import PERCENT_FROM
from kiosk.domain.rounds import Round
from kiosk.domain.snapshot import Document, made_at
from kiosk.output.chart_pictures import svg

LINE = "\n"
"""Separates the lines of a cell."""


def place_document(
    document: Document, of_round: Round, node_id: str, overview: Overview, sections: Sequence[Section]
) -> ReportDocument:
    """Return the results of a round at one node as a document for print, in the reader's language.

    `document` is the snapshot. `sections` has a section for each entry of `overview`, in the same order.
    """
    counted, place, theme = made_at(document), of_round.tree.node(node_id).name, desk().library.theme
    time = f"{counted:%H:%M}" if counted else ""
    when = translate("Räknat: {day} kl. {time}", day=day(counted), time=time) if counted else ""
    blocks: list[Block] = []
    if document["demonstration"]:
        made_up = translate("DEMONSTRATION: svaren är påhittade.")
        blocks.append(Block(Kind.WARNING, made_up))
        when = f"{when}. {made_up}"  # for the cover
    blocks += _overview(overview)
    blocks += chain.from_iterable(_statement(section) for section in sections)
    blocks += _method(document, of_round, sections)
    logo = theme.logo.address if theme.logo else ""
    names = dict.fromkeys((of_round.title, of_round.survey.title, period(of_round)))
    subtitle = ", ".join(names)
    return ReportDocument(place, subtitle, language(), when, tuple(blocks), theme.name, logo)


def _overview(overview: Overview) -> Iterator[Block]:
    yield Block(Kind.HEADING, translate("Översikt"), level=1)
    yield Block(Kind.PARAGRAPH, overview.headline)
    header = (
        translate("Påstående"),
        translate("På skalan (n)"),
        translate("Andel"),
        translate("Ändring"),
    )
    rows = tuple(_overview_row(entry) for entry in overview.entries)
    yield Block(Kind.TABLE, translate("Alla påståenden"), header=header, rows=rows)
    yield Block(Kind.NOTE, " ".join((*overview.counted, *overview.compared_rounds, *overview.protection)))


def _overview_row(entry: Entry) -> tuple[str, ...]:
    """Return an entry's text, n, share with its interval, and change with its detail. Without answers on the
    scale, a dash stands for n, and the reason for the share."""
    change = LINE.join(filter(None, (entry.verdict.word, entry.verdict.detail)))
    if entry.missing:
        return (entry.text, "–", entry.missing, change)
    share = LINE.join(filter(None, (entry.share, entry.interval)))
    return (entry.text, str(entry.now.on_scale), share, change)


def _statement(section: Section) -> Iterator[Block]:
    """Yield a statement's chart of the round with its sentences, comment and numbers; without answers on the
    scale, the sentences and the comment only."""
    yield Block(Kind.HEADING, section.text, level=1)
    shown = [chart for chart in section.charts if chart.kind is ChartKind.NOW]
    for chart in shown:
        described = " ".join((section.text, chart.alternative))
        yield Block(Kind.CHART, described, svg=svg(bare_picture(chart)), data=data_rows(chart.table))
    yield Block(Kind.PARAGRAPH, " ".join(section.sentences))
    for words in section.commented:
        yield Block(Kind.PARAGRAPH, words)
    if shown:
        yield from _numbers(section)
        yield Block(
            Kind.NOTE, " ".join((share_rule(section.now.statement, section.labels), *shown[0].protection))
        )


def _numbers(section: Section) -> Iterator[Block]:
    """Yield a table with the count and percentage of each option and n, then the counts outside the scale as
    a note."""
    row = tuple(f"{share.count}{percent(share.percent, LINE)}" for share in section.now.shares)
    header = (*section.labels, section.n_heading)
    rows = ((*row, str(section.now.on_scale)),)
    yield Block(Kind.TABLE, section.text, header=header, rows=rows, has_row_headings=False)
    yield Block(Kind.NOTE, section.beside_heading + " " + ", ".join(section.beside) + ".")


def _method(document: Document, of_round: Round, sections: Sequence[Section]) -> Iterator[Block]:
    """Yield the explanation of the figures: their protection, their limits, and their source. `sections` has
    at least one."""
    people = people_at(of_round, sections[0].node_id)
    yield Block(Kind.HEADING, translate("Så läser du siffrorna"), level=1)
    for words in (
        *figure_explanations({of_round.level}, people),
        self_selection(people),
        translate("n är antalet svar på skalan. Procent visas från {from_n} svar.", from_n=PERCENT_FROM),
        translate(
            "Här görs många jämförelser. Även där inget har ändrats ser ungefär 1 av 20 ut som en skillnad."
        ),
    ):
        yield Block(Kind.PARAGRAPH, words)
    now = sections[0].now
    yield Block(Kind.NOTE, " ".join(origin(document, now, [now])))
