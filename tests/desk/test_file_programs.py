"""Large files are written by a program of their own: once for each snapshot, one at a time, complete or
not at all."""

import os
import threading
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from werkzeug.test import TestResponse

from kiosk.domain.rounds import Admission
from kiosk.output import file_program
from kiosk.output.export import FILE_NAMES
from tests.tools.desk_side import Desk

CHART = "/admin/chart/r/vasteras/listened"
PACKAGE = "/admin/export/data-package.zip"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.answer(61)
    desk.sign_in()
    return desk


def program(folder: Path, text: str) -> tuple[str, ...]:
    """Return the start of a command that runs this text of a shell instead of a program of ours."""
    script = folder / "program"
    script.write_text(text)
    return ("/bin/sh", str(script))


@pytest.mark.slow
def test_a_file_is_written_once_for_each_snapshot(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = desk.client.get(PACKAGE)
    assert sorted(ZipFile(BytesIO(first.data)).namelist()) == sorted(FILE_NAMES)
    monkeypatch.setattr(file_program, "INTERPRETER", ("false",))
    assert desk.client.get(PACKAGE).data == first.data
    desk.answer(61)
    assert (
        desk.client.get(PACKAGE).status_code == 503
    )  # other figures: a new file, which `false` does not write


@pytest.mark.slow
@pytest.mark.parametrize("end", ["kill -9 $$", "exit 1"])
@pytest.mark.parametrize("path", [PACKAGE, f"{CHART}/now.png", "/admin/overview/r/vasteras/board.xlsx"])
def test_a_file_whose_program_is_killed_is_a_page_and_nothing_is_left(
    path: str, end: str, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(file_program, "INTERPRETER", program(tmp_path, f"printf PK; {end}"))
        page = desk.client.get(path)
    assert page.status_code == 503
    assert "Filen blev inte klar" in page.text
    assert "Content-Disposition" not in page.headers
    whole = desk.client.get(path)
    assert whole.status_code == 200
    assert len(whole.data) > 1000


def test_a_file_waits_for_its_turn_and_further_ones_are_refused(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each program ends when something is written to the pipe of its kind."""
    kinds = ("png", "board")
    for kind in kinds:
        os.mkfifo(tmp_path / kind)
    monkeypatch.setattr(file_program, "INTERPRETER", program(tmp_path, f"cat {tmp_path}/$2"))
    queue = file_program.Queue(most_waiting=1)
    files = desk.app.extensions["desk"].written_files
    monkeypatch.setattr(files, "_queue", queue)
    written = dict[str, bytes]()

    def write(kind: str) -> None:
        written[kind] = files.write(kind, b"").read()

    waiting = [threading.Thread(target=write, args=[kind]) for kind in kinds]
    for thread in waiting:
        thread.start()
    while queue._places._value:  # until both have a place
        pass
    page = desk.client.get(PACKAGE)
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "30"
    assert "andra filer" in page.text
    pipes = [threading.Thread(target=(tmp_path / kind).write_bytes, args=[b"file"]) for kind in kinds]
    for thread in pipes:
        thread.start()
    for thread in [*pipes, *waiting]:
        thread.join()
    assert written == dict.fromkeys(kinds, b"file")


SLIPS, POSTER, LEAFLET = "/admin/links/slips", "/admin/links/poster", "/admin/links/leaflet/r"


@pytest.fixture
def printing(tmp_path: Path) -> Desk:
    """A desk whose round admits slips and posters, with one poster at FRIDA."""
    desk = Desk(tmp_path, admission=frozenset(Admission))
    desk.store.links.add(Admission.POSTER, "frida", code="poster")
    desk.sign_in()
    return desk


def printed(desk: Desk, path: str) -> TestResponse:
    """Return the response to a request for a PDF to print."""
    if path == LEAFLET:
        return desk.client.get(path)
    fields = {"round": "r", "unit": "frida", "number": "2", "link": "poster", "size": "A6", "languages": "sv"}
    return desk.client.post(path, data={**fields, "csrf_token": desk.token("/admin/links")})


@pytest.mark.slow
@pytest.mark.parametrize("path", [SLIPS, POSTER, LEAFLET])
def test_paper_is_typeset_by_a_program(
    path: str, printing: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(file_program, "INTERPRETER", program(tmp_path, "printf %PDF; kill -9 $$"))
        page = printed(printing, path)
    assert page.status_code == 503
    assert "Filen blev inte klar" in page.text
    paper = printed(printing, path)
    assert (paper.status_code, paper.data[:4]) == (200, b"%PDF")


@pytest.mark.slow
def test_slips_are_kept_in_no_file(printing: Desk) -> None:
    """Their codes are stored nowhere. Control: a poster's address is in the database, and its PDF is kept."""
    files = printing.app.extensions["desk"].written_files
    assert printed(printing, SLIPS).status_code == 200
    assert not files._kept
    assert printed(printing, POSTER).status_code == 200
    assert files._kept


def test_no_slips_are_stored_while_the_server_is_too_busy_to_print_them(
    printing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = printing.app.extensions["desk"].written_files
    monkeypatch.setattr(files, "_queue", file_program.Queue(most_waiting=0))
    with files.turn():
        assert printed(printing, SLIPS).status_code == 503
    assert printing.store.printed_slips("r") == {}


@pytest.mark.slow
def test_slips_are_stored_when_they_are_printed(printing: Desk) -> None:
    assert printed(printing, SLIPS).status_code == 200
    assert printing.store.printed_slips("r") == {"frida": (2,)}


@pytest.mark.slow
def test_an_export_is_sent_compressed_to_whoever_accepts_it(desk: Desk) -> None:
    plain = desk.client.get("/admin/export/counts.csv")
    packed = desk.client.get("/admin/export/counts.csv", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert all("Accept-Encoding" in each.headers["Vary"] for each in (plain, packed))
    assert len(packed.data) == packed.content_length < len(plain.data) / 5


def test_two_readers_of_a_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    file = (tmp_path / "file").open("w+b")
    file.write(b"0123456789")
    file.flush()
    written = file_program.WrittenFile(file, 10)
    first, second = written.open(), written.open()
    assert first.read(4) == b"0123"
    assert second.read() == b"0123456789"
    assert first.read() == b"456789"
    file.close()


def test_the_oldest_files_go_when_too_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_program, "INTERPRETER", ("echo",))
    monkeypatch.setattr(file_program, "MOST_KEPT_BYTES", 100)
    files = file_program.WrittenFiles()
    written = [files.write("png", str(number).encode()) for number in range(4)]
    assert len(files._kept) == 100 // written[0].size
    assert files.write("png", b"3") is written[-1]
    assert files.write("png", b"0") is not written[0]
