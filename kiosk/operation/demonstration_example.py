"""The demonstration's example: a round with one question of each kind, at a place of its own."""

from datetime import datetime, timedelta
from random import Random

from kiosk.domain.ballot import NOT_ASKED, Answer, Ballot
from kiosk.domain.rounds import Admission, Protection, Round, round_id
from kiosk.domain.survey import FollowUp, Good, Pictures, Scale, Statement, Survey
from kiosk.domain.tree import Node, Tree
from kiosk.library.library import Library
from kiosk.storage import Store

UNIT = "exempel"
TREE = Tree((Node("exempel_alla", "Exempel", None), Node(UNIT, "Alla slags frågor", "exempel_alla")))
"""A tree of its own: the example has no part in the figures of the other rounds."""

OPENED_BEFORE = timedelta(days=40)
"""Time from the round's opening to the demonstration's start."""

LENGTH = timedelta(days=90)
GUESTS = 60

ENGLISH = {
    "Hur mår du i dag?": "How are you today?",
    "Jag känner mig trygg här": "I feel safe here",
    "Varför är du inte trygg?": "Why do you not feel safe?",
    "Jag känner inte personalen": "I do not know the staff",
    "Andra gäster": "Other guests",
    "Ljud och trängsel": "Noise and crowding",
    "Något annat": "Something else",
    "Personalen lyssnar på mig": "The staff listen to me",
    "Jag vet vem jag kan fråga": "I know whom I can ask",
    "Hur nöjd är du med maten?": "How satisfied are you with the food?",
    "Var sov du i natt?": "Where did you sleep last night?",
    "Hemma": "At home",
    "På ett härbärge": "At a shelter",
    "Utomhus": "Outdoors",
    "Vad behöver du hjälp med?": "What do you need help with?",
    "Mat och kläder": "Food and clothes",
    "Någonstans att bo": "Somewhere to live",
    "Myndigheter": "Authorities",
}
"""Text of the example -> its English. Texts that are missing here are in the program's English catalogue."""


def _options(scale_id: str, *labels: str) -> Scale:
    """Return a scale of options without an order, from its labels in the order in which a guest sees them."""
    return Scale(scale_id, labels[::-1], bipolar=False, pictures=Pictures.NONE, is_ordered=False)


def example_survey(library: Library) -> Survey:
    """Return a survey with a question of each kind, in Swedish and English."""
    scales = library.scales
    reasons = _options(
        "ex_reasons", "Andra gäster", "Ljud och trängsel", "Jag känner inte personalen", "Något annat"
    )
    night = _options("ex_night", "Hemma", "På ett härbärge", "Utomhus", "Något annat")
    needs = _options("ex_needs", "Mat och kläder", "Någonstans att bo", "Myndigheter")
    after_low = FollowUp("ex_safe", (1, 2))
    statements = (
        Statement("ex_mood", "Hur mår du i dag?", "Ansikten", scales["faces5"], Good.HIGH),
        Statement("ex_safe", "Jag känner mig trygg här", "Instämmande", scales["agree5"], Good.HIGH),
        Statement("ex_why", "Varför är du inte trygg?", "Följdfråga", reasons, follows=after_low),
        Statement("ex_listen", "Personalen lyssnar på mig", "Hur ofta", scales["frequency5"], Good.HIGH),
        Statement("ex_ask", "Jag vet vem jag kan fråga", "Ja eller nej", scales["yesno"], Good.HIGH),
        Statement("ex_food", "Hur nöjd är du med maten?", "Noll till tio", scales["zero_to_ten"], Good.HIGH),
        Statement("ex_night", "Var sov du i natt?", "Ett av flera", night),
        Statement("ex_needs", "Vad behöver du hjälp med?", "Flera av flera", needs, several=True),
    )
    survey = Survey("exempel", "Exempel: alla slags frågor", "Påhittad", "Fri", False, statements, {})
    known = library.guest["en"]
    english = {text: ENGLISH.get(text) or known.text(text) for text in survey.messages}
    return survey.translated({"en": english})


def add_example(store: Store, library: Library, now: datetime) -> str:
    """Open the example's round, cast its made-up ballots and count them. Returns the code of a new poster's
    link to it."""
    random = Random(8)  # noqa: S311 - made-up answers, the same each time
    survey = example_survey(library)
    opens_at = datetime.combine((now - OPENED_BEFORE).date(), datetime.min.time())
    example = Round(
        round_id(survey, opens_at.date(), ()),
        survey,
        TREE,
        5,
        opens_at,
        opens_at + LENGTH,
        frozenset({Admission.POSTER}),
        protection=Protection.PROTECTED,
    )
    store.open_round(example, opens_at)
    for _ in range(GUESTS):
        store.cast(example.id, UNIT, _ballot(survey, random), now)
    store.count(now)
    return store.links.add(Admission.POSTER, UNIT).code


def _ballot(survey: Survey, random: Random) -> Ballot:
    """Return one made-up ballot."""
    answers: list[Answer] = []
    for statement in survey.statements:
        columns, before = statement.columns, answers[-1] if answers else 0
        if statement.follows:
            was_asked = before in statement.follows.when
            answers.append(random.randint(1, columns[0].options) if was_asked else NOT_ASKED)
        elif statement.several:
            chosen = [random.randint(1, 2) for _ in columns[1:]]
            answers += [max(chosen), *chosen]
        else:
            leaning = 0.4 if survey.follow_up_of(statement.id) else 0.6
            answers.append(1 + sum(random.random() < leaning for _ in range(columns[0].options - 1)))
    return Ballot(tuple(answers))
