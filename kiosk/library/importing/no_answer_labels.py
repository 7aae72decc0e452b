"""Recognises answers of other programs that the program has itself: "don't know", "prefer not to say", and
"none of these" among several options."""

import re
from collections.abc import Iterable, Mapping

from kiosk.domain.ballot import NoAnswer

NAMES = {
    NoAnswer.DONT_KNOW: {
        "dont_know", "dontknow", "dk", "do_not_know", "don_t_know", "vet_inte", "vet_ej", "nsp", "no_sabe",
        "ne_sait_pas",
    },
    NoAnswer.PREFER_NOT: {
        "prefer_not", "prefer_not_to_say", "prefer_not_to_answer", "refused", "refuse", "no_answer", "pnta",
        "vill_inte_svara", "vill_ej_svara", "decline",
    },
}  # fmt: skip
"""Kind of no answer -> the names that other programs' forms give this choice, in small letters."""

WORDS = {
    NoAnswer.DONT_KNOW: re.compile(
        r"(?:jag )?(?:vet (?:inte|ej)|minns (?:inte|ej))|det minns jag inte|ingen (?:uppfattning|åsikt)"
        r"|kan inte (?:svara|bedöma)"
        r"|(?:i )?(?:don'?t|do not) (?:know|remember)|(?:i )?can'?t (?:say|remember)|cannot (?:say|recall)"
        r"|(?:i'?m )?not sure|no opinion|(?:je )?ne sai[st] pas|no s[eé]|no sabe|n[aã]o sei|weiß nicht"
    ),
    NoAnswer.PREFER_NOT: re.compile(
        r"(?:jag )?vill (?:inte|ej) (?:svara|uppge|säga)|avstår(?: från att svara)?"
        r"|(?:i )?(?:would )?prefer not(?: to (?:say|answer|respond))?"
        r"|(?:i )?(?:don'?t|do not) want to (?:say|answer)"
        r"|refused?(?: to (?:say|answer|respond))?|declined?(?: to (?:say|answer))?"
        r"|préfère ne pas (?:répondre|dire)|prefiere? no (?:responder|contestar|decir)"
        r"|prefiero no (?:responder|decir)"
    ),
}  # fmt: skip
"""Kind of no answer -> pattern of its labels, in small letters and without a full stop."""


NONE_NAMES = frozenset({"none", "ingen", "inget", "inga", "none_of_these", "none_of_the_above"})
"""Names of the choice "none of these", in small letters."""
NONE_WORDS = re.compile(
    r"none(?: of (?:these|the above|them))?|nothing|neither|no one"
    r"|in(?:get|gen|ga)(?: av (?:detta|dessa|dem|det(?: här)?|ovanstående|alternativen))?"
    r"|ningun[oa](?: de (?:est[oa]s|l[oa]s anteriores))?|aucun[e]?(?: de ces (?:réponses|options))?"
)
"""Pattern of the labels of the choice "none of these", in small letters."""


def is_none_of_these(name: str, labels: Mapping[str, str]) -> bool:
    """Return whether a choice among several is "none of these", by its name or any of its labels."""
    return name.casefold() in NONE_NAMES or any(NONE_WORDS.fullmatch(text) for text in _plain(labels))


def _plain(labels: Mapping[str, str]) -> list[str]:
    """Return the labels in small letters, with straight apostrophes, and without full stops, exclamation
    marks and brackets at their ends."""
    return [label.casefold().replace("’", "'").strip(" .!()") for label in labels.values()]


def kind_of(name: str, labels: Mapping[str, str]) -> NoAnswer | None:
    """Return the kind of no answer that a choice is, by its name or any of its labels; None if it is an
    answer."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    texts = _plain(labels)
    for kind, words in WORDS.items():
        if plain in NAMES[kind] or any(words.fullmatch(text) for text in texts):
            return kind
    return None


def number_of_options(choices: Iterable[tuple[str, Mapping[str, str]]]) -> int:
    """Return how many of the choices among several, (name, labels) each, are options of their own: neither a
    kind of no answer nor "none of these"."""
    return sum(kind_of(*choice) is None and not is_none_of_these(*choice) for choice in choices)
