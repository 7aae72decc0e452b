"""The wheel carries all it needs and runs from any folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

VISIT = """
import sys
from datetime import datetime
from pathlib import Path
import kiosk
from kiosk.desk.handbook import PICTURES, webp_size
from kiosk.operation.serve import guest_and_desk
from kiosk.library.library import read_library
from kiosk.output.paper import Size, poster_page, paper_texts
from kiosk.settings import read_settings
from kiosk.storage import open_store
from kiosk.domain.schedule import Every

settings = read_settings({"KIOSK_DATA": sys.argv[1]})
store = open_store(settings.data, settings.database_url, settings.keys)
store.migrate()
library = read_library(settings)
guest, desk = (app.test_client() for app in guest_and_desk(settings, store, library, Every(5)))
print(kiosk.__file__)
for client, path in [(guest, "/thanks"), (guest, "/static/guest.js"), (guest, "/static/icon.svg"),
                     (guest, "/q"), (desk, "/admin/sign-in"), (desk, "/admin/static/desk.css"),
                     (desk, "/admin/static/plotly/plotly-basic.min.js")]:
    assert client.get(path).status_code == 200, path
assert webp_size((PICTURES / "picker.webp").read_bytes()) == (1024, 640)
poster = poster_page("https://svara.example/s/x", paper_texts(library.guest, ["sv", "ar"]), Size.A4, "FRIDA")
assert poster.startswith(b"%PDF")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder the wheel was installed into, beside this environment's libraries."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # Built from a copy: two workers of the tests would write to the same folder "build".
    left_out = shutil.ignore_patterns(".*", "build", "__pycache__", "*.egg-info", "node_modules", "instance")
    source = shutil.copytree(ROOT, folder / "source", ignore=left_out)
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, source], check=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "lib", wheel], check=True)
    return folder / "lib"


def ran(installed: Path, folder: Path, *words: str) -> str:
    environ = {**os.environ, "PYTHONPATH": str(installed), "KIOSK_DATA": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_contains_surveys_and_catalogues(installed: Path, tmp_path: Path) -> None:
    output = ran(installed, tmp_path, "-m", "kiosk.cli", "check")
    assert "ombudsmannaskap" in output
    assert "vasteras" in output


def test_the_wheel_serves_pages_scripts_charts_and_paper(installed: Path, tmp_path: Path) -> None:
    assert ran(installed, tmp_path, "-c", VISIT, str(tmp_path / "data")).startswith(str(installed))
