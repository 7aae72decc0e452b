"""The comparison page: figures of this installation's organisation and imported ones of others, in separate
charts where the statements or the protection differ."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from kiosk.desk.activities.outputs import with_gaps
from kiosk.desk.context import desk
from kiosk.desk.i18n import asked, in_a_row, in_percent, named_period, translate, translate_message
from kiosk.desk.results.findings import about_direction, missing, share_rule
from kiosk.desk.session import for_every_account
from kiosk.domain.aggregate import Aggregate, Scope
from kiosk.domain.comparison import (
    Difference,
    Group,
    Line,
    OutputComparison,
    Party,
    compare,
    compare_outputs,
)
from kiosk.domain.results import PERCENT_FROM, Spread, shares
from kiosk.domain.rounding import outwards
from kiosk.library.aggregates import ReceivedAggregates, received
from kiosk.library.changes import RefusedError
from kiosk.output.aggregates import own_aggregate, years
from kiosk.output.interval_chart import PAGE, PHONE, IntervalLine, intervals_svg

blueprint = Blueprint("comparison", __name__)

OWN = "own"
"""Id of this installation's organisation as a party of a comparison; others have the fingerprint of their
key."""


@dataclass(frozen=True)
class LineView:
    """A line of the table beside a chart, about an organisation or one of its places. `agreeing`, `interval`
    and `period` are in words; `agreeing` is the number of answers that agree and n, or the reason why there
    is none. `interval` is the confidence interval of the share that agrees, in percent, or the remark that
    there are too few answers. `k` is that of the round."""

    name: str
    is_own: bool
    period: str
    agreeing: str
    interval: str
    k: int


@dataclass(frozen=True)
class GroupView:
    """A group of comparable lines about one statement, with its chart for wide pages (`svg`) and for narrow
    ones.

    `text` is the statement's. `rule` has the scale and the options that count as agreeing. `apart` is a
    sentence with the differences from the first group of the same statement, "" for the first group.
    `sentences` say in which lines the share that agrees is largest and smallest, and whether that may be
    chance; if the survey says that a low share is good, or that neither is, they say this too.
    """

    text: str
    rule: str
    apart: str
    svg: str
    narrow_svg: str
    lines: tuple[LineView, ...]
    sentences: tuple[str, ...]


@blueprint.route("/comparison")
@for_every_account
def comparison() -> ResponseReturnValue:
    """Show the figures of all organisations in one year. The address names it with `year`; by default it is
    the latest year with figures or, without any figures, the present year. Aborts with 404 for a year without
    figures that is not this default, and if files cannot be changed."""
    if desk().settings is None:
        abort(404)
    others, left_out = read_received()
    of_others = {signed.aggregate.year for signed in others.aggregates}
    offered = sorted({*years(desk().store), *of_others}, reverse=True) or [desk().clock().year]
    year = request.args.get("year", type=int, default=offered[0])
    if year not in offered:
        abort(404)
    parties = list(_parties(others, year))
    is_shared = len(parties) == 1 and parties[0].has_several_trees
    if is_shared:
        parties = [replace(parties[0], is_own=False)]  # no line is more one's own than another
    columns = compare_outputs(parties)
    return render_template(
        "comparison.html",
        year=year,
        years=offered,
        parties=parties,
        topics=[[_group(group) for group in topic.groups] for topic in compare(parties)],
        headings=column_headings(columns),
        outputs=[(party, [_output(column, party) for column in columns]) for party in parties],
        left_out=left_out,
        is_alone=len(parties) == 1 and not is_shared,
        name_of=organisation,
    )


def read_received() -> tuple[ReceivedAggregates, list[str]]:
    """Return (imported aggregates, sentences about the files that are left out, such as one that is damaged).
    If none can be read, the aggregates are empty and the sentences give the reason. Raises SettingsError if
    files cannot be changed."""
    try:
        others = received(desk().own_settings)
    except RefusedError as error:
        return ReceivedAggregates((), ()), [translate_message(message) for message in error.messages]
    return others, [f"{faulty.file}: {translate_message(faulty.message)}" for faulty in others.faulty]


def own_name() -> str:
    """Return the name of this installation's organisation: that of the theme, else that of the report of the
    latest year, else ""."""
    reports = desk().store.reports.all().values()
    latest = max(reports, key=lambda terms: terms.year, default=None)
    return desk().library.theme.name or (latest.organisation if latest else "")


def _parties(others: ReceivedAggregates, year: int) -> Iterator[Party]:
    """Yield this installation's organisation, then the others, each with its figures. An organisation without
    figures of the year is left out."""
    scope = Scope(own_name() or translate("Vår organisation"), year)
    own = own_aggregate(desk().store, desk().library, scope, desk().clock())
    all_parties = (
        Party(OWN, own, is_own=True),
        *(Party(signed.key.fingerprint, signed.aggregate) for signed in others.aggregates),
    )
    for party in all_parties:
        if party.aggregate.year == year and (party.aggregate.rounds or party.aggregate.outputs):
            yield party


def organisation(aggregate: Aggregate) -> str:
    """Return the name of the organisation of an aggregate, with a remark if its answers are made up."""
    name = aggregate.organisation
    return translate("{name} (påhittade svar)", name=name) if aggregate.is_demonstration else name


def _group(group: Group) -> GroupView:
    """Return a group as the page shows it. The text and the labels are those of its first line."""
    statement, survey = group.first.statement, group.first.round.survey
    labels = tuple(asked(survey, label) for label in reversed(statement.scale.labels))
    scale = translate("Skala: {labels}.", labels=", ".join(reversed(statement.scale.labels)))
    rule = share_rule(statement, labels)
    sentences = (
        *_spread(group.spread, is_protected=group.first.round.is_protected),
        *about_direction(statement),
    )
    views = tuple(_line(line) for line in group.lines)
    described = " ".join(f"{view.name}: {view.agreeing} {view.interval}" for view in views)
    intervals = [_interval(line) for line in group.lines]
    wide, narrow = (intervals_svg(statement.text, intervals, described, sheet) for sheet in (PAGE, PHONE))
    return GroupView(statement.text, f"{scale} {rule}", _apart(group), wide, narrow, views, sentences)


def _apart(group: Group) -> str:
    """Return a sentence with the differences between a group and the first group of the same statement; ""
    for the first group."""
    names = {
        Difference.WORDING: translate("andra ord"),
        Difference.SCALE: translate("annan skala"),
        Difference.AGREEING: translate("andra svar räknas i andelen"),
        Difference.PROTECTION: translate("skyddade siffror i den ena och exakta i den andra"),
    }
    if not group.differences:
        return ""
    reasons = ", ".join(names[difference] for difference in group.differences)
    return translate("Jämförs inte med dem ovanför: {reasons}.", reasons=reasons)


def _line(line: Line) -> LineView:
    row = line.row
    share, _ = shares((row.agreeing, row.on_scale - row.agreeing))
    agreeing = (
        translate("{count} av {n}", count=share.count, n=row.on_scale) if row.on_scale else missing(row)
    )
    if share.percent is not None:
        agreeing += f" ({in_percent(share.percent)})"
    return LineView(
        _name(line),
        line.party.is_own,
        named_period(row.round),
        agreeing,
        _interval_words(line),
        row.round.k,
    )


def _name(line: Line) -> str:
    return translate("{name} (påhittade svar)", name=line.name) if _is_made_up(line) else line.name


def _is_made_up(line: Line) -> bool:
    return line.party.aggregate.is_demonstration


def _interval_words(line: Line) -> str:
    """Return the interval in percent as text, or a text saying that there are too few answers for one."""
    interval = line.row.agreeing_interval
    if interval is None:
        return translate("under {n} svar", n=PERCENT_FROM)
    low, high = outwards(interval.low, interval.high, 100)
    return translate("{low}–{high} %", low=low, high=high)


def _interval(line: Line) -> IntervalLine:
    """Return a line of the chart: its share with the interval, in percent, or the count and n below
    PERCENT_FROM answers."""
    row, interval = line.row, line.row.agreeing_interval
    n = f"n = {row.on_scale}"
    if interval is None:
        few = translate("{count} av {n}", count=row.agreeing, n=row.on_scale)
        return IntervalLine(_name(line), n=n, instead=few, is_own=line.party.is_own)
    share, _ = shares((row.agreeing, row.on_scale - row.agreeing))
    return IntervalLine(
        _name(line), share.percent, 100 * interval.low, 100 * interval.high, n, is_own=line.party.is_own
    )


def _spread(of_group: Spread | None, *, is_protected: bool) -> tuple[str, ...]:
    """Return a tuple of one text: which organisations have the largest and the smallest share, and whether
    the difference may be chance or, if `is_protected`, chance or protection. If all shares are equal, the
    text says so. If `of_group` is None, the text says that too few organisations have enough answers."""
    if of_group is None:
        return (
            translate(
                "Färre än två organisationer har minst {n} svar. Därför jämförs de inte.", n=PERCENT_FROM
            ),
        )
    if of_group.is_equal_everywhere:
        return (translate("Lika stor andel svarade så hos alla som kan jämföras."),)
    most, least = (in_a_row(node.name for node, _ in end) for end in (of_group.most, of_group.least))
    where = translate("Störst andel svarade så hos {most}, minst hos {least}.", most=most, least=least)
    if of_group.is_sure:
        chance = translate(
            "Skillnaden är större än slumpen brukar ge. Siffrorna säger inte varför: de som "
            "svarade, verksamheterna och sättet att fråga kan vara olika."
        )
    elif is_protected:
        chance = translate("Skillnaden kan vara slump eller skydd.")
    else:
        chance = translate("Skillnaden kan vara slump.")
    return (f"{where} {chance}",)


def column_headings(columns: Sequence[OutputComparison]) -> list[tuple[str, str]]:
    """Return (name, definition) of each column, in the same order. A name that an earlier column has gets a
    number from 2, such as "Besök (2)"."""
    headings: list[tuple[str, str]] = []
    used = Counter[str]()
    for column in columns:
        used[column.name] += 1
        number = f" ({used[column.name]})" if used[column.name] > 1 else ""
        headings.append((f"{column.name}{number}", column.definition))
    return headings


def _output(column: OutputComparison, party: Party) -> str:
    """Return an organisation's figure in a column, in words. If several of its trees have one, each stands
    with the name of its node; a dash if none has."""
    outputs = column.figures.get(party.id, [])
    if len(outputs) > 1:
        return "; ".join(f"{output.node_name}: {with_gaps(output.figure)}" for output in outputs)
    return with_gaps(outputs[0].figure) if outputs else "–"
