"""Slips and kiosks over a round's budget: staff are told whom to ask, a coordinator is asked for a reason."""

from kiosk.desk.context import desk
from kiosk.desk.forms import ReasonForm
from kiosk.desk.i18n import translate
from kiosk.desk.session import is_coordinator
from kiosk.domain.rounds import Round
from kiosk.storage import KioskBudgetError, SlipBudgetError


def may_exceed_budget(form: ReasonForm) -> bool:
    """Return whether a coordinator gave a reason."""
    return is_coordinator() and bool(form.reason.data)


def slips_problem(error: SlipBudgetError, of_round: Round, unit_id: str) -> str:
    """Return the sentence about slips over the budget, for the signed-in account."""
    values = {
        "expected": of_round.expected[unit_id],
        "unit": of_round.tree.node(unit_id).name,
        "budget": error.budget,
        "printed": error.printed,
    }
    if is_coordinator():
        return translate(
            "Omgången räknar med {expected} gäster på {unit}. Högsta antal lappar är {budget}, och {printed} "
            "är utskrivna. Skriv varför det behövs fler. Det står sedan i loggen, som all personal ser.",
            **values,
        )
    return translate(
        "Omgången räknar med {expected} gäster på {unit}. Högsta antal lappar är {budget}, och {printed} är "
        "utskrivna. Be en samordnare skriva ut fler.",
        **values,
    )


def kiosk_problem(unit_id: str) -> str | None:
    """Return the sentence about one more kiosk at a unit, if it is over the budget of an open or planned
    round."""
    try:
        desk().store.check_kiosk_budget(unit_id, desk().devices.waiting(unit_id))
    except KioskBudgetError as error:
        return translate(
            "Omgången räknar med {expected} gäster på {unit}. Högsta antal kiosker är {budget}, och "
            "verksamheten har {kiosks}, oanvända koder inräknade. Skriv varför det behövs fler. Det står "
            "sedan i loggen, som all personal ser.",
            expected=error.of_round.expected[unit_id],
            unit=error.of_round.tree.node(unit_id).name,
            budget=error.budget,
            kiosks=error.kiosks,
        )
    return None
