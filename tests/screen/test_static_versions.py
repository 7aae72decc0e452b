"""The addresses of guests' scripts and styles have a version, which no other content has."""

import re
import shutil
from pathlib import Path

import pytest

from kiosk.domain.rounds import Admission
from kiosk.screen.scripts import OUTDATED, guest_files
from kiosk.settings import shipped_folder
from tests.tools.guest_side import Place

VERSIONED = re.compile(r'"(/static/([0-9a-f]{8})/(guest\w*\.(?:js|css)))"')
PATHS = ("/", "/s/poster", "/q", "/stored", "/practice", "/thanks")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"), frozenset(Admission))


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_keeps_the_scripts_of_a_page(place: Place, path: str) -> None:
    page = place.client.get(path).text
    addresses = VERSIONED.findall(page)
    assert len(addresses) == page.count('src="/static/') > 0
    for address, version, name in addresses:
        answer = place.client.get(address)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.text == guest_files(shipped_folder("static")).texts[name]
        assert version == guest_files(shipped_folder("static")).version


@pytest.mark.parametrize("name", ["guest.js", "guest_several.css"])
def test_another_version_is_not_answered_with_this_one(place: Place, name: str) -> None:
    address, is_script = f"/static/00000000/{name}", name.endswith(".js")
    for asked in ({}, {"Sec-Fetch-Dest": "script"}):
        answer = place.client.get(address, headers=asked)
        assert answer.status_code == (200 if is_script else 404)
        if is_script:
            assert answer.text == guest_files(shipped_folder("static")).texts[OUTDATED]
            assert answer.headers["Cache-Control"] == "no-store"
    assert place.client.get(address, headers={"Sec-Fetch-Dest": "empty"}).status_code == 404
    assert place.client.get("/static/00000000/none.js").status_code == 404


@pytest.mark.parametrize("name", ["guest_layout.js", "guest_several.css"])
def test_a_changed_file_changes_the_version(tmp_path: Path, name: str) -> None:
    folders = [tmp_path / "before", tmp_path / "after", tmp_path / "same"]
    for folder in folders:
        folder.mkdir()
        for file in shipped_folder("static").glob("guest*.*"):
            shutil.copy(file, folder)
    with (folders[1] / name).open("a") as changed:
        changed.write("a = 1;\n" if name.endswith(".js") else "a { top: 0; }\n")
    before, after, same = (guest_files(folder).version for folder in folders)
    assert before == same != after


def test_an_update_on_the_disk_waits_for_the_pages_that_belong_to_it(tmp_path: Path) -> None:
    (tmp_path / "guest_a.js").write_text("a = 1;\n")
    before = guest_files(tmp_path)
    (tmp_path / "guest_a.js").write_text("a = 2;\n")
    assert guest_files(tmp_path) == before
    assert before.texts == {"guest_a.js": "a=1;"}
