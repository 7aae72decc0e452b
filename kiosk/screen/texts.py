"""The texts of a guest's screen, by the keys that templates and scripts use."""

from collections.abc import Mapping
from enum import StrEnum

from kiosk.domain.rounds import Protection


def _(message: str) -> str:
    """Mark a reference text for the catalogues."""
    return message


SCREEN = {
    "choose_language": _("Välj språk"),
    "start": _("Börja"),
    "next": _("Nästa"),
    "back": _("Tillbaka"),
    "skip": _("Hoppa över"),
    "more_answers": _("Fler svar"),
    "start_over": _("Börja om"),
    "thank_you": _("Tack för dina svar!"),
    "nothing_left": _("Klart. Inget finns kvar på skärmen."),
    "still_here": _("Är du kvar?"),
    "yes_continue": _("Ja, fortsätt"),
    "soon_removed": _("Annars tas svaren bort om 30 sekunder."),
    "about": _("Antal frågor: {total}. Tid: ungefär {minutes} min."),
    "anonymous": _("Vi sparar inte vem du är. Dina svar läggs ihop med andras svar."),
    "replied": _("Ni svarade. Det här har vi gjort:"),
    "voluntary": _("Du väljer själv om du vill svara. Det påverkar inte hjälpen du får här."),
    "stored": _("Vad sparas om mig?"),
    "need_help": _("Vill du prata med någon? Säg till personalen. Vid fara, ring 112."),
    "progress": _("Fråga {n} av {total}"),
    "dont_know": _("Vet inte"),
    "prefer_not": _("Vill inte svara"),
    "send": _("Skicka"),
    "title": _("Frågor"),
    "again": _("Försök igen"),
    "sending": _("Skickar …"),
    "waiting": _("Vänta lite. Svaren skickas snart."),
    "slip": _("Skriv koden på lappen"),
    "continue": _("Fortsätt"),
    "language": _("Språk"),
    "pair": _("Skriv koden för den här skärmen"),
    "paired": _("Skärmen är klar. Den hör till det här stället."),
    "erase": _("Sudda"),
    "connect": _("Koppla skärmen"),
    "too_old": _(
        "Webbläsaren på den här skärmen är för gammal. Den måste vara Chromium {version} eller nyare. "
        "Säg till personalen."
    ),
    "practice": _("Det här är en övning. Inget sparas."),
    "try_first": _("Prova först"),
    "try_ended": _("Övningen är slut. Inget har sparats."),
    "answer_now": _("Svara nu"),
    "listen": _("Lyssna"),
    "volume": _("Volym"),
    "text_size": _("Textstorlek"),
    "largest_text": _("Större text får inte plats."),
    "leave_now": _("Lämna sidan nu"),
    "unofficial": _("Översättningen är vår egen. Den är inte officiell."),
    "demonstration": _("Detta är en demonstration. Svaren används inte."),
}
"""Key of a text in templates and scripts -> reference text."""

OF_SEVERAL = (_("Du kan välja flera."), _("Inget av detta"))
"""Texts of a question of which several options may be chosen. A survey with such a question carries them
(kiosk/domain/survey.py), so that other forms have no bytes for them. They are repeated here for the
catalogues."""

OF_FOLLOW_UPS = (_("Bara om du svarade:"), _("Jag svarade något annat"))
"""Texts of a follow-up. A survey with a follow-up carries them, like OF_SEVERAL."""

BEFORE_THE_FORM = frozenset({"slip", "continue", "pair", "paired", "erase", "connect", "too_old"})
"""Keys of the texts that a form does not need in every language: those for typing a slip's code, for pairing
a kiosk, and for a browser that is too old."""

OF_PRACTICE = frozenset({"practice", "try_ended", "answer_now"})
"""Keys of the texts that only a form for practice shows."""

OF_KIOSKS = frozenset({"still_here", "yes_continue", "soon_removed", "largest_text"})
"""Keys of the texts of a form that only kiosks show."""

OF_PHONES = frozenset({"leave_now"})
"""Keys of the texts of a form that only phones show."""

OF_SPEECH = frozenset({"listen", "volume"})
"""Keys of the texts that only a form with speech shows."""

MINIMUM_CHROMIUM = 109
"""The oldest version of Chromium that can be a kiosk. It has the interface that stores ballots without a
network (createSyncAccessHandle, 108) and the selector that the layout needs (`:has()`, 105). Scripts and
styles use nothing newer: tests/test_browser_features.py."""


PROMISES: Mapping[Protection, str] = {
    Protection.PROTECTED: _("Siffrorna är lite ungefärliga. Ingen kan räkna ut säkert vad du svarade."),
    Protection.EXACT: _(
        "I den här omgången ser personalen exakta siffror. "
        "Den som vet vad de andra svarade kan räkna ut vad du svarade."
    ),
}
"""The promise about the figures that a guest reads before answering, by the round's protection."""


class Refusal(StrEnum):
    """The reason why a guest's request was refused, or could not be sent (OFFLINE). BAD is for a malformed
    request or one from another site, FAILED for a fault of the program, WAIT for a limit of rate or of wrong
    codes.

    The values name the texts in templates and scripts, and are sent in the header Kiosk-Refusal.
    """

    NOT_PAIRED = "not_paired"
    CLOSED = "closed"
    NOT_OPEN = "not_open"
    NO_ROUND = "no_round"
    WRONG_CODE = "wrong_code"
    NOT_ADMITTED = "not_admitted"
    UNKNOWN_SLIP = "unknown_slip"
    USED_SLIP = "used_slip"
    OFFLINE = "offline"
    WAIT = "wait"
    BAD = "bad"
    FAILED = "failed"
    NOT_FOUND = "not_found"


REFUSALS = {
    Refusal.NOT_PAIRED: _("Den här skärmen är inte klar att använda. Säg till personalen."),
    Refusal.CLOSED: _("De här frågorna är avslutade. Det går inte längre att svara."),
    Refusal.NOT_OPEN: _("Frågorna öppnar {day}."),
    Refusal.NO_ROUND: _("Det finns inga frågor att svara på just nu."),
    Refusal.WRONG_CODE: _("Koden är fel eller för gammal. Be om en ny kod."),
    Refusal.NOT_ADMITTED: _("Det går inte att svara här just nu. Säg till personalen."),
    Refusal.UNKNOWN_SLIP: _("Koden är fel eller för gammal. Titta på lappen och skriv koden igen."),
    Refusal.USED_SLIP: _("Lappen har redan använts. Ta en ny lapp om du vill svara."),
    Refusal.OFFLINE: _("Svaren kom inte fram. De finns kvar på skärmen. Försök igen."),
    Refusal.WAIT: _("Vänta en liten stund och skicka igen."),
    Refusal.BAD: _("Svaren kunde inte tas emot. Börja om."),
    Refusal.FAILED: _("Något gick fel. Dina svar sparades inte. Försök igen."),
    Refusal.NOT_FOUND: _("Sidan finns inte."),
}
"""Reason -> reference text. That of NOT_OPEN has the {day}."""

WITHOUT_SERVER = frozenset({Refusal.OFFLINE})
"""Refusals that a form's script shows without an answer of the server, so that the form has their texts. It
takes the text of any other refusal from the answer."""

WITHOUT_SERVER_ON_A_KIOSK = WITHOUT_SERVER | {Refusal.CLOSED}
"""Those of a kiosk, which accepts no ballot after the end of the round while the network is away."""
