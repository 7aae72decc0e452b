"""What keeps other sites out of the guest's form, and the headers every answer carries."""

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
"""What a browser could let a page do to the device: each would ask the guest, or open a way out."""

SCRIPT, BALLOT = "Kiosk-Script", "Kiosk-Ballot"
"""A script says that it asks, and is told that a ballot was taken by a mark no proxy makes: a redirect may be
anybody's, and a script cannot see where it leads."""


def headers(styles: Iterable[str]) -> dict[str, str]:
    """What every answer carries. `styles` are all that may stand in a page."""
    allowed = " ".join(["'self'", *map(digest, styles)])
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src 'self'; style-src {allowed}; img-src data:; "
            "font-src 'self' data:; connect-src 'self'; media-src 'self'; worker-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
            # No windows, downloads or dialogs. Chromium warns that scripts of our own could lift that.
            "sandbox allow-forms allow-scripts allow-same-origin"
        ),
        # Not no-referrer: browsers then send "Origin: null" with the form, which is refused below.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in NEVER_USED),
    }


def digest(style: str) -> str:
    """A style as a page's policy names it (CSP Level 3, hash sources)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def is_own_form(headers: Mapping[str, str], own_origin: str) -> bool:
    """Whether a POST comes from a page of ours. Neither header means it comes from no browser."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin")
    return origin is None or origin == own_origin
