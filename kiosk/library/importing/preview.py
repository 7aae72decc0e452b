"""Makes a survey of a form of another program, with a coordinator's answers to what the file does not say.

The best answer of each list is asked for and never guessed. `preview_of` returns all that was
understood, all problems and all that is left out, for a preview; without problems it has the survey.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from math import inf

from kiosk.domain.ballot import NoAnswer
from kiosk.domain.message import Message
from kiosk.domain.noise import OPTION_SHARE
from kiosk.domain.survey import (
    MOST_FOLLOW_UP_OPTIONS,
    NONE_OF_THESE,
    FollowUp,
    Good,
    Pictures,
    Scale,
    Statement,
    can_agree,
)
from kiosk.library.catalogues import REFERENCE
from kiosk.library.drafts import (
    LONGEST_STATEMENT,
    LONGEST_TITLE,
    Draft,
    ImportedSurvey,
    new_id,
    why_too_costly,
)
from kiosk.library.importing.form import ForeignChoice, ForeignForm, ForeignQuestion, LeftOut, Texts
from kiosk.library.importing.markup import REFERENCE_TO_ANSWER
from kiosk.library.importing.no_answer_labels import is_none_of_these, kind_of
from kiosk.library.library import Library
from kiosk.library.surveys import MOST_STATEMENTS, RESERVED_NAMES
from kiosk.library.text_rules import ID_PATTERN, LONGEST_TEXT, find_fault, find_translation_fault, tidied

UNKNOWN_LICENCE = "Okända villkor: fråga den som skrev frågorna"
"""The licence of an imported survey, until a person writes it."""

NOT_PROPOSED = Message(
    "påståendet tas inte med: det står två gånger, eller är ett av fler än {most}.", {"most": MOST_STATEMENTS}
)
"""The reason why a question without a fault is not among the proposed ones."""


class AnswerOrder(StrEnum):
    """The order of a list's answers: the best one first or last, ordered although none is best, or unordered.
    AS_IN_FILE keeps the order that an export of this program has. `kiosk survey import --good` takes the
    values."""

    BEST_FIRST = "first"
    BEST_LAST = "last"
    NONE_BEST = "neither"
    UNORDERED = "unordered"
    AS_IN_FILE = "file"


@dataclass(frozen=True)
class Decisions:
    """The coordinator's answers.

    `language` is the code of the language of texts without one, "" if it is not chosen. `orders` maps the
    number of a list, from 0, to the order of its answers. `swedish` maps `question_key` and `choice_key` to
    typed Swedish texts; an empty one leaves that of the file. `included` has the numbers of the chosen
    questions, from 0; None for those that are proposed. `title` is None for the file's own. Numbers and keys
    that the form does not have are ignored.
    """

    language: str = ""
    orders: Mapping[int, AnswerOrder] = field(default_factory=dict)
    swedish: Mapping[str, str] = field(default_factory=dict)
    included: frozenset[int] | None = None
    title: str | None = None


@dataclass(frozen=True)
class ImportedText:
    """A text of the form. `key` is its `question_key` or `choice_key`. `swedish` is "" if it is missing;
    `others` has the texts in other languages. `fault` is the reason why the Swedish text cannot be shown,
    None if it can."""

    key: str
    swedish: str
    others: Texts
    fault: Message | None


@dataclass(frozen=True)
class AnswerList:
    """A list of answers that questions share.

    `number` counts lists from 0; `name` is the file's name of it, or "". `options` have the order of the
    file, or of their numbers, from the lowest, if the file has them (`has_own_order`); `names` are their
    names in the file. `kinds` has the choices that are kinds of no answer, with their labels. `order` is None
    until it is known; `is_ordered` is what the file says. With `several`, a guest may choose several of the
    options, and `none_of_these` has the file's words for none, "" if there are none.
    """

    number: int
    name: str
    options: tuple[ImportedText, ...]
    kinds: tuple[tuple[NoAnswer, str], ...]
    order: AnswerOrder | None
    has_own_order: bool
    is_ordered: bool
    several: bool = False
    none_of_these: str = ""
    names: tuple[str, ...] = ()

    @property
    def is_kept_ordered(self) -> bool:
        """Whether the options will have an order in the survey; true while `order` is None."""
        if self.order is AnswerOrder.AS_IN_FILE:
            return self.is_ordered
        return self.order is not AnswerOrder.UNORDERED

    @property
    def is_reversed(self) -> bool:
        """Whether the lowest option of the survey's scale is the last one of `options`."""
        if self.is_kept_ordered:
            return self.order is AnswerOrder.BEST_FIRST
        return not self.has_own_order


@dataclass(frozen=True)
class Question:
    """A question of the form, with its number from 0; `answers` is the number of its list. `is_included` says
    that the survey will have it."""

    number: int
    place: Message
    text: ImportedText
    answers: int
    is_included: bool


@dataclass(frozen=True)
class Problem:
    """A reason why the form cannot be kept yet, with the key of the text or field to correct: a
    `question_key`, `choice_key` or `order_key`, "title", "language" or "questions"; "" if no field can
    correct it."""

    message: Message
    key: str


@dataclass(frozen=True)
class Preview:
    """All that was understood of a form. `asks_language` says that some texts have no language. `form` is the
    survey, None while there are `problems`. `texts` is the number of different texts that guests would see,
    and `languages` maps each code to how many of them it has: Swedish first, "" for those without a
    language."""

    title: str
    asks_language: bool
    languages: Mapping[str, int]
    texts: int
    questions: tuple[Question, ...]
    lists: tuple[AnswerList, ...]
    left_out: tuple[LeftOut, ...]
    problems: tuple[Problem, ...]
    form: ImportedSurvey | None


def question_key(number: int) -> str:
    """Return the key of the text of the question with this number, from 0; also the name of its field."""
    return f"question-{number}"


def choice_key(list_number: int, number: int) -> str:
    """Return the key of an answer's text, by the numbers of its list and of the option in it, both from 0;
    also the name of its field."""
    return f"choice-{list_number}-{number}"


def order_key(list_number: int) -> str:
    """Return the key of the order of a list's answers; also the name of its field. `list_number` counts from
    0."""
    return f"order-{list_number}"


def preview_of(form: ForeignForm, decisions: Decisions, library: Library, source: str) -> Preview:
    """Return the preview of a form with these decisions: its questions, problems, and parts left out.
    `source` is written to the survey's file.

    Faults of questions that are not included, and of their lists, are no problems. `library` has the
    translations that exist: they are kept, and those of the file that differ are noted as left out.
    """
    asks_language = any("" in texts for texts in _all_texts(form))
    spoken = _in_language(form, decisions.language)
    lists = tuple(_lists(spoken, decisions))
    questions = tuple(_questions(spoken, lists, decisions))
    included = [question for question in questions if question.is_included]
    used = [lists[number] for number in sorted({question.answers for question in included})]
    title = tidied(next(iter(form.title.values()), "")) if decisions.title is None else decisions.title
    problems = tuple(_problems(form, title, asks_language, decisions, included, used))
    translations = _Translations(library)
    for question in included:
        translations.add(question.place, question.text)
    for answers in used:
        for option in answers.options:
            translations.add(_place_of_list(answers), option)
    draft = None if problems else _draft(spoken, title, source, included, lists)
    if draft and (reason := why_too_costly(draft.statements)):
        problems, draft = (Problem(reason, "questions"),), None
    return Preview(
        title,
        asks_language,
        _numbers_of_texts([*_texts_shown(included, used)], translations.texts),
        len({text.swedish or text.key for text in _texts_shown(included, used)}),
        questions,
        lists,
        (
            *form.left_out,
            *_words_replaced(used),
            *_conditions_left_out(spoken, included, lists),
            *translations.left_out,
        ),
        problems,
        ImportedSurvey(draft, translations.texts) if draft else None,
    )


def _numbers_of_texts(shown: Sequence[ImportedText], translations: Mapping[str, Texts]) -> dict[str, int]:
    """Return `Preview.languages`. `translations` maps language -> Swedish text -> translation."""
    swedish = {text.swedish for text in shown if text.swedish}
    unnamed = {text.key for text in shown if "" in text.others}
    numbers = {REFERENCE: len(swedish), **{code: len(texts) for code, texts in translations.items()}}
    return {**numbers, "": len(unnamed)} if unnamed else numbers


def _all_texts(form: ForeignForm) -> Iterator[Texts]:
    """Yield the texts of every question and choice of the form."""
    for question in form.questions:
        yield question.texts
        yield from (choice.labels for choice in question.choices)


def _in_language(form: ForeignForm, language: str) -> ForeignForm:
    """Return the form with `language` for all texts without a language; unchanged if it is "". A text that
    there is in the language already is kept."""
    if not language:
        return form

    def named(texts: Texts) -> Texts:
        return {language: texts[""], **{code: text for code, text in texts.items() if code}}

    def with_names(texts: Texts) -> Texts:
        return named(texts) if "" in texts else texts

    questions = tuple(
        replace(
            question,
            texts=with_names(question.texts),
            choices=tuple(
                ForeignChoice(choice.name, with_names(choice.labels)) for choice in question.choices
            ),
        )
        for question in form.questions
    )
    return replace(form, questions=questions)


def _identity(question: ForeignQuestion) -> tuple[object, ...]:
    """Return a value that is the same for questions with the same list of answers."""
    choices = tuple((choice.name, tuple(choice.labels.items())) for choice in question.choices)
    has_condition = question.follows is not None
    is_ordered = question.is_ordered
    return question.choice_list, choices, question.is_numbered, is_ordered, question.several, has_condition


def _lists(form: ForeignForm, decisions: Decisions) -> Iterator[AnswerList]:
    """Yield each list of answers of the form once, in the order of the questions, numbered from 0."""
    seen: set[tuple[object, ...]] = set()
    for question in form.questions:
        if (identity := _identity(question)) not in seen:
            yield _answer_list(len(seen), question, decisions)
            seen.add(identity)


def _answer_list(number: int, question: ForeignQuestion, decisions: Decisions) -> AnswerList:
    """Return the list of a question's answers.

    Kinds of no answer are taken out of the options, and "none of these" out of several; unless fewer than two
    options would remain. Numbered options are sorted by their numbers; one without a number comes last. The
    list of a question with several answers is unordered, and so is that of a question with a condition,
    unless another order was chosen.
    """
    kinds = [kind_of(choice.name, choice.labels) for choice in question.choices]
    if kinds.count(None) < 2:
        kinds = [None] * len(kinds)
    options = [choice for choice, kind in zip(question.choices, kinds, strict=True) if kind is None]
    nothing = [
        option for option in options if question.several and is_none_of_these(option.name, option.labels)
    ]
    if len(options) - len(nothing) > 1:
        options = [option for option in options if option not in nothing]
    else:
        nothing = []
    if question.is_numbered:
        options.sort(key=lambda choice: int(choice.name) if choice.name.isdecimal() else inf)
    return AnswerList(
        number,
        question.choice_list,
        tuple(
            _imported_text(choice_key(number, at), choice.labels, decisions, LONGEST_TEXT)
            for at, choice in enumerate(options)
        ),
        tuple(
            (kind, _any_text(choice.labels))
            for choice, kind in zip(question.choices, kinds, strict=True)
            if kind is not None
        ),
        AnswerOrder.UNORDERED
        if question.several
        else _order(
            decisions.orders.get(number, AnswerOrder.UNORDERED if question.follows else None),
            is_numbered=question.is_numbered,
        ),
        question.is_numbered,
        question.is_ordered and not question.several,
        question.several,
        _any_text(nothing[0].labels) if nothing else "",
        tuple(choice.name for choice in options),
    )


def _order(chosen: AnswerOrder | None, *, is_numbered: bool) -> AnswerOrder | None:
    """Return the order that was chosen, else AS_IN_FILE if the file numbers the answers (`is_numbered`). If
    it does not number them, return None for no choice, and for AS_IN_FILE."""
    if is_numbered:
        return chosen or AnswerOrder.AS_IN_FILE
    return None if chosen is AnswerOrder.AS_IN_FILE else chosen


def _any_text(texts: Texts) -> str:
    """Return the Swedish text, else the first one, else ""."""
    return texts.get(REFERENCE) or next(iter(texts.values()), "")


def _imported_text(key: str, texts: Texts, decisions: Decisions, longest: int) -> ImportedText:
    """Return a text with the Swedish that was typed, else that of the file. `longest` is in characters."""
    swedish = tidied(decisions.swedish.get(key, "")) or texts.get(REFERENCE, "")
    others = {code: text for code, text in texts.items() if code != REFERENCE}
    return ImportedText(key, swedish, others, _fault(swedish, longest))


def _fault(swedish: str, longest: int) -> Message | None:
    """Return the reason why a Swedish text cannot be shown; None if it can."""
    if not swedish:
        return Message("svensk text saknas.", {})
    if reference := REFERENCE_TO_ANSWER.search(swedish):
        return Message(
            "texten hänvisar till ett annat svar ({mark}). Skriv om den.", {"mark": reference[0][:40]}
        )
    fault = find_fault(swedish, longest)
    return fault.message if fault else None


def _questions(form: ForeignForm, lists: Sequence[AnswerList], decisions: Decisions) -> Iterator[Question]:
    """Yield the questions. A question is not proposed if its Swedish text has to be rewritten or occurs
    twice, or if the survey would cost more than a ballot may with it. A question without Swedish text is
    proposed."""
    identities = list(dict.fromkeys(map(_identity, form.questions)))
    proposed, texts = Fraction(0), set[str]()
    for number, question in enumerate(form.questions):
        text = _imported_text(question_key(number), question.texts, decisions, LONGEST_STATEMENT)
        is_usable = not text.swedish or (text.fault is None and text.swedish not in texts)
        answers = lists[identities.index(_identity(question))]
        cost = 1 + (OPTION_SHARE * len(answers.options) if answers.several else 0)
        is_proposed = is_usable and proposed + cost <= MOST_STATEMENTS
        is_included = is_proposed if decisions.included is None else number in decisions.included
        proposed += cost if is_proposed else 0
        texts.add(text.swedish)
        yield Question(number, question.place, text, answers.number, is_included)


def _texts_shown(included: Sequence[Question], used: Sequence[AnswerList]) -> Iterator[ImportedText]:
    """Yield the texts of the included questions, then the options of the lists that they use."""
    yield from (question.text for question in included)
    for answers in used:
        yield from answers.options


def _problems(
    form: ForeignForm,
    title: str,
    asks_language: bool,
    decisions: Decisions,
    included: Sequence[Question],
    used: Sequence[AnswerList],
) -> Iterator[Problem]:
    """Yield every reason why the form cannot be kept yet. `included` are the questions to keep, `used` the
    lists that they use. The privacy cost of all answers together is checked later, on the draft."""
    if asks_language and not decisions.language:
        yield Problem(Message("Välj vilket språk texterna är på.", {}), "language")
    if fault := find_fault(title, LONGEST_TITLE):
        yield Problem(Message("Namnet: {problem}", {"problem": fault.message}), "title")
    if not form.questions:
        yield Problem(Message("Filen har inga frågor med val som går att ta med.", {}), "")
    elif not included:
        yield Problem(Message("Välj minst ett påstående.", {}), "questions")
    if len(included) > MOST_STATEMENTS:
        yield Problem(
            Message(
                "Högst {most} påståenden. Välj bort {number}.",
                {"most": MOST_STATEMENTS, "number": len(included) - MOST_STATEMENTS},
            ),
            "questions",
        )
    yield from _problems_of_questions(included)
    for answers in used:
        yield from _problems_of_list(answers)


def _problems_of_questions(included: Sequence[Question]) -> Iterator[Problem]:
    texts: set[str] = set()
    for question in included:
        fault = question.text.fault
        if fault is None and question.text.swedish in texts:
            fault = Message("påståendet står två gånger. Ta bort det ena.", {})
        texts.add(question.text.swedish)
        if fault:
            message = Message("{place}: {problem}", {"place": question.place, "problem": fault})
            yield Problem(message, question.text.key)


def _problems_of_list(answers: AnswerList) -> Iterator[Problem]:
    place = _place_of_list(answers)
    labels: set[str] = set()
    for option in answers.options:
        fault = option.fault
        if fault is None and option.swedish in labels:
            fault = Message("”{text}” står två gånger i listan. Byt ord.", {"text": option.swedish[:40]})
        labels.add(option.swedish)
        if fault:
            yield Problem(Message("{place}: {problem}", {"place": place, "problem": fault}), option.key)
    if answers.order is None:
        yield Problem(
            Message("{place}: välj vilket svar som är bäst.", {"place": place}), order_key(answers.number)
        )


def _place_of_list(answers: AnswerList) -> Message:
    return Message(
        "Svaren {number} ({list})", {"number": answers.number + 1, "list": answers.name[:40] or "–"}
    )


def _words_replaced(used: Sequence[AnswerList]) -> Iterator[LeftOut]:
    """Yield what guests see instead of the file's own words for a kind of no answer."""
    messages = {
        NoAnswer.DONT_KNOW: Message("Gäster ser ”Vet inte” i stället för ”{text}”.", {}),
        NoAnswer.PREFER_NOT: Message("Gäster ser ”Vill inte svara” i stället för ”{text}”.", {}),
    }
    for answers in used:
        for kind, text in answers.kinds:
            if text not in ("Vet inte", "Vill inte svara"):
                reason = Message(messages[kind].msgid, {"text": text[:80]})
                yield LeftOut(_place_of_list(answers), reason)
        if answers.none_of_these not in ("", NONE_OF_THESE):
            reason = Message(
                "Gäster ser ”Inget av detta” i stället för ”{text}”.", {"text": answers.none_of_these[:80]}
            )
            yield LeftOut(_place_of_list(answers), reason)


@dataclass
class _Translations:
    """Collects the translations that the survey will have. `texts` maps language -> Swedish text, or the key
    of a text without Swedish -> translation, and `left_out` has those of the form that are not used, with the
    reason."""

    library: Library
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, place: Message, text: ImportedText) -> None:
        """Add the translations of a text at a place: the library's, else the first in the form, else this
        one. One that is not used is added to `left_out`."""
        for code, translation in text.others.items():
            if not code:
                continue
            texts, key = self.texts.setdefault(code, {}), text.swedish or text.key
            reason = self._reason(code, text.swedish, translation)
            if reason:
                where = Message("{place}, språk {code}", {"place": place, "code": code})
                self.left_out.append(LeftOut(where, reason))
            if usable := self._known(code, text.swedish) or texts.get(key) or ("" if reason else translation):
                texts[key] = usable

    def _known(self, code: str, swedish: str) -> str:
        """Return the library's translation of a text, "" if there is none."""
        catalogue = self.library.guest.get(code)
        return catalogue.texts.get(swedish, "") if catalogue else ""

    def _reason(self, code: str, swedish: str, translation: str) -> Message | None:
        """Return the reason why a translation is not used; None if it is used, or if the Swedish text is
        missing."""
        if not swedish:
            return None
        if REFERENCE_TO_ANSWER.search(translation):
            return Message("Översättningen hänvisar till ett annat svar och tas inte med.", {})
        if fault := find_translation_fault(swedish, translation):
            return Message("Översättningen tas inte med: {problem}", {"problem": fault.message})
        other = self._known(code, swedish) or self.texts.get(code, {}).get(swedish, translation)
        if other != translation:
            return Message(
                "”{text}” översätts redan med ”{kept}”, som används i stället för ”{sent}”.",
                {"text": swedish[:80], "kept": other[:80], "sent": translation[:80]},
            )
        return None


def _draft(
    form: ForeignForm,
    title: str,
    source: str,
    included: Sequence[Question],
    lists: Sequence[AnswerList],
) -> Draft:
    """Return the survey of the included questions. Its licence is unknown, and it is not validated. A
    question keeps its good end and agreeing choices only with AS_IN_FILE. `lists` are all lists of answers of
    the form, by number."""
    statements: list[Statement] = []
    scales: dict[int, Scale] = {}
    for at, question in enumerate(included):
        foreign, answers = form.questions[question.number], lists[question.answers]
        if answers.number not in scales:
            taken = [scale.id for scale in scales.values()]
            scales[answers.number] = _scale(_id(answers.name, taken, "scale"), answers)
        has_own_order = answers.order is AnswerOrder.AS_IN_FILE
        good = _GOOD.get(answers.order, Good.HIGH) if answers.order else None
        statements.append(
            Statement(
                _id(foreign.name, [statement.id for statement in statements], "statement"),
                question.text.swedish,
                foreign.outcome or "–",
                scales[answers.number],
                foreign.good if has_own_order else good,
                foreign.agreeing if has_own_order else (),
                several=foreign.several,
                follows=_follow_up(form, included, lists, at, statements[-1].id if statements else ""),
            )
        )
    return Draft(_id(form.form_id, (), "imported"), title, source, UNKNOWN_LICENCE, False, tuple(statements))


CONDITION_LEFT_OUT = Message(
    "Villkoret följer inte med: frågan visas för alla. En följdfråga har ett svar av högst {most} utan "
    "ordning, och står direkt efter sin fråga, som har ett svar och inte själv är en följdfråga.",
    {"most": MOST_FOLLOW_UP_OPTIONS},
)


def _conditions_left_out(
    form: ForeignForm, included: Sequence[Question], lists: Sequence[AnswerList]
) -> Iterator[LeftOut]:
    """Yield a note for each included question with a condition that cannot be a follow-up here. `lists` are
    all lists of answers of the form, by number."""
    for at, question in enumerate(included):
        if form.questions[question.number].follows and not _follow_up(form, included, lists, at, ""):
            yield LeftOut(question.place, CONDITION_LEFT_OUT)


def _follow_up(
    form: ForeignForm, included: Sequence[Question], lists: Sequence[AnswerList], at: int, followed: str
) -> FollowUp | None:
    """Return the condition of the question at the index `at` of `included`, on the statement before it, which
    has the id `followed`; None if the question has no condition, or one that no follow-up can have here."""
    follows = form.questions[included[at].number].follows
    if follows is None or at == 0:
        return None
    name, choices = follows
    answers, answers_before = lists[included[at].answers], lists[included[at - 1].answers]
    before = form.questions[included[at - 1].number]
    if name != before.name or not set(choices) <= set(answers_before.names):
        return None
    if answers_before.several or answers.several or answers.is_kept_ordered:
        return None
    if _follow_up(form, included, lists, at - 1, ""):
        return None
    names = answers_before.names[::-1] if answers_before.is_reversed else answers_before.names
    when = tuple(sorted(names.index(choice) + 1 for choice in choices))
    is_possible = can_agree(when, len(names)) and len(answers.names) <= MOST_FOLLOW_UP_OPTIONS
    return FollowUp(followed, when) if is_possible else None


def _id(name: str, taken: Collection[str], fallback: str) -> str:
    """Return a name in the file, in small letters, if it is an id and not in `taken`; else an id made from
    its words, or from `fallback` if it has none."""
    wanted = name.lower()
    is_free = ID_PATTERN.fullmatch(wanted) and wanted not in {*taken, *RESERVED_NAMES}
    return wanted if is_free else new_id(name, taken, fallback)


_GOOD = {AnswerOrder.NONE_BEST: Good.NEITHER, AnswerOrder.UNORDERED: None}
"""Order of the answers -> the good end of the scale, if that is not the high end."""


def _scale(scale_id: str, answers: AnswerList) -> Scale:
    """Return the scale of a list of answers. Its labels begin with the lowest option: the first one in the
    file, or the last one if the first is the best.

    Options without an order begin with the last one shown, as they are numbered in a file of this program.
    """
    labels = tuple(option.swedish for option in answers.options)
    from_lowest = labels[::-1] if answers.is_reversed else labels
    if not answers.is_kept_ordered:
        return Scale(scale_id, from_lowest, bipolar=False, pictures=Pictures.NONE, is_ordered=False)
    return Scale(scale_id, from_lowest, bipolar=False)
