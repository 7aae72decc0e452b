"""Somebody stands at a locked kiosk and tries to get out of its browser; `tests/lockdown` says how."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from kiosk.lockdown import files
from tests.lockdown.screen import POLICY, NotPossibleHereError, check_possible, kiosk
from tests.lockdown.site import Site, kiosk_address
from tests.lockdown.tries import ADDRESSES, CRASHES, HELPED, KEYS, MOUSE, TOUCHES, TRIES, Try
from tests.lockdown.trying import Escaper
from tests.web.test_newcomer import free_address

pytestmark = pytest.mark.browser

Serve = Callable[[Any], str]

UNTRIED = "LOCKDOWN_UNTRIED"
"""Set it to `allowed` where no policy can be put in place: a kiosk's lock is then not tested, and says so."""

CONTROLS = (KEYS[0], KEYS[1], KEYS[7], KEYS[9], MOUSE[0], HELPED[0], HELPED[4], ADDRESSES[0], TOUCHES[2])


@pytest.fixture(scope="module", autouse=True)
def _possible() -> None:
    try:
        check_possible()
    except NotPossibleHereError as error:
        if os.environ.get(UNTRIED) == "allowed":
            pytest.skip(f"the lock is not tested: {error}")
        pytest.fail(f"the lock cannot be tested here: {error}. To go on without: {UNTRIED}=allowed")
