"""The attack in Firefox meets no kiosk's mark, which is stored at fixed times with or without a guest."""

from pathlib import Path

import pytest
from werkzeug.test import Client

from tests.attack.next_guest_firefox import AFTER_OPENING, AT_FIXED_TIMES, Keeping, Still
from tests.tools.guest_side import Place

SCRIPT = "/static/guest_on_kiosk.js"


@pytest.mark.parametrize("is_keeping", [False, True], ids=["attack", "control"])
def test_no_page_of_a_visit_stores_a_mark_at_a_fixed_time(tmp_path: Path, is_keeping: bool) -> None:
    app = Place(tmp_path).app
    tried = Keeping(app) if is_keeping else app
    plain = Client(tried).get(SCRIPT).data
    assert AT_FIXED_TIMES in plain
    assert Client(Still(tried)).get(SCRIPT).data == plain.replace(AT_FIXED_TIMES, AFTER_OPENING)


def test_a_script_whose_times_are_unknown_fails_the_attack() -> None:
    def other(environ: object, start_response: object) -> list[bytes]:
        del environ
        start_response("200 OK", [])  # type: ignore[operator]
        return [b"setTimeout(keepMark, 1);"]

    with pytest.raises(ValueError, match="unknown"):
        Client(Still(other)).get(SCRIPT)
