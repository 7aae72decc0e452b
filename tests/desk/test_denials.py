"""A forbidden page says why."""

from pathlib import Path

import kiosk.desk
from kiosk.desk.denials import Denial

TEMPLATE = (Path(kiosk.desk.__file__).parent / "templates" / "error.html").read_text("utf-8")


def test_the_error_page_has_a_text_for_every_denial() -> None:
    assert [denial for denial in Denial if f'"{denial}": _(' not in TEMPLATE] == []
