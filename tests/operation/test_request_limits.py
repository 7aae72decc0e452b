"""Size limits of requests over a real connection: small for guests, a spreadsheet for the desk."""

import http.client
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from kiosk.desk.app import LARGEST_REQUEST_BYTES
from kiosk.operation.request_limits import LARGEST_DRAINED_GUEST_BYTES, LARGEST_GUEST_REQUEST_BYTES
from kiosk.operation.serve import Listener, desk_listener, guest_listener, on_one_address
from kiosk.screen.texts import Refusal
from tests.operation.listeners import ANY_PORT, served
from tests.tools.desk_side import Desk
from tests.tools.guest_side import Place


def counted(name: str) -> Any:
    """An application that returns its name and the number of bytes received."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        length = int(environ.get("CONTENT_LENGTH") or 0)
        return [json.dumps([name, length, len(environ["wsgi.input"].read())]).encode()]

    return application


def chunks(size: int) -> Iterator[bytes]:
    yield from (b"x" * min(8000, size - at) for at in range(0, size, 8000))


def post(address: tuple[str, int], path: str, size: int, *, chunked: bool = False) -> tuple[int, bytes]:
    """Send a body of that size, and then a second request over the same connection if it is kept open."""
    connection = http.client.HTTPConnection(*address, timeout=60)
    headers = {"Content-Type": "application/octet-stream"}
    if chunked:
        connection.request("POST", path, chunks(size), headers, encode_chunked=True)
    else:
        connection.request("POST", path, b"x" * size, headers)
    answer = connection.getresponse()
    content = answer.read()
    if not answer.will_close:
        connection.request("GET", "/admin/")
        assert connection.getresponse().status < 500
    connection.close()
    return answer.status, content


BOTH = "both"


def listener(applications: str) -> Listener:
    if applications == BOTH:
        return on_one_address(ANY_PORT, counted("guest"), counted("desk"))
    return (guest_listener if applications == "guest" else desk_listener)(ANY_PORT, counted(applications))


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("applications", ["desk", BOTH])
def test_the_desk_receives_a_whole_file_or_only_the_size_of_a_too_large_one(
    applications: str, *, chunked: bool
) -> None:
    """The application learns only the length of a file that is too large, after the browser has sent all of
    it."""
    with served(listener(applications)) as address:
        for size, given in ((LARGEST_REQUEST_BYTES, LARGEST_REQUEST_BYTES), (2 * LARGEST_REQUEST_BYTES, 0)):
            status, content = post(address, "/admin/surveys/import", size, chunked=chunked)
            assert (status, json.loads(content)) == (200, ["desk", size, given])


PATHS = ["/", "/k/abc", "/q/answer", "/administration", "/%2561dmin/x", "/results.json/x"]


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize("applications", ["guest", BOTH])
@pytest.mark.parametrize("path", PATHS)
def test_a_guests_request_body_is_limited_to_64_kib_and_never_written_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, applications: str, path: str, *, chunked: bool
) -> None:
    """Creating a temporary file fails in this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    with served(listener(applications)) as address:
        # Chunks have lines of their own that count.
        assert post(address, path, LARGEST_GUEST_REQUEST_BYTES - 1000, chunked=chunked)[0] == 200
        size = 2 * LARGEST_GUEST_REQUEST_BYTES
        status, content = post(address, path, size, chunked=chunked)
        assert (status, json.loads(content)) == (200, ["guest", size, 0])


@pytest.mark.slow
@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_guests_upload_ends_at_a_limit(*, chunked: bool) -> None:
    with served(guest_listener(ANY_PORT, counted("guest"))) as address:
        try:
            status, _ = post(address, "/", LARGEST_DRAINED_GUEST_BYTES + 1, chunked=chunked)
        except ConnectionError:
            return
        assert status == 413


@pytest.mark.slow
def test_a_guests_form_that_no_page_sends_is_refused_with_the_page_for_guests(tmp_path: Path) -> None:
    with served(guest_listener(ANY_PORT, Place(tmp_path).app)) as address:
        connection = http.client.HTTPConnection(*address, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/", b"x" * 2 * LARGEST_GUEST_REQUEST_BYTES, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
    assert (answer.status, answer.headers["Kiosk-Refusal"]) == (413, Refusal.BAD.value)
    assert all(f'lang="{code}"' in page for code in ("sv", "en", "ar"))


@pytest.mark.parametrize(
    ("proxy", "forwarded", "seen"),
    [
        (None, "198.51.100.7", "127.0.0.1"),
        ("192.0.2.1", "198.51.100.7", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "192.0.2.99, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", None, "127.0.0.1"),
    ],
)
def test_only_the_configured_proxy_determines_the_clients_address(
    proxy: str | None, forwarded: str | None, seen: str
) -> None:
    """A client that sends the header itself, also through the proxy, does not choose its address."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["REMOTE_ADDR"].encode()]

    with served(desk_listener(ANY_PORT, application), proxy) as address:
        connection = http.client.HTTPConnection(*address, timeout=60)
        connection.request("GET", "/", headers={"X-Forwarded-For": forwarded} if forwarded else {})
        assert connection.getresponse().read().decode() == seen
        connection.close()


def test_the_test_of_guests_bodies_notices_a_body_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    with served(listener(BOTH)) as address, pytest.raises((ConnectionError, http.client.HTTPException)):
        post(address, "/admin/x", 1_000_000)


def multipart(size: int) -> tuple[bytes, dict[str, str]]:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f.xlsx"\r\n\r\n'
    body = head + bytes(size) + b"\r\n--b--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=b", "Accept-Language": "sv"}


def test_a_browser_shows_the_desks_error_page_for_a_file_of_30_mb(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with served(desk_listener(ANY_PORT, desk.app)) as address:
        connection = http.client.HTTPConnection(*address, timeout=60)
        connection.request("POST", "/admin/surveys/import", *multipart(30_000_000))
        answer = connection.getresponse()
        page = answer.read().decode()
    assert answer.status == 413
    assert '<html lang="sv"' in page
    assert "En fil får vara högst 8 MB." in page


@pytest.mark.slow
def test_a_guest_can_answer_while_the_desk_receives_files(tmp_path: Path) -> None:
    place, form = Place(tmp_path), {"listened": "5", "rights_knowledge": "", "feel_better": "1"}
    with served(on_one_address(ANY_PORT, place.app, counted("desk"))) as address:
        connection = http.client.HTTPConnection(*address, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/", urlencode({**form, "contact_support": ""}), headers)
        assert connection.getresponse().status == 303
    assert place.waiting() == 1
