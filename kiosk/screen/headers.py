"""The headers of every guest response, and the check of a form's origin."""

import base64
import hashlib
from collections.abc import Iterable, Mapping

NEVER_USED = (
    "accelerometer", "camera", "clipboard-read", "clipboard-write", "display-capture", "fullscreen",
    "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "keyboard-map", "local-fonts",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-create",
    "publickey-credentials-get", "screen-wake-lock", "serial", "storage-access", "usb", "window-management",
    "xr-spatial-tracking",
)  # fmt: skip
"""Browser features that no guest page may use: each shows a permission prompt, or opens a way out of the
kiosk."""

SCRIPT, BALLOT = "Kiosk-Script", "Kiosk-Ballot"
"""Request and response headers of the guest's script. SCRIPT marks its requests. BALLOT confirms an accepted
ballot: a redirect would not do, since it may come from a proxy and a script cannot see its target."""


def headers(styles: Iterable[str]) -> dict[str, str]:
    """Return name -> value of the headers of every response. `styles` are the texts of the inline styles that
    the policy allows."""
    allowed = " ".join(["'self'", *map(digest, styles)])
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src {allowed}; img-src data:; "
            "font-src 'self' data:; connect-src 'self'; media-src 'self'; worker-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
            # No windows, downloads, dialogs. Chromium warns that the site's own scripts can lift the sandbox.
            "sandbox allow-forms allow-scripts allow-same-origin"
        ),
        # Not no-referrer: browsers then send "Origin: null" with the form, which is_own_form refuses.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in NEVER_USED),
    }


def digest(style: str) -> str:
    """Return a style's hash as a policy source (CSP Level 3, hash sources)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def is_own_form(headers: Mapping[str, str], own_origin: str) -> bool:
    """Return whether a POST comes from a page of this site, by Sec-Fetch-Site or, without it, Origin.
    `own_origin` is scheme and host, without a slash at the end.

    A request with neither of the two does not come from a browser, and is accepted.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin")
    return origin is None or origin == own_origin
