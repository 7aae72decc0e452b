"""Compressed pages: what all visitors get is kept, and nothing of what one visitor gets."""

import gzip
from pathlib import Path

import brotli
import pytest

from kiosk.domain.rounds import Admission
from kiosk.screen import compression
from kiosk.screen.compression import KeptBodies
from tests.tools.guest_side import Place

ACCEPTED = {"Accept-Encoding": "gzip, br"}


@pytest.mark.slow
def test_nothing_is_kept_of_a_phones_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone's page has a ticket, so a kept one would be a trace of a visit."""
    kept = KeptBodies()
    monkeypatch.setattr(compression, "KEPT", kept)
    client = Place(tmp_path, frozenset(Admission)).client
    pages = {
        path: [brotli.decompress(client.get(path, headers=ACCEPTED).data) for _ in range(2)]
        for path in ("/", "/s/poster", "/q")
    }
    assert b"_ticket" in pages["/s/poster"][0]
    assert [page in kept for path in ("/s/poster", "/q") for page in pages[path]] == [False] * 4
    assert [page in kept for page in pages["/"]] == [True] * 2
    # The control: a phone's page that is compressed as a shared one.
    kept.compressed(pages["/s/poster"][0])
    assert pages["/s/poster"][0] in kept


def test_only_so_many_bodies_are_kept() -> None:
    kept = KeptBodies(most=2)
    for body in (b"a", b"b", b"c"):
        kept.compressed(body)
    assert [body in kept for body in (b"a", b"b", b"c")] == [False, True, True]


def test_a_page_with_a_font_is_smaller_than_gzip_makes_it(tmp_path: Path) -> None:
    response = Place(tmp_path).client.get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    page = gzip.decompress(response.data)
    assert b"data:font/woff2" in page
    assert len(response.data) < 0.975 * len(gzip.compress(page, 9))
