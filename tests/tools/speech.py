"""Synthesised speech of the shipped texts, made once for all tests of a run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from kiosk.screen.speech import BEGINNING_DIGITS, VOICES, build, sound_name, spoken_texts
from kiosk.settings import read_settings
from tests.tools.shipped import library_for


@cache
def shipped_speech(*languages: str) -> Path:
    """Return a folder with the speech of each shipped text in these languages; in all if none is named.

    Tests share the folder, so they must not write to it.
    """
    folder = _temporary_folder()
    build(folder, _spoken(languages))
    return folder


@cache
def unheard_speech() -> Path:
    """Return a folder with an empty file for each shipped text that has a voice: for pages whose sounds no
    test plays.

    Tests share the folder, so they must not write to it.
    """
    folder = _temporary_folder()
    for code, texts in _spoken(tuple(VOICES)).items():
        (folder / "drafts" / code).mkdir(parents=True)
        for text in texts:
            (folder / "drafts" / code / f"{sound_name(code, text)}.mp3").touch()
    return folder


def address_name(language: str, text: str) -> str:
    """Return what the address of a text's sound ends with."""
    return sound_name(language, text)[:BEGINNING_DIGITS]


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="speech-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _spoken(languages: tuple[str, ...]) -> dict[str, list[str]]:
    """Return language -> the shipped texts that have speech, for these languages; for all if none is
    named."""
    with tempfile.TemporaryDirectory() as nowhere:
        library = library_for(read_settings({"KIOSK_DATA": nowhere}))
    surveys = list(library.surveys.values())
    codes = [code for code in library.guest if not languages or code in languages]
    return {code: spoken_texts(library.guest[code], surveys) for code in codes}
