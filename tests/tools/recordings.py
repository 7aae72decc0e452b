"""Recordings of speech, as a browser sends them, and the page that takes them."""

import io
import struct
import wave

from tests.tools.desk_side import Desk

PAGE = "/admin/languages/so/recordings"
SURVEY_PAGE = f"{PAGE}?survey=ombudsmannaskap"


def voice(seconds: float = 0.5, *, loudness: int = 9000, rate: int = 8000, channels: int = 1) -> bytes:
    """Return a WAV file with a square wave: `loudness` is its amplitude, `rate` its samples a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(channels)
        written.setsampwidth(2)
        written.setframerate(rate)
        frame = [struct.pack("<h", sample) * channels for sample in (loudness, -loudness)]
        written.writeframes(b"".join(frame[n % 2] for n in range(round(seconds * rate))))
    return file.getvalue()


def somali(desk: Desk) -> str:
    """Return the text of the first statement in Somali."""
    survey = desk.round.survey
    return survey.translations["so"][survey.statements[0].text]
