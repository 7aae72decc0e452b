"""The Swedish texts of the codes that the rules return.

The rules know codes and values only. A text here is the message id of the desk's catalogue, and each of its
{placeholders} is a value that the rule returns with the code (`kiosk/domain/message.py`).
"""

from collections.abc import Mapping

from kiosk.domain.aggregate import AggregateFault
from kiosk.domain.earlier_figures import FiguresFault
from kiosk.domain.rounds import RoundFault, RoundOutlook
from kiosk.domain.wording import WordingAdvice


def _(message: str) -> str:
    """Mark a reference text for the catalogues."""
    return message


TEXTS: Mapping[str, str] = {
    RoundFault.OTHER_OPENING: _("En annan omgång öppnas just nu. Försök igen om fem minuter."),
    RoundFault.K_BELOW_FLOOR: _("k måste vara minst {floor}."),
    RoundFault.K_ABOVE_CEILING: _("k får vara högst {ceiling}."),
    RoundFault.OPENS_BEFORE_TODAY: _("Omgången kan inte öppna före i dag. Välj en senare första dag."),
    RoundFault.TOO_SHORT: _(
        "Omgången måste vara öppen i minst {days} dagar från nu. Välj en senare sista dag."
    ),
    RoundFault.TOO_LONG: _("Omgången får vara högst {days} dagar."),
    RoundFault.EPSILON_OUT_OF_RANGE: _("Epsilon måste vara minst {least} och högst {most}."),
    RoundFault.NO_ADMISSION: _("Välj minst ett sätt att lämna svar på."),
    RoundFault.NAME_TOO_LONG: _("Omgångens namn får ha högst {most} tecken."),
    RoundFault.LEAST_DAYS_OUT_OF_RANGE: _("Antalet dagar med svar måste vara mellan {least} och {most}."),
    RoundFault.EXPECTED_AT_UNKNOWN_UNIT: _(
        "Omgången har ingen verksamhet {unit}, men ett väntat antal svar för den."
    ),
    RoundFault.EXPECTED_OUT_OF_RANGE: _("{unit}: antalet som svarar ska vara mellan {least} och {most}."),
    RoundFault.UNIT_IN_OTHER_ROUND: _(
        "Omgången ”{round}” pågår i samma verksamhet ({unit}) under samma tid. Vänta tills den har stängt."
    ),
    RoundFault.TREND_BUDGET_SPENT: _(
        "{unit} har redan {budget} omgångar inom ett år. Fler tabeller om samma personer skulle göra "
        "det möjligt att räkna ut enskilda svar, också med andra påståenden."
    ),
    RoundOutlook.TOO_FEW_ANSWERS: _(
        "Med ungefär {a_day} svar om dagen får en verksamhet färre än {k} svar på hela omgången. De "
        "räknas ihop med en annan verksamhets, eller visas inte alls."
    ),
    RoundOutlook.WEAK_AGAINST_STUFFING: _(
        "Så få svar om dagen skyddar dåligt mot den som svarar många gånger. Använd lappar i stället "
        "för affischer."
    ),
    RoundOutlook.ERROR_OF_FIGURES: _(
        "Med ungefär {answers} svar i en verksamhet kan varje stapel vara fel på upp till {off} svar, "
        "och andelarna är kända på ±{points} procentenheter."
    ),
    RoundOutlook.FIRST_FIGURES: _(
        "Med ungefär {a_day} svar om dagen visas de första siffrorna för en verksamhet efter ungefär "
        "{days} dygn. Sedan kommer nya siffror glesare: som längst går ungefär {apart} dygn emellan."
    ),
    RoundOutlook.NO_FIGURES_AT_SMALLEST_K: _(
        "Med ungefär {a_day} svar om dagen visas inga siffror för en verksamhet förrän omgången har "
        "stängt: det behövs {first} svar. Välj en längre omgång."
    ),
    RoundOutlook.NO_FIGURES_BEFORE_CLOSING: _(
        "Med ungefär {a_day} svar om dagen visas inga siffror för en verksamhet förrän omgången har "
        "stängt: det behövs {first} svar. Välj en längre omgång eller ett mindre k."
    ),
    WordingAdvice.SEVERAL: _(
        "Frågar om flera saker på en gång. Vad svarar den som bara håller med om en av dem?"
    ),
    WordingAdvice.HARD: _("Svår att läsa (LIX {lix}). Välj kortare ord."),
    WordingAdvice.LONG: _("Lång: {words} ord. Försök med högst {most}."),
    WordingAdvice.NEGATED: _(
        "Har ett nekande ord (”{word}”). Att inte hålla med om något nekat är svårt att förstå."
    ),
    AggregateFault.TOO_MANY_ENTRIES: _("Filen har fler omgångar eller prestationer än ett år kan ha."),
    AggregateFault.NUMBER_UNREADABLE: _("{name}: antalet går inte att läsa."),
    AggregateFault.ROUND_NOT_CLOSED_IN_YEAR: _(
        "Omgången {round} är inte avslutad, eller hör till ett annat år."
    ),
    AggregateFault.GROUPS_BELOW_FLOOR: _("Omgången {round} visar grupper under {floor} svar."),
    AggregateFault.TOO_MANY_NODES: _("Omgången {round} har för många verksamheter."),
    AggregateFault.FIGURES_BELOW_K: _(
        "{place} i omgången {round} visar färre än {k} svar, direkt eller genom att dra ifrån."
    ),
    AggregateFault.IMPOSSIBLE_FIGURES: _(
        "{place} i omgången {round} har siffror som programmet inte kan ha räknat."
    ),
    FiguresFault.COUNT_IMPOSSIBLE: _(
        "”{text}”, ”{label}”: {typed} kan inte stämma med {n} svar. Skriv ett antal eller en andel i "
        "hela procent, som 35 %, eller inget."
    ),
    FiguresFault.SUM_ABOVE_ANSWERS: _("”{text}”: antalen blir {known} tillsammans, men {n} svarade."),
    FiguresFault.NO_COUNT: _("Skriv minst ett antal."),
    FiguresFault.DAYS_REVERSED: _("Sista dagen kommer före den första."),
    FiguresFault.ENDS_AFTER_TODAY: _(
        "Sista dagen har inte varit än. Skriv den sista dag som siffrorna gäller."
    ),
}
"""Code -> Swedish text."""


def reference_text(message: str) -> str:
    """Return the Swedish text of a code. Any other `message` is a Swedish text, and returned unchanged."""
    return TEXTS.get(message, message)
