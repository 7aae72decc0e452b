"""Texts read aloud: drafts by a machine, recordings before them, and silence where a text has changed."""

import re
import subprocess
import wave
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.screen.speech import VOICES, build, find, sound_name, speeches
from tests.tools.desk_side import Desk
from tests.tools.guest_side import Place
from tests.tools.speech import address_name

TEXTS = ["Jag känner att personalen lyssnar på mig", "-v är inget val"]


def loudness(path: Path, beside: Path) -> tuple[float, int]:
    """(seconds, loudest sample of 32768) of an MP3."""
    decoded = beside / "decoded.wav"
    subprocess.run(["lame", "--quiet", "--decode", str(path), str(decoded)], check=True)
    with wave.open(str(decoded)) as sound:
        frames = sound.readframes(sound.getnframes())
        samples = memoryview(frames).cast("h")
        return sound.getnframes() / sound.getframerate(), max(abs(sample) for sample in samples)


@pytest.mark.slow
def test_a_draft_is_audible_speech_in_a_small_file(tmp_path: Path) -> None:
    assert build(tmp_path, {"sv": TEXTS, "ar": ["أشعر أن الموظفين يستمعون إليّ"]}) == (3, 0)
    for language, text in (("sv", TEXTS[0]), ("ar", "أشعر أن الموظفين يستمعون إليّ")):
        path = find(tmp_path, language, sound_name(language, text))
        assert path
        seconds, loudest = loudness(path, tmp_path)
        assert 1 < seconds < 10
        assert loudest > 3000
        assert path.stat().st_size < 4_000 * seconds


@pytest.mark.slow
def test_rebuilding_makes_only_missing_drafts_and_deletes_outdated_ones(tmp_path: Path) -> None:
    build(tmp_path, {"sv": TEXTS})
    assert build(tmp_path, {"sv": TEXTS}) == (0, 0)
    assert build(tmp_path, {"sv": ["Personalen lyssnar", TEXTS[1]]}) == (1, 1)
    assert find(tmp_path, "sv", sound_name("sv", TEXTS[0])) is None


def recorded(folder: Path, language: str, text: str, ending: str = ".m4a") -> Path:
    path = folder / "recordings" / language / f"{sound_name(language, text)}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a person")
    return path


def test_a_recording_is_preferred_to_a_draft_and_never_deleted(tmp_path: Path) -> None:
    build(tmp_path, {"sv": TEXTS})
    path = recorded(tmp_path, "sv", TEXTS[0])
    old = recorded(tmp_path, "sv", "En text som inte finns längre")
    assert build(tmp_path, {"sv": TEXTS}) == (0, 1)
    assert [speech.is_recorded for speech in speeches(tmp_path, "sv", TEXTS)] == [True, False]
    assert find(tmp_path, "sv", sound_name("sv", TEXTS[0])) == path
    assert old.exists()


@pytest.mark.parametrize("language", ["so", "ti", "rom"])
def test_a_language_without_a_voice_gets_no_draft(tmp_path: Path, language: str) -> None:
    assert language not in VOICES
    assert build(tmp_path, {language: TEXTS}) == (0, 0)
    path = recorded(tmp_path, language, TEXTS[0], ".mp3")
    assert find(tmp_path, language, sound_name(language, TEXTS[0])) == path


@pytest.mark.slow
def test_every_configured_voice_produces_speech(tmp_path: Path) -> None:
    spoken = {language: ["112"] for language in VOICES}
    assert build(tmp_path, spoken) == (len(VOICES), 0)


def run(folder: Path, *words: str, path: str | None = None) -> Result:
    environ = {"KIOSK_DATA": str(folder)} | ({"PATH": path} if path is not None else {})
    return CliRunner().invoke(main, ["audio", *words], env=environ)


def test_the_list_of_texts_serves_as_a_recording_script(tmp_path: Path) -> None:
    shown = run(tmp_path, "list", "--language", "so")
    assert shown.exit_code == 0
    name = sound_name("sv", TEXTS[0])
    assert f"{name}  silent    {TEXTS[0]}" in run(tmp_path, "list", "--language", "sv").output
    recorded(tmp_path / "audio", "sv", TEXTS[0])
    assert f"{name}  recorded  {TEXTS[0]}" in run(tmp_path, "list", "--language", "sv").output
    output = run(tmp_path, "list").output
    assert "sv: 1 recorded, 0 drafts by a machine" in output
    assert "no voice for drafts: must be recorded" in output
    assert run(tmp_path, "list", "--language", "xx").exit_code == 2


def test_the_error_for_a_missing_program_names_the_remedy(tmp_path: Path) -> None:
    refused = run(tmp_path, "build", path="")
    assert refused.exit_code == 2
    assert "apt install espeak-ng lame" in refused.stderr
    assert not (tmp_path / "audio").exists()


def test_a_sound_is_served_in_ranges_and_never_cached(tmp_path: Path) -> None:
    recorded(tmp_path / "audio", "sv", TEXTS[0])
    place = Place(tmp_path, audio=tmp_path / "audio")
    address = f"/audio/sv/{address_name('sv', TEXTS[0])}"
    given = place.client.get(address)
    assert (given.data, given.mimetype) == (b"a person", "audio/mp4")
    assert given.headers["Cache-Control"] == "no-store"
    assert not {"Last-Modified", "ETag", "Set-Cookie"} & set(given.headers.keys())
    part = place.client.get(address, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.data) == (206, b"pers")


@pytest.mark.parametrize(
    "path",
    ["sv/000000", "sv/00000000", "sv/0000000000000000", "../k.sqlite", "sv/..%2f..%2fk.sqlite", "sv/%2e%2e"],
)
def test_only_sounds_are_served_from_the_audio_folder(tmp_path: Path, path: str) -> None:
    place = Place(tmp_path, audio=tmp_path / "audio")
    assert place.client.get(f"/audio/{path}").status_code == 404
    assert Place(tmp_path / "silent").client.get(f"/audio/{path}").status_code == 404


def test_of_two_texts_with_one_address_neither_is_heard(tmp_path: Path) -> None:
    """No speech is better than the speech of another text."""
    path = recorded(tmp_path / "audio", "sv", TEXTS[0])
    place = Place(tmp_path, audio=tmp_path / "audio")
    address = f"/audio/sv/{address_name('sv', TEXTS[0])}"
    assert place.client.get(address).status_code == 200
    path.with_name(f"{path.stem[:-1]}{'1' if path.stem[-1] == '0' else '0'}.mp3").touch()
    assert place.client.get(address).status_code == 404


@pytest.mark.slow
def test_the_desk_shows_how_many_texts_have_synthesised_speech(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    build(tmp_path / "audio", {"sv": TEXTS[:1]})
    recorded(tmp_path / "audio", "sv", "Vet inte")
    desk.sign_in()
    rows = re.findall(
        r"<td>(\d+) av \d+(?:, och (\d+) av en maskin)?\s*<a", desk.client.get("/admin/languages").text
    )
    assert rows[0] == ("1", "1")
    assert set(rows[1:]) == {("0", "")}
