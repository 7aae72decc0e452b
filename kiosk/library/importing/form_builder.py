"""Builds a form of another program question by question. Something that a survey cannot have is listed as
left out; it is no error.

The readers of the file formats share it, so that all of them clean texts and limit answers in the same way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kiosk.domain.message import Message
from kiosk.domain.survey import MOST_SEVERAL
from kiosk.library.catalogues import REFERENCE
from kiosk.library.importing.conditions import Condition
from kiosk.library.importing.form import (
    ForeignChoice,
    ForeignForm,
    ForeignFormError,
    ForeignQuestion,
    LeftOut,
    Texts,
)
from kiosk.library.importing.language_headings import heading_code
from kiosk.library.importing.markup import Change, plain_text
from kiosk.library.importing.no_answer_labels import number_of_options
from kiosk.library.importing.xlsform import REASONS_OF_CHANGES, TOO_MANY_SEVERAL
from kiosk.library.surveys import MOST_OPTIONS

MOST_QUESTIONS = 2_000
"""Most questions in a file, rows of matrices included; a larger file is no form."""

REFERENCE_TO_ANSWER = re.compile(r"\$?\{[^{}]{1,200}\}|#recall:[^#]{1,200}#")
"""Pattern of a text that another program fills in, such as {TOKEN:FIRSTNAME} or an earlier answer."""

FREE_TEXT = Message("En fråga med svar i egna ord kan inte tas med. Bara frågor med val.", {})
NO_QUESTION = Message("En text utan fråga visas inte.", {})
CONDITION = Message("Villkoret följer inte med: frågan visas för alla.", {})
HINT = Message("Ledtexter visas inte.", {})
OTHER = Message("Svaret ”annat” med egna ord följer inte med.", {})

Choices = Sequence[tuple[str, Texts]]
"""(name in the file, label by language) of each answer, in the file's order, as written there."""


def other_type(name: str) -> Message:
    """Return the reason why a question of the type `name` is left out."""
    return Message("Frågor av typen ”{type}” kan inte tas med. Bara frågor med val.", {"type": name[:40]})


def place_of(name: str, row: str = "") -> Message:
    """Return the place, for messages, of the question with that name; with `row`, that of the row with that
    name in the question's matrix."""
    if row:
        return Message("Fråga {name}, rad {row}", {"name": name[:40], "row": row[:40]})
    return Message("Fråga {name}", {"name": name[:40]})


def known_code(code: str) -> str | None:
    """Return the language code for a code of another program, such as "de" for "de-informal"; None for an
    unknown language."""
    return heading_code(code) or heading_code(re.split("[-_]", code)[0])


@dataclass
class FormBuilder:
    """Collects the questions of a form, and the parts that are left out.

    `program` is the program or format of the file. `default` is the code of the language of texts without a
    language, "" if the file does not say which it is. `left_out` is keyed by the Swedish texts of place and
    reason.
    """

    program: str
    default: str
    questions: list[ForeignQuestion] = field(default_factory=list)
    left_out: dict[tuple[str, str], LeftOut] = field(default_factory=dict)

    def leave_out(self, place: Message, reason: Message) -> None:
        """List something that the survey will not have. The same place and reason are listed once. Raises
        ForeignFormError for a form over MOST_QUESTIONS, parts that are left out included."""
        self._check_size()
        self.left_out.setdefault((place.render(str), reason.render(str)), LeftOut(place, reason))

    def add(
        self,
        place: Message,
        name: str,
        texts: Texts,
        choices: Choices,
        choice_list: str = "",
        *,
        several: bool = False,
        follows: Condition | None = None,
    ) -> None:
        """Add a question with one choice, or with `several`, or list it as left out if it cannot be shown.
        `follows` is its condition; None if it has none that a follow-up can have.

        `texts` and `choices` are as the file has them; markup is taken off and listed. `choice_list` is the
        name of a list that other questions share, "" for one of its own. Raises ForeignFormError for a form
        over MOST_QUESTIONS, parts that are left out included.
        """
        self._check_size()
        shown = self._texts(place, texts)
        answers = tuple(ForeignChoice(answer, self._texts(place, labels)) for answer, labels in choices)
        if reason := self._fault(shown, answers, several=several):
            self.leave_out(place, reason)
        else:
            self.questions.append(
                ForeignQuestion(place, name, shown, choice_list, answers, several=several, follows=follows)
            )

    def _check_size(self) -> None:
        if len(self.questions) + len(self.left_out) > MOST_QUESTIONS:
            raise ForeignFormError(
                Message("Filen har mer än {most} frågor: fler än en enkät har.", {"most": MOST_QUESTIONS})
            )

    def _texts(self, place: Message, texts: Texts) -> Texts:
        """Return language code -> text without markup, without empty ones. Texts in an unknown language, and
        second texts in one language, are listed as left out. Texts without a language have the code
        `default`."""
        shown: dict[str, str] = {}
        for language, text in texts.items():
            code = known_code(language) if language else self.default
            if code is None:
                reason = Message("Språket {code} är okänt. Texterna på det tas inte med.", {"code": language})
                self.leave_out(Message("Hela filen", {}), reason)
                continue
            plain, changes = plain_text(text)
            for change in sorted(changes, key=lambda change: change.value):
                # Editors of other programs write every text as HTML: a single paragraph changes nothing.
                if change is not Change.MARKUP or not _is_one_paragraph(text):
                    self.leave_out(place, REASONS_OF_CHANGES[change])
            if plain and shown.setdefault(code, plain) != plain:
                reason = Message("Språket {code} har två texter. Den första används.", {"code": code})
                self.leave_out(place, reason)
        return shown

    def _fault(self, texts: Texts, choices: Sequence[ForeignChoice], *, several: bool) -> Message | None:
        """Return the reason why a question cannot be shown; None if it can. With `several`, a guest may
        choose several of its `choices`: then at most MOST_SEVERAL of them may be options of their own."""
        if not texts:
            return Message("Frågan har ingen text.", {})
        for text in (*texts.values(), *(label for choice in choices for label in choice.labels.values())):
            if reference := REFERENCE_TO_ANSWER.search(text):
                return Message(
                    "Texten hänvisar till ett annat svar eller en uppgift ({reference}), som inte kan fyllas "
                    "i här.",
                    {"reference": reference[0][:40]},
                )
        if len(choices) < 2:
            return Message("Frågan har färre än två svar.", {})
        if several and (number := number_of_options((c.name, c.labels) for c in choices)) > MOST_SEVERAL:
            return Message(TOO_MANY_SEVERAL.msgid, {"number": number, "most": MOST_SEVERAL})
        if len(choices) > MOST_OPTIONS:
            return Message(
                "Frågan har {number} svar. Högst {most} går att visa.",
                {"number": len(choices), "most": MOST_OPTIONS},
            )
        if any(not choice.labels for choice in choices):
            return Message("Ett svar har ingen text.", {})
        for code in {code for choice in choices for code in choice.labels}:
            labels = [choice.labels[code] for choice in choices if code in choice.labels]
            if len(set(labels)) < len(labels):
                return Message("Två av frågans svar har samma text.", {})
        return None

    def form(self, title: Texts, default_title: str, form_id: str = "") -> ForeignForm:
        """Return the form that was built. `default_title` is for a form without a `title`. The form's
        `default_language` is "" if it is not known. Raises ForeignFormError if no question was added and
        nothing is listed as left out."""
        if not self.questions and not self.left_out:
            raise ForeignFormError(Message("Filen har inga frågor.", {}))
        titles = self._texts(Message("Titel", {}), title)
        languages = {code for question in self.questions for code in question.texts}
        default = self.default if self.default and "" not in languages else ""
        titles = titles or {default or REFERENCE: default_title}
        return ForeignForm(titles, default, {}, tuple(self.questions), tuple(self.left_out.values()), form_id)


def _is_one_paragraph(text: str) -> bool:
    """Return whether a text's only markup is a paragraph or block around the whole."""
    return re.fullmatch(r"\s*<(p|div|span)\b[^<>]*>[^<>*_]*</\1>\s*", text) is not None


def numbered(numbers: Sequence[int], languages: Sequence[str], low: Texts, high: Texts) -> Choices:
    """Return (name, labels) of answers that are numbers, with a label in each of the languages; the name is
    the number. `low` and `high`, the words at the two ends, are written after the first and the last number:
    "1 – Inte alls"."""
    ends: Mapping[int, Texts] = {numbers[0]: low, numbers[-1]: high} if numbers else {}
    return [
        (
            str(number),
            {
                code: f"{number} – {words}" if (words := ends.get(number, {}).get(code, "")) else str(number)
                for code in languages
            },
        )
        for number in numbers
    ]
