"""`make faults`: plants each fault, runs the real command or server over it, and writes docs/faults.md.

TOPICS, words of the command line, run only these tables again and keep the others. The exit status is 1 if a
ballot is lost, a refused command changes something or a traceback is shown.
"""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults import backups, clock, files, keys, postgresql
from tests.faults.fault import COLUMNS, Topic, row

TOPICS = {
    "keys": keys.TOPIC,
    "clock": clock.TOPIC,
    "postgresql": postgresql.TOPIC,
    "backups": backups.TOPIC,
    "files": files.TOPIC,
}

REPORT = Path(__file__).parents[2] / "docs" / "faults.md"

HEAD = """# Faults and their effects

For the operator. Printed by `make faults`, but for the last table. Each row of the other tables plants a
fault in an installation of its own and runs the real command or server over it. "Refused" means one line on
standard error that names the file or setting and the way out. "Lost" counts answers that guests had been
thanked for and that are missing when the round is closed after the fault is mended.
"""

BY_TESTS = "Crashes, load and steering"
"""The section that is written by hand: its faults need many runs each, so it names their tests."""


def rows(topic: Topic) -> list[str]:
    """Plant each fault of a topic in a folder of its own."""
    printed = []
    for name, fault in topic.faults.items():
        with TemporaryDirectory() as folder:
            printed.append(row(name, fault(Path(folder)), topic.expected_losses.get(name, "")))
        print(printed[-1], flush=True)
    return printed


def section(topic: Topic, printed: list[str]) -> str:
    return f"## {topic.title}\n\n{topic.text}\n\n{COLUMNS}" + "\n".join(printed) + "\n"


def earlier_sections() -> dict[str, str]:
    """Return the title of each section of the document -> the section."""
    parts = re.split(r"^(?=## )", REPORT.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0].removeprefix("## "): part.strip() + "\n" for part in parts}


def main(names: list[str]) -> int:
    """Run the named topics, or all, and write the document. Returns the exit status."""
    earlier = earlier_sections()
    sections = {
        topic.title: section(topic, rows(topic))
        if name in names or not names
        else earlier.get(topic.title, section(topic, []))
        for name, topic in TOPICS.items()
    }
    REPORT.write_text("\n".join([HEAD, *sections.values(), earlier[BY_TESTS]]), "utf-8")
    return int(any("**" in text for text in sections.values()))


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(TOPICS)
    sys.exit(f"no such topic: {', '.join(sorted(unknown))}" if unknown else main(sys.argv[1:]))
