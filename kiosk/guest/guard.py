"""What keeps other sites out of the guest's form, and the headers every answer carries."""

from collections.abc import Mapping

NEVER_USED = (
    "accelerometer", "camera", "clipboard-read", "clipboard-write", "display-capture", "fullscreen",
    "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "keyboard-map", "local-fonts",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-create",
    "publickey-credentials-get", "screen-wake-lock", "serial", "storage-access", "usb", "window-management",
    "xr-spatial-tracking",
)  # fmt: skip
"""What a browser could let a page do to the device: each would ask the guest, or open a way out."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; font-src 'self'; "
        "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        # No windows, downloads or dialogs. Chromium warns that scripts of our own could lift that.
        "sandbox allow-forms allow-scripts allow-same-origin"
    ),
    # Not no-referrer: browsers then send "Origin: null" with the form, which is refused below.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in NEVER_USED),
}


def is_own_form(headers: Mapping[str, str], own_origin: str) -> bool:
    """Whether a POST comes from a page of ours. Neither header means it comes from no browser."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin")
    return origin is None or origin == own_origin
