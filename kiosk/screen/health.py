"""What a monitoring program is told of either side, by anybody: whether answers can be taken now.

The answer depends on the database and the folder of keys, never on what is in a box: it is the same bytes
before and after a ballot, and no kiosk counts as heard. Who knows the installation's secret key can ask for a
proof that it is this installation which answers.
"""

import hmac
import re

from flask import Response, request

from kiosk.storage import Store

HEALTH_PATH = "/health"
HEALTHY = b"ok\n"

PROOF = "Kiosk-Proof"
_CHALLENGE = re.compile(r"[0-9a-f]{32}")


def health_answer(store: Store, secret_key: str) -> Response:
    """200 where ballots can be taken; 503, and which of two things is away, where they cannot."""
    problem = store.unreachable()
    if problem is None:
        response = Response(HEALTHY, mimetype="text/plain")
    else:
        response = Response(f"{problem} cannot be reached\n", status=503, mimetype="text/plain")
    challenge = request.args.get("challenge", "")
    if secret_key and _CHALLENGE.fullmatch(challenge):
        response.headers[PROOF] = proof(secret_key, challenge)
    return response


def proof(secret_key: str, challenge: str) -> str:
    """What only an installation with this key can answer to 32 hexadecimal digits that nobody can foresee.

    Under a key of its own, so that no answer helps to sign a session.
    """
    key = hmac.digest(secret_key.encode(), b"kiosk health", "sha256")
    return hmac.digest(key, challenge.encode(), "sha256").hex()
