"""Browsers in which an account has signed in before, recognised by a cookie for each account (OWASP, device
cookies).

Failures in a browser with the cookie are counted separately, so that nobody else can lock it out, and some
password checks are reserved for such browsers. The cookie signs nobody in. Its name and value are keyed
digests, which do not reveal the account.
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

LIFETIME = timedelta(days=180)
COOKIE_PREFIX = "desk-device-"


@dataclass(frozen=True)
class KnownDevices:
    """Makes and checks the cookies. `secret_key` is the key of their digests."""

    secret_key: str

    def nonce(self, name: str) -> str | None:
        """Return the random number in the request's cookie for an account; None without a genuine cookie."""
        nonce, _, mac = request.cookies.get(self._cookie(name), "").partition(".")
        return nonce if nonce and hmac.compare_digest(mac.encode(), self._mac(name, nonce).encode()) else None

    def remember(self, name: str, response: Response) -> Response:
        """Set or renew the account's cookie on the response to a sign-in, and return the response."""
        nonce = self.nonce(name) or secrets.token_hex(16)
        response.set_cookie(
            self._cookie(name),
            f"{nonce}.{self._mac(name, nonce)}",
            max_age=LIFETIME,
            path="/admin",
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )
        return response

    def _cookie(self, name: str) -> str:
        return COOKIE_PREFIX + self._mac(name, "")[:12]

    def _mac(self, name: str, nonce: str) -> str:
        text = f"known device\0{nonce}\0{name}"
        return hmac.digest(self.secret_key.encode(), text.encode(), "sha256").hex()[:32]
