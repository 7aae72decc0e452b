"""`kiosk demo` as a process of its own, and what it printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.tools.ports import free_port


class Demonstration:
    """A running demonstration in a folder, started by the constructor, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        mine = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("kiosk")), "demo"],
            env={**mine, "KIOSK_GUEST_LISTEN": f"127.0.0.1:{free_port()}"},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout
        self.printed = ""
        for line in self.process.stdout:
            self.printed += line
            if line.startswith("Stop with"):
                break

    def word_after(self, what: str) -> str:
        """Return the word that was printed after these words."""
        match = re.search(rf"{what}\s+(\S+)$", self.printed, re.MULTILINE)
        assert match, self.printed
        return match.group(1)

    def stop(self) -> int:
        """End the demonstration, and return its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=30)
