"""Estimates whether a survey's statements fit a kiosk's screen, without a browser.

The page itself (static/guest_layout.js) measures in the browser, and scrolls if nothing fits. The estimate
warns before a screen is bought or mounted. It assumes the layouts that need least room: columns of answers
without pictures, or a list beside the statement, in the smallest letters that the page uses, with a button
that reads aloud. Lengths are in font sizes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

from kiosk.domain.rounds import Round
from kiosk.domain.screen_size import WIDTH_LIMITS_MM, Screen
from kiosk.domain.survey import Survey
from kiosk.library.library import Library, shown_languages
from kiosk.screen.questions import Question, questions

ASPECT = 9 / 16
"""Height of a screen divided by its width. Other usual screens are higher."""

PIXELS = 1024
"""Width of the page on a small screen, in CSS pixels. With more pixels the buttons are lower."""

LEAST_LETTERS = 2 / 3
"""Smallest letters of the page, as a part of the font size that suits the guest's distance (`LEAST` in
static/guest_layout.js)."""

LEAST_ROW_PIXELS = 72
"""Least height of a kiosk's buttons, in CSS pixels."""

LETTER, BOLD_LETTER = 0.56, 0.58
"""Mean width of a letter in Noto Sans, in font sizes."""

LINE, TALL_LINE = 1.2, 1.5
"""Height of a line of text, and of one in a script with tall letters."""

TALL_SCRIPTS = frozenset({"ar", "fa", "ps", "ckb", "ur", "ti", "am"})
"""Codes of the languages whose script has tall letters."""

PADDING = 0.5
"""Width of a button's padding and border, both sides together."""

COLUMNS = (2, 3, 4)
"""Numbers of columns that the answers below a statement may have."""

STATEMENT_PART = 0.42
"""Part of the page's width that a statement beside its answers has."""

NARROW = 23
"""Width of a page, in font sizes, below which the labels of the buttons below the answers take two lines."""


@dataclass(frozen=True)
class LongStatement:
    """A statement that has no room on a screen, in some languages: the ids of its survey and of itself, and
    the codes of these languages."""

    survey: str
    statement: str
    languages: tuple[str, ...]


def long_statements_at(
    unit: str, screen: Screen, rounds: Iterable[Round], library: Library, allowed: frozenset[str] | None
) -> list[LongStatement]:
    """Return the statements that have no room on a unit's screen, in the languages shown there. `unit` is its
    id.

    They are those of the `rounds` that the unit takes part in, or of all surveys if there are none. `allowed`
    are languages shown although unreviewed, None for all.
    """
    surveys, shown = surveys_at(unit, rounds, library, allowed)
    return list(long_statements(screen, surveys, shown))


def surveys_at(
    unit: str, rounds: Iterable[Round], library: Library, allowed: frozenset[str] | None
) -> tuple[list[Survey], dict[str, tuple[str, ...]]]:
    """Return the surveys that a unit's screen may show, and survey id -> codes of the languages that it
    shows. They are the surveys of the `rounds` that the unit takes part in, or all of the library if there
    are none. `unit` is its id. `allowed` are languages shown although unreviewed, None for all."""
    asked = {of_round.survey.id: of_round.survey for of_round in rounds if unit in of_round.tree.leaves}
    surveys = list((asked or library.surveys).values())
    return surveys, {survey.id: shown_languages(library.guest, survey, allowed) for survey in surveys}


def long_statements(
    screen: Screen, surveys: Sequence[Survey], shown: Mapping[str, Sequence[str]]
) -> Iterator[LongStatement]:
    """Yield the statements that have no room on a screen, in the order of the surveys; `shown` maps the id of
    each survey to its languages, into which it is translated (else KeyError)."""
    for survey in surveys:
        asked = {code: questions(survey, code) for code in shown[survey.id]}
        for at, statement in enumerate(survey.statements):
            languages = tuple(
                code for code, texts in asked.items() if not statement_fits(screen, texts[at], code)
            )
            if languages:
                yield LongStatement(survey.id, statement.id, languages)


def least_width(screen: Screen, surveys: Sequence[Survey], shown: Mapping[str, Sequence[str]]) -> int | None:
    """Return the smallest width of a screen, in millimetres, at which all statements have room, rounded up to
    whole centimetres; None if none within WIDTH_LIMITS_MM is wide enough. `shown` maps the id of each survey
    to its languages, into which it is translated (else KeyError)."""
    widths = range(WIDTH_LIMITS_MM[0], WIDTH_LIMITS_MM[1] + 1, 10)
    fitting = (
        width for width in widths if not any(long_statements(replace(screen, width_mm=width), surveys, shown))
    )
    return next(fitting, None)


def statement_fits(screen: Screen, question: Question, language: str) -> bool:
    """Return whether a statement in a language has room on a screen, above its answers or beside them."""
    width = screen.width_mm / (screen.text_mm * LEAST_LETTERS)
    line = TALL_LINE if language in TALL_SCRIPTS else LINE
    row = max(LEAST_ROW_PIXELS * width / PIXELS, line)
    height = width * ASPECT - row - max(row, 2 * line if width < NARROW else 0)

    def lines(text: str, letter: float, room: float) -> int:
        return ceil(len(text) * letter / room)

    def answers(columns: int, room: float) -> float:
        """Return the height of the answers, "don't know" included, in so many columns within the width
        `room`; infinite if a word is wider than a column."""
        column = room / columns - PADDING
        labels = [option.label for option in question.options]
        if max(len(word) for label in labels for word in label.split()) * LETTER > column:
            return inf
        most = max(lines(label, LETTER, column) for label in labels)
        rows = ceil((len(labels) + 1) / columns) * max(row, most * line)
        return rows + lines(" ".join(question.hints), LETTER, room) * line

    above = lines(question.text, BOLD_LETTER, width - row) * line
    # Long words leave more of a narrow line empty.
    beside = (1 + lines(question.text, BOLD_LETTER, STATEMENT_PART * width)) * line
    side_by_side = max(beside, answers(1, (1 - STATEMENT_PART) * width))
    return min(above + min(answers(columns, width) for columns in COLUMNS), side_by_side) <= height
