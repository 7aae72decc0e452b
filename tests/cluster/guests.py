"""Screens whose guests answer all the time. They send as guest_kiosk.js does: a sealed ballot at once, and if
the server does not accept it, it is kept, and sent again, drawn at random, until the server accepts it."""

import base64
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from random import Random
from urllib.parse import urlencode

from kiosk.domain.survey import Survey
from tests.tools.envelopes import seal

PATIENCE = 10.0
"""Seconds that a screen waits for the server's answer, as in guest_kiosk.js."""
ACCEPTED = 204
OPTIONS = 5


@dataclass
class Record:
    """What screens saw: answers to requests, kind -> number; times of accepted ballots; the most ballots that
    waited on a screen; and the accepted ballots, (statement, option) -> number."""

    answers: Counter[str] = field(default_factory=Counter)
    accepted_at: list[float] = field(default_factory=list)
    most_kept: int = 0
    kept_ballots: int = 0
    accepted: Counter[tuple[str, int]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class _Ballot:
    answers: dict[str, int]
    envelope: bytes


class Screen(threading.Thread):
    """A kiosk with a guest every `pace` seconds until `close`; then it sends what it keeps until `end`."""

    def __init__(
        self, address: tuple[int, str], letterbox: str, survey: Survey, record: Record, pace: float
    ) -> None:
        super().__init__(daemon=True)
        self._port, self._code = address
        self._letterbox, self._record, self._pace = letterbox, record, pace
        self._names = [column.id for column in survey.columns]
        self._random = Random(self._code)
        self._kept: list[_Ballot] = []
        self._closed, self._ended = threading.Event(), threading.Event()

    def close(self) -> None:
        """Admit no more guests."""
        self._closed.set()

    def end(self) -> None:
        self._ended.set()

    @property
    def kept(self) -> int:
        """The number of ballots that wait."""
        return len(self._kept)

    def run(self) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            if not self._closed.is_set():
                ballot = self._answered()
                if not self._send(ballot):
                    self._keep(ballot)
            if self._kept:
                drawn = self._random.choice(self._kept)
                if self._send(drawn, has_waited=True):
                    self._kept.remove(drawn)
            is_draining = self._closed.is_set() and self._kept
            self._ended.wait(0.05 if is_draining else max(0.0, began + self._pace - time.monotonic()))

    def _answered(self) -> _Ballot:
        answers = {name: self._random.randint(1, OPTIONS) for name in self._names}
        form = urlencode(answers).encode()
        room = 64 * len(self._names)
        return _Ballot(
            answers, seal(bytes.fromhex(self._letterbox), form, secrets.token_bytes(16), room=room)
        )

    def _keep(self, ballot: _Ballot) -> None:
        self._kept.append(ballot)
        with self._record.lock:
            self._record.kept_ballots += 1
            self._record.most_kept = max(self._record.most_kept, len(self._kept))

    def _send(self, ballot: _Ballot, *, has_waited: bool = False) -> bool:
        """Send a ballot. Returns whether the screen may forget it."""
        fields = {"_envelope": base64.b64encode(ballot.envelope).decode(), "_letterbox": self._letterbox}
        if has_waited:
            fields["_waited"] = "yes"
        status = self._post(urlencode(fields))
        with self._record.lock:
            self._record.answers[status] += 1
            if status != str(ACCEPTED):
                return False
            self._record.accepted_at.append(time.monotonic())
            self._record.accepted.update(ballot.answers.items())
        return True

    def _post(self, body: str) -> str:
        """Return the answer's status, or the kind of the error without one."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Kiosk-Script": "1"}
        try:
            connection.request("POST", f"/k/{self._code}", body, headers)
            response = connection.getresponse()
            response.read()
            return str(response.status)
        except (OSError, HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()
