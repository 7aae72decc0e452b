"""Refusals: a guest reads why, and a script reads it from the header."""

import ast
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from unittest.mock import patch

from werkzeug.test import TestResponse

from kiosk import guest
from kiosk.domain.rounds import Admission
from kiosk.guest import refusals
from kiosk.guest.rate_limit import RateLimit
from kiosk.library.catalogues import read_catalogues
from kiosk.screen.texts import REFUSALS, Refusal
from kiosk.settings import shipped_folder
from tests.tools.builders import a_round, tree
from tests.tools.guest_side import Place


def test_every_refusal_has_a_text() -> None:
    assert set(REFUSALS) == set(Refusal)


def test_a_request_without_a_route_is_refused_with_a_reason(tmp_path: Path) -> None:
    client = Place(tmp_path).client
    refused = [client.get("/nothing"), client.get("/audio/sv/0"), client.put("/")]
    reasons = [(answer.status_code, answer.headers["Kiosk-Refusal"]) for answer in refused]
    assert reasons == [(404, "not_found"), (404, "not_found"), (405, "bad")]


def test_a_script_gets_the_lines_of_a_refusal_in_all_languages_only(tmp_path: Path) -> None:
    """A line a language, so that the server does not learn in which one the guest reads it."""
    client = Place(tmp_path).client
    page = client.post("/", data={"unknown": "5"})
    lines = client.post("/", data={"unknown": "5"}, headers={"Kiosk-Script": "yes"})
    assert lines.text.strip() in page.text
    assert "<p class" not in page.text.replace(lines.text.strip(), "")
    assert re.findall(r'lang="(\w+)"', lines.text) == [
        *read_catalogues([shipped_folder("translations")], "guest")
    ]
    assert lines.headers["Kiosk-Refusal"] == page.headers["Kiosk-Refusal"] == "bad"


WAY_ON = re.compile(r'<a class="button" href="([^"]+)"|<form method="post" action="([^"]+)"')


DAMAGED: list[tuple[str, dict[str, str | list[str]]]] = [
    ("/", {"unknown": "5"}),
    ("/", {"_ticket": "short", "listened": "5"}),
    ("/", {"_envelope": "?", "_letterbox": "00"}),
    ("/", {"_envelope": "AAAA", "_letterbox": "00"}),
    ("/", {"_envelope": "AAAA"}),
    ("/q/answer", {"slip": ["B", "C"]}),
]
"""Forms that no page sends, with their addresses."""

RACES = {("accept_ballot", name) for name in ("CLOSED", "NOT_ADMITTED", "UNKNOWN_SLIP")}
"""What changes between the check of a ballot's address and its storing: the pages are those of the check."""

OF_ANOTHER_ROUND = {("_sent_slip", "NOT_ADMITTED")}
"""A slip of a round without slips: tests/guest/test_guest.py."""


def sites() -> set[tuple[str, str]]:
    """(function, name of a Refusal) of every refusal in the code of the guests' application."""
    refused = set()
    for path in Path(guest.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "refuse":
                        names = [n.attr for n in ast.walk(call.args[1]) if isinstance(n, ast.Attribute)]
                        refused |= {(function.name, name) for name in names}
    return refused


@contextmanager
def refusals_noted() -> Iterator[set[tuple[str, str]]]:
    """(function, name of a Refusal) of each refusal that happens meanwhile."""
    noted = set()

    class Noted(refusals.RefusedError):
        def __init__(self, status: int, refusal: Refusal, opens_on: date | None = None) -> None:
            super().__init__(status, refusal, opens_on)
            noted.add((sys._getframe(2).f_code.co_name, refusal.name))

    with patch.object(refusals, "RefusedError", Noted):
        yield noted


def refused_everywhere(place: Place) -> dict[Refusal, list[TestResponse]]:
    """Every refusal that a page can meet, by each way in that it has."""
    client, ballot = place.client, {"listened": "5"}
    place.store.links.add(Admission.POSTER, "talk2me", code="away")
    slip = {"slip": place.slip}
    client.post("/q/answer", data={**slip, **ballot})
    refused = {
        Refusal.CLOSED: [],
        Refusal.NOT_FOUND: [client.get(path) for path in ("/nothing", "/s/unknown", "/s/%D0%B6")],
        Refusal.NOT_PAIRED: [
            *(client.get(path) for path in ("/k/unknown", "/k/unknown/queue")),
            client.post("/k/unknown", data=ballot),
        ],
        Refusal.BAD: [
            client.post(path, data={"listened": "9", **slip} if path == "/q/answer" else {"listened": "9"})
            for path in ("/", "/practice", "/q/answer")
        ]
        + [client.post("/", data="{}", content_type="application/json")],
        Refusal.UNKNOWN_SLIP: [
            client.post(path, data={"slip": "BBBBBBBBBBBB", **more})
            for path, more in (("/q/questions", {}), ("/q/questions", {"lang": "ar"}), ("/q/answer", ballot))
        ],
        Refusal.USED_SLIP: [client.post("/q/answer", data={**slip, **ballot})],
        Refusal.NOT_ADMITTED: [client.get("/s/poster"), client.post("/s/poster", data=ballot)],
        Refusal.WRONG_CODE: [client.post("/pair", data={"code": "123456"})],
    }
    for path, data in DAMAGED:
        answer = client.post(path, data=data)
        refused[Refusal(answer.headers["Kiosk-Refusal"])].append(answer)
    with patch.object(place.store, "cast", side_effect=OSError):
        refused[Refusal.FAILED] = [client.post("/", data=ballot)]
    while (answer := client.post("/", data=ballot)).status_code != 429:
        assert answer.status_code == 303
    refused[Refusal.WAIT] = [answer]
    while (answer := client.post("/q/questions", data={"slip": "BBBBBBBBBBBB"})).status_code != 429:
        assert answer.status_code == 403
    refused[Refusal.WAIT].append(answer)
    return refused


def refused_after_closing(place: Place) -> dict[Refusal, list[TestResponse]]:
    """Every way in to a round that is closed."""
    place.store.count(place.round.closes_at)
    client, ballot = place.client, {"listened": "5"}
    answers = [client.get(path) for path in ("/", "/s/poster", "/practice")] + [client.post("/", data=ballot)]
    planned = a_round(tree("elsewhere"), opens_at=place.round.closes_at)
    place.store.links.add(Admission.POSTER, "elsewhere", code="elsewhere")
    place.store.links.add(Admission.POSTER, "nowhere", code="nowhere")
    place.store.open_round(replace(planned, id="elsewhere"), place.round.opens_at)
    return {
        Refusal.CLOSED: answers,
        Refusal.NO_ROUND: [client.get("/s/nowhere")],
        Refusal.NOT_OPEN: [client.get("/s/elsewhere")],
    }


LASTING = {
    Refusal.CLOSED,
    Refusal.NOT_OPEN,
    Refusal.NO_ROUND,
    Refusal.NOT_PAIRED,
    Refusal.NOT_ADMITTED,
    Refusal.NOT_FOUND,
}
"""Refusals of an address, which the same address gives until staff change something: its link tries again."""


def check_ways_on(place: Place, refused: dict[Refusal, list[TestResponse]]) -> None:
    """Check that each page has a link or a form, and where it leads."""
    for refusal, answers in refused.items():
        for answer in answers:
            path = answer.request.path
            assert answer.headers.get("Kiosk-Refusal", refusal) == refusal, path
            ways = [link or action for link, action in WAY_ON.findall(answer.text)]
            assert ways, (refusal, path)
            for way in ways:
                next_refusal = place.client.get(way).headers.get("Kiosk-Refusal")
                assert next_refusal is None or (next_refusal == refusal and refusal in LASTING), (path, way)


def test_every_refusal_in_the_code_has_a_page_with_a_link_that_works(tmp_path: Path) -> None:
    place = Place(tmp_path, rate_limit=RateLimit(0.01, 2))
    with refusals_noted() as noted:
        refused = refused_everywhere(place)
        check_ways_on(place, refused)
        check_ways_on(place, closed := refused_after_closing(place))
    assert sites() - noted == RACES | OF_ANOTHER_ROUND
    # Without a network, the browser's script says so: tests/web/test_phone.py.
    assert {*refused, *closed} == set(Refusal) - {Refusal.OFFLINE}


def test_a_wrong_slip_code_is_reported_in_the_pages_language_with_a_new_field(tmp_path: Path) -> None:
    place = Place(tmp_path)
    page = place.client.post("/q/questions", data={"slip": "BBBBBBBBBBBB", "lang": "ar"}).text
    assert '<html lang="ar" dir="rtl">' in page
    assert place.library.guest["ar"].text(REFUSALS[Refusal.UNKNOWN_SLIP]) in page
    assert '<input id="slip" name="slip"' in page


def test_leaving_redirects_to_the_configured_site(tmp_path: Path) -> None:
    answer = Place(tmp_path, leave_to="https://weather.example").client.get("/q/leave")
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://weather.example")
