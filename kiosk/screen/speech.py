"""Speech for guests who prefer to listen: a person's recording, or a synthesised draft if there is no
recording.

A sound's name is a hash of its language and text, so a changed text has no sound until it is recorded again.
One button plays a statement with all its options, and nothing plays by itself. So the requests reveal which
statements somebody listened to, never an answer.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.domain.language_code import is_language_code
from kiosk.domain.short_hash import short_hash
from kiosk.domain.survey import Survey
from kiosk.library.catalogues import REFERENCE, Catalogue
from kiosk.screen.texts import PROMISES, SCREEN

VOICES = {
    "sv": "sv", "en": "en-gb", "ar": "ar", "fa": "fa", "ro": "ro", "pl": "pl", "uk": "uk", "ru": "ru",
    "es": "es", "fi": "fi", "bg": "bg",
}  # fmt: skip
"""Language -> espeak-ng voice. Somali, Tigrinya and Romani have none. The voice of a related language, such
as Amharic for Tigrinya, would pronounce the text wrongly."""

WORDS_A_MINUTE = 130
"""Speed of a draft."""

SPOKEN = ("anonymous", "voluntary", "need_help", "dont_know", "prefer_not")
"""Keys of the screen's texts that are read aloud, besides promises, statements and their options."""

KINDS = {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".wav": "audio/wav"}
"""File ending of a recording -> media type, the smallest first. Drafts are MP3, which every phone plays."""

NAME = re.compile(r"[0-9a-f]{16}")
"""A sound's name (`sound_name`), without its ending."""

BEGINNING, BEGINNING_DIGITS = re.compile(r"[0-9a-f]{6}"), 6
"""The first digits of a sound's name, for pages and addresses. Digits of a hash do not compress, and a page
has a name for each text in each language. Of a hundred texts in a language, two begin alike in one of 3,400
installations, and are not read aloud there."""


class AudioError(Exception):
    """Speech could not be made. The message has the remedy."""


@dataclass(frozen=True)
class Speech:
    """A text and its sound; `name` is its `sound_name`, `file` is None if it has none. `is_recorded` says
    whether that is a person's recording, not a draft."""

    text: str
    name: str
    file: Path | None
    is_recorded: bool

    @property
    def beginning(self) -> str:
        """The first BEGINNING_DIGITS digits of the name, for pages and addresses."""
        return self.name[:BEGINNING_DIGITS]


def sound_name(language: str, text: str) -> str:
    """Return the name of a text's sound without its ending: 16 hex digits of SHA-256."""
    return short_hash(f"{language}\n{text}", 16)


def spoken_texts(catalogue: Catalogue, surveys: Sequence[Survey]) -> list[str]:
    """Return every text that can be heard in one language, without duplicates, in the order of the screens:
    those of the screen itself, then those of each survey."""
    parts = [spoken_of_screen(catalogue), *(spoken_of_survey(catalogue, survey) for survey in surveys)]
    return list(dict.fromkeys(text for part in parts for text in part.values()))


def spoken_of_screen(catalogue: Catalogue) -> dict[str, str]:
    """Return the texts of the screen that can be heard in one language: reference text -> text."""
    messages = [*(SCREEN[key] for key in SPOKEN), *PROMISES.values()]
    return {message: catalogue.texts[message] for message in messages if message in catalogue.texts}


def spoken_of_survey(catalogue: Catalogue, survey: Survey) -> dict[str, str]:
    """Return the texts of a survey that can be heard in one language: reference text -> text."""
    code = catalogue.language.code
    if code == REFERENCE:
        return {text: text for text in survey.sources}
    translation = survey.translations.get(code, {})
    return {text: translation[text] for text in survey.sources if text in translation}


def speeches(folder: Path, language: str, texts: Sequence[str]) -> list[Speech]:
    """Return each text with its sound, in the order of `texts`: a file `recordings`/<language>/<name>.* in
    `folder` or, without one, `drafts`/<language>/<name>.mp3. The caller has checked that `language` is a
    language code."""
    all_speech = []
    for text in texts:
        name = sound_name(language, text)
        recorded, draft = find_recording(folder, language, name), _draft(folder, language, name)
        all_speech.append(
            Speech(text, name, recorded or (draft if draft.is_file() else None), bool(recorded))
        )
    return all_speech


def find_by_beginning(folder: Path, language: str, beginning: str) -> Path | None:
    """Return the file, in `folder`, of the sound whose name begins with the digits `beginning`: a recording,
    else a draft. None if there is none, if `beginning` is not 6 hex digits, or if the language is no language
    code. None also if several names begin with these digits: no speech is better than that of another
    text."""
    if not BEGINNING.fullmatch(beginning) or not is_language_code(language):
        return None
    places = (folder / kind / language for kind in ("recordings", "drafts"))
    names = {path.stem for place in places for path in place.glob(f"{beginning}*")}
    return find(folder, language, names.pop()) if len(names) == 1 else None


def find(folder: Path, language: str, name: str) -> Path | None:
    """Return the file, in `folder`, of the sound with this name, which has no ending: a recording, else a
    draft. None if there is none, if the name is not 16 hex digits, or if the language is no language code."""
    if not NAME.fullmatch(name) or not is_language_code(language):
        return None
    draft = _draft(folder, language, name)
    return find_recording(folder, language, name) or (draft if draft.is_file() else None)


def find_recording(folder: Path, language: str, name: str) -> Path | None:
    """Return the file, in `folder`, of a person's recording with this name, which has no ending; any of
    KINDS, the smallest first. None if there is none. The caller has checked that `name` is such a name, 16
    hex digits, and `language` a language code."""
    paths = (folder / "recordings" / language / f"{name}{ending}" for ending in KINDS)
    return next((path for path in paths if path.is_file()), None)


def _draft(folder: Path, language: str, name: str) -> Path:
    return folder / "drafts" / language / f"{name}.mp3"


def build(folder: Path, spoken: Mapping[str, Sequence[str]]) -> tuple[int, int]:
    """Synthesise, in `folder`, a draft for each text without a sound, in the languages that have a voice.
    `spoken` is language -> all texts that can be heard in it.

    Returns (drafts made, drafts removed). Deletes all other drafts: of changed texts, of texts with a
    recording, and of languages without a voice or not in `spoken`. Recordings are never touched. Raises
    AudioError if a program is missing or fails; drafts made until then are kept.
    """
    for program in ("espeak-ng", "lame"):
        if shutil.which(program) is None:
            raise AudioError(f"{program} is missing; install it with: apt install espeak-ng lame")
    spoken_drafts, wanted = 0, set[Path]()
    for language, texts in spoken.items():
        for speech in speeches(folder, language, texts):
            if speech.is_recorded or language not in VOICES:
                continue
            path = _draft(folder, language, speech.name)
            wanted.add(path)
            if speech.file is None:
                _speak(path, VOICES[language], speech.text)
                spoken_drafts += 1
    stale = [path for path in (folder / "drafts").glob("*/*.mp3") if path not in wanted]
    for path in stale:
        path.unlink()
    return spoken_drafts, len(stale)


def _speak(path: Path, voice: str, text: str) -> None:
    """Write a text as speech, 24 kbit/s mono, to a complete file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as beside:
        wave, packed = Path(beside) / "speech.wav", Path(beside) / path.name
        # The text is sent through a pipe, so that a text beginning with a dash is not read as an option.
        run_program(["espeak-ng", "-v", voice, "-s", str(WORDS_A_MINUTE), "-w", str(wave), "--stdin"], text)
        run_program(["lame", "--quiet", "-m", "m", "-b", "24", str(wave), str(packed)])
        os.replace(packed, path)


def run_program(command: list[str], given: str = "") -> None:
    """Run a program with a text as its input. Raises AudioError with its last message if it fails, OSError
    if it is missing."""
    done = subprocess.run(command, input=given.encode(), capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise AudioError(f"{command[0]} failed: {lines[-1] if lines else done.returncode}")
