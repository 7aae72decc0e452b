"""The words for those who answer, with their forms, in the reader's language."""

from dataclasses import dataclass

from kiosk.desk.i18n import translate
from kiosk.domain.respondent import Respondent


@dataclass(frozen=True)
class Forms:
    """A word for one person and for several, and the name of a survey that such people answer."""

    one: str
    several: str
    survey: str


def forms(respondent: Respondent) -> Forms:
    """Return the forms of a word."""
    # A word's forms are one text: in Swedish some of them are equal, in other languages they are not.
    texts = {
        Respondent.GUEST: translate("gäst / gäster / gästenkät"),
        Respondent.PARTICIPANT: translate("deltagare / deltagare / deltagarenkät"),
        Respondent.VISITOR: translate("besökare / besökare / besökarenkät"),
        Respondent.CUSTOMER: translate("kund / kunder / kundenkät"),
        Respondent.HELP_SEEKER: translate("stödsökande / stödsökande / enkät till stödsökande"),
        Respondent.INDIVIDUAL: translate("individ / individer / enkät till individer"),
    }
    return Forms(*texts[respondent].split(" / "))
