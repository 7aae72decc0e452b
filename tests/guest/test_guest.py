"""What a guest's browser is given, and what an attacker gets for trying."""

import gzip
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest

from kiosk.domain.rounds import Admission
from kiosk.guest.rate_limit import RateLimit
from kiosk.screen.headers import digest
from kiosk.screen.pages import TOO_OLD_STYLE
from kiosk.screen.texts import MINIMUM_CHROMIUM
from tests.tools.guest_side import NOW, Place
from tests.tools.policies import directives

NAME = re.compile(r'<p id="progress" role="status">(.*?)</p>')


@pytest.mark.parametrize("language", ["sv", "ar"])
@pytest.mark.parametrize(
    "path", ["/", "/practice", "/k/other", "/k/other/practice", "/s/poster", "/q/questions"]
)
def test_the_first_screen_names_the_unit_at_every_entry_point(
    tmp_path: Path, path: str, language: str
) -> None:
    place = Place(tmp_path, frozenset(Admission))
    place.store.links.add(Admission.KIOSK, "talk2me", code="other")
    if path == "/q/questions":
        page = place.client.post(path, data={"slip": place.slip, "lang": language}).text
    else:
        page = place.client.get(path, query_string={"lang": language}).text
    assert NAME.findall(page) == ["Talk2Me" if "other" in path else "FRIDA"]


@pytest.mark.parametrize(
    "path", ["/", "/pair", "/k/kiosk", "/k/kiosk/paired", "/stored", "/nothing", "/quiet"]
)
def test_a_kiosks_page_refuses_a_browser_that_is_too_old(tmp_path: Path, path: str) -> None:
    place = Place(tmp_path, frozenset(Admission))
    place.store.links.add(Admission.KIOSK, "talk2me", code="kiosk")
    page = place.client.get(path)
    assert f"Den måste vara Chromium {MINIMUM_CHROMIUM} eller nyare" in page.text
    assert str(TOO_OLD_STYLE) in page.text
    assert digest(TOO_OLD_STYLE) in directives(page)["style-src"]


def test_a_kiosks_page_refuses_an_old_browser_in_its_language(tmp_path: Path) -> None:
    page = Place(tmp_path).client.get("/", query_string={"lang": "en"}).text
    assert f"It must be Chromium {MINIMUM_CHROMIUM} or newer" in page


def test_a_phones_page_refuses_no_browser(tmp_path: Path) -> None:
    place = Place(tmp_path, frozenset(Admission))
    for path in ("/s/poster", "/q"):
        page = place.client.get(path).text
        assert "too-old" not in page


def test_the_unit_is_named_once_in_a_guests_page(tmp_path: Path) -> None:
    """And the page of a moved kiosk differs in it, so that a guest can see it."""
    place = Place(tmp_path, frozenset({Admission.POSTER}))
    place.store.links.add(Admission.POSTER, "talk2me", code="others")
    pages = [place.client.get(f"/s/{code}").text for code in ("poster", "others")]
    one, other = (re.sub('name="_ticket" value=".{32}"', "", page) for page in pages)
    assert other.replace("/s/others", "/s/poster").replace("Talk2Me", "FRIDA") == one
    assert one.count("FRIDA") == 1


def test_every_accepted_ballot_gets_the_same_response_bytes(place: Place) -> None:
    first = place.client.post("/", data={"listened": "5", "feel_better": "dont_know"})
    others = [place.client.post("/", data={"listened": str(n)}) for n in (1, 2, 3, 4, 5)]
    assert {(r.status_code, r.data, str(r.headers)) for r in others} == {
        (first.status_code, first.data, str(first.headers))
    }
    assert first.status_code == 303
    assert place.waiting() == 6


@pytest.mark.parametrize(
    ("code", "direction", "statement"),
    [
        ("sv", "ltr", "Jag känner att personalen lyssnar på mig"),
        ("en", "ltr", "I feel that the staff listen to me"),
        ("ar", "rtl", "أشعر أن الموظفين يستمعون إليّ"),
        ("fa", "rtl", "احساس می‌کنم کارکنان به حرف‌های من گوش می‌دهند"),
    ],
)
def test_the_form_is_in_the_requested_language(
    place: Place, code: str, direction: str, statement: str
) -> None:
    page = place.client.get(f"/?lang={code}").text
    assert f'<html lang="{code}" dir="{direction}">' in page
    [legend, *others] = re.findall(r"<legend[^>]*>(.*?)</legend>", page, re.DOTALL)
    assert statement in legend
    assert len(others) == 3


SUBJECT = re.compile(r'<p class="subject" lang="(\w+)" dir="\w+">([^<]*)</p>')


def subject(place: Place, code: str) -> tuple[str, ...]:
    """(language, text) of the survey's subject on the first screen."""
    match = SUBJECT.search(place.client.get(f"/?lang={code}").text)
    assert match
    return match.groups()


def test_the_subject_stands_in_the_guests_language(place: Place) -> None:
    assert subject(place, "en") == ("en", "Support with your rights at the day centre")
    assert subject(place, "sv") == ("sv", place.round.survey.title)


def test_a_subject_without_a_translation_stays_in_swedish_and_hides_no_language(tmp_path: Path) -> None:
    place = Place(tmp_path)
    survey = replace(place.round.survey, title="Ett nytt ämne")
    other = Place(tmp_path / "other", survey=survey)
    assert subject(other, "en") == ("sv", "Ett nytt ämne")
    assert other.client.get("/?lang=en").text.startswith('<!doctype html>\n<html lang="en"')


@pytest.mark.parametrize("is_reviewed", [True, False])
def test_a_subject_that_nobody_reviewed_stays_in_swedish(place: Place, is_reviewed: bool) -> None:
    title, library, guest = place.round.survey.title, place.library, place.app.extensions["guest"]
    english = replace(library.guest["en"], unreviewed=() if is_reviewed else (title,))
    reviewed = replace(library, guest={**library.guest, "en": english})
    guest.unmeasured = replace(guest.unmeasured, library=reviewed, allowed_languages=frozenset())
    assert subject(place, "en")[0] == ("en" if is_reviewed else "sv")


@pytest.mark.parametrize(
    ("accepted", "encoding", "unpacked"),
    [("gzip", "gzip", gzip.decompress), ("gzip, deflate, br", "br", brotli.decompress)],
)
def test_pages_are_compressed_on_request_and_responses_to_ballots_never(
    place: Place, accepted: str, encoding: str, unpacked: Callable[[bytes], bytes]
) -> None:
    asked = {"Accept-Encoding": accepted}
    for path in ("/", "/thanks", "/static/guest_on_kiosk.js", "/static/guest_bar.js"):
        plain = place.client.get(path)
        # The second and third response are compressed thoroughly, and kept.
        sizes = []
        for _ in range(3):
            packed = place.client.get(path, headers=asked)
            assert packed.headers["Content-Encoding"] == encoding
            assert unpacked(packed.data) == plain.data
            sizes.append(len(packed.data))
        assert len(plain.data) > sizes[0] >= sizes[1] == sizes[2]
    posted = [place.client.post("/", data={"listened": "5"}, headers=headers) for headers in (asked, {})]
    assert posted[0].data == posted[1].data
    assert "Content-Encoding" not in posted[0].headers


HOSTILE: dict[str, dict[str, Any]] = {
    "option too high": {"data": {"listened": "6"}},
    "option zero": {"data": {"listened": "0"}},
    "negative": {"data": {"listened": "-1"}},
    "fraction": {"data": {"listened": "4.5"}},
    "leading zero": {"data": {"listened": "05"}},
    "plus sign": {"data": {"listened": "+5"}},
    "space": {"data": {"listened": " 5"}},
    "words": {"data": {"listened": "skipped"}},
    "null byte": {"data": {"listened": "5\0"}},
    "arabic digit": {"data": {"listened": "٥"}},
    "very long": {"data": {"listened": "5" * 9000}},
    "two answers": {"data": {"listened": ["5", "1"]}},
    "same answer twice": {"data": {"listened": ["5", "5"]}},
    "unknown statement": {"data": {"name": "Anna"}},
    "known and unknown": {"data": {"listened": "5", "unit": "talk2me"}},
    "sql": {"data": {"listened": "1'; DROP TABLE box;--"}},
    "template": {"data": {"listened": "{{7*7}}"}},
    "path in name": {"data": {"../listened": "5"}},
    "array name": {"data": {"listened[]": "5"}},
    "slip at a kiosk": {"data": {"listened": "5", "slip": "ABC"}},
    "ten megabytes": {"data": {"listened": "5" * 10_000_000}},
    "ten megabytes of fields": {
        "data": b"a=1&" * 2_500_000,
        "content_type": "application/x-www-form-urlencoded",
    },
    "json": {"json": {"listened": 5}},
    "plain text": {"data": "listened=5", "content_type": "text/plain"},
    "no content type": {"data": b"listened=5"},
    "file": {"data": {"listened": (__import__("io").BytesIO(b"5"), "a.txt")}},
    "bytes that are no form": {
        "data": b"\xff\xfe=%%%",
        "content_type": "application/x-www-form-urlencoded",
    },
    "empty": {"data": b"", "content_type": "application/x-www-form-urlencoded"},
    "a form and bytes that cannot be read": {
        "data": b"listened=5&x\xff\xfe=1",
        "content_type": "application/x-www-form-urlencoded",
    },
    "escaped bytes that cannot be read": {
        "data": b"listened=5&x%FF%FE=1",
        "content_type": "application/x-www-form-urlencoded",
    },
    "another character set": {
        "data": "listened=5".encode("utf-16"),
        "content_type": "application/x-www-form-urlencoded; charset=utf-16",
    },
    "multipart": {"data": {"listened": "5"}, "content_type": "multipart/form-data"},
    "multipart cut off": {
        "data": b'--x\r\nContent-Disposition: form-data; name="listened"\r\n\r\n5\r\n--x\r\nContent',
        "content_type": "multipart/form-data; boundary=x",
    },
    "multipart without a boundary": {"data": b"listened=5", "content_type": "multipart/form-data"},
    "foreign origin": {"data": {"listened": "5"}, "headers": {"Origin": "http://evil.example"}},
    "null origin": {"data": {"listened": "5"}, "headers": {"Origin": "null"}},
    "cross site": {"data": {"listened": "5"}, "headers": {"Sec-Fetch-Site": "cross-site"}},
    "same site": {"data": {"listened": "5"}, "headers": {"Sec-Fetch-Site": "same-site"}},
    "other port": {"data": {"listened": "5"}, "headers": {"Origin": "http://localhost:9"}},
    "unknown kiosk": {"path": "/k/guess", "data": {"listened": "5"}},
    "poster as kiosk": {"path": "/k/poster", "data": {"listened": "5"}},
    "poster not admitted": {"path": "/s/poster", "data": {"listened": "5"}},
    "slip without a token at all": {"path": "/q/answer", "data": {"listened": "5"}},
    "slip from another site": {
        "path": "/q/answer",
        "data": {"slip": "BBBBBBBBBBBB"},
        "headers": {"Origin": "http://evil.example"},
    },
    "a path in Cyrillic": {"path": "/k/%D0%B6", "data": {"listened": "5"}},
    "a path with line breaks": {"path": "/k/%0d%0aX:%20y", "data": {"listened": "5"}},
    "a path with a null byte": {"path": "/s/%00", "data": {"listened": "5"}},
    "a slip with a null byte": {"path": "/q/answer", "data": {"slip": "BBB\0", "listened": "5"}},
    "no host": {"data": {"listened": "5"}, "headers": {"Host": "a b<>/"}},
    "thanks": {"path": "/thanks", "data": {"listened": "5"}},
    "put": {"method": "PUT", "data": {"listened": "5"}},
    "delete": {"method": "DELETE"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_malformed_post_is_refused_and_leaves_nothing(
    place: Place, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = dict(HOSTILE[name])
    path, method = wanted.pop("path", "/"), wanted.pop("method", "POST")
    response = place.client.open(path, method=method, **wanted)
    assert 400 <= response.status_code < 500
    assert "Traceback" not in response.text
    assert "Set-Cookie" not in response.headers
    assert capfd.readouterr() == ("", "")
    assert place.waiting() == 0


@pytest.mark.parametrize("path", ["/q/questions", "/q/answer"])
@pytest.mark.parametrize("slip", ["", "ABC", "BBB-BBB-BBB-BBB", "x" * 4000, "\0", "' OR 1=1"])
def test_a_wrong_slip_opens_nothing_and_stores_nothing(place: Place, path: str, slip: str) -> None:
    response = place.client.post(
        path, data={"slip": slip, **({"listened": "5"} if path == "/q/answer" else {})}
    )
    assert response.status_code == 403
    assert "Koden är fel eller för gammal." in response.text
    assert place.waiting() == 0


@pytest.mark.parametrize("slips", [[], ["BBBBBBBBBBBB", "BBBBBBBBBBBB"]])
def test_a_form_with_no_slip_or_two_slips_is_refused(place: Place, slips: list[str]) -> None:
    assert place.client.post("/q/questions", data={"slip": slips, "lang": "sv"}).status_code == 400
    assert place.client.post("/q/answer", data={"slip": slips, "listened": "5"}).status_code == 400
    assert place.waiting() == 0


def test_a_slip_admits_one_ballot_and_viewing_the_questions_does_not_use_it(place: Place) -> None:
    typed = " ".join(place.slip.lower())
    for _ in range(3):
        page = place.client.post("/q/questions", data={"slip": typed, "lang": "ar"}).text
        assert f'<input type="hidden" name="slip" value="{place.slip}">' in page
        assert '<html lang="ar" dir="rtl">' in page
    first = place.client.post("/q/answer", data={"slip": place.slip, "listened": "5"})
    again = place.client.post("/q/answer", data={"slip": place.slip, "listened": "5"})
    assert (first.status_code, first.headers["Location"]) == (303, "/q/thanks")
    assert (again.status_code, "redan använts" in again.text) == (409, True)
    for _ in range(4):
        place.client.post("/", data={"listened": "5"})
    assert place.waiting() == 5


def test_an_invalid_ballot_leaves_its_slip_unused(place: Place) -> None:
    assert place.client.post("/q/answer", data={"slip": place.slip, "listened": "6"}).status_code == 400
    assert place.client.post("/q/answer", data={"slip": place.slip, "listened": "5"}).status_code == 303


def test_a_slip_is_refused_if_the_round_does_not_admit_slips(tmp_path: Path) -> None:
    place = Place(tmp_path, ways=frozenset({Admission.KIOSK}))
    for path in ("/q/questions", "/q/answer"):
        response = place.client.post(path, data={"slip": place.slip})
        assert (response.status_code, "inte att svara här" in response.text) == (403, True)
    assert place.waiting() == 0


def test_a_kiosk_accepts_ballots_no_faster_than_people_answer(tmp_path: Path) -> None:
    times = [NOW]
    place = Place(tmp_path, rate_limit=RateLimit(8.0, 1, lambda: times[0].timestamp()))
    assert place.client.post("/", data={"listened": "6"}).status_code == 400
    assert place.client.post("/", data={"listened": "5"}).status_code == 303
    slowed = place.client.post("/", data={"listened": "5"})
    assert (slowed.status_code, slowed.headers["Retry-After"]) == (429, "2")
    times[0] += timedelta(seconds=8)
    assert place.client.post("/", data={"listened": "5"}).status_code == 303


@pytest.mark.parametrize("path", ["/k/%D0%B6", "/k/%0d%0aX:%20y", "/k/%00"])
def test_an_unusual_path_is_refused_and_not_logged(
    place: Place, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    response = place.client.get(path)
    assert response.status_code == 404
    assert response.headers["Refresh"] == f"60; url={path.replace('%0d%0a', '%0D%0A').replace(':', '%3A')}"
    assert capfd.readouterr() == ("", "")


def test_a_kiosk_between_rounds_reloads_by_itself_and_a_phone_does_not(tmp_path: Path) -> None:
    times = [NOW]
    place = Place(tmp_path, clock=lambda: times[0])
    assert "Refresh" not in place.client.get("/").headers
    times[0] = place.round.closes_at
    closed = place.client.get("/")
    assert (closed.status_code, closed.headers["Refresh"]) == (403, "60; url=/")
    assert "Refresh" not in place.client.get("/s/poster").headers
    assert "Refresh" not in place.client.post("/q", data={"slip": place.slip}).headers


def test_an_error_page_and_log_contain_nothing_of_the_request(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full, marked-answer")

    monkeypatch.setattr(place.store, "cast", broken)
    response = place.client.post("/", data={"listened": "5"}, headers={"User-Agent": "marked-agent"})
    assert (response.status_code, "Dina svar sparades inte" in response.text) == (500, True)
    log = capfd.readouterr().err
    assert "OSError" in log
    assert "marked" not in log + response.text


def test_a_valid_post_with_an_origin_header_is_stored(place: Place) -> None:
    for _ in range(5):
        place.client.post("/", data={"listened": "5"}, headers={"Origin": "http://localhost"})
    assert place.waiting() == 5
