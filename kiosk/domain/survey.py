"""Surveys, statements and scales.

Swedish is the reference text and the gettext message id. A survey's version is a hash of everything that a
guest can see of it, translations included: figures from before and after a changed word are not comparable.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

from kiosk.domain.digits import in_digits
from kiosk.domain.noise import FOLLOW_SHARE, OPTION_SHARE
from kiosk.domain.short_hash import short_hash

Translations = Mapping[str, Mapping[str, str]]
"""Language code -> reference text -> translated text."""


MOST_PICTURES = 7
"""Most options of a scale with pictures. With more than six steps, neighbouring pictures look alike."""


POLE_SEPARATOR = " – "
"""Text between a number and the words of its pole in a label."""


FACES = 5
"""Number of options of a scale with faces."""


class Pictures(StrEnum):
    """The pictures beside the options of a scale."""

    CIRCLES = "circles"
    FACES = "faces"
    NONE = "none"


@dataclass(frozen=True)
class Poles:
    """The words at both ends of a scale of consecutive numbers; `first` is the lowest number."""

    first: int
    low: str
    high: str


@dataclass(frozen=True)
class Scale:
    """The answer options; `labels` run from the lowest to the highest. `bipolar` says whether the ends are
    opposites, with a middle between them.

    A scale of numbers has `poles`; `number_scale` makes its labels. Options that are not `is_ordered` have no
    low or high end: `labels` then run from the last shown to the first, so that all pages show them in the
    order of the file.

    `title` names the scale at the desk; "" if the file has none. It is no part of a round.
    """

    id: str
    labels: tuple[str, ...]
    bipolar: bool
    pictures: Pictures = Pictures.CIRCLES
    poles: Poles | None = None
    is_ordered: bool = True
    title: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The title; without one, the lowest and the highest option."""
        return self.title or f"{self.labels[0]} … {self.labels[-1]}"

    @property
    def has_pictures(self) -> bool:
        """Whether all options have pictures; otherwise none has."""
        return self.pictures is not Pictures.NONE and len(self.labels) <= MOST_PICTURES

    @property
    def is_consistent(self) -> bool:
        """Whether its parts agree: the labels are those of its numbers and poles, there are FACES of them if
        they have faces, and options without an order have neither pictures nor poles."""
        if not self.is_ordered and (self.poles or self.pictures is not Pictures.NONE):
            return False
        if self.poles is not None:
            return self.labels == _number_labels(self.poles, len(self.labels))
        return self.pictures is not Pictures.FACES or len(self.labels) == FACES

    def sources(self, label: str) -> tuple[str, ...]:
        """Return the texts that translators translate for a label: itself; for a number, the words of its
        pole, or () between the poles."""
        if self.poles is None:
            return (label,)
        words = label.partition(POLE_SEPARATOR)[2]
        return (words,) if words else ()

    def labels_in(self, language: str, texts: Mapping[str, str]) -> tuple[str, ...]:
        """Return the labels in a language, in the order of `labels`, "" for a missing one; `texts` maps
        reference text to translation.

        Numbers have the digits of the language. Without both poles, all labels of a number scale are missing.
        """
        if self.poles is None:
            return tuple(texts.get(label, "") for label in self.labels)
        low, high = texts.get(self.poles.low), texts.get(self.poles.high)
        if not low or not high:
            return ("",) * len(self.labels)
        return _number_labels(Poles(self.poles.first, low, high), len(self.labels), language)


def number_scale(scale_id: str, poles: Poles, options: int, *, bipolar: bool = False) -> Scale:
    """Return a scale of consecutive numbers from `poles.first` on, as many as `options`, at least two; only
    the first and the last have words. `bipolar` is that of the scale (see `Scale`): it changes no number."""
    return Scale(scale_id, _number_labels(poles, options), bipolar, Pictures.NONE, poles)


def _number_labels(poles: Poles, options: int, language: str = "") -> tuple[str, ...]:
    """Return the labels of consecutive numbers, the lowest first, with words at the poles, in the digits of a
    language."""
    numbers = [in_digits(number, language) for number in range(poles.first, poles.first + options)]
    low, high = numbers[0] + POLE_SEPARATOR + poles.low, numbers[-1] + POLE_SEPARATOR + poles.high
    return (low, *numbers[1:-1], high)


MOST_SEVERAL = 8
"""Most options of a question of which a guest may choose several. Each option is a table of its own with an
epsilon of its own: what a guest chose then costs as much as four statements, the largest ballot that was
studied (docs/noise.md)."""


NONE_OF_THESE = "Inget av detta"
SEVERAL_HINT = "Du kan välja flera."
"""The texts of the guest's screen that a question with several options needs beside its own.
kiosk/screen/texts.py repeats them for the catalogues."""


FOLLOW_UP_HINT = "Bara om du svarade:"
NOT_CONCERNED = "Jag svarade något annat"
"""The texts of the guest's screen that a follow-up needs beside its own; kiosk/screen/texts.py repeats them.
Every guest has its page, so that neither a bystander nor the server learns from a page who is asked."""


MOST_FOLLOW_UP_OPTIONS = 8
"""Most options of a follow-up. With "something else" and the kinds of no answer they fit a screen."""


TARGET_LIMITS = (1, 99)
"""Lowest and highest target of a statement, in percent."""


class Good(StrEnum):
    """The end of a scale that is good for the guest."""

    HIGH = "high"
    LOW = "low"
    NEITHER = "neither"


class ColumnSubject(StrEnum):
    """The subject of the answers in a column of a ballot (see `Column`)."""

    STATEMENT = "statement"
    WHETHER = "whether"
    OPTION = "option"
    FOLLOWED = "followed"
    FOLLOW_UP = "follow_up"


@dataclass(frozen=True)
class FollowUp:
    """The condition of a follow-up: the id of the statement that it follows, and the numbers of the options
    after which it is asked, 1 the lowest."""

    statement: str
    when: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return {"statement": self.statement, "when": list(self.when)}


@dataclass(frozen=True)
class Column:
    """One answer of a ballot, and the table that it is counted in: `options` answers, 1 the lowest.

    A question of which a guest may choose several options has one column for whether any was chosen (WHETHER:
    1 none of these, 2 at least one, or a kind of no answer), and one for each option (OPTION: 1 not chosen, 2
    chosen). An option's column has no kinds of no answer: a guest who gave no answer is counted in the first
    column only.

    A statement with a follow-up is FOLLOWED, and its FOLLOW_UP is the next column: its answers are an option,
    a kind of no answer, or NOT_ASKED (kiosk/domain/ballot.py). `when` has the options of the column before
    after which it is asked.
    """

    id: str
    options: int
    subject: ColumnSubject = ColumnSubject.STATEMENT
    when: tuple[int, ...] = ()

    @property
    def has_no_answer(self) -> bool:
        """Whether the kinds of no answer are among its answers."""
        return self.subject is not ColumnSubject.OPTION


@dataclass(frozen=True)
class Statement:
    """A statement with its scale and its direction. `outcome` is a word for the outcome that its answers
    measure, such as "Trygghet".

    `good` is the good end of the scale; None if the survey does not say. `agreeing` has the numbers of the
    options that count as agreeing, 1 the lowest; if it is empty, the highest do (`agreeing_options`). Guests
    see neither `good` nor `agreeing`.

    `target` is the percentage of the answers on the scale that should agree, at least; at most, if a small
    share is good. None without a target.

    With `several`, a guest may choose several of the options, which have no order. A follow-up `follows` some
    answers to the statement before it: only the answers of guests who gave one of these count.

    `earlier_spellings` has earlier texts that differ in spelling only, and `earlier_wordings` earlier texts
    of the same meaning in other words, both the newest first. Answers to all of them can be compared.
    """

    id: str
    text: str
    outcome: str
    scale: Scale
    good: Good | None = None
    agreeing: tuple[int, ...] = ()
    earlier_spellings: tuple[str, ...] = ()
    earlier_wordings: tuple[str, ...] = ()
    target: int | None = None
    several: bool = False
    follows: FollowUp | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The labels of all answers that figures show, the lowest first: the options, and below them "none of
        these" if several may be chosen."""
        return (NONE_OF_THESE, *self.scale.labels) if self.several else self.scale.labels

    @property
    def can_be_asked(self) -> bool:
        """Whether the statement's options suit its kind:

        - If several may be chosen, they have no order, none is "none of these", and there are at most
          MOST_SEVERAL.
        - Those of a follow-up have no order, none is "something else", and there are at most
          MOST_FOLLOW_UP_OPTIONS.
        - Any other options do.
        """
        options = self.scale.labels
        if self.follows:
            return (
                not self.several
                and not self.scale.is_ordered
                and len(options) <= MOST_FOLLOW_UP_OPTIONS
                and NOT_CONCERNED not in options
            )
        return not self.several or (
            not self.scale.is_ordered and len(options) <= MOST_SEVERAL and NONE_OF_THESE not in options
        )

    @property
    def cost(self) -> Fraction:
        """The privacy cost of the statement's answers; a statement with one answer costs 1. If several
        options may be chosen, each costs OPTION_SHARE more. A follow-up costs what it adds: it and the
        statement that it follows have FOLLOW_SHARE each.

        The cost times a round's epsilon is the statement's epsilon in all tables together.
        """
        if self.follows:
            return 2 * FOLLOW_SHARE - 1
        return Fraction(1) + (len(self.scale.labels) * OPTION_SHARE if self.several else 0)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a ballot that hold the answers to this statement, as if no follow-up followed it:
        whether one does, only the survey knows (`Survey.columns_of`)."""
        options = len(self.scale.labels)
        if self.follows:
            return (Column(self.id, options, ColumnSubject.FOLLOW_UP, self.follows.when),)
        if not self.several:
            return (Column(self.id, options),)
        of_options = (Column(option_id(self.id, at), 2, ColumnSubject.OPTION) for at in range(1, options + 1))
        return (Column(self.id, 2, ColumnSubject.WHETHER), *of_options)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text, then the earlier spellings, then the earlier wordings, of each the newest first."""
        return (self.text, *self.earlier_spellings, *self.earlier_wordings)

    def means(self, other: "Statement") -> bool:
        """Return whether two statements share a current or earlier text, and so have the same meaning."""
        return not set(self.texts).isdisjoint(other.texts)

    @cached_property
    def agreeing_options(self) -> tuple[int, ...]:
        """The numbers of the options that count as agreeing: those of `agreeing`; if it is empty, the two
        highest of four or more options, or the highest of fewer. () for options without an order."""
        if not self.scale.is_ordered:
            return ()
        options = len(self.scale.labels)
        return self.agreeing or tuple(range(options - (2 if options > 3 else 1) + 1, options + 1))

    @property
    def good_share(self) -> Good | None:
        """HIGH if a large share that agrees is good, LOW if a small share is, NEITHER if none is; None if the
        survey does not say.

        If the agreeing options are at the low end of the scale and its high end is good, a small share is
        good. None also for options without an order.
        """
        if not self.scale.is_ordered:
            return None
        if self.good in (None, Good.NEITHER):
            return self.good
        agreeing, options = self.agreeing_options, len(self.scale.labels)
        tilt = 2 * sum(agreeing) - len(agreeing) * (options + 1)
        if tilt == 0:
            return Good.NEITHER
        return Good.HIGH if (self.good is Good.HIGH) == (tilt > 0) else Good.LOW


def cost_of(statements: Iterable[Statement]) -> Fraction:
    """Return the privacy cost of a whole ballot: the sum of `Statement.cost`. Its unit is the cost of a
    statement with one answer."""
    return sum((statement.cost for statement in statements), Fraction(0))


def follows_one_before(statements: Sequence[Statement], at: int) -> bool:
    """Return whether a survey may have the follow-up at the index `at`: it stands directly after the
    statement that it follows, which has one answer and is no follow-up itself, and `when` has some but not
    all of that statement's options. True for a statement that is no follow-up."""
    follows = statements[at].follows
    if follows is None:
        return True
    before = statements[at - 1] if at else None
    return (
        before is not None
        and before.id == follows.statement
        and not before.several
        and before.follows is None
        and bool(follows.when)
        and can_agree(follows.when, len(before.scale.labels))
    )


def option_id(statement_id: str, option: int) -> str:
    """Return the id of the column of one option of a question of which several may be chosen. No statement
    has such an id."""
    return f"{statement_id}/{option}"


def is_option_id(column_id: str) -> bool:
    """Return whether a column's id is one of `option_id`."""
    return "/" in column_id


def numbers_in(text: str) -> tuple[int, ...]:
    """Return the option numbers of a text such as "4, 5", sorted; () for an empty text. For any other text,
    (0,): no option has this number."""
    if not re.fullmatch(r"[0-9]{0,2}([ ,;]+[0-9]{1,2})*", text.strip()):
        return (0,)
    return tuple(sorted(int(number) for number in re.findall("[0-9]+", text)))


def can_agree(agreeing: Sequence[int], options: int) -> bool:
    """Return whether these numbers may count as agreeing: each once, from 1 to `options`, and not all of
    them. True for no numbers: then the highest options count as agreeing."""
    return len(set(agreeing)) == len(agreeing) < options and all(
        1 <= number <= options for number in agreeing
    )


@dataclass(frozen=True)
class Survey:
    """A list of statements. `translations` are those that existed when the survey was read or frozen.
    `source` and `licence` are those of its words; `validated` says whether somebody tested that answers to
    these words measure their outcomes.

    `official` has the codes of the languages in which the owner of an instrument published its words; the
    words in any other language, Swedish included, are somebody else's translation. Empty for a survey that is
    no instrument.
    """

    id: str
    title: str
    source: str
    licence: str
    validated: bool
    statements: tuple[Statement, ...]
    translations: Translations
    official: tuple[str, ...] = ()

    def is_official_in(self, language: str) -> bool:
        """Return whether the survey's words in a language, given by its code, are the owner's. True if the
        survey is no instrument."""
        return not self.official or language in self.official

    @cached_property
    def sources(self) -> Mapping[str, tuple[str, ...]]:
        """Each text that a guest reads, in order -> the texts that translators translate for it."""
        sources: dict[str, tuple[str, ...]] = {}
        for statement in self.statements:
            sources[statement.text] = (statement.text,)
            if statement.several:
                sources.update({text: (text,) for text in (SEVERAL_HINT, NONE_OF_THESE)})
            if statement.follows:
                sources.update({text: (text,) for text in (FOLLOW_UP_HINT, NOT_CONCERNED)})
            sources.update((label, statement.scale.sources(label)) for label in statement.scale.labels)
        return sources

    @property
    def messages(self) -> tuple[str, ...]:
        """The reference texts that translators translate, in order, without duplicates."""
        return tuple(dict.fromkeys(message for parts in self.sources.values() for message in parts))

    @cached_property
    def version(self) -> str:
        """Ten hex digits of SHA-256 over everything that a guest can see of the survey, in order."""
        seen = {
            "statements": [_seen(s) for s in self.statements],
            "texts": {lang: dict(sorted(t.items())) for lang, t in self.translations.items()},
        }
        canonical = json.dumps(seen, ensure_ascii=False, sort_keys=True)
        return short_hash(canonical, 10)

    @property
    def with_one_answer(self) -> tuple[Statement, ...]:
        """The statements of which each guest gives one answer: neither questions with several options nor
        follow-ups."""
        return tuple(
            statement for statement in self.statements if not statement.several and not statement.follows
        )

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a ballot, in the survey's order."""
        return tuple(column for statement in self.statements for column in self.columns_of(statement))

    def columns_of(self, statement: Statement) -> tuple[Column, ...]:
        """Return the columns of one of this survey's statements: its own, or FOLLOWED ones if it has a
        follow-up in this survey."""
        if self.follow_up_of(statement.id) is None:
            return statement.columns
        return tuple(replace(column, subject=ColumnSubject.FOLLOWED) for column in statement.columns)

    def follow_up_of(self, statement_id: str) -> Statement | None:
        """Return the follow-up of the statement with that id; None if it has none, and for an unknown id."""
        return self._follow_ups.get(statement_id)

    @cached_property
    def _follow_ups(self) -> dict[str, Statement]:
        return {s.follows.statement: s for s in self.statements if s.follows}

    def asks(self, statement_id: str) -> bool:
        """Return whether the survey has a statement with that id."""
        return statement_id in self._positions

    def statement(self, statement_id: str) -> Statement:
        """Return the statement with that id; KeyError if there is none."""
        return self.statements[self.position(statement_id)]

    def position(self, statement_id: str) -> int:
        """Return the index in `statements` of the one with that id; KeyError if there is none."""
        return self._positions[statement_id]

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {statement.id: at for at, statement in enumerate(self.statements)}

    def words_alike(self, other: "Survey", statement_id: str) -> bool:
        """Return whether guests see one statement of both surveys alike: its text, its answers and their
        pictures, in Swedish and in each language that both have. KeyError if one of them has no such
        statement."""
        mine, others = self.statement(statement_id), other.statement(statement_id)
        if _seen(mine) != _seen(others):
            return False
        texts = (mine.text, *mine.answers, *((SEVERAL_HINT,) if mine.several else ()))
        return all(
            self.translations[language].get(text, text) == other.translations[language].get(text, text)
            for language in self.translations.keys() & other.translations.keys()
            for text in texts
        )

    def translated(self, texts: Translations) -> "Survey":
        """Return the survey with other translations: those of `texts` (language code -> reference text ->
        translation) that translate its own texts. The labels of number scales are added for languages with
        both poles; a language without any text is left out."""
        kept = {
            lang: {
                **{m: translation[m] for m in self.messages if translation.get(m)},
                **self._number_labels(lang, translation),
            }
            for lang, translation in sorted(texts.items())
        }
        return Survey(
            self.id, self.title, self.source, self.licence, self.validated, self.statements,
            {lang: translation for lang, translation in kept.items() if translation}, self.official,
        )  # fmt: skip

    def _number_labels(self, language: str, texts: Mapping[str, str]) -> dict[str, str]:
        """Return Swedish label -> label in a language, for the number scales whose poles are in `texts`."""
        scales = dict.fromkeys(statement.scale for statement in self.statements if statement.scale.poles)
        pairs = (zip(s.labels, s.labels_in(language, texts), strict=True) for s in scales)
        return {label: translated for pair in pairs for label, translated in pair if translated}

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready copy, as a round freezes it."""
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "licence": self.licence,
            "validated": self.validated,
            **({"official": list(self.official)} if self.official else {}),
            "statements": [
                {
                    "id": s.id,
                    "text": s.text,
                    "outcome": s.outcome,
                    "scale": {
                        "id": s.scale.id,
                        "labels": list(s.scale.labels),
                        "bipolar": s.scale.bipolar,
                        **({"pictures": s.scale.pictures.value} if _pictures(s.scale) else {}),
                        **({"poles": asdict(s.scale.poles)} if s.scale.poles else {}),
                        **({} if s.scale.is_ordered else {"ordered": False}),
                    },
                    **({"good": s.good.value} if s.good else {}),
                    **({"agreeing": list(s.agreeing)} if s.agreeing else {}),
                    **({"earlier_spellings": list(s.earlier_spellings)} if s.earlier_spellings else {}),
                    **({"earlier_wordings": list(s.earlier_wordings)} if s.earlier_wordings else {}),
                    **({"target": s.target} if s.target is not None else {}),
                    **({"several": True} if s.several else {}),
                    **({"follows": s.follows.as_json()} if s.follows else {}),
                }
                for s in self.statements
            ],
            "texts": {lang: dict(translation) for lang, translation in self.translations.items()},
        }


def _seen(statement: Statement) -> list[Any]:
    """Return the parts of a statement that a guest sees in Swedish, and its id."""
    kind = ["several"] if statement.several else []
    if statement.follows:
        kind = ["follows", *map(str, statement.follows.when)]
    return [statement.id, statement.text, statement.scale.labels, *_pictures(statement.scale), *kind]


def _pictures(scale: Scale) -> list[str]:
    """Return the value of a scale's pictures, as a list of one, or [] for CIRCLES: surveys of earlier
    versions do not say that they have these."""
    return [] if scale.pictures is Pictures.CIRCLES else [scale.pictures.value]


def _scale_from_json(row: dict[str, Any]) -> Scale:
    return Scale(
        row["id"],
        tuple(row["labels"]),
        row["bipolar"],
        Pictures(row.get("pictures", Pictures.CIRCLES)),
        Poles(**row["poles"]) if "poles" in row else None,
        row.get("ordered", True),
    )


def survey_from_json(row: dict[str, Any]) -> Survey:
    """Return a survey from its JSON: the inverse of `Survey.as_json`. KeyError, TypeError or ValueError for
    another shape; types of texts and numbers are not checked.

    Rounds of earlier versions have no direction: their statements do not say which end is good. They have no
    earlier texts either, no several options and no follow-ups; their scales have no kind of pictures and no
    poles, and have an order.
    """
    statements = tuple(
        Statement(
            s["id"],
            s["text"],
            s["outcome"],
            _scale_from_json(s["scale"]),
            Good(s["good"]) if "good" in s else None,
            tuple(s.get("agreeing", ())),
            tuple(s.get("earlier_spellings", ())),
            tuple(s.get("earlier_wordings", ())),
            s.get("target"),
            s.get("several", False),
            FollowUp(s["follows"]["statement"], tuple(s["follows"]["when"])) if "follows" in s else None,
        )
        for s in row["statements"]
    )
    return Survey(
        row["id"], row["title"], row["source"], row["licence"], row["validated"], statements,
        row["texts"], tuple(row.get("official", ())),
    )  # fmt: skip
