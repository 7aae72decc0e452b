"""Recordings of people who read texts aloud: each is checked, converted, and stored or removed as an own
file.

A recording is uploaded as WAV, to which the browser converts its own format: it is the only format that the
server can check to the last byte without a decoder. It is stored as MP3, which every phone plays, if `lame`
is installed, else as WAV.
"""

import io
import shutil
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

from kiosk.domain.message import Message
from kiosk.library.changes import RefusedError, change_files, exclusively
from kiosk.library.library import Library
from kiosk.screen.speech import KINDS, AudioError, run_program, sound_name
from kiosk.settings import Settings

LARGEST_RECORDING_BYTES = 4 * 1024 * 1024
"""Most bytes of an uploaded file: MOST_SECONDS of one channel at the highest rate."""

LEAST_SECONDS, MOST_SECONDS = 0.3, 40
"""Shortest and longest recording. The longest text that a survey may have takes 25 s to read slowly."""

RATES = (8_000, 48_000)
"""Lowest and highest number of samples a second."""

SAMPLE_BYTES = 2

LEAST_PEAK = 328
"""Lowest peak of a recording, of at most 32768: 1 %. A microphone that is turned off records less."""

KILOBITS = 48
"""Bit rate of a stored MP3, in kbit/s: enough for a voice at 24 kHz without audible loss."""


class RecordingError(RefusedError):
    """A file was refused: it is too large or no usable WAV, or its sound is too short, too long or silent.
    Nothing was changed."""


@dataclass(frozen=True)
class Sound:
    """Signed samples of 16 bits, the low byte first as in WAV, `rate` a second in each of the 1 or 2
    `channels`, which take turns in `samples`."""

    samples: bytes
    rate: int
    channels: int

    @property
    def seconds(self) -> float:
        """The duration in seconds, from the number of samples of one channel."""
        return len(self.samples) / (SAMPLE_BYTES * self.channels * self.rate)

    @property
    def peak(self) -> int:
        """The largest absolute value of a sample, 0 to 32768; 0 without samples."""
        values = memoryview(self.samples).cast("h")
        return max(max(values), -min(values)) if len(values) else 0

    def as_wave(self) -> bytes:
        """Return the samples as the content of a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as written:
            written.setnchannels(self.channels)
            written.setsampwidth(SAMPLE_BYTES)
            written.setframerate(self.rate)
            written.writeframes(self.samples)
        return file.getvalue()


def read_recording(content: bytes) -> Sound:
    """Return the sound of an uploaded WAV file.

    Raises RecordingError, whose message has the remedy, if the file is larger than LARGEST_RECORDING_BYTES or
    no WAV file with 16 bits and a rate within RATES, or if its sound is shorter than LEAST_SECONDS, longer
    than MOST_SECONDS or silent (LEAST_PEAK).
    """
    if len(content) > LARGEST_RECORDING_BYTES:
        raise RecordingError(
            Message(
                "Filen är för stor: högst {most} MB. Spela in texten ensam.",
                {"most": LARGEST_RECORDING_BYTES // 1024**2},
            )
        )
    sound = _read_wave(content)
    if sound.seconds < LEAST_SECONDS:
        raise RecordingError(
            Message("Inspelningen är tom. Tryck på Stoppa först när du har läst hela texten.", {})
        )
    if sound.seconds > MOST_SECONDS:
        raise RecordingError(
            Message(
                "Inspelningen är längre än {most} sekunder. Läs bara den här texten.", {"most": MOST_SECONDS}
            )
        )
    if sound.peak < LEAST_PEAK:
        raise RecordingError(
            Message("Inspelningen är tyst. Se efter att mikrofonen är på och spela in igen.", {})
        )
    return sound


def _read_wave(content: bytes) -> Sound:
    """Return the samples of a WAV file. Raises RecordingError unless it has 16 bits, 1 or 2 channels and a
    rate within RATES. An incomplete sample at its end is left out."""
    not_wave = RecordingError(
        Message("Filen är inte en WAV-fil med 16 bitar. Spela in här, eller spara om filen som WAV.", {})
    )
    try:
        with wave.open(io.BytesIO(content)) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            samples = file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError) as error:
        raise not_wave from error
    least, most = RATES
    if width != SAMPLE_BYTES or channels not in {1, 2} or not least <= rate <= most:
        raise not_wave
    return Sound(samples[: len(samples) // (width * channels) * width * channels], rate, channels)


def save_recording(settings: Settings, language: str, text: str, content: bytes) -> Library:
    """Store a person's recording of a text in place of an earlier one, and return the changed library. `text`
    is in `language`, a code; `content` is the uploaded file.

    Raises RecordingError for a file that is no recording, RefusedError if it cannot be written; the earlier
    recording then remains.
    """
    ending, packed = _packed(read_recording(content))
    with exclusively(settings):
        return change_files(settings, {**_without(language, text), _path(language, text, ending): packed})


def remove_recording(settings: Settings, language: str, text: str) -> Library:
    """Remove a person's recording of a text, and return the changed library. `text` is in `language`, a code.
    A missing recording is no error. Raises RefusedError if the file cannot be removed."""
    with exclusively(settings):
        return change_files(settings, _without(language, text))


def _without(language: str, text: str) -> dict[Path, bytes | None]:
    """Return path, relative to KIOSK_DATA, -> None for each format that a text's recording may have: the
    change of files (`change_files`) that removes the recording."""
    return dict.fromkeys(_path(language, text, ending) for ending in KINDS)


def _path(language: str, text: str, ending: str) -> Path:
    """Return the path, relative to KIOSK_DATA, of a person's recording of `text`, which is in `language`, a
    code. `ending` is a key of KINDS, such as ".mp3"."""
    return Path("audio", "recordings", language, f"{sound_name(language, text)}{ending}")


def _packed(sound: Sound) -> tuple[str, bytes]:
    """Return (ending, content) of the file to store: MP3 if `lame` is installed and succeeds, else WAV."""
    if shutil.which("lame") is None:
        return ".wav", sound.as_wave()
    with tempfile.TemporaryDirectory() as folder:
        unpacked, packed = Path(folder) / "sound.wav", Path(folder) / "sound.mp3"
        unpacked.write_bytes(sound.as_wave())
        try:
            run_program(["lame", "--quiet", "-m", "m", "-b", str(KILOBITS), str(unpacked), str(packed)])
        except AudioError:
            # The recording is kept as WAV, which is larger but plays everywhere too.
            return ".wav", sound.as_wave()
        return ".mp3", packed.read_bytes()
