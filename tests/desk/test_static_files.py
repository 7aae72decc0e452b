"""Static files of the desk: short on the way, and kept by browsers until their content changes."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask, url_for

from kiosk.desk.static_files import StaticFiles
from kiosk.settings import shipped_folder
from tests.tools.desk_side import Desk

BUNDLE = shipped_folder("static") / "plotly" / "plotly-basic.min.js"
PACKED = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def bundle_address(desk: Desk) -> str:
    desk.answer(40)
    desk.sign_in()
    match = re.search(r'data-bundle="([^"]+)"', desk.client.get("/admin/results/r/vasteras").text)
    assert match
    return match.group(1)


@pytest.mark.slow
def test_the_plotly_bundle_is_compressed_and_cached_for_a_year(desk: Desk) -> None:
    answer = desk.client.get(bundle_address(desk), headers=PACKED)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data) == BUNDLE.read_bytes()
    assert len(answer.data) < 0.35 * BUNDLE.stat().st_size


def test_a_browser_without_gzip_gets_the_plain_file(desk: Desk) -> None:
    answer = desk.client.get("/admin/static/plotly/plotly-basic.min.js")
    assert "Content-Encoding" not in answer.headers
    assert answer.data == BUNDLE.read_bytes()


@pytest.mark.parametrize("query", ["", "?v=0123456789abcdef"])
def test_an_address_without_the_content_hash_is_revalidated(desk: Desk, query: str) -> None:
    address = f"/admin/static/desk.css{query}"
    answer = desk.client.get(address, headers=PACKED)
    assert answer.headers["Cache-Control"] == "no-cache"
    same = desk.client.get(address, headers={**PACKED, "If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304
    assert same.data == b""


def test_every_static_address_on_a_page_has_its_hash(desk: Desk) -> None:
    desk.answer(40)
    desk.sign_in()
    addresses = re.findall(r'"(/admin/static/[^"]+)"', desk.client.get("/admin/results/r/vasteras").text)
    assert len(addresses) >= 5
    for address in addresses:
        assert "immutable" in desk.client.get(address).headers["Cache-Control"]


def test_files_missing_or_outside_the_folder_are_not_found(desk: Desk) -> None:
    for name in ("nothing.js", "../setup.cfg", "plotly"):
        assert desk.client.get(f"/admin/static/{name}?v=1").status_code == 404


def test_a_changed_file_gets_a_new_address(tmp_path: Path) -> None:
    script = tmp_path / "page.js"
    script.write_text("first", "utf-8")
    app = Flask(__name__, static_folder=tmp_path)
    StaticFiles(tmp_path).serve(app)
    with app.test_request_context():
        first = url_for("static", filename="page.js")
        script.write_text("second!", "utf-8")
        second = url_for("static", filename="page.js")
    assert first != second
    answer = app.test_client().get(second, headers=PACKED)
    assert gzip.decompress(answer.data) == b"second!"
    assert "immutable" not in app.test_client().get(first).headers["Cache-Control"]
