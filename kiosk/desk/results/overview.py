"""The first results page: every statement at one place, then a table of the places below it.

An entry has a bar, the share that agrees, and the change between the last two closed rounds, with the words
for its significance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from markupsafe import Markup

from kiosk.desk.i18n import asked, in_a_row, in_percent, named_period, translate
from kiosk.desk.results.change_words import change_word
from kiosk.desk.results.chart_rows import Strings, counted_bar
from kiosk.desk.results.findings import (
    about_intervals,
    about_protection,
    about_target,
    agreeing_answers,
    break_names,
    is_noisy,
    missing,
    percent,
)
from kiosk.desk.results.published import Snapshot
from kiosk.domain.results import PERCENT_FROM, Row, interval_in_parts
from kiosk.domain.rounding import whole_percent
from kiosk.domain.rounds import Round
from kiosk.domain.statistics import Trend
from kiosk.domain.steps import Step
from kiosk.domain.survey import Good, Statement, Survey
from kiosk.domain.tree import Node
from kiosk.output.inline_bar import inline_bar
from kiosk.output.stacked_bars import Bar, colours_of
from kiosk.storage import RoundState

MOST_CELLS = 120
"""Most cells of the table of places on one page, which has a cell for each place and statement."""

FEWEST_PLACES = 5
"""Fewest places on one page of the table of places, also if they need more than MOST_CELLS."""


class Order(StrEnum):
    """The order of the statements. The values are those of `sort` in the page's address, where a minus before
    them reverses the order."""

    STATEMENT = "statement"
    SHARE = "share"
    CHANGE = "change"


class Kind(StrEnum):
    """The kind of a change of the share that agrees. A significant one goes to the good end of a statement
    (`RIGHT`) or to the other (`WRONG`), or is `UP` or `DOWN` if the statement does not say which end is good.
    `CHANCE` is a change that is not significant, `NONE` that nothing was compared."""

    RIGHT = "right"
    WRONG = "wrong"
    UP = "up"
    DOWN = "down"
    CHANCE = "chance"
    NONE = "none"


@dataclass(frozen=True)
class Verdict:
    """The change of the share that agrees between two rounds, in words. `word` names it in a few words.
    `detail` has the two shares, or refers to the units if the shares cannot be compared, or has the reason
    why nothing is compared."""

    kind: Kind
    word: str
    detail: str


@dataclass(frozen=True)
class Wording:
    """A statement's text and its options' labels in the reader's language, and the options' colours. Labels
    and colours start with the highest option; without an order, they are in the order in which guests see
    them."""

    text: str
    labels: Strings
    palette: Strings


def wording_of(survey: Survey, statement: Statement) -> Wording:
    """Return the texts of one of the survey's statements in the reader's language, with the colours of its
    options."""
    return Wording(
        asked(survey, statement.text),
        tuple(asked(survey, label) for label in reversed(statement.answers)),
        colours_of(statement),
    )


@dataclass(frozen=True)
class Entry:
    """One statement at one place: its id, its texts, and `step` with its figures in the shown round and the
    last change."""

    id: str
    wording: Wording
    step: Step

    @property
    def text(self) -> str:
        """The statement's text in the reader's language."""
        return self.wording.text

    @property
    def labels(self) -> Strings:
        """The options' labels, the highest option first."""
        return self.wording.labels

    @property
    def palette(self) -> Strings:
        """The options' colours, the highest option first."""
        return self.wording.palette

    @property
    def now(self) -> Row:
        """The row of the shown round."""
        return self.step.now

    @property
    def bar(self) -> Bar:
        """The bar of the shown round, without a name. Without answers on the scale, it has the reason, as a
        sentence, in place of segments."""
        return counted_bar(self.now, self.labels)

    @property
    def chosen_answers(self) -> Strings:
        """The options of a question with several options, each as one text with its count and percentage, the
        most chosen first; empty for any other statement, and without figures."""
        if not self.now.statement.several or not self.now.shares:
            return ()
        counted = sorted(zip(self.labels, self.now.shares, strict=True), key=lambda pair: -pair[1].count)
        return tuple(f"{label}: {share.count}{percent(share.percent, ', ')}" for label, share in counted)

    @property
    def drawing(self) -> Markup:
        """The bar with its numbers, as SVG."""
        return Markup(inline_bar(self.bar, self.palette))  # noqa: S704 - every text in it is escaped

    @property
    def small_drawing(self) -> Markup:
        """The bar without numbers, for a cell of a table."""
        return Markup(inline_bar(self.bar, self.palette, has_numbers=False))  # noqa: S704 - as above

    @property
    def missing(self) -> str:
        """The reason why there is no bar, as a sentence; "" if there is one."""
        return "" if self.now.on_scale else missing(self.now)

    @property
    def share(self) -> str:
        """The share that agrees as text: a percentage, or the count and n below PERCENT_FROM answers, also if
        there are none; "–" for options without an order."""
        if not self.now.statement.scale.is_ordered:
            return "–"
        n = self.now.on_scale
        if n < PERCENT_FROM:
            return translate("{count} av {n}", count=self.now.agreeing, n=n)
        return in_percent(whole_percent(self.now.agreeing, n))

    @cached_property
    def interval(self) -> str:
        """The confidence interval of the share that agrees in words, in tenths or percent, such as "kan vara
        3–5 av 10"; "" below PERCENT_FROM answers, and for options without an order."""
        sure = self.now.agreeing_interval
        if not sure:
            return ""
        low, high, parts = interval_in_parts(sure, self.now.on_scale)
        if parts == 10:
            return translate("kan vara {low}–{high} av 10", low=low, high=high)
        return translate("kan vara {low}–{high} %", low=low, high=high)

    @property
    def counted_answers(self) -> str:
        """The options that count in the share that agrees, as one text; "" for options without an order
        (`agreeing_answers`)."""
        return agreeing_answers(self.now.statement, self.labels)

    @property
    def target(self) -> str:
        """The target and whether it is reached, as sentences (`about_target`); "" without a target, or
        without answers on the scale."""
        return " ".join(about_target(self.now))

    @cached_property
    def verdict(self) -> Verdict:
        """The change in the step, between the last two closed rounds up to the shown one, in words
        (`verdict_of`)."""
        return verdict_of(self.step)


def verdict_of(step: Step) -> Verdict:
    """Return the change between the two closed rounds of a step in words, which say whether it is
    significant. If nothing was compared, the kind is NONE, and `detail` has the reason."""
    if step.trend is None:
        return Verdict(Kind.NONE, translate("Jämförs inte"), _why_not_compared(step))
    word = change_word(step.trend, step.now.statement, is_noisy=is_noisy(step.pair))
    if step.trend is Trend.CHANCE:
        return Verdict(Kind.CHANCE, word, _shares(step))
    if step.can_show_shares:
        beyond_chance = translate("{shares}: större än slumpen brukar ge", shares=_shares(step))
    else:
        beyond_chance = translate("Större än slumpen brukar ge. Se varje verksamhet för sig")
    if step.improvement:
        return Verdict(Kind.RIGHT if step.improvement > 0 else Kind.WRONG, word, beyond_chance)
    return Verdict(Kind.UP if step.trend is Trend.UP else Kind.DOWN, word, beyond_chance)


def _shares(step: Step) -> str:
    """Return the shares of the two compared rounds as text, in percent. If the units' parts of all answers
    changed, so that the shares cannot be compared, the text refers to the single units."""
    if not step.can_show_shares:
        return translate("Se varje verksamhet för sig")
    before, after = (whole_percent(row.agreeing, row.on_scale) for row in step.pair)
    return translate("från {before} till {after} %", before=before, after=after)


def _why_not_compared(step: Step) -> str:
    """Return the reason why a step without a trend has none, without a full stop."""
    if not step.now.statement.scale.is_ordered:
        return translate("Svaren har ingen ordning")
    if len(step.pair) < 2:
        if any(row.round.id != step.now.round.id for row in step.pair):
            return translate("Bara en tidigare avslutad omgång har påståendet här")
        return translate("Ingen tidigare avslutad omgång har påståendet här")
    if breaks := step.pair[1].breaks:
        return translate("Omgången före har {changes}", changes=break_names(breaks))
    if any(row.on_scale < PERCENT_FROM for row in step.pair):
        return translate("Färre än {from_n} svar i någon av omgångarna", from_n=PERCENT_FROM)
    return translate("Ingen verksamhet har egna siffror från båda omgångarna")


def headline(entries: Sequence[Entry], *, is_closed: bool) -> str:
    """Return a sentence with the number of statements of each kind of change; if no statement was compared,
    that there is nothing to compare with. `is_closed` says whether the shown round is closed: the sentence
    then compares it with the round before, else it is about the two latest closed rounds."""
    if all(entry.step.trend is None for entry in entries):
        return translate("Det finns ännu inget att jämföra med.")
    if is_closed:
        return translate("Jämfört med omgången före: {changes}.", changes=_number_of_each(entries))
    return translate("De två senaste avslutade omgångarna: {changes}.", changes=_number_of_each(entries))


def compared_rounds(entries: Sequence[Entry], *, is_closed: bool) -> tuple[str, ...]:
    """Return sentences about the comparison; empty if none of these applies:

    - The names and periods of the two compared rounds, if they are the same for all compared statements.
    - Each unit is compared with itself, if a statement has several compared units.
    - The shown round is compared after its closing, if it still runs (`is_closed` is False).
    """
    pairs = {tuple(row.round.id for row in entry.step.pair): entry for entry in entries if entry.step.trend}
    periods = {tuple(named_period(row.round) for row in entry.step.pair) for entry in pairs.values()}
    sentences = [
        translate("Ändring är från {before} till {after}.", before=pair[0], after=pair[1])
        for pair in periods
        if len(periods) == 1
    ]
    changes = [entry.step.change for entry in entries]
    if any(change and change.trend and change.has_several_units for change in changes):
        sentences.append(translate("Varje verksamhet jämförs bara med sig själv."))
    if not is_closed:
        sentences.append(translate("Omgången som pågår jämförs när den är avslutad."))
    return tuple(sentences)


def _number_of_each(entries: Sequence[Entry]) -> str:
    """Return the number of statements by kind of change as one text, such as "1 åt rätt håll och 3
    utan säker ändring", in the order of Kind. Kinds without statements are left out."""
    kinds = [entry.verdict.kind for entry in entries]
    words = {
        Kind.RIGHT: translate("{n} åt rätt håll", n=kinds.count(Kind.RIGHT)),
        Kind.WRONG: translate("{n} åt fel håll", n=kinds.count(Kind.WRONG)),
        Kind.UP: translate("{n} upp", n=kinds.count(Kind.UP)),
        Kind.DOWN: translate("{n} ner", n=kinds.count(Kind.DOWN)),
        Kind.CHANCE: translate("{n} utan säker ändring", n=kinds.count(Kind.CHANCE)),
        Kind.NONE: translate("{n} jämförs inte", n=kinds.count(Kind.NONE)),
    }
    return in_a_row(words[kind] for kind in Kind if kind in kinds)


def in_order(entries: Sequence[Entry], order: Order, *, is_reverse: bool) -> list[Entry]:
    """Return the entries in an order: by statement as in the survey; by share or change with the largest
    share or the best change first, equal ones as in the survey. The best changes are significant ones to the
    good end; then come those that may be chance or have no good end, by the change of the share, then
    significant ones to the other end. `is_reverse` reverses this. Entries without a share or a change come
    last in both cases."""
    if order is Order.STATEMENT:
        return list(reversed(entries)) if is_reverse else list(entries)
    values = {entry.id: _share_of(entry) if order is Order.SHARE else _change_of(entry) for entry in entries}
    sortable = [entry for entry in entries if values[entry.id] is not None]
    sortable.sort(key=lambda entry: values[entry.id] or (), reverse=True)
    if is_reverse:
        sortable.reverse()
    return [*sortable, *(entry for entry in entries if values[entry.id] is None)]


def _share_of(entry: Entry) -> tuple[float, ...] | None:
    """Return a sort key that is larger for a larger share; None without a percentage."""
    n = entry.now.on_scale
    has_share = n >= PERCENT_FROM and entry.now.statement.scale.is_ordered
    return (entry.now.agreeing / n,) if has_share else None


def _change_of(entry: Entry) -> tuple[float, ...] | None:
    """Return a sort key that is larger for a better change: significant changes to the good end, then changes
    that may be chance, then significant ones to the other end. None if nothing is compared."""
    if entry.step.improvement is None:
        return None
    way = -1 if entry.now.statement.good_share is Good.LOW else 1
    return (entry.step.improvement, way * (entry.step.difference or 0.0))


@dataclass(frozen=True)
class PlaceRow:
    """A place below the chosen one, with an entry for each statement, in the survey's order. `depth` is 0
    directly below the chosen place."""

    node: Node
    depth: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Overview:
    """Every statement of a round at one place, in the survey's order, and a page of the places below it.

    `is_closed` says whether the round is closed. `page` is counted from 1; `pages` is 0 if there are no
    places below. `places` are those on the page, empty on a page after the last.
    """

    entries: tuple[Entry, ...]
    is_closed: bool
    places: tuple[PlaceRow, ...]
    page: int
    pages: int

    @property
    def headline(self) -> str:
        """The sentence with the number of statements of each kind of change (the function `headline`)."""
        return headline(self.entries, is_closed=self.is_closed)

    @property
    def compared_rounds(self) -> Strings:
        """The sentences about the comparison (the function `compared_rounds`)."""
        return compared_rounds(self.entries, is_closed=self.is_closed)

    @property
    def counted(self) -> Strings:
        """Sentences with the options that count in the share that agrees: one if they are the same for all
        statements with a share, else one for each group of statements with the same options, which also names
        the statements. Empty if no statement has a share."""
        groups: dict[str, list[str]] = {}
        for entry in self.entries:
            if entry.counted_answers:
                groups.setdefault(entry.counted_answers, []).append(entry.text)
        if len(groups) == 1:
            return (translate("Andelen är de som svarade {options}.", options=next(iter(groups))),)
        return tuple(
            translate(
                "Andelen är de som svarade {options} på {statements}.",
                options=options,
                statements=in_a_row(translate("”{text}”", text=text) for text in texts),
            )
            for options, texts in groups.items()
        )

    @property
    def protection(self) -> Strings:
        """Sentences about the noise in the figures and in their intervals, or that the figures are exact."""
        rows = [entry.now for entry in self.entries]
        return (*about_protection(rows), *about_intervals(rows))

    @property
    def legends(self) -> list[list[tuple[str, str]]]:
        """A legend for each scale of the statements: (label, colour) of each option, the highest option
        first. A question with several options has none."""
        scales = dict.fromkeys(
            (entry.labels, entry.palette) for entry in self.entries if not entry.now.statement.several
        )
        return [list(zip(labels, palette, strict=True)) for labels, palette in scales]

    @property
    def comparisons(self) -> int:
        """Number of significance tests in the table of places: one for each entry that has a trend."""
        return sum(entry.step.trend is not None for place in self.places for entry in place.entries)


def overview_of(
    snapshot: Snapshot, states: Sequence[RoundState], state: RoundState, node_id: str, page: int = 1
) -> Overview:
    """Return the overview of a round at a node, with one page of the places below it.

    `states` are the rounds that the account may read, the latest opening first; `state` is the shown one of
    them. `page` is counted from 1; a page has as many places as MOST_CELLS cells have room for, at least
    FEWEST_PLACES.
    """
    closed = [other.round for other in states if other.is_closed]
    of_round = state.round
    nodes, pages = _places_on_page(of_round, node_id, page)
    top = len(of_round.tree.upwards(node_id))
    asked_here = [
        (statement, wording_of(of_round.survey, statement)) for statement in of_round.survey.statements
    ]

    def entries_at(place_id: str) -> tuple[Entry, ...]:
        return tuple(
            Entry(statement.id, wording, snapshot.step(closed, of_round, place_id, statement))
            for statement, wording in asked_here
        )

    places = tuple(
        PlaceRow(node, len(of_round.tree.upwards(node.id)) - top - 1, entries_at(node.id)) for node in nodes
    )
    return Overview(entries_at(node_id), state.is_closed, places, page, pages)


def _places_on_page(of_round: Round, node_id: str, page: int) -> tuple[list[Node], int]:
    """Return (places below a node that are on a page, in the tree's order, number of pages). `page` is
    counted from 1; a page after the last has no places."""
    tree = of_round.tree
    below = [node for node in tree.nodes if node.id != node_id and node_id in tree.upwards(node.id)]
    size = max(MOST_CELLS // len(of_round.survey.statements), FEWEST_PLACES)
    return below[(page - 1) * size : page * size], -(-len(below) // size)
