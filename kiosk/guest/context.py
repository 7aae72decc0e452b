"""What the guests' side is built over, and which screen asks: a kiosk's or a phone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from flask import Response, current_app, g, request
from werkzeug.wrappers import Response as BaseResponse

from kiosk.guest.rate_limit import Pace
from kiosk.library.library import Library
from kiosk.screen.pages import Pages
from kiosk.storage import Devices, Store

Answer = Response | BaseResponse


@dataclass
class GuestSide:
    """The guests' side. `unmeasured` are its pages before it is known which screen asks; `devices` are shared
    with the desk, which pairs them."""

    store: Store
    unmeasured: Pages
    clock: Callable[[], datetime]
    pace: Pace
    devices: Devices

    def show_library(self, library: Library) -> None:
        """Make the pages from `library` from now on: somebody has changed a text at the desk."""
        self.unmeasured = replace(self.unmeasured, library=library)

    @property
    def pages(self) -> Pages:
        """The pages as this request's screen needs them."""
        return replace(self.unmeasured, screen=g.screen)


def guest_side() -> GuestSide:
    """What this request's application is built over."""
    current: GuestSide = current_app.extensions["guest"]
    return current


def measure() -> None:
    """Find out what this request's screen measures: a kiosk's own, or what is said of all kiosks."""
    g.screen = guest_side().unmeasured.screen if is_kiosk() else None
    if request.blueprint == "guest" and is_kiosk():
        link = guest_side().store.links.with_code((request.view_args or {}).get("code", ""))
        g.screen = (link and link.screen) or g.screen


def is_kiosk() -> bool:
    """Whether the address is a kiosk's: a phone comes by a poster's link or a slip."""
    return not request.path.startswith(("/s/", "/q"))
