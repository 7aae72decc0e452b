"""The /health response of both sides, for monitoring: whether ballots can be accepted now.

It depends on the database, the key folder and their disks, never on a box, so its bytes are the same before
and after a ballot. The request does not count as a kiosk's sign of life. A client that has the installation's
secret key can request a proof that this installation responded.
"""

import hmac
import re

from flask import Response, request

from kiosk.storage import Store

HEALTH_PATH = "/health"
HEALTHY = b"ok\n"
"""The body of a response without an obstacle."""

PROOF = "Kiosk-Proof"
"""Response header with the proof that this installation responded (`proof`)."""
_CHALLENGE = re.compile(r"[0-9a-f]{32}")


def health_answer(store: Store, secret_key: str) -> Response:
    """Return a response with status 200 if ballots can be accepted, else 503 with the reason. If the
    request's parameter `challenge` has 32 small hex digits, the response also has a proof in PROOF, unless
    `secret_key` is ""."""
    obstacle = store.obstacle()
    if obstacle is None:
        response = Response(HEALTHY, mimetype="text/plain")
    else:
        response = Response(f"{obstacle}\n", status=503, mimetype="text/plain")
    challenge = request.args.get("challenge", "")
    if secret_key and _CHALLENGE.fullmatch(challenge):
        response.headers[PROOF] = proof(secret_key, challenge)
    return response


def proof(secret_key: str, challenge: str) -> str:
    """Return the proof for a challenge of 32 random hex digits, which only this secret key can make.

    The HMAC has a key of its own, so that no proof helps to sign a session.
    """
    key = hmac.digest(secret_key.encode(), b"kiosk health", "sha256")
    return hmac.digest(key, challenge.encode(), "sha256").hex()
