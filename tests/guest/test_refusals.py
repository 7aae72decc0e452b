"""Refusals: a guest reads why, and a script reads it from the header."""

import re
from pathlib import Path
from unittest.mock import patch

from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission
from kiosk.screen.texts import REFUSALS, Refusal
from kiosk.storage import TooEarlyError
from tests.tools.guest_side import Place


def test_every_refusal_has_a_text() -> None:
    assert set(REFUSALS) == set(Refusal)


def test_a_request_without_a_route_is_refused_with_a_reason(tmp_path: Path) -> None:
    client = Place(tmp_path).client
    refused = [client.get("/nothing"), client.get("/audio/sv/0"), client.put("/")]
    reasons = [(answer.status_code, answer.headers["Kiosk-Refusal"]) for answer in refused]
    assert reasons == [(404, "not_found"), (404, "not_found"), (405, "bad")]


WAY_ON = re.compile(r'<a class="button" href="([^"]+)"|<form method="post" action="([^"]+)"')


def refused_everywhere(place: Place) -> dict[Refusal, list[TestResponse]]:
    """Every refusal that a page can meet, by each way in that it has."""
    client, ballot = place.client, {"listened": "5"}
    place.store.links.add(Admission.POSTER, "talk2me", code="away")
    slip = {"slip": place.slip}
    client.post("/q/answer", data={**slip, **ballot})
    refused = {
        Refusal.NOT_FOUND: [client.get(path) for path in ("/nothing", "/s/unknown", "/s/%D0%B6")],
        Refusal.NOT_PAIRED: [client.get("/k/unknown"), client.post("/k/unknown", data=ballot)],
        Refusal.BAD: [
            client.post(path, data={"listened": "9", **slip} if path == "/q/answer" else {"listened": "9"})
            for path in ("/", "/practice", "/q/answer")
        ],
        Refusal.UNKNOWN_SLIP: [
            client.post(path, data={"slip": "BBBBBBBBBBBB", **more})
            for path, more in (("/q/questions", {}), ("/q/questions", {"lang": "ar"}), ("/q/answer", ballot))
        ],
        Refusal.USED_SLIP: [client.post("/q/answer", data={**slip, **ballot})],
        Refusal.NOT_ADMITTED: [client.get("/s/poster"), client.post("/s/poster", data=ballot)],
        Refusal.WRONG_CODE: [client.post("/pair", data={"code": "123456"})],
    }
    with patch.object(place.store, "cast", side_effect=OSError):
        refused[Refusal.FAILED] = [client.post("/", data=ballot)]
    with patch.object(place.store, "cast", side_effect=TooEarlyError):
        refused[Refusal.WAIT] = [client.post("/", data=ballot)]
    place.store.count(place.round.closes_at)
    refused[Refusal.CLOSED] = [client.get("/"), client.get("/s/poster"), client.post("/", data=ballot)]
    return refused


def test_every_refusal_page_has_a_link_that_works(tmp_path: Path) -> None:
    place = Place(tmp_path)
    refused = refused_everywhere(place)
    # Without a network, the browser's script says so: tests/web/test_phone.py.
    assert set(refused) == set(Refusal) - {Refusal.OFFLINE}
    for refusal, answers in refused.items():
        for answer in answers:
            path = answer.request.path
            assert answer.headers.get("Kiosk-Refusal", refusal) == refusal, path
            ways = [link or action for link, action in WAY_ON.findall(answer.text)]
            assert ways, (refusal, path)
            for way in ways:
                assert place.client.get(way).headers.get("Kiosk-Refusal") not in ("bad", "failed"), (
                    path,
                    way,
                )


def test_a_wrong_slip_code_is_reported_in_the_pages_language_with_a_new_field(tmp_path: Path) -> None:
    place = Place(tmp_path)
    page = place.client.post("/q/questions", data={"slip": "BBBBBBBBBBBB", "lang": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in page
    assert place.library.guest["ar"].text(REFUSALS[Refusal.UNKNOWN_SLIP]) in page
    assert '<input id="slip" name="slip"' in page


def test_leaving_redirects_to_the_configured_site(tmp_path: Path) -> None:
    answer = Place(tmp_path, leave_to="https://weather.example").client.get("/q/leave")
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://weather.example")
