"""Names of units and other nodes on the desk's pages and in mail, also of those that no organisation has any
more."""

from kiosk.library.library import Library
from kiosk.storage import Store


def place_name(node_id: str, library: Library, store: Store) -> str:
    """Return the name of a node in the library's trees, else in the round that has it and opens last; its id
    if there is none."""
    if node_id in library.places:
        return library.places[node_id]
    trees = (state.round.tree for state in store.rounds())
    return next((tree.node(node_id).name for tree in trees if tree.has(node_id)), node_id)
