"""People's recordings at the desk: only sound is saved, whole or not at all, and guests hear it at once."""

import io
import re
from pathlib import Path
from random import Random

import pytest
from werkzeug.test import TestResponse

from kiosk.desk.surveys.recording_files import LARGEST_RECORDING_BYTES, MOST_SECONDS
from kiosk.domain.rounds import Admission
from kiosk.screen.speech import BEGINNING_DIGITS, find, sound_name
from kiosk.storage import Action
from tests.tools.desk_side import Desk
from tests.tools.guest_side import Place
from tests.tools.recordings import PAGE, SURVEY_PAGE, somali, voice


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.sign_in()
    return desk


def send(desk: Desk, content: bytes, text: str | None = None, path: str = SURVEY_PAGE) -> TestResponse:
    name = sound_name("so", somali(desk) if text is None else text)
    data = {"csrf_token": desk.token(PAGE), "name": name, "file": (io.BytesIO(content), "recording.wav")}
    return desk.client.post(path, data=data)


def remove(desk: Desk) -> TestResponse:
    data = {"csrf_token": desk.token(PAGE), "name": sound_name("so", somali(desk))}
    return desk.client.post(f"{PAGE}/remove?survey=ombudsmannaskap", data=data)


def stored(desk: Desk) -> list[str]:
    """The files of recordings, hidden ones included."""
    folder = desk.settings.audio_folder / "recordings"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def logged(desk: Desk) -> list[tuple[Action, str]]:
    actions = (Action.SPEECH_RECORDED, Action.SPEECH_REMOVED)
    return [(entry.action, entry.what) for entry in desk.store.audit_log.entries(actions)]


def test_a_saved_recording_is_done_counted_logged_and_heard_by_guests(desk: Desk, tmp_path: Path) -> None:
    before = desk.client.get(SURVEY_PAGE).text
    total = int(re.findall(r"0 av (\d+) texter är inlästa", before)[0])
    assert send(desk, voice()).status_code == 303
    after = desk.client.get(SURVEY_PAGE).text
    assert f"1 av {total} texter är inlästa" in after
    assert after.count("data-done") == 1
    name = sound_name("so", somali(desk))
    assert stored(desk) == [f"{name}.mp3"]
    assert logged(desk) == [(Action.SPEECH_RECORDED, f"so, {somali(desk)}")]
    heard = Place(tmp_path / "guest", audio=desk.settings.audio_folder).client.get(
        f"/audio/so/{name[:BEGINNING_DIGITS]}"
    )
    assert (heard.status_code, heard.mimetype) == (200, "audio/mpeg")
    assert desk.client.get(f"{PAGE}/{name}").data == heard.data
    assert "läste in en text" in desk.client.get("/admin/log").text


def test_a_new_recording_replaces_one_of_any_kind(desk: Desk) -> None:
    folder = desk.settings.audio_folder / "recordings" / "so"
    folder.mkdir(parents=True)
    name = sound_name("so", somali(desk))
    for ending in (".wav", ".m4a"):
        (folder / f"{name}{ending}").write_bytes(b"earlier")
    send(desk, voice())
    assert stored(desk) == [f"{name}.mp3"]


def test_without_the_packer_a_recording_is_stored_as_it_is_heard(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    send(desk, voice() + b"LIST\x04\x00\x00\x00secret after the sound")
    path = find(desk.settings.audio_folder, "so", sound_name("so", somali(desk)))
    assert path
    assert path.suffix == ".wav"
    assert path.read_bytes() == voice()


def test_a_removed_recording_is_gone_and_missing_again(desk: Desk) -> None:
    send(desk, voice())
    assert remove(desk).status_code == 303
    assert stored(desk) == []
    assert "data-done" not in desk.client.get(SURVEY_PAGE).text
    assert logged(desk)[0][0] == Action.SPEECH_REMOVED


REFUSED = {
    "silence": (voice(loudness=100), "är tyst"),
    "nothing": (voice(0.1), "är tom"),
    "a speech": (voice(MOST_SECONDS + 1), f"längre än {MOST_SECONDS} sekunder"),
    "too large": (bytes(LARGEST_RECORDING_BYTES + 1), "för stor"),
    "no sound": (b"<script>alert(1)</script>", "inte en WAV-fil"),
    "no file": (b"", "inte en WAV-fil"),
    "an MP3": (b"ID3\x04" + bytes(100), "inte en WAV-fil"),
    "half a header": (voice()[:30], "inte en WAV-fil"),
    "four channels": (voice(channels=4), "inte en WAV-fil"),
    "a slow rate": (voice(rate=4000), "inte en WAV-fil"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_damaged_recording_is_refused_and_the_earlier_one_stays(desk: Desk, kind: str) -> None:
    send(desk, voice())
    before = stored(desk)
    content, problem = REFUSED[kind]
    refused = send(desk, content)
    assert refused.status_code == 400
    assert problem in refused.text
    assert f'href="#text-{sound_name("so", somali(desk))}"' in refused.text
    assert stored(desk) == before
    assert len(logged(desk)) == 1


@pytest.mark.slow
def test_damaged_files_never_fail_otherwise(desk: Desk) -> None:
    random, whole = Random(7), voice(0.3)
    token, name = desk.token(PAGE), sound_name("so", somali(desk))
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(random.randint(1, 6)):
            damaged[random.randrange(44)] = random.randrange(256)
        file = (io.BytesIO(bytes(damaged)), "recording.wav")
        response = desk.client.post(PAGE, data={"csrf_token": token, "name": name, "file": file})
        assert response.status_code in {303, 400}, bytes(damaged[:44])


def test_only_texts_that_guests_can_hear_can_be_recorded(desk: Desk) -> None:
    for text in ("Något annat", "../../kiosk"):
        assert send(desk, voice(), text).status_code == 404
    for path in ("/admin/languages/xx/recordings", f"{PAGE}?survey=none", f"{PAGE}/0000000000000000"):
        assert desk.client.get(path).status_code == 404
    assert stored(desk) == []


def test_recordings_are_for_coordinators_with_a_form_of_this_site(desk: Desk) -> None:
    data = {"name": sound_name("so", somali(desk)), "file": (io.BytesIO(voice()), "recording.wav")}
    assert desk.client.post(PAGE, data=data).status_code == 400
    desk.client = desk.app.test_client()
    desk.sign_in("bo")
    assert desk.client.get(PAGE).status_code == 403
    assert stored(desk) == []


def test_only_the_page_of_recordings_may_use_the_microphone(desk: Desk) -> None:
    policies = {
        path: desk.client.get(path).headers["Permissions-Policy"] for path in (PAGE, "/admin/languages")
    }
    assert "microphone=(self)" in policies[PAGE]
    assert "microphone=()" in policies["/admin/languages"]


def test_a_kiosk_stores_the_sounds_again_when_one_is_replaced(desk: Desk, tmp_path: Path) -> None:
    send(desk, voice())
    place = Place(tmp_path / "guest", audio=desk.settings.audio_folder)
    place.store.links.add(Admission.KIOSK, "frida", code="a-code")
    before = place.client.get("/k/a-code/worker").data
    assert place.client.get("/k/a-code/worker").data == before
    send(desk, voice(0.9))
    assert place.client.get("/k/a-code/worker").data != before
