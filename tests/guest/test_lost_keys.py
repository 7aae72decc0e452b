"""A guest whose unit has no usable key is told that her answer did not arrive, and nothing is lost."""

from pathlib import Path

import pytest

from tests.tools.guest_side import Place

ANSWER = {"listened": "5"}


@pytest.mark.parametrize("content", [None, b"", bytes(32)], ids=["missing", "empty", "another"])
def test_ballots_are_refused_until_a_missing_key_is_back(
    place: Place, tmp_path: Path, content: bytes | None
) -> None:
    for _ in range(3):
        assert place.client.post("/", data=ANSWER).status_code == 303
    [file] = (tmp_path / "keys" / "box.r.frida").iterdir()
    key = file.read_bytes()
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    for path, fields in (("/", ANSWER), ("/q/answer", {"slip": place.slip, **ANSWER})):
        refused = place.client.post(path, data=fields)
        assert (refused.status_code, refused.headers["Kiosk-Refusal"]) == (500, "failed")
        assert "listened" not in refused.text
    file.write_bytes(key)
    assert place.client.post("/", data=ANSWER).status_code == 303
    assert place.client.post("/q/answer", data={"slip": place.slip, **ANSWER}).status_code == 303
    assert place.waiting() == 5
