"""Which accounts may read the figures of which rounds."""

from flask import abort

from kiosk.desk.context import desk
from kiosk.desk.denials import Denial, deny
from kiosk.desk.session import signed_in
from kiosk.domain.rounds import Round
from kiosk.storage import Role, RoundState


def may_read(state: RoundState) -> bool:
    """Return whether the signed-in account may see a round's figures; False without an account.

    No account may see them before the round opens. Staff, who are near the kiosk, may see them only once the
    round is closed (`RoundState.is_closed`).
    """
    account = signed_in()
    if account is None or desk().clock() < state.round.opens_at:
        return False
    return state.is_closed or account.role != Role.STAFF


def readable_states() -> list[RoundState]:
    """Return the rounds whose figures the signed-in account may read, the latest opening first."""
    return [state for state in desk().store.rounds() if may_read(state)]


def readable_round(round_id: str, node_id: str) -> Round:
    """Return the round with this id. Aborts with 404 if there is none, or if its tree lacks the node. Raises
    DeniedError (403) if the signed-in account may not read the round's figures."""
    states = desk().store.rounds()
    matching = [state.round for state in states if state.round.id == round_id]
    if not matching or not matching[0].tree.has(node_id):
        abort(404)
    if round_id not in {state.round.id for state in readable_states()}:
        is_planned = matching[0].opens_at > desk().clock()
        deny(Denial.ROUND_PLANNED if is_planned else Denial.ROUND_RUNNING)
    return matching[0]
