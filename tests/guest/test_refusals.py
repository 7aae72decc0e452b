"""Refusals: a guest reads why, and a script reads it from the header."""

from pathlib import Path

from kiosk.screen.texts import REFUSALS, Refusal
from tests.tools.guest_side import Place


def test_every_refusal_has_a_text() -> None:
    assert set(REFUSALS) == set(Refusal)


def test_a_request_that_no_route_takes_is_refused_with_a_reason_too(tmp_path: Path) -> None:
    client = Place(tmp_path).client
    refused = [client.get("/nothing"), client.get("/audio/sv/0"), client.put("/")]
    reasons = [(answer.status_code, answer.headers["Kiosk-Refusal"]) for answer in refused]
    assert reasons == [(404, "not_found"), (404, "not_found"), (405, "bad")]
