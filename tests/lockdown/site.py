"""The site of the kiosk's browser: the real guest's pages, or an attacker's page.

The attacker's page has the headers of every guest's page, except those that block foreign scripts: the
attacker is assumed to have placed a script. Requests beyond the kiosk's own pages are recorded as escapes.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse

from kiosk.domain.rounds import Admission
from kiosk.operation.lockdown import KioskAddress
from kiosk.screen.headers import headers
from kiosk.screen.scripts import KIOSK_ENTRY, SHARED, script
from kiosk.settings import shipped_folder
from tests.tools.guest_side import Place

CODE = "aB3dE6gH9jK2mN5p"

_OWN = headers([])
[_SANDBOX] = [part for part in _OWN["Content-Security-Policy"].split("; ") if part.startswith("sandbox")]
PROTECTING = {**_OWN, "Content-Security-Policy": _SANDBOX}


PROTECTED_CLICKS = '["click","auxclick"]'
"""The events that a kiosk's script handles so that links open in the same tab."""


class Site:
    """An application at several origins; without its protection for the control.

    `page` replaces the guest's page at the kiosk's address, and `next_page` every page below it. `reached`
    are the requested addresses that no kiosk should request.
    """

    def __init__(self, folder: Path) -> None:
        place = Place(folder)
        place.store.links.add(Admission.KIOSK, "frida", code=CODE)
        self.guest = place.app
        self.is_protected = True
        self.own_host = ""
        self.page = ""
        self.next_page = "<title>next</title>"
        self.reached: list[str] = []

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        host, path = environ["HTTP_HOST"], environ["PATH_INFO"]
        is_own = host == self.own_host and path.startswith((f"/k/{CODE}", "/static/", "/favicon.ico"))
        if not is_own:
            self.reached.append(f"http://{host}{path}")
            return self._answer(start, "<title>reached</title>out")
        if path.endswith((f"/{KIOSK_ENTRY}", f"/{SHARED}")) and not self.is_protected:
            start("200 OK", [("Content-Type", "text/javascript")])
            sent = script(shipped_folder("static"), path.rpartition("/")[2])
            assert PROTECTED_CLICKS in sent
            return [sent.replace(PROTECTED_CLICKS, "[]").encode()]
        if not self.page or path.startswith("/static/"):
            return self.guest(environ, start)
        if path.endswith("/file"):
            return self._answer(start, "x", ("Content-Disposition", "attachment; filename=kept.txt"))
        if path.endswith("/away"):
            start("302 Found", [("Location", environ["QUERY_STRING"])])
            return []
        return self._answer(start, self.page if path == f"/k/{CODE}" else self.next_page)

    def _answer(self, start: StartResponse, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
        protecting = PROTECTING.items() if self.is_protected else ()
        start("200 OK", [("Content-Type", "text/html; charset=utf-8"), *protecting, *headers])
        return [text.encode()]


def kiosk_address(site: Site, served: str) -> KioskAddress:
    """The kiosk's address on a site that is served at http://127.0.0.1:PORT, with a host name, so that a
    subdomain and an IP address are other origins."""
    site.own_host = served.removeprefix("http://").replace("127.0.0.1", "localhost")
    return KioskAddress(f"http://{site.own_host}", CODE)
