"""What keeps other sites out of the guest's form, and the headers every answer carries."""

from collections.abc import Mapping

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        # No windows, downloads or dialogs. Chromium warns that scripts of our own could lift that.
        "sandbox allow-forms allow-scripts allow-same-origin"
    ),
    # Not no-referrer: browsers then send "Origin: null" with the form, which is refused below.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def is_own_form(headers: Mapping[str, str], own_origin: str) -> bool:
    """Whether a POST comes from a page of ours. Neither header means it comes from no browser."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin")
    return origin is None or origin == own_origin
