"""`kiosk report`: published editions as files, and clear refusals."""

import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.domain.report import Block, Kind, ReportDocument, Terms
from kiosk.settings import read_settings
from kiosk.storage import open_store


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An installation with a report that has one edition, and one that has none."""
    environ = {"KIOSK_DATA": str(tmp_path / "data"), "KIOSK_KEYS": str(tmp_path / "keys")}
    settings = read_settings(environ)
    store = open_store(settings.data, settings.database_url, settings.keys, durable=False)
    store.migrate()
    for name in ("r2026-1", "r2026-2"):
        store.reports.set(name, Terms("Effekt", "Staden", 2026, "frida", "ombudsmannaskap", (), ()))
    blocks = (Block(Kind.HEADING, "Vision", level=1), Block(Kind.PARAGRAPH, "Alla ska med."))
    document = ReportDocument("Effekt", "Staden, 2026", "sv", "Utgåva 1", blocks)
    store.reports.publish("r2026-1", 1, document.as_json())
    store.close()
    return environ


def ran(environ: dict[str, str], *words: object) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, words)], env=environ)


def test_all_reports_are_listed_with_their_editions(environ: dict[str, str]) -> None:
    assert ran(environ, "list").output.splitlines() == [
        "r2026-1: Effekt, 2026, frida; published editions: 1",
        "r2026-2: Effekt, 2026, frida; published editions: none",
    ]


@pytest.mark.slow
def test_an_edition_is_written_as_pdf_and_html(environ: dict[str, str], tmp_path: Path) -> None:
    pdf, html = tmp_path / "r.pdf", tmp_path / "r.html"
    done = ran(environ, "make", "r2026-1", "--pdf", pdf, "--html", html)
    assert done.exit_code == 0, done.output
    assert pdf.read_bytes().startswith(b"%PDF")
    assert b"pdfuaid" in pdf.read_bytes()
    assert "<p>Alla ska med.</p>" in html.read_text("utf-8")


@pytest.mark.slow
def test_an_edition_is_written_as_docx_xlsx_and_data_package(environ: dict[str, str], tmp_path: Path) -> None:
    files = tmp_path / "r.docx", tmp_path / "r.xlsx", tmp_path / "r.zip"
    done = ran(environ, "make", "r2026-1", "--docx", files[0], "--xlsx", files[1], "--data", files[2])
    assert done.output.splitlines() == [f"{file}: edition 1." for file in files]
    assert [zipfile.ZipFile(file).testzip() for file in files] == [None, None, None]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("make", "r2026-1"), "--pdf, --docx, --html, --xlsx or --data"),
        (("make", "r1999-1", "--pdf", "r.pdf"), "there is no report 'r1999-1'; there are: r2026-1, r2026-2"),
        (("make", "r2026-1", "--edition", "2", "--pdf", "r.pdf"), "published editions: 1"),
        (("make", "r2026-2", "--pdf", "r.pdf"), "published editions: none"),
        (("make", "r2026-1", "--html", "r.pdf", "--xlsx", "./r.pdf"), "a file of its own"),
        (("make", "r2026-1", "--pdf", "there.pdf", "--html", "new.html"), "there.pdf"),
    ],
)
def test_a_refused_report_command_writes_nothing_and_gives_the_reason(
    environ: dict[str, str],
    tmp_path: Path,
    words: tuple[str, ...],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.pdf").write_text("mine")
    done = ran(environ, *words)
    assert done.exit_code == 2
    assert problem in done.output
    assert (tmp_path / "there.pdf").read_text() == "mine"
    assert not (tmp_path / "r.pdf").exists()
    assert not (tmp_path / "new.html").exists()
