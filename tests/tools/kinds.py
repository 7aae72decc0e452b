"""A survey with each kind of question, and what guests answer to it."""

from collections import Counter
from collections.abc import Mapping, Sequence

from kiosk.domain.survey import FollowUp, Good, Pictures, Poles, Scale, Statement, Survey, number_scale

FOLLOWED = (1, 2)
"""The answers that the follow-up follows."""

POLES = Poles(1, "Inte alls bra", "Mycket bra")

Form = Mapping[str, Sequence[str]]
"""Statement id -> the values that a page sends for it."""


def every_kind(shipped: Mapping[str, Scale]) -> Survey:
    """Return a survey with each kind: the shipped scales, a reversed one, numbers and words of 2 to 11 steps,
    a follow-up, one and several of options without an order."""
    needs = Scale("needs", ("Samtal", "Sömn", "Mat"), bipolar=False, pictures=Pictures.NONE, is_ordered=False)
    words = Scale("words", tuple(f"Steg {step}" for step in range(1, 8)), bipolar=False)
    scales = {name: shipped[name] for name in ("faces5", "frequency5", "yesno", "zero_to_ten")}
    scales |= {f"n{steps}": number_scale(f"n{steps}", POLES, steps) for steps in (2, 3, 4, 6, 7, 8, 9, 10)}
    statements = (
        Statement("agree", "Om trygghet", "A", shipped["agree5"], Good.HIGH),
        Statement("why", "Om skälet", "A", needs, follows=FollowUp("agree", FOLLOWED)),
        Statement("reversed", "Om ensamhet", "A", shipped["agree5"], Good.LOW),
        *(Statement(name, f"Om {name}", "A", scale, Good.HIGH) for name, scale in scales.items()),
        Statement("words", "Om ord", "A", words, Good.HIGH),
        Statement("one", "Om det mesta", "A", needs),
        Statement("several", "Om allt", "A", needs, several=True),
    )
    return Survey("kinds", "Alla slag", "Vi", "Fri", validated=False, statements=statements, translations={})


def chosen(statement: Statement, forms: Sequence[Form]) -> list[int]:
    """Return the number of guests who chose each answer of `statement.answers`, the lowest answer first. For
    a follow-up, only guests who were asked count."""
    asked = [[str(option)] for option in FOLLOWED]
    answers = Counter(
        value
        for form in forms
        if not statement.follows or list(form[statement.follows.statement]) in asked
        for value in form[statement.id]
    )
    names = [str(option) for option in range(1, len(statement.scale.labels) + 1)]
    return [answers[name] for name in (["none", *names] if statement.several else names)]
