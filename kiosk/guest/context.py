"""The objects behind a guest request, and the kind of screen that sent it: a kiosk or a phone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask import Response, current_app, g, request
from werkzeug.wrappers import Response as BaseResponse

from kiosk.guest.code_throttle import CodeThrottle
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.library import Library
from kiosk.screen.pages import Pages
from kiosk.storage import Devices, Store

GuestResponse = Response | BaseResponse
"""A response of Flask, or a redirect, which is one of Werkzeug."""


@dataclass
class GuestSide:
    """The parts of the guests' application.

    `unmeasured` renders pages for a screen without measures of its own. `clock` returns local time. `devices`
    is shared with the desk. `secret_key` is the key of pairing codes.
    """

    store: Store
    unmeasured: Pages
    clock: Callable[[], datetime]
    rate_limit: RateLimit
    devices: Devices
    secret_key: str
    code_throttle: CodeThrottle = field(default_factory=CodeThrottle)

    def show_library(self, library: Library) -> None:
        """Render pages from `library` from now on, after a change at the desk."""
        self.unmeasured = replace(self.unmeasured, library=library)

    @property
    def pages(self) -> Pages:
        """The renderer of this request's pages. It sizes text for a kiosk's screen whose measures are known;
        on a phone it does not."""
        is_same = g.screen_size == self.unmeasured.screen_size
        return self.unmeasured if is_same else replace(self.unmeasured, screen_size=g.screen_size)


def guest_side() -> GuestSide:
    """Return the parts of this request's application."""
    current: GuestSide = current_app.extensions["guest"]
    return current


def set_screen_size() -> None:
    """Set `g.screen_size` for this request: the kiosk's own measures or, without any, those of all kiosks,
    which may be None; None for a phone."""
    g.screen_size = guest_side().unmeasured.screen_size if is_kiosk() else None
    if request.blueprint == "guest" and is_kiosk():
        link = guest_side().store.links.with_code((request.view_args or {}).get("code", ""))
        g.screen_size = (link and link.screen) or g.screen_size


def is_kiosk() -> bool:
    """Return False if the request's address is a poster's or a slip's, which phones request; True for all
    others, which kiosks request."""
    return request.path != "/q" and not request.path.startswith(("/s/", "/q/"))
