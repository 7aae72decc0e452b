"""Every screen can be pictured, for people to look at."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.web.screens import DEVICES, take_all

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("device", ["kiosk 10 inch heard", "phone"])
def test_a_picture_is_taken_of_every_screen_of_a_language(
    browser: Browser, tmp_path: Path, device: str
) -> None:
    take_all(browser, tmp_path, ["sv"], {device: DEVICES[device]})
    assert (tmp_path / f"{device} sv.png").stat().st_size > 0
    names = {path.stem.split(" ", 1)[1] for path in (tmp_path / device / "sv").iterdir()}
    assert {"picker", "statement 4", "failed", "thanks", "try_ended", "stored"} <= names
