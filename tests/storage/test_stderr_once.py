"""A server's error messages do not reveal when guests answered."""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from waitress.task import ThreadedTaskDispatcher

from kiosk.operation.serve import TALKATIVE, serve
from kiosk.storage import Store
from kiosk.storage.keys import KeyFolder
from kiosk.storage.stderr_once import print_once
from tests.tools.guest_side import Place

SENDS = 5


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Reset the messages that this process has printed."""
    print_once.cache_clear()
    yield
    print_once.cache_clear()


def lines_of_failing_pages(folder: Path, capfd: pytest.CaptureFixture[str]) -> list[str]:
    place = Place(folder)
    with patch.object(Store, "cast", side_effect=RuntimeError("nobody foresaw this")):
        for _ in range(SENDS):
            assert place.client.post("/", data={"listened": "5"}).status_code == 500
    return capfd.readouterr().err.splitlines()


def _refuse(key: str) -> None:
    raise OSError(30, "Read-only file system", key)


def lines_of_keys_that_stay(folder: Path, capfd: pytest.CaptureFixture[str]) -> list[str]:
    place = Place(folder)
    with patch.object(KeyFolder, "destroy", lambda _, *key: _refuse(key[-1])):
        for _ in range(SENDS):
            place.client.post("/", data={"listened": "5"})
    return capfd.readouterr().err.splitlines()


def lines_of_missing_keys(folder: Path, capfd: pytest.CaptureFixture[str]) -> list[str]:
    place = Place(folder)
    for key in (folder / "keys" / "box.r.frida").iterdir():
        key.unlink()
    for _ in range(SENDS):
        assert place.client.post("/", data={"listened": "5"}).status_code == 500
    return capfd.readouterr().err.splitlines()


@pytest.mark.parametrize("lines", [lines_of_failing_pages, lines_of_keys_that_stay, lines_of_missing_keys])
def test_an_error_is_printed_once_however_many_guests_meet_it(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lines: Callable[[Path, pytest.CaptureFixture[str]], list[str]],
) -> None:
    assert len(lines(tmp_path / "own", capfd)) == 1
    for module in ("kiosk.storage.sealed_rows", "kiosk.guest.app"):
        monkeypatch.setattr(f"{module}.print_once", lambda message: print(message, file=sys.stderr))
    assert len(lines(tmp_path / "leaky", capfd)) >= SENDS  # each write tries every key that stayed


@pytest.mark.parametrize("is_served", [True, False], ids=["as it is", "as waitress is"])
def test_concurrent_guests_cause_no_log_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, *, is_served: bool
) -> None:
    for name in TALKATIVE:
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    if is_served:
        serve([], [])
    waiting = ThreadedTaskDispatcher()
    waiting.add_task(None)
    assert bool(caplog.records) != is_served
