"""What a monitoring program is told of either side, by anybody: whether answers can be taken now.

The answer depends on the database and the folder of keys, never on what is in a box: it is the same bytes
before and after a ballot, and no kiosk counts as heard.
"""

from flask import Response

from kiosk.storage import Store

HEALTH_PATH = "/health"
HEALTHY = b"ok\n"


def health_answer(store: Store) -> Response:
    """200 where ballots can be taken; 503, and which of two things is away, where they cannot."""
    problem = store.unreachable()
    if problem is None:
        return Response(HEALTHY, mimetype="text/plain")
    return Response(f"{problem} cannot be reached\n", status=503, mimetype="text/plain")
