"""Writes chromium_features.txt: features of Chromium after version 90, from @mdn/browser-compat-data (CC0).

`python -m tests.tools.browser_features` fetches the data with npm and writes the file again.

A line has a version and its new features: `.at` is a member, `AbortSignal.timeout` a static one, `URLPattern`
a class, `text-wrap:` a property, `:has` a selector, `@container` a rule and `1lh` a unit of length of CSS. A
member whose name another class had earlier is left out.
"""

import json
import re
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FILE = Path(__file__).with_name("chromium_features.txt")
SINCE = 90

CSS = {"properties": "{}:", "selectors": ":{}", "at-rules": "@{}"}
"""Part of the data about CSS -> how a feature of it is written."""

NEVER = 999
"""The version of what no Chromium has without a flag."""


def read() -> dict[str, int]:
    """Return feature -> the first version of Chromium that has it."""
    lines = (line.split() for line in FILE.read_text("utf-8").splitlines())
    return {name: int(version) for version, *names in lines for name in names}


def newer(data: dict[str, Any]) -> dict[str, int]:
    """Return feature -> version, of the features that came after SINCE."""
    first: dict[str, int] = defaultdict(lambda: NEVER)
    for name, version in _features(data):
        first[name] = min(first[name], version)
    return {name: version for name, version in first.items() if version > SINCE}


def _features(data: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for classes in (data["javascript"]["builtins"], data["api"]):
        for owner, members in classes.items():
            if owner.endswith("Descriptors"):  # of CSS, which every element's style has
                continue
            yield owner, _added(members)
            for member, entry in members.items():
                name = re.sub("_(static|event)$", "", member)
                yield f".{name}", _added(entry)
                if member.endswith("_static"):
                    yield f"{owner}.{name}", _added(entry)
    for part, written in CSS.items():
        for name, entry in data["css"][part].items():
            yield written.format(name), _added(entry)
    for name, entry in data["css"]["types"]["length"].items():
        if "_" not in name:  # a group of units
            yield f"1{name}", _added(entry)


def _added(entry: dict[str, Any]) -> int:
    """Return the first version that has a feature, in part or whole, without a flag or a prefix."""
    support = entry.get("__compat", {}).get("support", {}).get("chrome", [])
    versions = [
        int(match.group())
        for state in (support if isinstance(support, list) else [support])
        if not state.keys() & {"flags", "prefix", "alternative_name"}
        if (match := re.search(r"\d+", str(state["version_added"])))
    ]
    return min(versions, default=NEVER if support else 0)


def write(features: dict[str, int]) -> None:
    """Write the file, a line for each version."""
    in_order = sorted((version, name) for name, version in features.items() if version < NEVER)
    lines = [
        f"{version} {' '.join(name for _, name in names)}\n"
        for version, names in groupby(in_order, key=lambda feature: feature[0])
    ]
    FILE.write_text("".join(lines), "utf-8")


def main() -> None:
    """Fetch the data and write the file."""
    with TemporaryDirectory() as folder:
        fetched = ["npm", "pack", "--silent", "@mdn/browser-compat-data"]
        subprocess.run(fetched, cwd=folder, check=True, stdout=sys.stderr)
        [archive] = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as files:
            content = files.extractfile("package/data.json")
            assert content is not None
            write(newer(json.load(content)))


if __name__ == "__main__":
    main()
