"""The guests' leaflet at the desk: for staff, from the page of slips, with drafts marked."""

from pathlib import Path

import pypdfium2
import pytest

from kiosk.storage import Account, Role
from tests.tools.desk_side import HASH, Desk
from tests.tools.languages import GUEST_LANGUAGES


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page of a PDF, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


@pytest.mark.slow
def test_staff_download_the_leaflet_of_a_round_from_the_page_of_slips(desk: Desk) -> None:
    desk.sign_in("bo")
    address = "/admin/links/leaflet/r"
    assert f'href="{address}"' in desk.client.get("/admin/links/slips").text
    response = desk.client.get(address)
    assert response.mimetype == "application/pdf"
    by_page = pages(response.data)
    assert len(by_page) == len(GUEST_LANGUAGES)
    assert sum("Utkast: ingen som har språket" in page for page in by_page) == len(GUEST_LANGUAGES) - 1
    assert desk.client.get("/admin/links/leaflet/none").status_code == 404


def test_a_viewer_gets_no_leaflet(desk: Desk) -> None:
    desk.store.accounts.set(Account("cia", Role.VIEWER, HASH))
    desk.sign_in("cia")
    assert desk.client.get("/admin/links/leaflet/r").status_code == 403
