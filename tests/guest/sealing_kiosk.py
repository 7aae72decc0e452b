"""A kiosk that sends ballots in envelopes."""

import base64
from pathlib import Path

from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission
from kiosk.guest.rate_limit import RateLimit
from kiosk.storage.devices import Devices
from tests.tools.guest_side import NOW, Place

PAUSE = 10.0


class Kiosk(Place):
    """A kiosk, and what its script would send."""

    def __init__(self, folder: Path) -> None:
        self.devices = Devices()
        ways = frozenset({Admission.KIOSK, Admission.POSTER})
        self.now, self.seconds = NOW, 0.0
        self.rate_limit = RateLimit(1.0, 1000, lambda: self.seconds, pause=PAUSE)
        super().__init__(
            folder, ways, rate_limit=self.rate_limit, devices=self.devices, clock=lambda: self.now
        )

    @property
    def public_key(self) -> bytes:
        return bytes.fromhex(self.store.public_key("r", "frida"))

    def send(
        self,
        envelope: bytes | str,
        path: str = "/",
        *,
        waited: bool = True,
        sealed_for: bytes | None = None,
        after: float = 2 * PAUSE,
    ) -> TestResponse:
        """Some seconds `after` the one before."""
        self.seconds += after
        text = envelope if isinstance(envelope, str) else base64.b64encode(envelope).decode()
        data = {"_envelope": text, "_letterbox": (sealed_for or self.public_key).hex()}
        waits = {"_waited": "yes"} if waited else {}
        return self.client.post(path, data={**data, **waits}, headers={"Kiosk-Script": "yes"})
