"""Files of an own survey, and bundles of them that are changed afterwards."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from kiosk.library.changes import change_files, exclusively
from kiosk.library.library import Library
from kiosk.settings import Settings

SURVEY = """id = "trygghet"
title = "Trygghet"
source = "Teststaden"
licence = "CC0"
validated = false

[[statements]]
id = "safe"
text = "Jag är trygg här"
outcome = "trygghet"
scale = "safe3"
"""

SCALE = """id = "safe3"
source = "Teststaden"
licence = "CC0"
validated = false
bipolar = false

[[options]]
label = "Otrygg"

[[options]]
label = "Delvis trygg"

[[options]]
label = "Trygg"
"""

COUNTERS = """id = "egna"

[[counters]]
id = "walks"
name = "Promenader"
definition = "Varje promenad med en gäst"
by_target = true

[[targets]]
id = "park"
name = "Parken"
"""

THEORY = """id = "trygg"
title = "Trygga möten"
source = "Teststaden"
licence = "CC0"
place = "frida"
definition = "möten"
target_group = "Gäster"

[[resources]]
id = "staff"
text = "Personal"

[[activities]]
id = "walking"
text = "Gå ut"
leads_to = ["walked"]

[[outputs]]
id = "walked"
text = "Promenader"
counter = "walks"
leads_to = ["safer"]

[[results]]
id = "safer"
text = "Trygghet"
statements = ["safe"]

[[effects]]
id = "power"
text = "Egenmakt"
not_measured = true
"""

FILES = {
    "questions/trygghet.toml": SURVEY,
    "questions/scales/safe3.toml": SCALE,
    "questions/counters/egna.toml": COUNTERS,
    "questions/theories/trygg.toml": THEORY,
}


def changed(settings: Settings, files: dict[str, str]) -> Library:
    with exclusively(settings):
        return change_files(settings, {Path(name): text.encode() for name, text in files.items()})


def packed(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A bundle whose files were changed, and put into a new archive."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return written.getvalue()


def listed(members: dict[str, bytes]) -> None:
    """Update the list of files, as somebody does who wants a changed file to be read."""
    manifest = json.loads(members["bundle.json"])
    manifest["files"] = {
        name: sha256(member).hexdigest() for name, member in members.items() if name != "bundle.json"
    }
    members["bundle.json"] = json.dumps(manifest).encode()


def other_version(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["bundle.json"])
    members["bundle.json"] = json.dumps({**manifest, "format_version": 2}).encode()


def tampered(members: dict[str, bytes]) -> None:
    members["questions/trygghet.toml"] += b"#"
