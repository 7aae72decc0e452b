"""Study: what would a reader who knows the guests learn from words in free text?

`python -m tests.attack.free_text` writes docs/free-text.md in about a minute. The product has no free text;
docs/anonymity.md says what follows from the figures. All guests, habits and texts are made up.

A guest has habits of writing, drawn from HABITS, and follows each with a chance. The reader has earlier texts
of every guest. She finds habits in texts only, with SEEN, and compares guests as a naive Bayes classifier
whose prior is HABITS. A person at the desk also knows the guests' events and turns of phrase, which nothing
here counts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from random import Random

REPORT = Path(__file__).parents[2] / "docs" / "free-text.md"

LONGEST = 300
"""Characters of a text."""

SURE = 0.9
"""The belief that a protected round keeps an insider below."""

K = 8

HABITS: Mapping[str, Mapping[str, int]] = {
    "capitals": {"yes": 70, "no": 30},
    "letters": {"åäö": 85, "aao": 15},
    "stop": {".": 60, "": 20, "!": 12, "...": 8},
    "comma": {", ": 65, " ": 20, " , ": 15},
    "och": {"och": 75, "o": 15, "å": 10},
    "är": {"är": 75, "e": 15, "ä": 10},
    "de": {"dom": 50, "de": 35, "dem": 15},
    "mycket": {"mycket": 50, "väldigt": 25, "jätte": 15, "mycke": 10},
    "staff": {"personalen": 60, "ni": 20, "tjejerna": 12, "folket": 8},
    "always": {"alltid": 60, "jämt": 20, "altid": 12, "hela tiden": 8},
    "hello": {"": 55, "hej": 30, "hejsan": 15},
    "thanks": {"": 55, "tack": 25, "mvh": 10, ":)": 10},
    "sentences": {"1": 35, "3": 40, "5": 25},
}
"""Habit -> its variants, and of how many guests in a hundred each is the usual one: guesses."""

SPELLING = frozenset({"capitals", "letters", "stop", "comma", "och", "är", "de", "thanks"})
"""Habits that an editor could even out without changing what is said."""

SENTENCES = {
    True: (
        "jag tycker att {staff} lyssnar{comma}{och} {de} {är} {mycket} bra",
        "jag får {always} prata när jag vill{comma}{och} {staff} {är} {mycket} snälla",
        "jag {är} trygg här{comma}{och} jag sover {mycket} bra",
        "{de} andra {är} {always} snälla mot mig",
        "jag fick hjälp med soc{comma}{och} papperen {är} klara",
        "{staff} ringer {always} dit jag ber om",
    ),
    False: (
        "jag tycker inte att {staff} lyssnar{comma}{och} {de} {är} {mycket} stressade",
        "jag får {always} vänta när jag vill prata{comma}{och} {staff} {är} {mycket} sura",
        "jag {är} rädd här{comma}{och} jag sover {mycket} dåligt",
        "{de} andra {är} {always} elaka mot mig",
        "jag fick ingen hjälp med soc{comma}{och} papperen {är} borta",
        "{staff} glömmer {always} det jag ber om",
    ),
}
"""Whether the guest agrees with the statement -> what she may write of it."""

NEGATIVE = re.compile(r"\b(inte|v[äa]nta|r[äa]dd|elaka|ingen|gl[öo]mmer)\b")
"""Words by which a reader sees that a guest does not agree."""

SEEN: Mapping[str, Mapping[str, str]] = {
    "capitals": {"yes": r"(?:^|[.!] )[A-ZÅÄÖ]", "no": r"(?:^|[.!] )(?!tack|mvh)[a-zåäö]"},
    "letters": {"åäö": r"^.*[åäö]", "aao": r"^[^åäö]*$"},
    "stop": {".": r"(?<!\.)\.(?!\.)", "": r"^[^.!]*$", "!": r"!", "...": r"\.\.\."},
    "comma": {", ": r"\w, ", " ": r"\w (?:och|[oåa]) ", " , ": r" , "},
    "och": {"och": r"\boch\b", "o": r"\bo\b", "å": r"\b[åa]\b"},
    "är": {"är": r"\b[äa]r\b", "e": r"\be\b", "ä": r"\bä\b"},
    "de": {"dom": r"\b[Dd]om\b", "de": r"\b[Dd]e\b", "dem": r"\b[Dd]em\b"},
    "mycket": {"mycket": r"\bmycket\b", "väldigt": r"\bv[äa]ldigt\b", "jätte": r"\bj[äa]tte\b",
               "mycke": r"\bmycke\b"},
    "staff": {"personalen": r"\b[Pp]ersonalen\b", "ni": r"\b[Nn]i\b", "tjejerna": r"\b[Tt]jejerna\b",
              "folket": r"\b[Ff]olket\b"},
    "always": {"alltid": r"\balltid\b", "jämt": r"\bj[äa]mt\b", "altid": r"\baltid\b",
               "hela tiden": r"\bhela tiden\b"},
    "hello": {"": r"^(?![Hh]ej)", "hej": r"^[Hh]ej\b", "hejsan": r"^[Hh]ejsan\b"},
    "thanks": {"": r"^(?!.*(?:tack|mvh|:\)))", "tack": r"\btack\b", "mvh": r"\bmvh\b", ":)": r":\)"},
    "sentences": {"1": r"^.{0,75}$", "3": r"^.{76,180}$", "5": r"^.{181,}$"},
}  # fmt: skip
"""Habit -> variant -> how the reader finds it in a text. The same keys as HABITS."""

Habits = Mapping[str, str]
"""Habit -> the variant that a guest prefers."""

Marks = Counter[tuple[str, str]]
"""(habit, variant) -> how often it is seen."""


@dataclass(frozen=True)
class Writing:
    """The manner in which guests write. `steady` is how often, in percent, a guest follows a habit of hers;
    otherwise the habit's variant is drawn from HABITS. `longest` is the number of characters after which a
    text is cut off. An `edited` text has its SPELLING made even."""

    steady: int
    longest: int = LONGEST
    edited: bool = False


def usual(rng: Random) -> dict[str, str]:
    """Return the habits of one guest."""
    return {habit: _drawn(habit, rng) for habit in HABITS}


def _drawn(habit: str, rng: Random) -> str:
    return rng.choices(list(HABITS[habit]), list(HABITS[habit].values()))[0]


def text_of(habits: Habits, agrees: bool, writing: Writing, rng: Random) -> str:
    """Return a text by a guest with these habits, who agrees with the statement or does not."""

    def variant(habit: str) -> str:
        if writing.edited and habit in SPELLING:
            return next(iter(HABITS[habit]))
        return habits[habit] if 100 * rng.random() < writing.steady else _drawn(habit, rng)

    chosen = rng.sample(SENTENCES[agrees], int(variant("sentences")))
    parts = []
    for sentence in filter(None, (variant("hello"), *chosen)):
        words = re.sub(r"\{(\w+)\}", lambda slot: variant(slot[1]), sentence)
        parts.append(words[0].upper() + words[1:] if variant("capitals") == "yes" else words)
    text = " ".join(part + variant("stop") for part in parts)
    text = f"{text} {variant('thanks')}".strip()
    if variant("letters") == "aao":
        text = text.translate(str.maketrans("åäöÅÄÖ", "aaoAAO"))
    return text[: writing.longest]


def marks_of(text: str) -> Marks:
    """Return the habits that are seen in a text."""
    return Counter(
        {
            (habit, variant): times
            for habit, variants in SEEN.items()
            for variant, expression in variants.items()
            if (times := len(re.findall(expression, text)))
        }
    )


def beliefs(known: Sequence[Marks], seen: Marks) -> list[float]:
    """Return the probability that each guest wrote a text, from the habits seen in it and in her earlier
    texts.

    The probability of a variant is its share in the guest's earlier texts, with HABITS as one more
    observation.
    """
    scores = []
    for marks in known:
        score = 0.0
        for (habit, variant), times in seen.items():
            total = sum(marks[habit, other] for other in HABITS[habit])
            score += times * log((marks[habit, variant] + HABITS[habit][variant] / 100) / (total + 1))
        scores.append(score)
    weights = [exp(score - max(scores)) for score in scores]
    return [weight / sum(weights) for weight in weights]


@dataclass(frozen=True)
class Linked:
    """Numbers of `texts` about which the reader learns something. She names the writer (`right`). She is more
    than SURE sure, and right (`sure`) or wrong (`wrong`). She is sure and right, and reads the guest's answer
    in the text (`answer`)."""

    right: int
    sure: int
    wrong: int
    answer: int
    texts: int

    @property
    def percent(self) -> tuple[float, float, float, float]:
        """The four figures in percent of the texts."""
        right, sure, wrong, answer = (
            100 * number / self.texts for number in (self.right, self.sure, self.wrong, self.answer)
        )
        return right, sure, wrong, answer


def linked(writing: Writing, guests: int, earlier: int, groups: int, seed: int) -> Linked:
    """Return how often a reader links a text to its writer. One text comes from each of `guests` in each of
    `groups`; of every guest she has `earlier` texts."""
    rng = Random(seed)
    count = Counter[str]()
    for _ in range(groups):
        people = [usual(rng) for _ in range(guests)]
        known = [
            sum((marks_of(text_of(one, rng.random() < 0.5, writing, rng)) for _ in range(earlier)), Marks())
            for one in people
        ]
        for at, person in enumerate(people):
            agrees = rng.random() < 0.5
            text = text_of(person, agrees, writing, rng)
            belief = beliefs(known, marks_of(text))
            is_right, is_sure = max(range(guests), key=belief.__getitem__) == at, max(belief) > SURE
            reads_answer = (NEGATIVE.search(text) is None) == agrees
            count["right"] += is_right
            count["sure"] += is_right and is_sure
            count["wrong"] += is_sure and not is_right
            count["answer"] += is_right and is_sure and reads_answer
    return Linked(count["right"], count["sure"], count["wrong"], count["answer"], groups * guests)


LANGUAGES = {"sv": 52, "ar": 12, "en": 8, "so": 7, "fa": 5, "ti": 5, "uk": 4, "ru": 2, "pl": 2, "es": 1,
             "ro": 1, "fi": 1}  # fmt: skip
"""Language -> of how many guests in a hundred it is the one they write in. The shares are guesses."""


def alone_in_language(texts: int, rounds: int, seed: int) -> tuple[float, float]:
    """Return the percentages of texts that are the only one in their language among a unit's `texts` of a
    round, and that are among fewer than K."""
    rng = Random(seed)
    alone = few = 0
    for _ in range(rounds):
        counts = Counter(rng.choices(list(LANGUAGES), list(LANGUAGES.values()), k=texts))
        alone += sum(count == 1 for count in counts.values())
        few += sum(count for count in counts.values() if count < K)
    return 100 * alone / (texts * rounds), 100 * few / (texts * rounds)


# -- the report ----------------------------------------------------------------------------------------

HEAD = """# What a word in free text would tell

Printed by `python -m tests.attack.free_text`; do not edit.
[anonymity.md](anonymity.md#why-there-is-no-free-text) says what follows from it.

Guests, habits and texts are made up. A guest has {habits} habits of writing (capitals, stops, spellings,
words, greeting, length), each the usual one of 8 to 85 guests in a hundred, and follows a habit as often as
the table says; otherwise she writes as anybody may. The reader has earlier texts of every guest, such as
applications or messages, and sees nothing but text. Figures are percentages of texts. "Sure" is a belief over
90 %, the bound of a protected round; a reader is sure too often where habits are weaker than she thinks.

Two texts by one guest:

> {first}

> {second}
"""

GROUPS = 200


def _by_habits(groups: int) -> Iterator[list[str]]:
    """Yield a row for each strength of habits, earlier texts and guests; 0 % is the control."""
    for steady in (0, 60, 75, 90):
        for earlier in (1, 3):
            for guests in (5, 8, 20):
                result = linked(Writing(steady), guests, earlier, groups * 5 // guests, seed=61)
                right, sure, wrong, answer = result.percent
                name = f"{steady} %" if steady else "never (control)"
                yield [name, f"{earlier}", f"{guests}", f"{100 / guests:.0f}", f"{right:.0f}", f"{sure:.0f}",
                       f"{wrong:.0f}", f"{answer:.0f}"]  # fmt: skip


RULES = {
    "as written, at most 300 characters": Writing(75),
    "at most 100 characters": Writing(75, 100),
    "at most 40 characters": Writing(75, 40),
    "spelling, capitals and punctuation made even": Writing(75, edited=True),
    "both: even, at most 100 characters": Writing(75, 100, edited=True),
}


def _by_rule(groups: int) -> Iterator[list[str]]:
    for rule, writing in RULES.items():
        right, sure, wrong, _ = linked(writing, K, 3, groups * 5 // K, seed=62).percent
        yield [rule, f"{100 / K:.0f}", f"{right:.0f}", f"{sure:.0f}", f"{wrong:.0f}"]
    yield ["a fixed answer instead of a text", f"{100 / K:.0f}", f"{100 / K:.0f}", "0", "0"]


def _by_language(groups: int) -> Iterator[list[str]]:
    for texts in (8, 20, 60):
        alone, few = alone_in_language(texts, groups * 10, seed=63)
        yield [f"{texts}", f"{alone:.0f}", f"{few:.0f}"]


def _table(title: str, text: str, columns: Sequence[str], rows: Iterator[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"\n## {title}\n\n{text}\n\n{table}\n"


def report(groups: int = GROUPS) -> str:
    """Return the report; `groups` is the number of groups of five guests in each row."""
    rng = Random(64)
    person = {**usual(rng), "sentences": "3"}
    texts = [text_of(person, agrees, Writing(90), rng) for agrees in (True, False)]
    return HEAD.format(habits=len(HABITS), first=texts[0], second=texts[1]) + "".join(
        (
            _table(
                "Who wrote it?",
                "\"Answer\": sure of the writer, rightly, and reads from the text whether she agrees with "
                "the statement.",
                ["follows a habit", "earlier texts", "guests", "chance", "right", "sure and right",
                 "sure and wrong", "answer"],
                _by_habits(groups),
            ),
            _table(
                "What rules could change",
                f"{K} guests with 3 earlier texts each, who follow a habit in 75 %.",
                ["rule", "chance", "right", "sure and right", "sure and wrong"],
                _by_rule(groups),
            ),
            _table(
                "Language",
                "Texts of one unit in one round, in the languages that guests write in. A rule that releases "
                f"only languages with at least {K} texts destroys the last column.",
                ["texts", "the only one in its language", f"one of fewer than {K}"],
                _by_language(groups),
            ),
        )
    )  # fmt: skip


if __name__ == "__main__":
    REPORT.write_text(report(), encoding="utf-8")
