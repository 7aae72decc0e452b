"""Synthesised speech of the shipped texts, made once for all tests of a run."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from kiosk.screen.speech import build, spoken_texts
from kiosk.settings import read_settings
from tests.tools.shipped import library_for


@cache
def shipped_speech(*languages: str) -> Path:
    """A folder with the speech of each shipped text in these languages, or in all if none is named.

    Tests share the folder, so they must not write to it.
    """
    folder = Path(tempfile.mkdtemp(prefix="speech-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = library_for(read_settings({"KIOSK_DATA": str(folder / "no-installation")}))
    surveys = list(library.surveys.values())
    build(folder, {code: spoken_texts(library.guest[code], surveys) for code in languages or library.guest})
    return folder
