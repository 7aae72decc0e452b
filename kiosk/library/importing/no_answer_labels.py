"""Recognises answers of other programs that are no answer here: "don't know" and "prefer not to say"."""

import re
from collections.abc import Mapping

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
"""Names of choices, in small letters."""

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
"""Labels in small letters, without a full stop."""


def kind_of(name: str, labels: Mapping[str, str]) -> NoAnswer | None:
    """Return the kind of no answer that a choice is, by its name or any of its labels; None if it is an
    answer."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    texts = [label.casefold().replace("’", "'").strip(" .!()") for label in labels.values()]
    for kind, words in WORDS.items():
        if plain in NAMES[kind] or any(words.fullmatch(text) for text in texts):
            return kind
    return None
