"""Describes a form of another program: its questions with their answers, and everything that is left out.

Each reader of a file format returns a `ForeignForm`. A coordinator sees it in a preview, says which end of
each list of answers is good, and only then is a survey made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.domain.message import Message
from kiosk.domain.survey import Good
from kiosk.library.importing.conditions import Condition

Texts = Mapping[str, str]
"""Language code -> text. The code is "" if the file does not say which language a text is in."""


class ForeignFormError(ValueError):
    """The file has no form that can be imported. `message` has the place and the remedy."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.render(str))
        self.message = message


@dataclass(frozen=True)
class ForeignChoice:
    """An answer of a question: its name in the file, and its label in each language, by the language's code;
    "" is the code if the file does not say which language it is."""

    name: str
    labels: Texts


@dataclass(frozen=True)
class ForeignQuestion:
    """A question with one choice, or with `several`.

    `place` says where the question stands ("sheet survey, row 5", "line 3", "question q12"). `choices` are in
    the order of the file, answers such as "don't know" included; `choice_list` is the name of their list,
    which questions may share, or "" if the question has a list of its own. `outcome`, `good` and `agreeing`
    (numbers of choices, 1 the lowest) are empty unless the file is an export of this program. `is_numbered`
    says that the file is such an export: the names of the choices are their numbers, and an empty `good`
    means that the survey does not say. `is_ordered` says whether the choices of such an export have an order;
    without one, they are numbered from the last one shown. `follows` is a condition: the name of another
    question, and the names of the choices after which this one is asked. It is None if the question is always
    asked, or if no follow-up can have its condition.
    """

    place: Message
    name: str
    texts: Texts
    choice_list: str
    choices: tuple[ForeignChoice, ...]
    outcome: str = ""
    good: Good | None = None
    agreeing: tuple[int, ...] = ()
    is_numbered: bool = False
    is_ordered: bool = True
    several: bool = False
    follows: Condition | None = None


@dataclass(frozen=True)
class LeftOut:
    """Something in the file that the survey will not have, or has in another form: its place, and the
    reason."""

    place: Message
    reason: Message


@dataclass(frozen=True)
class ForeignForm:
    """A form as its file describes it. `default_language` is the code of texts without a language, or "".

    `columns` maps each language code to the heading of the column with its texts ("label::Svenska (sv)");
    empty for formats without columns. `form_id` is the form's id in the file, or "". `program` is the program
    or format of the file, for the source of the survey.
    """

    title: Texts
    default_language: str
    columns: Mapping[str, str]
    questions: tuple[ForeignQuestion, ...]
    left_out: tuple[LeftOut, ...]
    form_id: str = ""
    program: str = "XLSForm"
