"""Screens that staff paired, which a coordinator confirms when a round opens."""

from dataclasses import dataclass

from kiosk.desk.context import desk
from kiosk.desk.i18n import day, translate
from kiosk.domain.rounds import Admission, Round
from kiosk.storage import Action, Role


@dataclass(frozen=True)
class StaffsScreen:
    """A kiosk that no coordinator paired, at a unit of a round: the end of its code, and a sentence with the
    unit, the day of the pairing and the account."""

    code_ending: str
    sentence: str


def staffs_screens(new: Round) -> list[StaffsScreen]:
    """Return the kiosks at the units of a round that were paired with a code of an account that is no
    coordinator now, in the order of their pairing, the latest first. Empty if the round does not admit by
    kiosks.

    A member of staff who pairs a screen with a quiet unit can pick the guests whose ballots come into its
    box. Kiosks that a command added are left out: the log has no pairing of them.
    """
    if Admission.KIOSK not in new.admission:
        return []
    store = desk().store
    kiosks = {
        link.code_ending: link
        for link in store.links.all()
        if link.admission is Admission.KIOSK and link.unit_id in new.tree.leaves
    }
    coordinators = {account.name for account in store.accounts.all() if account.role is Role.COORDINATOR}
    screens = []
    for entry in store.audit_log.entries({Action.SCREEN_PAIRED}):
        link = kiosks.pop(entry.what.rpartition(", ")[2], None)
        if link and entry.name not in coordinators:
            sentence = translate(
                "{unit}: skärmen {ending} kopplades {day} av {name}.",
                unit=new.tree.node(link.unit_id).name,
                ending=link.code_ending,
                day=day(entry.at),
                name=entry.name,
            )
            screens.append(StaffsScreen(link.code_ending, sentence))
    return screens
