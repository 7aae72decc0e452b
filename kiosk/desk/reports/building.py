"""Builds a report's document from its written parts and from published figures.

Figures are from closed rounds only, each with its rule, n, round and protection. The program's own sentences
report answers, and claim no causes.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import zip_longest

from kiosk.desk.activities.outputs import begun, figure_words, of_unit, output_charts, with_gaps
from kiosk.desk.context import desk
from kiosk.desk.i18n import day, named_period, translate
from kiosk.desk.reports.content import Content, ShownStatement, share_rule, without_figure
from kiosk.desk.reports.earlier_statements import method, statement_blocks
from kiosk.desk.reports.glance import glance
from kiosk.desk.results.chart_rows import Chart, ChartKind
from kiosk.desk.results.statement_view import Section, bare_picture
from kiosk.desk.surveys.origin import origin_of_instrument
from kiosk.desk.theory.routes import (
    Cell,
    Evidence,
    PublishedFigures,
    of_statements,
    outputs_without_activity,
    theory_columns,
)
from kiosk.domain.counters import NO_TARGET, Counter, Figure, Period, Quality, month_of, year_of
from kiosk.domain.report import Block, Kind, Part, ReportDocument, data_rows, prose
from kiosk.domain.results import answered
from kiosk.domain.rounding import whole_percent
from kiosk.domain.rounds import ProtectionLevel, Round
from kiosk.domain.theory import Layer
from kiosk.output.chart_pictures import svg

ASKED_COUNTER = "asked"
"""Id of the counter of guests who were asked to answer."""


def part_names(content: Content) -> dict[Part, str]:
    """Return part -> heading for every part of a report, in the order of the report."""
    organisation = content.terms.organisation
    return {
        Part.ABOUT: translate("Det här är {organisation}", organisation=organisation),
        Part.VISION: translate("Vision"),
        Part.MISSION: translate("Uppdrag"),
        Part.VALUES: translate("Värdegrund"),
        Part.CONTEXT: translate(
            "I vilket organisatoriskt sammanhang verkar {organisation}", organisation=organisation
        ),
        Part.ORGANISATION: translate("Organisation"),
        Part.LEADERSHIP: translate("Ledarskap"),
        Part.STRATEGY: translate("Strategi"),
        Part.SERVICES: translate("Verksamheter"),
        Part.SCOPE: translate("Effektrapportering"),
        Part.THEORY: translate("Förändringsteori"),
        Part.RESOURCES: translate("Använda resurser"),
        Part.OUTPUTS: translate("Aktiviteter och prestationer"),
        Part.EVALUATION: translate("Utvärdering"),
        Part.COMMENTS: translate("Kommentarer {survey}", survey=content.people.survey),
        Part.SUMMARY: translate("Sammanfattning"),
        Part.DEFINITIONS: translate("Definitioner"),
        Part.OTHER: translate("Övriga upplysningar"),
    }


def comment_part(statement_id: str) -> str:
    """Return the name under which the comment on a statement is stored, such as "comment-safe"."""
    return f"comment-{statement_id}"


def build(content: Content, edition: str) -> ReportDocument:
    """Return the report's document: the summary on one page (`glance`), then the parts. A part is left out if
    it has neither written text nor blocks of the program's own (PROGRAM_BLOCKS).

    `edition` is the text about the edition on the cover; in a demonstration, a warning is added to it. The
    caller has set the reference language (`in_reference_language`).
    """
    blocks: list[Block] = []
    if content.figures.document["demonstration"]:
        made_up = translate("DEMONSTRATION: svaren är påhittade.")
        blocks.append(Block(Kind.WARNING, made_up))
        edition = f"{edition}. {made_up}"  # for the cover
    blocks += glance(content)
    for part, name in part_names(content).items():
        added = tuple(PROGRAM_BLOCKS[part](content)) if part in PROGRAM_BLOCKS else ()
        written = prose(content.words.get(part, ""))
        if added or written:
            blocks += [Block(Kind.HEADING, name, level=1), *written, *added]
    terms = content.terms
    subtitle = f"{content.place.node.name}, {terms.year}"
    return ReportDocument(terms.title, subtitle, "sv", edition, tuple(blocks), terms.organisation, _logo())


def _logo() -> str:
    """Return the logo of the installation's theme as a data: URL; "" without one."""
    logo = desk().library.theme.logo
    return f"data:{logo.media_type};base64,{b64encode(logo.content).decode()}" if logo else ""


def _scope(content: Content) -> Iterator[Block]:
    """Yield the place and year of the report, and the title and definition of the report's theory."""
    place, theory = content.place.node.name, content.theory
    yield Block(
        Kind.PARAGRAPH,
        translate("Rapporten gäller {place} under {year}.", place=place, year=content.terms.year),
    )
    yield Block(
        Kind.PARAGRAPH, translate("{title}: {definition}.", title=theory.title, definition=theory.definition)
    )


def _theory(content: Content) -> Iterator[Block]:
    """Yield the theory's target group, a table of its columns with the last figures, its source, and a table
    of its goals if it has some. Figures are from the report's rounds, and outputs from years up to the
    report's year."""
    yield Block(Kind.PARAGRAPH, translate("Målgrupp: {group}.", group=content.theory.target_group))
    figures = replace(content.figures, rounds=content.rounds, last_year=content.terms.year)
    columns = theory_columns(content.theory, content.place, figures)
    rows = zip_longest(*([_cell(content, cell) for cell in cells] for _, cells in columns), fillvalue="")
    header = tuple(heading for heading, _ in columns)
    yield Block(
        Kind.TABLE,
        translate("Förändringsteori"),
        header=header,
        rows=tuple(rows),
        has_row_headings=False,  # each column is a list of its own
    )
    yield Block(Kind.NOTE, translate("Källa: {source}.", source=content.theory.source))
    if content.theory.goals:
        goals = tuple(
            (f"{goal.number}. {goal.text}", _measured(content, goal.statements, figures))
            for goal in content.theory.goals
        )
        header = (translate("Mål"), translate("Mäts med"))
        yield Block(Kind.TABLE, translate("Våra mål"), header=header, rows=goals)


def _measured(content: Content, statements: Sequence[str], figures: PublishedFigures) -> str:
    """Return the statements that measure a goal and the last figure of each, as lines; "not measured" if
    there are none. `statements` has the ids of the statements, `figures` the figures of the report's rounds.
    """
    lines = _figures(content, statements, of_statements(statements, content.place, figures))
    return "\n".join(lines) if lines else translate("Mäts inte")


def _figures(content: Content, statements: Sequence[str], evidence: Sequence[Evidence]) -> list[str]:
    """Return the lines of each of `evidence`, in this order: the measure's name, its last figure, and the
    figure's origin. A statement without a figure from the report's rounds has that of earlier figures, or a
    line that it has none.

    `statements` has the id of the statement of each of `evidence`, "" for a counter.
    """
    earlier = {statement.known.statement_id: statement.sentences[:1] for statement in content.earlier}
    lines: list[str] = []
    for statement_id, piece in zip(statements, evidence, strict=True):
        figures = piece.lines or earlier.get(statement_id, ()) or (translate("Ingen siffra ännu."),)
        # The result, and the round or the gaps: the sentences between them have no room in a table.
        lines += (piece.measured_by, *dict.fromkeys((figures[0], figures[-1])))
    return lines


def _cell(content: Content, cell: Cell) -> str:
    """Return a theory box's text and, on the lines below it, its measures with their last figures, or that it
    is not measured, and its goals. A box of a kind without measures has no line about them."""
    lines = [cell.box.text]
    if cell.evidence:
        statements = (cell.box.measure and cell.box.measure.statements) or ("",)  # a counter is no statement
        lines += _figures(content, statements, cell.evidence)
    elif cell.evidence is not None:  # empty: said not to be measured
        lines.append(translate("Mäts inte"))
    if cell.goals:
        lines.append(translate("Mål: {goals}", goals=", ".join(cell.goals)))
    return "\n".join(lines)


def _outputs(content: Content) -> Iterator[Block]:
    """Yield the outputs of the year: their table with its notes, then the charts by month."""
    yield from _output_table(content)
    yield from _mismatch(content)
    yield from _taps_by_target(content)
    yield from _output_charts(content)


def _output_table(content: Content) -> Iterator[Block]:
    """Yield a table with each output, its figure of the year with its quality, and the definition of its
    counter. Below it are a note about missing months or units, if a figure lacks some, and a note that
    persons may be counted several times."""
    rows, has_gaps = [], False
    for box in content.theory.boxes_in(Layer.OUTPUTS):
        counter = (
            desk().library.counters[box.measure.counter] if box.measure and box.measure.counter else None
        )
        words, has_gap = _figure_of_year(content, counter) if counter else (translate("Mäts inte"), False)
        has_gaps = has_gaps or has_gap
        rows.append((box.text, words, counter.definition if counter else ""))
    header = (translate("Prestation"), str(content.terms.year), translate("Vad som räknas"))
    yield Block(
        Kind.TABLE, translate("Prestationer {year}", year=content.terms.year), header=header, rows=tuple(rows)
    )
    if has_gaps:
        yield Block(Kind.NOTE, translate("*: uppgifter saknas för någon månad eller verksamhet."))
    yield Block(
        Kind.NOTE,
        translate(
            "Ingen person är identifierad. Därför kan samma person vara räknad flera gånger, och antalet "
            "individer är inte rensat från dubbletter."
        ),
    )


def _mismatch(content: Content) -> Iterator[Block]:
    """Yield a note with the activities that nobody counts, and one with the counted outputs that belong to no
    activity; each only if there are some."""
    uncounted = [box.text for box in content.theory.uncounted_activities]
    unnamed = [box.text for box in outputs_without_activity(content.theory)]
    if uncounted:
        words = translate("Aktiviteter som ingen räknar för sig:")
        yield Block(Kind.NOTE, f"{words} {', '.join(uncounted)}.")
    if unnamed:
        words = translate("Räknas utan att höra till en aktivitet:")
        yield Block(Kind.NOTE, f"{words} {', '.join(unnamed)}.")


def _output_charts(content: Content) -> Iterator[Block]:
    """Yield a chart by unit and month for each counter of the theory with at least two figures in the year,
    and for each unit with figures a table of these counters. Yield nothing without a chart."""
    year, outputs = content.terms.year, content.figures.outputs
    measured = {box.measure.counter for box in content.theory.boxes_in(Layer.OUTPUTS) if box.measure}
    counters = [
        counter
        for counter in desk().library.counters.values()
        if counter.id in measured and not counter.is_total
    ]
    units = {unit: content.place.tree.node(unit).name for unit in content.place.units}
    charts = output_charts(counters, outputs, units, year)
    if not charts:
        return
    yield Block(Kind.HEADING, translate("Prestationer månad för månad"), level=2)
    for chart in charts:
        yield Block(Kind.CHART, chart.described, svg=chart.svg, data=chart.data)
    header = (translate("Period"), *(translate(chart.counter.name) for chart in charts))
    shown = [chart.counter for chart in charts]
    for unit, name in units.items():
        if any(outputs.finest(counter, unit, year_of(year)) for counter in shown):
            lines = of_unit(shown, outputs, unit, begun(year, month_of(date(year, 12, 1))))
            rows = tuple((line.heading, *line.figures) for line in lines)
            yield Block(
                Kind.TABLE, translate("{place}, månad för månad", place=name), header=header, rows=rows
            )


def _figure_of_year(content: Content, counter: Counter) -> tuple[str, bool]:
    """Return (the year's figure in words, whether some month or unit is missing in it). Without a figure, the
    words say that there is none, and nothing counts as missing."""
    figure = content.output(counter)
    return (with_gaps(figure), not figure.is_complete) if figure else (translate("ingen uppgift"), False)


def _taps_by_target(content: Content) -> Iterator[Block]:
    """Yield a note for each counter with targets, the authorities and services that guests are linked to
    (`Target`), if it has taps at the report's place in the year: the number of taps for each target."""
    for counter in desk().library.counters.values():
        outputs = content.figures.outputs
        taps = (
            outputs.by_target(counter, content.place.units, year_of(content.terms.year))
            if counter.targets
            else {}
        )
        names = {
            NO_TARGET: translate("utan mål"),
            **{target.id: translate(target.name) for target in counter.targets},
        }
        if taps:
            each = ", ".join(f"{names[target]} {number}" for target, number in taps.items())
            yield Block(
                Kind.NOTE,
                translate("{counter}, av dem som trycktes: {each}.", counter=counter.name, each=each),
            )


def _evaluation(content: Content) -> Iterator[Block]:
    """Yield the method of the survey, its limits, and the charts of each statement: those of the report's
    rounds, then those of earlier figures. Without rounds and earlier figures, only a paragraph that the
    effect is not measured."""
    yield Block(Kind.HEADING, translate("Så gjordes enkäten"), level=2)
    if not content.states and not content.earlier:
        yield Block(Kind.PARAGRAPH, translate("Ingen enkät ingår: effekten är inte mätt."))
        return
    for of_round in content.rounds:
        yield Block(Kind.PARAGRAPH, _sentences_about_round(content, of_round))
    yield from method(content.earlier, content.place.node.name)
    if without := content.without_figures:
        yield Block(Kind.PARAGRAPH, without_figure(without))
    yield Block(Kind.PARAGRAPH, _non_response(content))
    yield Block(Kind.HEADING, translate("Vad siffrorna inte säger"), level=2)
    yield Block(
        Kind.PARAGRAPH,
        translate(
            "Svaren är anonyma och visar hur de som svarade såg på saken när de svarade. Var och en väljer "
            "själv om den svarar, och samma person kan ha svarat i flera omgångar. Därför går det inte att "
            "säga att någon enskild {person} har förändrats, eller att verksamheten är orsaken till en "
            "skillnad.",
            person=content.people.person,
        ),
    )
    for shown in content.shown:
        yield from _statement(content, shown)
    for earlier in content.earlier:
        yield from statement_blocks(earlier)
        yield from prose(content.words.get(comment_part(earlier.known.statement_id), ""))


def _sentences_about_round(content: Content, of_round: Round) -> str:
    """Return sentences about a round: its number of ballots at the report's place, its protection, the
    numbers of statements asked and shown, whether its survey is validated and, for an instrument, the
    survey's origin."""
    node = content.place.node
    ballots = answered(content.figures.document, of_round, node.id)
    shown = sum(statement.id in content.terms.statements for statement in of_round.survey.statements)
    kinds = {
        ProtectionLevel.PROTECTED: translate("skyddade med slumptal"),
        ProtectionLevel.STRONG: translate("starkt skyddade med slumptal"),
        ProtectionLevel.EXACT: translate("exakta"),
    }
    sentence = translate(
        "{title}, {period}: {number} svar från {people} är räknade för {place}. Siffrorna är {kind} "
        "och visas från {k} svar. Enkäten hade {asked} påståenden, rapporten visar {shown}.",
        title=of_round.survey.title,
        period=named_period(of_round),
        number=translate("för få") if ballots is None else ballots,
        people=content.people.several,
        place=node.name,
        kind=kinds[of_round.level],
        k=of_round.k,
        asked=len(of_round.survey.statements),
        shown=shown,
    )
    validated = (
        translate("Frågorna är prövade vetenskapligt (validerade).")
        if of_round.survey.validated
        else translate("Frågorna är inte prövade vetenskapligt (inte validerade).")
    )
    return " ".join([sentence, validated, *origin_of_instrument(of_round.survey)])


def _non_response(content: Content) -> str:
    """Return sentences with the number of ballots, the number of guests who were asked to answer
    (ASKED_COUNTER) in the months of the report's rounds, and the share of these that answered.

    If a month or a round has no number, or there are more ballots than guests asked, the sentences say that
    the share is not known.
    """
    counter = desk().library.counters.get(ASKED_COUNTER)
    figure = content.output(counter) if counter else None
    if counter is None or figure is None or figure.quality is Quality.NOT_COUNTED:
        return translate(
            "Hur många {people} som tillfrågades är inte räknat. Därför är bortfallet okänt.",
            people=content.people.several,
        )
    months = _months_of_rounds(content.rounds)
    asked = [content.output(counter, month) for month in months]
    known = [figure for figure in asked if figure and figure.quality is not Quality.NOT_COUNTED]
    answers = [
        answered(content.figures.document, of_round, content.place.node.id) for of_round in content.rounds
    ]
    if len(known) < len(months) or not months or None in answers:
        return translate(
            "Under {year} tillfrågades {number} {people}. Omgångarna gäller inte samma tid, så bortfallet är "
            "okänt.",
            people=content.people.several,
            year=content.terms.year,
            number=figure_words(figure).removesuffix("*"),
        )
    is_counted = all(figure.quality is Quality.COUNTED for figure in known)
    total = Figure(
        sum(figure.number for figure in known), Quality.COUNTED if is_counted else Quality.ESTIMATED
    )
    number = sum(ballots or 0 for ballots in answers)
    if number > total.number:
        return translate(
            "{answers} svar är räknade och {number} {people} tillfrågade. Fler svarade än som tillfrågades, "
            "så bortfallet är okänt.",
            people=content.people.several,
            answers=number,
            number=figure_words(total),
        )
    return translate(
        "{answers} svar är räknade av {number} tillfrågade {people} under omgångarnas månader: {share} av "
        "100. Varför de andra inte svarade är inte känt.",
        people=content.people.several,
        answers=number,
        number=figure_words(total),
        share=whole_percent(number, total.number) if total.number else 0,
    )


def _months_of_rounds(rounds: Sequence[Round]) -> list[Period]:
    """Return the months in which any of the rounds was open, the earliest first, each once."""
    months: set[Period] = set()
    for of_round in rounds:
        month, last = month_of(of_round.opens_at), month_of(of_round.closes_at - timedelta(seconds=1))
        while month <= last:
            months.add(month)
            month = month_of(month.first + timedelta(days=31))
    return sorted(months)


def _statement(content: Content, shown: ShownStatement) -> Iterator[Block]:
    """Yield a statement's charts of one round and over time, each with its table and note, then its share
    rule and the comment on it. Without a chart, sentences that say why stand in place of them."""
    section = shown.section
    yield Block(Kind.HEADING, section.text, level=2)
    if not section.charts:
        yield Block(Kind.PARAGRAPH, " ".join(section.sentences))
    for chart in (chart for chart in section.charts if chart.kind is not ChartKind.PLACES):
        yield from _chart(section, chart, shown.round, _first_use(content, shown))
    yield Block(Kind.NOTE, share_rule(shown))
    yield from prose(content.words.get(comment_part(section.id), ""))


def _first_use(content: Content, shown: ShownStatement) -> date:
    """Return the day since which the shown wording of a statement has been used without a break: the opening
    of the earliest closed round with this wording. Between that round and the shown one, no round of the same
    survey worded the statement otherwise; other surveys may have."""
    survey, opening = shown.round.survey, shown.round.opens_at
    asking = [of_round for of_round in content.figures.rounds if of_round.survey.asks(shown.statement.id)]
    for of_round in sorted(asking, key=lambda of_round: of_round.opens_at, reverse=True):
        if of_round.opens_at >= opening:
            continue
        if survey.words_alike(of_round.survey, shown.statement.id):
            opening = of_round.opens_at
        elif of_round.survey.id == survey.id:
            break
    return opening.date()


def _chart(section: Section, chart: Chart, of_round: Round, first_use: date) -> Iterator[Block]:
    """Yield a chart, its sentences, its table, and a note about protection and limits. For the chart of one
    round (NOW), the note begins with the place, the period of `of_round`, and the day (`first_use`) since
    which the wording is the same; other charts use neither argument."""
    described = " ".join((section.text, chart.alternative))
    yield Block(Kind.CHART, described, svg=svg(bare_picture(chart)), data=data_rows(chart.table))
    yield Block(Kind.PARAGRAPH, " ".join(chart.sentences))
    # A line for each option and a column for each round: the page is narrow.
    table = zip(*(["–" if cell is None else str(cell) for cell in row] for row in chart.table), strict=True)
    header, *lines = table
    yield Block(Kind.TABLE, section.text, header=(translate("Svar"), *header[1:]), rows=tuple(lines))
    worded = translate("Påståendet och svaren har haft samma lydelse sedan {day}.", day=day(first_use))
    where = (
        f"{of_round.tree.node(section.node_id).name}, {named_period(of_round)}. {worded}"
        if chart.kind is ChartKind.NOW
        else ""
    )
    yield Block(Kind.NOTE, " ".join(filter(None, (where, *chart.protection, *chart.notes))))


def _definitions(content: Content) -> Iterator[Block]:
    """Yield a paragraph with a term and its meaning, for each term that reports explain. A term that only a
    strongly protected round needs is left out without one."""
    label = content.theory.results_label
    for name, words in (
        (
            translate("Prestationer"),
            translate("de aktiviteter som verksamheten har gjort, till exempel länkning."),
        ),
        (
            label,
            translate(
                "det som prestationerna har nått fram till, mätt som andelen som svarade på ett visst sätt."
            ),
        ),
        (
            translate("Effekter"),
            translate("den förändring på sikt som verksamheten arbetar för, till exempel ökad egenmakt."),
        ),
        (
            translate("Räknat och uppskattat"),
            translate(
                "en räknad siffra är tryckt eller antecknad gång för gång, "
                "en uppskattad är bedömd i efterhand."
            ),
        ),
        (
            translate("Skyddade siffror"),
            translate(
                "varje antal är ändrat med ett slumptal, "
                "så att ingen säkert kan räkna ut vad en viss person svarade."
            ),
        ),
        *_strong(content),
    ):
        yield Block(Kind.PARAGRAPH, f"{name}: {words}")


def _strong(content: Content) -> Iterator[tuple[str, str]]:
    """Yield (term, meaning) for strongly protected figures, if one of the report's rounds has them."""
    if ProtectionLevel.STRONG in {of_round.level for of_round in content.rounds}:
        yield (
            translate("Starkt skyddade siffror"),
            translate(
                "skyddade siffror med ungefär dubbelt så stora slumptal. Varje stapel kan vara fel på flera "
                "svar, så läs spannet i stället."
            ),
        )


def _other(content: Content) -> Iterator[Block]:
    """Yield a table of the year's figures of counters that measure no output of the theory, such as visits,
    and a note if some have gaps; nothing without such figures. ASKED_COUNTER is left out: it is in the
    evaluation."""
    measured = {box.measure.counter for box in content.theory.boxes_in(Layer.OUTPUTS) if box.measure}
    counters = (
        counter
        for counter in desk().library.counters.values()
        if counter.id not in measured | {ASKED_COUNTER}
    )
    figures = [(counter, figure) for counter in counters if (figure := content.output(counter))]
    if not figures:
        return
    header = (translate("Vad"), str(content.terms.year), translate("Vad som räknas"))
    rows = tuple(
        (translate(counter.name), with_gaps(figure), translate(counter.definition))
        for counter, figure in figures
    )
    caption = translate("Andra siffror {year}", year=content.terms.year)
    yield Block(Kind.TABLE, caption, header=header, rows=rows)
    if not all(figure.is_complete for _, figure in figures):
        yield Block(Kind.NOTE, translate("*: uppgifter saknas för någon månad eller verksamhet."))


PROGRAM_BLOCKS: Mapping[Part, Callable[[Content], Iterator[Block]]] = {
    Part.SCOPE: _scope,
    Part.THEORY: _theory,
    Part.OUTPUTS: _outputs,
    Part.EVALUATION: _evaluation,
    Part.DEFINITIONS: _definitions,
    Part.OTHER: _other,
}
"""Part -> function that yields the program's own blocks, which come after the written text. The other parts
have written text only."""
