"""Slips and kiosks over a round's budget: the page tells staff to ask a coordinator, and asks a coordinator
for a reason."""

from kiosk.desk.context import desk
from kiosk.desk.forms import ReasonForm
from kiosk.desk.i18n import translate
from kiosk.desk.respondents import people_at
from kiosk.desk.session import is_coordinator
from kiosk.domain.rounds import Round
from kiosk.storage import KioskBudgetError, SlipBudgetError


def may_exceed_budget(form: ReasonForm) -> bool:
    """Return whether the signed-in account is a coordinator and the form has a reason."""
    return is_coordinator() and bool(form.reason.data)


def slips_problem(error: SlipBudgetError, of_round: Round, unit_id: str) -> str:
    """Return a sentence about slips over the budget of a unit. It asks a coordinator for a reason, and tells
    staff to ask a coordinator."""
    values = {
        "expected": of_round.expected[unit_id],
        "people": people_at(of_round, unit_id).several,
        "unit": of_round.tree.node(unit_id).name,
        "budget": error.budget,
        "printed": error.printed,
    }
    if is_coordinator():
        return translate(
            "Omgången räknar med {expected} {people} på {unit}. Högsta antal lappar är {budget}, och "
            "{printed} är utskrivna. Skriv varför det behövs fler. Det står sedan i "
            "loggen, som all personal ser.",
            **values,
        )
    return translate(
        "Omgången räknar med {expected} {people} på {unit}. Högsta antal lappar är {budget}, och "
        "{printed} är utskrivna. Be en samordnare skriva ut fler.",
        **values,
    )


def kiosk_problem(unit_id: str) -> str | None:
    """Return a sentence that asks a coordinator for a reason if one more kiosk at a unit would exceed the
    budget of a round that runs now or is planned, else None. Pairing codes that wait for a screen count as
    kiosks."""
    store, now = desk().store, desk().clock()
    try:
        store.check_kiosk_budget(unit_id, now, store.pairing_codes.waiting(now)[unit_id])
    except KioskBudgetError as error:
        return translate(
            "Omgången räknar med {expected} {people} på {unit}. Högsta antal kiosker är {budget}, och "
            "verksamheten har {kiosks}, oanvända koder inräknade. Skriv varför det behövs fler. Det står "
            "sedan i loggen, som all personal ser.",
            expected=error.of_round.expected[unit_id],
            people=people_at(error.of_round, unit_id).several,
            unit=error.of_round.tree.node(unit_id).name,
            budget=error.budget,
            kiosks=error.kiosks,
        )
    return None
