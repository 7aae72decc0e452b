"""A disk without free space, for tests that run as root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Move the folder to a disk of 2 MiB that a file fills."""
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "none", folder], check=True)
    try:
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        with (folder / "full").open("wb", buffering=0) as filling, suppress(OSError):
            while True:
                filling.write(bytes(4096))
        assert os.statvfs(folder).f_bavail == 0
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
