"""The content of a report: its terms, its texts, and published figures of closed rounds only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from kiosk.desk.context import desk
from kiosk.desk.i18n import in_a_row, translate
from kiosk.desk.reports.earlier_statements import EarlierStatement, earlier_statements
from kiosk.desk.respondents import Forms, forms
from kiosk.desk.results import findings
from kiosk.desk.results.earlier_figures import kept_figures
from kiosk.desk.results.statement_view import Section, section_of
from kiosk.desk.theory.routes import (
    PlaceInTree,
    PublishedFigures,
    find_place,
    published_figures,
    statement_text,
)
from kiosk.domain.counters import Counter, Figure, Period, year_of
from kiosk.domain.earlier_figures import EarlierFigures
from kiosk.domain.report import Terms
from kiosk.domain.rounds import Round
from kiosk.domain.survey import Statement
from kiosk.domain.theory import Theory
from kiosk.storage import RoundState, Store


@dataclass(frozen=True)
class ShownStatement:
    """A statement that the report shows. `round` is the latest of the report's rounds that asked it, and
    `section` is its view in that round."""

    round: Round
    statement: Statement
    section: Section


@dataclass(frozen=True)
class Content:
    """What a report is built from: its terms (the title, organisation, year, place, theory, rounds and
    statements that a coordinator chose), its texts and its figures.

    `place` is the report's node. `figures` are those of all closed rounds, and `states` the rounds that the
    report shows, the latest opening first. `words` is name of a part or of a comment (`comment_part`) -> its
    text. `earlier_figures` are those of the report's place with a day in its year.
    """

    terms: Terms
    theory: Theory
    place: PlaceInTree
    figures: PublishedFigures
    states: tuple[RoundState, ...]
    words: Mapping[str, str]
    earlier_figures: tuple[EarlierFigures, ...] = ()

    @property
    def people(self) -> Forms:
        """The words for those who answer at the report's place."""
        return forms(self.place.tree.respondent(self.place.node.id))

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The report's rounds, the latest opening first."""
        return tuple(state.round for state in self.states)

    @cached_property
    def shown(self) -> tuple[ShownStatement, ...]:
        """The report's statements in the order of `terms.statements`, each in the latest of the report's
        rounds that asked it. A statement that none of these rounds asked is left out."""
        return tuple(
            _shown(self, of_round, statement_id)
            for statement_id in self.terms.statements
            for of_round in self._asking(statement_id)
        )

    @cached_property
    def earlier(self) -> tuple[EarlierStatement, ...]:
        """The report's statements that none of its rounds asked, but `earlier_figures` have, in the order of
        `terms.statements`."""
        return earlier_statements(
            self.earlier_figures,
            [statement_id for statement_id in self.terms.statements if not self._asking(statement_id)],
        )

    @property
    def without_figures(self) -> tuple[str, ...]:
        """The Swedish texts of the report's statements that neither its rounds asked nor `earlier_figures`
        have, in the order of `terms.statements`."""
        earlier = {statement.known.statement_id for statement in self.earlier}
        return tuple(
            statement_text(statement_id)
            for statement_id in self.terms.statements
            if not self._asking(statement_id) and statement_id not in earlier
        )

    def output(self, counter: Counter, period: Period | None = None) -> Figure | None:
        """Return a counter's figure at the report's place in a period, by default the report's year; None if
        the counter has no figure there."""
        place, period = self.place, period or year_of(self.terms.year)
        return self.figures.outputs.at_node(counter, place.node.id, place.units, period)

    def _asking(self, statement_id: str) -> tuple[Round, ...]:
        """Return the latest of the report's rounds that asked a statement, as a tuple of one; empty if none
        did."""
        asking = (
            of_round
            for of_round in self.rounds
            if any(s.id == statement_id for s in of_round.survey.statements)
        )
        return tuple(islice(asking, 1))


def content_of(store: Store, report_id: str, terms: Terms) -> Content | None:
    """Return the content of a report as it is now; None if its theory or its place is no longer in the
    library. A round of `terms` that no longer exists or lacks the place is left out."""
    theory, place = desk().library.theories.get(terms.theory_id), find_place(terms.node_id)
    if theory is None or place is None:
        return None
    states = tuple(state for state in offered_rounds(store, place) if state.round.id in terms.rounds)
    words = {part: text.words for part, text in store.reports.texts(report_id).items()}
    earlier = figures_of_year(terms.node_id, terms.year)
    return Content(terms, theory, place, published_figures(), states, words, earlier)


def figures_of_year(node_id: str, year: int) -> tuple[EarlierFigures, ...]:
    """Return the earlier figures of a node whose period has at least one day in the year."""
    return tuple(
        figures
        for figures in kept_figures().values()
        if figures.node_id == node_id and figures.first.year <= year <= figures.last.year
    )


def offered_rounds(store: Store, place: PlaceInTree) -> list[RoundState]:
    """Return the rounds that a report about a place may show, the latest opening first: the closed ones whose
    tree has the place."""
    with_place = (
        state for state in store.rounds() if any(node.id == place.node.id for node in state.round.tree.nodes)
    )
    return [state for state in with_place if state.is_closed]


def _shown(content: Content, of_round: Round, statement_id: str) -> ShownStatement:
    statement = of_round.survey.statement(statement_id)
    section = section_of(
        content.figures.document, content.states, of_round, content.place.node.id, statement,
        kept_figures().values(),
    )  # fmt: skip
    return ShownStatement(of_round, statement, section)


def share_rule(shown: ShownStatement) -> str:
    """Return sentences with the options that count in the share that agrees, and the meaning of n; only the
    meaning of n if several options may be chosen, or for options without an order."""
    if shown.statement.several:
        return findings.about_n(shown.section.now)
    return findings.share_rule(shown.statement, shown.section.labels)


def without_figure(texts: Sequence[str]) -> str:
    """Return a sentence that there is no figure for the statements with these texts."""
    quoted = in_a_row(translate("”{text}”", text=text) for text in texts)
    return translate("Ingen siffra finns för {statements}.", statements=quoted)
