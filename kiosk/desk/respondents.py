"""The words for those who answer, with their forms, in the reader's language.

A text about a place, its round or its figures has the place's word, or none. The word "gäst" stands only in
texts about the screen, the survey and the installation, which are the same for all places.
"""

from dataclasses import dataclass

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate
from kiosk.domain.respondent import Respondent
from kiosk.domain.rounds import Round


@dataclass(frozen=True)
class Forms:
    """The forms of a word for those who answer, in the reader's language: for one person, for several, and
    the word for a survey that they answer, such as "gästenkät"."""

    person: str
    several: str
    survey: str


def people_at(of_round: Round, node_id: str) -> Forms:
    """Return the forms of the word for those who answer at a node of a round's tree. The word is the one that
    the library has now for the node, or for a node above it (`Library.respondent`). KeyError if the round's
    tree lacks the node."""
    return forms(desk().library.respondent(of_round.tree, node_id))


def forms(respondent: Respondent) -> Forms:
    """Return the forms of the word for a kind of people who answer, in the reader's language."""
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
