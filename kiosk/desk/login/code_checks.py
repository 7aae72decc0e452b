"""Checks of the signed-in account's password, and of the codes of second factors."""

from dataclasses import dataclass
from enum import Enum, auto

from flask import request

from kiosk.desk.context import desk
from kiosk.desk.i18n import translate
from kiosk.desk.login.second_factor import DIGITS, matching_step, normalise
from kiosk.domain.client_source import source_of
from kiosk.storage import Account, verify


class CodeKind(Enum):
    """The kinds of codes that a second factor accepts: those that the app shows, and recovery codes."""

    APP = auto()
    RECOVERY = auto()


def too_many_tries(seconds: int) -> str:
    """Return the sentence that asks to wait `seconds` after too many wrong passwords or codes."""
    return translate("För många försök. Vänta {seconds} sekunder och försök igen.", seconds=seconds)


def accepted_code(name: str, typed: str, now: float) -> CodeKind | None:
    """Return the kind of a typed code of the second factor of the account `name`, and record that the code is
    used: it is accepted once. None for a wrong or used code, and without a second factor. Does not slow down
    guesses: the callers do. `now` is in seconds since 1970."""
    factors, code = desk().store.second_factors, normalise(typed)
    factor = factors.of(name)
    if factor is None:
        return None
    if len(code) != DIGITS or not code.isdecimal() or not code.isascii():
        return CodeKind.RECOVERY if factors.use_recovery_code(name, code) else None
    secret = desk().secret_sealer.unseal(name, factor.sealed_secret)
    step = matching_step(secret, code, now) if secret is not None else None
    return CodeKind.APP if step is not None and factors.use_step(name, step) else None


@dataclass(frozen=True)
class Refusal:
    """The refusal of a password: the sentence for the page, and the HTTP status."""

    text: str
    status: int


def password_refusal(account: Account, password: str) -> Refusal | None:
    """Return the refusal of the typed password of a signed-in account; None if the password is right. The
    status is 403 for a wrong one, 429 after too many, 503 while too many others sign in.

    Wrong passwords also slow down sign-ins from the same browser, since somebody else may use an open page.
    The right password ends this delay.
    """
    throttle, now = desk().sign_in_throttle, desk().clock().timestamp()
    device = desk().known_devices.nonce(account.name)
    source = source_of(request.remote_addr)
    attempt = throttle.attempt(account.name, source, device, now)
    seconds = throttle.seconds_left(attempt, now)
    if seconds > 0:
        return Refusal(too_many_tries(int(seconds) + 1), 429)
    with desk().password_checks.reserved(source, is_known=attempt.is_known) as is_reserved:
        if not is_reserved:
            return Refusal(translate("Många försöker logga in just nu. Försök igen om en stund."), 503)
        is_right = verify(account.password, password)
    if is_right:
        throttle.succeeded(attempt)
        return None
    throttle.failed(attempt, now)
    return Refusal(translate("Lösenordet stämmer inte."), 403)
